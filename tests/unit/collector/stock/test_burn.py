"""Where the burn, the demand and the plan come from."""

from __future__ import annotations

import random

import pytest

from collector.outputs import Bounded
from collector.stock import SiteStock
from collector.stock.demand import Week, beds_span
from collector.stock.falls import Fall, together
from collector.stock.series import Slope
from devices.assets import Beds
from devices.oxygen import pressure_for_litres
from tests.unit.collector.stock.cases import BANK, HOUR_MS, MINUTE_MS, START_MS, site

LINE = {"id": "l", "kind": "pipeline", "nominal_bar": 4.1, "interval_s": 60}
MIDNIGHT_MS = START_MS // (24 * HOUR_MS) * 24 * HOUR_MS


def mid(bounded: Bounded) -> float:
    assert bounded.mid is not None
    return bounded.mid


def with_line(flows_lpm: list[float]) -> tuple[SiteStock, int]:
    """A full bank and one value of the line's flow a minute; the time of the last."""
    stock = SiteStock(site(BANK, LINE))
    for minute, flow_lpm in enumerate(flows_lpm):
        stock.observe("m", "manifold", {"bank_a_bar": 150.0, "bank_temp_c": 30.0}, MIDNIGHT_MS + minute * MINUTE_MS)
        stock.observe("l", "pipeline", {"o2_flow_lpm": flow_lpm}, MIDNIGHT_MS + minute * MINUTE_MS)
    return stock, MIDNIGHT_MS + (len(flows_lpm) - 1) * MINUTE_MS


def test_the_plan_is_that_of_six_hours_where_the_last_hour_was_quiet() -> None:
    stock, now_ms = with_line([200.0] * 300 + [50.0] * 60)
    estimate = stock.estimate(now_ms)
    assert mid(estimate.burn_lpm) == pytest.approx(50)
    assert mid(estimate.plan_lpm) == pytest.approx((300 * 200 + 60 * 50) / 360, rel=0.03)
    assert estimate.method == "draw: line flow; plan: line flow of 6 h"


def test_the_plan_knows_what_this_hour_usually_takes() -> None:
    day = [100.0] * 480 + [400.0] * 60 + [100.0] * 900
    stock, now_ms = with_line(day * 3 + [100.0] * 482)
    estimate = stock.estimate(now_ms)
    assert mid(estimate.burn_lpm) == pytest.approx(100)
    assert mid(estimate.plan_lpm) == pytest.approx(400, rel=0.05)
    assert "this hour of the last days" in estimate.method


def test_no_burn_below_a_tenth_of_the_usual_is_divided_by() -> None:
    stock, now_ms = with_line([300.0] * 900 + [6.0] * 400)
    estimate = stock.estimate(now_ms)
    content_l = mid(estimate.sources[0].content_l)
    assert mid(estimate.connected_now_h) == pytest.approx(content_l / 30 / 60)
    assert estimate.connected_now_h.high is None


def test_held_for_a_day_then_the_usual() -> None:
    stock, now_ms = with_line([100.0] * 1300 + [300.0] * 130)
    assert mid(stock.estimate(now_ms + 20 * HOUR_MS).burn_lpm) == pytest.approx(300, rel=0.05)
    late = stock.estimate(now_ms + 30 * HOUR_MS)
    assert mid(late.burn_lpm) == pytest.approx(100, rel=0.05)
    assert "demand by the last days" in late.method


def test_the_bounds_of_a_held_burn_grow() -> None:
    stock, now_ms = with_line([100.0] * 60)
    widths = [(e.burn_lpm.high or 0) - (e.burn_lpm.low or 0) for e in (stock.estimate(now_ms + hours * HOUR_MS) for hours in (1, 2, 3))]
    assert widths[0] + 15 < widths[1] < widths[2] - 15


def noisy(litres: float, noise: random.Random) -> float:
    return pressure_for_litres(10, 46.7, litres, 30, 10) + noise.gauss(0, 0.3)


