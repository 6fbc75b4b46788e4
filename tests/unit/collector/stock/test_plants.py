"""Which plants deliver, and which could."""

from __future__ import annotations

import msgspec
import pytest

from collector.stock.plants import Plant, PlantState
from devices.signal import Value
from tests.unit.collector.stock.cases import MINUTE_MS, START_MS


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


RUNS: dict[str, Value] = {"state": "running_on_spec", "o2_flow_lpm": 100.0}


@pytest.mark.parametrize(
    ("messages", "spare_lpm"),
    [
        ([RUNS], 300),
        ([{"state": "running_on_spec", "o2_flow_lpm": 390.0}], 10),
        ([{"state": "running_on_spec", "o2_flow_lpm": 480.0}], 0),
        ([{"state": "standby", "o2_flow_lpm": 0.0}], 400),
        ([{"state": "off", "o2_flow_lpm": 0.0}], 400),
        ([RUNS, {"state": "off"}], 400),
        ([RUNS, {"state": "fault"}], 0),
        ([RUNS, {"state": "fault"}, {"state": "off"}], 0),
        ([RUNS, {"state": "maintenance"}, {"state": "off"}], 0),
        ([{"state": "fault"}, {"state": "off"}, {"state": "starting"}, {"state": "off"}], 0),
        ([{"state": "fault"}, RUNS, {"state": "off"}], 400),
        ([{"state": "starting"}], 0),
        ([{"state": "running_off_spec", "o2_flow_lpm": 100.0}], 0),
        ([{"state": "off", "fault_code": 7.0}], 0),
        ([{"state": "off", "fault_code": 7.0}, {"fault_code": 0.0}], 400),
        ([{"state": "off", "mains_ok": False}], 0),
        ([{"state": "off", "mains_ok": False}, {"genset_on": True}], 400),
        ([{"o2_flow_lpm": 100.0}], 0),
        ([], 0),
    ],
)
def test_what_a_healthy_plant_could_give_besides(messages: list[dict[str, Value]], spare_lpm: float) -> None:
    plant, at_ms = Plant(500, 10), START_MS
    for values in messages:
        for _ in range(12):
            at_ms += 10_000
            plant.take(dict(values), at_ms)
    assert plant.spare_lpm(at_ms) == pytest.approx(spare_lpm)
    again = Plant(500, 10)
    again.load(msgspec.msgpack.decode(msgspec.msgpack.encode(plant.dump()), type=PlantState))
    assert again.spare_lpm(at_ms) == plant.spare_lpm(at_ms)


def test_a_spare_plant_and_one_that_is_silent_could_give_nothing() -> None:
    spare, silent = Plant(500, 10, duty=False), Plant(500, 10)
    for plant in (spare, silent):
        plant.take({"state": "standby", "o2_flow_lpm": 0.0}, START_MS)
    assert spare.spare_lpm(START_MS) == 0
    assert silent.spare_lpm(START_MS) == 400
    assert silent.spare_lpm(START_MS + 3 * MINUTE_MS) == 0
