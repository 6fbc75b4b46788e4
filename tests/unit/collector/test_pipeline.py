"""The pipeline with its parts in memory and the real state file: what is acknowledged when, and what a crash between two steps leaves."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import TypeVar

import pytest

from collector import pipeline
from collector.config.notify import LogChannel
from collector.config.rulebook import default_rules
from collector.decoding import Decoder
from collector.errors import JournalError
from collector.evaluator import Evaluator
from collector.feed import Feed
from collector.journal_memory import MemoryJournal
from collector.notify.decide import notices
from collector.outputs import StateChange
from collector.pipeline import FLOOD, Desk, Evaluation, ingest, set_aside
from collector.ports import Delivery, SourceStatus
from collector.records import Batch, Decoded, Message
from collector.rules.model import RuleSet
from collector.store.state import StateStore
from collector.threads import PatientThread, Thread
from devices.assets import Site

Write = Callable[[StateChange], Awaitable[None]]

T = TypeVar("T")

START_MS = 1_764_000_000_000
STEP_MS = 5_000
RULES = RuleSet(rules=default_rules())
LINE = {"id": "line", "kind": "pipeline", "nominal_bar": 4.1}
SITES = [Site.model_validate({"id": name, "assets": [LINE]}) for name in ("a", "b")]
CHANNELS = [LogChannel(id="log", kind="log", min_priority="low")]


class FullJournal(MemoryJournal):
    """Takes nothing the first `refusals` times."""

    def __init__(self, refusals: int = 0) -> None:
        super().__init__()
        self.refusals = refusals
        self.asked = threading.Event()

    def append(self, messages: Sequence[Message], now_ms: int) -> Batch:
        self.asked.set()
        if self.refusals:
            self.refusals -= 1
            raise JournalError("no room")
        return super().append(messages, now_ms)


class Seen(list[T]):
    """What came by, and somebody may wait for more."""

    def __init__(self) -> None:
        super().__init__()
        self._changed = asyncio.Event()

    def append(self, what: T) -> None:
        super().append(what)
        self._changed.set()

    async def until(self, true: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not true():
                self._changed.clear()
                await self._changed.wait()


class MemorySource:
    """Hands over what it was given, and writes down when it may forget it."""

    def __init__(self, journal: MemoryJournal, *payloads: bytes) -> None:
        self._journal = journal
        self._waiting = [Delivery([Message("oxygrid/v1/a/line", payload)]) for payload in payloads]
        self.acknowledged: list[tuple[bytes, int]] = []

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def receive(self) -> Delivery:
        if not self._waiting:
            await asyncio.Event().wait()
        return self._waiting.pop(0)

    def durable(self, delivery: Delivery) -> None:
        """Each message, with how many batches the journal held then."""
        self.acknowledged += [(message.payload, self._journal.stats().last_seq) for message in delivery.messages]

    def status(self) -> SourceStatus:
        return SourceStatus("memory", True, 0)

    async def close(self) -> None:
        """Nothing to close."""


class World:
    """A journal, a feed and a state file. `begin` is a start of the collector: an evaluation from what is on disk."""

    def __init__(
        self, journal: FullJournal, thread: Thread, state: StateStore, state_thread: PatientThread, sites: Sequence[Site] = SITES
    ) -> None:
        self.journal, self.state, self.thread, self.sites = journal, state, state_thread, sites
        self.now_ms = START_MS
        self.feed = Feed(journal, thread, Decoder(sites).decode, lambda: self.now_ms)
        self.saved: list[int] = []
        self.passed: Seen[int] = Seen()
        self.written: Seen[StateChange] = Seen()

    async def write(self, change: StateChange) -> None:
        await self.thread.run(self.state.commit, change)
        self.written.append(change)

    def begin(self, *, write: Write | None = None, saved: Callable[[int], None] | None = None) -> Evaluation:
        return Evaluation(
            Evaluator(self.sites, RULES, self.state.snapshots()),
            self.feed,
            Desk(
                write=write or self.write,
                open_alarms=lambda: self.thread.run(self.state.alarms),
                notices=lambda transitions: notices(transitions, CHANNELS, {site.id: site for site in self.sites}),
                committed=lambda _: None,
                saved=saved or self.saved.append,
                passed=self.passed.append,
            ),
        )

    async def say(self, **bar: float) -> None:
        """Every site named says its pressure, STEP_MS after the last."""
        self.now_ms += STEP_MS
        body = [(site, json.dumps({"ts": self.now_ms, "values": {"line_pressure_bar": value}})) for site, value in bar.items()]
        await self.feed.append([Message(f"oxygrid/v1/{site}/line", text.encode()) for site, text in body])

    def told(self) -> list[tuple[str, str, int]]:
        return [(t.alarm, t.event, t.event_ms - START_MS) for t in self.state.transitions()]

    def sent(self) -> list[str]:
        return sorted(due.notice.id for due in self.state.due_notices(2**62))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    journal_thread, state_thread = Thread("journal"), PatientThread("state", retry_s=0.0)
    with closing(StateStore(tmp_path / "state.db")) as state:
        yield World(FullJournal(), journal_thread, state, state_thread)
        journal_thread.close()
        state_thread.close()


@asynccontextmanager
async def working(evaluation: Evaluation) -> AsyncIterator[asyncio.Task[None]]:
    """`run` in the background; cancelled at the end, like in a crash."""
    task = asyncio.create_task(evaluation.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until_passed(world: World, seq: int, task: asyncio.Task[None]) -> None:
    """Everything up to `seq` is judged and committed, or the evaluation has ended."""
    waiting = asyncio.create_task(world.passed.until(lambda: world.passed and world.passed[-1] >= seq))
    await asyncio.wait({waiting, task}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)


# ---- ingest --------------------------------------------------------------------------------------------------------------------------


async def ingested(world: World, source: MemorySource, count: int) -> list[Decoded]:
    seen: Seen[Decoded] = Seen()
    task = asyncio.create_task(ingest(source, world.feed, seen.append))
    await seen.until(lambda: len(seen) == count)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return seen


async def test_a_message_is_acknowledged_when_it_is_in_the_journal(world: World) -> None:
    source = MemorySource(world.journal, b"1", b"2")
    seen = await ingested(world, source, 2)
    assert source.acknowledged == [(b"1", 1), (b"2", 2)]
    assert [batch.seq for batch in seen] == [1, 2]


async def test_what_the_journal_refuses_is_tried_again_and_acknowledged_only_then(world: World) -> None:
    world.journal.refusals = 1
    source = MemorySource(world.journal, b"1", b"2")
    await ingested(world, source, 2)
    assert source.acknowledged == [(b"1", 1), (b"2", 2)]
    assert [batch.messages[0].payload for batch in world.journal.read(0)] == [b"1", b"2"]


async def test_what_is_refused_for_ever_is_never_acknowledged(world: World) -> None:
    world.journal.refusals = 10**9
    source = MemorySource(world.journal, b"1")
    task = asyncio.create_task(ingest(source, world.feed, lambda _: None))
    await asyncio.to_thread(world.journal.asked.wait, 10)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert source.acknowledged == []


# ---- evaluation ----------------------------------------------------------------------------------------------------------------------


async def test_an_alarm_its_notice_its_point_and_the_state_behind_it_are_one_transaction(world: World) -> None:
    for bar in (4.1, 2.0, 2.0, 2.0):
        await world.say(a=4.1, b=bar)
    async with working(world.begin()) as task:
        await until_passed(world, 4, task)
    (change,) = [change for change in world.written if change.transitions]
    assert [(t.alarm, t.event) for t in change.transitions] == [("b/line/LP-LL", "raised")]
    assert [notice.channel for notice in change.notices] == ["log"]
    assert [point.measurement for point in change.points] == ["alarm"]
    assert ("b", 4) in [(snapshot.site, snapshot.cursor) for snapshot in change.snapshots]
    assert [t.alarm for t in world.state.alarms()] == ["b/line/LP-LL"]
    assert [point.measurement for _, point in world.state.exports.pending()] == ["alarm"]


@pytest.mark.parametrize(("lines", "written"), [(1, [1] * 12), (FLOOD, [FLOOD] * 12), (FLOOD + 1, [12 * (FLOOD + 1)])])
async def test_alarms_are_written_at_once_and_in_a_flood_with_those_that_wait_behind_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: int, written: list[int]
) -> None:
    """Twelve batches that wait, each with an alarm on so many lines; no reading before them, so that each is one transition. However slow
    the machine is, they are gathered within the moment."""
    monkeypatch.setattr(pipeline, "GATHER_S", 60.0)
    sites = [Site.model_validate({"id": f"s{n}", "assets": [{**LINE, "id": f"l{m}"} for m in range(lines)]}) for n in range(12)]
    at_once = RuleSet.model_validate({"rules": default_rules(), "everywhere": {"LP-LL": {"on_delay_s": 0}}})
    journal_thread, state_thread = Thread("journal"), PatientThread("state")
    with closing(StateStore(tmp_path / "state.db")) as state:
        world = World(FullJournal(), journal_thread, state, state_thread, sites)
        for site in sites:
            body = json.dumps({"ts": world.now_ms, "values": {"line_pressure_bar": 2.0}}).encode()
            await world.feed.append([Message(f"oxygrid/v1/{site.id}/{asset.id}", body) for asset in site.assets])
        evaluation = world.begin()
        evaluation.evaluator = Evaluator(sites, at_once)
        async with working(evaluation) as task:
            await until_passed(world, 12, task)
        journal_thread.close()
        state_thread.close()
        assert [len(change.transitions) for change in world.written if change.transitions] == written
        assert len(state.alarms()) == 12 * lines


async def test_each_change_is_written_once(world: World) -> None:
    async with working(world.begin()) as task:
        for count, bar in enumerate([4.1, 2.0, 2.0, 2.0, *[4.1] * 10], start=1):
            await world.say(a=4.1, b=bar)
            await until_passed(world, count, task)
    written = [[t.event for t in change.transitions] for change in world.written if change.transitions]
    assert written == [["raised"], ["cleared"]]
    assert [point.fields["event"] for _, point in world.state.exports.pending()] == ["raised", "cleared"]


async def test_quiet_batches_write_nothing_but_the_snapshot_whose_turn_it_is(world: World) -> None:
    """Three sites, the collector's own among them, a minute for all: a turn every 20 seconds."""
    async with working(world.begin()) as task:
        for count in range(1, 11):
            await world.say(a=4.1)
            await until_passed(world, count, task)
    assert [len(change.snapshots) for change in world.written] == [1, 1, 1]


