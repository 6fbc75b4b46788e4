from __future__ import annotations

from random import Random

import pytest

from devices.assets import Beds
from devices.simulator.demand import LEAST_LPM, Demand, expected_lpm, shape


@pytest.mark.parametrize(
    ("beds", "lpm"),
    [
        (Beds(), LEAST_LPM),
        (Beds(ward=30), 30 * 0.65 * 0.10 * 10 * 1.1),
        (Beds(ward=120, icu=30), (120 * 0.10 * 10 + 30 * 0.40 * 24) * 0.65 * 1.1),
        (Beds(hdu=10), 10 * 0.65 * 0.5 * 15 * 1.1),
    ],
)
def test_expected_lpm(beds: Beds, lpm: float) -> None:
    assert expected_lpm(beds) == pytest.approx(lpm)


def test_150_beds_are_within_what_planners_use() -> None:
    """A tender's rule of thumb is 550 L/min for 240 beds: 344 for 150."""
    assert 0.7 * 344 < expected_lpm(Beds(ward=120, icu=30)) < 1.3 * 344


def test_shape_is_a_mean_of_one_continuous_over_midnight() -> None:
    quarters = [shape(hour / 4) for hour in range(96)]
    assert sum(quarters) / 96 == pytest.approx(1.0, abs=0.005)
    assert max(abs(one - next_one) for one, next_one in zip(quarters, quarters[1:] + quarters[:1], strict=True)) < 0.03


def test_mornings_draw_more_than_nights() -> None:
    assert shape(10) > 1.15 > 0.85 > shape(2.5)


@pytest.mark.parametrize("seed", range(5))
def test_demand_stays_near_its_curve(seed: int) -> None:
    demand = Demand(Beds(ward=120, icu=30), Random(seed))
    for step in range(3 * 8640):
        hour = step / 360 % 24
        assert 0.8 < demand.step(10.0, hour) / (demand.mean_lpm * shape(hour)) < 1.2


def test_demand_is_no_constant() -> None:
    demand = Demand(Beds(ward=120, icu=30), Random(1))
    assert len({demand.step(10.0, 12.0) for _ in range(100)}) == 100
