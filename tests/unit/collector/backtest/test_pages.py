from __future__ import annotations

from zoneinfo import ZoneInfo

import msgspec
import pytest

from collector.backtest.pages import pages
from tests.unit.collector.backtest.episode import at, episode

KOLKATA = ZoneInfo("Asia/Kolkata")
"""Noon of the world is 17:30 there."""
H = 60


def called(*minutes: float) -> list[int]:
    return [at(minute) for minute in minutes]


@pytest.mark.parametrize(
    ("minute", "is_at_night"),
    [(4.4 * H, False), (4.5 * H, True), (10 * H, True), (13.4 * H, True), (13.5 * H, False), (20 * H, False)],
)
def test_a_night_is_from_ten_to_seven_of_the_site(minute: float, is_at_night: bool) -> None:
    found = pages([episode(minute)], at(0), at(24 * H), KOLKATA)
    assert (found.total, found.at_night) == (1, int(is_at_night))


def test_calls_are_counted_by_night_and_by_day() -> None:
    many = msgspec.structs.replace(episode(5 * H), pages_ms=tuple(called(5 * H, 6 * H, 13 * H, 20 * H, 30 * H)))
    found = pages([many, episode(29 * H), episode(400 * H), episode(6 * H, priority="low")], at(0), at(48 * H), KOLKATA)
    assert (found.total, found.at_night, found.worst_night, found.nights, found.days) == (6, 5, 3, 2, 2.0)
    assert (found.per_night, found.per_day) == (2.5, 3.0)


@pytest.mark.parametrize(
    ("begin", "end", "nights"),
    [(0, 4, 0), (0, 5, 1), (0, 24, 1), (0, 28.4, 1), (0, 28.6, 2), (8, 10, 1), (14, 20, 0), (0, 48, 2), (0, 24 * 7, 7)],
)
def test_nights_that_have_a_part_in_the_range(begin: float, end: float, nights: int) -> None:
    assert pages([], at(begin * H), at(end * H), KOLKATA).nights == nights


def test_an_empty_range_has_no_rate() -> None:
    found = pages([], at(0), at(0), KOLKATA)
    assert (found.per_night, found.per_day) == (0.0, 0.0)
