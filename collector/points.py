"""Derived rows for the time-series store: alarm transitions and stock estimates as points. Pure. A tag and a field never share a name."""

from __future__ import annotations

from collector.outputs import Bounded, StockEstimate, Transition
from collector.records import Point
from devices.assets import Site
from devices.signal import Value


def alarm_point(site: Site, transition: Transition) -> Point:
    """Measurement `alarm`: one row per transition, at its event time."""
    tags = {**_place(site), "rule": transition.rule, "priority": transition.priority}
    if transition.asset:
        tags["asset"] = transition.asset
    fields: dict[str, Value | int] = {
        "event": transition.event,
        "state": transition.state,
        "text": transition.text,
        "evaluated_ms": transition.evaluated_ms,
        "raised_ms": transition.raised_ms,
    }
    if isinstance(transition.value, float):
        fields["value"] = transition.value
    if transition.limit is not None:
        fields["limit"] = transition.limit
    return Point("alarm", tags, fields, transition.event_ms)


def stock_points(site: Site, estimate: StockEstimate) -> list[Point]:
    """Measurement `stock`: one row for the site (source `site`), one per source of oxygen."""
    fields: dict[str, Value | int] = {"method": estimate.method}
    for name, bounded in (
        ("connected_now_h", estimate.connected_now_h),
        ("connected_h", estimate.connected_h),
        ("on_site_h", estimate.on_site_h),
        ("burn_lpm", estimate.burn_lpm),
        ("plan_lpm", estimate.plan_lpm),
    ):
        fields.update(_bounds(name, bounded))
    points = [Point("stock", {**_place(site), "source": "site"}, fields, estimate.at_ms)]
    for source in estimate.sources:
        own: dict[str, Value | int] = {"in_use": source.in_use, **_bounds("content_l", source.content_l)}
        points.append(Point("stock", {**_place(site), "source": source.source}, own, estimate.at_ms))
    return points


def _bounds(name: str, bounded: Bounded) -> dict[str, Value | int]:
    parts = ((name, bounded.mid), (f"{name}_low", bounded.low), (f"{name}_high", bounded.high))
    return {field: value for field, value in parts if value is not None}


def _place(site: Site) -> dict[str, str]:
    return {tag: value for tag, value in (("site", site.id), ("district", site.district), ("region", site.region)) if value}
