"""The life of one alarm, written a second time from the domain reference (§5.1): orthogonal flags, and the display state derived from them.

Nothing is kept that can be reckoned anew: how long a condition has held is read from the log of everything that was said of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from collector.outputs import AlarmEvent, AlarmState, Priority
from collector.rules.model import Rule
from tests.model.judging import Word

RANK: dict[Priority, int] = {"info": 0, "low": 1, "medium": 2, "high": 3}


class Told(NamedTuple):
    """What the collector has to tell of one change: all of a transition but its words."""

    alarm: str
    event: AlarmEvent
    state: AlarmState
    priority: Priority
    event_ms: int
    evaluated_ms: int
    raised_ms: int
    annunciate: bool
    condition: bool
    hidden_by: str
    until_ms: int | None
    by: str


class Entry(NamedTuple):
    """One line of the log: by the equipment's time, and by the collector's."""

    event_ms: int
    heard_ms: int
    word: Word


class Run(NamedTuple):
    """The condition has been the opposite of what the alarm says since `since_ms` (pauses taken out) and was last seen so at `seen_ms`;
    `heard_ms` is when the collector heard so first after the last pause, `waited_ms` what had passed before it. `paused`: for now nothing
    can be said."""

    since_ms: int
    seen_ms: int
    heard_ms: int
    waited_ms: int
    paused: bool


@dataclass
class Aside:
    """A shelf, or a time out of service."""

    until_ms: int
    by: str
    one_shot: bool = False
    floor_h: float | None = None
    priority: Priority = "high"


@dataclass
class Life:
    name: str
    rule: Rule
    interval_ms: int
    condition: bool = False
    acked: bool = True
    latched: bool = False
    raised_ms: int = 0
    known_ms: int = 0
    told: bool = False
    priority: Priority | None = None
    hidden: str = ""
    release_ms: int | None = None
    shelf: Aside | None = None
    removed: Aside | None = None
    realarm_ms: int | None = None
    log: list[Entry] = field(default_factory=list)

    # ---- what is shown -------------------------------------------------------------------------------------------------------

    @property
    def process(self) -> AlarmState:
        if self.condition:
            return "acknowledged" if self.acked else "unacknowledged"
        if self.latched:
            return "latched_acknowledged" if self.acked else "latched_unacknowledged"
        return "normal" if self.acked else "returned"

    @property
    def shown(self) -> AlarmState:
        if self.removed is not None:
            return "out_of_service"
        if self.hidden:
            return "suppressed"
        return "shelved" if self.shelf is not None else self.process

    @property
    def heard(self) -> bool:
        """Nothing keeps it from being annunciated."""
        return self.removed is None and not self.hidden and self.shelf is None

    @property
    def by_choice(self) -> bool:
        """A person does not want to hear of it."""
        return self.removed is not None or self.shelf is not None

    @property
    def urgency(self) -> Priority:
        return self.priority or self.rule.priority

    # ---- delays --------------------------------------------------------------------------------------------------------------

    @property
    def on_ms(self) -> int:
        return int(self.rule.on_delay_s * 1000)

    @property
    def off_ms(self) -> int:
        """Silence is over with the second sample."""
        return self.interval_ms // 2 if self.rule.type == "silent" else int(self.rule.off_delay_s * 1000)

    @property
    def patience_ms(self) -> int:
        """How long the clock waits for a reading that says otherwise."""
        return 0 if self.rule.type == "silent" else self.interval_ms * 3 // 2

    def note(self, entry: Entry) -> None:
        """What contradicts wipes out what was before it."""
        if entry.word not in ("clear" if self.condition else "raise", "paused"):
            self.log.clear()
        elif entry.word != "paused" or self.log:
            self.log.append(entry)

    def run(self) -> Run | None:
        """What the log says against the condition."""
        found: Run | None = None
        for entry in self.log:
            if entry.word == "paused":
                if found is not None and not found.paused:
                    found = found._replace(paused=True, seen_ms=max(entry.event_ms, found.since_ms))
            elif found is None:
                found = Run(entry.event_ms, entry.event_ms, entry.heard_ms, 0, False)
            elif not found.paused:
                found = found._replace(seen_ms=entry.event_ms)
            elif not self.condition or entry.event_ms >= found.seen_ms:
                waited_ms = found.seen_ms - found.since_ms
                found = Run(entry.event_ms - waited_ms, entry.event_ms, entry.heard_ms, waited_ms, False)
        return found

    def turns_ms(self) -> int | None:
        """By the last reading the delay is over: the equipment's time at which it was."""
        run, delay_ms = self.run(), self.off_ms if self.condition else self.on_ms
        over = run is not None and not run.paused and run.seen_ms - run.since_ms >= delay_ms
        return run.since_ms + delay_ms if run is not None and over else None

    def deadline_ms(self) -> int | None:
        """When the on-delay is over by the clock, for want of readings. The off-delay never is."""
        run = None if self.condition else self.run()
        if run is None or run.paused:
            return None
        return run.heard_ms + max(self.on_ms - run.waited_ms, self.patience_ms)

    def shown_again_ms(self) -> int | None:
        """When what the design held back is shown again: after its on-delay, and not while it seems to be going away: then when a reading
        and the off-delay should have come."""
        if self.release_ms is None:
            return None
        run = self.run()
        if run is None or run.paused:
            return self.release_ms
        return max(self.release_ms, run.heard_ms + self.off_ms + self.patience_ms)

    # ---- what it tells -------------------------------------------------------------------------------------------------------

    def tells(self, event: AlarmEvent, event_ms: int, now_ms: int, *, annunciate: bool = False, by: str | None = None) -> Told:
        """With the name of whoever did it, or (`by` None: nobody did) of whoever keeps it quiet, and until when."""
        self.told |= annunciate
        aside = self.removed or (None if self.hidden else self.shelf)
        return Told(
            alarm=self.name,
            event=event,
            state=self.shown,
            priority=self.urgency,
            event_ms=event_ms,
            evaluated_ms=now_ms,
            raised_ms=self.raised_ms,
            annunciate=annunciate,
            condition=self.condition,
            hidden_by=self.hidden,
            until_ms=aside.until_ms if aside is not None else None,
            by=by if by is not None else aside.by if aside is not None else "",
        )

    def turn(self, event_ms: int, now_ms: int, hidden: Callable[[], str], urgency: Priority | None) -> list[Told]:
        """The condition has become true, or is over."""
        self.log.clear()
        self.realarm_ms = self.release_ms = None
        if not self.condition:
            self.condition, self.acked, self.latched, self.told = True, False, False, False
            self.raised_ms, self.known_ms, self.priority, self.hidden = event_ms, now_ms, urgency, hidden()
            return [self.tells("raised", event_ms, now_ms, annunciate=self.heard), *self._too_urgent_for_its_shelf(now_ms)]
        nobody_has_to_know = self.rule.auto_ack or self.by_choice or bool(self.hidden) or not self.told
        self.condition, self.hidden = False, ""
        if self.rule.latched:
            self.latched = True
            told = [self.tells("latched", event_ms, now_ms)]
        else:
            self.acked |= nobody_has_to_know
            told = [self.tells("cleared", event_ms, now_ms, annunciate=self.told)]
        if self.shelf is not None and self.shelf.one_shot:
            told.append(self.unshelve(now_ms, now_ms, ""))
        return told

    def escalate(self, urgency: Priority, now_ms: int) -> list[Told]:
        self.priority, self.acked = urgency, False
        return [self.tells("escalated", now_ms, now_ms, annunciate=self.heard), *self._too_urgent_for_its_shelf(now_ms)]

    def _too_urgent_for_its_shelf(self, now_ms: int) -> list[Told]:
        if self.shelf is None or RANK[self.urgency] <= RANK[self.shelf.priority]:
            return []
        return [self.unshelve(now_ms, now_ms, "")]

    # ---- what keeps it quiet ------------------------------------------------------------------------------------------------

    def unshelve(self, event_ms: int, now_ms: int, by: str) -> Told:
        self.shelf = None
        return self._released("unshelved", event_ms, now_ms, by)

    def put_back(self, event_ms: int, now_ms: int, by: str) -> Told:
        self.removed = None
        return self._released("returned_to_service", event_ms, now_ms, by)

    def hide(self, by: str, now_ms: int) -> list[Told]:
        self.release_ms = None
        before, self.hidden = self.hidden, by
        return [] if before else [self.tells("suppressed", now_ms, now_ms)]

    def unhide(self, now_ms: int) -> list[Told]:
        if self.release_ms is not None:
            return []
        self.release_ms = now_ms + self.on_ms
        again_ms = self.shown_again_ms()
        return self.show_again(now_ms) if again_ms is not None and again_ms <= now_ms else []

    def show_again(self, now_ms: int) -> list[Told]:
        self.hidden, self.release_ms = "", None
        return [self._released("unsuppressed", now_ms, now_ms)]

    def _released(self, event: AlarmEvent, event_ms: int, now_ms: int, by: str | None = None) -> Told:
        """Nothing keeps it quiet any more: what still holds is announced anew, unacknowledged; what is over is over."""
        if not self.heard:
            return self.tells(event, event_ms, now_ms, by=by)
        if self.condition:
            self.acked, self.realarm_ms = False, None
        elif not self.latched:
            self.acked = True
        return self.tells(event, event_ms, now_ms, annunciate=not self.acked, by=by)

    # ---- the end of it -------------------------------------------------------------------------------------------------------

    def forget_what_is_over(self) -> None:
        """An alarm of which nothing has to be known begins anew."""
        if self.process == "normal" and not self.by_choice and self.run() is None:
            self.raised_ms, self.known_ms, self.told, self.priority = 0, 0, False, None
            self.log.clear()
