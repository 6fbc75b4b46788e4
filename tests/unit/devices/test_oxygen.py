"""Oxygen content against the trade's tables and against CoolProp's equation of state (Schmidt and Wagner, 1985) as the oracle."""

from __future__ import annotations

import math

import pytest
from CoolProp.CoolProp import PropsSI
from hypothesis import given
from hypothesis import strategies as st

from devices.oxygen import (
    ATMOSPHERE_BAR,
    CYLINDERS,
    LOX_DENSITY_KG_L,
    MAX_PRESSURE_BAR,
    REFERENCE_DENSITY_KG_M3,
    CylinderType,
    compressibility,
    density_kg_m3,
    gas_kg,
    lox_dp_mbar,
    lox_kg,
    lox_kg_from_dp,
    lox_litres,
    lox_litres_gas,
    mt_per_day,
    pressure_at_density_bar,
    pressure_for_litres,
    usable_litres,
)

PRESSURES_BAR = st.floats(0, 250)
TEMPERATURES_C = st.floats(-40, 80)


def oracle_density_kg_m3(absolute_bar: float, temp_c: float) -> float:
    return float(PropsSI("D", "P", absolute_bar * 1e5, "T", temp_c + 273.15, "Oxygen"))


# ── the gas ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

Z_TABLE = {
    20: (0.9854, 0.9866, 0.9877, 0.9887, 0.9897, 0.9906, 0.9914),
    50: (0.9658, 0.9687, 0.9714, 0.9739, 0.9762, 0.9784, 0.9805),
    100: (0.9411, 0.9465, 0.9515, 0.9562, 0.9606, 0.9646, 0.9684),
    137: (0.9308, 0.9376, 0.9440, 0.9498, 0.9553, 0.9604, 0.9652),
    150: (0.9291, 0.9362, 0.9429, 0.9491, 0.9549, 0.9602, 0.9653),
    200: (0.9311, 0.9391, 0.9465, 0.9534, 0.9599, 0.9659, 0.9716),
}
"""Z by absolute pressure (bar) at 15, 20 … 45 °C, from CoolProp 8.0.0."""


@pytest.mark.parametrize(
    ("absolute_bar", "temp_c", "expected"),
    [(bar, 15 + 5 * column, z) for bar, row in Z_TABLE.items() for column, z in enumerate(row)],
)
def test_compressibility_is_that_of_the_table(absolute_bar: float, temp_c: float, expected: float) -> None:
    assert compressibility(absolute_bar, temp_c) == pytest.approx(expected, abs=0.0018)


def _worst_error(gauge_bar: tuple[int, int], temp_c: tuple[int, int], step: int = 5) -> float:
    return max(
        abs(density_kg_m3(p, t) / oracle_density_kg_m3(p + ATMOSPHERE_BAR, t) - 1)
        for p in range(gauge_bar[0], gauge_bar[1] + 1, step)
        for t in range(temp_c[0], temp_c[1] + 1, 5)
    )


@pytest.mark.parametrize(
    ("gauge_bar", "temp_c", "bound"),
    [
        ((5, 230), (-10, 65), 0.002),
        ((0, 5), (-10, 65), 0.0005),
        ((230, 250), (-10, 65), 0.004),
        ((0, 250), (65, 80), 0.006),
        ((0, 230), (-25, -10), 0.01),
        ((0, 250), (-40, -25), 0.027),
    ],
)
def test_density_is_within_its_stated_error_of_the_equation_of_state(
    gauge_bar: tuple[int, int], temp_c: tuple[int, int], bound: float
) -> None:
    assert _worst_error(gauge_bar, temp_c) <= bound


@given(st.floats(5, 230), st.floats(-10, 65))
def test_density_is_within_two_per_mille_anywhere_in_its_range(gauge_bar: float, temp_c: float) -> None:
    assert density_kg_m3(gauge_bar, temp_c) == pytest.approx(oracle_density_kg_m3(gauge_bar + ATMOSPHERE_BAR, temp_c), rel=0.002)


def test_reference_density_is_that_of_the_oracle() -> None:
    assert pytest.approx(oracle_density_kg_m3(ATMOSPHERE_BAR, 15), rel=5e-6) == REFERENCE_DENSITY_KG_M3


def test_a_vacuum_is_empty() -> None:
    assert density_kg_m3(-ATMOSPHERE_BAR, 20) == 0
    assert density_kg_m3(-5, 20) == 0


