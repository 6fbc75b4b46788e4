from __future__ import annotations

from random import Random

import pytest

from devices.assets import Concentrator
from devices.simulator.concentrator import Bedside

ASSET = Concentrator(id="oc1", kind="concentrator", rated_flow_lpm=10)


@pytest.mark.parametrize("seed", range(10))
def test_a_day_at_the_bedside(seed: int) -> None:
    unit = Bedside(ASSET, Random(seed))
    before_h = float(unit.read()["run_h"])
    in_use_s = 0.0
    for _ in range(2 * 8640):
        unit.step(10.0)
        values = unit.read()
        in_use_s += 10.0 * unit.in_use
        assert 87 < float(values["o2_purity_pct"]) < 95.7
        if unit.in_use:
            assert 2 <= float(values["o2_flow_lpm"]) <= 10
            assert 30 <= float(values["outlet_pressure_kpa"]) <= 135
            assert float(values["power_w"]) < 70 * 10
        else:
            assert (values["o2_flow_lpm"], values["outlet_pressure_kpa"], values["power_w"]) == (0.0, 0.0, 0.0)
    assert float(unit.read()["run_h"]) - before_h == pytest.approx(in_use_s / 3600)


def test_units_change_hands() -> None:
    units = [Bedside(ASSET, Random(seed)) for seed in range(50)]
    before = [unit.in_use for unit in units]
    for unit in units:
        for _ in range(8640):
            unit.step(10.0)
    assert sum(one != unit.in_use for one, unit in zip(before, units, strict=True)) > 10
    assert 5 < sum(unit.in_use for unit in units) < 45


def worn(seed: int = 2) -> Bedside:
    unit = Bedside(ASSET, Random(seed))
    while not unit.in_use:
        unit.step(60.0)
    for _ in range(30):
        unit.step(60.0, 78.0)
    return unit


def test_a_spent_sieve_gives_less_and_the_unit_says_so() -> None:
    unit = worn()
    assert unit.in_use
    assert unit.purity_pct == pytest.approx(78, abs=0.5)
    assert unit.read()["alarm_contact"] is True
    unit.step(60.0)
    assert unit.purity_pct > 87


def test_without_current_it_stands_and_sounds_its_alarm() -> None:
    unit = worn()
    unit.step(60.0, powered=False)
    values = unit.read()
    assert (values["in_use"], values["o2_flow_lpm"], values["power_w"], values["alarm_contact"]) == (False, 0.0, 0.0, True)
