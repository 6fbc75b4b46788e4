"""Chattering, fleeting and standing alarms, alarm by alarm. Pure.

chattering   announced at least 3 times in 1 minute (ISA-18.2, EEMUA 191), or changed more than 5 times in 5 minutes (the same for slow
             telemetry); over when nothing changed for 5 minutes
fleeting     on for less than 10 s, and not back within 60 s
standing     on for more than 24 h, and on the list all the time: shelved, suppressed and out of service are not

An alarm is remembered while it is not normal, and for five minutes after it last changed: memory is bounded by what is going on.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Literal, TypeAlias

import msgspec

from collector.kpi.counted import DAY_MS, HIDDEN, MINUTE_MS, is_alarm
from collector.outputs import AlarmState, Priority, Transition

CHATTER_RAISES, CHATTER_RAISES_MS = 3, MINUTE_MS
CHATTER_CHANGES, CHATTER_CHANGES_MS = 6, 5 * MINUTE_MS
QUIET_MS = 5 * MINUTE_MS
FLEETING_MS = 10_000
NOT_BACK_MS = MINUTE_MS
STANDING_MS = DAY_MS

Kind: TypeAlias = Literal["chattering", "fleeting", "standing", "flood"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A nuisance: `alarm` is empty for a flood, `end_ms` null while it goes on. `count`: how often a chattering alarm was announced, how
    many alarms a flood has; `mostly` made `share` of a flood."""

    kind: Kind
    site: str
    alarm: str = ""
    begin_ms: int
    end_ms: int | None = None
    count: int = 1
    mostly: str = ""
    share: float = 0.0


class Track(msgspec.Struct, array_like=True):
    """What is remembered of one alarm.

    Event times: `raised_ms`; `told_ms`, when this occurrence was announced (0: it was not); `raises` and `changes`, the last ones;
    `chatter_ms` (0: it does not chatter); `brief`, begin and end of what may have been fleeting. By the collector's clock: `quiet_ms`,
    `back_ms`, `stand_ms`, when to look again (0: not at all), and `booked_ms`, for when that stands in the agenda.
    """

    site: str
    priority: Priority = "low"
    state: AlarmState = "normal"
    on: bool = False
    raised_ms: int = 0
    told_ms: int = 0
    raises: list[int] = []
    changes: list[int] = []
    chatter_ms: int = 0
    announced: int = 0
    brief: tuple[int, int] | None = None
    stands: bool = False
    quiet_ms: int = 0
    back_ms: int = 0
    stand_ms: int = 0
    booked_ms: int = 0

    @property
    def due_ms(self) -> int:
        return min((at for at in (self.quiet_ms, self.back_ms, self.stand_ms) if at), default=0)

    @property
    def over(self) -> bool:
        return self.state == "normal" and not (self.on or self.quiet_ms or self.back_ms)

    @property
    def on_list(self) -> bool:
        return self.on and self.state not in HIDDEN