@given(PRESSURES_BAR, PRESSURES_BAR, TEMPERATURES_C)
def test_more_pressure_is_more_gas(one_bar: float, other_bar: float, temp_c: float) -> None:
    low_bar, high_bar = sorted((one_bar, other_bar))
    assert density_kg_m3(low_bar, temp_c) <= density_kg_m3(high_bar, temp_c)


@given(st.floats(1, 250), TEMPERATURES_C, TEMPERATURES_C)
def test_the_same_pressure_in_the_heat_is_less_gas(gauge_bar: float, one_c: float, other_c: float) -> None:
    cold_c, hot_c = sorted((one_c, other_c))
    assert density_kg_m3(gauge_bar, cold_c) >= density_kg_m3(gauge_bar, hot_c)


@given(st.floats(-ATMOSPHERE_BAR, MAX_PRESSURE_BAR), TEMPERATURES_C)
def test_density_and_pressure_are_inverse(gauge_bar: float, temp_c: float) -> None:
    assert pressure_at_density_bar(density_kg_m3(gauge_bar, temp_c), temp_c) == pytest.approx(gauge_bar, abs=1e-8)


# ── cylinders ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("cylinders", "water_l", "pressure_bar", "temp_c", "residual_bar", "expected_litres"),
    [
        (1, 46.7, 150, 15, 0, 7_440),
        (1, 46.7, 150, 30, 0, 6_921),
        (1, 46.7, 150, 45, 0, 6_483),
        (1, 46.7, 150, 30, 10, 6_480),
        (1, 10, 150, 30, 0, 1_482),
        (10, 46.7, 120, 30, 10, 50_803),
        (20, 46.7, 140, 40, 10, 115_074),
        (16, 50, 200, 25, 10, 153_441),
        (1, 80, 130, 30, 0, 10_261),
        (1, 50, 200, 15, 0, 10_592),
    ],
)
def test_usable_litres_of_the_equation_of_state(
    cylinders: int, water_l: float, pressure_bar: float, temp_c: float, residual_bar: float, expected_litres: float
) -> None:
    assert usable_litres(cylinders, water_l, pressure_bar, temp_c, residual_bar) == pytest.approx(expected_litres, rel=0.001)


@pytest.mark.parametrize(("temp_c", "shortcut_error"), [(15, -0.058), (25, -0.011), (30, 0.012), (35, 0.035), (45, 0.081)])
def test_the_bedside_rule_is_as_wrong_as_the_docstring_says(temp_c: float, shortcut_error: float) -> None:
    assert 150 * 46.7 / usable_litres(1, 46.7, 150, temp_c, 0) - 1 == pytest.approx(shortcut_error, abs=0.002)


def test_a_bank_that_cools_is_not_a_bank_that_leaks() -> None:
    hot_kg_m3 = density_kg_m3(150, 45)
    assert pressure_at_density_bar(hot_kg_m3, 25) == pytest.approx(137.4, abs=0.2)


@pytest.mark.parametrize("pressure_bar", [-3.0, 0.0, 9.9, 10.0])
def test_nothing_can_be_drawn_at_or_below_the_residual_pressure(pressure_bar: float) -> None:
    assert usable_litres(12, 46.7, pressure_bar, 30, 10) == 0


@given(st.integers(1, 500), st.floats(1, 800), st.floats(10, 250), TEMPERATURES_C)
def test_litres_and_pressure_are_inverse(cylinders: int, water_l: float, pressure_bar: float, temp_c: float) -> None:
    litres = usable_litres(cylinders, water_l, pressure_bar, temp_c, 10)
    assert pressure_for_litres(cylinders, water_l, litres, temp_c, 10) == pytest.approx(pressure_bar, abs=1e-7)


def test_an_empty_bank_is_at_its_residual_pressure() -> None:
    assert pressure_for_litres(12, 46.7, 0, 30, 10) == pytest.approx(10)


def test_more_than_cylinders_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="is more than 300 bar of oxygen"):
        pressure_for_litres(1, 46.7, 20_000, 30, 0)


def test_an_impossible_draw_leaves_a_vacuum_at_least() -> None:
    assert pressure_for_litres(1, 46.7, -1000, 30, 10) == pytest.approx(-ATMOSPHERE_BAR)


# ── types of cylinder ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

TYPES = [pytest.param(each, id=each.name) for each in CYLINDERS.values()]


def test_types_lie_under_their_own_names() -> None:
    assert all(name == each.name for name, each in CYLINDERS.items())


def test_all_types_of_the_contract_are_there() -> None:
    names = "in-a in-b in-c in-d in-80 us-d us-e us-m us-g us-h uk-c uk-d uk-e uk-f uk-g uk-j eu-10 eu-20 eu-50 eu-bundle-16x50"
    assert set(names.split()) <= set(CYLINDERS)


