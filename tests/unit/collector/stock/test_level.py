from __future__ import annotations

import pytest

from collector.stock.level import Level, Rise
from tests.unit.collector.stock.cases import MINUTE_MS, START_MS


def watch(raws: list[float], every_s: float = 60.0) -> tuple[Level, list[tuple[int, Rise]]]:
    """A level of 100 litres per unit, its refills with the index of the sample that made them sure."""
    level, rises = Level(5.0), []
    for index, raw in enumerate(raws):
        rise = level.observe(START_MS + round(index * every_s * 1000), raw, lambda bar: bar * 100)
        if rise is not None:
            rises.append((index, rise))
    return level, rises


def wobble(index: int) -> float:
    return 0.2 * (index % 3 - 1)


FLAT = [100.0 + wobble(i) for i in range(30)]


@pytest.mark.parametrize(("every_s", "found_within_min"), [(1, 5), (10, 5), (60, 5), (300, 15)])
def test_a_refill_is_found_whatever_the_interval(every_s: float, found_within_min: float) -> None:
    before = round(1800 / every_s)
    after = round(1200 / every_s)
    _, rises = watch([50.0 + wobble(i) for i in range(before)] + [140.0 + wobble(i) for i in range(after)], every_s)
    assert len(rises) == 1
    index, rise = rises[0]
    assert 0 <= (index - before) * every_s / 60 <= found_within_min
    assert rise.after_l - rise.before_l == pytest.approx(9000, abs=100)


@pytest.mark.parametrize("by", [20.0, -20.0])
@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_outliers_are_nothing(by: float, count: int) -> None:
    level, rises = watch([*FLAT, *[100.0 + by] * count, *FLAT])
    assert rises == []
    assert level.breaks == []
    assert max(abs(raw - 100) for raw in level.minutes.raws) < 1


def test_an_outlier_in_the_middle_of_a_refill_is_no_second_refill() -> None:
    _, rises = watch([*FLAT, 150.0, 150.1, 130.0, *[150.0 + wobble(i) for i in range(20)]])
    assert [round(rise.after_l - rise.before_l, -2) for _, rise in rises] == [5000]


def test_outliers_to_both_sides_in_a_row_are_no_step() -> None:
    _, rises = watch([*FLAT, 120.0, 80.0, 120.0, 80.0, *FLAT])
    assert rises == []


def test_a_step_down_ends_a_segment_without_a_refill() -> None:
    level, rises = watch([*FLAT, *[80.0 + wobble(i) for i in range(10)]])
    assert rises == []
    assert len(level.breaks) == 1
    assert level.content_l == pytest.approx(8000, abs=30)


def test_a_level_that_falls_fast_is_no_step() -> None:
    level, _ = watch([140.0 - 3 * i for i in range(40)])
    assert level.breaks == []


def test_a_rise_below_the_step_is_no_refill() -> None:
    assert watch([*FLAT, *[104.0] * 20])[1] == []


def test_a_second_refill_right_after_the_first_is_one_of_its_own() -> None:
    _, rises = watch([*FLAT, *[120.0 + wobble(i) for i in range(8)], *[140.0 + wobble(i) for i in range(8)]])
    assert [round(rise.after_l - rise.before_l, -2) for _, rise in rises] == [2000, 2000]


def test_old_and_repeated_samples_are_left_out() -> None:
    level = Level(5.0)
    for time_ms in (START_MS, START_MS + MINUTE_MS, START_MS, START_MS + MINUTE_MS):
        level.observe(time_ms, 100.0, lambda bar: bar)
    assert list(level.minutes.times) == [START_MS, START_MS + MINUTE_MS]


def test_since_when_it_has_not_moved() -> None:
    level, _ = watch([100.0, 100.1, 100.1, 100.1])
    assert level.frozen_ms == START_MS + MINUTE_MS


def test_how_far_it_fell() -> None:
    level, _ = watch([100.0 - 0.5 * i for i in range(40)])
    assert level.fallen(10 * MINUTE_MS, 4 * MINUTE_MS) == pytest.approx(3.0)
    level.restart(START_MS + 35 * MINUTE_MS)
    assert level.fallen(10 * MINUTE_MS, 4 * MINUTE_MS) == 0.0
