"""Which unit somebody meant who wrote a number that can't be. Pure."""

from __future__ import annotations

from math import log
from typing import NamedTuple

from devices.units import OUR_UNITS, UNITS, IncompatibleUnits, UnknownUnit, convert

WRITTEN: dict[str, tuple[str, ...]] = {
    "pressure": ("psi", "kPa", "bar", "kg/cm2", "mbar", "MPa"),
    "temperature": ("°F", "°C", "K"),
    "flow": ("L/min", "m3/h", "L/s", "L/h"),
    "concentration": ("%", "ratio", "ppm"),
    "mass": ("kg", "t", "lb"),
    "power": ("kW", "W"),
    "energy": ("kWh", "Wh", "MJ"),
    "time": ("h", "min", "s", "d"),
}
"""Units that stand on gauges and data sheets, by dimension, the likeliest first."""

NEAR = log(1.35)
"""A number is that near to another when it is at most 1.35 times as large, or as small."""
FAR = log(2.5)


class Range(NamedTuple):
    """Where a limit can be, in our unit; `near` is what it is likely to be near to, where that is known."""

    unit: str
    low: float
    high: float
    near: float | None = None


def likely_unit(number: float, written: str, where: Range) -> str | None:
    """What `number`, written in the unit `written` (empty: ours), would be in the unit that was probably meant; None where none fits.

    E.g. `45 psi would be 3.10 bar: write 45 psi`.
    """
    ours = OUR_UNITS.get(where.unit, "")
    if ours not in UNITS:
        return None
    units = [unit for unit in WRITTEN.get(UNITS[ours].dimension, ()) if unit != (written or ours)]
    fits = [(unit, value) for unit in units if (value := _converted(number, unit, ours)) is not None and _fits(value, where)]
    if not fits:
        return None
    unit, value = min(fits, key=lambda fit: _distance(fit[1], where.near)) if where.near else fits[0]
    if unit == "ratio":
        return f"{number:g} as a share would be {value:.4g} %: write {value:.4g}"
    if unit == ours:
        return f"{number:g} {ours} is near to it: write {number:g}"
    return f"{number:g} {unit} would be {_figures(value)} {ours}: write {number:g} {unit}"


def far_off(value: float, near: float | None) -> bool:
    """So far from what was expected that another unit is likelier."""
    return near is not None and _distance(value, near) > FAR


def _fits(value: float, where: Range) -> bool:
    if not where.low < value < where.high:
        return False
    return _distance(value, where.near) <= NEAR if where.near else value >= where.high / 20


def _distance(value: float, near: float | None) -> float:
    return abs(log(value / near)) if near and value / near > 0 else float("inf")


def _converted(number: float, unit: str, ours: str) -> float | None:
    try:
        return convert(number, unit, ours)
    except (UnknownUnit, IncompatibleUnits):
        return None


def _figures(value: float) -> str:
    """Three figures, but two decimals at least where the number is small."""
    size = abs(value)
    return f"{value:.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}" if size >= 0.1 else f"{value:.3g}"
