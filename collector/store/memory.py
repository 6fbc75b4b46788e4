"""The writer's neighbours in memory: for tests, and for whoever runs without a database or a disk."""

from __future__ import annotations

from collections.abc import Sequence

from collector.ports import Outcome
from collector.records import Decoded, Point
from collector.store.rollup import Span, Window
from devices.signal import Observation, Value


class MemoryStore:
    """A `Store`: the same series and time overwrite. `outcomes` are given in turn, those with `keep` store nothing."""

    def __init__(self, outcomes: Sequence[Outcome] = ()) -> None:
        self.rows: dict[tuple[str, str, str, int], dict[str, Value]] = {}
        self.points: list[Point] = []
        self.rolled_up: list[Span] = []
        self.writes: list[int] = []
        self._outcomes = list(outcomes)

    async def write(self, batches: Sequence[Decoded]) -> Outcome:
        outcome = self._next()
        if not outcome.keep:
            self.writes.append(len(batches))
            for one in (event for batch in batches for event in batch.events if isinstance(event, Observation)):
                self.rows.setdefault((one.kind, one.site, one.asset, one.event_ms * 1_000_000 + one.tie), {}).update(one.values)
        return outcome

    async def write_points(self, points: Sequence[Point]) -> Outcome:
        outcome = self._next()
        if not outcome.keep:
            self.points += points
        return outcome

    async def roll_up(self, kind: str, site: str, start_ms: int, end_ms: int) -> Outcome:
        outcome = self._next()
        if not outcome.keep:
            self.rolled_up.append(Span(kind, site, start_ms, end_ms))
        return outcome

    async def close(self) -> None:
        """Nothing to close."""

    def _next(self) -> Outcome:
        return self._outcomes.pop(0) if self._outcomes else Outcome()


class MemoryExports:
    def __init__(self, points: Sequence[Point] = ()) -> None:
        self.waiting = dict(enumerate(points))

    async def pending(self, limit: int) -> list[tuple[int, Point]]:
        return list(self.waiting.items())[:limit]

    async def done(self, ids: Sequence[int]) -> None:
        for number in ids:
            self.waiting.pop(number, None)


class MemoryWindows:
    def __init__(self) -> None:
        self.marked: set[Window] = set()

    async def mark(self, windows: set[Window]) -> None:
        self.marked |= windows

    async def due(self, before: int, limit: int) -> list[Window]:
        return sorted(window for window in self.marked if window[2] < before)[:limit]

    async def done(self, windows: Sequence[Window]) -> None:
        self.marked.difference_update(windows)
