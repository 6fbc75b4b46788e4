"""What flows now: a mean that is steady while the flow is, and follows a step within two minutes."""

from __future__ import annotations

from random import Random

import pytest

from collector.stock.demand import Flow, Plant
from tests.unit.collector.stock.cases import MINUTE_MS, START_MS


def flow_of(*stretches: tuple[int, float]) -> Flow:
    """Minutes at L/min, one sample every ten seconds with 2 % of noise."""
    flow, rng, at_ms = Flow(10), Random(1), START_MS
    for minutes, lpm in stretches:
        for _ in range(minutes * 6):
            flow.observe(lpm * rng.gauss(1, 0.02), at_ms)
            at_ms += MINUTE_MS // 6
    return flow


@pytest.mark.parametrize(
    ("stretches", "lpm", "share"),
    [
        ([(30, 230.0)], 230, 0.02),
        ([(30, 0.0), (3, 230.0)], 230, 0.02),
        ([(30, 230.0), (3, 0.0)], 0, 0.0),
        ([(30, 230.0), (3, 300.0)], 300, 0.02),
        ([(30, 230.0), (10, 300.0)], 300, 0.1),
        ([(30, 230.0), (1, 900.0), (5, 230.0)], 230, 0.25),
        ([(2, 230.0)], 230, 0.02),
    ],
    ids=["steady", "a source begins to feed", "ceases", "more is drawn", "for long", "one wild minute is over", "two minutes are all"],
)
def test_what_flows_now(stretches: list[tuple[int, float]], lpm: float, share: float) -> None:
    now = flow_of(*stretches).now()
    assert now is not None
    assert now.low <= now.mid <= now.high
    assert now.mid == pytest.approx(lpm, rel=share, abs=0.1)


def test_one_minute_is_no_step() -> None:
    now = flow_of((30, 230.0), (1, 900.0)).now()
    assert now is not None
    assert now.mid < 300


def test_what_was_before_the_source_changed_does_not_count() -> None:
    flow = flow_of((30, 0.0), (5, 230.0))
    now = flow.now(flow.last_ms - MINUTE_MS)
    assert now is not None
    assert now.mid == pytest.approx(230, rel=0.04)
    assert flow.now(flow.last_ms + 1) is None


@pytest.mark.parametrize(
    ("state", "counted"),
    [("running_on_spec", True), ("standby", True), ("running_off_spec", False), ("starting", False), ("fault", False), ("off", False)],
)
def test_a_plant_counts_while_it_delivers(state: str, counted: bool) -> None:
    plant = Plant(500, 10)
    for n in range(60):
        plant.observe(state, 300.0, START_MS + n * 10_000)
    now_ms = START_MS + 600_000
    assert plant.status(now_ms) == ("on" if counted else "off")
    assert plant.delivers(5 * MINUTE_MS).mid == pytest.approx(300 if counted else 0)


def test_from_running_to_stand_by_nothing_changes_for_the_stock() -> None:
    plant = Plant(500, 10)
    plant.observe("running_on_spec", 300.0, START_MS)
    assert not plant.observe("standby", 300.0, START_MS + 10_000)
    assert plant.changed_ms == START_MS
    assert plant.observe("fault", 0.0, START_MS + 20_000)
