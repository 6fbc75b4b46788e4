from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.stock.level import Level, LevelState, Rise
from tests.unit.collector.stock.cases import MINUTE_MS, START_MS


def watch(raws: list[float], every_s: float = 60.0) -> tuple[Level, list[tuple[int, Rise]]]:
    """A level of 100 litres per unit, its refills with the index of the sample that made them sure."""
    level, rises = Level(5.0, every_s), []
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


# ---- the curve without jumps


def drawn(raws: list[float]) -> list[float]:
    """What was summed up after each sample, in units of the sensor."""
    level, found = Level(5.0), []
    for index, raw in enumerate(raws):
        level.observe(START_MS + index * MINUTE_MS, raw, lambda bar: bar * 100)
        found.append(level.drawn_l / 100)
    return found


def test_what_is_drawn_goes_on_over_a_refill() -> None:
    before = [60.0 - 0.2 * i for i in range(40)]
    after = [148.0 - 0.2 * i for i in range(40)]
    curve = drawn(before + after)
    assert curve[39] == pytest.approx(7.8, abs=0.01)
    assert curve[-1] == pytest.approx(7.8 + 0.2 * 35, abs=0.01)


def test_an_outlier_and_a_step_down_draw_nothing() -> None:
    assert drawn([*FLAT, 130.0, 70.0, *FLAT])[-1] == pytest.approx(0, abs=0.5)
    assert drawn([*FLAT, *[80.0 + wobble(i) for i in range(10)]])[-1] == pytest.approx(0, abs=0.5)


def test_a_rise_that_creeps_is_no_negative_draw_once_it_is_known() -> None:
    """A booster fills a bank by 1.5 bar a minute for half an hour: the first steps are too small for a refill; one refill it is."""
    raws = [*[100.0] * 20, *[100 + 1.5 * i for i in range(1, 31)], *[145.0] * 10]
    curve = drawn(raws)
    assert min(curve) < -3
    assert curve[-1] == pytest.approx(0, abs=0.1)
    assert [(rise.before_raw, rise.after_raw) for _, rise in watch(raws)[1]] == [(100, 145)]


def test_where_a_rise_that_creeps_began() -> None:
    _, rises = watch([*[100.0] * 20, *[100 + 1.5 * i for i in range(1, 12)], *[116.5] * 5])
    assert rises[0][1].start_ms == START_MS + 19 * MINUTE_MS
    assert rises[0][1].before_raw == 100


def test_points_of_six_minutes_for_six_hours() -> None:
    level, _ = watch([200.0 - 0.1 * i for i in range(500)])
    times = list(level.sixes.times)
    assert [b - a for a, b in pairwise(times)] == [6 * MINUTE_MS] * 60
    falls = [(a - b) / 100 for a, b in pairwise(level.sixes.values)]
    assert falls == [pytest.approx(0.6, abs=0.01)] * 60


def test_a_slow_sender_is_understood_too() -> None:
    level, rises = watch([50.0 - 0.5 * (i % 7) for i in range(20)] + [140.0 - i for i in range(10)], every_s=1800)
    assert len(rises) == 1
    assert len(level.minutes.times) <= 61


@given(st.lists(st.floats(0, 200), min_size=1, max_size=60), st.integers(0, 60), st.sampled_from([7.0, 60.0, 400.0]))
def test_a_restart_at_any_point_changes_nothing(raws: list[float], at: int, every_s: float) -> None:
    level, other = Level(5.0), Level(5.0)
    for index, raw in enumerate(raws):
        time_ms = START_MS + round(index * every_s * 1000)
        if index == at:
            state = msgspec.msgpack.decode(msgspec.msgpack.encode(other.dump()), type=LevelState)
            other = Level(5.0)
            other.load(state)
        assert level.observe(time_ms, raw, lambda bar: bar * 100) == other.observe(time_ms, raw, lambda bar: bar * 100)
    assert level.dump() == other.dump()
    assert level.content == other.content


def test_what_a_stuck_sensor_hid_is_not_known_minute_by_minute() -> None:
    """A quarter of a bar a minute, hidden for an hour: neither a standstill for that hour nor a sudden fall are points of the curve."""
    moving = [100.0 - 0.25 * i for i in range(61)]
    level, rises = watch([*moving, *[85.0] * 60, *[70.0 - 0.25 * i for i in range(60)]])
    assert rises == []
    gaps = [(b - a) / MINUTE_MS for a, b in pairwise(level.sixes.times)]
    assert max(gaps) > 55
    falls = [(a - b) / 100 / ((u - t) / MINUTE_MS) for (t, a), (u, b) in pairwise(zip(level.sixes.times, level.sixes.values, strict=True))]
    assert [fall for fall, gap in zip(falls, gaps, strict=True) if gap < 10] == [pytest.approx(0.25, abs=0.04)] * (len(gaps) - 1)


def test_the_minute_in_which_a_stuck_sensor_moves_may_still_show_the_old_value() -> None:
    """At a reading every half minute the median of that minute is the old one."""
    moving = [100.0 - 0.125 * i for i in range(121)]
    level, _ = watch([*moving, *[85.0] * 121, *[70.0 - 0.125 * i for i in range(60)]], every_s=30)
    gaps = [(b - a) / MINUTE_MS for a, b in pairwise(level.sixes.times)]
    assert max(gaps) > 55


def test_an_idle_sensor_that_moves_by_a_digit_was_not_stuck() -> None:
    level, _ = watch([*[100.0] * 60, *[99.9] * 60, *[100.0] * 60])
    gaps = [(b - a) / MINUTE_MS for a, b in pairwise(level.sixes.times)]
    assert max(gaps) <= 7
