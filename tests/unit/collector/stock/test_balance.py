"""What the stock lost beside what the meters say."""

from __future__ import annotations

import math
import random

import pytest

from collector.outputs import Bounded, StockEstimate
from collector.stock import SiteStock
from collector.stock.balance import beyond_zero
from devices.oxygen import gas_kg, pressure_for_litres
from devices.signal import Value
from tests.unit.collector.stock.cases import MINUTE_MS, START_MS, site

BANK = {"cylinders": 24, "type": "in-d"}
MANIFOLD = {"id": "m", "kind": "manifold", "interval_s": 60, "banks": {"a": BANK, "b": BANK}}
LINE = {"id": "l", "kind": "pipeline", "nominal_bar": 4.1, "interval_s": 60}
TANK = {"id": "t", "kind": "lox_tank", "capacity_kg": 6000, "interval_s": 60}
PLANT = {"id": "p", "kind": "psa_plant", "rated_flow_lpm": 500, "interval_s": 60}


def cylinders(lost_lpm: float, metered_lpm: float, minutes: int = 360, stuck: bool = False) -> StockEstimate:
    """Bank a loses so much, the manifold's meter shows so much, in a room that swings by 4 °C."""
    stock, rnd = SiteStock(site(MANIFOLD)), random.Random(2)
    for minute in range(minutes):
        temp_c = 30 if stuck else 30 + 4 * math.sin(2 * math.pi * minute / 1440)
        left_l = 150_000 - lost_lpm * (0 if stuck else minute)
        values: dict[str, Value] = {
            "bank_a_bar": 140.0 if stuck else pressure_for_litres(24, 46.7, left_l, temp_c, 10) + rnd.gauss(0, 0.2),
            "bank_b_bar": pressure_for_litres(24, 46.7, 150_000, temp_c, 10) + rnd.gauss(0, 0.2),
            "bank_temp_c": temp_c,
            "bank_in_use": "a",
            "o2_flow_lpm": metered_lpm * rnd.gauss(1, 0.01),
        }
        stock.observe("m", "manifold", values, START_MS + minute * MINUTE_MS)
    return stock.estimate(START_MS + minutes * MINUTE_MS)


def liquid(lost_lpm: float, line_lpm: float, plant_lpm: float | None = None) -> StockEstimate:
    where = site(TANK, LINE, *([PLANT] if plant_lpm is not None else []))
    stock, rnd, kg = SiteStock(where), random.Random(2), 4000.0
    for minute in range(420):
        at_ms = START_MS + minute * MINUTE_MS
        kg -= gas_kg(lost_lpm)
        stock.observe("t", "lox_tank", {"level_pct": kg / 60 + rnd.gauss(0, 0.05)}, at_ms)
        stock.observe("l", "pipeline", {"o2_flow_lpm": line_lpm * rnd.gauss(1, 0.01)}, at_ms)
        if plant_lpm is not None:
            stock.observe("p", "psa_plant", {"state": "running_on_spec", "o2_flow_lpm": plant_lpm}, at_ms)
    return stock.estimate(START_MS + 420 * MINUTE_MS)


@pytest.mark.parametrize(
    ("estimate", "balance_lpm", "sure"),
    [
        (cylinders(200, 200), 0, False),
        (cylinders(240, 200), 40, True),
        (cylinders(200, 240), -40, True),
        (cylinders(200, 200, stuck=True), -200, True),
        (cylinders(0, 0), 0, False),
        (liquid(300, 300), 0, False),
        (liquid(380, 300), 80, True),
        (liquid(300, 500, plant_lpm=200), 0, False),
        (liquid(400, 500, plant_lpm=200), 100, True),
        (liquid(14, 0), 14, False),
    ],
    ids=[
        "nothing is wrong", "a leak before the meter", "the meter shows too much", "a gauge that stands still", "nothing flows",
        "liquid", "liquid that leaks", "liquid and a plant", "liquid leaks beside a plant", "boil-off is no leak",
    ],
)  # fmt: skip
def test_the_difference_and_whether_it_is_sure(estimate: StockEstimate, balance_lpm: float, sure: bool) -> None:
    balance = estimate.mass_balance_lpm
    assert balance.low is not None
    assert balance.mid is not None
    assert balance.high is not None
    assert balance.low <= balance_lpm <= balance.high
    assert balance.mid == pytest.approx(balance_lpm, abs=12)
    assert estimate.unaccounted_lpm == (balance.mid if sure else 0.0)


def test_two_hours_are_needed_and_meters() -> None:
    assert cylinders(200, 200, minutes=115).mass_balance_lpm == Bounded()
    assert cylinders(200, 200, minutes=145).mass_balance_lpm != Bounded()
    assert cylinders(200, 200, minutes=115).unaccounted_lpm is None
    stock = SiteStock(site(TANK))
    for minute in range(300):
        stock.observe("t", "lox_tank", {"level_pct": 80 - minute * 0.01}, START_MS + minute * MINUTE_MS)
    assert stock.estimate(START_MS + 300 * MINUTE_MS).mass_balance_lpm == Bounded()


def test_what_is_old_says_nothing() -> None:
    stock = SiteStock(site(TANK, LINE))
    for minute in range(300):
        stock.observe("t", "lox_tank", {"level_pct": 80 - minute * 0.01}, START_MS + minute * MINUTE_MS)
        stock.observe("l", "pipeline", {"o2_flow_lpm": 300.0}, START_MS + minute * MINUTE_MS)
    assert stock.estimate(START_MS + 300 * MINUTE_MS).mass_balance_lpm.mid is not None
    assert stock.estimate(START_MS + 390 * MINUTE_MS).mass_balance_lpm.mid is None


@pytest.mark.parametrize(
    ("balance", "expected"),
    [(Bounded(), None), (Bounded(-1, 2, 5), 0.0), (Bounded(1, 2, 5), 2), (Bounded(-5, -2, -1), -2), (Bounded(-5, -2, 1), 0.0)],
)
def test_beyond_zero(balance: Bounded, expected: float | None) -> None:
    assert beyond_zero(balance) == expected
