from __future__ import annotations

from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from collector.kpi.counted import ANNOUNCED, HIDDEN, WAITING, at_night, is_alarm, is_announced
from collector.outputs import AlarmEvent, AlarmState
from tests.unit.collector.kpi.cases import START_MS, said

HOUR_MS = 3_600_000


@pytest.mark.parametrize(
    ("more", "counts"),
    [
        ({}, True),
        ({"annunciate": False, "state": "suppressed"}, False),
        ({"priority": "info"}, False),
        ({"priority": "low"}, True),
    ],
)
def test_an_alarm_is_counted_where_somebody_has_to_act_on_it(more: dict[str, Any], counts: bool) -> None:
    assert is_announced(said("line/LP-L", 0, "raised", **more)) is counts


@pytest.mark.parametrize("event", get_args(AlarmEvent))
def test_only_events_that_call_somebody_are_counted(event: AlarmEvent) -> None:
    """ "It is over" is told, and is no alarm."""
    assert is_announced(said("line/LP-L", 0, event, annunciate=True)) is (event in ANNOUNCED)


def test_what_late_data_shows_is_no_alarm() -> None:
    assert not is_alarm(said("line/LP-L", 0, "discovered_late"))
    assert is_alarm(said("line/LP-L", 0, "cleared"))
    assert not is_alarm(said("line/CK-BD", 0, "raised", priority="info"))


def test_the_groups_of_states_are_apart() -> None:
    assert set(get_args(AlarmState)) > HIDDEN | WAITING
    assert not HIDDEN & WAITING


@pytest.mark.parametrize(
    ("zone", "hour", "night"),
    [("Asia/Kolkata", 0, False), ("Asia/Kolkata", 1, True), ("UTC", 0, False), ("UTC", 6, True), ("UTC", 14, True), ("UTC", 15, False)],
)
def test_night_is_by_the_clock_on_the_wall(zone: str, hour: int, night: bool) -> None:
    """START_MS is 16:00 UTC and 21:30 in Kolkata."""
    assert at_night(START_MS + hour * HOUR_MS, ZoneInfo(zone)) is night
