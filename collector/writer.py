"""From the journal into the store, at the store's own pace.

    feed ──▶ readings ──▶ quarantine ← refused lines
    exports (alarms, stock …) ──▶ points ──▶ the same
    windows that got data ──▶ roll-ups, a minute after their end, and again when something came late

Each of the three goes on by itself; a store that hangs, fails or refuses holds up nothing else. What can't be stored now stays where it is
(in the journal, among the exports, among the windows) and is written again after the time that the store's outcome asks for.

Order of a step: write, quarantine what was refused, mark the windows, commit. A crash between any two of them repeats the step, and that is
harmless: the same series and time overwrite, a line refused again is the same line.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from collector.ports import Outcome, Rejected, Store
from collector.records import Decoded, Point
from collector.store.rollup import WINDOW_MS, Span, Window, spans, windows_of

log = logging.getLogger(__name__)

MOST_MESSAGES = 5_000
"""Messages that one write holds, as long as no single batch has more."""

MOST_BATCHES = 256
MOST_POINTS = 500
MOST_WINDOWS = 1_000
LINGER_S = 0.1
"""Pause after a write that was not full, so that the next one holds more: a write costs the database the same for one line as for many."""

POINTS_EVERY_S = 1.0
ROLL_UPS_EVERY_S = 15.0
GRACE_MS = 60_000
"""How long after its end a window is rolled up."""

SHORTEST_KEEP_S = 0.05


class Feed(Protocol):
    async def after(self, seq: int, limit: int = ...) -> list[Decoded]:
        """The batches after `seq`, oldest first, at most `limit`; waits until there is one."""


class Exports(Protocol):
    """Derived points that wait to be stored, each with an id."""

    async def pending(self, limit: int) -> list[tuple[int, Point]]: ...

    async def done(self, ids: Sequence[int]) -> None: ...


class Windows(Protocol):
    """Windows whose roll-up is out of date; on disk, so that a restart forgets none."""

    async def mark(self, windows: set[Window]) -> None: ...

    async def due(self, before: int, limit: int) -> list[Window]:
        """Marked windows whose number is below `before`, at most `limit`."""

    async def done(self, windows: Sequence[Window]) -> None: ...


@dataclass(frozen=True, slots=True)
class Places:
    """Where the writer takes from and leaves to, besides the store. `commit` says that everything up to a seq is stored or quarantined.

    What they can't do at once (a full disk) they try again by themselves: an exception of theirs ends the writer.
    """

    feed: Feed
    commit: Callable[[int], None]
    quarantine: Callable[[list[Rejected]], Awaitable[None]]
    exports: Exports
    windows: Windows


@dataclass(frozen=True, slots=True)
class Failing:
    """Since when one of the three can't go on, and why; `alarm`: a person has to mend it."""

    since_ms: int
    problem: str
    alarm: bool


@dataclass(slots=True)
class WriterStats:
    """Counts since the start. `failing` holds what can't go on now: "readings", "points", "roll-ups"; empty while all is well.

    `rejected` counts lines, `kept` writes that had to be done again; `roll_up_problem` says which roll-up was last done only in part.
    """

    cursor: int = 0
    messages: int = 0
    values: int = 0
    points: int = 0
    rolled_up: int = 0
    rejected: int = 0
    writes: int = 0
    kept: int = 0
    last_success_ms: int | None = None
    roll_up_problem: str = ""
    failing: dict[str, Failing] = field(default_factory=dict)

    @property
    def problem(self) -> str:
        return "; ".join(f"{what}: {why.problem}" for what, why in self.failing.items())

    @property
    def alarm(self) -> bool:
        return any(why.alarm for why in self.failing.values())


