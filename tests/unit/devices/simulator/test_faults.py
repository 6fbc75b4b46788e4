from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.kinds.catalogue import KINDS
from devices.simulator.faults import FAULTS, Fault, Timeline, active_at


def fault(name: str = "leak", start_ms: int = 1000, end_ms: int = 2000, **parameters: float | str) -> Fault:
    return Fault(name, "hospital", "line", start_ms, end_ms, parameters)


@pytest.mark.parametrize(
    ("name", "start_ms", "end_ms", "parameters", "text"),
    [
        ("flood", 1, 2, {}, "no fault 'flood'; known: leak, demand_surge"),
        ("leak", 2, 2, {}, "ends"),
        ("leak", 1, 2, {"leak_pct": 3.0}, "no parameter 'leak_pct'; known: leak_lpm"),
        ("plant_trip", 1, 2, {"x": 3.0}, "known: none"),
    ],
)
def test_refuses_with_what_would_be_right(name: str, start_ms: int, end_ms: int, parameters: dict[str, float], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Fault(name, "hospital", "line", start_ms, end_ms, parameters)


def test_parameters_and_their_defaults() -> None:
    assert fault().number("leak_lpm") == 150.0
    assert fault(leak_lpm=20.0).number("leak_lpm") == 20.0
    assert fault("sensor_stuck", signal="o2_purity_pct").text("signal") == "o2_purity_pct"


@pytest.mark.parametrize(("now_ms", "holds"), [(999, False), (1000, True), (1999, True), (2000, False)])
def test_holds_from_start_up_to_its_end(now_ms: int, holds: bool) -> None:
    assert (active_at([fault()], now_ms).get("leak", "line") is not None) == holds


def test_is_found_by_name_and_asset() -> None:
    active = active_at([fault(), fault("pressure_loss")], 1500)
    assert active.get("leak", "other") is None
    assert [found.name for found in active.named("pressure_loss")] == ["pressure_loss"]
    assert len(active) == 2


@pytest.mark.parametrize("name", FAULTS)
def test_truth_is_one_line_with_start_end_and_cause(name: str) -> None:
    line = fault(name).truth()
    assert "\n" not in line
    told = json.loads(line)
    assert (told["fault"], told["site"], told["asset"], told["start_ms"], told["end_ms"]) == (name, "hospital", "line", 1000, 2000)
    assert told["cause"] == FAULTS[name].cause
    assert {key: told[key] for key in FAULTS[name].defaults} == dict(FAULTS[name].defaults)


@pytest.mark.parametrize("name", FAULTS)
def test_target_is_a_kind_and_a_signal_is_one_of_it(name: str) -> None:
    kind = FAULTS[name]
    assert kind.target in KINDS
    if "signal" in kind.defaults:
        assert kind.defaults["signal"] in KINDS[kind.target].signals


@given(spans=st.lists(st.tuples(st.integers(0, 50), st.integers(1, 30)), max_size=12), steps=st.lists(st.integers(1, 9), max_size=30))
def test_a_timeline_says_at_each_moment_what_holds(spans: list[tuple[int, int]], steps: list[int]) -> None:
    faults = [Fault("leak", "hospital", f"line{n}", start, start + length) for n, (start, length) in enumerate(spans)]
    timeline, now_ms, known = Timeline(faults), 0, None
    for step in steps:
        now_ms += step
        active = timeline.at(now_ms)
        assert {fault.asset for fault in active} == {fault.asset for fault in faults if fault.start_ms <= now_ms < fault.end_ms}
        assert all(active.of(fault.asset) == (fault,) for fault in active)
        edges = {edge for fault in faults for edge in (fault.start_ms, fault.end_ms) if now_ms - step < edge <= now_ms}
        assert edges or known is None or active is known
        known = active
