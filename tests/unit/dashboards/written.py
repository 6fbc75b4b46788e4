"""What the collector writes into InfluxDB: per measurement its tags and fields. docs/reference/influxdb.md says the same to people."""

from __future__ import annotations

from dataclasses import dataclass

from collector import points
from collector.kpi.points import KPI_FIELDS, NUISANCE_FIELDS
from collector.ops import report
from collector.ops.itself import PREFIX, QUANTILES
from collector.ops.metrics import METRICS
from collector.store.influx import LONG_KEPT
from collector.store.rollup import AGGREGATES, SUFFIX, numeric_signals
from devices.kinds.catalogue import KINDS


@dataclass(frozen=True)
class Written:
    tags: frozenset[str]
    fields: frozenset[str]
    long: bool = False


PLACE = {"site", "district", "region"}
_BOUNDED = [f"{name}{end}" for name in (*points.SITE_BOUNDS, *points.SOURCE_BOUNDS) for end in ("", "_low", "_high")]
_STOCK = {*_BOUNDED, *points.SITE_FACTS, *points.SOURCE_HOURS, *points.SOURCE_FACTS, *points.OTHERS}
_ALARM = {"event", "state", "text", "evaluated_ms", "raised_ms", "value", "limit"}
_OTHERS: dict[str, tuple[set[str], set[str]]] = {
    "stock": (PLACE | {"source"}, _STOCK),
    "stock_event": (PLACE | {"asset", "source", "event"}, {"text", "short", *points.EVENT_FACTS}),
    "alarm": (PLACE | {"asset", "rule", "priority"}, _ALARM),
    "alarm_kpi": (PLACE, set(KPI_FIELDS)),
    "nuisance": (PLACE | {"asset", "rule", "class"}, set(NUISANCE_FIELDS)),
    "site_status": (PLACE, set(report.STATUS)),
    "alarm_open": (PLACE | {"asset", "kind", "rule", "priority"}, set(report.ALARM)),
    "rule_limit": (PLACE | {"asset", "rule"}, set(report.LIMIT)),
    "collector": (
        {label for metric in METRICS.values() for label in metric.labels} | {"stage"},
        {name.removeprefix(PREFIX) for name in METRICS} | set(QUANTILES),
    ),
}


def measurements() -> dict[str, Written]:
    """Every measurement that is written, by name."""
    found = {name: Written(frozenset(tags), frozenset(fields), name in LONG_KEPT) for name, (tags, fields) in _OTHERS.items()}
    for kind, its in KINDS.items():
        tags = frozenset(PLACE | {"asset"})
        found[kind] = Written(tags, frozenset(its.signals))
        found[kind + SUFFIX] = Written(tags, frozenset(f"{name}_{how}" for name in numeric_signals(kind) for how in AGGREGATES), long=True)
    return found
