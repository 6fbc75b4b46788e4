from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.outputs import Bounded, StockEstimate
from collector.stock import SIGNALS, SiteStock, StockState
from devices.assets import Site
from devices.kinds.catalogue import KINDS
from devices.oxygen import CYLINDERS, lox_litres_gas, pressure_for_litres, usable_litres
from tests.unit.collector.stock.cases import BANK, FULL_L, HOUR_MS, MINUTE_MS, START_MS, TenD, feed, site

PLANT = {"id": "p", "kind": "psa_plant", "rated_flow_lpm": 500, "interval_s": 60}
LINE = {"id": "l", "kind": "pipeline", "nominal_bar": 4.1, "interval_s": 60}
TANK = {"id": "t", "kind": "lox_tank", "capacity_kg": 10_000, "interval_s": 60}
STORE = {"id": "st", "kind": "cylinder_store", "type": "in-d"}


def numbers(estimate: StockEstimate) -> list[Bounded]:
    hours = [estimate.connected_now_h, estimate.connected_h, estimate.on_site_h, estimate.burn_lpm, estimate.plan_lpm]
    return hours + [source.content_l for source in estimate.sources]


def check(estimate: StockEstimate) -> None:
    """Finite, not negative, in order; unknown as a whole or not at all, but for the upper bound."""
    for each in numbers(estimate):
        known = [value for value in (each.low, each.mid, each.high) if value is not None]
        assert all(math.isfinite(value) and value >= 0 for value in known), estimate
        assert known == sorted(known), estimate
        assert (each.low is None) == (each.mid is None), estimate
        assert each.high is None or each.mid is not None, estimate


def mid(bounded: Bounded) -> float:
    assert bounded.mid is not None
    return bounded.mid


def high(bounded: Bounded) -> float:
    assert bounded.high is not None
    return bounded.high


def low(bounded: Bounded) -> float:
    assert bounded.low is not None
    return bounded.low


def bar_of(litres: float, temp_c: float = 30) -> float:
    return pressure_for_litres(10, 46.7, litres, temp_c, 10)


def test_every_signal_it_reads_is_in_the_catalogue() -> None:
    assert {(kind, signal) for kind, signal in SIGNALS if signal not in KINDS[kind].signals} == set()


# ---- the simulated case


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_ten_cylinders_over_44_hours(seed: int) -> None:
    case, stock = TenD(seed), SiteStock(site(BANK))
    events, errors_lpm, held = [], [], []
    for minute, (time_ms, values, draw_lpm) in enumerate(case.samples(44 * 60)):
        events += [(time_ms, event) for event in stock.observe("m", "manifold", values, time_ms)]
        if minute > 70 and minute % 10 == 0:
            estimate = stock.estimate(time_ms)
            check(estimate)
            errors_lpm.append(mid(estimate.burn_lpm) - draw_lpm)
            truth_h = case.content_l / draw_lpm / 60
            held.append(low(estimate.connected_now_h) <= truth_h <= high(estimate.connected_now_h))
    assert len(case.swaps_ms) == 4
    assert [0 <= found_ms - swap_ms <= 5 * MINUTE_MS for swap_ms, (found_ms, _) in zip(case.swaps_ms, events, strict=True)] == [True] * 4
    assert all(event.event == "refill" and event.litres == pytest.approx(0.88 * FULL_L, rel=0.03) for _, event in events)
    assert math.sqrt(sum(error**2 for error in errors_lpm) / len(errors_lpm)) <= 4.0
    assert sum(held) / len(held) >= 0.9


def test_without_a_temperature_the_bounds_still_hold() -> None:
    case, stock = TenD(7, with_temp=False), SiteStock(site(BANK))
    held = []
    for minute, (time_ms, values, draw_lpm) in enumerate(case.samples(44 * 60)):
        stock.observe("m", "manifold", values, time_ms)
        if minute > 70 and minute % 10 == 0:
            estimate = stock.estimate(time_ms)
            held.append(low(estimate.connected_now_h) <= case.content_l / draw_lpm / 60 <= high(estimate.connected_now_h))
    assert sum(held) / len(held) >= 0.9


def test_an_assumed_temperature_widens_the_content_by_seven_percent() -> None:
    widths = []
    for more in ({"bank_temp_c": 30.0}, {}):
        stock = SiteStock(site(BANK))
        stock.observe("m", "manifold", {"bank_a_bar": 150.0, **more}, START_MS)
        content = stock.estimate(START_MS).sources[0].content_l
        widths.append((high(content) - low(content)) / 2 / mid(content))
    assert widths == [pytest.approx(0.016, abs=0.003), pytest.approx(0.071, abs=0.003)]


