from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from collector.ports import Outcome, Rejected, Store
from collector.records import Decoded, Point
from collector.store.memory import MemoryExports, MemoryStore, MemoryWindows
from collector.store.rollup import WINDOW_MS, Span
from collector.writer import GRACE_MS, MOST_MESSAGES, Places, Writer, cut
from devices.signal import Observation

START_MS = 1_764_000_000_000 // WINDOW_MS * WINDOW_MS
KEEP = Outcome(keep=True, keep_s=0.0, problem="500 busy")
BARRED = Outcome(keep=True, keep_s=0.0, problem="401 who are you", alarm=True)


class MemoryFeed:
    def __init__(self) -> None:
        self.batches: list[Decoded] = []
        self._grown = asyncio.Event()

    def append(self, *times_ms: int) -> None:
        events: list[Observation] = [Observation("s", "a", "psa_plant", ms, ms, {"co_ppm": 1.0, "co2_ppm": 2.0}) for ms in times_ms]
        self.batches.append(Decoded(len(self.batches) + 1, times_ms[0], list(events), [], len(events), 2 * len(events)))
        self._grown.set()

    async def after(self, seq: int, limit: int = 256) -> list[Decoded]:
        while len(self.batches) <= seq:
            self._grown.clear()
            await self._grown.wait()
        return self.batches[seq : seq + limit]


class World:
    """A writer with everything around it in memory, and a clock that is set by hand."""

    def __init__(self, store: Store) -> None:
        self.feed, self.windows, self.exports = MemoryFeed(), MemoryWindows(), MemoryExports()
        self.commits: list[int] = []
        self.quarantined: list[Rejected] = []
        self.now_ms = START_MS
        places = Places(self.feed, self.commits.append, self._quarantine, self.exports, self.windows)
        self.writer = Writer(store, places, lambda: self.now_ms, cursor=0)

    async def _quarantine(self, rejected: list[Rejected]) -> None:
        self.quarantined += rejected

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.writer.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not true():  # noqa: ASYNC110  it looks from outside, nothing there has an event
                await asyncio.sleep(0.001)


async def test_batches_are_stored_and_committed() -> None:
    store = MemoryStore()
    world = World(store)
    world.feed.append(START_MS, START_MS + 1)
    world.feed.append(START_MS + 2)
    async with world.running():
        await world.until(lambda: world.commits == [2])
    stats = world.writer.stats
    assert (len(store.rows), stats.messages, stats.values, stats.cursor, stats.problem) == (3, 3, 6, 2, "")


async def test_what_the_store_keeps_is_written_again_and_committed_only_then() -> None:
    store = MemoryStore([KEEP, BARRED, KEEP])
    world = World(store)
    world.feed.append(START_MS)
    async with world.running():
        await world.until(lambda: world.writer.stats.kept == 2)
        stats = world.writer.stats
        assert (stats.problem, stats.alarm, world.commits, store.rows) == ("readings: 401 who are you", True, [], {})
        await world.until(lambda: world.commits == [1])
    assert (stats.problem, stats.alarm, stats.kept, len(store.rows)) == ("", False, 3, 1)


async def test_what_is_refused_goes_into_quarantine_before_the_commit() -> None:
    refused = [Rejected("psa_plant co_ppm=1 1", "field type conflict")]
    world = World(MemoryStore([Outcome(rejected=refused)]))
    world.feed.append(START_MS)
    async with world.running():
        await world.until(lambda: world.commits == [1])
    assert (world.quarantined, world.writer.stats.rejected) == (refused, 1)


async def test_what_comes_while_a_write_is_under_way_goes_into_the_next_one() -> None:
    go = asyncio.Event()

    class Slow(MemoryStore):
        async def write(self, batches: Sequence[Decoded]) -> Outcome:
            await go.wait()
            return await super().write(batches)

    store = Slow()
    world = World(store)
    world.feed.append(START_MS)
    async with world.running():
        await asyncio.sleep(0)
        for n in range(1, 50):
            world.feed.append(START_MS + n)
        go.set()
        await world.until(lambda: world.writer.stats.cursor == 50)
    assert (sum(store.writes), len(store.writes)) == (50, 2) or store.writes == [50]


