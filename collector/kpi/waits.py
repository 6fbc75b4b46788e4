"""Who acknowledged, and after how long. Pure.

A wait begins when an alarm is announced and ends when a person acknowledges it, shelves it or takes it out of service: somebody knows.
Where the alarm was still waiting, or comes back within an hour, the wait goes on: the person who comes at last is late for the first
announcement. What comes back later is another call, and the first one was missed. What ends without anybody (a rule that asks for no
acknowledgement, a design rule that suppresses it) is no answer, and is forgotten.
"""

from __future__ import annotations

import msgspec

from collector.kpi.counted import DAY_MS, HOUR_MS, MINUTE_MS, WAITING, is_alarm, is_announced
from collector.outputs import AlarmEvent, Priority, Transition

BACK_MS = HOUR_MS
ANSWERS: frozenset[AlarmEvent] = frozenset({"acknowledged", "shelved", "out_of_service"})

LEFT_ALONE_MS: dict[Priority, int] = {"high": 15 * MINUTE_MS, "medium": 60 * MINUTE_MS, "low": DAY_MS}
"""Nobody has answered for longer than this: it counts as not acknowledged. Before that, somebody may be on the way."""


class Wait(msgspec.Struct, frozen=True, array_like=True):
    """An alarm that waits for somebody since `since_ms`; it has been over since `over_ms` (0: it is not). By the collector's clock."""

    since_ms: int
    priority: Priority
    over_ms: int = 0


class Answer(msgspec.Struct, frozen=True):
    """Somebody has taken note, `took_ms` after the announcement; `by` is empty where the call was missed."""

    alarm: str
    priority: Priority
    took_ms: int
    by: str

    @property
    def missed(self) -> bool:
        return not self.by


class Waits(msgspec.Struct, array_like=True):
    """`open` by alarm."""

    open: dict[str, Wait] = {}

    def remember(self, transition: Transition) -> None:
        """The last transition of an alarm from before the time that is looked at."""
        if is_alarm(transition) and transition.state in WAITING:
            self.open[transition.alarm] = Wait(transition.raised_ms, transition.priority)

    def observe(self, transition: Transition) -> Answer | None:
        """Fold one transition; returns the answer that it is."""
        name = transition.alarm
        wait = self.open.get(name)
        now_ms = transition.evaluated_ms
        if is_announced(transition):
            missed = wait is not None and wait.over_ms > 0 and now_ms - wait.over_ms > BACK_MS
            self.open[name] = Wait(now_ms if wait is None or missed else wait.since_ms, transition.priority)
            return Answer(name, wait.priority, now_ms - wait.since_ms, "") if wait is not None and missed else None
        if wait is None or transition.event == "discovered_late":
            return None
        if transition.event in ANSWERS and transition.by:
            del self.open[name]
            return Answer(name, wait.priority, max(0, now_ms - wait.since_ms), transition.by)
        if transition.state not in WAITING:
            del self.open[name]
        elif transition.event in {"cleared", "latched"}:
            self.open[name] = msgspec.structs.replace(wait, over_ms=now_ms)
        return None

    def left_alone(self, now_ms: int) -> list[str]:
        """The alarms that nobody has answered for too long."""
        return [name for name, wait in self.open.items() if now_ms - wait.since_ms > LEFT_ALONE_MS[wait.priority]]

    def shift(self, by_ms: int) -> None:
        """The collector's clock was put right."""
        self.open = {n: Wait(w.since_ms + by_ms, w.priority, w.over_ms and w.over_ms + by_ms) for n, w in self.open.items()}