@pytest.mark.parametrize("at_minute", [1, 61, 75, 500, 1000])
def test_a_restart_changes_no_estimate(at_minute: int) -> None:
    case, stock = TenD(5), SiteStock(site(BANK))
    restarted: SiteStock | None = None
    for minute, (time_ms, values, _) in enumerate(case.samples(at_minute + 200)):
        events = stock.observe("m", "manifold", values, time_ms)
        if restarted is not None:
            assert restarted.observe("m", "manifold", values, time_ms) == events
            if minute % 9 == 0:
                assert restarted.estimate(time_ms) == stock.estimate(time_ms)
        if minute == at_minute:
            kept = msgspec.msgpack.encode(stock.dump())
            restarted = SiteStock(site(BANK), msgspec.msgpack.decode(kept, type=StockState))


def test_what_is_dumped_is_bounded() -> None:
    case, stock = TenD(5), SiteStock(site(BANK))
    sizes = []
    for minute, (time_ms, values, _) in enumerate(case.samples(3 * 1440)):
        stock.observe("m", "manifold", values, time_ms)
        if minute % 360 == 0:
            sizes.append(len(msgspec.msgpack.encode(stock.dump())))
    assert max(sizes) < 6_000


# ---- unknown


def test_nothing_known_is_said_as_unknown() -> None:
    estimate = SiteStock(site(BANK)).estimate(START_MS)
    assert (estimate.connected_now_h, estimate.burn_lpm, estimate.measured_ms) == (Bounded(), Bounded(), None)
    assert estimate.method == "draw unknown; plan unknown"


def test_content_without_any_burn_has_no_hours() -> None:
    stock = SiteStock(site(BANK))
    feed(stock, "m", "manifold", {"bank_a_bar": 150.0, "bank_temp_c": 30.0}, range(START_MS, START_MS + 2 * MINUTE_MS, MINUTE_MS))
    estimate = stock.estimate(START_MS + 2 * MINUTE_MS)
    assert estimate.connected_h == Bounded()
    assert mid(estimate.sources[0].content_l) == pytest.approx(FULL_L, rel=0.001)


def test_before_there_is_data_the_beds_stand_in_with_wide_bounds() -> None:
    stock = SiteStock(site(BANK, beds={"ward": 50}))
    stock.observe("m", "manifold", {"bank_a_bar": 150.0, "bank_temp_c": 30.0}, START_MS)
    estimate = stock.estimate(START_MS)
    check(estimate)
    assert "beds" in estimate.method
    assert mid(estimate.plan_lpm) == pytest.approx(50 * 0.8 * 0.2 * 10 * 1.1)
    assert high(estimate.connected_h) > 5 * mid(estimate.connected_h)


def test_a_bank_that_never_reported_counts_as_nothing_but_may_be_full() -> None:
    two = {**BANK, "banks": {"a": {"cylinders": 10, "type": "in-d"}, "b": {"cylinders": 10, "type": "in-d"}}}
    one, both = SiteStock(site(BANK, LINE)), SiteStock(site(two, LINE))
    for stock in (one, both):
        feed(stock, "m", "manifold", {"bank_a_bar": 100.0, "bank_temp_c": 30.0}, range(START_MS, START_MS + 10 * MINUTE_MS, MINUTE_MS))
        feed(stock, "l", "pipeline", {"o2_flow_lpm": 100.0}, range(START_MS, START_MS + 10 * MINUTE_MS, MINUTE_MS))
    a, b = one.estimate(START_MS + 10 * MINUTE_MS), both.estimate(START_MS + 10 * MINUTE_MS)
    assert mid(a.connected_now_h) == pytest.approx(mid(b.connected_now_h))
    assert high(b.connected_now_h) > high(a.connected_now_h) + 5


def test_a_burn_at_the_floor_has_no_upper_bound() -> None:
    stock = SiteStock(site(BANK, LINE))
    feed(stock, "m", "manifold", {"bank_a_bar": 150.0, "bank_temp_c": 30.0}, range(START_MS, START_MS + 10 * MINUTE_MS, MINUTE_MS))
    feed(stock, "l", "pipeline", {"o2_flow_lpm": 0.0}, range(START_MS, START_MS + 10 * MINUTE_MS, MINUTE_MS))
    estimate = stock.estimate(START_MS + 10 * MINUTE_MS)
    assert estimate.connected_now_h.high is None
    assert mid(estimate.connected_now_h) == pytest.approx(FULL_L / 5 / 60, rel=0.01)


# ---- ageing


def metered(lpm: float = 100.0, minutes: int = 30, content_l: float = 40_000) -> SiteStock:
    stock = SiteStock(site(BANK, LINE))
    for minute in range(minutes):
        time_ms = START_MS + minute * MINUTE_MS
        stock.observe("m", "manifold", {"bank_a_bar": bar_of(content_l + lpm * (minutes - 1 - minute)), "bank_temp_c": 30.0}, time_ms)
        stock.observe("l", "pipeline", {"o2_flow_lpm": lpm}, time_ms)
    return stock


LAST_MS = START_MS + 29 * MINUTE_MS


def test_the_flow_meter_gives_the_burn() -> None:
    estimate = metered().estimate(LAST_MS)
    assert mid(estimate.burn_lpm) == pytest.approx(100)
    assert mid(estimate.connected_now_h) == pytest.approx(40_000 / 100 / 60, rel=0.01)
    assert estimate.method == "draw: line flow; plan: line flow"


