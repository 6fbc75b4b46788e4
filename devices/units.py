"""Units of measurement: how they are spelled, and exact conversion from a sender's unit to ours. Pure.

Every factor is a `Fraction`: exact by definition (SI Brochure, 9th edition; NIST SP 811, appendix B), or, for volumes of gas,
a decimal with its source beside it. Only the last step rounds to a float.

A unit says how large a pressure is, not where its zero lies: all our pressures are gauge, and `bar`, `barg` and `psig` are taken as such.
An absolute pressure (`bara`, `psia`) is refused, because the atmosphere to subtract is not the same everywhere (0.36 bar less at 3500 m).
`%` is a percentage here. SenML's `%` is a ratio: its decoder must say `ratio`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

OUR_UNITS: dict[str, str] = {
    "bar": "bar",
    "kpa": "kPa",
    "mbar": "mbar",
    "lpm": "L/min",
    "pct": "%",
    "ppm": "ppm",
    "c": "°C",
    "kg": "kg",
    "kw": "kW",
    "w": "W",
    "kwh": "kWh",
    "h": "h",
    "s": "s",
    "dbm": "dBm",
    "count": "count",
}
"""Last part of a signal's name → how people write that unit. `Signal.unit` is the key: `o2_flow_lpm` is in `lpm`."""


class UnknownUnit(ValueError):
    """No unit is spelled like that; the text says which are known."""


class IncompatibleUnits(ValueError):
    """A unit of another dimension, e.g. kilograms for a pressure; the text says which would be right."""


@dataclass(frozen=True, slots=True)
class Unit:
    """value in the base unit of its dimension = scale × value + offset."""

    name: str
    dimension: str
    scale: Fraction
    offset: Fraction = Fraction(0)


_F = Fraction
_POUND_KG = _F("0.45359237")
_GRAVITY = _F("9.80665")
_INCH_M = _F("0.0254")
_CUBIC_FOOT_L = (12 * _INCH_M) ** 3 * 1000
_WATER_KG_M3 = 1000
"""Of the conventional column of water. The inch of water at 4 °C is 0.003 % less, at 60 °F 0.1 %."""
_MERCURY_KG_M3 = _F("13595.1")

_SCALES: dict[str, dict[str, Fraction]] = {
    "pressure": {  # in Pa
        "bar": _F(100_000),
        "mbar": _F(100),
        "Pa": _F(1),
        "hPa": _F(100),
        "kPa": _F(1000),
        "MPa": _F(1_000_000),
        "psi": _POUND_KG * _GRAVITY / _INCH_M**2,
        "kg/cm2": _GRAVITY * 10_000,
        "atm": _F(101_325),
        "mmHg": _MERCURY_KG_M3 * _GRAVITY / 1000,
        "mmH2O": _WATER_KG_M3 * _GRAVITY / 1000,
        "cmH2O": _WATER_KG_M3 * _GRAVITY / 100,
        "inH2O": _WATER_KG_M3 * _GRAVITY * _INCH_M,
    },
    "concentration": {"%": _F(1), "ratio": _F(100), "ppm": _F(1, 10_000)},  # in %
    "mass": {"kg": _F(1), "g": _F(1, 1000), "t": _F(1000), "lb": _POUND_KG},  # in kg
    "power": {"W": _F(1), "kW": _F(1000)},  # in W
    "energy": {"Wh": _F(3600), "kWh": _F(3_600_000), "kJ": _F(1000), "MJ": _F(1_000_000)},  # in J
    "time": {"s": _F(1), "ms": _F(1, 1000), "min": _F(60), "h": _F(3600), "d": _F(86_400)},  # in s
    "signal strength": {"dBm": _F(1)},
    "number": {"count": _F(1)},
}

_TEMPERATURES = {"°C": (_F(1), _F("273.15")), "°F": (_F(5, 9), _F("459.67") * _F(5, 9)), "K": (_F(1), _F(0))}  # in K

_FLOWS: dict[str, Fraction] = {  # in L/min, whatever the condition
    "L/min": _F(1),
    "L/s": _F(60),
    "L/h": _F(1, 60),
    "mL/min": _F(1, 1000),
    "m3/h": _F(1000, 60),
    "m3/min": _F(1000),
    "m3/s": _F(60_000),
    "cfm": _CUBIC_FOOT_L,
    "cfh": _CUBIC_FOOT_L / 60,
}