async def test_every_site_gets_a_snapshot_in_its_turn_and_the_oldest_says_what_a_restart_reads(world: World) -> None:
    async with working(world.begin()) as task:
        for count in range(1, 73):
            await world.say(a=4.1, b=4.1)
            await until_passed(world, count, task)
    turns = [[(snapshot.site, snapshot.cursor) for snapshot in change.snapshots] for change in world.written]
    assert {site for turn in turns for site, _ in turn} == {"a", "b", "_collector"}
    assert all(len(turn) == 1 for turn in turns)
    assert world.saved[-1] == min(snapshot.cursor for snapshot in world.state.snapshots())
    assert 72 - world.saved[-1] <= 3 * 60_000 // STEP_MS


def pressures() -> list[dict[str, float]]:
    """Two sites fall and recover, more than once, not at the same time: 84 batches."""
    fall = [4.1] * 6 + [2.0] * 8 + [4.1] * 14
    return [{"a": a, "b": b} for a, b in zip(fall * 3, ([4.1] * 10 + fall * 3)[:84], strict=True)]


class Crash(Exception):
    """The power is gone."""


COMMITS = 8


@pytest.mark.parametrize("at", range(COMMITS))
@pytest.mark.parametrize("moment", ["before the commit", "after the commit", "before the cursor"])
async def test_a_crash_between_any_two_steps_loses_nothing_and_repeats_nothing(tmp_path: Path, moment: str, at: int) -> None:
    undisturbed = await run_through(tmp_path / "undisturbed", "never", 0)
    disturbed = await run_through(tmp_path / "disturbed", moment, at)
    assert (len(undisturbed[0]), undisturbed[2]) == (11, ["a/line/LP-LL returned", "b/line/LP-LL unacknowledged"])
    assert disturbed == undisturbed


