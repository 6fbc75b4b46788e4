"""A channel that fails, breaks and mends, and one that may send so many a minute: whom the sender tells of it, and how long it waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

import msgspec

from collector.notify.channels import SendError
from collector.notify.health import BROKEN_AFTER
from collector.notify.memory import MemoryOutbox
from collector.notify.messages import Envelope
from collector.notify.outbox import Hooks, Notifier, Sender
from collector.notify.render import Form
from collector.outputs import Notice
from tests.unit.collector.notify.cases import AT_MS, SITE
from tests.unit.collector.notify.texts.cases import RULES, personal

P = ParamSpec("P")
T = TypeVar("T")


class Here:
    """Runs at once."""

    async def _run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return call(*args, **kwargs)

    def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, T]:
        return self._run(call, *args, **kwargs)


class Line:
    """A channel that works or does not."""

    id = "sms"
    digests = False
    form: Form = "sms"

    def __init__(self) -> None:
        self.works = True
        self.taken: list[Envelope] = []

    async def send(self, envelope: Envelope) -> None:
        if not self.works:
            raise SendError("modem: gone")
        self.taken.append(envelope)


class Clock:
    now_ms = AT_MS

    def __call__(self) -> int:
        return self.now_ms


def notices(count: int) -> list[Notice]:
    return [personal(RULES[n], "en", "nurse") for n in range(count)]


def by_mail(notice: Notice) -> Notice | None:
    """The other way of every person, once."""
    return None if notice.channel == "mail" else msgspec.structs.replace(notice, id=f"{notice.id}~1", channel="mail")


def rig(count: int, **hooks: Any) -> tuple[Line, MemoryOutbox, Sender, Clock]:
    line, outbox, clock = Line(), MemoryOutbox(notices(count)), Clock()
    return line, outbox, Sender(line, outbox, Here(), clock, lambda: 0.5, lambda _: SITE, hooks=Hooks(**hooks)), clock


def channels(outbox: MemoryOutbox) -> list[str]:
    return sorted(each.notice.channel for _, each in outbox.due.values())


async def test_what_fails_and_what_is_urgent_goes_by_another_way_at_once() -> None:
    line, outbox, sender, _ = rig(3, elsewhere=by_mail)
    line.works = False
    urgent = [notice.transition.priority for notice in notices(3)].count("high")
    assert await sender.send_due() is not None
    assert channels(outbox) == sorted(["mail"] * urgent + ["sms"] * (3 - urgent))
    assert set(outbox.outcomes.values()) == {("moved", "modem: gone")}
    assert not sender.broken


async def test_a_channel_that_breaks_leaves_nothing_waiting_that_has_another_way() -> None:
    line, outbox, sender, clock = rig(12, elsewhere=by_mail)
    line.works = False
    for _ in range(BROKEN_AFTER):
        await sender.send_due()
        clock.now_ms += 600_000
    assert sender.broken
    assert channels(outbox) == ["mail"] * 12


async def test_without_another_way_it_waits_and_mends_with_one_message() -> None:
    line, outbox, sender, clock = rig(3)
    line.works = False
    for _ in range(BROKEN_AFTER):
        await sender.send_due()
        clock.now_ms += 600_000
    assert sender.broken
    assert len(outbox.due) == 3
    line.works = True
    clock.now_ms += 600_000
    assert await sender.send_due() is None
    assert not sender.status().broken
    assert len(line.taken) == 3
    assert not outbox.due


async def test_a_minute_holds_so_many_messages_the_highest_priority_first() -> None:
    line, outbox, sender, clock = rig(6, per_minute={"sms": 4})
    assert await sender.send_due() == 60
    assert len(line.taken) == 4
    assert [e.priority for e in line.taken] == sorted((e.priority for e in line.taken), key=["high", "medium", "low"].index)
    clock.now_ms += 60_000
    assert await sender.send_due() is None
    assert not outbox.due


async def test_where_to_answer_is_in_the_text_and_what_is_broken_can_be_asked() -> None:
    line, outbox, clock = Line(), MemoryOutbox(notices(1)), Clock()
    line.form = "short"
    hooks = Hooks(way_back=lambda notice: msgspec.structs.replace(notice, link=f"https://x/{notice.person}", code=""))
    notifier = Notifier([line], outbox, Here(), clock, lambda: 0.5, hooks=hooks)
    await notifier.senders[0].send_due()
    assert line.taken[0].notices[0].link == "https://x/asha"
    assert "To answer, open https://x/asha" in line.taken[0].body
    assert notifier.broken() == frozenset()


async def test_several_are_on_their_way_at_once_and_fail_as_one() -> None:
    under_way, most = 0, 0

    class Slow(Line):
        async def send(self, envelope: Envelope) -> None:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            for _ in range(20):
                await asyncio.sleep(0)
            under_way -= 1
            await super().send(envelope)

    line, outbox, clock = Slow(), MemoryOutbox(notices(10)), Clock()
    sender = Sender(line, outbox, Here(), clock, lambda: 0.5, lambda _: SITE, hooks=Hooks(parallel={"sms": 4}))
    line.works = False
    assert await sender.send_due() is not None
    assert (most, len(outbox.due), sender.broken) == (4, 10, False)
    line.works = True
    clock.now_ms += 600_000
    assert await sender.send_due() is None
    assert len(line.taken) == 10
