"""Derived rows for the time-series store: alarm transitions, stock estimates, deliveries. Pure. A tag and a field never share a name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from collector.outputs import Bounded, ManifoldStock, SourceStock, StockEstimate, StockEvent, Transition
from collector.records import Point
from devices.assets import Site
from devices.signal import Value

Fields: TypeAlias = dict[str, Value | int]

SITE_BOUNDS = (
    "connected_now_h", "connected_h", "on_site_h", "burn_lpm", "plan_lpm", "slack_h", "demand_lpm", "demand_now_lpm",
    "usual_lpm", "expected_lpm", "mass_balance_lpm",
)  # fmt: skip
"""Of a site, each with `_low` and `_high`."""
SITE_FACTS = (
    "burn_method", "burn_window_s", "plan_method", "plan_window_s", "order_by_ms", "unaccounted_lpm", "leak_lpm", "reserve_idle_h",
    "idle_plant_lpm", "idle_since_ms",
)  # fmt: skip
SOURCE_BOUNDS = ("content_l", "burn_lpm", "decay_lpm")
SOURCE_HOURS = ("now_h", "plan_h")
SOURCE_FACTS = ("burn_method", "burn_window_s", "decay_bar_h", "idle_h")
EVENT_FACTS = ("litres", "kg", "cylinders", "expected_cylinders", "before_bar", "pressure_bar", "expected_bar")
"""Of a refill, a fill, a delivery; each as far as it is known, a float; a changeover gains nothing."""
OTHERS = (
    "method",
    "wasted_l",
    "in_use",
    "decay_sure",
    "cylinders",
    "cylinders_connected",
    "changeovers",
    "changeovers_today",
    "last_changeover_ms",
)
"""What is put in by itself, below."""


def alarm_point(site: Site, transition: Transition) -> Point:
    """Measurement `alarm`: one row per transition, at its event time."""
    tags = {**place(site), "rule": transition.rule, "priority": transition.priority}
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


def stock_points(site: Site, estimate: StockEstimate) -> Iterator[Point]:
    """Measurement `stock`: one row for the site (source `site`), one per source of oxygen, one per manifold. What is not known is left
    out."""
    rows = [("site", _site_fields(estimate))]
    rows += [(source.source, _source_fields(source)) for source in estimate.sources]
    rows += [(manifold.manifold, _manifold_fields(manifold)) for manifold in estimate.manifolds]
    tags = place(site)
    for source, fields in rows:
        yield Point("stock", {**tags, "source": source}, fields, estimate.at_ms)


def stock_event_point(site: Site, event: StockEvent) -> Point:
    """Measurement `stock_event`: one row per refill, fill, changeover or delivery, at its time."""
    fields: Fields = {"text": event.text, "short": event.short}
    for name in EVENT_FACTS:
        value = getattr(event, name)
        if value is not None and (value or name != "litres"):
            fields[name] = float(value)
    return Point("stock_event", {**place(site), "asset": event.asset, "source": event.source, "event": event.event}, fields, event.event_ms)


def _site_fields(estimate: StockEstimate) -> Fields:
    fields: Fields = {"method": estimate.method}
    for name in SITE_BOUNDS:
        _put(fields, name, getattr(estimate, name))
    for name in SITE_FACTS:
        value = getattr(estimate, name)
        if value is not None and value != "":
            fields[name] = value
    if estimate.idle_plant_lpm is not None:
        fields["wasted_l"] = estimate.wasted_l
    return fields


def _source_fields(source: SourceStock) -> Fields:
    fields: Fields = {"in_use": source.in_use}
    for name in SOURCE_BOUNDS:
        _put(fields, name, getattr(source, name))
    for name in SOURCE_HOURS:
        hours = getattr(source, name).mid
        if hours is not None:
            fields[name] = hours
    for name in SOURCE_FACTS:
        value = getattr(source, name)
        if value is not None and value != "":
            fields[name] = value
    if source.decay_lpm.mid is not None:
        fields["decay_sure"] = source.decay_sure
    if source.cylinders is not None:
        fields["cylinders" if source.kind == "store" else "cylinders_connected"] = float(source.cylinders)
    return fields


def _manifold_fields(manifold: ManifoldStock) -> Fields:
    fields: Fields = {"changeovers": manifold.changeovers, "changeovers_today": manifold.changeovers_today}
    if manifold.last_changeover_ms is not None:
        fields["last_changeover_ms"] = manifold.last_changeover_ms
    return fields


def _put(fields: Fields, name: str, bounded: Bounded) -> None:
    """Middle, `_low` and `_high`, as far as they are known."""
    if bounded.mid is not None:
        fields[name] = bounded.mid
    if bounded.low is not None:
        fields[f"{name}_low"] = bounded.low
    if bounded.high is not None:
        fields[f"{name}_high"] = bounded.high


def place(site: Site) -> dict[str, str]:
    """The tags of a site."""
    return {tag: value for tag, value in (("site", site.id), ("district", site.district), ("region", site.region)) if value}
