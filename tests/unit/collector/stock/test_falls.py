"""Over what time a fall is best looked at, and what gaps do to it."""

from __future__ import annotations

import random

import pytest

from collector.stock.falls import Fall, best_fall, drift_share, mean_fall, together
from collector.stock.series import HOUR_MS, MINUTE_MS, Slope, Window


def falling(lpm: float, noise_l: float, minutes: int = 61, every: int = 1, seed: int = 1) -> Window:
    window, rnd = Window(6 * HOUR_MS), random.Random(seed)
    for minute in range(0, minutes * every, every):
        window.add(minute * MINUTE_MS, 500_000 - lpm * minute + rnd.gauss(0, noise_l))
    return window


def best(window: Window, since_ms: int = 0) -> Slope | None:
    assert window.last_ms is not None
    return best_fall(window, [], 1.0, since_ms, window.last_ms)


@pytest.mark.parametrize(
    ("window", "at_least_min", "at_most_min"),
    [
        (falling(200, 5), 14, 16),
        (falling(200, 100), 28, 32),
        (falling(200, 600), 58, 60),
        (falling(200, 4000, every=6), 170, 360),
    ],
    ids=["a quiet sensor", "some noise", "more", "a tank"],
)
def test_the_noisier_the_longer(window: Window, at_least_min: float, at_most_min: float) -> None:
    slope = best(window)
    assert slope is not None
    assert at_least_min <= slope.span_ms / MINUTE_MS <= at_most_min
    assert slope.fall_lpm == pytest.approx(200, abs=4 * slope.se_lpm)


def test_a_demand_that_rises_is_followed() -> None:
    """By a quarter of an hour's slope the lag is a few minutes; by an hour's it would be half an hour."""
    window = Window(HOUR_MS)
    for minute in range(61):
        window.add(minute * MINUTE_MS, 500_000 - 100 * minute - 1.0 * minute * minute)
    slope = best(window)
    assert slope is not None
    assert slope.fall_lpm == pytest.approx(220, rel=0.09)


def test_nothing_from_before_the_time_that_counts() -> None:
    slope = best(falling(100, 5), since_ms=48 * MINUTE_MS)
    assert slope is not None
    assert slope.start_ms >= 48 * MINUTE_MS
    assert best(falling(100, 5), since_ms=55 * MINUTE_MS) is None


def test_the_mean_leaves_out_the_gap_at_a_refill() -> None:
    window = Window(2 * HOUR_MS)
    for minute in (*range(31), *range(41, 71)):
        window.add(minute * MINUTE_MS, -100.0 * (minute if minute <= 30 else minute - 11))
    assert mean_fall(window, [], 0) == (5900.0, 70.0)
    litres, minutes = mean_fall(window, [41 * MINUTE_MS], 0) or (0.0, 1.0)
    assert litres / minutes == pytest.approx(100)


@pytest.mark.parametrize("minutes", [0, 1, 9])
def test_too_few_points_for_a_mean(minutes: int) -> None:
    assert mean_fall(falling(100, 0, minutes=minutes), [], 0) is None


def test_the_longer_ago_the_wider() -> None:
    shares = [drift_share(hours * HOUR_MS) for hours in (0, 1, 6)]
    assert shares == sorted(shares)
    quick, slow = (together([Fall(Slope(100, 1.0, 30, 0, span_ms), True, 1.0, span_ms)], 0.0) for span_ms in (HOUR_MS, 6 * HOUR_MS))
    assert quick is not None
    assert slow is not None
    assert slow.high - slow.low > 2 * (quick.high - quick.low)
