"""What equipment does not say: the state of a plant, and which source feeds."""

import pytest

from collector.derive import Outlet, feeding, plant_state
from devices.signal import Value


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ({}, None),
        ({"o2_flow_lpm": 0.0}, None),
        ({"o2_flow_lpm": 300.0}, "running_on_spec"),
        ({"o2_flow_lpm": 300.0, "o2_purity_pct": 89.0}, "running_off_spec"),
        ({"product_valve_open": True}, "running_on_spec"),
        ({"compressor_state": "off", "o2_flow_lpm": 300.0}, "off"),
        ({"compressor_state": "unload", "o2_flow_lpm": 300.0}, "standby"),
        ({"compressor_state": "fault"}, "fault"),
        ({"compressor_state": "load"}, "starting"),
        ({"compressor_state": "load", "o2_flow_lpm": 20.0}, "starting"),
        ({"compressor_state": "load", "o2_flow_lpm": 26.0, "o2_purity_pct": 94.0}, "running_on_spec"),
    ],
    ids=str,
)
def test_the_state_of_a_plant_whose_controller_gives_none(values: dict[str, Value], state: str | None) -> None:
    assert plant_state(values, rated_lpm=500) == state


def outlet(kind: str, flow: float | None) -> Outlet:
    return Outlet(kind, 500.0, {} if flow is None else {"o2_flow_lpm": flow})


@pytest.mark.parametrize(
    ("outlets", "source"),
    [
        ([], None),
        ([("psa_plant", None), ("manifold", None)], None),
        ([("psa_plant", 200.0), ("manifold", 0.0)], "psa"),
        ([("psa_plant", 20.0), ("manifold", 150.0)], "manifold"),
        ([("psa_plant", 200.0), ("manifold", 150.0)], "mixed"),
        ([("psa_plant", 0.0), ("manifold", 0.0), ("lox_tank", None)], "lox"),
        ([("lox_tank", None)], None),
        ([("psa_plant", 200.0), ("lox_tank", None)], "psa"),
    ],
    ids=str,
)
def test_which_source_feeds(outlets: list[tuple[str, float | None]], source: str | None) -> None:
    assert feeding(outlet(kind, flow) for kind, flow in outlets) == source