class Classes(msgspec.Struct, array_like=True):
    """`tracks` by alarm: nothing is kept of alarms that are normal and quiet. `agenda` is a heap of (when to look, alarm); an entry that
    its track has not booked is void."""

    tracks: dict[str, Track] = {}
    agenda: list[tuple[int, str]] = []

    @property
    def due_ms(self) -> int:
        """When `due` must be called; 0: not at all."""
        return self.agenda[0][0] if self.agenda else 0

    def remember(self, transition: Transition) -> None:
        """The last transition of an alarm from before the time that is looked at: its state is taken over, and it counts for nothing."""
        if not is_alarm(transition) or transition.state == "normal":
            return
        on = transition.condition and transition.event != "cleared"
        track = Track(transition.site, transition.priority, transition.state, on, transition.raised_ms)
        track.stand_ms = transition.raised_ms + STANDING_MS if on else 0
        self.tracks[transition.alarm] = track
        self._book(transition.alarm, track)

    def observe(self, transition: Transition) -> list[Finding]:
        """What begins or ends with this transition. `due(transition.evaluated_ms)` comes first."""
        if not is_alarm(transition):
            return []
        name = transition.alarm
        track = self.tracks.get(name) or Track(transition.site)
        found: list[Finding] = []
        track.state, track.priority = transition.state, transition.priority
        if transition.event == "raised":
            if track.stands:
                track.stands = False
                found.append(_stands(name, track, transition.evaluated_ms))
            track.on, track.raised_ms, track.told_ms = True, transition.event_ms, 0
            track.stand_ms = transition.raised_ms + STANDING_MS
        elif transition.condition and not track.on and transition.event not in {"cleared", "latched"}:
            track.on, track.raised_ms = True, transition.raised_ms  # its beginning is not on record any more
            track.stand_ms = transition.raised_ms + STANDING_MS
        if transition.event in {"raised", "unsuppressed"} and transition.annunciate:
            found += self._announced(name, track, transition)
        elif transition.event in {"cleared", "latched"}:
            found += self._over(name, track, transition)
        found += _standing(name, track, transition.evaluated_ms)
        if track.over:
            self.tracks.pop(name, None)
        else:
            self.tracks[name] = track
            self._book(name, track)
        return found

    def due(self, now_ms: int) -> list[Finding]:
        """What has begun or ended by now without a transition."""
        found: list[Finding] = []
        while self.agenda and self.agenda[0][0] <= now_ms:
            at_ms, name = heappop(self.agenda)
            track = self.tracks.get(name)
            if track is None or track.booked_ms != at_ms:
                continue
            track.booked_ms = 0
            found += _ended(name, track, at_ms)
            found += _standing(name, track, at_ms)
            if track.over:
                del self.tracks[name]
            else:
                self._book(name, track)
        return found

    def standing(self) -> list[str]:
        return [name for name, track in self.tracks.items() if track.stands]

    def current(self) -> list[Finding]:
        """Chattering and standing alarms as they are now."""
        chattering = [_chatter(name, track, None) for name, track in self.tracks.items() if track.chatter_ms]
        return chattering + [_stands(name, track, None) for name, track in self.tracks.items() if track.stands]

    def shift(self, by_ms: int) -> None:
        """The collector's clock was put right: what is timed by it moves along."""
        self.agenda = []
        for name, track in self.tracks.items():
            for field in ("quiet_ms", "back_ms", "stand_ms"):
                setattr(track, field, getattr(track, field) and getattr(track, field) + by_ms)
            track.booked_ms = 0
            self._book(name, track)

    # ---- inside --------------------------------------------------------------------------------------------------------------

    def _announced(self, name: str, track: Track, transition: Transition) -> list[Finding]:
        at_ms = track.told_ms = transition.event_ms
        if track.brief is not None and at_ms - track.brief[1] <= NOT_BACK_MS:
            track.brief, track.back_ms = None, 0
        track.raises = [*track.raises[1 - CHATTER_CHANGES :], at_ms]
        track.announced += 1
        return self._changed(name, track, transition)

    def _over(self, name: str, track: Track, transition: Transition) -> list[Finding]:
        was_on, track.on, track.stand_ms = track.on, False, 0
        if not track.told_ms or not was_on:
            return []
        if transition.event_ms - track.told_ms < FLEETING_MS and not track.chatter_ms:
            track.brief, track.back_ms = (track.told_ms, transition.event_ms), transition.evaluated_ms + NOT_BACK_MS
        return self._changed(name, track, transition)

    def _changed(self, name: str, track: Track, transition: Transition) -> list[Finding]:
        track.changes = [*track.changes[1 - CHATTER_CHANGES :], transition.event_ms]
        track.quiet_ms = transition.evaluated_ms + QUIET_MS
        begin_ms = 0 if track.chatter_ms else _chatters_since(track)
        if not begin_ms:
            return []
        track.chatter_ms, track.announced = begin_ms, sum(at_ms >= begin_ms for at_ms in track.raises)
        track.brief, track.back_ms = None, 0
        return [_chatter(name, track, None)]

    def _book(self, name: str, track: Track) -> None:
        due_ms = track.due_ms
        if due_ms and (not track.booked_ms or due_ms < track.booked_ms):
            track.booked_ms = due_ms
            heappush(self.agenda, (due_ms, name))


def _chatters_since(track: Track) -> int:
    """The first announcement of what is chattering now; 0 where it is not."""
    raises, changes = track.raises[-CHATTER_RAISES:], track.changes[-CHATTER_CHANGES:]
    if len(raises) == CHATTER_RAISES and 0 <= raises[-1] - raises[0] <= CHATTER_RAISES_MS:
        return raises[0]
    if len(changes) == CHATTER_CHANGES and 0 <= changes[-1] - changes[0] <= CHATTER_CHANGES_MS:
        return min((at_ms for at_ms in track.raises if at_ms >= changes[0]), default=changes[0])
    return 0


def _ended(name: str, track: Track, at_ms: int) -> list[Finding]:
    """It has been quiet for long enough, and what was on for a moment has not come back."""
    found: list[Finding] = []
    if track.brief is not None and track.back_ms <= at_ms:
        begin_ms, end_ms = track.brief
        found.append(Finding(kind="fleeting", site=track.site, alarm=name, begin_ms=begin_ms, end_ms=end_ms))
        track.brief, track.back_ms = None, 0
    if track.quiet_ms and track.quiet_ms <= at_ms:
        if track.chatter_ms:
            found.append(_chatter(name, track, track.changes[-1]))
        track.chatter_ms = track.announced = track.quiet_ms = 0
    return found


def _standing(name: str, track: Track, at_ms: int) -> list[Finding]:
    """It begins to stand after a day on the list; it ends when its condition does, or when it is taken off the list."""
    stands = track.on_list and track.raised_ms + STANDING_MS <= at_ms
    if track.stand_ms and track.stand_ms <= at_ms:
        track.stand_ms = 0
    if stands is track.stands:
        return []
    track.stands = stands
    return [_stands(name, track, None if stands else at_ms)]


def _chatter(name: str, track: Track, end_ms: int | None) -> Finding:
    return Finding(kind="chattering", site=track.site, alarm=name, begin_ms=track.chatter_ms, end_ms=end_ms, count=track.announced)


def _stands(name: str, track: Track, end_ms: int | None) -> Finding:
    return Finding(kind="standing", site=track.site, alarm=name, begin_ms=track.raised_ms, end_ms=end_ms)
