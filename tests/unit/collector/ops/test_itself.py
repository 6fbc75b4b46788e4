from __future__ import annotations

import pytest

from collector.ops.itself import Itself, quantile_s
from collector.ops.metrics import BUCKETS_S, METRICS, Numbers
from tests.unit.collector.ops.world import START_MS, World


def test_a_figure_is_a_field_and_its_labels_are_tags() -> None:
    rows = [("oxygrid_info", ("1.2",), 1.0), ("oxygrid_values_received", (), 7), ("oxygrid_cursor_lag_seconds", ("writer",), 2.5)]
    rows += [("oxygrid_cursor_lag_batches", ("writer",), 3), ("oxygrid_alarm_transitions", ("raised", "high"), 4)]
    found = Itself(Numbers()).points(rows, START_MS)
    assert [(point.tags, point.fields) for point in found] == [
        ({}, {"values_received": 7.0}),
        ({"reader": "writer"}, {"cursor_lag_seconds": 2.5, "cursor_lag_batches": 3.0}),
        ({"event": "raised", "priority": "high"}, {"alarm_transitions": 4.0}),
    ]
    assert {(point.measurement, point.time_ms) for point in found} == {("collector", START_MS)}


def test_a_latency_is_that_of_the_last_minute() -> None:
    numbers = Numbers()
    itself = Itself(numbers)
    numbers.stored.add(0.03, 98)
    numbers.stored.add(4.0, 2)
    assert [(point.tags, point.fields) for point in itself.points([], START_MS)] == [
        ({"stage": "stored"}, {"latency_p50_s": 0.05, "latency_p99_s": 5.0})
    ]
    assert itself.points([], START_MS) == []
    numbers.stored.add(0.2, 1)
    assert itself.points([], START_MS)[0].fields == {"latency_p50_s": 0.25, "latency_p99_s": 0.25}


@pytest.mark.parametrize(
    ("counts", "share", "seconds"), [((1, 0), 0.5, BUCKETS_S[0]), ((0, 1), 0.99, BUCKETS_S[1]), ((1, 1), 0.5, BUCKETS_S[0])]
)
def test_a_quantile_is_the_bound_of_its_bucket(counts: tuple[int, ...], share: float, seconds: float) -> None:
    whole = [*counts, *([0] * (len(BUCKETS_S) + 1 - len(counts)))]
    assert quantile_s(whole, share) == seconds


def test_what_is_beyond_the_last_bound_is_at_least_that() -> None:
    assert quantile_s([0] * len(BUCKETS_S) + [3], 0.5) == BUCKETS_S[-1]


def test_no_metric_has_the_name_of_a_label() -> None:
    labels = {label for metric in METRICS.values() for label in metric.labels} | {"stage"}
    assert not labels & {name.removeprefix("oxygrid_") for name in METRICS}


def test_the_watch_gives_its_figures_and_its_sites_while_the_database_takes_them() -> None:
    world = World()
    assert {"collector", "site_status"} <= {point.measurement for point in world.watch.points()}
    world.fails("500 busy")
    assert list(world.watch.points()) == []
