from __future__ import annotations

import pytest

from collector.outputs import Bounded, SourceStock, StockEstimate, Transition
from collector.points import alarm_point, stock_points
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
    points = stock_points(SITE, estimate(bank, store))
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


def test_no_tag_has_the_name_of_a_field() -> None:
    """InfluxDB 3 refuses such a row."""
    for point in (alarm_point(SITE, transition()), *stock_points(SITE, estimate(SourceStock("m/a", "bank", Bounded(), None)))):
        assert not point.tags.keys() & point.fields.keys()
