"""The sending loop: one task per channel, so that a receiver that hangs delays nobody else.

    what is due ─▶ plan (pure): one, raised-and-over together, or a digest ─▶ send ─▶ record: sent, failed (when again), given up

At least once: a notice is recorded as sent after its receiver took it, so a crash between both sends it again, with the same key.
A failure of the receiver pauses the channel; a refusal of one message puts only that one off (of several in one, each goes alone first).
Both retry with full jitter, and give up after a day. A channel wakes for a new notice, for the next due time, and once a minute anyway.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ParamSpec, Protocol, TypeAlias, TypeVar

import msgspec

from collector.notify.channels import Channel, LogSender, SendError
from collector.notify.health import Breaker, Rate
from collector.notify.messages import Envelope, single
from collector.notify.planning import Finish, plan
from collector.notify.render import with_text
from collector.outputs import Notice
from collector.store.state_rows import DueNotice
from devices.assets import Site

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

FETCH = 500
LOOK_MS = 1_000
"""After so long the outbox is looked at again where something came meanwhile: what is more urgent is sent first."""
HUNG_MS = 600_000
"""A channel that takes longer for a turn hangs: time-outs and pauses are shorter."""
GIVE_UP_MS = 24 * 3_600_000
AHEAD_MS = 365 * 24 * 3_600_000
BASE_S = 2.0
CAP_S = 300.0
PAUSE_CAP_S = 60.0
"""A receiver that is down is tried at least once a minute: the next alarm must not wait longer for it."""
IDLE_S = 60.0


class Outbox(Protocol):
    """The notices on disk (`collector.store.state`). Every method blocks."""

    def due_notices(self, now_ms: int, limit: int = 100, channel: str | None = None) -> list[DueNotice]: ...
    def notices_beside(self, channel: str, notices: Sequence[Notice]) -> list[DueNotice]: ...
    def next_notice_ms(self, channel: str) -> int | None: ...
    def notices_sent(self, notice_ids: Sequence[str], now_ms: int) -> None: ...
    def notice_moved(self, notice_id: str, notice: Notice, now_ms: int, error: str) -> None: ...
    def notice_failed(self, notice_id: str, error: str, retry_at_ms: int) -> None: ...
    def notice_given_up(self, notice_id: str, now_ms: int, error: str = "") -> None: ...


class Runner(Protocol):
    """Where blocking calls go (`collector.threads.Thread`)."""

    def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, T]: ...


class ChannelStatus(msgspec.Struct, frozen=True):
    """A channel in figures since the start. `problem` is empty while it works; `broken`: people are told by another way meanwhile."""

    channel: str
    sent: int
    failed: int
    given_up: int
    problem: str
    last_sent_ms: int | None
    broken: bool = False


def retry_delay_s(attempt: int, rnd: float, cap_s: float = CAP_S) -> float:
    """Seconds to wait after `attempt` (1, 2, …) failures: full jitter, `rnd` uniform in [0, 1), never under half a second."""
    return max(0.5, rnd * min(cap_s, BASE_S * 2.0 ** min(attempt, 32)))


SiteOf: TypeAlias = Callable[[str], Site | None]
"""The site of an id, for its name and its clock."""


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the sending asks of others. `way_back`: the notice as it can be answered: with a link, and without a code that nobody would
    read. `elsewhere`: a notice to a person that can't be sent here now, by another way of theirs; None where there is none, and it is
    tried again here. `per_minute`: channel → most messages a minute; `parallel`: most at once (one, where it is not named)."""

    way_back: Callable[[Notice], Notice] = lambda notice: notice
    elsewhere: Callable[[Notice], Notice | None] = lambda _: None
    per_minute: Mapping[str, int] = field(default_factory=dict)
    parallel: Mapping[str, int] = field(default_factory=dict)


NO_HOOKS = Hooks()