@pytest.mark.parametrize("each", TYPES)
def test_the_catalogue_content_is_what_gas_law_and_size_give(each: CylinderType) -> None:
    temp_c = 30 if each.name.startswith("in-") else 15  # Indian catalogues count with a hot room
    assert usable_litres(1, each.water_l, each.fill_bar, temp_c, 0) == pytest.approx(each.catalogue_litres, rel=0.04)


def test_the_letter_d_means_three_sizes() -> None:
    assert [CYLINDERS[name].water_l for name in ("in-d", "us-d", "uk-d")] == [46.7, 2.9, 2.3]


@pytest.mark.parametrize(
    ("water_l", "fill_bar", "catalogue_litres"), [(0, 150, 7000), (46.7, 0, 7000), (46.7, 301, 7000), (46.7, 150, math.nan)]
)
def test_an_impossible_type_is_refused(water_l: float, fill_bar: float, catalogue_litres: float) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        CylinderType("x", water_l, fill_bar, catalogue_litres, "")


# ── liquid ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_liquid_density_is_that_of_the_oracle() -> None:
    assert pytest.approx(float(PropsSI("D", "P", 101325, "Q", 0, "Oxygen")) / 1000, rel=5e-5) == LOX_DENSITY_KG_L


@pytest.mark.parametrize(
    ("computed", "expected", "tolerance"),
    [
        (lox_litres_gas(lox_kg(1)), 842.6, 0.05),  # 1 L of liquid
        (lox_litres_gas(1000), 738_400, 50),  # 1 t
        (lox_litres(1000), 876, 0.5),
        (lox_litres(gas_kg(1000)), 1.187, 0.0005),  # 1 m³ of gas
        (gas_kg(1000), 1.3544, 0.0001),
        (lox_litres_gas(lox_kg(200)), 169_000, 500),  # a 200 L liquid cylinder
        (mt_per_day(1000), 1.950, 0.0005),
        (1.5 / mt_per_day(1), 769, 0.5),  # 1.5 t a day
    ],
)
def test_conversions_of_the_trade(computed: float, expected: float, tolerance: float) -> None:
    assert computed == pytest.approx(expected, abs=tolerance)


def saturated_kg_m3(absolute_bar: float, vapour: int) -> float:
    return float(PropsSI("D", "P", absolute_bar * 1e5, "Q", vapour, "Oxygen"))


@pytest.mark.parametrize(("absolute_bar", "mbar_per_metre"), [(2, 107.6), (8, 95.0), (11, 90.5), (15, 85.1)])
def test_a_metre_of_liquid_over_a_square_metre_is_its_mass_less_the_displaced_gas(absolute_bar: float, mbar_per_metre: float) -> None:
    expected_kg = saturated_kg_m3(absolute_bar, 0) - saturated_kg_m3(absolute_bar, 1)
    assert lox_kg_from_dp(mbar_per_metre, 1) == pytest.approx(expected_kg, rel=0.001)


@pytest.mark.parametrize(("absolute_bar", "shortfall"), [(5, 0.02), (15, 0.063)])
def test_the_displaced_gas_is_as_little_as_the_docstring_says(absolute_bar: float, shortfall: float) -> None:
    assert saturated_kg_m3(absolute_bar, 1) / saturated_kg_m3(absolute_bar, 0) == pytest.approx(shortfall, abs=0.003)


@pytest.mark.parametrize(("absolute_bar", "too_much"), [(10, 0.17), (15, 0.23)])
def test_a_warm_tank_is_lighter_than_its_litres(absolute_bar: float, too_much: float) -> None:
    assert lox_kg(1000) / saturated_kg_m3(absolute_bar, 0) - 1 == pytest.approx(too_much, abs=0.005)


def test_a_known_column() -> None:
    assert lox_kg_from_dp(98.0665, 2.0) == pytest.approx(2000)


def test_a_transmitter_below_its_zero_is_an_empty_tank() -> None:
    assert lox_kg_from_dp(-3.0, 2.0) == 0


@given(st.floats(0, 300_000), st.floats(0.1, 50))
def test_mass_and_level_are_inverse(kg: float, area_m2: float) -> None:
    assert lox_kg_from_dp(lox_dp_mbar(kg, area_m2), area_m2) == pytest.approx(kg)


@given(st.floats(0, 1e9))
def test_litres_of_gas_and_mass_are_inverse(litres: float) -> None:
    assert lox_litres_gas(gas_kg(litres)) == pytest.approx(litres)
