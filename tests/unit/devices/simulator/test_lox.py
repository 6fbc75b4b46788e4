from __future__ import annotations

from random import Random

import pytest

from devices.oxygen import lox_kg_from_dp, lox_litres_gas
from devices.simulator.lox import BOIL_OFF_PER_DAY, SOUND, Ailment, Lox
from tests.unit.devices.simulator.sites import HOUR_MS, START_MS, TANK


def test_an_idle_tank_boils_off() -> None:
    tank = Lox(TANK, Random(1))
    before_kg = tank.content_kg
    vented_l = sum(tank.close_step(600.0) for _ in range(144))
    assert before_kg - tank.content_kg == pytest.approx(6000 * BOIL_OFF_PER_DAY)
    assert vented_l == pytest.approx(lox_litres_gas(6000 * BOIL_OFF_PER_DAY))


def test_what_is_drawn_uses_the_boil_off_first() -> None:
    tank = Lox(TANK, Random(1))
    tank.draw(1000.0)
    assert tank.close_step(60.0) == 0.0
    assert tank.flow_lpm == pytest.approx(1000.0)


def test_the_heel_stays() -> None:
    tank = Lox(TANK, Random(1))
    tank.draw(tank.available_l())
    assert tank.available_l() == pytest.approx(0.0, abs=1e-6)
    assert tank.content_kg == pytest.approx(6000 * 0.08)


def test_a_tanker_comes_after_the_lead_time_and_fills_to_95_pct() -> None:
    tank = Lox(TANK, Random(1))
    tank.draw(lox_litres_gas(tank.content_kg - 0.39 * 6000))
    lead_ms, minute = 8 * HOUR_MS, 60_000
    came_l = [tank.supply(START_MS + n * minute, 60.0, lead_ms) for n in range(600)]
    assert not any(came_l[: 8 * 60])
    assert tank.content_kg == pytest.approx(0.95 * 6000)
    assert sum(came_l) == pytest.approx(lox_litres_gas((0.95 - 0.39) * 6000))
    assert 20 <= sum(litres > 0 for litres in came_l) <= 40, "about half an hour"


def test_level_is_reported_in_one_way() -> None:
    plain, with_area = Lox(TANK, Random(1)), Lox(TANK.model_copy(update={"area_m2": 2.0}), Random(1))
    assert set(plain.read()) == {"level_pct", "tank_pressure_bar"}
    assert lox_kg_from_dp(float(with_area.read()["level_dp_mbar"]), 2.0) == pytest.approx(with_area.content_kg)


def test_tank_pressure_stays_below_its_relief_valve() -> None:
    tank = Lox(TANK.model_copy(update={"relief_bar": 12.0}), Random(1))
    assert 8.0 + 2 < float(tank.read()["tank_pressure_bar"]) < 0.92 * 12.0


def run(tank: Lox, hours: float, draw_lpm: float = 0.0) -> float:
    """Litres let go meanwhile."""
    vented_l = 0.0
    for _ in range(round(hours * 60)):
        tank.draw(min(draw_lpm, tank.available_l()))
        vented_l += tank.close_step(60.0)
    return vented_l


@pytest.mark.parametrize(
    ("ailment", "draw_lpm", "low_bar", "high_bar"),
    [
        (SOUND, 0.0, 11.4, 11.6),
        (SOUND, 300.0, 11.4, 11.6),
        (Ailment(shut=True), 300.0, 15.9, 16.1),
        (Ailment(boil_off_times=12.0), 0.0, 15.9, 16.1),
        (Ailment(boil_off_times=12.0), 300.0, 11.4, 11.6),
        (Ailment(builder_bar=1.0), 300.0, 8.9, 9.2),
    ],
)
def test_pressure_after_two_days(ailment: Ailment, draw_lpm: float, low_bar: float, high_bar: float) -> None:
    """Set point 11.5, relief valve 16 bar. What is drawn uses the boil-off of a tank that is warm; a shut economiser keeps it in."""
    tank = Lox(TANK, Random(1))
    tank.ailment = ailment
    run(tank, 48, draw_lpm)
    assert low_bar < tank.pressure_bar < high_bar


def test_what_boils_off_at_the_relief_valve_is_gone() -> None:
    tank = Lox(TANK, Random(1))
    tank.ailment = Ailment(boil_off_times=12.0)
    run(tank, 48)
    before_kg = tank.content_kg
    vented_l = run(tank, 24)
    assert before_kg - tank.content_kg == pytest.approx(6000 * BOIL_OFF_PER_DAY * 12)
    assert vented_l == pytest.approx(lox_litres_gas(before_kg - tank.content_kg))


def test_below_the_nominal_pressure_nothing_can_be_drawn() -> None:
    tank = Lox(TANK, Random(1))
    tank.ailment = Ailment(builder_bar=-0.5)
    run(tank, 6)
    assert tank.available_l() == 0.0


def test_a_tanker_that_is_missing_comes_when_it_is_found() -> None:
    tank = Lox(TANK, Random(1))
    tank.ailment = Ailment(unserved=True)
    gone_l = tank.run_down_to(21.0)
    assert tank.level_pct == pytest.approx(21.0)
    assert gone_l > 0
    assert not any(tank.supply(START_MS + hour * HOUR_MS, 3600.0, 0) for hour in range(48))
    tank.ailment = SOUND
    tank.hurry(START_MS)
    assert tank.supply(START_MS, 60.0, 8 * HOUR_MS) > 0