def test_a_bank_that_stands_still_without_any_meter_is_counted_down() -> None:
    stock, noise = SiteStock(site(BANK)), random.Random(1)
    for minute in range(120):
        time_ms = START_MS + minute * MINUTE_MS
        stock.observe(
            "m", "manifold", {"bank_a_bar": noisy(50_000 - 100 * minute, noise), "bank_temp_c": 30.0, "bank_in_use": "a"}, time_ms
        )
    for minute in range(120, 210):
        time_ms = START_MS + minute * MINUTE_MS
        stock.observe("m", "manifold", {"bank_a_bar": 91.0, "bank_temp_c": 30.0, "bank_in_use": "a"}, time_ms)
    estimate = stock.estimate(time_ms)
    assert mid(estimate.burn_lpm) == pytest.approx(100, rel=0.1)
    at_91_bar_l = mid(estimate.sources[0].content_l)
    assert mid(estimate.connected_now_h) == pytest.approx((at_91_bar_l - 90 * 100) / 100 / 60, rel=0.1)
    assert "m/a stands still" in estimate.method


def test_idle_banks_add_no_burn_of_their_own() -> None:
    three = {**BANK, "banks": {name: {"cylinders": 10, "type": "in-d"} for name in ("a", "b", "reserve")}}
    stock, noise = SiteStock(site(three)), random.Random(3)
    burns = []
    for minute in range(400):
        values: dict[str, float | bool | str] = {"bank_a_bar": noisy(55_000 - 60 * minute, noise), "bank_temp_c": 30.0, "bank_in_use": "a"}
        values |= {"bank_b_bar": noisy(60_000, noise), "reserve_bar": noisy(60_000, noise)}
        stock.observe("m", "manifold", values, START_MS + minute * MINUTE_MS)
        if minute > 60 and minute % 10 == 0:
            burns.append(mid(stock.estimate(START_MS + minute * MINUTE_MS).burn_lpm))
    assert sum(burns) / len(burns) == pytest.approx(60, abs=1.0)


def fall(lpm: float | None, se_lpm: float = 1.0, in_use: bool = False) -> Fall:
    slope = None if lpm is None else Slope(lpm, se_lpm, 60, 0, 1)
    return Fall(slope, in_use, se_lpm, 1)


@pytest.mark.parametrize(
    ("falls", "expected_lpm"),
    [
        ([], None),
        ([fall(None)], None),
        ([fall(50)], 50),
        ([fall(50), fall(1.9)], 50),
        ([fall(50), fall(2.1)], 52.1),
        ([fall(50), fall(1.5, in_use=True)], 51.5),
        ([fall(50), fall(-30)], 50),
        ([fall(-30)], 0),
        ([fall(50), fall(None)], 50),
        ([fall(50), fall(None, in_use=True)], None),
        ([fall(50, se_lpm=20)], None),
        ([fall(100, se_lpm=20)], 100),
    ],
)
def test_which_slopes_count(falls: list[Fall], expected_lpm: float | None) -> None:
    span = together(falls, 0.0)
    assert (None if span is None else span.mid) == expected_lpm


def test_beds() -> None:
    assert beds_span(Beds()) is None
    span = beds_span(Beds(ward=120, icu=30))
    assert span is not None
    assert span.mid == pytest.approx((120 * 0.8 * 0.2 * 10 + 30 * 0.8 * 0.5 * 24) * 1.1)
    assert (span.low, span.high) == pytest.approx((0.1 * span.mid, 2 * span.mid))


def test_the_week_keeps_seven_days() -> None:
    week = Week()
    for hour in range(400):
        week.record(MIDNIGHT_MS + hour * HOUR_MS, 100.0 + hour % 24)
    assert len(week.window.times) == 168
    same = week.same_hour(MIDNIGHT_MS + 400 * HOUR_MS)
    assert same is not None
    assert same.mid == 100 + 400 % 24
    assert week.same_hour(MIDNIGHT_MS + 600 * HOUR_MS) is None


def test_what_flowed_while_nothing_was_left_is_not_what_was_wanted() -> None:
    """Six hours at 200 L/min, two without any gas, then cylinders come and it flows again: the plan is not drawn down by the two hours."""
    stock = SiteStock(site(BANK, LINE))
    for minute in range(540):
        time_ms = MIDNIGHT_MS + minute * MINUTE_MS
        dry = 360 <= minute < 480
        stock.observe("m", "manifold", {"bank_a_bar": 10.0 if dry else 150.0, "bank_temp_c": 30.0}, time_ms)
        stock.observe("l", "pipeline", {"o2_flow_lpm": 0.0 if dry else 120.0 if minute >= 480 else 200.0}, time_ms)
    estimate = stock.estimate(time_ms)
    assert mid(estimate.burn_lpm) == pytest.approx(120)
    assert mid(estimate.plan_lpm) == pytest.approx(200)
    assert estimate.plan_method == "the last days"