@pytest.mark.parametrize(
    ("messages", "taken"),
    [([1], 1), ([MOST_MESSAGES + 1], 1), ([MOST_MESSAGES, 1], 1), ([MOST_MESSAGES - 1, 1, 1], 2), ([1, MOST_MESSAGES], 1), ([1, 1, 1], 3)],
)
def test_a_write_is_bounded_but_takes_at_least_one_batch(messages: list[int], taken: int) -> None:
    batches = [Decoded(seq, 0, [], [], count, count) for seq, count in enumerate(messages, 1)]
    front, rest = cut(batches)
    assert (len(front), front + rest) == (taken, batches)


async def test_points_are_stored_and_taken_off_the_list() -> None:
    store = MemoryStore([KEEP])
    world = World(store)
    points = [Point("stock", {"site": "s"}, {"hours": float(n)}, START_MS + n) for n in range(3)]
    world.exports.waiting = dict(enumerate(points))
    async with world.running():
        await world.until(lambda: not world.exports.waiting)
    assert (store.points, world.writer.stats.points) == (points, 3)


# Roll-ups, one round at a time


async def roll_up_due(world: World) -> None:
    """Everything that came is stored, then one round."""
    async with world.running():
        await world.until(lambda: world.writer.stats.cursor == len(world.feed.batches))
    await world.writer.roll_up_due()


async def test_a_window_is_rolled_up_a_minute_after_its_end_and_again_for_late_data() -> None:
    store = MemoryStore()
    world = World(store)
    world.feed.append(START_MS, START_MS + 1000, START_MS + WINDOW_MS)
    first, second = (Span("psa_plant", "s", START_MS + n * WINDOW_MS, START_MS + (n + 1) * WINDOW_MS) for n in (0, 1))
    world.now_ms = START_MS + WINDOW_MS + GRACE_MS - 1
    await roll_up_due(world)
    assert store.rolled_up == []
    world.now_ms += 1
    await roll_up_due(world)
    await roll_up_due(world)
    assert store.rolled_up == [first]
    world.now_ms += WINDOW_MS
    world.feed.append(START_MS + 5)
    await roll_up_due(world)
    assert store.rolled_up == [first, Span("psa_plant", "s", first.start_ms, second.end_ms)]
    assert (world.windows.marked, world.writer.stats.rolled_up) == (set(), 3)


async def test_a_window_that_gets_data_while_it_is_computed_is_computed_again() -> None:
    class Interrupted(MemoryStore):
        async def roll_up(self, kind: str, site: str, start_ms: int, end_ms: int) -> Outcome:
            if not self.rolled_up:
                world.feed.append(START_MS + 7)
                await world.until(lambda: world.writer.stats.cursor == 2)
            return await super().roll_up(kind, site, start_ms, end_ms)

    store = Interrupted()
    world = World(store)
    world.feed.append(START_MS)
    await roll_up_due(world)
    world.now_ms = START_MS + WINDOW_MS + GRACE_MS
    async with world.running():
        await world.until(lambda: len(store.rolled_up) == 1)
    assert world.windows.marked == {("psa_plant", "s", START_MS // WINDOW_MS)}
    await roll_up_due(world)
    assert (len(store.rolled_up), world.windows.marked) == (2, set())


async def test_a_roll_up_that_fails_stays_marked_and_holds_up_no_other() -> None:
    class FailsFirst(MemoryStore):
        async def roll_up(self, kind: str, site: str, start_ms: int, end_ms: int) -> Outcome:
            return KEEP if start_ms == START_MS else await super().roll_up(kind, site, start_ms, end_ms)

    store = FailsFirst()
    world = World(store)
    world.feed.append(START_MS, START_MS + 2 * WINDOW_MS)
    world.now_ms = START_MS + 5 * WINDOW_MS
    await roll_up_due(world)
    async with world.running():
        await world.until(lambda: bool(store.rolled_up))
    assert world.windows.marked == {("psa_plant", "s", START_MS // WINDOW_MS)}
