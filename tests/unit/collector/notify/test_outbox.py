"""The sending loop as stories: the clock is a number, the receiver a list with a plan of its failures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.notify.channels import SendError
from collector.notify.memory import MemoryOutbox
from collector.notify.messages import Envelope
from collector.notify.outbox import CAP_S, GIVE_UP_MS, Notifier, Sender, retry_delay_s
from collector.notify.planning import DIGEST_OVER, plan
from collector.notify.render import Form
from collector.outputs import Notice
from tests.unit.collector.notify.cases import AT_MS, notice

P = ParamSpec("P")
T = TypeVar("T")


class Here:
    """Runs a blocking call where it stands."""

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return call(*args, **kwargs)


class Receiver:
    """Takes envelopes; `refuses` says what is wrong with one, or None."""

    def __init__(self, refuses: Callable[[Envelope], SendError | None] = lambda _: None, channel: str = "mail") -> None:
        self.id = channel
        self.digests = True
        self.form: Form = "full"
        self.refuses = refuses
        self.got: list[Envelope] = []

    async def send(self, envelope: Envelope) -> None:
        problem = self.refuses(envelope)
        if problem is not None:
            raise problem
        self.got.append(envelope)


class Story:
    def __init__(self, *notices: Notice, refuses: Callable[[Envelope], SendError | None] = lambda _: None) -> None:
        self.now_ms = AT_MS + 1000
        self.outbox = MemoryOutbox(notices)
        self.receiver = Receiver(refuses)
        self.sender = Sender(self.receiver, self.outbox, Here(), lambda: self.now_ms, lambda: 0.5)

    async def step(self, after_s: float = 0) -> float | None:
        self.now_ms += round(after_s * 1000)
        return await self.sender.send_due()

    @property
    def subjects(self) -> list[str]:
        return [envelope.subject.split(":")[0] for envelope in self.receiver.got]


DOWN = SendError("the receiver is down")
BAD = SendError("400 bad", only_this=True)


async def test_what_is_sent_is_sent_once() -> None:
    story = Story(notice("raised"))
    assert await story.step() is None
    assert await story.step(5) is None
    assert story.subjects == ["[high] ALARM"]
    assert story.outbox.outcomes == {notice("raised").id: ("sent", "")}
    story.outbox.add(notice("raised"))
    await story.step(5)
    assert len(story.receiver.got) == 1


async def test_raised_then_cleared_are_two_messages_where_the_first_went_out() -> None:
    story = Story(notice("raised"))
    await story.step()
    story.outbox.add(notice("cleared"))
    await story.step(200)
    assert story.subjects == ["[high] ALARM", "[high] over"]


async def test_an_alarm_that_was_over_before_it_could_be_told_says_so() -> None:
    story = Story(notice("raised"), refuses=lambda _: DOWN)
    assert await story.step() == 2.0
    story.outbox.add(notice("cleared"))
    story.receiver.refuses = lambda _: None
    await story.step(300)
    assert story.subjects == ["[high] raised and over"]
    assert {outcome for outcome, _ in story.outbox.outcomes.values()} == {"sent"}


async def test_a_receiver_that_is_down_is_tried_once_per_pause_not_once_per_notice() -> None:
    tries: list[str] = []

    def down(envelope: Envelope) -> SendError:
        tries.append(envelope.key)
        return DOWN

    story = Story(notice(rule="A"), notice(rule="B"), notice(rule="C"), refuses=down)
    pauses: list[float] = []
    for _ in range(8):
        pause_s = await story.step(pauses[-1] if pauses else 0)
        assert pause_s is not None
        pauses.append(pause_s)
    assert len(tries) == 8
    assert pauses == [2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0, 30.0]
    assert story.sender.status().problem == "the receiver is down"
    story.receiver.refuses = lambda _: None
    await story.step(60)
    assert len(story.receiver.got) == 3
    assert (story.sender.status().problem, story.sender.status().sent, story.sender.status().failed) == ("", 3, 8)


async def test_one_refused_message_holds_up_no_other() -> None:
    story = Story(notice(rule="A"), notice(rule="B"), refuses=lambda e: BAD if "/A@" in e.key else None)
    assert await story.step() is None
    assert [envelope.notices[0].transition.rule for envelope in story.receiver.got] == ["B"]
    assert [each.attempts for each in story.outbox.due_notices(story.now_ms + 60_000)] == [1]


async def test_a_refused_digest_goes_out_one_by_one_but_for_the_bad_one() -> None:
    story = Story(
        *[notice(rule=f"R{i}") for i in range(DIGEST_OVER + 5)], refuses=lambda e: BAD if any("/R3@" in n.id for n in e.notices) else None
    )
    await story.step()
    assert len(story.receiver.got) == DIGEST_OVER + 4
    assert [each.notice.transition.rule for each in story.outbox.due_notices(story.now_ms + 60_000)] == ["R3"]


async def test_a_storm_is_one_digest() -> None:
    story = Story(*[notice(rule=f"R{i}", priority="low") for i in range(300)])
    await story.step()
    assert [(envelope.kind, len(envelope.notices)) for envelope in story.receiver.got] == [("digest", 300)]
    assert len(story.outbox.outcomes) == 300


async def test_given_up_after_a_day_and_counted() -> None:
    story = Story(notice(), refuses=lambda _: DOWN)
    await story.step()
    await story.step(GIVE_UP_MS / 1000 + 60)
    assert story.outbox.outcomes == {notice().id: ("given_up", "the receiver is down")}
    assert story.sender.status().given_up == 1


async def test_what_is_older_than_a_day_is_still_tried_once() -> None:
    story = Story(notice())
    await story.step(3 * GIVE_UP_MS / 1000)
    assert story.subjects == ["[high] ALARM"]


async def test_a_receiver_says_how_long_to_wait_but_not_for_hours() -> None:
    story = Story(notice(), refuses=lambda _: SendError("503", wait_s=3600))
    assert await story.step() == CAP_S


async def test_notices_of_a_channel_that_is_gone_do_not_wait_for_ever() -> None:
    outbox = MemoryOutbox([notice(channel="old")])
    notifier = Notifier([], outbox, Here(), lambda: AT_MS, lambda: 0.0)
    running = asyncio.create_task(notifier.run())
    over, _ = await asyncio.wait({running}, timeout=0.1)
    assert not over  # with no channel there is nothing to do, and that for ever
    running.cancel()
    await asyncio.wait({running})
    assert outbox.outcomes == {notice(channel="old").id: ("given_up", "the channel is no longer configured")}


async def test_a_receiver_that_hangs_delays_no_other() -> None:
    heard = asyncio.Queue[str]()

    class Hanging(Receiver):
        async def send(self, envelope: Envelope) -> None:
            await asyncio.Event().wait()
            await super().send(envelope)

    class Quick(Receiver):
        async def send(self, envelope: Envelope) -> None:
            await heard.put(envelope.notices[0].transition.rule)

    outbox = MemoryOutbox([notice(channel="slow"), notice(channel="quick")])
    notifier = Notifier([Hanging(channel="slow"), Quick(channel="quick")], outbox, Here(), lambda: AT_MS + 1000, lambda: 0.5)
    task = asyncio.create_task(notifier.run())
    async with asyncio.timeout(5):
        assert await heard.get() == "LP-LL"
        outbox.add(notice(channel="quick", rule="B"))
        notifier.wake()
        assert await heard.get() == "B"
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [each.notice.channel for each in outbox.due_notices(AT_MS + 1000)] == ["slow"]


def test_the_highest_priority_goes_first() -> None:
    low, high = notice(rule="A", priority="low"), notice(rule="B", priority="high", evaluated_ms=AT_MS + 999)
    assert [envelope.notices[0] for envelope in plan([low, high], [], AT_MS, digests=True)] == [high, low]


def test_only_what_is_due_goes_unless_it_belongs_to_it() -> None:
    due, other, begin = notice("cleared", rule="A"), notice(rule="B"), notice("raised", rule="A")
    (envelope,) = plan([due], [due, other, begin], AT_MS, digests=True)
    assert envelope.notices == (begin, due)


def test_a_log_has_no_digest() -> None:
    assert len(plan([notice(rule=f"R{i}") for i in range(50)], [], AT_MS, digests=False)) == 50


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_a_delay_is_within_its_bounds(attempt: int, rnd: float) -> None:
    assert 0.5 <= retry_delay_s(attempt, rnd) <= CAP_S


def test_delays_double_up_to_a_bound() -> None:
    assert [retry_delay_s(n, 0.999999) for n in (1, 2, 3, 20)] == pytest.approx([4, 8, 16, CAP_S], rel=1e-3)
