"""A tank that is drawn from and filled, by its level alone."""

from __future__ import annotations

import random

import pytest

from collector.outputs import StockEvent
from collector.stock import SiteStock
from collector.stock.tank import TankTrack
from devices.assets import LoxTank
from devices.oxygen import gas_kg
from tests.unit.collector.stock.cases import HOUR_MS, MINUTE_MS, START_MS, site

TANK = {"id": "t", "kind": "lox_tank", "capacity_kg": 6000, "interval_s": 30}


class Vessel:
    """6 t, σ 0.15 % a reading, a reading every 30 s, 285 L/min; filled within 40 minutes when it is told."""

    def __init__(self, kg: float = 2400.0) -> None:
        self.stock, self.random, self.kg = SiteStock(site(TANK)), random.Random(3), kg
        self.half_minutes, self.events = 0, list[StockEvent]()

    def pass_hours(self, hours: float, lpm: float = 285.0, fill_kg: float = 0.0) -> None:
        for _ in range(round(hours * 120)):
            self.half_minutes += 1
            filled_kg = min(fill_kg, 75.0)
            fill_kg -= filled_kg
            self.kg += filled_kg - gas_kg(lpm / 2)
            level = {"level_pct": round(self.kg / 60 + self.random.gauss(0, 0.15), 1)}
            self.events += self.stock.observe("t", "lox_tank", dict(level), self.now_ms)

    @property
    def now_ms(self) -> int:
        return START_MS + self.half_minutes * 30_000


@pytest.mark.parametrize("lpm", [285.0, 600.0])
def test_the_burn_by_the_level_alone_over_a_fill(lpm: float) -> None:
    vessel = Vessel(2600)
    vessel.pass_hours(5, lpm)
    before = vessel.stock.estimate(vessel.now_ms).burn_lpm.mid
    vessel.pass_hours(1.5, lpm, fill_kg=3000)
    during = vessel.stock.estimate(vessel.now_ms).burn_lpm.mid
    vessel.pass_hours(5, lpm)
    after = vessel.stock.estimate(vessel.now_ms).burn_lpm.mid
    assert [before, during, after] == [pytest.approx(lpm, rel=0.12)] * 3
    (fill,) = vessel.events
    assert fill.kg is not None
    assert fill.kg == pytest.approx(3000, rel=0.05)
    assert fill.litres == pytest.approx(fill.kg * 738.4, rel=0.001)
    assert abs(fill.event_ms - START_MS - 5 * HOUR_MS) < 8 * MINUTE_MS


def test_a_tank_that_rests_burns_nothing_for_certain() -> None:
    vessel = Vessel()
    vessel.pass_hours(6, 0.0)
    burn = vessel.stock.estimate(vessel.now_ms).burn_lpm
    assert burn.mid == 0
    assert burn.high is not None
    assert burn.high < 30


def test_boil_off_at_most() -> None:
    tank = TankTrack(LoxTank(id="t", kind="lox_tank", capacity_kg=10_000))
    assert tank.boil_off_lpm == pytest.approx(0.006 * 10_000 * 738.4 / 1440, rel=0.001)


def test_by_kilograms_and_by_pressure_it_is_the_same_mass() -> None:
    tanks = [TankTrack(LoxTank(id="t", kind="lox_tank", capacity_kg=6000, area_m2=2.0)) for _ in range(3)]
    said = [{"level_kg": 3000.0}, {"level_pct": 50.0}, {"level_dp_mbar": 3000 * 9.80665 / 200}]
    for tank, values in zip(tanks, said, strict=True):
        tank.take(dict(values), START_MS)
    assert len({round(tank.level.content_l, 3) for tank in tanks}) == 1