async def run_through(folder: Path, moment: str, at: int) -> tuple[list[tuple[str, str, int]], list[str], list[str]]:
    """All batches judged, with one crash and a restart: transitions in their order, notices, open alarms."""
    journal_thread, state_thread = Thread("journal"), PatientThread("state")
    with closing(StateStore(folder / "state.db")) as state:
        world = World(FullJournal(), journal_thread, state, state_thread)
        for bar in pressures():
            await world.say(**bar)
        async with working(begin_and_crash(world, moment, at)) as task:
            await until_passed(world, 84, task)
        if task.done() and not task.cancelled():
            assert isinstance(task.exception(), Crash)
            async with working(world.begin()) as task:
                await until_passed(world, 84, task)
        journal_thread.close()
        state_thread.close()
        return world.told(), world.sent(), [f"{t.alarm} {t.state}" for t in state.alarms()]


def begin_and_crash(world: World, moment: str, at: int) -> Evaluation:
    """An evaluation that the `at`-th commit ends."""
    left = [at]

    def now() -> bool:
        left[0] -= 1
        return left[0] == -1

    async def write(change: StateChange) -> None:
        if moment == "before the commit" and now():
            raise Crash
        await world.write(change)
        if moment == "after the commit" and now():
            raise Crash

    def saved(seq: int) -> None:
        if moment == "before the cursor" and now():
            raise Crash
        world.saved.append(seq)

    return world.begin(write=write, saved=saved)