class Sender:
    """One channel's loop. `rnd` gives numbers uniform in [0, 1)."""

    def __init__(
        self,
        channel: Channel,
        outbox: Outbox,
        runner: Runner,
        now_ms: Callable[[], int],
        rnd: Callable[[], float],
        site_of: SiteOf = lambda _: None,
        *,
        hooks: Hooks = NO_HOOKS,
    ) -> None:
        self.channel = channel
        self._finish: Finish = lambda notice: with_text(hooks.way_back(notice), site_of(notice.transition.site), channel.form)
        self._hooks = hooks
        self._breaker, self._rate = Breaker(), Rate(hooks.per_minute.get(channel.id))
        self.counts: Counter[str] = Counter()
        self.problem = ""
        self.last_sent_ms: int | None = None
        self._outbox, self._run = outbox, runner
        self._now_ms, self._rnd = now_ms, rnd
        self._parallel, self._has_failed = hooks.parallel.get(channel.id, 1), False
        self._marking, self._to_mark = asyncio.Lock(), list[str]()
        self.turned_ms = now_ms()
        self.broken_ms: int | None = None
        self.on_move: Callable[[], None] = lambda: None
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """New notices are on disk."""
        self._wake.set()

    async def run(self) -> None:
        while True:
            self._wake.clear()
            pause_s = await self.send_due()
            self.turned_ms = self._now_ms()
            if pause_s is not None:
                await asyncio.sleep(pause_s)
                continue
            try:
                async with asyncio.timeout(await self._until_next_s()):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def send_due(self) -> float | None:
        """Send what is due. The seconds that the channel has to pause where its receiver failed, else None."""
        now_ms = self._now_ms()
        due = await self._run.run(self._outbox.due_notices, now_ms, FETCH, self.channel.id)
        if not due:
            return None
        waiting = await self._run.run(self._outbox.notices_beside, self.channel.id, [each.notice for each in due])
        attempts = {each.notice.id: each.attempts for each in [*due, *waiting]}
        envelopes = plan([each.notice for each in due], [each.notice for each in waiting], now_ms, self.channel.digests, self._finish)
        self._has_failed = False
        pause_s = await self._deliver_all(envelopes, attempts, now_ms)
        if self._has_failed:
            await self._move([each.notice for each in due])
        return pause_s

    async def _deliver_all(self, envelopes: Sequence[Envelope], attempts: dict[str, int], now_ms: int) -> float | None:
        """In their order, several at once where the channel can; the pause where one failed, or where so many have gone this minute."""
        room, pauses_s = asyncio.Semaphore(self._parallel), list[float]()

        async def one(envelope: Envelope) -> None:
            try:
                pause_s = await self._deliver(envelope, attempts)
            finally:
                room.release()
            if pause_s is not None:
                pauses_s.append(pause_s)

        async with asyncio.TaskGroup() as tasks:
            for envelope in envelopes:
                await room.acquire()
                wait_s = self._rate.wait_s(self._now_ms())
                if wait_s:
                    pauses_s.append(wait_s)
                if pauses_s or (self._wake.is_set() and self._now_ms() - now_ms > LOOK_MS):
                    break
                tasks.create_task(one(envelope))
                await asyncio.sleep(0)  # it has begun, and is counted
        return max(pauses_s, default=None)

    async def _move(self, notices: Sequence[Notice]) -> None:
        """The receiver has failed, and the channel pauses: what is urgent for people goes by their other ways at once, all of it where the
        channel is broken. What has been sent or moved is passed over by the outbox."""
        for notice in notices:
            if self.broken or notice.transition.priority == "high":
                await self._moved(notice, self.problem)

    async def _moved(self, notice: Notice, why: str) -> bool:
        other = self._hooks.elsewhere(notice) if notice.role else None
        if other is None:
            return False
        await self._run.run(self._outbox.notice_moved, notice.id, other, self._now_ms(), why)
        self.counts["moved"] += 1
        self.on_move()
        return True

    async def _deliver(self, envelope: Envelope, attempts: dict[str, int]) -> float | None:
        self._rate.took(self._now_ms())
        try:
            await self.channel.send(envelope)
        except SendError as exc:
            if not exc.only_this or len(envelope.notices) == 1:
                return await self._failed(envelope, attempts, exc)
        else:
            await self._sent(envelope)
            return None
        for notice in envelope.notices:
            pause_s = await self._deliver(single(notice, envelope.at_ms), attempts)
            if pause_s is not None:
                return pause_s
        return None

    async def _sent(self, envelope: Envelope) -> None:
        now_ms = self._now_ms()
        await self._mark([*(notice.id for notice in envelope.notices), *envelope.covers])
        self.counts["sent"] += len(envelope.notices)
        self.last_sent_ms = now_ms
        if self.problem:
            log.info("channel %s works again", self.channel.id)
        self.problem, self.broken_ms = "", None
        self._breaker.worked()

    async def _mark(self, ids: Sequence[str]) -> None:
        """As sent, in one transaction with what others have sent meanwhile: a slow disk holds up few."""
        self._to_mark.extend(ids)
        async with self._marking:
            batch, self._to_mark = self._to_mark, []
            if batch:
                await self._run.run(self._outbox.notices_sent, batch, self._now_ms())

    async def _failed(self, envelope: Envelope, attempts: dict[str, int], exc: SendError) -> float | None:
        """Put the notices off, or give them up; the pause of the channel where it was not this message's fault."""
        now_ms = self._now_ms()
        if not self.problem:
            log.warning("channel %s can't send, trying again: %s", self.channel.id, exc)
        self.problem = str(exc)
        pause_s: float | None = None
        if not exc.only_this:
            if not self._has_failed:  # several that were on their way fail as one
                self._breaker.failed()
            self._has_failed = True
            self.broken_ms = now_ms if self.broken_ms is None else self.broken_ms
            pause_s = max(retry_delay_s(self._breaker.failures, self._rnd(), PAUSE_CAP_S), min(CAP_S, exc.wait_s))
        for notice in envelope.notices:
            tries = attempts.get(notice.id, 0) + 1
            if await self._moved(notice, str(exc)):
                continue
            if now_ms - notice.due_ms > GIVE_UP_MS and tries > 1:
                await self._run.run(self._outbox.notice_given_up, notice.id, now_ms, str(exc))
                self.counts["given_up"] += 1
                log.error("channel %s: given up after %d tries: %s", self.channel.id, tries, notice.id)
                continue
            delay_s = pause_s if pause_s is not None else max(retry_delay_s(tries, self._rnd()), exc.wait_s)
            await self._run.run(self._outbox.notice_failed, notice.id, str(exc), now_ms + round(delay_s * 1000))
            self.counts["failed"] += 1
        return pause_s

    @property
    def broken(self) -> bool:
        return self._breaker.broken

    async def _until_next_s(self) -> float:
        next_ms = await self._run.run(self._outbox.next_notice_ms, self.channel.id)
        return IDLE_S if next_ms is None else min(IDLE_S, max(0.0, (next_ms - self._now_ms()) / 1000))

    def status(self) -> ChannelStatus:
        count = self.counts
        return ChannelStatus(
            self.channel.id, count["sent"], count["failed"], count["given_up"], self.problem, self.last_sent_ms, self.broken
        )


