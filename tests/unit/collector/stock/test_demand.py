"""The usual demand: by the hours on the site's own clock."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.stock.demand import LocalTime, Week
from tests.unit.collector.stock.cases import HOUR_MS, START_MS

ZONES = ["UTC", "Asia/Kolkata", "Asia/Kathmandu", "Africa/Algiers", "Australia/Lord_Howe", "America/New_York", "Pacific/Chatham"]


def at(zone: str, *when: int) -> int:
    return round(datetime(*when, tzinfo=ZoneInfo(zone)).timestamp() * 1000)  # type: ignore[misc, arg-type]  # year, month, day, hour


@pytest.mark.parametrize("zone", ZONES)
@given(st.integers(0, 4_000_000_000_000))
def test_the_hour_is_that_of_the_clock_on_the_wall(zone: str, time_ms: int) -> None:
    local = LocalTime(ZoneInfo(zone))
    wall = datetime.fromtimestamp(time_ms // 1000, ZoneInfo(zone))
    assert local.hour(time_ms) % 24 == wall.hour
    began_ms = local.began_ms(time_ms)
    assert 0 <= time_ms - began_ms < HOUR_MS
    assert (time_ms - began_ms) // 60_000 == wall.minute


def filled(zone: str, days: int, start_ms: int) -> tuple[Week, int]:
    """So many days in which each local hour took 100 L/min and the number of the hour; the time of the last."""
    week = Week(ZoneInfo(zone))
    now_ms = week.local.began_ms(start_ms)
    for _ in range(days * 24):
        week.record(now_ms, 100.0 + week.local.hour(now_ms) % 24)
        now_ms = week.local.began_ms(now_ms + HOUR_MS)
    return week, now_ms


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("days", [3, 7, 12])
def test_the_same_hour_is_the_same_local_hour(zone: str, days: int) -> None:
    week, now_ms = filled(zone, days, START_MS)
    assert len(week.window.times) <= 168
    for minutes in (0, 29, 59):
        same = week.same_hour(now_ms + minutes * 60_000)
        assert same is not None
        assert {same.low, same.mid, same.high} == {100.0 + week.local.hour(now_ms) % 24}


@pytest.mark.parametrize("day", [(2026, 3, 8), (2026, 11, 1)], ids=["clocks go forward", "clocks go back"])
def test_when_clocks_are_turned_the_hours_stay_those_of_the_wall(day: tuple[int, int, int]) -> None:
    week, now_ms = filled("America/New_York", 6, at("America/New_York", *day, 0) - 4 * 24 * HOUR_MS)
    same = week.same_hour(now_ms)
    assert same is not None
    assert same.low == same.high == 100 + datetime.fromtimestamp(now_ms / 1000, ZoneInfo("America/New_York")).hour


def test_two_days_are_too_few() -> None:
    week, now_ms = filled("Asia/Kolkata", 2, START_MS)
    assert week.same_hour(now_ms) is None
    assert week.turn(now_ms - HOUR_MS, now_ms) == 1.0


def test_how_the_usual_demand_turns() -> None:
    week, _ = filled("Asia/Kolkata", 5, START_MS)
    noon_ms = at("Asia/Kolkata", 2025, 11, 29, 12)
    middle_ms = noon_ms + HOUR_MS // 2
    assert week.turn(middle_ms, middle_ms) == 1.0
    assert week.turn(middle_ms - 6 * HOUR_MS, middle_ms) == pytest.approx(112 / 106, rel=1e-6)
    assert week.turn(middle_ms - 6 * HOUR_MS, noon_ms) == pytest.approx(111.5 / 106, rel=1e-6)


def test_no_turn_is_larger_than_twofold() -> None:
    week = Week()
    for hour in range(96):
        week.record(START_MS + hour * HOUR_MS, 10.0 if hour % 24 < 12 else 100.0)
    middle_ms = START_MS + 96 * HOUR_MS + HOUR_MS // 2
    assert week.turn(middle_ms, middle_ms + 12 * HOUR_MS) == 2.0
    assert week.turn(middle_ms + 12 * HOUR_MS, middle_ms + 24 * HOUR_MS) == 0.5
