"""Who is on duty: hours on the wall, in zones that jump, over midnight and the ends of months."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.config.people import Person, Roster, Team
from collector.notify.duty import DAY_MS, Duty, within

KOLKATA, BERLIN, LORD_HOWE = ZoneInfo("Asia/Kolkata"), ZoneInfo("Europe/Berlin"), ZoneInfo("Australia/Lord_Howe")
ROUND = [
    {"id": "day", "from": "08:00", "to": "20:00", "people": ["asha"]},
    {"id": "night", "from": "20:00", "to": "08:00", "people": ["ravi"]},
]


def person(name: str) -> Person:
    return Person.model_validate({"id": name, "name": name, "role": "nurse", "ways": [{"channel": "log"}]})


def duty(shifts: list[dict[str, Any]] = ROUND, **more: Any) -> Duty:
    roster = Roster.model_validate({"id": "room", "shifts": shifts, **more})
    team = Team.model_validate({"id": "pair", "members": ["asha", "ravi"]})
    return Duty([person(name) for name in ("asha", "ravi", "meena")], [team], [roster])


def ms(text: str, zone: ZoneInfo = KOLKATA, fold: int = 0) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).timestamp() * 1000)


@pytest.mark.parametrize(
    ("at", "people"),
    [
        ("2026-01-31T07:59:59", ("ravi",)),
        ("2026-01-31T08:00", ("asha",)),
        ("2026-01-31T19:59:59", ("asha",)),
        ("2026-01-31T20:00", ("ravi",)),
        ("2026-02-01T00:00", ("ravi",)),
        ("2028-02-29T12:00", ("asha",)),
    ],
)
def test_one_shift_ends_where_the_next_begins(at: str, people: tuple[str, ...]) -> None:
    assert duty().who("room", KOLKATA, ms(at)).people == people


def test_the_zone_is_that_of_the_site_unless_the_roster_has_its_own() -> None:
    at = ms("2026-01-31T08:30", KOLKATA)
    assert duty().who("room", BERLIN, at).people == ("ravi",)
    assert duty(timezone="Asia/Kolkata").who("room", BERLIN, at).people == ("asha",)


def test_a_person_or_a_team_is_always_there() -> None:
    assert duty().who("meena", KOLKATA, 0).people == ("meena",)
    assert duty().who("pair", KOLKATA, 0).people == ("asha", "ravi")
    assert duty([{"id": "d", "from": "00:00", "to": "24:00", "people": ["pair", "asha"]}]).who("room", KOLKATA, 0).people == (
        "asha",
        "ravi",
    )


def test_who_is_next() -> None:
    found = duty().after("room", KOLKATA, ms("2026-01-31T09:00"))
    assert found is not None
    assert (found.people, found.from_ms) == (("ravi",), ms("2026-01-31T20:00"))
    assert duty().after("asha", KOLKATA, 0) is None


def test_a_swap_is_of_one_shift() -> None:
    swapped = duty(swaps=[{"date": "2026-03-03", "shift": "night", "out": "ravi", "in": "meena"}])
    for at, people in (
        ("2026-03-03T19:00", "asha"),
        ("2026-03-03T21:00", "meena"),
        ("2026-03-04T07:00", "meena"),
        ("2026-03-04T21:00", "ravi"),
    ):
        assert swapped.who("room", KOLKATA, ms(at)).people == (people,), at


def test_somebody_who_is_not_replaced_leaves_a_gap() -> None:
    found = duty(swaps=[{"date": "2026-03-03", "shift": "day", "out": "asha"}])
    gaps = found.gaps("room", KOLKATA, ms("2026-03-01T00:00"), ms("2026-03-08T00:00"))
    assert [(gap.from_ms, gap.until_ms, gap.shifts) for gap in gaps] == [(ms("2026-03-03T08:00"), ms("2026-03-03T20:00"), ("day",))]


def test_a_holiday_has_its_own_shifts() -> None:
    holiday = {"date": "2026-01-26", "shifts": [{"id": "h", "from": "08:00", "to": "08:00", "people": ["meena"]}]}
    found = duty(holidays=[holiday])
    assert found.who("room", KOLKATA, ms("2026-01-26T07:00")).people == ("ravi",)
    assert found.who("room", KOLKATA, ms("2026-01-26T22:00")).people == ("meena",)
    assert found.who("room", KOLKATA, ms("2026-01-27T07:00")).people == ("meena",)
    assert found.who("room", KOLKATA, ms("2026-01-27T08:00")).people == ("asha",)


def test_fridays_are_others() -> None:
    days = ["sat", "sun", "mon", "tue", "wed", "thu"]
    week = [{"id": "week", "days": days, "from": "00:00", "to": "24:00", "people": ["asha"]}]
    friday = [{"id": "friday", "days": ["fri"], "from": "00:00", "to": "24:00", "people": ["ravi"]}]
    found = duty([*week, *friday])
    assert [found.who("room", KOLKATA, ms(f"2026-01-{day:02}T12:00")).people[0] for day in (1, 2, 3)] == ["asha", "ravi", "asha"]


def test_a_time_that_the_clock_skips_is_the_moment_of_the_jump() -> None:
    shifts = [
        {"id": "a", "from": "02:30", "to": "14:00", "people": ["asha"]},
        {"id": "b", "from": "14:00", "to": "02:30", "people": ["ravi"]},
    ]
    found, jump = duty(shifts), ms("2026-03-29T03:00", BERLIN)
    assert found.who("room", BERLIN, jump - 1).people == ("ravi",)
    assert found.who("room", BERLIN, jump).people == ("asha",)


def test_a_time_that_comes_twice_is_the_first() -> None:
    shifts = [
        {"id": "a", "from": "02:30", "to": "14:00", "people": ["asha"]},
        {"id": "b", "from": "14:00", "to": "02:30", "people": ["ravi"]},
    ]
    first = ms("2026-10-25T02:30", BERLIN)
    assert duty(shifts).who("room", BERLIN, first - 1).people == ("ravi",)
    assert duty(shifts).who("room", BERLIN, first).people == ("asha",)
    assert duty(shifts).who("room", BERLIN, ms("2026-10-25T02:30", BERLIN, fold=1) - 1).people == ("asha",)


def test_daytime_only_is_no_gap_and_nobody_at_night() -> None:
    found = duty([ROUND[0]], around_the_clock=False)
    assert found.who("room", KOLKATA, ms("2026-01-31T21:00")).people == ()
    assert found.gaps("room", KOLKATA, ms("2026-01-31T00:00"), ms("2026-02-03T00:00")) == []
    assert found.after("room", KOLKATA, ms("2026-01-31T21:00")).people == ("asha",)  # type: ignore[union-attr]


def test_daily_hours() -> None:
    assert within("21:00", "07:00", ms("2026-01-31T23:00"), KOLKATA) == ms("2026-02-01T07:00")
    assert within("21:00", "07:00", ms("2026-02-01T06:59"), KOLKATA) == ms("2026-02-01T07:00")
    assert within("21:00", "07:00", ms("2026-02-01T07:00"), KOLKATA) is None


ZONES = st.sampled_from(
    ["UTC", "Asia/Kolkata", "Asia/Kathmandu", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Algiers"]
)
CUTS = st.lists(st.integers(0, 95), min_size=1, max_size=5, unique=True).map(sorted)


@given(ZONES, CUTS, st.integers(0, 5 * 366 * 96), st.integers(0, 3))
def test_a_day_without_holes_has_none_on_any_day_of_the_year(zone_name: str, cuts: list[int], quarter: int, back: int) -> None:
    """Whatever the clock of the place does, exactly one shift is on at every moment, and what is remembered is what is found."""
    zone = ZoneInfo(zone_name)
    walls = [f"{cut // 4:02}:{cut % 4 * 15:02}" for cut in cuts]
    shifts = [
        {"id": f"s{n}", "from": begin, "to": end, "people": ["asha"]}
        for n, (begin, end) in enumerate(zip(walls, [*walls[1:], walls[0]], strict=True))
    ]
    found = duty(shifts)
    at_ms = ms("2024-01-01T00:00", ZoneInfo("UTC")) + quarter * 900_000
    for each_ms in (at_ms, at_ms + DAY_MS, at_ms - back * 3_600_000):
        watch = found.who("room", zone, each_ms)
        assert watch.from_ms <= each_ms < watch.until_ms
        assert len(watch.shifts) == 1
        assert watch == duty(shifts).who("room", zone, each_ms)


def test_every_zone_jump_of_half_an_hour() -> None:
    """Lord Howe Island moves its clock by thirty minutes."""
    found, begin = duty(), ms("2026-04-01T00:00", LORD_HOWE)
    watches = list(found.watches("room", LORD_HOWE, begin, begin + 10 * DAY_MS))
    assert {watch.people for watch in watches} == {("asha",), ("ravi",)}
    lengths = {timedelta(milliseconds=watch.until_ms - watch.from_ms) for watch in watches}
    assert lengths == {timedelta(hours=12), timedelta(hours=12, minutes=30)}
