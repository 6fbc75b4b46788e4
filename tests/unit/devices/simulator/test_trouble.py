from __future__ import annotations

import pytest

from devices.simulator.faults import FAULTS, NONE_ACTIVE, Active, Fault
from devices.simulator.trouble import NO_TROUBLE, Trouble, trouble_of

ELSEWHERE = {"mains_lost", "power_lost", "contact_chatters"}
"""What befalls a plant from outside: its power and its wires."""


def at(asset: str, *names: str) -> Active:
    return Active(Fault(name, "hospital", asset, 0, 1) for name in names)


@pytest.mark.parametrize("name", sorted(name for name, kind in FAULTS.items() if kind.target == "psa_plant" and name not in ELSEWHERE))
def test_every_fault_of_a_plant_does_something_to_it_and_to_no_other(name: str) -> None:
    assert trouble_of(at("psa1", name), "psa1") != NO_TROUBLE
    assert trouble_of(at("psa1", name), "psa2") is NO_TROUBLE
    assert trouble_of(NONE_ACTIVE, "psa1") is NO_TROUBLE


def test_several_troubles_add_up_and_a_trip_beats_all_other_stops() -> None:
    assert trouble_of(at("psa1", "belt_slips", "feed_air_hot"), "psa1") == Trouble(air_share=0.6, feed_rise_c=18.0)
    assert trouble_of(at("psa1", "plant_trip", "plant_left_idle", "plant_maintenance"), "psa1").stop == "fault"
    assert trouble_of(at("psa1", "plant_left_idle", "plant_maintenance"), "psa1").stop == "maintenance"