def test_without_news_the_hours_count_down_and_the_bounds_widen() -> None:
    stock = metered()
    now = stock.estimate(LAST_MS)
    later = [stock.estimate(LAST_MS + hours * HOUR_MS) for hours in range(1, 10)]
    for each in later:
        check(each)
        assert each.measured_ms == LAST_MS
    for hours, each in enumerate(later, start=1):
        assert mid(each.connected_now_h) == pytest.approx(max(0.0, mid(now.connected_now_h) - hours), abs=0.1)
    for before, after in pairwise([now, *later[:3]]):
        assert high(after.connected_now_h) / mid(after.connected_now_h) > high(before.connected_now_h) / mid(before.connected_now_h)
    assert mid(later[-1].connected_now_h) == 0


# ---- the plant


def with_plant(state: str, plant_lpm: float, line_lpm: float | None = 300.0) -> SiteStock:
    stock = SiteStock(site(BANK, LINE, PLANT))
    for time_ms in range(START_MS, START_MS + 30 * MINUTE_MS, MINUTE_MS):
        stock.observe("m", "manifold", {"bank_a_bar": bar_of(40_000), "bank_temp_c": 30.0}, time_ms)
        stock.observe("p", "psa_plant", {"state": state, "o2_flow_lpm": plant_lpm}, time_ms)
        if line_lpm is not None:
            stock.observe("l", "pipeline", {"o2_flow_lpm": line_lpm}, time_ms)
    return stock


@pytest.mark.parametrize(
    ("state", "plant_lpm", "draw_lpm"),
    [
        ("running_on_spec", 300.0, 0.0),
        ("running_on_spec", 200.0, 100.0),
        ("running_off_spec", 200.0, 300.0),
        ("fault", 0.0, 300.0),
        ("standby", 0.0, 300.0),
        ("standby", 300.0, 0.0),
    ],
)
def test_only_what_a_plant_delivers_is_taken_off_the_burn(state: str, plant_lpm: float, draw_lpm: float) -> None:
    estimate = with_plant(state, plant_lpm).estimate(LAST_MS)
    check(estimate)
    assert mid(estimate.burn_lpm) == pytest.approx(draw_lpm)
    assert mid(estimate.plan_lpm) == pytest.approx(300)
    assert mid(estimate.connected_h) == pytest.approx(40_000 / 300 / 60, rel=0.02)


def test_a_plant_that_falls_silent_is_no_longer_counted_on() -> None:
    stock = with_plant("running_on_spec", 300.0)
    time_ms = LAST_MS
    for _ in range(10):
        time_ms += MINUTE_MS
        stock.observe("l", "pipeline", {"o2_flow_lpm": 300.0}, time_ms)
        stock.observe("m", "manifold", {"bank_a_bar": bar_of(40_000), "bank_temp_c": 30.0}, time_ms)
    estimate = stock.estimate(time_ms)
    assert mid(estimate.burn_lpm) == pytest.approx(300)
    assert low(estimate.burn_lpm) == 0
    assert estimate.connected_now_h.high is None


def test_when_the_plant_trips_the_draw_is_the_demand_at_once() -> None:
    stock = with_plant("running_on_spec", 280.0, line_lpm=None)
    time_ms = LAST_MS + MINUTE_MS
    stock.observe("m", "manifold", {"bank_a_bar": bar_of(40_000), "bank_temp_c": 30.0}, time_ms)
    stock.observe("p", "psa_plant", {"state": "fault", "o2_flow_lpm": 0.0}, time_ms)
    estimate = stock.estimate(time_ms)
    assert mid(estimate.burn_lpm) == pytest.approx(280, rel=0.05)


def test_demand_without_a_line_meter_is_plant_plus_manifold() -> None:
    stock = SiteStock(site(BANK, PLANT))
    for time_ms in range(START_MS, START_MS + 30 * MINUTE_MS, MINUTE_MS):
        stock.observe("m", "manifold", {"bank_a_bar": bar_of(40_000), "bank_temp_c": 30.0, "o2_flow_lpm": 50.0}, time_ms)
        stock.observe("p", "psa_plant", {"state": "running_on_spec", "o2_flow_lpm": 250.0}, time_ms)
    estimate = stock.estimate(LAST_MS)
    assert mid(estimate.burn_lpm) == pytest.approx(50)
    assert mid(estimate.plan_lpm) == pytest.approx(300)
    assert "plant flow + manifold flow" in estimate.method


# ---- liquid oxygen


