"""What is wrong with people, rosters and chains when they are seen together. Works on plain data that may be wrong elsewhere. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from collector.config.people import WEEK, minute_of
from collector.config.problems import Problem
from collector.config.reading import ids_in, items_in, texts_in, twice
from collector.config.yaml_text import Path_
from collector.rules.vocabulary import unknown

WEEK_MIN = 7 * 1440
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+")
_ANY = re.compile(r".*", re.DOTALL)
_ADDRESSES: dict[str, tuple[re.Pattern[str], str]] = {
    "smtp": (_MAIL, "sends mail: `to` should be a mail address, e.g. ward@example.org"),
    "gsm": (re.compile(r"\+?[0-9][0-9 ()./-]{1,30}"), "sends SMS: `to` should be a phone number, e.g. +919837000001"),
    "telegram": (re.compile(r"-?[0-9]+|@[A-Za-z0-9_]{3,}"), "sends Telegram messages: `to` should be the id of a chat, e.g. 4711"),
    "ntfy": (re.compile(r"[A-Za-z0-9_-]{1,64}"), "sends pushes: `to` should be a topic of the person alone, e.g. asha-7f3k"),
}
"""What an address of that kind of channel looks like."""


class _Piece(NamedTuple):
    """A shift on one day of the week, in minutes since Monday, midnight."""

    from_min: int
    to_min: int
    shift: str
    path: Path_


def check_duty(data: Mapping[str, Any]) -> Iterator[Problem]:
    """Every disagreement between people, teams, rosters, chains, sites and channels."""
    people = {name for _, name in ids_in(data, "people")}
    teams = {name for _, name in ids_in(data, "teams")}
    rosters = {name for _, name in ids_in(data, "rosters")}
    named = [found for key in ("people", "teams", "rosters") for found in ids_in(data, key)]
    yield from twice(named, "id", "people, teams and rosters share one list of ids")
    yield from twice(ids_in(data, "chains"), "chain id", "ids of chains are unique")
    yield from _check_ways(data)
    for path, team in items_in(data, "teams"):
        yield from _unknown(path, team, "members", "person", people)
    for path, roster in items_in(data, "rosters"):
        yield from _check_roster(path, roster, people | teams)
    for path, chain in items_in(data, "chains"):
        yield from _check_chain(path, chain, data, people | teams, rosters)
    duty = data.get("duty")
    well = duty.get("all_is_well") if isinstance(duty, Mapping) else None
    if isinstance(well, Mapping):
        yield from _unknown(("duty", "all_is_well"), well, "tell", "person or team", people | teams)


def _check_ways(data: Mapping[str, Any]) -> Iterator[Problem]:
    notify = data.get("notify")
    listed = list(items_in(notify, "channels")) if isinstance(notify, Mapping) and "channels" in notify else [((), {"id": "log"})]
    kinds = {channel["id"]: _kind(channel) for _, channel in listed if isinstance(channel.get("id"), str)}
    for path, person in items_in(data, "people"):
        for inner, way in items_in(person, "ways"):
            channel, to, here = way.get("channel"), way.get("to", ""), (*path, *inner)
            if isinstance(channel, str) and channel not in kinds:
                yield Problem((*here, "channel"), unknown("channel", channel, kinds))
            elif isinstance(channel, str) and isinstance(to, str):
                shape, right = _ADDRESSES.get(kinds[channel], (_ANY, ""))
                if not shape.fullmatch(to):
                    yield Problem((*here, "to") if to else here, f"channel {channel!r} {right}")


def _kind(channel: Mapping[str, Any]) -> str:
    """What decides how its addresses look: its kind, or that it is a gateway for SMS."""
    return "gsm" if channel.get("form") == "sms" else str(channel.get("kind"))


def _check_roster(path: Path_, roster: Mapping[str, Any], known: Collection[str]) -> Iterator[Problem]:
    shifts = [((*path, *inner), shift) for inner, shift in items_in(roster, "shifts")]
    yield from twice(
        [((*path, *inner), name) for inner, name in ids_in(roster, "shifts")], "shift", "names of shifts are unique in a roster"
    )
    for here, shift in shifts:
        yield from _unknown(here, shift, "people", "person or team", known)
    pieces = [piece for here, shift in shifts for piece in _pieces(here, shift)]
    yield from _overlaps(pieces, WEEK_MIN)
    if roster.get("around_the_clock", True) is True and pieces:
        yield from _gaps((*path, "shifts"), pieces)
    days = [((*path, *inner, "date"), str(holiday.get("date"))) for inner, holiday in items_in(roster, "holidays")]
    yield from twice(days, "holiday", "a day has one list of shifts")
    for inner, holiday in items_in(roster, "holidays"):
        here = (*path, *inner)
        named = [((*here, *deeper), name) for deeper, name in ids_in(holiday, "shifts")]
        yield from twice(named, "shift", "names of shifts are unique on a day")
        for deeper, shift in items_in(holiday, "shifts"):
            yield from _unknown((*here, *deeper), shift, "people", "person or team", known)
        yield from _overlaps([p for deeper, s in items_in(holiday, "shifts") for p in _pieces((*here, *deeper), {**s, "days": ["mon"]})], 0)
    for inner, swap in items_in(roster, "swaps"):
        yield from _check_swap((*path, *inner), swap, roster, known)


def _check_swap(path: Path_, swap: Mapping[str, Any], roster: Mapping[str, Any], known: Collection[str]) -> Iterator[Problem]:
    if "out" not in swap and "in" not in swap:
        yield Problem(path, "nobody is named: say who is not there (out), who is there instead (in), or both")
    for key in ("out", "in"):
        if isinstance(swap.get(key), str) and swap[key] not in known:
            yield Problem((*path, key), unknown("person or team", swap[key], known))
    day, name = _day(swap.get("date")), swap.get("shift")
    if day is None or not isinstance(name, str):
        return
    there = _shifts_on(roster, day)
    if name not in there:
        held = f"those of {day.isoformat()} ({WEEK[day.weekday()]}): {', '.join(sorted(there)) or 'none'}"
        yield Problem((*path, "shift"), f"no shift {name!r} begins on that day; {held}")
        return
    people, out = texts_in(there[name], "people"), swap.get("out")
    if isinstance(out, str) and out in known and out not in people and all(person in known for person in people):
        yield Problem((*path, "out"), f"{out!r} is not in shift {name!r}; in it: {', '.join(people)}")


def _shifts_on(roster: Mapping[str, Any], day: date) -> dict[str, Mapping[str, Any]]:
    for _, holiday in items_in(roster, "holidays"):
        if holiday.get("date") == day.isoformat():
            return {str(shift.get("id")): shift for _, shift in items_in(holiday, "shifts")}
    return {str(s.get("id")): s for _, s in items_in(roster, "shifts") if WEEK[day.weekday()] in s.get("days", WEEK)}


def _check_chain(
    path: Path_, chain: Mapping[str, Any], data: Mapping[str, Any], always: Collection[str], rosters: Collection[str]
) -> Iterator[Problem]:
    yield from _unknown(path, chain, "sites", "site", {name for _, name in ids_in(data, "sites")})
    for key, of in (("districts", "district"), ("regions", "region")):
        yield from _unknown(path, chain, key, of, {site[of] for _, site in items_in(data, "sites") if isinstance(site.get(of), str)})
    for index, (inner, step) in enumerate(items_in(chain, "steps")):
        here, tell = (*path, *inner), step.get("tell")
        if isinstance(tell, str) and tell not in always and tell not in rosters:
            yield Problem((*here, "tell"), unknown("person, team or roster", tell, {*always, *rosters}))
        if index and not {"after_min", "hours_left_below", "priority"} & step.keys():
            yield Problem(here, "this step is never taken: give after_min, hours_left_below or priority; only the first is taken at once")
    last = chain.get("last_resort")
    if isinstance(last, str) and last in rosters:
        yield Problem((*path, "last_resort"), f"{last!r} is a roster, and may have nobody on duty; a person or a team is right")
    elif isinstance(last, str) and last not in always:
        yield Problem((*path, "last_resort"), unknown("person or team", last, always))


def _unknown(path: Path_, thing: Mapping[str, Any], key: str, what: str, known: Collection[str]) -> Iterator[Problem]:
    listed = thing.get(key)
    for index, name in enumerate(listed) if isinstance(listed, list) else ():
        if isinstance(name, str) and name not in known:
            yield Problem((*path, key, index), unknown(what, name, known))


def _pieces(path: Path_, shift: Mapping[str, Any]) -> Iterator[_Piece]:
    from_, to, days = shift.get("from"), shift.get("to"), shift.get("days", list(WEEK))
    if not (_is_clock(from_) and _is_clock(to) and isinstance(days, list)):
        return
    from_min, to_min = minute_of(str(from_)), minute_of(str(to))
    for day in days:
        if day in WEEK:
            begin = WEEK.index(day) * 1440
            yield _Piece(begin + from_min, begin + to_min + (1440 if to_min <= from_min else 0), str(shift.get("id")), path)


def _overlaps(pieces: list[_Piece], round_min: int) -> Iterator[Problem]:
    """Where one begins before another has ended; `round_min`: after so long it begins anew. Each pair of shifts once."""
    ordered = sorted(pieces)
    around = [_Piece(p.from_min + round_min, p.to_min + round_min, p.shift, p.path) for p in ordered[:1]] if round_min else []
    told: set[tuple[Path_, Path_]] = set()
    for before, after in zip(ordered, [*ordered[1:], *around], strict=False):
        pair = (before.path, after.path)
        if after.from_min < before.to_min and pair not in told and len(ordered) > 1:
            told.add(pair)
            yield Problem(
                after.path,
                f"overlaps shift {before.shift!r}: it begins {_wall(after.from_min)}, before that one ends {_wall(before.to_min)}; "
                "let one begin when the other ends (several people may share a shift)",
            )


def _gaps(path: Path_, pieces: list[_Piece]) -> Iterator[Problem]:
    ordered = sorted(pieces)
    covered, first = ordered[0].to_min, ordered[0].from_min
    holes = []
    for piece in ordered[1:]:
        if piece.from_min > covered:
            holes.append((covered, piece.from_min))
        covered = max(covered, piece.to_min)
    if first + WEEK_MIN > covered:
        holes.append((covered, first + WEEK_MIN))
    if holes:
        listed = "; ".join(f"{_wall(begin)} to {_wall(end)}" for begin, end in holes[:7]) + ("; …" if len(holes) > 7 else "")
        yield Problem(path, f"nobody is on duty: {listed}; add a shift, or say around_the_clock: false where that is meant")


def _wall(minute: int) -> str:
    day, minute = divmod(minute % WEEK_MIN, 1440)
    return f"{WEEK[day]} {minute // 60:02}:{minute % 60:02}"


def _is_clock(text: object) -> bool:
    return isinstance(text, str) and _CLOCK.fullmatch(text) is not None


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
