"""How much oxygen there is: in cylinders by the real-gas law, in tanks of liquid. Pure.

Litres of gas (`litres`) are at the reference condition everywhere: 15 °C and 1.01325 bar absolute.
Pressures (`_bar`) are gauge, at sea level. In the mountains the atmosphere is up to 0.4 bar thinner; as content is a difference of two
densities, that changes it by less than 0.05 %.
"""

from __future__ import annotations

from dataclasses import dataclass

ATMOSPHERE_BAR = 1.01325
MOLAR_MASS_KG_MOL = 0.0319988
GAS_CONSTANT_J_MOL_K = 8.314462618
"""CODATA 2018; exact in the SI to the ten digits given."""
STANDARD_GRAVITY_M_S2 = 9.80665
REFERENCE_DENSITY_KG_M3 = 1.35436
"""Gaseous oxygen at 15 °C, 1.01325 bar (equation of state of Schmidt and Wagner, 1985, as CoolProp 8.0.0 computes it): 1 t is 738.4 m³."""
LOX_DENSITY_KG_L = 1.1412
"""Liquid oxygen at its normal boiling point, −183 °C (same source): 1 L of liquid is 842.6 L of gas, 861 at 70 °F, 872 at 25 °C."""
MAX_PRESSURE_BAR = 300.0
"""Beyond 365 bar the correlation of `compressibility` bends back (at −40 °C); cylinders of medical oxygen hold 130–230 bar."""


def compressibility(absolute_bar: float, temp_c: float) -> float:
    """Z of oxygen = p / (ρ·R·T / M): how far the gas is from an ideal one.

    A polynomial fitted to the equation of state (Schmidt and Wagner, 1985; CoolProp 8.0.0). Error in density: at most 0.19 % for 5–230 bar
    gauge and −10…65 °C; 0.4 % up to 250 bar, 0.6 % up to 80 °C, 1 % down to −25 °C, 2.7 % down to −40 °C. Gas of a PSA plant (93 % O₂, the
    rest mostly argon) is within 0.3 % of it.
    """
    return Isotherm(temp_c).compressibility(absolute_bar)


class Isotherm:
    """Oxygen at one temperature: for whoever asks for many pressures, the part of the correlation that depends on it is worked out once."""

    __slots__ = ("_first", "_per_bar_kg_m3", "_second", "_third", "temp_c")

    def __init__(self, temp_c: float) -> None:
        y = (temp_c - 25.0) / 100.0
        self.temp_c = temp_c
        self._first = -0.06498 + y * (0.11474 - 0.09163 * y)
        self._second = 0.01426 + y * (-0.00843 + 0.02163 * y)
        self._third = 0.00239 - 0.00594 * y
        self._per_bar_kg_m3 = 1e5 * MOLAR_MASS_KG_MOL / (GAS_CONSTANT_J_MOL_K * (temp_c + 273.15))

    def compressibility(self, absolute_bar: float) -> float:
        x = absolute_bar / 100.0
        return 1.0 + x * (self._first + x * (self._second + x * self._third))

    def density_kg_m3(self, pressure_bar: float) -> float:
        """0 for a vacuum. For pressures up to MAX_PRESSURE_BAR."""
        absolute_bar = pressure_bar + ATMOSPHERE_BAR
        if absolute_bar <= 0.0:
            return 0.0
        x = absolute_bar / 100.0
        return absolute_bar * self._per_bar_kg_m3 / (1.0 + x * (self._first + x * (self._second + x * self._third)))

    def pressure_bar(self, gas_density_kg_m3: float) -> float:
        """The inverse, to 1e-9 bar. ValueError where the pressure would be over MAX_PRESSURE_BAR.

        Iterates p = Z(p)·ρ·R·T/M, which converges because Z hardly depends on p: each step leaves at most a third of the error.
        """
        if gas_density_kg_m3 > self.density_kg_m3(MAX_PRESSURE_BAR):
            raise ValueError(f"{gas_density_kg_m3:.1f} kg/m³ at {self.temp_c:.1f} °C is more than {MAX_PRESSURE_BAR:.0f} bar of oxygen")
        ideal_bar = max(0.0, gas_density_kg_m3) / self._per_bar_kg_m3
        absolute_bar = ideal_bar
        for _ in range(40):
            previous_bar, absolute_bar = absolute_bar, ideal_bar * self.compressibility(absolute_bar)
            if abs(absolute_bar - previous_bar) < 1e-10:
                break
        return absolute_bar - ATMOSPHERE_BAR


def density_kg_m3(pressure_bar: float, temp_c: float) -> float:
    """Density of the gas; 0 for a vacuum. For pressures up to MAX_PRESSURE_BAR."""
    return Isotherm(temp_c).density_kg_m3(pressure_bar)


def pressure_at_density_bar(gas_density_kg_m3: float, temp_c: float) -> float:
    """The inverse of `density_kg_m3`, to 1e-9 bar. ValueError where the pressure would be over MAX_PRESSURE_BAR."""
    return Isotherm(temp_c).pressure_bar(gas_density_kg_m3)


