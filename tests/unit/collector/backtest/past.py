"""A past in memory, and a small hospital to live it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from collector.backtest.block import AssetBlock, Block, joined
from collector.records import Decoded
from devices.assets import Site

START_MS = 1_767_600_000_000
STEP_MS = 10_000
SITE = Site.model_validate({"id": "dh", "timezone": "Asia/Kolkata", "assets": [{"id": "line", "kind": "pipeline", "nominal_bar": 4.0}]})


def pressures(*bars: tuple[float, int]) -> AssetBlock:
    """(bar, how many samples), from START_MS on."""
    values = [bar for bar, count in bars for _ in range(count)]
    times = [START_MS + n * STEP_MS for n in range(len(values))]
    return joined("line", "pipeline", {"line_pressure_bar": (times, values)})


class MemoryPast:
    """A `Past` of blocks or batches."""

    name = "memory"
    has_receipt = False

    def __init__(self, items: Sequence[Decoded | Block], span_ms: tuple[int, int] | None) -> None:
        self._items, self._span_ms = items, span_ms
        self.closed = False

    def span_ms(self, sites: Sequence[Site]) -> tuple[int, int] | None:
        return self._span_ms

    def parts(self, sites: Sequence[Site]) -> list[tuple[Site, ...]]:
        return [(site,) for site in sites]

    def read(self, sites: Sequence[Site], start_ms: int, end_ms: int) -> Iterator[Decoded | Block]:
        yield from self._items

    def close(self) -> None:
        self.closed = True


def past_of(*assets: AssetBlock) -> MemoryPast:
    last_ms = max(time_ms for asset in assets for time_ms in asset.times)
    return MemoryPast([Block(SITE.id, START_MS, last_ms + 1, assets)], (START_MS, last_ms))
