"""What flows now: a mean that is steady while the flow is, and follows a step within two minutes."""

from __future__ import annotations

from random import Random

import pytest

from collector.stock.flow import Flow
from collector.stock.span import Span
from tests.unit.collector.stock.cases import MINUTE_MS, START_MS


def flow_of(*stretches: tuple[int, float]) -> Flow:
    """Minutes at L/min, one sample every ten seconds with 2 % of noise."""
    flow, rng, at_ms = Flow(10), Random(1), START_MS
    for minutes, lpm in stretches:
        for _ in range(minutes * 6):
            flow.observe(lpm * rng.gauss(1, 0.02), at_ms)
            at_ms += MINUTE_MS // 6
    return flow


def recent(flow: Flow, since_ms: int = 0) -> Span | None:
    found = flow.recent(since_ms)
    return found[0] if found else None


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
    now = recent(flow_of(*stretches))
    assert now is not None
    assert now.low <= now.mid <= now.high
    assert now.mid == pytest.approx(lpm, rel=share, abs=0.1)


def test_one_minute_is_no_step() -> None:
    now = recent(flow_of((30, 230.0), (1, 900.0)))
    assert now is not None
    assert now.mid < 300


def test_what_was_before_the_source_changed_does_not_count() -> None:
    flow = flow_of((30, 0.0), (5, 230.0))
    now = recent(flow, flow.last_ms - MINUTE_MS)
    assert now is not None
    assert now.mid == pytest.approx(230, rel=0.04)
    assert recent(flow, flow.last_ms + 1) is None


def test_the_mean_between_two_times_is_known_only_where_both_ends_were_measured() -> None:
    flow = flow_of((180, 100.0), (180, 300.0))
    end_ms = flow.last_ms
    assert flow.between_lpm(end_ms - 170 * MINUTE_MS, end_ms) == pytest.approx(300, rel=0.02)
    assert flow.between_lpm(end_ms - 350 * MINUTE_MS, end_ms) == pytest.approx(200, rel=0.05)
    assert flow.between_lpm(end_ms - 420 * MINUTE_MS, end_ms) is None
    assert flow.between_lpm(end_ms - 170 * MINUTE_MS, end_ms + 30 * MINUTE_MS) is None


def test_less_than_nothing_is_nothing() -> None:
    flow = Flow(10)
    for n in range(12):
        flow.observe(-2.0, START_MS + n * 10_000)
    now = recent(flow)
    assert now is not None
    assert now.mid == 0.0