def test_lox_content_and_fill() -> None:
    stock = SiteStock(site(TANK, LINE))
    kg, events = 4000.0, []
    for minute in range(180):
        time_ms = START_MS + minute * MINUTE_MS
        kg += 150.0 if 100 <= minute < 120 else -0.4063  # 300 L/min of gas
        events += stock.observe("t", "lox_tank", {"level_pct": kg / 100}, time_ms)
        stock.observe("l", "pipeline", {"o2_flow_lpm": 300.0}, time_ms)
        check(stock.estimate(time_ms))
    estimate = stock.estimate(time_ms)
    assert [event.event for event in events] == ["fill"]
    assert events[0].litres == pytest.approx(lox_litres_gas(3000), rel=0.03)
    assert abs(events[0].event_ms - START_MS - 100 * MINUTE_MS) < 10 * MINUTE_MS
    assert mid(estimate.connected_now_h) == pytest.approx(lox_litres_gas(kg - 800) / 300 / 60, rel=0.01)


@pytest.mark.parametrize(
    "values", [{"level_kg": 5000.0}, {"level_pct": 50.0}, {"level_dp_mbar": 5000 * 9.80665 / 2.0 / 100}], ids=["kg", "pct", "dp"]
)
def test_the_three_ways_of_a_level_agree(values: dict[str, float | bool | str]) -> None:
    stock = SiteStock(site({**TANK, "area_m2": 2.0}))
    stock.observe("t", "lox_tank", values, START_MS)
    assert mid(stock.estimate(START_MS).sources[0].content_l) == pytest.approx(lox_litres_gas(4200), rel=1e-6)


def test_a_noisy_tank_alone_says_less_than_the_beds() -> None:
    stock = SiteStock(site(TANK, beds={"ward": 100}))
    for minute in range(60):
        stock.observe("t", "lox_tank", {"level_pct": 60 + 0.5 * math.sin(minute * 1.7)}, START_MS + minute * MINUTE_MS)
    estimate = stock.estimate(START_MS + 59 * MINUTE_MS)
    assert "beds" in estimate.method
    check(estimate)


# ---- on site


def test_loose_cylinders_count_on_site_only() -> None:
    stock = SiteStock(site(BANK, LINE, {**STORE, "full": 4}))
    feed(stock, "m", "manifold", {"bank_a_bar": 150.0, "bank_temp_c": 30.0}, range(START_MS, START_MS + 10 * MINUTE_MS, MINUTE_MS))
    feed(stock, "l", "pipeline", {"o2_flow_lpm": 100.0}, range(START_MS, START_MS + 10 * MINUTE_MS, MINUTE_MS))
    kind = CYLINDERS["in-d"]
    each_l = usable_litres(1, kind.water_l, kind.fill_bar, 30, 10)
    first = stock.estimate(START_MS + 9 * MINUTE_MS)
    assert mid(first.on_site_h) - mid(first.connected_h) == pytest.approx(4 * each_l / 100 / 60)
    stock.observe("st", "cylinder_store", {"full_count": 20.0}, START_MS + 9 * MINUTE_MS)
    second = stock.estimate(START_MS + 9 * MINUTE_MS)
    assert mid(second.on_site_h) - mid(second.connected_h) == pytest.approx(20 * each_l / 100 / 60)


def test_a_store_never_counted_leaves_the_end_open() -> None:
    stock = SiteStock(site(BANK, LINE, STORE))
    feed(stock, "m", "manifold", {"bank_a_bar": 150.0, "bank_temp_c": 30.0}, range(START_MS, START_MS + 10 * MINUTE_MS, MINUTE_MS))
    feed(stock, "l", "pipeline", {"o2_flow_lpm": 100.0}, range(START_MS, START_MS + 10 * MINUTE_MS, MINUTE_MS))
    estimate = stock.estimate(START_MS + 9 * MINUTE_MS)
    assert estimate.on_site_h.high is None
    assert estimate.connected_h.high is not None


# ---- sensors that mislead


def test_a_bank_that_stands_still_while_it_feeds_is_counted_down() -> None:
    stock = metered()
    stuck_bar = bar_of(40_000)
    for minute in range(120):
        time_ms = LAST_MS + (minute + 1) * MINUTE_MS
        stock.observe("m", "manifold", {"bank_a_bar": stuck_bar, "bank_temp_c": 30.0, "bank_in_use": "a"}, time_ms)
        stock.observe("l", "pipeline", {"o2_flow_lpm": 100.0}, time_ms)
    estimate = stock.estimate(time_ms)
    assert mid(estimate.connected_now_h) == pytest.approx(40_000 / 6000 - 2, abs=0.15)
    assert high(estimate.connected_now_h) > 40_000 / 6000
    assert "m/a stands still" in estimate.method


def test_an_idle_bank_may_stand_still() -> None:
    stock = SiteStock(site(BANK, LINE))
    feed(stock, "m", "manifold", {"bank_a_bar": 150.0, "bank_temp_c": 30.0}, range(START_MS, START_MS + 120 * MINUTE_MS, MINUTE_MS))
    feed(stock, "l", "pipeline", {"o2_flow_lpm": 100.0}, range(START_MS, START_MS + 120 * MINUTE_MS, MINUTE_MS))
    assert "stands still" not in stock.estimate(START_MS + 120 * MINUTE_MS).method


