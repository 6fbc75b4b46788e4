"""The log of alarms, read for a period."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from collector.outputs import StateChange, Transition
from collector.store.state import StateStore
from tests.unit.collector.kpi.cases import START_MS, at, said


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StateStore]:
    with closing(StateStore(tmp_path / "state.db")) as opened:
        yield opened


def seconds(found: Iterator[Transition] | list[Transition]) -> list[float]:
    return [(t.evaluated_ms - START_MS) / 1000 for t in found]


def test_the_log_of_a_period_is_read_in_the_order_of_evaluation_and_whole(store: StateStore) -> None:
    """More than a page; several transitions of one moment."""
    transitions = [said(f"a{n}/R", n // 3, "raised") for n in range(3000)]
    store.commit(StateChange(transitions=transitions))
    assert list(store.alarm_log(at(0), at(1000))) == transitions
    assert seconds(store.alarm_log(at(10), at(12))) == [10.0] * 3 + [11.0] * 3
    assert list(store.alarm_log(at(1000), at(5000))) == []


def test_alarms_that_were_open_at_a_time(store: StateStore) -> None:
    first = [
        said("line/LP-L", 0, "raised"),
        said("psa1/PL-DN", 10, "raised"),
        said("line/LP-L", 60, "acknowledged", raised_s=0, by="Asha"),
        said("psa1/PL-DN", 70, "cleared", raised_s=10, state="normal"),
        said("line/LP-H", 80, "discovered_late"),
        said("AU-06", 90, "raised"),
    ]
    store.commit(StateChange(transitions=first))
    store.commit(StateChange(transitions=[said("AU-06", 100, "cleared", raised_s=90, state="normal"), said("gw1/ST-OF", 200, "raised")]))
    assert [(t.alarm, t.event) for t in store.alarms_at(at(95))] == [("dh/line/LP-L", "acknowledged"), ("dh/AU-06", "raised")]
    assert [(t.alarm, t.event) for t in store.alarms_at(at(60))] == [("dh/line/LP-L", "raised"), ("dh/psa1/PL-DN", "raised")]
    assert store.alarms_at(at(0)) == []
    assert [t.alarm for t in store.alarms_at(at(1000))] == ["dh/line/LP-L", "dh/gw1/ST-OF"]


def test_what_was_discovered_late_says_nothing_of_what_was_open(store: StateStore) -> None:
    store.commit(StateChange(transitions=[said("line/LP-L", 0, "raised"), said("line/LP-L", 60, "discovered_late", raised_s=-90)]))
    assert [t.event for t in store.alarms_at(at(100))] == ["raised"]


def test_how_far_the_log_reaches_back(store: StateStore) -> None:
    assert store.first_transition_ms() is None
    store.commit(StateChange(transitions=[said("line/LP-L", 30, "raised")]))
    assert store.first_transition_ms() == at(30)
