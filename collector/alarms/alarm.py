"""One alarm: on-delay, off-delay and state. Pure; time is passed in.

Delays are counted in event time between readings. So that a condition is not missed when readings stop, the on-delay also ends by the
clock, a reading and a half after the next one was due; the off-delay never does: missing data clears nothing.
"""

from __future__ import annotations

import msgspec

from collector.alarms.states import Trigger, follow
from collector.outputs import AlarmEvent, ProcessState
from collector.rules.compile import Verdict


class Change(msgspec.Struct, frozen=True):
    """A change of state: `event_ms` by the equipment's time, `raised_ms` of the occurrence it belongs to."""

    event: AlarmEvent
    state: ProcessState
    event_ms: int
    raised_ms: int


class Delays(msgspec.Struct, frozen=True, array_like=True):
    """`patience_ms`: how long the next reading may take before the on-delay ends without it."""

    on_ms: int
    off_ms: int
    patience_ms: int


class Alarm(msgspec.Struct, array_like=True):
    """`pending_ms` is the event time since which the verdict is against the state; `deadline_ms` ends the on-delay by the clock;
    `paused_ms` is the event time since which nothing can be said, so that the delay stands still."""

    state: ProcessState = "normal"
    condition: bool = False
    raised_ms: int = 0
    pending_ms: int | None = None
    deadline_ms: int | None = None
    paused_ms: int | None = None

    @property
    def idle(self) -> bool:
        """True when there is nothing to remember."""
        return self.state == "normal" and self.pending_ms is None and not self.condition

    def judge(self, verdict: Verdict, event_ms: int, now_ms: int, delays: Delays) -> Change | None:
        """Fold one verdict. While the condition is false, only `raise` counts towards the on-delay; while true, only `clear` towards the
        off-delay. A pause counts as nothing: the delay goes on after it."""
        if verdict is Verdict.PAUSE:
            self._pause(event_ms)
            return None
        if verdict is not (Verdict.CLEAR if self.condition else Verdict.RAISE):
            self.pending_ms = self.deadline_ms = self.paused_ms = None
            return None
        wait = delays.off_ms if self.condition else delays.on_ms
        if self.pending_ms is None or self.paused_ms is not None:
            waited_ms = self.paused_ms - self.pending_ms if self.pending_ms is not None and self.paused_ms is not None else 0
            self.pending_ms, self.paused_ms = event_ms - waited_ms, None
            if not self.condition:
                self.deadline_ms = now_ms + max(wait - waited_ms, delays.patience_ms)
        if event_ms - self.pending_ms < wait:
            return None
        return self._turn(self.pending_ms + wait)

    def expire(self, now_ms: int, delays: Delays) -> Change | None:
        """The on-delay ends by the clock: no reading came to say otherwise."""
        if self.deadline_ms is None or self.pending_ms is None or now_ms < self.deadline_ms:
            return None
        return self._turn(self.pending_ms + delays.on_ms)

    def acknowledge(self, now_ms: int) -> Change | None:
        """An operator has seen it; None where there is nothing to acknowledge."""
        return self._follow("ack", now_ms)

    def _pause(self, event_ms: int) -> None:
        if self.pending_ms is not None and self.paused_ms is None:
            self.paused_ms = max(event_ms, self.pending_ms)
            self.deadline_ms = None

    def _turn(self, event_ms: int) -> Change | None:
        self.condition = not self.condition
        self.pending_ms = self.deadline_ms = self.paused_ms = None
        return self._follow("condition_true" if self.condition else "condition_false", event_ms)

    def _follow(self, trigger: Trigger, event_ms: int) -> Change | None:
        step = follow(self.state, trigger)
        if step is None:
            return None
        self.state, event = step
        if event == "raised":
            self.raised_ms = event_ms
        return Change(event, self.state, event_ms, self.raised_ms)
