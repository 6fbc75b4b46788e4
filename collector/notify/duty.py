"""Who is on duty at a time, who comes next, and when nobody is. Pure: a shift is hours on the wall of a place, and the zone says when
that is.

A time that the clock skips is the moment of the jump; one that it shows twice is the first: so where one shift ends the next begins, on
every day of the year.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from collector.config.people import WEEK, HolidayShift, Person, Roster, Shift, Team, minute_of

DAY_MS = 86_400_000
AHEAD_DAYS = 14
"""So far a look for the next shift goes."""

ALWAYS_MS = 2**62


class Watch(NamedTuple):
    """Who is on duty from one change of people to the next. Nobody: a gap. `shifts` are the names of the shifts."""

    from_ms: int
    until_ms: int
    people: tuple[str, ...] = ()
    shifts: tuple[str, ...] = ()


class _Span(NamedTuple):
    from_ms: int
    until_ms: int
    shift: str
    people: tuple[str, ...]


class Duty:
    """Looks names up: of a person, a team, or a roster. What was found holds until the next change of people, and is kept."""

    def __init__(self, people: Iterable[Person] = (), teams: Iterable[Team] = (), rosters: Iterable[Roster] = ()) -> None:
        self.people = {person.id: person for person in people}
        self.teams = {team.id: team for team in teams}
        self.rosters = {roster.id: roster for roster in rosters}
        self._found: dict[tuple[str, str], Watch] = {}

    def who(self, name: str, zone: ZoneInfo, now_ms: int) -> Watch:
        """A person or a team is always there; of a roster, who is on duty. `zone` is that of the site."""
        roster = self.rosters.get(name)
        if roster is None:
            return Watch(-ALWAYS_MS, ALWAYS_MS, self.members([name]))
        place = ZoneInfo(roster.timezone) if roster.timezone else zone
        found = self._found.get((name, place.key))
        if found is None or not found.from_ms <= now_ms < found.until_ms:
            found = self._found[name, place.key] = self._watch(roster, place, now_ms)
        return found

    def members(self, names: Iterable[str]) -> tuple[str, ...]:
        """The people of these people and teams, each once."""
        inner = (self.teams[name].members if name in self.teams else (name,) for name in names)
        return tuple(dict.fromkeys(member for each in inner for member in each if member in self.people))

    def after(self, name: str, zone: ZoneInfo, now_ms: int) -> Watch | None:
        """The next people on duty after those of now; None where that is in no sight."""
        watch = self.who(name, zone, now_ms)
        end_ms = now_ms + AHEAD_DAYS * DAY_MS
        while watch.until_ms < end_ms:
            watch = self._watch_of(name, zone, watch.until_ms)
            if watch.people:
                return watch
        return None

    def watches(self, name: str, zone: ZoneInfo, from_ms: int, until_ms: int) -> Iterator[Watch]:
        """Who is on duty in that time, one after the other, gaps too."""
        at_ms = from_ms
        while at_ms < until_ms:
            watch = self._watch_of(name, zone, at_ms)
            yield watch
            at_ms = watch.until_ms

    def gaps(self, name: str, zone: ZoneInfo, from_ms: int, until_ms: int) -> list[Watch]:
        """When nobody is on duty. A roster that is not for around the clock has gaps only where a shift has nobody."""
        roster = self.rosters.get(name)
        if roster is None:
            return []
        if roster.around_the_clock:
            return [watch for watch in self.watches(name, zone, from_ms, until_ms) if not watch.people]
        return [watch for watch in self.watches(name, zone, from_ms, until_ms) if watch.shifts and not watch.people]

    def _watch_of(self, name: str, zone: ZoneInfo, at_ms: int) -> Watch:
        roster = self.rosters.get(name)
        if roster is None:
            return self.who(name, zone, at_ms)
        return self._watch(roster, ZoneInfo(roster.timezone) if roster.timezone else zone, at_ms)

    def _watch(self, roster: Roster, zone: ZoneInfo, now_ms: int) -> Watch:
        today = datetime.fromtimestamp(now_ms / 1000, zone).date()
        spans = [span for n in (-1, 0, 1, 2) for span in self._spans(roster, zone, today + timedelta(days=n))]
        here = [span for span in spans if span.from_ms <= now_ms < span.until_ms]
        edges = {edge for span in spans for edge in (span.from_ms, span.until_ms)}
        from_ms = max((edge for edge in edges if edge <= now_ms), default=wall_ms(today, 0, zone))
        until_ms = min((edge for edge in edges if edge > now_ms), default=wall_ms(today, 1440, zone))
        people = tuple(dict.fromkeys(person for span in here for person in span.people))
        return Watch(from_ms, max(until_ms, now_ms + 1), people, tuple(span.shift for span in here))

    def _spans(self, roster: Roster, zone: ZoneInfo, day: date) -> list[_Span]:
        shifts = shifts_of(roster, day)
        return [_Span(*wall_span(shift, day, zone), shift.id, self._there(roster, shift, day)) for shift in shifts]

    def _there(self, roster: Roster, shift: HolidayShift, day: date) -> tuple[str, ...]:
        """The people of a shift on one day, with those who swapped."""
        people = list(self.members(shift.people))
        for swap in roster.swaps:
            if swap.date == day.isoformat() and swap.shift == shift.id:
                gone = self.members([swap.out]) if swap.out else ()
                come = self.members([swap.in_]) if swap.in_ else ()
                people = [person for person in people if person not in gone] + [person for person in come if person not in people]
        return tuple(people)


def shifts_of(roster: Roster, day: date) -> Sequence[HolidayShift | Shift]:
    """The shifts that begin on a day."""
    for holiday in roster.holidays:
        if holiday.date == day.isoformat():
            return holiday.shifts
    return [shift for shift in roster.shifts if WEEK[day.weekday()] in shift.days]


def wall_span(shift: HolidayShift, day: date, zone: ZoneInfo) -> tuple[int, int]:
    """From when until when a shift lasts that begins on that day, Unix milliseconds."""
    from_min, to_min = minute_of(shift.from_), minute_of(shift.to)
    if to_min <= from_min:
        to_min += 1440
    return wall_ms(day, from_min, zone), wall_ms(day, to_min, zone)


def wall_ms(day: date, minute: int, zone: ZoneInfo) -> int:
    """The moment at which the clock on the wall shows so many minutes after midnight of that day (1440 and more: the next day)."""
    wall = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(minutes=minute)  # by the wall: no offset is looked at
    there = wall.replace(fold=0)
    before, after = there.utcoffset(), there.replace(fold=1).utcoffset()
    if before is not None and after is not None and after > before:  # the clock jumps over it
        return _jump_ms(wall, before, after, zone)
    return round(there.timestamp() * 1000)


def within(from_: str, to: str, now_ms: int, zone: ZoneInfo) -> int | None:
    """Until when daily hours last that have begun, Unix milliseconds; None outside of them."""
    today = datetime.fromtimestamp(now_ms / 1000, zone).date()
    from_min, to_min = minute_of(from_), minute_of(to)
    to_min += 1440 if to_min <= from_min else 0
    for day in (today - timedelta(days=1), today):
        until_ms = wall_ms(day, to_min, zone)
        if wall_ms(day, from_min, zone) <= now_ms < until_ms:
            return until_ms
    return None


def _jump_ms(wall: datetime, before: timedelta, after: timedelta, zone: ZoneInfo) -> int:
    """The moment at which the clock jumps over that time: found between the same time by the two offsets, by halving."""
    high, low = (round((wall - offset).replace(tzinfo=UTC).timestamp()) for offset in (before, after))
    offset_at: Callable[[int], timedelta | None] = lambda second: datetime.fromtimestamp(second, zone).utcoffset()  # noqa: E731
    low -= 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if offset_at(middle) == after else (middle, high)
    return high * 1000
