"""Who acknowledged, and after how long. Pure.

A wait begins when an alarm is announced and ends when a person acknowledges it, shelves it or takes it out of service: somebody knows.
Where the alarm was already waiting, the wait goes on: the person who comes at last is late for the first announcement. What ends without
anybody (a rule that asks for no acknowledgement, a design rule that suppresses it) is no answer, and is forgotten.
"""

from __future__ import annotations

import msgspec

from collector.kpi.counted import DAY_MS, MINUTE_MS, WAITING, is_alarm, is_announced
from collector.outputs import AlarmEvent, Priority, Transition

ANSWERS: frozenset[AlarmEvent] = frozenset({"acknowledged", "shelved", "out_of_service"})

LEFT_ALONE_MS: dict[Priority, int] = {"high": 15 * MINUTE_MS, "medium": 60 * MINUTE_MS, "low": DAY_MS}
"""Nobody has answered for longer than this: it counts as not acknowledged. Before that, somebody may be on the way."""


class Wait(msgspec.Struct, frozen=True, array_like=True):
    """An alarm that waits for somebody since `since_ms` (the collector's clock)."""

    since_ms: int
    priority: Priority
    site: str


class Answer(msgspec.Struct, frozen=True):
    """Somebody has taken note, `took_ms` after the announcement."""

    alarm: str
    priority: Priority
    took_ms: int
    by: str


class Waits(msgspec.Struct, array_like=True):
    """`open` by alarm."""

    open: dict[str, Wait] = {}

    def remember(self, transition: Transition) -> None:
        """The last transition of an alarm from before the time that is looked at."""
        if is_alarm(transition) and transition.state in WAITING:
            self.open[transition.alarm] = Wait(transition.raised_ms, transition.priority, transition.site)

    def observe(self, transition: Transition) -> Answer | None:
        """Fold one transition; returns the answer that it is."""
        name = transition.alarm
        wait = self.open.get(name)
        if is_announced(transition):
            since_ms = transition.evaluated_ms if wait is None else wait.since_ms
            self.open[name] = Wait(since_ms, transition.priority, transition.site)
            return None
        if wait is None or transition.event == "discovered_late":
            return None
        if transition.event in ANSWERS and transition.by:
            del self.open[name]
            return Answer(name, wait.priority, max(0, transition.evaluated_ms - wait.since_ms), transition.by)
        if transition.state not in WAITING:
            del self.open[name]
        return None

    def left_alone(self, now_ms: int) -> list[str]:
        """The alarms that nobody has answered for too long."""
        return [name for name, wait in self.open.items() if now_ms - wait.since_ms > LEFT_ALONE_MS[wait.priority]]

    def shift(self, by_ms: int) -> None:
        """The collector's clock was put right."""
        self.open = {name: msgspec.structs.replace(wait, since_ms=wait.since_ms + by_ms) for name, wait in self.open.items()}
