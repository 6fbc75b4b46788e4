"""Where readings of the past come from: the seam between the sources and the fold. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from collector.backtest.block import Block
from collector.records import Decoded
from devices.assets import Site


class Past(Protocol):
    """A source of the past. Each call may block; OxygridError where it can't be read."""

    @property
    def name(self) -> str:
        """As people call it."""

    @property
    def has_receipt(self) -> bool:
        """It knows when things were received, and what else the collector was told; else only readings and their own times."""

    def span_ms(self, sites: Sequence[Site]) -> tuple[int, int] | None:
        """The times of the first and the last thing it has of these sites."""

    def parts(self, sites: Sequence[Site]) -> list[tuple[Site, ...]]:
        """The sites that are read together."""

    def read(self, sites: Sequence[Site], start_ms: int, end_ms: int) -> Iterator[Decoded | Block]:
        """All of one part over [start, end), in the order of time."""

    def close(self) -> None: ...
