"""What the collector counts, and its names for Prometheus. The hot path adds to plain numbers; names and labels are made when
someone asks."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0)


@dataclass(slots=True)
class Latency:
    """A histogram that is fed with many equal observations at once."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS_S) + 1))
    total_s: float = 0.0

    def add(self, seconds: float, times: int) -> None:
        self.counts[bisect_left(BUCKETS_S, seconds)] += times
        self.total_s += seconds * times

    def buckets(self) -> list[tuple[str, float]]:
        running, rows = 0, []
        for bound, count in zip((*map(str, BUCKETS_S), "+Inf"), self.counts, strict=True):
            running += count
            rows.append((bound, float(running)))
        return rows


@dataclass(slots=True)
class Numbers:
    """Counters that the pipeline adds to. All since the start of the process."""

    messages: int = 0
    values: int = 0
    transitions: Counter[tuple[str, str]] = field(default_factory=Counter)
    stored: Latency = field(default_factory=Latency)
    evaluated: Latency = field(default_factory=Latency)


@dataclass(frozen=True, slots=True)
class MetricName:
    type: type[CounterMetricFamily] | type[GaugeMetricFamily] | type[HistogramMetricFamily]
    text: str
    labels: tuple[str, ...] = ()


METRICS: dict[str, MetricName] = {
    "oxygrid_info": MetricName(GaugeMetricFamily, "Always 1; the version is a label.", ("version",)),
    "oxygrid_messages_received": MetricName(CounterMetricFamily, "Messages made durable in the journal."),
    "oxygrid_values_received": MetricName(CounterMetricFamily, "Good values decoded from them."),
    "oxygrid_values_stored": MetricName(CounterMetricFamily, "Values that the database took."),
    "oxygrid_quarantined": MetricName(CounterMetricFamily, "Messages and values set aside, by reason code.", ("reason",)),
    "oxygrid_dropped_messages": MetricName(CounterMetricFamily, "Messages lost to a bound, by where.", ("where",)),
    "oxygrid_journal_bytes": MetricName(GaugeMetricFamily, "Size of the journal on disk, bytes."),
    "oxygrid_disk_free_bytes": MetricName(GaugeMetricFamily, "Room on the disk of the journal, bytes."),
    "oxygrid_cursor_lag_batches": MetricName(GaugeMetricFamily, "Batches a reader of the journal is behind.", ("reader",)),
    "oxygrid_cursor_lag_seconds": MetricName(GaugeMetricFamily, "Time a reader of the journal is behind, s.", ("reader",)),
    "oxygrid_alarm_transitions": MetricName(CounterMetricFamily, "Transitions of alarms.", ("event", "priority")),
    "oxygrid_alarms_open": MetricName(GaugeMetricFamily, "Alarms not normal, by priority.", ("priority",)),
    "oxygrid_alarms_quiet": MetricName(GaugeMetricFamily, "Alarms shelved, suppressed or out of service.", ("state",)),
    "oxygrid_notices": MetricName(CounterMetricFamily, "Notices by channel and outcome (sent, failed, given_up).", ("channel", "outcome")),
    "oxygrid_channel_broken": MetricName(GaugeMetricFamily, "1 while a channel fails and people are told by another way.", ("channel",)),
    "oxygrid_notices_waiting": MetricName(GaugeMetricFamily, "Notices in the outbox."),
    "oxygrid_calls": MetricName(
        GaugeMetricFamily, "Alarms that people are told of (open), or that somebody has (acknowledged).", ("state",)
    ),
    "oxygrid_tells_waiting": MetricName(GaugeMetricFamily, "Words to people that wait to be put into one message."),
    "oxygrid_person_messages": MetricName(CounterMetricFamily, "Messages made for a person, since the beginning.", ("person",)),
    "oxygrid_person_night_wakes": MetricName(CounterMetricFamily, "Times a person was woken at night, since the beginning.", ("person",)),
    "oxygrid_source_connected": MetricName(GaugeMetricFamily, "1 while the session with the broker stands.", ("source",)),
    "oxygrid_source_reconnects": MetricName(CounterMetricFamily, "Sessions with the broker begun anew.", ("source",)),
    "oxygrid_source_deaf": MetricName(CounterMetricFamily, "Sessions closed because they heard nothing.", ("source",)),
    "oxygrid_source_sessions_lost": MetricName(CounterMetricFamily, "Times the broker had forgotten the session.", ("source",)),
    "oxygrid_store_retries": MetricName(CounterMetricFamily, "Writes that the database did not take at the first try."),
    "oxygrid_store_rejected_lines": MetricName(CounterMetricFamily, "Lines that the database refused for good."),
    "oxygrid_latency_seconds": MetricName(HistogramMetricFamily, "From receipt to stored, and to evaluated, s.", ("stage",)),
}
"""Every metric, by name without the suffix that its type adds (`_total`, `_bucket` …). docs/reference/metrics.md is made from this."""

Row = tuple[str, tuple[str, ...], float]
"""Metric, label values, value."""


class Exposition:
    """The registry's collector: asks for the rows of the moment when scraped."""

    def __init__(self, rows: Callable[[], Iterator[Row]], numbers: Numbers) -> None:
        self._rows, self._numbers = rows, numbers

    def collect(self) -> Iterator[Metric]:
        families = {name: metric.type(name, metric.text, labels=metric.labels) for name, metric in METRICS.items()}
        for name, labels, value in self._rows():
            family = families[name]
            if isinstance(family, (CounterMetricFamily, GaugeMetricFamily)):
                family.add_metric(labels, value)
        latency = families["oxygrid_latency_seconds"]
        if isinstance(latency, HistogramMetricFamily):
            for stage, histogram in (("stored", self._numbers.stored), ("evaluated", self._numbers.evaluated)):
                latency.add_metric([stage], histogram.buckets(), histogram.total_s)
        yield from families.values()

    def describe(self) -> list[Metric]:
        return []


def metrics_markdown() -> str:
    """docs/reference/metrics.md."""
    kinds = {CounterMetricFamily: "counter", GaugeMetricFamily: "gauge", HistogramMetricFamily: "histogram"}
    rows = [
        f"| `{name}{'_total' if m.type is CounterMetricFamily else ''}` | {kinds[m.type]} | {', '.join(m.labels)} | {m.text} |"
        for name, m in METRICS.items()
    ]
    head = "# Metrics\n\nServed at `/metrics` of the `ops` address (loopback by default) for Prometheus. This page is generated.\n\n"
    return head + "| name | type | labels | meaning |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"