class Writer:
    """`cursor` is the seq up to which everything is stored already. Run `run`; cancel it to stop."""

    def __init__(self, store: Store, places: Places, now_ms: Callable[[], int], cursor: int) -> None:
        self.stats = WriterStats(cursor=cursor)
        self._store, self._places, self._now_ms = store, places, now_ms
        self._marked: set[Window] = set()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._readings())
            tasks.create_task(self._points())
            tasks.create_task(self._roll_ups())

    async def _readings(self) -> None:
        waiting: list[Decoded] = []
        while True:
            if not waiting:
                waiting = await self._places.feed.after(self.stats.cursor, MOST_BATCHES)
            portion, waiting = cut(waiting)
            await self._write(portion)
            if not waiting and len(portion) < MOST_BATCHES and sum(batch.messages for batch in portion) < MOST_MESSAGES // 2:
                await asyncio.sleep(LINGER_S)

    async def _write(self, portion: list[Decoded]) -> None:
        outcome = await self._until_stored("readings", lambda: self._store.write(portion))
        await self._set_aside(outcome.rejected)
        await self._mark(windows_of(portion))
        self._places.commit(portion[-1].seq)
        self.stats.cursor = portion[-1].seq
        self.stats.messages += sum(batch.messages for batch in portion)
        self.stats.values += sum(batch.values for batch in portion)

    async def _points(self) -> None:
        while True:
            pending = await self._places.exports.pending(MOST_POINTS)
            if pending:
                points = [point for _, point in pending]
                outcome = await self._until_stored("points", partial(self._store.write_points, points))
                await self._set_aside(outcome.rejected)
                await self._places.exports.done([number for number, _ in pending])
                self.stats.points += len(points)
            if len(pending) < MOST_POINTS:
                await asyncio.sleep(POINTS_EVERY_S)

    async def _roll_ups(self) -> None:
        while True:
            if await self.roll_up_due() < MOST_WINDOWS:
                await asyncio.sleep(ROLL_UPS_EVERY_S)

    async def roll_up_due(self) -> int:
        """One round over the windows that are due; returns how many were."""
        due = await self._places.windows.due((self._now_ms() - GRACE_MS) // WINDOW_MS, MOST_WINDOWS)
        for span in spans(due):
            await self._roll_up(span)
        return len(due)

    async def _roll_up(self, span: Span) -> None:
        """A window that gets more data while it is computed is marked anew meanwhile, and stays marked; so does one that fails."""
        self._marked.difference_update(span.windows)
        outcome = await self._store.roll_up(span.kind, span.site, span.start_ms, span.end_ms)
        self._note("roll-ups", outcome)
        if outcome.keep:
            await asyncio.sleep(max(outcome.keep_s, SHORTEST_KEEP_S))
            return
        self.stats.roll_up_problem = outcome.problem or self.stats.roll_up_problem
        await self._set_aside(outcome.rejected)
        finished = [window for window in span.windows if window not in self._marked]
        await self._places.windows.done(finished)
        self.stats.rolled_up += len(finished)

    async def _mark(self, windows: set[Window]) -> None:
        new = windows - self._marked
        if new:
            self._marked |= new
            await self._places.windows.mark(new)

    async def _until_stored(self, what: str, attempt: Callable[[], Awaitable[Outcome]]) -> Outcome:
        """The same again, until the store says what became of it."""
        while True:
            outcome = await attempt()
            self._note(what, outcome)
            if not outcome.keep:
                return outcome
            await asyncio.sleep(max(outcome.keep_s, SHORTEST_KEEP_S))

    def _note(self, what: str, outcome: Outcome) -> None:
        """Counts, and a line in the log when a failure begins and when it ends."""
        now_ms, stats = self._now_ms(), self.stats
        before = stats.failing.get(what)
        stats.writes += 1
        if outcome.keep:
            stats.kept += 1
            stats.failing[what] = Failing(before.since_ms if before else now_ms, outcome.problem, outcome.alarm)
            if before is None:
                log.warning("the store takes no %s, they are kept: %s", what, outcome.problem)
            return
        stats.last_success_ms = now_ms
        if before is not None:
            del stats.failing[what]
            log.info("the store takes %s again, after %.0f s", what, (now_ms - before.since_ms) / 1000)

    async def _set_aside(self, rejected: list[Rejected]) -> None:
        if rejected:
            self.stats.rejected += len(rejected)
            await self._places.quarantine(rejected)


def cut(waiting: list[Decoded]) -> tuple[list[Decoded], list[Decoded]]:
    """As many batches from the front as fit into one write, at least one; and the others."""
    messages = 0
    for place, batch in enumerate(waiting):
        messages += batch.messages
        if messages > MOST_MESSAGES and place:
            return waiting[:place], waiting[place:]
    return waiting, []
