"""One alarm: on-delay, off-delay, state, and what keeps it from being annunciated. Pure; time is passed in.

Delays are counted in event time between readings. So that a condition is not missed when readings stop, the on-delay also ends by the
clock, a reading and a half after the next one was due; the off-delay never does: missing data clears nothing.

While an alarm is shelved, suppressed or out of service it is judged and logged as ever; only nobody is told.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from collector.alarms.states import RELEASED, Trigger, follow
from collector.outputs import PRIORITIES, AlarmEvent, AlarmState, Priority, ProcessState
from collector.rules.condition import Verdict


class Change(NamedTuple):
    """A change: `event_ms` by the equipment's time, `raised_ms` of the occurrence it belongs to, `state` as it is shown from then on.

    `why` and `by` are of the person, or what made a shelf end, or else of who keeps the alarm quiet; `until_ms` is when that ends.
    """

    event: AlarmEvent
    state: AlarmState
    event_ms: int
    raised_ms: int
    annunciate: bool = False
    hidden_by: str = ""
    until_ms: int | None = None
    by: str = ""
    why: str = ""


class Traits(msgspec.Struct, frozen=True, array_like=True):
    """What a rule asks of its alarm. `patience_ms`: how long the next reading may take before the on-delay ends without it;
    `realarm_ms` 0: what is acknowledged is not announced again."""

    on_ms: int
    off_ms: int
    patience_ms: int
    latched: bool = False
    auto_ack: bool = False
    realarm_ms: int = 0


class Now(NamedTuple):
    """What an alarm would be if it were raised now: suppressed by `hidden_by`, and of this priority (None: the rule's own)."""

    hidden_by: str = ""
    priority: Priority | None = None


NOW = Now()


class Aside(msgspec.Struct, frozen=True, array_like=True):
    """A shelf, or a time out of service. A shelf ends when the hours left fall below `floor_h`, and when the alarm is of a higher priority
    than the one that it was shelved at."""

    until_ms: int
    by: str
    why: str
    one_shot: bool = False
    floor_h: float | None = None
    priority: Priority = "high"


class Alarm(msgspec.Struct, array_like=True):
    """`pending_ms` is the event time since which the verdict is against the state; `deadline_ms` ends the on-delay by the clock, or is when
    the off-delay should have ended; `paused_ms` is the event time since which nothing can be said, so that the delay stands still.

    `told`: people were told of this occurrence. `priority` is None while it is the rule's own. `hidden_by` names what suppresses it by
    design; `release_ms` is when that ends for good. `known_ms` is when it was raised by the collector's clock.
    """

    process: ProcessState = "normal"
    condition: bool = False
    raised_ms: int = 0
    pending_ms: int | None = None
    deadline_ms: int | None = None
    paused_ms: int | None = None
    told: bool = False
    priority: Priority | None = None
    hidden_by: str = ""
    release_ms: int | None = None
    shelf: Aside | None = None
    removed: Aside | None = None
    realarm_ms: int | None = None
    known_ms: int = 0

    # ---- what it is ----------------------------------------------------------------------------------------------------------

    @property
    def state(self) -> AlarmState:
        """What people see: out of service before suppressed by design before shelved before the process state."""
        if self.removed is not None:
            return "out_of_service"
        if self.hidden_by:
            return "suppressed"
        return "shelved" if self.shelf is not None else self.process

    @property
    def quiet(self) -> bool:
        """Somebody has chosen not to hear of it."""
        return self.shelf is not None or self.removed is not None

    @property
    def idle(self) -> bool:
        """True when there is nothing to remember."""
        return self.process == "normal" and self.pending_ms is None and not self.condition and not self.quiet

    @property
    def due_ms(self) -> int | None:
        """When something happens by the clock alone."""
        on_delay_ms = None if self.condition else self.deadline_ms
        if (self.shelf or self.removed or self.release_ms or self.realarm_ms) is None:  # most alarms, and asked at every step of each
            return on_delay_ms
        ends = [aside.until_ms for aside in (self.shelf, self.removed) if aside is not None]
        times = [at for at in (on_delay_ms, self._release_due_ms, self.realarm_ms, *ends) if at is not None]
        return min(times, default=None)

    @property
    def _release_due_ms(self) -> int | None:
        """When what the design held back is shown: not while it is about to clear, unless the readings that would clear it stay away."""
        if self.release_ms is None or self.deadline_ms is None:
            return self.release_ms
        return max(self.release_ms, self.deadline_ms)

    def shift(self, by_ms: int) -> None:
        """The collector's clock was put right: what is timed by it moves along."""
        for name in ("deadline_ms", "release_ms", "realarm_ms"):
            if (at := getattr(self, name)) is not None:
                setattr(self, name, at + by_ms)
        self.known_ms += by_ms
        if self.shelf is not None:
            self.shelf = msgspec.structs.replace(self.shelf, until_ms=self.shelf.until_ms + by_ms)
        if self.removed is not None:
            self.removed = msgspec.structs.replace(self.removed, until_ms=self.removed.until_ms + by_ms)

    # ---- what the process says -----------------------------------------------------------------------------------------------

    def judge(self, verdict: Verdict, event_ms: int, now_ms: int, traits: Traits, now: Now = NOW) -> list[Change]:
        """Fold one verdict. While the condition is false, only `raise` counts towards the on-delay; while true, only `clear` towards the
        off-delay. A pause counts as nothing: the delay goes on after it."""
        if verdict is Verdict.PAUSE:
            self._pause(event_ms)
            return []
        if verdict is not (Verdict.CLEAR if self.condition else Verdict.RAISE):
            self.pending_ms = self.deadline_ms = self.paused_ms = None
            return []
        if self.condition and self.paused_ms is not None and event_ms < self.paused_ms:
            return []  # it was seen before the pause, and not since
        wait = traits.off_ms if self.condition else traits.on_ms
        if self.pending_ms is None or self.paused_ms is not None:
            waited_ms = self.paused_ms - self.pending_ms if self.pending_ms is not None and self.paused_ms is not None else 0
            self.pending_ms, self.paused_ms = event_ms - waited_ms, None
            on_delay_ms = max(wait - waited_ms, traits.patience_ms)
            self.deadline_ms = now_ms + (wait + traits.patience_ms if self.condition else on_delay_ms)
        if event_ms - self.pending_ms < wait:
            return []
        return self._turn(self.pending_ms + wait, now_ms, traits, now)

    def expire(self, now_ms: int, traits: Traits, now: Now = NOW) -> list[Change]:
        """What is due by the clock: the end of the on-delay (no reading came to say otherwise), of a shelf, of a time out of service, of
        what a design rule held back, and the re-alarm."""
        changes: list[Change] = []
        if not self.condition and self.deadline_ms is not None and self.pending_ms is not None and now_ms >= self.deadline_ms:
            changes += self._turn(self.pending_ms + traits.on_ms, now_ms, traits, now)
        if (release_ms := self._release_due_ms) is not None and now_ms >= release_ms:
            changes += self.hide(now.hidden_by, now_ms) if now.hidden_by else self._shown_again(now_ms)
        if self.shelf is not None and now_ms >= self.shelf.until_ms:
            changes += self.unshelve(self.shelf.until_ms, "", "its time is over")
        if self.removed is not None and now_ms >= self.removed.until_ms:
            changes += self.put_back(self.removed.until_ms, "", "its time is over")
        if self.realarm_ms is not None and now_ms >= self.realarm_ms:
            due_ms, self.realarm_ms = self.realarm_ms, None
            changes += self._follow("realarm", due_ms) if self.state == self.process else []
        return changes

    def escalate(self, priority: Priority, now_ms: int) -> list[Change]:
        """It has become more urgent; only then this is called."""
        self.priority = priority
        return self._follow("escalate", now_ms) + self._too_urgent_for_its_shelf(now_ms)

    # ---- what people do ------------------------------------------------------------------------------------------------------

    def acknowledge(self, now_ms: int, traits: Traits, by: str, why: str = "", until_ms: int | None = None) -> list[Change]:
        """Somebody knows, and acts; by `until_ms` it is better, they say."""
        changes = [
            change._replace(why=why or change.why, until_ms=change.until_ms or until_ms) for change in self._follow("ack", now_ms, by)
        ]
        if self.process == "acknowledged" and traits.realarm_ms:
            self.realarm_ms = now_ms + traits.realarm_ms
        return changes

    def reset(self, now_ms: int, by: str) -> list[Change]:
        """A latched alarm ends."""
        return self._follow("reset", now_ms, by)

    def shelve(self, shelf: Aside, now_ms: int) -> list[Change]:
        self.shelf = shelf
        return [self._change("shelved", now_ms, until_ms=shelf.until_ms, by=shelf.by, why=shelf.why)]

    def unshelve(self, now_ms: int, by: str, why: str) -> list[Change]:
        """The shelf ends: by a person, by its time, or because it has become worse. What still holds is announced anew."""
        self.shelf = None
        return [self._released("unshelved", now_ms, by, why)]

    def take_out(self, removed: Aside, now_ms: int) -> list[Change]:
        """Out of service: somebody works on it."""
        self.removed = removed
        return [self._change("out_of_service", now_ms, until_ms=removed.until_ms, by=removed.by, why=removed.why)]

    def put_back(self, now_ms: int, by: str, why: str) -> list[Change]:
        """Back to service; what still holds is announced anew."""
        self.removed = None
        return [self._released("returned_to_service", now_ms, by, why)]

    # ---- what the design says ------------------------------------------------------------------------------------------------

    def hide(self, by: str, now_ms: int) -> list[Change]:
        """`by` suppresses it from now on. Only an alarm whose condition holds can be suppressed."""
        self.release_ms = None
        if self.hidden_by == by or not self.condition:
            return []
        before, self.hidden_by = self.hidden_by, by
        return [] if before else [self._change("suppressed", now_ms)]

    def unhide(self, now_ms: int, traits: Traits) -> list[Change]:
        """Nothing suppresses it any more. What still holds is announced when the on-delay is over once more."""
        if not self.hidden_by or self.release_ms is not None:
            return []
        self.release_ms = now_ms + traits.on_ms
        return self._shown_again(now_ms) if self._release_due_ms == now_ms else []

    # ---- small things --------------------------------------------------------------------------------------------------------

    def _pause(self, event_ms: int) -> None:
        if self.pending_ms is not None and self.paused_ms is None:
            self.paused_ms = max(event_ms, self.pending_ms)
            self.deadline_ms = None

    def _turn(self, event_ms: int, now_ms: int, traits: Traits, now: Now) -> list[Change]:
        """The condition has become true, or is over."""
        self.condition = not self.condition
        self.pending_ms = self.deadline_ms = self.paused_ms = None
        if self.condition:
            self.known_ms, self.hidden_by, self.priority = now_ms, now.hidden_by, now.priority
            return self._follow("condition_true", event_ms) + self._too_urgent_for_its_shelf(now_ms)
        unheard = self.quiet or bool(self.hidden_by) or not self.told or traits.auto_ack
        self.hidden_by, self.release_ms, self.realarm_ms = "", None, None
        trigger: Trigger = "condition_false_latching" if traits.latched else "condition_false_untold" if unheard else "condition_false"
        changes = self._follow(trigger, event_ms)
        if self.shelf is not None and self.shelf.one_shot:
            changes += self.unshelve(now_ms, "", "its condition is over")
        return changes

    def _too_urgent_for_its_shelf(self, now_ms: int) -> list[Change]:
        if self.shelf is None or self.priority is None or PRIORITIES.index(self.priority) <= PRIORITIES.index(self.shelf.priority):
            return []
        return self.unshelve(now_ms, "", "it is more urgent now")

    def _shown_again(self, now_ms: int) -> list[Change]:
        self.hidden_by, self.release_ms = "", None
        return [self._released("unsuppressed", now_ms, "", "")]

    def _released(self, event: AlarmEvent, now_ms: int, by: str, why: str) -> Change:
        if self.state != self.process:
            return self._change(event, now_ms, by=by, why=why)  # something else still keeps it quiet
        self.process = RELEASED[self.process]
        if self.process != "acknowledged":
            self.realarm_ms = None
        return self._change(event, now_ms, annunciate=self.process in {"unacknowledged", "latched_unacknowledged"}, by=by, why=why)

    def _follow(self, trigger: Trigger, event_ms: int, by: str = "") -> list[Change]:
        step = follow(self.process, trigger)
        if step is None:
            return []
        self.process, event = step
        if event == "raised":
            self.raised_ms, self.told, self.realarm_ms = event_ms, False, None
        if event in {"cleared", "reset"}:
            annunciate = self.told
        else:
            annunciate = event in {"raised", "realarmed", "escalated"} and self.state == self.process
        return [self._change(event, event_ms, annunciate=annunciate, by=by)]

    def _change(
        self, event: AlarmEvent, event_ms: int, *, annunciate: bool = False, until_ms: int | None = None, by: str = "", why: str = ""
    ) -> Change:
        self.told = self.told or annunciate
        aside = self.removed or (None if self.hidden_by else self.shelf)
        if aside is not None:  # whatever happens to it meanwhile: until when it is kept quiet, and, where nobody else did it, by whom
            until_ms = aside.until_ms
            by, why = (by, why) if by or why else (aside.by, aside.why)
        return Change(event, self.state, event_ms, self.raised_ms, annunciate, self.hidden_by, until_ms, by, why)
