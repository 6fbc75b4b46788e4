"""How far a signal moved within a window, where its trend leads, what stands still."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.rates import FAR_H, TREND_MOST, Series, Standing, change, hours_to
from collector.rules.condition import Rate, Still, Trend

FALL = Rate("fall", "reserve_bar", False, 600_000, 1.0)
RISE = Rate("rise", "reserve_bar", True, 600_000, 1.0)
HOUR_MS = 3_600_000


def moved(rate: Rate, bars: list[float], every_s: int = 10) -> list[float]:
    series, found = Series(), []
    for n, bar in enumerate(bars):
        if (value := change(series, rate, bar, n * every_s * 1000)) is not None:
            found.append(value)
    return found


def test_a_fall_is_counted_within_its_window_and_towards_its_side_only() -> None:
    falling = [150 - n / 60 for n in range(360)]  # 1 bar in ten minutes
    assert min(moved(FALL, falling)) == pytest.approx(-1.0, abs=0.11)
    assert set(moved(RISE, falling)) == {0.0}
    assert max(moved(RISE, falling[::-1])) == pytest.approx(1.0, abs=0.11)


def test_a_quick_fall_is_seen_before_its_window_is_over() -> None:
    bars = [150.0] * 60 + [150 - n / 10 for n in range(20)]  # 2 bar in 200 s
    assert min(moved(FALL, bars)) < -1.0


def test_noise_is_no_fall() -> None:
    rng = Random(5)
    assert min(moved(FALL, [150 + rng.gauss(0, 0.2) for _ in range(30_000)])) > -0.7


def test_a_swap_is_no_fall_and_the_window_begins_anew() -> None:
    assert min(moved(FALL, [150.0] * 60 + [110.0] * 60)) == 0.0


@given(st.lists(st.floats(0, 250), max_size=300))
def test_what_is_remembered_is_bounded(bars: list[float]) -> None:
    series = Series()
    for n, bar in enumerate(bars):
        change(series, FALL, bar, n * 10_000)
    assert len(series.times) <= 11


TREND = Trend("trend", "o2_purity_pct", 90.0, True, ())


def led_to(purities: list[float]) -> float | None:
    """A value an hour; what was said last."""
    series, said = Series(), None
    for n, purity in enumerate(purities):
        hours = hours_to(series, TREND, purity, n * HOUR_MS)
        said = said if hours is None else hours
    assert len(series.times) <= TREND_MOST
    return said


def test_a_steady_fall_leads_to_the_limit() -> None:
    assert led_to([94 - n * 0.01 for n in range(241)]) == pytest.approx((94 - 2.34 - 90) / 0.01, rel=0.03)


@pytest.mark.parametrize(
    "purities",
    [[94.0] * 400, [92 + n * 0.005 for n in range(400)], [94 + 0.6 * math.sin(n * math.pi / 12) for n in range(400)], [94.0] * 40],
    ids=["flat", "rising", "day and night", "too few days"],
)
def test_what_leads_nowhere_is_far(purities: list[float]) -> None:
    rng = Random(3)
    assert led_to([purity + rng.gauss(0, 0.05) for purity in purities]) == FAR_H


def test_beyond_the_limit_no_time_is_left() -> None:
    assert led_to([89.5 - n * 0.001 for n in range(100)]) == 0.0


STILL = Still("stuck", ("cycle_count",), 240_000, (("o2_flow_lpm", 10.0),), ())


def test_what_should_move_must_have_moved_meanwhile() -> None:
    standing = Standing(7.0, 0)
    standing.note(STILL, {"o2_flow_lpm": 100.0})
    assert not standing.moved(STILL)
    standing.note(STILL, {})
    standing.note(STILL, {"o2_flow_lpm": 109.0})
    assert not standing.moved(STILL)
    standing.note(STILL, {"o2_flow_lpm": 110.0})
    assert standing.moved(STILL)


def test_where_nothing_has_to_move_standing_still_is_enough() -> None:
    assert Standing(7.0, 0).moved(Still("stuck", ("cycle_count",), 240_000, (), ()))