def usable_litres(cylinders: float, water_l: float, pressure_bar: float, temp_c: float, residual_bar: float) -> float:
    """Litres that can be drawn from so many cylinders of that water volume before they fall to the residual pressure; never negative.

    N·V·(ρ(p) − ρ(p_res)) / ρ_ref. The bedside rule p·V says 6 % too little at 15 °C and 8 % too much at 45 °C (both at 150 bar).
    """
    isotherm = Isotherm(temp_c)
    gained = isotherm.density_kg_m3(pressure_bar) - isotherm.density_kg_m3(residual_bar)
    return max(0.0, cylinders * water_l * gained / REFERENCE_DENSITY_KG_M3)


def pressure_for_litres(cylinders: float, water_l: float, litres: float, temp_c: float, residual_bar: float) -> float:
    """The inverse of `usable_litres`: the gauge pressure at which so many litres can be drawn. ValueError over MAX_PRESSURE_BAR."""
    isotherm = Isotherm(temp_c)
    return isotherm.pressure_bar(isotherm.density_kg_m3(residual_bar) + litres * REFERENCE_DENSITY_KG_M3 / (cylinders * water_l))


def lox_kg(lox_litres: float) -> float:
    """Mass of liquid at its normal boiling point. A tank under pressure is warmer and lighter: 17 % at 10 bar, 23 % at 15 bar absolute."""
    return lox_litres * LOX_DENSITY_KG_L


def lox_litres(kg: float) -> float:
    """Volume of liquid at its normal boiling point."""
    return kg / LOX_DENSITY_KG_L


def lox_litres_gas(kg: float) -> float:
    """Litres of gas from so many kilograms."""
    return kg / REFERENCE_DENSITY_KG_M3 * 1000.0


def gas_kg(litres: float) -> float:
    """Mass of so many litres of gas; the inverse of `lox_litres_gas`."""
    return litres / 1000.0 * REFERENCE_DENSITY_KG_M3


def lox_kg_from_dp(dp_mbar: float, area_m2: float) -> float:
    """Mass of liquid in a vertical vessel of that cross-section: m = A·Δp / g, whatever its density. Never negative.

    Cold gas stands in the upper leg of the gauge, so it measures the liquid less the gas that it displaces: 2 % too little at 5 bar, 6 % at
    15 bar absolute, on the safe side. Horizontal vessels need their maker's table instead.
    """
    return max(0.0, area_m2 * dp_mbar * 100.0 / STANDARD_GRAVITY_M_S2)


def lox_dp_mbar(kg: float, area_m2: float) -> float:
    """The inverse of `lox_kg_from_dp`."""
    return kg * STANDARD_GRAVITY_M_S2 / (area_m2 * 100.0)


def mt_per_day(lpm: float) -> float:
    """Tonnes a day, as India reports oxygen: 1000 L/min is 1.95."""
    return gas_kg(lpm * 1440.0) / 1000.0


@dataclass(frozen=True, slots=True)
class CylinderType:
    """One size of cylinder. `catalogue_litres` is what its sellers print; content is always computed from `water_l` and the pressure."""

    name: str
    water_l: float
    fill_bar: float
    catalogue_litres: float
    source: str

    def __post_init__(self) -> None:
        if not (self.water_l > 0 and 0 < self.fill_bar <= MAX_PRESSURE_BAR and self.catalogue_litres > 0):
            raise ValueError(f"cylinder type {self.name!r}: all figures must be positive, fill_bar at most {MAX_PRESSURE_BAR:.0f}")


_TRADE = "trade sizes, not checked against a standard"
_US = "contents: Healthcare Facilities Management, Go Digit; water volumes: " + _TRADE
_UK = "contents: The Expedition Doctor; water volumes: " + _TRADE

CYLINDERS: dict[str, CylinderType] = {
    each.name: each
    for each in (
        CylinderType("in-a", 5, 150, 750, _TRADE),
        CylinderType("in-b", 10, 150, 1500, _TRADE),
        CylinderType("in-c", 20, 150, 3000, "sellers differ: 20–27 L; the smallest. " + _TRADE),
        CylinderType("in-d", 46.7, 150, 7000, "Business Standard, 3 May 2021"),
        CylinderType("in-80", 80, 130, 10_000, "DRDO cylinders: LatestLY, 30 April 2021"),
        CylinderType("us-d", 2.9, 137, 425, _US),
        CylinderType("us-e", 4.7, 137, 680, _US),
        CylinderType("us-m", 21.6, 152, 3400, _TRADE),
        CylinderType("us-g", 34, 152, 5300, _TRADE),
        CylinderType("us-h", 43, 152, 6900, _US),
        CylinderType("uk-c", 1.2, 137, 170, _TRADE),
        CylinderType("uk-d", 2.3, 137, 340, _UK),
        CylinderType("uk-e", 4.7, 137, 680, _UK),
        CylinderType("uk-f", 9.4, 137, 1360, _UK),
        CylinderType("uk-g", 23.6, 137, 3400, _UK),
        CylinderType("uk-j", 47.2, 137, 6800, _UK),
        CylinderType("eu-10", 10, 200, 2100, _TRADE),
        CylinderType("eu-20", 20, 200, 4200, _TRADE),
        CylinderType("eu-50", 50, 200, 10_600, _TRADE),
        CylinderType("eu-bundle-16x50", 800, 200, 170_000, _TRADE),
    )
}
"""By name. A letter alone means nothing: D is 46.7 L in India, 2.9 L in the USA, 2.3 L in the UK."""
