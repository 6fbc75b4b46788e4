from __future__ import annotations

import random
from math import sqrt

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.stock.series import HOUR_MS, MINUTE_MS, Window, WindowState, fit


def line(slope_lpm: float, minutes: int, noise_l: float = 0.0, seed: int = 1) -> Window:
    window, rnd = Window(HOUR_MS), random.Random(seed)
    for minute in range(minutes):
        window.add(minute * MINUTE_MS, 50_000 + slope_lpm * minute + rnd.gauss(0, noise_l))
    return window


def test_an_exact_line() -> None:
    slope = fit(line(-100, 60), [], 1.0, 0, HOUR_MS)
    assert slope is not None
    assert slope.fall_lpm == pytest.approx(100, rel=1e-4)


def test_a_third_of_outliers_moves_nothing() -> None:
    window = Window(HOUR_MS)
    for minute in range(40):
        window.add(minute * MINUTE_MS, 50_000 - 100 * minute + (9_000 if minute % 7 == 3 else 0))
    slope = fit(window, [], 1.0, 0, HOUR_MS)
    assert slope is not None
    assert slope.fall_lpm == pytest.approx(100, abs=5)


def test_a_refill_between_two_halves_does_not_bend_the_line() -> None:
    window = Window(HOUR_MS)
    for minute in range(40):
        window.add(minute * MINUTE_MS, 20_000 - 100 * minute + (40_000 if minute >= 20 else 0))
    broken = fit(window, [20 * MINUTE_MS], 1.0, 0, HOUR_MS)
    assert broken is not None
    assert broken.fall_lpm == pytest.approx(100, rel=1e-3)
    blind = fit(window, [], 1.0, 0, HOUR_MS)
    assert blind is not None
    assert blind.fall_lpm < 0


def test_the_error_is_that_of_a_regression() -> None:
    """sigma * sqrt(12 / n^3) / dt, and the slopes scatter by about as much."""
    slopes = [fit(line(-100, 40, noise_l=200, seed=seed), [], 1.0, 0, HOUR_MS) for seed in range(60)]
    errors = [slope.fall_lpm - 100 for slope in slopes if slope is not None]
    stated = [slope.se_lpm for slope in slopes if slope is not None]
    expected = 200 * sqrt(12 / 40**3)
    assert sum(stated) / len(stated) == pytest.approx(expected, rel=0.15)
    assert sqrt(sum(e * e for e in errors) / len(errors)) == pytest.approx(expected, rel=0.35)


@pytest.mark.parametrize("points", [0, 1, 2])
def test_too_few_points(points: int) -> None:
    assert fit(line(-1, points), [], 1.0, 0, HOUR_MS) is None


def test_every_point_alone_between_breaks_is_no_line() -> None:
    assert fit(line(-1, 5), [minute * MINUTE_MS for minute in range(5)], 1.0, 0, HOUR_MS) is None


def test_only_points_between_the_two_times() -> None:
    slope = fit(line(-1, 60), [], 1.0, 10 * MINUTE_MS, 19 * MINUTE_MS)
    assert slope is not None
    assert (slope.points, slope.start_ms, slope.end_ms) == (10, 10 * MINUTE_MS, 19 * MINUTE_MS)


@given(st.lists(st.tuples(st.integers(0, 10**7), st.floats(0, 1e7, width=32)), max_size=200))
def test_a_window_is_bounded_ordered_and_comes_back_from_bytes(points: list[tuple[int, float]]) -> None:
    window = Window(HOUR_MS)
    for time_ms, value in points:
        window.add(time_ms, value)
    times = list(window.times)
    assert times == sorted(set(times))
    assert len(times) <= window.limit
    assert not times or times[-1] - times[0] <= HOUR_MS
    kept = msgspec.msgpack.decode(msgspec.msgpack.encode(window.dump()), type=WindowState)
    again = Window(HOUR_MS)
    again.load(kept)
    assert (again.times, again.values) == (window.times, window.values)
