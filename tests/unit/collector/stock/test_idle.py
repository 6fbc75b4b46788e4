"""A plant that stands idle while cylinders burn."""

from __future__ import annotations

import msgspec
import pytest

from collector.outputs import StockEstimate
from collector.stock import SiteStock, StockState
from collector.stock.idle import Idle
from collector.stock.span import around
from devices.oxygen import pressure_for_litres
from devices.signal import Value
from tests.unit.collector.stock.cases import BANK, MINUTE_MS, START_MS, site

PLANT = {"id": "p", "kind": "psa_plant", "rated_flow_lpm": 500, "interval_s": 60}
LINE = {"id": "l", "kind": "pipeline", "nominal_bar": 4.1, "interval_s": 60}
WHOLE = site(BANK, PLANT, LINE)


class Hospital:
    def __init__(self) -> None:
        self.stock, self.minute, self.litres = SiteStock(WHOLE), 0, 60_000.0

    def pass_minutes(self, minutes: int, manifold_lpm: float, plant: dict[str, Value], *, metered: bool = True) -> None:
        plant_lpm = plant.get("o2_flow_lpm", 0.0)
        assert isinstance(plant_lpm, float)
        for _ in range(minutes):
            self.minute += 1
            self.litres -= manifold_lpm
            bank: dict[str, Value] = {
                "bank_a_bar": pressure_for_litres(10, 46.7, self.litres, 30, 10),
                "bank_temp_c": 30.0,
                "bank_in_use": "a",
            }
            self.stock.observe("m", "manifold", bank | ({"o2_flow_lpm": manifold_lpm} if metered else {}), self.now_ms)
            self.stock.observe("p", "psa_plant", dict(plant), self.now_ms)
            self.stock.observe("l", "pipeline", {"o2_flow_lpm": manifold_lpm + plant_lpm}, self.now_ms)

    @property
    def now_ms(self) -> int:
        return START_MS + self.minute * MINUTE_MS

    def estimate(self) -> StockEstimate:
        return self.stock.estimate(self.now_ms)


@pytest.mark.parametrize("metered", [True, False], ids=["manifold has a meter", "has none"])
@pytest.mark.parametrize(
    ("plant", "could_lpm"),
    [
        ({"state": "standby", "o2_flow_lpm": 0.0}, 200),
        ({"state": "off", "o2_flow_lpm": 0.0}, 200),
        ({"state": "running_on_spec", "o2_flow_lpm": 150.0}, 200),
        ({"state": "running_on_spec", "o2_flow_lpm": 350.0}, 50),
        ({"state": "running_on_spec", "o2_flow_lpm": 450.0}, 0),
        ({"state": "fault", "o2_flow_lpm": 0.0}, 0),
        ({"state": "maintenance", "o2_flow_lpm": 0.0}, 0),
        ({"state": "starting", "o2_flow_lpm": 0.0}, 0),
    ],
)
def test_what_the_plant_could_give_of_what_the_cylinders_give(plant: dict[str, Value], could_lpm: float, metered: bool) -> None:
    hospital = Hospital()
    hospital.pass_minutes(60, 200.0, plant, metered=metered)
    estimate = hospital.estimate()
    assert estimate.idle_plant_lpm == pytest.approx(could_lpm, rel=0.06)
    assert (estimate.idle_since_ms is None) == (could_lpm == 0)
    assert estimate.wasted_l == pytest.approx(could_lpm * 59, rel=0.15)


def test_wasted_is_summed_up_and_forgotten_when_it_is_over() -> None:
    hospital = Hospital()
    hospital.pass_minutes(30, 0.0, {"state": "running_on_spec", "o2_flow_lpm": 200.0})
    assert (hospital.estimate().idle_plant_lpm, hospital.estimate().wasted_l) == (0.0, 0.0)
    began_ms = hospital.now_ms
    hospital.pass_minutes(60, 200.0, {"state": "standby", "o2_flow_lpm": 0.0})
    estimate = hospital.estimate()
    assert estimate.idle_since_ms is not None
    assert 0 < estimate.idle_since_ms - began_ms <= 3 * MINUTE_MS
    assert estimate.wasted_l == pytest.approx(200 * 58, rel=0.05)
    hospital.pass_minutes(5, 0.0, {"state": "running_on_spec", "o2_flow_lpm": 200.0})
    assert hospital.estimate().idle_since_ms == estimate.idle_since_ms, "a pause is part of it"
    hospital.pass_minutes(20, 0.0, {"state": "running_on_spec", "o2_flow_lpm": 200.0})
    assert (hospital.estimate().idle_since_ms, hospital.estimate().wasted_l) == (None, 0.0)


def test_without_news_nothing_is_said_and_nothing_is_summed_up() -> None:
    hospital = Hospital()
    hospital.pass_minutes(60, 200.0, {"state": "standby", "o2_flow_lpm": 0.0})
    wasted_l = hospital.estimate().wasted_l
    assert hospital.stock.estimate(hospital.now_ms + 11 * MINUTE_MS).idle_plant_lpm is None
    hospital.minute += 300
    hospital.pass_minutes(1, 200.0, {"state": "standby", "o2_flow_lpm": 0.0})
    assert hospital.estimate().wasted_l <= wasted_l + 5 * 200


def test_a_restart_goes_on_summing_up() -> None:
    hospital = Hospital()
    hospital.pass_minutes(40, 200.0, {"state": "standby", "o2_flow_lpm": 0.0})
    kept = msgspec.msgpack.decode(msgspec.msgpack.encode(hospital.stock.dump()), type=StockState)
    other = Hospital()
    other.stock, other.minute, other.litres = SiteStock(WHOLE, kept), hospital.minute, hospital.litres
    for each in (hospital, other):
        each.pass_minutes(30, 200.0, {"state": "standby", "o2_flow_lpm": 0.0})
    assert hospital.estimate() == other.estimate()


def test_a_draw_that_is_not_sure_is_none() -> None:
    idle = Idle().at(START_MS, 100.0, around(8.0, 9.0)).at(START_MS + MINUTE_MS, 100.0, around(4.0, 1.0))
    assert (idle.lpm, idle.since_ms) == (0.0, None)
