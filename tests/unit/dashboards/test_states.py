from __future__ import annotations

from typing import get_args

from collector.outputs import AlarmState, Priority
from dashboards.states import STATES
from devices.kinds.catalogue import signal


def values(name: str) -> set[str]:
    return {look.value for look in STATES[name]}


def test_every_state_of_the_equipment_has_its_look() -> None:
    assert values("plant") == signal("psa_plant", "state").states
    assert values("analyser") == signal("psa_plant", "analyser_state").states
    assert values("bank") == signal("manifold", "bank_in_use").states
    assert values("feeding") == values("plant") | values("bank")


def test_every_state_of_an_alarm_that_is_not_normal_has_its_look() -> None:
    assert values("alarm") == set(get_args(AlarmState)) - {"normal"}
    assert values("priority") == set(get_args(Priority))
