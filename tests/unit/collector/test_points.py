from __future__ import annotations

import msgspec
import pytest

from collector.outputs import Bounded, ManifoldStock, SourceStock, StockEstimate, StockEvent, Transition
from collector.points import (
    OTHERS,
    SITE_BOUNDS,
    SITE_FACTS,
    SOURCE_BOUNDS,
    SOURCE_FACTS,
    SOURCE_HOURS,
    alarm_point,
    stock_event_point,
    stock_points,
)
from devices.assets import Site
from devices.signal import Value

AT_MS = 1_764_000_000_000
SITE = Site.model_validate({"id": "dh", "district": "kasganj", "region": "up", "assets": []})
BARE = Site.model_validate({"id": "dh", "assets": []})


def transition(value: Value | None = 3.1, limit: float | None = 3.28, asset: str = "line") -> Transition:
    return Transition(
        occurrence=f"dh/line/LP-LL@{AT_MS - 10_000}",
        site="dh",
        asset=asset,
        rule="LP-LL",
        event="raised",
        state="unacknowledged",
        priority="high",
        event_ms=AT_MS,
        evaluated_ms=AT_MS + 200,
        raised_ms=AT_MS - 10_000,
        text="falling",
        value=value,
        limit=limit,
        unit="bar",
    )


def estimate(*sources: SourceStock) -> StockEstimate:
    return StockEstimate(
        site="dh",
        at_ms=AT_MS,
        connected_now_h=Bounded(6.0, 9.0, 13.0),
        connected_h=Bounded(4.0, 5.0, None),
        on_site_h=Bounded(),
        burn_lpm=Bounded(90.0, 100.0, 110.0),
        plan_lpm=Bounded(),
        method="measured",
        sources=list(sources),
        measured_ms=AT_MS - 60_000,
    )


def test_a_transition_is_one_row_at_its_event_time() -> None:
    point = alarm_point(SITE, transition())
    assert (point.measurement, point.time_ms) == ("alarm", AT_MS)
    assert point.tags == {"site": "dh", "district": "kasganj", "region": "up", "asset": "line", "rule": "LP-LL", "priority": "high"}
    assert point.fields == {
        "event": "raised",
        "state": "unacknowledged",
        "text": "falling",
        "evaluated_ms": AT_MS + 200,
        "raised_ms": AT_MS - 10_000,
        "value": 3.1,
        "limit": 3.28,
    }


def test_what_is_not_known_has_no_tag_and_no_field() -> None:
    point = alarm_point(BARE, transition(value=None, limit=None, asset=""))
    assert point.tags == {"site": "dh", "rule": "LP-LL", "priority": "high"}
    assert not {"value", "limit"} & point.fields.keys()


@pytest.mark.parametrize("value", ["fault", True])
def test_the_value_field_holds_numbers_only(value: Value) -> None:
    """A field has one type for ever: the database would refuse the next number."""
    assert "value" not in alarm_point(SITE, transition(value=value)).fields


def test_stock_is_a_row_for_the_site_and_one_for_each_source() -> None:
    bank = SourceStock("manifold/a", "bank", Bounded(9_000.0, 10_000.0, 11_000.0), AT_MS, in_use=True)
    store = SourceStock("store", "store", Bounded(), None)
    points = list(stock_points(SITE, estimate(bank, store)))
    assert [(point.measurement, point.tags["source"], point.time_ms) for point in points] == [
        ("stock", "site", AT_MS),
        ("stock", "manifold/a", AT_MS),
        ("stock", "store", AT_MS),
    ]
    assert points[0].fields == {
        "method": "measured",
        "connected_now_h": 9.0,
        "connected_now_h_low": 6.0,
        "connected_now_h_high": 13.0,
        "connected_h": 5.0,
        "connected_h_low": 4.0,
        "burn_lpm": 100.0,
        "burn_lpm_low": 90.0,
        "burn_lpm_high": 110.0,
    }
    assert points[1].fields == {"in_use": True, "content_l": 10_000.0, "content_l_low": 9_000.0, "content_l_high": 11_000.0}
    assert points[2].fields == {"in_use": False}


def full() -> StockEstimate:
    """An estimate of which everything is known."""
    known = Bounded(1.0, 2.0, 3.0)
    bank = SourceStock(
        source="m/a",
        kind="bank",
        content_l=known,
        measured_ms=AT_MS,
        in_use=True,
        pressure_bar=120.0,
        cylinders=24,
        now_h=known,
        plan_h=known,
        burn_lpm=known,
        burn_method="manifold flow",
        burn_window_s=900.0,
        decay_lpm=Bounded(-1.0, 0.5, 2.0),
        decay_bar_h=0.1,
        idle_h=3.0,
    )
    return msgspec.structs.replace(
        estimate(bank, SourceStock("store", "store", known, AT_MS, cylinders=12)),
        **dict.fromkeys(SITE_BOUNDS, Bounded(1.0, 2.0, None)),
        **dict.fromkeys(("burn_method", "plan_method"), "line flow"),
        **dict.fromkeys(
            ("burn_window_s", "plan_window_s", "unaccounted_lpm", "leak_lpm", "reserve_idle_h", "idle_plant_lpm", "wasted_l"), 5.0
        ),
        **dict.fromkeys(("order_by_ms", "idle_since_ms"), AT_MS),
        manifolds=[ManifoldStock("m", 7, 2, AT_MS - 5, 0)],
    )


def test_all_that_is_known_is_written_and_whole_numbers_stay_whole() -> None:
    points = {point.tags["source"]: point.fields for point in stock_points(SITE, full())}
    names = {name.removesuffix("_low").removesuffix("_high") for fields in points.values() for name in fields}
    assert names == {*SITE_BOUNDS, *SITE_FACTS, *SOURCE_BOUNDS, *SOURCE_HOURS, *SOURCE_FACTS, *OTHERS}
    assert "slack_h_high" not in points["site"]
    assert points["site"]["order_by_ms"] == AT_MS
    assert points["m/a"]["decay_sure"] is False
    assert points["m/a"]["decay_lpm_low"] == -1.0
    assert points["store"]["cylinders"] == 12.0
    assert points["m"] == {"changeovers": 7, "changeovers_today": 2, "last_changeover_ms": AT_MS - 5}


def test_a_field_has_one_type_for_ever() -> None:
    types: dict[str, set[type]] = {}
    for point in stock_points(SITE, full()):
        for name, value in point.fields.items():
            types.setdefault(name, set()).add(type(value))
    assert {name: kinds for name, kinds in types.items() if len(kinds) > 1} == {}


def test_no_tag_has_the_name_of_a_field() -> None:
    """InfluxDB 3 refuses such a row."""
    for point in (alarm_point(SITE, transition()), *stock_points(SITE, estimate(SourceStock("m/a", "bank", Bounded(), None)))):
        assert not point.tags.keys() & point.fields.keys()


def test_a_delivery_is_a_row_at_its_time() -> None:
    event = StockEvent("dh", "m", "m/a", "refill", AT_MS, 6_480.0, "bank a was filled", cylinders=9, before_bar=12.0, short=True)
    point = stock_event_point(SITE, event)
    assert (point.measurement, point.time_ms) == ("stock_event", AT_MS)
    assert point.tags == {"site": "dh", "district": "kasganj", "region": "up", "asset": "m", "source": "m/a", "event": "refill"}
    assert point.fields == {"text": "bank a was filled", "short": True, "litres": 6_480.0, "cylinders": 9.0, "before_bar": 12.0}
