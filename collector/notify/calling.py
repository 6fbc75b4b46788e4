"""The calls of a running collector: the exchange with its clock, its disk and the wish to be woken.

The evaluator's steps bring news (`hear`, within their transaction); this loop takes what is due, writes it, and wakes the channels. It
holds up nobody: a storm is taken in turns.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from collector.calls import Call, Found, NotFound, Served
from collector.notify.daily import Daily
from collector.notify.drill import beginning, ending
from collector.notify.exchange import Exchange
from collector.notify.house import House
from collector.notify.outbox import Runner
from collector.notify.ways import next_way
from collector.outputs import Notice, StateChange, Transition

log = logging.getLogger(__name__)

TICK_S = 1.0
"""So often the clock is looked at: a step of it is not noticed later."""


class CallStore(Protocol):
    """Where turns are written (`collector.store.calls`). Blocks."""

    def serve(self, served: Served) -> None: ...


class CallFigures(msgspec.Struct, frozen=True):
    """Calls in figures: how many are open and acknowledged, words that wait, and of each person messages and night wakes, for ever."""

    open: int
    acknowledged: int
    waiting: int
    messages: dict[str, int]
    night_wakes: dict[str, int]


class Calling:
    """`woken` is called when notices are on disk; `turned` is called at each turn of the loop."""

    def __init__(self, exchange: Exchange, store: CallStore, runner: Runner, now_ms: Callable[[], int], woken: Callable[[], None]) -> None:
        self.exchange = exchange
        self.turned: Callable[[], None] = lambda: None
        self._daily = Daily(exchange.house)
        self._store, self._run, self._now_ms, self._woken = store, runner, now_ms, woken
        self._stir = asyncio.Event()

    def hear(self, transitions: Iterable[Transition]) -> list[Call]:
        """The calls that go to disk with these."""
        return self.exchange.hear(transitions, self._now_ms())

    def committed(self, change: StateChange) -> None:
        """A step of the evaluator is on disk."""
        for estimate in change.stock:
            self.exchange.note_hours(estimate.site, estimate.connected_now_h.low, self._now_ms())
        if change.calls or change.stock:
            self._stir.set()

    def use(self, house: House) -> None:
        """Other people, rosters and chains."""
        self.exchange.use(house)
        self._daily = Daily(house)
        self._stir.set()

    async def run(self) -> None:
        while True:
            self._stir.clear()
            self.turned()
            if not await self.turn():
                try:
                    async with asyncio.timeout(self._until_next_s()):
                        await self._stir.wait()
                except TimeoutError:
                    continue

    async def turn(self) -> bool:
        """One turn; false where nothing was due."""
        now_ms = self._now_ms()
        served = self.exchange.serve(now_ms)
        daily = await self._told_by_the_day(now_ms)
        if served is None and not daily:
            return False
        served = served or Served(at_ms=now_ms)
        served.notices.extend(daily)
        await self._run.run(self._store.serve, served)
        if served.notices:
            self._woken()
        await asyncio.sleep(0)
        return True

    async def _told_by_the_day(self, now_ms: int) -> list[Notice]:
        if not self._daily.is_time(now_ms):
            return []
        open_at = Counter(call.site for call in self.exchange.calls.values() if not call.drill)
        return await asyncio.to_thread(self._daily.notices, now_ms, open_at)

    def _until_next_s(self) -> float:
        next_ms = self.exchange.next_ms()
        return TICK_S if next_ms is None else min(TICK_S, max(0.0, (next_ms - self._now_ms()) / 1000))

    # ---- answers, drills, other ways -----------------------------------------------------------------------------------------

    def find(self, code: str, address: str, person: str = "") -> Found | NotFound:
        """The alarms that an answer code speaks of."""
        return self.exchange.find(code, address, person)

    def elsewhere(self, notice: Notice) -> Notice | None:
        """A notice by another way of its person."""
        person = self.exchange.house.duty.people.get(notice.person)
        return next_way(person, notice, self.exchange.broken()) if person is not None else None

    async def drill(self, site: str, by: str) -> str:
        """Begin a drill: the occurrence of its test alarm. Raises ValueError where there is nobody to tell."""
        call = self.exchange.add(beginning(self.exchange.house, site, by, self._now_ms()))
        await self._run.run(self._store.serve, Served(calls=[call], at_ms=self._now_ms()))
        log.info("a drill of %s begins, asked for by %s", site, by)
        self._stir.set()
        return call.occurrence

    async def answer_drill(self, alarm: str, by: str) -> bool:
        """Somebody acknowledges a test alarm; false where there is no such drill."""
        calls = [call for call in self.exchange.calls.values() if call.drill and call.transition.alarm == alarm and call.state == "open"]
        if not calls:
            return False
        now_ms = self._now_ms()
        changed = self.exchange.hear([ending(call.transition, by, now_ms) for call in calls], now_ms)
        await self._run.run(self._store.serve, Served(calls=changed, at_ms=now_ms))
        log.info("the drill %s is answered by %s", alarm, by)
        self._stir.set()
        return True

    def figures(self) -> CallFigures:
        exchange = self.exchange
        states = [call.state for call in exchange.calls.values()]
        people = exchange.people.values()
        return CallFigures(
            states.count("open"),
            states.count("acknowledged"),
            exchange.waiting,
            {person.person: person.messages for person in people},
            {person.person: person.night_wakes for person in people},
        )
