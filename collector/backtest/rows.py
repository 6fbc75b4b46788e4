"""Blocks → rows: what each asset said at each time, in one order; and the minutes in which something may happen to the alarms. Pure.

A minute is a turn of the site: from one look at its stock to the next. It is quiet for a set of rules where no value lies outside of the
bands in which nothing raises, and nobody was silent for long enough to be missed. That is what the fold itself asks of a reading before it
takes a further look, so what is left out of a quiet minute is only what would have changed nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise, repeat
from operator import itemgetter, sub
from typing import NamedTuple, TypeAlias

from collector.backtest.block import AssetBlock
from collector.rules.condition import Program, Watch
from collector.site import STOCK_EVERY_MS, SiteFold
from devices.signal import Observation, Value

Row: TypeAlias = tuple[int, str, str, dict[str, Value]]
"""What one asset said at one time: (time in ms, asset, kind, values). A plain tuple: there are millions of them."""

_time = itemgetter(0)


def observation(row: Row, site: str) -> Observation:
    time_ms, asset, kind, values = row
    return Observation(site, asset, kind, time_ms, time_ms, values)


def rows_of(assets: Iterable[AssetBlock]) -> list[Row]:
    """In the order of time; at the same time in the order of the assets."""
    rows = [row for asset in assets for row in _rows(asset)]
    rows.sort(key=_time)
    return rows


def _rows(block: AssetBlock) -> Iterator[Row]:
    names = tuple(block.columns)
    found: list[dict[str, Value]] = [dict(zip(names, values, strict=True)) for values in zip(*block.columns.values(), strict=True)]
    if is_ragged(block):
        found = [{name: value for name, value in values.items() if value is not None} for values in found]
    return zip(block.times, repeat(block.asset), repeat(block.kind), found, strict=False)


def is_ragged(block: AssetBlock) -> bool:
    """Some signal is missing at some time."""
    return any(None in column for column in block.columns.values())


class Minutes(NamedTuple):
    """The turns of a site, counted."""

    turn_ms: int

    def of(self, time_ms: int) -> int:
        return (time_ms - self.turn_ms) // STOCK_EVERY_MS

    def begin(self, number: int) -> int:
        return number * STOCK_EVERY_MS + self.turn_ms

    def between(self, first_ms: int, last_ms: int) -> range:
        return range(self.of(first_ms), self.of(last_ms) + 1)


def outside(block: AssetBlock, program: Program, minutes: Minutes) -> set[int]:
    """The minutes in which a value is outside of its band."""
    found: set[int] = set()
    for name, column in block.columns.items():
        watch = program.watches.get(name)
        if watch is not None and not _all_inside(column, watch):
            found |= {
                minutes.of(time_ms)
                for time_ms, value in zip(block.times, column, strict=True)
                if value is not None and not is_inside(watch, value)
            }
    return found


def is_inside(watch: Watch, value: Value) -> bool:
    """The fold takes no further look at it."""
    return watch.low <= value <= watch.high if isinstance(value, float) else value not in watch.loud


def _all_inside(column: Sequence[Value | None], watch: Watch) -> bool:
    """Quickly, for a column of numbers alone or of few different values."""
    if set(map(type, column)) == {float}:
        return watch.low <= min(column) and max(column) <= watch.high  # type: ignore[type-var,operator]
    return all(value is None or is_inside(watch, value) for value in set(column))


class Silences:
    """When who spoke last, to find the minutes in which silence may be told."""

    def __init__(self, fold: SiteFold, start_ms: int) -> None:
        self._fold = fold
        self._start_ms = start_ms
        self._last_ms: dict[tuple[str, str], int] = {}

    def minutes(self, assets: Mapping[str, AssetBlock], span_ms: tuple[int, int], minutes: Minutes) -> set[int]:
        """Those in which somebody may be missed within the span; what was said in it is remembered."""
        found: set[int] = set()
        gaps = [gap for name in self._fold.assets for gap in self._of_asset(name, assets.get(name), span_ms[1])]
        gaps += [gap for name in self._fold.listening.groups for gap in self._of_group(name, assets, span_ms)]
        for first_ms, last_ms in gaps:
            found.update(minutes.between(max(first_ms, span_ms[0]), last_ms))
        return found

    def _of_asset(self, name: str, block: AssetBlock | None, end_ms: int) -> Iterator[tuple[int, int]]:
        state = self._fold.assets[name]
        times = {signal: _times_of(block, signal) for signal in block.columns} if block is not None else {}
        silent = [condition.rule.signals for condition in state.program.others if condition.rule.type == "silent"]
        for signals in silent:
            seen = [signal for signal in signals if signal in times or (name, signal) in self._last_ms]
            for signal in seen or [""]:
                own = times.get(signal, ()) if signal else (block.times if block is not None else ())
                yield from self._gaps((name, signal), own, end_ms, state.silent_after_ms)

    def _of_group(self, name: str, assets: Mapping[str, AssetBlock], span_ms: tuple[int, int]) -> Iterator[tuple[int, int]]:
        members = self._fold.listening.groups[name]
        limit_ms = min(member.silent_after_ms for member in members)
        own = sorted(time_ms for member in members if (block := assets.get(member.asset.id)) is not None for time_ms in block.times)
        yield from self._gaps(("", name), own, span_ms[1], limit_ms)

    def _gaps(self, key: tuple[str, str], own: Sequence[int], end_ms: int, limit_ms: int) -> Iterator[tuple[int, int]]:
        """Spans without a word that are as long as the limit, from the word before the span to its end."""
        before = self._last_ms.get(key, self._start_ms)
        times = [before, *own, end_ms]
        if own:
            self._last_ms[key] = own[-1]
        if max(map(sub, times[1:], times)) >= limit_ms:
            yield from ((a, b) for a, b in pairwise(times) if b - a >= limit_ms)


def _times_of(block: AssetBlock, signal: str) -> Sequence[int]:
    column = block.columns[signal]
    if None not in column:
        return block.times
    return [time_ms for time_ms, value in zip(block.times, column, strict=True) if value is not None]
