"""Many words for one person become few messages. Pure.

Words on one site and one cause are a group. The first goes at once; what comes after is one message that has grown: a moment later where it
is of high priority, else after a minute, two, four, up to half an hour. Of the others a person gets so many messages in an hour; the
last of them is the summary of what waits. High priority is never counted and never held back for longer than those seconds, and takes
along what waits in its group.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

import msgspec

from collector.calls import Person, Tell
from collector.config.people import Duty as Settings
from collector.outputs import PRIORITIES

HOUR_MS = 3_600_000
HIGH_GATHER_MS = 10_000
BURST, BURST_MS = 6, 60_000
"""After so many messages of high priority in a minute, those of all sites are gathered: one for every HIGH_GATHER_MS."""
GROW_MS = 60_000
GROW_MOST_MS = 1_800_000
QUIET_GROUP_MS = HOUR_MS
"""A group that has been silent for so long is forgotten: what comes then is new."""
NAMED_MOST = 500
"""So many alarms of high priority one message names."""
WAKE_MS = 1_800_000
"""Messages at night within so long wake a person once."""

Cause: TypeAlias = tuple[str, str]
"""Site, and what it is about: the process, a sensor, or that nothing is heard; drills apart."""


class Message(NamedTuple):
    """What goes to a person now, the most urgent word first. `summary`: the rest of an hour."""

    tells: Sequence[Tell]
    summary: bool = False


class Group:
    """What is known of one site and cause: how often it was told, when last, and what waits. Lost at a restart; the next word is then a
    first."""

    __slots__ = ("last_ms", "sends", "waiting")

    def __init__(self) -> None:
        self.last_ms = 0
        self.sends = 0
        self.waiting: dict[str, Tell] = {}

    def due_ms(self, *, high: bool) -> int:
        """When what waits may go."""
        if not self.sends:
            return -HOUR_MS
        return self.last_ms + (HIGH_GATHER_MS if high else min(GROW_MOST_MS, GROW_MS * 2 ** (self.sends - 1)))

    @property
    def is_high(self) -> bool:
        return any(_is_high(tell) for tell in self.waiting.values())


class Tray:
    """The words for one person that are not on their way yet."""

    def __init__(self, person: Person, settings: Settings) -> None:
        self.person = person
        self.use(settings)
        self._groups: dict[Cause, Group] = {}
        self._stirred: dict[Cause, None] = {}
        self._high_ms: deque[int] = deque(maxlen=BURST)
        self._gathered_ms = self._tidied_ms = -HOUR_MS
        self._now_ms = -HOUR_MS

    def use(self, settings: Settings) -> None:
        """Another budget from now on."""
        self._budget, self._summary_ms = settings.messages_per_hour, round(settings.summary_after_min * 60_000)

    @property
    def waiting(self) -> int:
        return sum(len(group.waiting) for group in self._groups.values())

    def keys(self) -> list[tuple[str, str]]:
        """Of all words that wait."""
        return [tell.key for group in self._groups.values() for tell in group.waiting.values()]

    def offer(self, tell: Tell) -> bool:
        """Take a word; it takes the place of an older one on the same alarm. False where both are gone: it is over before it was told."""
        cause = cause_of(tell)
        group = self._groups.get(cause)
        if group is None or (not group.waiting and tell.at_ms - group.last_ms >= QUIET_GROUP_MS):
            group = self._groups[cause] = Group()
        self._stirred[cause] = None
        before = group.waiting.pop(tell.transition.occurrence, None)
        if before is not None and before.first and tell.kind in {"over", "acknowledged"}:
            return False
        group.waiting[tell.transition.occurrence] = tell if before is None or not before.first else _still_first(tell)
        return True

    def messages(self, now_ms: int) -> list[Message]:
        """What goes now."""
        self._on_this_clock(now_ms)
        if abs(now_ms - self._tidied_ms) >= QUIET_GROUP_MS:
            self._tidy(now_ms)
        person = self.person
        person.sent_ms = [at_ms for at_ms in person.sent_ms if at_ms > now_ms - HOUR_MS]
        found, held, urgent = list[Message](), False, list[Group]()
        for cause in list(self._stirred):
            group = self._groups[cause]
            if not group.waiting:
                self._settle(cause, group, now_ms)
            elif now_ms >= group.due_ms(high=(high := group.is_high)):
                if high:
                    urgent.append(group)
                elif len(person.sent_ms) < self._budget - 1:
                    found.append(self._send([group], now_ms, counted=True))
                else:
                    held = True
        found.extend(self._urgent(urgent, now_ms))
        if held and person.held_ms is None:
            person.held_ms = now_ms
        if person.held_ms is not None and now_ms >= person.held_ms + self._summary_ms and len(person.sent_ms) < self._budget:
            groups = [group for group in self._groups.values() if group.waiting]
            if groups:
                found.append(self._send(groups, now_ms, counted=True)._replace(summary=True))
            person.held_ms = None
        return found

    def _urgent(self, groups: list[Group], now_ms: int) -> Iterator[Message]:
        """High priority: a message for each site and cause; in a burst of them one for all that wait, every few seconds."""
        recent = sum(now_ms - at_ms < BURST_MS for at_ms in self._high_ms)
        for group in groups[: max(0, BURST - recent)]:
            self._high_ms.append(now_ms)
            yield self._send([group], now_ms, counted=False)
        rest = groups[max(0, BURST - recent) :]
        if rest and now_ms >= self._gathered_ms + HIGH_GATHER_MS:
            self._gathered_ms = now_ms
            self._high_ms.append(now_ms)
            for part in _parts(rest):
                yield self._send(part, now_ms, counted=False)

    def _burst_until_ms(self, due_ms: int) -> int:
        """When what is of high priority and due then may go."""
        full = sum(due_ms - at_ms < BURST_MS for at_ms in self._high_ms) >= BURST
        return max(due_ms, self._gathered_ms + HIGH_GATHER_MS) if full else due_ms

    def next_ms(self) -> int | None:
        """When to ask again; None: when something new is offered."""
        return min(self._times(), default=None)

    def _times(self) -> Iterator[int]:
        person = self.person
        if person.held_ms is not None:
            room_ms = person.sent_ms[0] + HOUR_MS if len(person.sent_ms) >= self._budget else 0
            yield max(person.held_ms + self._summary_ms, room_ms)
        full = len(person.sent_ms) >= self._budget - 1
        for cause in self._stirred:
            group = self._groups[cause]
            if group.waiting and group.is_high:
                yield self._burst_until_ms(max(group.due_ms(high=True), self._now_ms))
            elif group.waiting and not (full and person.held_ms is not None):
                yield group.due_ms(high=False)

    def _send(self, groups: Sequence[Group], now_ms: int, *, counted: bool) -> Message:
        tells = sorted((tell for group in groups for tell in group.waiting.values()), key=_urgency)
        for group in groups:
            group.waiting, group.last_ms, group.sends = {}, now_ms, group.sends + 1
        self.person.messages += 1
        if counted:
            self.person.sent_ms.append(now_ms)
        return Message(tells)

    def _settle(self, cause: Cause, group: Group, now_ms: int) -> None:
        if now_ms - group.last_ms >= QUIET_GROUP_MS or not group.sends:
            del self._groups[cause]
        del self._stirred[cause]

    def _tidy(self, now_ms: int) -> None:
        """Forget the groups that have long been silent."""
        self._tidied_ms = now_ms
        for cause in [c for c, g in self._groups.items() if not g.waiting and now_ms - g.last_ms >= QUIET_GROUP_MS]:
            del self._groups[cause]
            self._stirred.pop(cause, None)

    def _on_this_clock(self, now_ms: int) -> None:
        """A clock that was put back: nothing lies in the future."""
        person = self.person
        if any(at_ms > now_ms for at_ms in person.sent_ms):
            person.sent_ms = [min(at_ms, now_ms) for at_ms in person.sent_ms]
        if person.held_ms is not None:
            person.held_ms = min(person.held_ms, now_ms)
        for cause in self._stirred:
            group = self._groups[cause]
            group.last_ms = min(group.last_ms, now_ms)
        self._now_ms = now_ms
        self._gathered_ms = min(self._gathered_ms, now_ms)
        if self._high_ms and self._high_ms[-1] > now_ms:
            self._high_ms.clear()


def _parts(groups: Sequence[Group]) -> Iterator[list[Group]]:
    """So many groups at a time that a message can name all of their alarms."""
    part, count = list[Group](), 0
    for group in groups:
        if part and count + len(group.waiting) > NAMED_MOST:
            yield part
            part, count = [], 0
        part.append(group)
        count += len(group.waiting)
    if part:
        yield part


def wakes(person: Person, now_ms: int, *, night: bool) -> None:
    """Count a message of that time where it wakes."""
    if night and (person.woken_ms is None or not 0 <= now_ms - person.woken_ms < WAKE_MS):
        person.night_wakes += 1
    if night:
        person.woken_ms = now_ms


def cause_of(tell: Tell) -> Cause:
    return tell.transition.site, "drill" if tell.drill else tell.transition.nature


def _is_high(tell: Tell) -> bool:
    return tell.transition.priority == "high"


def _urgency(tell: Tell) -> tuple[bool, int, int]:
    return tell.kind in {"over", "acknowledged"}, -PRIORITIES.index(tell.transition.priority), tell.transition.raised_ms


def _still_first(tell: Tell) -> Tell:
    return msgspec.structs.replace(tell, first=True)
