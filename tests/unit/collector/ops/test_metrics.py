from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from collector.ops.metrics import BUCKETS_S, METRICS, Exposition, Latency, metrics_markdown
from collector.outputs import StateChange, Transition
from tests.unit.collector.ops.world import ALARM, SHELVED, START_MS, World, batch


def raised() -> Transition:
    return Transition(
        occurrence="dh/line/LP-LL@1",
        site="dh",
        asset="line",
        rule="LP-LL",
        event="raised",
        state="unacknowledged",
        priority="high",
        event_ms=START_MS,
        evaluated_ms=START_MS,
        raised_ms=START_MS,
        text="",
    )


def exposed(world: World) -> dict[str, float]:
    """Every sample as a scraper reads it, by name and labels."""
    registry = CollectorRegistry()
    registry.register(Exposition(world.watch.rows, world.watch.numbers))
    text = generate_latest(registry).decode()
    return {
        sample.name + ",".join(f" {name}={value}" for name, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def busy() -> World:
    """Something of everything has happened."""
    world = World()
    world.watch.received(batch(1, START_MS, 10, 30))
    world.watch.received(batch(2, START_MS + 100, 5, 15))
    world.now_ms = START_MS + 300
    for reader in world.positions:
        world.watch.passed(reader, 2)
    world.watch.committed(StateChange(transitions=[raised()]))
    world.alarms = [ALARM, SHELVED]
    world.quarantined = {"malformed": 4}
    return world


def test_every_metric_has_a_sample_and_every_sample_a_metric() -> None:
    samples = exposed(busy())
    families = {name.split(" ")[0] for name in samples}
    for name in METRICS:
        assert any(family.startswith(name) for family in families), name
    for family in families:
        assert any(family.startswith(name) for name in METRICS), family


def test_the_figures_are_those_that_were_told() -> None:
    samples = exposed(busy())
    wanted = {
        "oxygrid_messages_received_total": 15,
        "oxygrid_values_received_total": 45,
        "oxygrid_values_stored_total": 7,
        "oxygrid_quarantined_total reason=malformed": 4,
        "oxygrid_dropped_messages_total where=journal": 0,
        "oxygrid_journal_bytes": 4096,
        "oxygrid_cursor_lag_batches reader=writer": 0,
        "oxygrid_alarm_transitions_total event=raised, priority=high": 1,
        "oxygrid_alarms_open priority=high": 1,
        "oxygrid_alarms_quiet state=shelved": 1,
        "oxygrid_notices_total channel=log, outcome=sent": 3,
        "oxygrid_notices_total channel=log, outcome=failed": 1,
        "oxygrid_channel_broken channel=log": 0,
        "oxygrid_notices_waiting": 5,
        "oxygrid_source_connected source=mqtt": 1,
        "oxygrid_latency_seconds_count stage=stored": 15,
        "oxygrid_latency_seconds_sum stage=stored": pytest.approx(10 * 0.3 + 5 * 0.2),
    }
    assert {name: samples[name] for name in wanted} == wanted


def test_a_metric_without_an_event_yet_is_there_with_no_sample_of_its_own() -> None:
    samples = exposed(World())
    assert samples["oxygrid_messages_received_total"] == 0
    assert samples["oxygrid_latency_seconds_count stage=evaluated"] == 0
    assert not [name for name in samples if name.startswith("oxygrid_quarantined")]


@pytest.mark.parametrize(
    ("seconds", "first_bound"), [(0.0, "0.005"), (0.005, "0.005"), (0.0051, "0.01"), (60.0, "60.0"), (300.0, "300.0"), (301.0, "+Inf")]
)
def test_an_observation_counts_in_every_bucket_from_its_own_on(seconds: float, first_bound: str) -> None:
    latency = Latency()
    latency.add(seconds, 3)
    buckets = latency.buckets()
    bounds = [bound for bound, _ in buckets]
    assert bounds == [*map(str, BUCKETS_S), "+Inf"]
    place = bounds.index(first_bound)
    assert [count for _, count in buckets] == [0.0] * place + [3.0] * (len(bounds) - place)


@pytest.mark.parametrize(("name", "metric"), METRICS.items(), ids=METRICS)
def test_names_say_what_they_measure(name: str, metric: object) -> None:
    """Prometheus: a prefix of the application, base units, no suffix that the type adds by itself."""
    assert name.startswith("oxygrid_")
    assert not name.endswith(("_total", "_count", "_sum", "_bucket", "_ms"))
    assert METRICS[name].text.endswith(".")


def test_every_metric_has_a_row_on_the_page() -> None:
    page = metrics_markdown()
    for name, metric in METRICS.items():
        (row,) = [line for line in page.splitlines() if line.startswith((f"| `{name}` ", f"| `{name}_total` "))]
        assert metric.text in row
        assert all(label in row for label in metric.labels)
