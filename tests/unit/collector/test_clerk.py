"""The clerk: every command that is one is written down, and the answer is what became of it in the fold."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import pytest

from collector.audit import Word, noted
from collector.clerk import LATER, Answer, Clerk, Configuration
from collector.decoding import Decoder
from collector.errors import JournalError
from collector.feed import Feed
from collector.journal_memory import MemoryJournal
from collector.outputs import AuditEntry, Command, StateChange
from collector.records import Batch, Control, Message
from collector.threads import Thread

NOW = 1_764_000_000_000
ACK = Command("ack", "a/line/LP-LL", "Asha")
OLD, NEW = Configuration("rules-1", "sites-1"), Configuration("rules-2", "sites-1")


class Journal(MemoryJournal):
    """Takes nothing while it is full."""

    full = False

    def append(self, messages: Sequence[Message], now_ms: int) -> Batch:
        if self.full:
            raise JournalError("no room on the disk")
        return super().append(messages, now_ms)


class Desk:
    """A clerk with a journal in memory. `refused` is what the evaluator would say."""

    def __init__(self, thread: Thread) -> None:
        self.journal = Journal()
        self.feed = Feed(self.journal, thread, Decoder([]).decode, lambda: NOW)
        self.refused = ""

    def clerk(self, in_force: Configuration = OLD, patience_s: float = 10.0) -> Clerk:
        return Clerk(self.feed, lambda _: self.refused, in_force, patience_s)

    def written(self) -> list[tuple[str, Any]]:
        return [(message.topic, msgspec.json.decode(message.payload)) for batch in self.journal.read(0) for message in batch.messages]


@pytest.fixture
def desk() -> Iterator[Desk]:
    thread = Thread("journal")
    yield Desk(thread)
    thread.close()


def folded(command: Command, seq: int, refused: str = "") -> StateChange:
    return StateChange(audit=[AuditEntry(at_ms=NOW, seq=seq, nth=0, command=command, state="acknowledged", refused=refused)])


async def asked(clerk: Clerk, desk: Desk, seq: int) -> asyncio.Task[Answer]:
    """A command that is written down as batch `seq`, and waits."""
    task = asyncio.create_task(clerk.command(ACK))
    async with asyncio.timeout(10):
        await desk.feed.after(seq - 1)
    return task


@pytest.mark.parametrize(
    ("refused", "answer"),
    [("", Answer(taken=True, text="done")), ("it is acknowledged already", Answer(False, "it is acknowledged already"))],
)
async def test_the_answer_is_what_became_of_it_in_the_fold(desk: Desk, refused: str, answer: Answer) -> None:
    clerk = desk.clerk()
    task = await asked(clerk, desk, 1)
    clerk.committed(folded(ACK, 7))
    assert not task.done()
    clerk.committed(folded(ACK, 1, refused))
    clerk.committed(folded(ACK, 1, refused))
    assert await task == answer
    assert desk.written() == [("$oxygrid/command", msgspec.to_builtins(ACK))]
    clerk.committed(folded(ACK, 1))


async def test_who_would_wait_too_long_is_told_that_it_comes_later(desk: Desk) -> None:
    assert await desk.clerk(patience_s=0.0).command(ACK) == Answer(taken=True, text=LATER)
    assert [topic for topic, _ in desk.written()] == ["$oxygrid/command"]


async def test_what_is_refused_at_once_is_written_down_for_the_trail_alone(desk: Desk) -> None:
    desk.refused = "there is no alarm 'a/line/LP-LL'"
    assert await desk.clerk().command(ACK) == Answer(taken=False, text=desk.refused)
    (batch,) = await desk.feed.after(0)
    (entry,) = noted(batch)
    assert (entry.kind, entry.command, entry.refused) == ("command", ACK, desk.refused)
    assert [event.name for event in batch.events if isinstance(event, Control)] == ["refused"]


async def test_what_is_no_command_is_not_written_down(desk: Desk) -> None:
    answer = await desk.clerk().command(msgspec.structs.replace(ACK, by=""))
    assert (answer.taken, "the name of the person" in answer.text) == (False, True)
    assert desk.written() == []


@pytest.mark.parametrize("refused", ["", "no"])
async def test_what_cannot_be_written_down_is_not_done(desk: Desk, refused: str) -> None:
    desk.refused, desk.journal.full = refused, True
    answer = await desk.clerk().command(ACK)
    assert answer == Answer(taken=False, text="nothing was done, for it can't be written down: no room on the disk")


async def test_a_count_and_the_word_about_it_are_written_down_together(desk: Desk) -> None:
    clerk, reading = desk.clerk(), Message("oxygrid/v1/a/store", b'{"values":{"full_count":5}}')
    task = asyncio.create_task(clerk.count(Word(what="5 full", about="a/store", by="Asha"), reading))
    async with asyncio.timeout(10):
        (batch,) = await desk.feed.after(0)
    (entry,) = noted(batch)
    assert (entry.kind, entry.about, entry.by, entry.what) == ("count", "a/store", "Asha", "5 full")
    assert [topic for topic, _ in desk.written()] == ["$oxygrid/count", "oxygrid/v1/a/store"]
    clerk.committed(StateChange(noted=[entry]))
    assert await task == Answer(taken=True)
    desk.journal.full = True
    assert not (await clerk.count(Word(), reading)).taken


async def test_the_beginning_says_what_is_in_force_and_whether_it_is_another(desk: Desk) -> None:
    await desk.clerk(Configuration("", "")).begin(OLD, ["oxygrid 1"])
    await desk.clerk(OLD).begin(OLD, ["oxygrid 1", "state.db: damaged"])
    await desk.clerk(OLD).begin(NEW, ["oxygrid 2"])
    start, changed = "$oxygrid/start", "$oxygrid/configuration"
    assert desk.written() == [
        (start, {"what": "oxygrid 1", "rules": "rules-1", "sites": "sites-1"}),
        (start, {"what": "oxygrid 1; state.db: damaged", "rules": "rules-1", "sites": "sites-1"}),
        (start, {"what": "oxygrid 2", "rules": "rules-2", "sites": "sites-1"}),
        (changed, {"what": "other rules", "rules": "rules-2", "sites": "sites-1"}),
    ]


async def test_a_reload_is_written_down_where_it_changes_rules_or_sites(desk: Desk) -> None:
    clerk = desk.clerk(OLD)
    await clerk.configure(OLD)
    await clerk.configure(NEW)
    await clerk.configure(NEW)
    await clerk.configure(Configuration("rules-1", "sites-2"))
    assert [word["what"] for _, word in desk.written()] == ["other rules", "other rules and sites"]
    desk.journal.full = True
    with pytest.raises(JournalError):
        await clerk.configure(OLD)
    desk.journal.full = False
    await clerk.configure(OLD)
    assert [word["what"] for _, word in desk.written()][2:] == ["other sites"]


async def test_the_end_is_written_down(desk: Desk) -> None:
    await desk.clerk().end("asked to")
    assert desk.written() == [("$oxygrid/stop", {"what": "asked to"})]