class Notifier:
    """All channels. `run` goes on until it is cancelled."""

    def __init__(
        self,
        channels: Sequence[Channel],
        outbox: Outbox,
        runner: Runner,
        now_ms: Callable[[], int],
        rnd: Callable[[], float],
        site_of: SiteOf = lambda _: None,
        *,
        hooks: Hooks = NO_HOOKS,
    ) -> None:
        self.senders = [Sender(channel, outbox, runner, now_ms, rnd, site_of, hooks=hooks) for channel in channels]
        for sender in self.senders:
            sender.on_move = self.wake
        self._outbox, self._run, self._now_ms, self._hooks = outbox, runner, now_ms, hooks

    def problem(self) -> str:
        """Why no notice gets out, where that has been so for a while: a sender that hangs, or no channel to people that works."""
        now_ms = self._now_ms()
        for sender in self.senders:
            if now_ms - sender.turned_ms > HUNG_MS:
                return f"channel {sender.channel.id} hangs"
        out = [sender for sender in self.senders if not isinstance(sender.channel, LogSender)]
        if out and all(sender.broken_ms is not None and now_ms - sender.broken_ms > HUNG_MS for sender in out):
            return "no channel works"
        return ""

    async def run(self) -> None:
        await self._abandon()
        async with asyncio.TaskGroup() as tasks:
            for sender in self.senders:
                tasks.create_task(sender.run(), name=f"notify-{sender.channel.id}")
        await asyncio.Event().wait()  # without a channel there is nothing to do, and that for ever

    async def _abandon(self) -> None:
        """Notices of channels that are no longer configured would wait for ever."""
        now_ms = self._now_ms()
        names = {sender.channel.id for sender in self.senders}
        waiting = await self._run.run(self._outbox.due_notices, now_ms + AHEAD_MS, 1_000_000)
        for notice in (each.notice for each in waiting if each.notice.channel not in names):
            other = self._hooks.elsewhere(notice) if notice.role else None
            if other is not None and other.channel in names:
                await self._run.run(self._outbox.notice_moved, notice.id, other, now_ms, "the channel is no longer configured")
                continue
            log.warning("given up, for channel %s is no longer configured: %s", notice.channel, notice.id)
            await self._run.run(self._outbox.notice_given_up, notice.id, now_ms, "the channel is no longer configured")

    def wake(self) -> None:
        """Call it when new notices have been committed."""
        for sender in self.senders:
            sender.wake()

    def broken(self) -> frozenset[str]:
        """The channels that do not work now."""
        return frozenset(sender.channel.id for sender in self.senders if sender.broken)

    def status(self) -> list[ChannelStatus]:
        return [sender.status() for sender in self.senders]
