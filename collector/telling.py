"""Everything between an alarm and a person, put together: the calls, the channels, the answers, the reports by mail, the sign of life.

The composition root has the disk and the evaluator; this has who is told and how.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from collector.answers.build import COMMAND, Answering, listen
from collector.build import house_of
from collector.calls import Call
from collector.clerk import Answer
from collector.config import Config
from collector.config.notify import GsmChannel
from collector.notify.calling import Calling
from collector.notify.channels import GsmSender, SmtpSender, channel_of
from collector.notify.decide import notices
from collector.notify.exchange import Exchange
from collector.notify.house import House
from collector.notify.outbox import Hooks, Notifier
from collector.ops.heartbeat import Pulse, heartbeat
from collector.orders import wrong_use
from collector.outputs import Command, Notice, StateChange, Transition
from collector.reports.post import Post
from collector.store.state import StateStore
from collector.threads import PatientThread

PARALLEL = {"smtp": 4, "webhook": 8, "ntfy": 8, "telegram": 4, "apprise": 4}
"""So many messages are on their way at once, by kind of channel: a receiver that takes half a second for each is no bottleneck in a
storm."""


class Telling:
    """`config` gives the configuration of this moment; `evaluated` takes the commands that are about alarms of the evaluator."""

    def __init__(
        self, config: Callable[[], Config], state: StateStore, thread: PatientThread, now_ms: Callable[[], int], evaluated: COMMAND
    ) -> None:
        self._config, self._state, self._evaluated = config, state, evaluated
        given = config()
        exchange = Exchange(house_of(given), self._broken)
        exchange.load(*state.calls.kept())
        state.commit(StateChange(calls=exchange.missing(state.alarms(), now_ms())))
        self.calling = Calling(exchange, state.calls, thread, now_ms, self.wake)
        self.answering = Answering(given, self._house, self.calling, self.command, now_ms)
        channels = [channel_of(channel) for channel in given.notify.channels]
        rates = {channel.id: channel.per_minute for channel in given.notify.channels if channel.per_minute is not None}
        at_once = {channel.id: PARALLEL.get(channel.kind, 1) for channel in given.notify.channels}
        hooks = Hooks(way_back=self.answering.way_back, elsewhere=self.calling.elsewhere, per_minute=rates, parallel=at_once)
        self.notifier = Notifier(channels, state, thread, now_ms, random.random, lambda site: self._house().site(site), hooks=hooks)
        reading = {channel.id for channel in given.notify.channels if isinstance(channel, GsmChannel) and channel.replies}
        self._modems = [channel for channel in channels if isinstance(channel, GsmSender) and channel.id in reading]
        self._post = Post(config, {channel.id: channel for channel in channels if isinstance(channel, SmtpSender)}, now_ms)
        self._pulse = Pulse(now_ms, self.notifier.problem)
        self.calling.turned = self._pulse.beat("calls")
        self.judged = self._pulse.beat("evaluation")

    def parts(self) -> dict[str, Coroutine[Any, Any, None]]:
        """What runs until it is cancelled."""
        return {
            "call": self.calling.run(),
            "notify": self.notifier.run(),
            "replies": listen(self._modems, self.answering.by_sms),
            "reports": self._post.run(),
            "heartbeat": heartbeat(self._config().heartbeat, self._pulse),
        }

    def notices(self, transitions: Iterable[Transition]) -> list[Notice]:
        """To the channels' own receivers."""
        return notices(transitions, self._config().notify.channels, {site.id: site for site in self._config().sites})

    def calls(self, transitions: Iterable[Transition]) -> list[Call]:
        """To people."""
        return self.calling.hear(transitions)

    def committed(self, change: StateChange) -> None:
        """A step of the evaluator is on disk."""
        self.calling.committed(change)
        if change.notices:
            self.wake()

    def wake(self) -> None:
        self.notifier.wake()

    def reload(self) -> None:
        """People, rosters and chains are others from now on."""
        self.calling.use(house_of(self._config()))

    async def command(self, command: Command) -> Answer:
        """A test alarm is acknowledged without the evaluator, which knows none."""
        if command.command == "ack" and not wrong_use(command) and await self.calling.answer_drill(command.alarm, command.by):
            return Answer(taken=True)
        return await self._evaluated(command)

    async def drill(self, site: str, by: str) -> Answer:
        """Begin a drill; the answer is the occurrence of its test alarm."""
        try:
            return Answer(taken=True, text=await self.calling.drill(site, by))
        except ValueError as exc:
            return Answer(taken=False, text=str(exc))

    def _broken(self) -> frozenset[str]:
        return self.notifier.broken()

    def _house(self) -> House:
        return self.calling.exchange.house