_OUR_CONDITION = "15C"
_CONDITIONS: dict[str, Fraction] = {
    "0C": _F("1.055132"),
    "15C": _F(1),
    "15C,1bar": _F("0.986913"),
    "15.6C": _F("0.998069"),
    "20C": _F("0.982885"),
    "21.1C": _F("0.979161"),
    "25C": _F("0.966348"),
}
"""Volume of oxygen at that temperature and 1.01325 bar (or 1 bar) → volume at 15 °C and 1.01325 bar: the ratio of the densities by the
equation of state of Schmidt and Wagner (1985), computed with CoolProp 8.0.0. 15.6 °C is 60 °F, 21.1 °C is 70 °F."""


def _all_units() -> Iterator[Unit]:
    for dimension, scales in _SCALES.items():
        for name, scale in scales.items():
            yield Unit(name, dimension, scale)
    for name, (scale, offset) in _TEMPERATURES.items():
        yield Unit(name, "temperature", scale, offset)
    for rate, scale in _FLOWS.items():
        for condition, ratio in _CONDITIONS.items():
            yield Unit(_flow_name(rate, condition), "flow", scale * ratio)


def _flow_name(rate: str, condition: str) -> str:
    return rate if condition == _OUR_CONDITION else f"{rate}@{condition}"


UNITS: dict[str, Unit] = {unit.name: unit for unit in _all_units()}
"""Every unit by its one right name. A flow without a reference condition is at ours, 15 °C and 1.01325 bar absolute."""

_SPELLINGS: dict[str, str] = {
    "kg/cm2": "kgf/cm2 ksc kg/sqcm kgf/sqcm kg/cm² kgf/cm²",
    "psi": "lb/in2 lbf/in2",
    "mmH2O": "mmWC mmWG mmAq",
    "cmH2O": "cmWC cmWG",
    "inH2O": "inWC inWG inAq in.H2O inchH2O",
    "°C": "C degC Cel Celsius",
    "°F": "F degF [degF] Fahrenheit",
    "K": "Kelvin degK",
    "%": "pct percent vol% %vol %v/v %(v/v) %O2",
    "ratio": "1 / fraction",
    "ppm": "ppmv mL/m3 umol/mol",
    "kg": "kgs kilogram kilograms",
    "g": "gram grams",
    "t": "tonne tonnes MT metricton",
    "lb": "lbs pound pounds",
    "W": "watt watts",
    "s": "sec secs second seconds",
    "ms": "msec millisecond milliseconds",
    "min": "mins minute minutes",
    "h": "hr hrs hour hours",
    "d": "day days",
    "count": "counts pcs nos ea cylinders cycles",
}
_FLOW_SPELLINGS: dict[str, str] = {
    "L/min": "lpm ltr/min litre/min litres/min liter/min liters/min",
    "L/s": "lps L/sec",
    "L/h": "lph L/hr",
    "mL/min": "mlpm ccm cc/min",
    "m3/h": "m3/hr cbm/h cmh m3ph",
    "m3/min": "cmm",
    "m3/s": "m3/sec",
    "cfm": "ft3/min",
    "cfh": "ft3/h ft3/hr",
}
_CONDITION_SPELLINGS = {"15.6C": "60F", "21.1C": "70F 21C", "15C,1bar": "15C/1bar 15C1bar"}
_GAUGES = ("bar", "mbar", "kPa", "psi", "kg/cm2", "kgf/cm2")
_CASE_MATTERS = {"MPa": "MPa", "MPag": "MPa", "MPa(g)": "MPa", "MJ": "MJ"}
"""In small letters their prefix would be milli-, a thousand million times less: their case is not guessed."""


def _tidy(spelling: str) -> str:
    """Without spaces, degree signs and raised digits: `m³ / h @ 20 °C` → `m3/h@20C`."""
    text = unicodedata.normalize("NFKC", spelling.replace("º", "°").replace("µ", "u").replace("μ", "u"))
    return "".join(text.replace("°", "").replace("^", "").split())


def _fold(spelling: str) -> str:
    return _tidy(spelling).casefold()


def _plain_spellings() -> Iterator[tuple[str, str]]:
    for name, unit in UNITS.items():
        if unit.dimension != "flow" and name not in _CASE_MATTERS:
            yield from ((spelling, name) for spelling in (name, *_SPELLINGS.get(name, "").split()))
    for gauge in _GAUGES:
        yield from ((f"{gauge}{mark}", gauge.replace("kgf", "kg")) for mark in ("g", "(g)"))


