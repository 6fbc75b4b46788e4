"""The collector's figures as rows for the time-series store: measurement `collector`, for dashboards and for alerts from outside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from collector.ops.metrics import BUCKETS_S, METRICS, Latency, Numbers, Row
from collector.points import Fields
from collector.records import Point

PREFIX = "oxygrid_"
QUANTILES = {"latency_p50_s": 0.5, "latency_p99_s": 0.99}


class Itself:
    """Every metric without its prefix is a field, its labels are tags. Of the latencies it is told how they were since the last time."""

    def __init__(self, numbers: Numbers) -> None:
        self._stages = {"stored": numbers.stored, "evaluated": numbers.evaluated}
        self._before = {stage: [0] * len(latency.counts) for stage, latency in self._stages.items()}

    def points(self, rows: Iterable[Row], now_ms: int) -> list[Point]:
        """A row for each set of labels."""
        fields: dict[tuple[tuple[str, str], ...], Fields] = defaultdict(dict)
        for name, values, value in rows:
            if name != f"{PREFIX}info":
                labels = tuple(zip(METRICS[name].labels, values, strict=True))
                fields[labels][name.removeprefix(PREFIX)] = float(value)
        for stage, latency in self._stages.items():
            fields[("stage", stage),] = self._since(stage, latency)
        return [Point("collector", dict(labels), found, now_ms) for labels, found in fields.items() if found]

    def _since(self, stage: str, latency: Latency) -> Fields:
        """Nothing where nothing came by."""
        new = [now - before for now, before in zip(latency.counts, self._before[stage], strict=True)]
        self._before[stage] = list(latency.counts)
        return {name: quantile_s(new, share) for name, share in QUANTILES.items()} if any(new) else {}


def quantile_s(counts: Sequence[int], share: float) -> float:
    """The upper bound of the bucket that holds it, s; of the last, open bucket its lower bound."""
    wanted, seen = share * sum(counts), 0
    for count, bound_s in zip(counts, (*BUCKETS_S, BUCKETS_S[-1]), strict=True):
        seen += count
        if seen >= wanted:
            return bound_s
    return BUCKETS_S[-1]