def test_a_step_down_is_no_burn() -> None:
    stock = SiteStock(site(BANK))
    for minute in range(90):
        litres = 45_000 - 40 * minute - (15_000 if minute >= 60 else 0)
        stock.observe(
            "m", "manifold", {"bank_a_bar": bar_of(litres) + 0.1 * (minute % 3), "bank_temp_c": 30.0}, START_MS + minute * MINUTE_MS
        )
    assert mid(stock.estimate(START_MS + 90 * MINUTE_MS).burn_lpm) == pytest.approx(40, abs=3)


# ---- changeover


def banks(a_bar: float, b_bar: float) -> dict[str, float | bool | str]:
    return {"bank_a_bar": a_bar, "bank_b_bar": b_bar, "bank_temp_c": 30.0}


TWO = {**BANK, "banks": {"a": {"cylinders": 10, "type": "in-d"}, "b": {"cylinders": 10, "type": "in-d"}}}


def test_a_changeover_is_inferred_from_the_falling_bank() -> None:
    stock, events = SiteStock(site(TWO)), []
    for minute in range(240):
        a_bar = max(11.0, 40 - 0.3 * minute)
        b_bar = 150 - 0.3 * max(0, minute - 97)
        events += stock.observe("m", "manifold", banks(a_bar, b_bar), START_MS + minute * MINUTE_MS)
    assert [(event.event, event.source) for event in events] == [("changeover", "m/b")]
    assert 97 <= (events[0].event_ms - START_MS) / MINUTE_MS <= 115


def test_a_changeover_that_is_said_is_taken_at_once() -> None:
    stock = SiteStock(site(TWO))
    assert stock.observe("m", "manifold", {**banks(100, 150), "bank_in_use": "a"}, START_MS) == []
    events = stock.observe("m", "manifold", {**banks(100, 150), "bank_in_use": "b"}, START_MS + 1)
    assert [(event.event, event.source) for event in events] == [("changeover", "m/b")]
    assert [source.in_use for source in stock.estimate(START_MS + 1).sources] == [False, True]


# ---- properties


VALUES = st.floats(-3, 250)
STEPS = st.lists(
    st.tuples(
        st.integers(-60_000, 4_000_000),
        st.one_of(
            st.tuples(
                st.just("m"),
                st.just("manifold"),
                st.fixed_dictionaries(
                    {},
                    optional={
                        "bank_a_bar": VALUES,
                        "bank_b_bar": VALUES,
                        "bank_temp_c": st.floats(-40, 80),
                        "o2_flow_lpm": st.floats(-25, 20_000),
                        "bank_in_use": st.sampled_from(["a", "b", "reserve"]),
                    },
                ),
            ),
            st.tuples(
                st.just("p"),
                st.just("psa_plant"),
                st.fixed_dictionaries(
                    {}, optional={"state": st.sampled_from(["running_on_spec", "fault"]), "o2_flow_lpm": st.floats(-25, 10_000)}
                ),
            ),
            st.tuples(st.just("l"), st.just("pipeline"), st.fixed_dictionaries({"o2_flow_lpm": st.floats(-25, 20_000)})),
            st.tuples(st.just("t"), st.just("lox_tank"), st.fixed_dictionaries({"level_pct": st.floats(-1.25, 110)})),
            st.tuples(st.just("st"), st.just("cylinder_store"), st.fixed_dictionaries({"full_count": st.floats(0, 100_000)})),
        ),
    ),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(STEPS, st.integers(0, 400_000_000))
def test_any_data_gives_finite_ordered_numbers_and_survives_a_restart(
    steps: list[tuple[int, tuple[str, str, dict[str, float | bool | str]]]], ahead_ms: int
) -> None:
    whole = site(TWO, PLANT, LINE, TANK, STORE, beds={"icu": 3})
    stock, time_ms = SiteStock(whole), START_MS
    for step_ms, (asset, kind, values) in steps:
        time_ms += step_ms
        stock.observe(asset, kind, dict(values), time_ms)
        check(stock.estimate(time_ms))
    later = stock.estimate(time_ms + ahead_ms)
    check(later)
    assert SiteStock(whole, stock.dump()).estimate(time_ms + ahead_ms) == later


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 240), st.floats(0, 10), st.floats(0, 500), st.integers(0, 100 * HOUR_MS))
def test_more_content_never_means_fewer_hours(pressure_bar: float, more_bar: float, flow_lpm: float, ahead_ms: int) -> None:
    estimates = []
    for bar in (pressure_bar, pressure_bar + more_bar):
        stock = SiteStock(site(BANK, LINE))
        feed(stock, "l", "pipeline", {"o2_flow_lpm": flow_lpm}, range(START_MS, START_MS + 5 * MINUTE_MS, MINUTE_MS))
        feed(stock, "m", "manifold", {"bank_a_bar": bar, "bank_temp_c": 25.0}, range(START_MS, START_MS + 5 * MINUTE_MS, MINUTE_MS))
        estimates.append(stock.estimate(START_MS + ahead_ms))
    assert mid(estimates[0].connected_now_h) <= mid(estimates[1].connected_now_h) + 1e-9