def _flow_spellings() -> Iterator[tuple[str, str]]:
    """`N` before a volume is 0 °C, `S` 15 °C, but 70 °F before cubic feet; a condition after `@` goes before what `S` would mean."""
    for rate, others in _FLOW_SPELLINGS.items():
        standard = "21.1C" if rate.startswith("cf") else "15C"
        for spelling in (rate, *others.split()):
            yield spelling, rate
            yield f"N{spelling}", _flow_name(rate, "0C")
            yield f"S{spelling}", _flow_name(rate, standard)
            for condition in _CONDITIONS:
                for at in (condition, *_CONDITION_SPELLINGS.get(condition, "").split()):
                    yield f"{spelling}@{at}", _flow_name(rate, condition)
                    yield f"S{spelling}@{at}", _flow_name(rate, condition)


_BY_SPELLING: dict[str, str] = {_fold(spelling): name for spelling, name in (*_plain_spellings(), *_flow_spellings())}
_ABSOLUTE = frozenset(_fold(f"{gauge}{mark}") for gauge in (*_GAUGES, "MPa") for mark in ("a", "(a)", "abs"))
_MAX_SPELLING = 40


def normalise_name(unit: str) -> str:
    """The one right name of a unit (a key of UNITS), however it is spelled: `KPA` → `kPa`, `kgf/cm²` → `kg/cm2`, `Nm3/h` → `m3/h@0C`.

    Raises UnknownUnit.
    """
    name = _find(unit)
    if name is None:
        raise UnknownUnit(f"unit {_shown(unit)} is not known{_why(unit)}; known: {', '.join(map(known_units, dimensions()))}")
    return name


def exact_factor(sender_unit: str, our_unit: str) -> tuple[Fraction, Fraction]:
    """(scale, offset) with: ours = scale × theirs + offset. Raises UnknownUnit, IncompatibleUnits."""
    if not our_unit:
        raise IncompatibleUnits(f"this signal has no unit, but its sender says {_shown(sender_unit)}")
    ours = UNITS[normalise_name(our_unit)]
    right = f"; for {ours.dimension}: {known_units(ours.dimension)}"
    name = _find(sender_unit)
    if name is None:
        raise UnknownUnit(f"unit {_shown(sender_unit)} is not known{_why(sender_unit)}{right}")
    theirs = UNITS[name]
    if theirs.dimension != ours.dimension:
        raise IncompatibleUnits(f"{_shown(sender_unit)} is a unit of {theirs.dimension}, not of {ours.dimension}{right}")
    return theirs.scale / ours.scale, (theirs.offset - ours.offset) / ours.scale


@lru_cache(maxsize=1024)
def factor(sender_unit: str, our_unit: str) -> tuple[float, float]:
    """`exact_factor` as floats, for use once per unit and then on many values."""
    scale, offset = exact_factor(sender_unit, our_unit)
    return float(scale), float(offset)


def convert(value: float, sender_unit: str, our_unit: str) -> float:
    """A finite value in our unit, rounded once. Raises UnknownUnit, IncompatibleUnits; OverflowError beyond the range of a float."""
    scale, offset = exact_factor(sender_unit, our_unit)
    return float(Fraction(value) * scale + offset)


def dimensions() -> tuple[str, ...]:
    return tuple(dict.fromkeys(unit.dimension for unit in UNITS.values()))


def known_units(dimension: str) -> str:
    """The units of a dimension as a sentence names them."""
    if dimension == "flow":
        conditions = ", ".join(f"@{condition}" for condition in _CONDITIONS)
        return f"{', '.join(_FLOWS)} (at 15 °C and 1.01325 bar; other reference conditions: {conditions}, Nm3/h, scfm)"
    return ", ".join(name for name, unit in UNITS.items() if unit.dimension == dimension)


def _find(unit: str) -> str | None:
    if len(unit) > _MAX_SPELLING:
        return None
    return _CASE_MATTERS.get(_tidy(unit)) or _BY_SPELLING.get(_fold(unit))


def _why(unit: str) -> str:
    return " (an absolute pressure: ours are gauge)" if _fold(unit[:_MAX_SPELLING]) in _ABSOLUTE else ""


def _shown(unit: str) -> str:
    return repr(unit[:_MAX_SPELLING])
