from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence

import pytest

from collector.errors import JournalError
from collector.feed import KEEP_MESSAGES, READ_BATCHES, READ_BYTES, Feed
from collector.journal_memory import MemoryJournal
from collector.records import Batch, Decoded, Message
from collector.threads import Thread

START_MS = 1_764_000_000_000
READING = Message("oxygrid/v1/s/a", b"{}")


class WatchedJournal(MemoryJournal):
    """Counts what is read of it; `full` takes nothing; while `gate` is closed an append doesn't end."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[int] = []
        self.full = self.unreadable = False
        self.gate = threading.Event()
        self.gate.set()
        self.begun, self.asked = threading.Event(), threading.Event()

    def append(self, messages: Sequence[Message], now_ms: int) -> Batch:
        self.begun.set()
        self.gate.wait(10)
        if self.full:
            raise JournalError("no room")
        return super().append(messages, now_ms)

    def read(self, after: int, limit: int = 64, max_bytes: int = 2**23) -> list[Batch]:
        self.reads.append(after)
        self.asked.set()
        if self.unreadable:
            self.unreadable = False
            raise JournalError("can't be read")
        return super().read(after, limit, max_bytes)


class World:
    """A feed on a journal in memory, with a clock that is set by hand and a decoder that says which batches it was given."""

    def __init__(self, journal: WatchedJournal, thread: Thread) -> None:
        self.journal = journal
        self.now_ms = START_MS
        self.decoded: list[int] = []
        self.feed = Feed(journal, thread, self.decode, lambda: self.now_ms)

    def decode(self, batch: Batch) -> Decoded:
        self.decoded.append(batch.seq)
        return Decoded(batch.seq, batch.received_ms, [], [], len(batch.messages), 0)

    async def append(self, messages: int = 1, after_ms: int = 1) -> Decoded:
        self.now_ms += after_ms
        return await self.feed.append([READING] * messages)

    async def seqs(self, after: int, limit: int = READ_BATCHES) -> list[int]:
        return [batch.seq for batch in await self.feed.after(after, limit)]


@pytest.fixture
def world() -> Iterator[World]:
    thread = Thread("journal")
    yield World(WatchedJournal(), thread)
    thread.close()


async def test_what_is_appended_is_in_the_journal_and_in_memory(world: World) -> None:
    decoded = await world.append(messages=3)
    assert (decoded.seq, decoded.received_ms, decoded.messages) == (1, START_MS + 1, 3)
    assert [batch.seq for batch in MemoryJournal.read(world.journal, 0)] == [1]
    assert await world.feed.after(0) == [decoded]
    assert (world.decoded, world.journal.reads) == ([1], [])


async def test_what_the_journal_refuses_is_not_published(world: World) -> None:
    await world.append()
    world.journal.full = True
    with pytest.raises(JournalError, match="no room"):
        await world.append()
    assert (world.feed.last_seq, world.decoded) == (1, [1])
    world.journal.full = False
    assert (await world.append()).seq == 2
    assert await world.seqs(0) == [1, 2]


async def test_a_slow_reader_is_given_from_the_journal_what_memory_no_longer_holds(world: World) -> None:
    size = KEEP_MESSAGES // 3
    for _ in range(5):
        await world.append(messages=size)
    assert await world.seqs(2) == [3, 4, 5]
    assert (world.journal.reads, world.decoded) == ([], [1, 2, 3, 4, 5])
    assert await world.seqs(1, 2) == [2, 3]
    assert (world.journal.reads, world.decoded) == ([1], [1, 2, 3, 4, 5, 2, 3])


async def test_memory_and_journal_give_the_same(world: World) -> None:
    live = [await world.append(messages=KEEP_MESSAGES // 2) for _ in range(6)]
    again, cursor = [], 0
    while cursor < 6:
        again += await world.feed.after(cursor, 2)
        cursor = again[-1].seq
    assert again == live
    assert world.journal.reads == [0, 2]


async def test_one_batch_over_the_bound_is_remembered_nonetheless(world: World) -> None:
    await world.append(messages=KEEP_MESSAGES + 1)
    assert await world.seqs(0) == [1]
    assert world.journal.reads == []


@pytest.mark.parametrize(("after", "limit", "given"), [(0, 2, [1, 2]), (3, 2, [4, 5]), (4, 9, [5]), (0, READ_BATCHES, [1, 2, 3, 4, 5])])
async def test_no_more_than_asked_for(world: World, after: int, limit: int, given: list[int]) -> None:
    for _ in range(5):
        await world.append()
    assert await world.seqs(after, limit) == given


async def test_every_reader_that_waits_is_given_the_next_batch(world: World) -> None:
    await world.append()
    readers = [asyncio.create_task(world.seqs(cursor)) for cursor in (0, 1, 1)]
    assert await readers[0] == [1]
    assert not any(reader.done() for reader in readers[1:])
    await world.append()
    assert await asyncio.gather(*readers) == [[1], [2], [2]]


async def test_appends_that_come_at_once_are_published_in_their_order(world: World) -> None:
    appended = await asyncio.gather(*(world.append(messages=n) for n in (1, 2, 3)))
    assert [(batch.seq, batch.messages) for batch in appended] == [(1, 1), (2, 2), (3, 3)]
    assert await world.seqs(0) == [1, 2, 3]


async def test_an_append_that_is_cancelled_leaves_no_gap_for_the_readers(world: World) -> None:
    """It is in the journal all the same: whoever reads on must not step over it."""
    await world.append()
    world.journal.gate.clear()
    world.journal.begun.clear()
    cancelled = asyncio.create_task(world.append())
    await asyncio.to_thread(world.journal.begun.wait, 10)
    cancelled.cancel()
    await asyncio.gather(cancelled, return_exceptions=True)
    world.journal.gate.set()
    await world.append()
    assert await world.seqs(1) == [2, 3]
    await world.append()
    assert await world.seqs(3) == [4]
    assert await world.seqs(2) == [3, 4]


async def test_a_reader_waits_where_the_journal_has_lost_what_it_asks_for(world: World) -> None:
    world.journal.begin_after(10)
    world.feed.last_seq = 10
    reader = asyncio.create_task(world.seqs(4))
    await asyncio.to_thread(world.journal.asked.wait, 10)
    await world.append()
    assert await reader == [11]
    assert world.journal.reads == [4, 4]


async def test_a_journal_that_can_not_be_read_for_a_moment_ends_no_reader(world: World) -> None:
    await world.append(messages=KEEP_MESSAGES)
    await world.append(messages=KEEP_MESSAGES)
    world.journal.unreadable = True
    assert await world.seqs(0, 1) == [1]


async def test_a_changed_configuration_decodes_anew_what_is_still_to_be_read(world: World) -> None:
    await world.append()
    await world.append()
    again: list[int] = []

    def other(batch: Batch) -> Decoded:
        again.append(batch.seq)
        return Decoded(batch.seq, batch.received_ms, [], [], len(batch.messages), 7)

    world.feed.decode_again(other)
    assert [batch.values for batch in await world.feed.after(1)] == [7]
    await world.append()
    assert [batch.values for batch in await world.feed.after(1)] == [7, 7]
    assert (again, world.decoded) == ([2, 3, 2, 3], [1, 2])


async def test_time_may_pass_up_to_now_where_everything_is_folded(world: World) -> None:
    await world.append()
    world.now_ms += 500
    assert world.feed.idle_until_ms(0) is None
    assert world.feed.idle_until_ms(1) == START_MS + 501
    world.now_ms = START_MS - 10_000  # the clock was set back: time stays where the last batch was
    assert world.feed.idle_until_ms(1) == START_MS + 1


async def test_time_may_not_pass_the_batch_that_is_being_written(world: World) -> None:
    await world.append()
    world.journal.gate.clear()
    world.journal.begun.clear()
    writing = asyncio.create_task(world.append(after_ms=1000))
    await asyncio.to_thread(world.journal.begun.wait, 10)
    world.now_ms += 5000
    assert world.feed.idle_until_ms(1) == START_MS + 1000
    world.journal.gate.set()
    assert (await writing).received_ms == START_MS + 1001
    assert world.feed.idle_until_ms(2) == world.now_ms


async def test_a_reader_far_behind_gets_all_that_it_asks_for_however_small_the_batches(world: World) -> None:
    for _ in range(40):
        await world.append()
    world.feed.decode_again(world.decode)
    assert await world.seqs(0, 30) == list(range(1, 31))
    assert await world.seqs(30, 30) == list(range(31, 41))
    assert world.journal.reads == [0, 30]


async def test_a_read_brings_no_more_than_memory_bears_however_large_the_batches(world: World) -> None:
    for _ in range(3):
        await world.feed.append([Message("oxygrid/v1/s/a", b" " * (READ_BYTES * 2 // 3))])
    world.feed.decode_again(world.decode)
    assert await world.seqs(0) == [1]
    assert await world.seqs(1) == [2]
