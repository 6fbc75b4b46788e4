"""How a command tells what it found: lines for people, or JSON for scripts; and the time it is told at."""

from __future__ import annotations

import time
from collections.abc import Iterator

import typer


def tell(lines: Iterator[str]) -> None:
    for line in lines:
        typer.echo(line)


def json_lines(view: object) -> Iterator[str]:
    """A view, or a list of them, as JSON for scripts."""
    import msgspec

    yield msgspec.json.format(msgspec.json.encode(view), indent=2).decode()


def wall_ms() -> int:
    return time.time_ns() // 1_000_000