def test_a_line_that_has_run_dry_is_not_taken_for_a_line_that_needs_nothing() -> None:
    """The flow ends because there is no more: what is left is then held against what was wanted before."""
    stock = with_plant("fault", 0.0)
    dry_ms = LAST_MS
    for dry_ms in range(LAST_MS, LAST_MS + 40 * MINUTE_MS, MINUTE_MS):
        stock.observe("l", "pipeline", {"o2_flow_lpm": 0.0}, dry_ms)
        stock.observe("p", "psa_plant", {"state": "fault", "o2_flow_lpm": 0.0}, dry_ms)
    assert mid(stock.estimate(dry_ms).burn_lpm) == pytest.approx(0, abs=0.1)
    estimate = stock.estimate(dry_ms, pressure_fails=True)
    check(estimate)
    assert mid(estimate.burn_lpm) > 100
    assert mid(estimate.connected_now_h) <= mid(estimate.connected_h) * 1.01


# ---- deliveries, slack and the time to order


def test_slack_is_what_is_on_site_less_the_time_of_a_delivery() -> None:
    stock = metered_at(site(BANK, LINE, {**STORE, "full": 4}, delivery_lead_hours=8))
    estimate = stock.estimate(LAST_MS)
    check(estimate)
    assert mid(estimate.slack_h) == pytest.approx(mid(estimate.on_site_h) - 8)
    assert low(estimate.slack_h) == pytest.approx(low(estimate.on_site_h) - 8)
    assert high(estimate.slack_h) == pytest.approx(high(estimate.on_site_h) - 8)
    assert mid(estimate.slack_h) == pytest.approx((40_000 + 4 * 6480) / 6000 - 8, abs=0.2)


def test_an_order_by_then_comes_before_the_stock_is_gone_by_the_low_bounds() -> None:
    estimate = metered_at(site(BANK, LINE, delivery_lead_hours=3)).estimate(LAST_MS)
    assert estimate.order_by_ms is not None
    assert (estimate.order_by_ms - LAST_MS) / HOUR_MS == pytest.approx(low(estimate.on_site_h) - 3)
    late = metered_at(site(BANK, LINE, delivery_lead_hours=48)).estimate(LAST_MS)
    assert late.order_by_ms is not None
    assert late.order_by_ms < LAST_MS - 40 * HOUR_MS, "it is long late"


def test_the_reserve_is_not_counted_on_when_to_order() -> None:
    three = {**BANK, "banks": {name: {"cylinders": 10, "type": "in-d"} for name in ("a", "reserve")}}
    both, one = (metered_at(site(bank, LINE, delivery_lead_hours=3)) for bank in (three, BANK))
    both.observe("m", "manifold", {"reserve_bar": 150.0, "bank_temp_c": 30.0}, LAST_MS)
    with_reserve, without = both.estimate(LAST_MS), one.estimate(LAST_MS)
    assert mid(with_reserve.on_site_h) > mid(without.on_site_h) + 9
    assert with_reserve.order_by_ms is not None
    assert without.order_by_ms is not None
    assert abs(with_reserve.order_by_ms - without.order_by_ms) < HOUR_MS / 2


def test_nothing_known_means_no_time_to_order() -> None:
    estimate = SiteStock(site(BANK)).estimate(START_MS)
    assert (estimate.slack_h, estimate.order_by_ms) == (Bounded(), None)


def metered_at(where: Site) -> SiteStock:
    stock = SiteStock(where)
    for minute in range(30):
        time_ms = START_MS + minute * MINUTE_MS
        values = {"bank_a_bar": bar_of(40_000 + 100 * (29 - minute)), "bank_temp_c": 30.0}
        stock.observe("m", "manifold", dict(values), time_ms)
        stock.observe("l", "pipeline", {"o2_flow_lpm": 100.0}, time_ms)
    return stock