async def test_a_stop_before_the_commit_loses_no_alarm(world: World) -> None:
    """What was folded when the collector is told to stop is written by `close`, and once."""
    for bar in (4.1, 2.0, 2.0, 2.0):
        await world.say(a=bar)
    asked, stopping = asyncio.Event(), False

    async def write(change: StateChange) -> None:
        asked.set()
        if not stopping:
            await asyncio.Event().wait()
        await world.write(change)

    evaluation = world.begin(write=write)
    async with working(evaluation):
        await asked.wait()
    assert world.told() == []
    stopping = True
    await evaluation.close()
    assert world.told() == [("a/line/LP-LL", "raised", 4 * STEP_MS)]
    assert len(world.sent()) == 1
    again = world.begin()
    assert again.evaluator.cursor == 4
    assert {snapshot.cursor for snapshot in world.state.snapshots()} == {4}


async def test_other_rules_go_on_from_the_state_of_the_moment(world: World) -> None:
    """An open alarm stays open, and is raised no second time; a site that is not configured any more is forgotten."""
    for bar in (4.1, 2.0, 2.0, 2.0):
        await world.say(a=bar, b=4.1)
    evaluation = world.begin()
    async with working(evaluation) as task:
        await until_passed(world, 4, task)
        evaluation.replace(lambda snapshots: Evaluator(SITES[:1], RULES, snapshots))
        for count, bar in enumerate([2.0, 4.1, *[4.1] * 8], start=5):
            await world.say(a=bar, b=1.0)
            await until_passed(world, count, task)
    assert [event for _, event, _ in world.told()] == ["raised", "cleared"]
    assert set(evaluation.evaluator.sites) == {"a", "_collector"}


@pytest.mark.parametrize("sites", [SITES[1:], [Site(id="a", assets=()), SITES[1]]], ids=["the site", "the asset"])
async def test_an_alarm_ends_when_what_it_watches_is_taken_out(world: World, sites: list[Site]) -> None:
    """Else it would stand open for ever: nothing can clear it any more. Who was told of it is told so, once."""
    for bar in (4.1, 2.0, 2.0, 2.0):
        await world.say(a=bar, b=bar)
    evaluation = world.begin()
    async with working(evaluation) as task:
        await until_passed(world, 4, task)
        evaluation.replace(lambda snapshots: Evaluator(sites, RULES, snapshots))
        for count in range(5, 10):
            await world.say(a=2.0, b=2.0)
            await until_passed(world, count, task)
    assert sorted(world.told()) == [
        ("a/line/LP-LL", "cleared", 5 * STEP_MS),
        ("a/line/LP-LL", "raised", 4 * STEP_MS),
        ("b/line/LP-LL", "raised", 4 * STEP_MS),
    ]
    assert [t.alarm for t in world.state.alarms()] == ["b/line/LP-LL"]
    assert len(world.sent()) == 3


async def test_time_passes_where_nothing_comes(world: World) -> None:
    """A delay that ends in silence still raises: the clock moves the evaluator when there is no batch."""
    for bar in (4.1, 2.0):
        await world.say(a=bar)
    world.now_ms += 15_000
    async with working(world.begin()):
        await world.written.until(lambda: any(change.transitions for change in world.written))
    assert world.told() == [("a/line/LP-LL", "raised", 4 * STEP_MS)]


# ---- quarantine ----------------------------------------------------------------------------------------------------------------------


async def set_aside_until(world: World, cursor: int, last: int) -> list[int]:
    commits: Seen[int] = Seen()
    task = asyncio.create_task(set_aside(world.feed, world.state, world.thread, cursor, commits.append))
    await commits.until(lambda: commits and commits[-1] >= last)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return commits


async def test_what_can_not_be_taken_is_set_aside_with_its_reason_and_once(world: World) -> None:
    await world.say(a=4.1)
    await world.feed.append([Message("oxygrid/v1/a/line", b"?"), Message("oxygrid/v1/x/line", b"{}")])
    await set_aside_until(world, 0, 2)
    await set_aside_until(world, 0, 2)  # after a crash before the cursor was written
    assert sorted((each.reason, each.topic) for each in world.state.quarantined()) == [
        ("malformed", "oxygrid/v1/a/line"),
        ("unknown_site", "oxygrid/v1/x/line"),
    ]
    assert world.state.counters()["quarantined"] == {"malformed": 1, "unknown_site": 1}


async def test_good_batches_are_stepped_over(world: World) -> None:
    for _ in range(20):
        await world.say(a=4.1)
    assert (await set_aside_until(world, 0, 20))[-1] == 20
    assert world.state.quarantined() == []
