from __future__ import annotations

import pytest

from devices.simulator.faults import NONE_ACTIVE, Active, Fault
from devices.simulator.power import Power

COVERED = Fault("mains_lost", "hospital", "psa1", 0, 1, {"genset_after_s": 20.0})
BARE = Fault("power_lost", "hospital", "psa2", 0, 1)


def after(seconds: int, *faults: Fault) -> Power:
    power = Power()
    for _ in range(seconds // 5):
        power.step(5.0, Active(faults))
    return power


@pytest.mark.parametrize(
    ("seconds", "faults", "mains_ok", "genset_on"),
    [
        (60, (), True, False),
        (20, (COVERED,), False, False),
        (25, (COVERED,), False, True),
        (600, (BARE,), False, False),
        (600, (BARE, COVERED), False, False),
    ],
)
def test_the_generator_takes_over_after_its_time_or_not_at_all(
    seconds: int, faults: tuple[Fault, ...], mains_ok: bool, genset_on: bool
) -> None:
    power = after(seconds, *faults)
    assert (power.mains_ok, power.genset_on, power.on) == (mains_ok, genset_on, mains_ok or genset_on)


def test_when_the_mains_is_back_the_generator_rests_and_the_next_time_counts_anew() -> None:
    power = after(60, COVERED)
    power.step(5.0, NONE_ACTIVE)
    assert (power.mains_ok, power.genset_on) == (True, False)
    power.step(5.0, Active([COVERED]))
    assert (power.on, power.genset_on) == (False, False)