def test_a_delivery_is_reconciled_with_what_hangs_on_the_banks() -> None:
    """Twelve come; nine go to bank a and are full, three to the reserve and stand at 110 bar."""
    banks_ = {"a": {"cylinders": 9, "type": "in-d"}, "reserve": {"cylinders": 3, "type": "in-d"}}
    stock = SiteStock(site({**BANK, "banks": banks_}, STORE))
    minutes = itertools.count(START_MS // MINUTE_MS)
    said: list[tuple[str, str]] = []

    def pass_minutes(count: int, a_bar: float, reserve_bar: float) -> None:
        for minute in itertools.islice(minutes, count):
            values = banks(a_bar, 0.0) | {"reserve_bar": reserve_bar}
            said.extend((event.event, event.text) for event in stock.observe("m", "manifold", values, minute * MINUTE_MS))

    def count(full: float) -> None:
        now_ms = next(minutes) * MINUTE_MS
        said.extend((event.event, event.text) for event in stock.observe("st", "cylinder_store", {"full_count": full}, now_ms))

    count(0)
    pass_minutes(20, 12.0, 40.0)
    count(12)
    pass_minutes(30, 12.0, 40.0)
    count(3)
    pass_minutes(20, 149.0, 40.0)
    count(0)
    pass_minutes(20, 149.0, 110.0)
    assert said == [
        ("delivery", "delivery of 12: +77,761 L if all are full, 12 full ones now"),
        ("refill", "+57,104 L, 9 cylinders: bank a refilled to 149 bar"),
        ("refill", "+9,776 L, 2 cylinders' worth: bank reserve refilled to 110 bar of 150: short fill, 3 cylinders at 110 bar"),
        ("delivery_checked", "delivery of 12: 9 seen full, 3 at 110 bar"),
    ]


# ---- where the numbers come from, as fields


def test_method_and_window_are_fields_of_their_own() -> None:
    estimate = metered().estimate(LAST_MS)
    assert (estimate.burn_method, estimate.burn_window_s) == ("line flow", 900)
    assert (estimate.plan_method, estimate.plan_window_s) == ("line flow", 3600)
    prior = SiteStock(site(BANK, beds={"ward": 50})).estimate(START_MS)
    assert (prior.burn_method, prior.burn_window_s) == ("demand by beds", None)
    unmetered = SiteStock(site(BANK))
    for minute in range(60):
        unmetered.observe(
            "m",
            "manifold",
            {"bank_a_bar": bar_of(60_000 - 100 * minute), "bank_temp_c": 30.0, "bank_in_use": "a"},
            START_MS + minute * MINUTE_MS,
        )
    estimate = unmetered.estimate(START_MS + 59 * MINUTE_MS)
    assert estimate.burn_method == "fall of the content"
    assert estimate.burn_window_s is not None
    assert 600 <= estimate.burn_window_s <= 3600


def test_what_is_measured_stands_beside_what_is_expected_and_usual() -> None:
    stock = SiteStock(site(BANK, LINE, beds={"ward": 50}))
    day = range(START_MS, START_MS + 4 * 24 * HOUR_MS, 2 * MINUTE_MS)
    for time_ms in day:
        stock.observe("l", "pipeline", {"o2_flow_lpm": 100.0}, time_ms)
    estimate = stock.estimate(day[-1])
    assert [mid(estimate.demand_lpm), mid(estimate.usual_lpm)] == [pytest.approx(100)] * 2
    assert mid(estimate.expected_lpm) == pytest.approx(50 * 0.8 * 0.2 * 10 * 1.1)
    assert (low(estimate.expected_lpm), high(estimate.expected_lpm)) == pytest.approx((8.8, 176))
    assert stock.estimate(day[-1] + 20 * MINUTE_MS).demand_lpm == Bounded(), "what is held is not measured"
    assert SiteStock(site(BANK, beds={"ward": 50})).estimate(START_MS).demand_lpm == Bounded(), "what the beds say is not measured"


# ---- it ages


FLOWS = st.lists(st.floats(20, 500), min_size=12, max_size=40)
AHEAD = st.lists(st.integers(0, 30 * 60), min_size=2, max_size=6).map(sorted)


def aged(flows_lpm: list[float], with_line: bool) -> tuple[SiteStock, int]:
    """A bank that is drawn from, and the time of its last word."""
    stock, litres, time_ms = SiteStock(site(BANK, *([LINE] if with_line else []))), 60_000.0, START_MS
    for lpm in flows_lpm:
        time_ms += MINUTE_MS
        litres = max(2_000.0, litres - lpm)
        stock.observe("m", "manifold", {"bank_a_bar": bar_of(litres), "bank_temp_c": 30.0, "bank_in_use": "a"}, time_ms)
        if with_line:
            stock.observe("l", "pipeline", {"o2_flow_lpm": lpm}, time_ms)
    return stock, time_ms


@settings(max_examples=40, deadline=None)
@given(FLOWS, st.booleans(), AHEAD)
def test_without_news_no_hours_come_back_and_the_bounds_only_widen(flows_lpm: list[float], with_line: bool, ahead_min: list[int]) -> None:
    """The hours at the present draw count down by the clock or faster, the others as the stock goes; no low bound ever rises, and the
    high one of the former falls no faster than the clock."""
    stock, last_ms = aged(flows_lpm, with_line)
    estimates = [stock.estimate(last_ms + minutes * MINUTE_MS) for minutes in ahead_min if minutes < 24 * 60]
    for before, after in pairwise(estimates):
        check(after)
        passed_h = (after.at_ms - before.at_ms) / HOUR_MS
        for earlier, later, least_h in (
            (before.connected_now_h, after.connected_now_h, 0.9 * passed_h),
            (before.connected_h, after.connected_h, 0.0),
        ):
            if earlier.mid is None:
                assert later == earlier, "unknown stays unknown"
                continue
            assert mid(later) <= max(0.0, mid(earlier) - least_h) + 0.02
            assert low(later) <= low(earlier) + 1e-9
            if least_h and earlier.high is not None and later.high is not None:
                assert later.high >= max(0.0, earlier.high - 1.1 * passed_h) - 0.02


@settings(max_examples=30, deadline=None)
@given(FLOWS, st.booleans(), AHEAD)
def test_asking_changes_nothing_and_neither_does_a_restart(flows_lpm: list[float], with_line: bool, ahead_min: list[int]) -> None:
    stock, last_ms = aged(flows_lpm, with_line)
    before = msgspec.msgpack.encode(stock.dump())
    told = [stock.estimate(last_ms + minutes * MINUTE_MS) for minutes in ahead_min]
    assert msgspec.msgpack.encode(stock.dump()) == before
    where = site(BANK, *([LINE] if with_line else []))
    again = SiteStock(where, msgspec.msgpack.decode(before, type=StockState))
    assert [again.estimate(last_ms + minutes * MINUTE_MS) for minutes in reversed(ahead_min)] == told[::-1]


def test_what_was_never_known_is_unknown_after_a_year() -> None:
    stock = SiteStock(site(TWO, PLANT, LINE, TANK, STORE))
    for days in (0, 1, 30, 365):
        estimate = stock.estimate(START_MS + days * 24 * HOUR_MS)
        hours_ = (estimate.connected_now_h, estimate.connected_h, estimate.on_site_h, estimate.slack_h)
        assert hours_ == (Bounded(),) * 4
        assert (estimate.order_by_ms, estimate.idle_plant_lpm, estimate.leak_lpm, estimate.unaccounted_lpm) == (None, None, None, None)


# ---- a restart, whatever happens


def eventful(minutes: int) -> Iterator[tuple[int, list[tuple[str, str, dict[str, float | bool | str]]]]]:
    """Everything a site can have, with a leaking reserve, exchanges, a fill, change-overs, a plant that comes and goes, hours without a
    thermometer, without a meter, without any word, and a bank's sensor that sticks."""
    noise = random.Random(4)
    litres, kg, full = {"a": 40_000.0, "b": 60_000.0, "reserve": 60_000.0}, 3000.0, 30
    for minute in range(minutes):
        in_use = "b" if 300 <= minute < 500 else "a"
        plant_on = minute % 240 < 150
        litres[in_use] -= 0 if plant_on else 120
        litres["reserve"] -= 15
        kg += 60 if 200 <= minute < 240 else -0.1
        if minute in {320, 560}:
            litres["a"], full = 64_000.0, full - 10
        if minute == 420:
            litres["reserve"], full = 64_000.0, full + 9
        said: dict[str, float | bool | str] = {f"bank_{name}_bar": bar_of(litres[name]) + noise.gauss(0, 0.2) for name in ("a", "b")}
        said |= {"reserve_bar": bar_of(litres["reserve"]) + noise.gauss(0, 0.2), "bank_in_use": in_use}
        said |= {} if 380 <= minute < 470 else {"bank_temp_c": 30.0 + noise.gauss(0, 0.1)}
        said |= {} if 120 <= minute < 260 else {"o2_flow_lpm": 0.0 if plant_on else 120 + noise.gauss(0, 1)}
        said |= {"bank_a_bar": 77.0} if 90 <= minute < 130 else {}
        plant: dict[str, float | bool | str] = {"state": "standby" if minute % 3 else "running_on_spec", "o2_flow_lpm": 200.0}
        messages: list[tuple[str, str, dict[str, float | bool | str]]] = [
            ("m", "manifold", said),
            ("p", "psa_plant", plant if plant_on else {"state": "fault", "o2_flow_lpm": 0.0}),
            ("t", "lox_tank", {"level_pct": kg / 100 + noise.gauss(0, 0.1)}),
        ]
        messages += [] if 470 <= minute < 530 else [("l", "pipeline", {"o2_flow_lpm": 200.0 if plant_on else 120.0})]
        messages += [("st", "cylinder_store", {"full_count": float(full)})] if minute % 20 == 1 else []
        yield START_MS + minute * MINUTE_MS, [] if 540 <= minute < 555 else messages


def test_a_restart_at_any_minute_tells_what_would_have_been_told() -> None:
    """Caches must not show: what a stock tells that was asked all along is what one tells that was just read from its snapshot."""
    three = {**BANK, "banks": {name: {"cylinders": 10, "type": "in-d"} for name in ("a", "b", "reserve")}}
    whole = site(three, PLANT, LINE, TANK, {**STORE, "full": 30}, beds={"icu": 3}, timezone="Asia/Kolkata")
    stock, told = SiteStock(whole), []
    restarted = SiteStock(whole)
    for time_ms, messages in eventful(640):
        for asset, kind, values in messages:
            events = stock.observe(asset, kind, dict(values), time_ms)
            assert restarted.observe(asset, kind, dict(values), time_ms) == events
            told += [event.event for event in events]
        kept = msgspec.msgpack.encode(stock.dump())
        restarted = SiteStock(whole, msgspec.msgpack.decode(kept, type=StockState))
        assert msgspec.msgpack.encode(restarted.dump()) == kept
        estimate = stock.estimate(time_ms)
        check(estimate)
        assert restarted.estimate(time_ms) == estimate, time_ms
    assert set(told) >= {"refill", "fill", "changeover", "delivery"}
