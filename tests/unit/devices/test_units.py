"""Units against their definitions, the trade's table of reference conditions, and each other."""

from __future__ import annotations

from contextlib import suppress

import pytest
from CoolProp.CoolProp import PropsSI
from hypothesis import given
from hypothesis import strategies as st

from devices.units import (
    OUR_UNITS,
    UNITS,
    IncompatibleUnits,
    UnknownUnit,
    convert,
    dimensions,
    exact_factor,
    factor,
    known_units,
    normalise_name,
)

NAMES = sorted(UNITS)
SAME_DIMENSION = [(a, b) for a in NAMES for b in NAMES if UNITS[a].dimension == UNITS[b].dimension]


@pytest.mark.parametrize(
    ("value", "sender_unit", "our_unit", "expected"),
    [
        # NIST SP 811, appendix B.8, or exact by definition; each to the digits printed there.
        (1, "kPa", "bar", 0.01),
        (1, "MPa", "bar", 10),
        (1, "Pa", "mbar", 0.01),
        (1, "hPa", "mbar", 1),
        (1, "atm", "bar", 1.01325),
        (1, "psi", "Pa", 6894.757),
        (14.5038, "psi", "bar", 1),
        (1.019716, "kg/cm2", "bar", 1),
        (1, "kg/cm2", "kPa", 98.0665),
        (1, "inH2O", "Pa", 249.0889),
        (1, "cmH2O", "Pa", 98.0665),
        (1, "mmH2O", "Pa", 9.80665),
        (1, "mmHg", "Pa", 133.3224),
        (760, "mmHg", "bar", 1.01325),
        (50, "psi", "bar", 3.44738),
        (400, "kPa", "bar", 4),
        (32, "degF", "c", 0),
        (212, "degF", "c", 100),
        (-40, "degF", "c", -40),
        (0, "K", "c", -273.15),
        (98.6, "°F", "c", 37),
        (0.935, "ratio", "pct", 93.5),
        (1, "%", "ppm", 10_000),
        (300, "ppm", "pct", 0.03),
        (1, "lb", "kg", 0.4535924),
        (1, "t", "kg", 1000),
        (250, "g", "kg", 0.25),
        (1, "kW", "w", 1000),
        (1, "MJ", "kwh", 1 / 3.6),
        (1, "kWh", "Wh", 1000),
        (90, "min", "h", 1.5),
        (1, "d", "s", 86_400),
        (250, "ms", "s", 0.25),
        (-71, "dBm", "dbm", -71),
        (12, "Nos", "count", 12),
        (1, "L/s", "lpm", 60),
        (60, "m3/h", "lpm", 1000),
        (1, "m3/s", "lpm", 60_000),
        (1, "cfm@15C", "lpm", 28.31685),
    ],
)
def test_conversions(value: float, sender_unit: str, our_unit: str, expected: float) -> None:
    assert convert(value, sender_unit, our_unit) == pytest.approx(expected, rel=3e-6, abs=1e-9)


@pytest.mark.parametrize(
    ("sender_unit", "ratio"),
    [
        # The trade's factors to 15 °C, 1.01325 bar, to the four decimals printed.
        ("L/min@0C", 1.0551),
        ("L/min@15C,1bar", 0.9869),
        ("L/min@20C", 0.9829),
        ("L/min@21.1C", 0.9792),
        ("L/min@70F", 0.9792),
        ("L/min@25C", 0.9664),
        ("L/min@15C", 1),
        ("L/min", 1),
        ("NL/min", 1.0551),
        ("SL/min", 1),
        ("slpm", 1),
    ],
)
def test_reference_conditions_of_the_trade(sender_unit: str, ratio: float) -> None:
    assert convert(1, sender_unit, "lpm") == pytest.approx(ratio, abs=0.0001)


@pytest.mark.parametrize(
    ("condition", "temp_c", "absolute_bar"),
    [
        ("0C", 0, 1.01325),
        ("15C,1bar", 15, 1.0),
        ("15.6C", (60 - 32) * 5 / 9, 1.01325),
        ("20C", 20, 1.01325),
        ("21.1C", (70 - 32) * 5 / 9, 1.01325),
        ("25C", 25, 1.01325),
    ],
)
def test_reference_conditions_of_the_equation_of_state(condition: str, temp_c: float, absolute_bar: float) -> None:
    theirs = PropsSI("D", "P", absolute_bar * 1e5, "T", temp_c + 273.15, "Oxygen")
    ours = PropsSI("D", "P", 101325, "T", 288.15, "Oxygen")
    assert convert(1, f"L/min@{condition}", "lpm") == pytest.approx(theirs / ours, abs=1e-6)


@pytest.mark.parametrize(
    ("sender_unit", "lpm"),
    [
        ("Nm3/h", 17.5855),
        ("Sm3/h", 16.6667),
        ("m3/h", 16.6667),
        ("m3/h@20C", 16.3814),
        ("scfm", 27.7268),
        ("scfm@21.1C", 27.7268),
        ("scfm@15C", 28.3168),
    ],
)
def test_flows_at_a_stated_condition(sender_unit: str, lpm: float) -> None:
    assert convert(1, sender_unit, "lpm") == pytest.approx(lpm, abs=0.0001)


@pytest.mark.parametrize(
    ("spellings", "name"),
    [
        ("bar BAR Bar barg bar(g) BARG", "bar"),
        ("KPA kpa kPa kPag", "kPa"),
        ("mbar MBAR mBar", "mbar"),
        ("MPa MPag", "MPa"),
        ("psi PSI Psi psig PSIG lbf/in2", "psi"),
        ("kg/cm2 kg/cm² KG/CM2 kgf/cm2 kgf/cm² kg/cm^2 kg/sqcm ksc kg/cm2(g) kgf/cm2g", "kg/cm2"),
        ("inH2O INH2O inWC in.H2O", "inH2O"),
        ("mmHg MMHG", "mmHg"),
        ("°C ºC C c degC DegC Cel Celsius ℃", "°C"),
        ("°F F f degF ℉ [degF]", "°F"),
        ("K Kelvin", "K"),
        ("% pct percent PERCENT vol% %v/v", "%"),
        ("1 / ratio", "ratio"),
        ("ppm PPM ppmv mL/m3", "ppm"),
        ("lpm LPM l/min L/min ltr/min slpm SLPM L/min@15C L/min@15°C", "L/min"),
        ("Nm3/h nm3/h Nm³/h NM3/HR m3/h@0C m³/h@0°C", "m3/h@0C"),
        ("m3/h m³/h Sm3/h CMH m^3/h m3/hr", "m3/h"),
        ("m3/h@20C m³/h@20°C", "m3/h@20C"),
        ("scfm SCFM scfm@70F cfm@21.1C scfm@21.1C", "cfm@21.1C"),
        ("t MT tonne tonnes", "t"),
        ("kWh KWH kwh", "kWh"),
        ("h hr hours H", "h"),
        ("dBm DBM", "dBm"),
        ("count Nos pcs cylinders", "count"),
    ],
)
def test_spellings(spellings: str, name: str) -> None:
    assert {normalise_name(spelling) for spelling in spellings.split()} == {name}


def test_spaces_do_not_matter() -> None:
    assert normalise_name(" m³ / h  @ 20 °C ") == "m3/h@20C"


@pytest.mark.parametrize("name", NAMES)
def test_a_right_name_is_its_own(name: str) -> None:
    assert normalise_name(name) == name


@pytest.mark.parametrize("suffix", OUR_UNITS)
def test_the_suffix_of_a_signal_is_a_spelling_of_its_unit(suffix: str) -> None:
    assert normalise_name(suffix) == OUR_UNITS[suffix]
    assert factor(suffix, suffix) == (1.0, 0.0)


@pytest.mark.parametrize(
    "unit", ["", " ", "banana", "bara", "psia", "kPa(a)", "mpa", "mPa", "mj", "MW", "mW", "Nm3/h@20C", "m3/h@", "m3/h@17C", "m", "bar" * 50]
)
def test_what_is_not_known_is_not_guessed(unit: str) -> None:
    with pytest.raises(UnknownUnit, match="is not known"):
        normalise_name(unit)


def test_an_absolute_pressure_is_told_why() -> None:
    with pytest.raises(UnknownUnit, match="absolute pressure: ours are gauge"):
        factor("bara", "bar")


@pytest.mark.parametrize(
    ("sender_unit", "our_unit", "words"),
    [
        ("furlong", "bar", "unit 'furlong' is not known; for pressure: bar, mbar, Pa"),
        ("gpm", "lpm", "unit 'gpm' is not known; for flow: L/min, L/s"),
        ("kelvins", "c", "unit 'kelvins' is not known; for temperature: °C, °F, K"),
    ],
)
def test_an_unknown_unit_is_answered_with_the_known_ones_of_its_dimension(sender_unit: str, our_unit: str, words: str) -> None:
    with pytest.raises(UnknownUnit, match=words):
        factor(sender_unit, our_unit)


@pytest.mark.parametrize(
    ("sender_unit", "our_unit", "words"),
    [
        ("kg", "bar", "'kg' is a unit of mass, not of pressure; for pressure: bar"),
        ("ratio", "count", "'ratio' is a unit of concentration, not of number"),
        ("bar", "", "this signal has no unit, but its sender says 'bar'"),
    ],
)
def test_a_unit_of_another_dimension_is_refused(sender_unit: str, our_unit: str, words: str) -> None:
    with pytest.raises(IncompatibleUnits, match=words):
        factor(sender_unit, our_unit)


def test_a_very_long_unit_is_cut_in_the_message() -> None:
    with pytest.raises(UnknownUnit) as caught:
        factor("x" * 100_000, "c")
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("our_unit", OUR_UNITS)
def test_units_of_the_same_dimension_convert(our_unit: str) -> None:
    same = [name for name in NAMES if UNITS[name].dimension == UNITS[OUR_UNITS[our_unit]].dimension]
    assert all(factor(name, our_unit)[0] > 0 for name in same)


@pytest.mark.parametrize("our_unit", OUR_UNITS)
def test_units_of_other_dimensions_do_not(our_unit: str) -> None:
    for name in NAMES:
        if UNITS[name].dimension != UNITS[OUR_UNITS[our_unit]].dimension:
            with pytest.raises(IncompatibleUnits):
                factor(name, our_unit)


@given(st.sampled_from(SAME_DIMENSION))
def test_there_and_back_is_exactly_where_it_began(pair: tuple[str, str]) -> None:
    there, back = exact_factor(*pair), exact_factor(*reversed(pair))
    assert there[0] * back[0] == 1
    assert there[1] * back[0] + back[1] == 0


@given(st.floats(-1e9, 1e9), st.sampled_from(SAME_DIMENSION))
def test_a_value_survives_the_round_trip(value: float, pair: tuple[str, str]) -> None:
    sender_unit, our_unit = pair
    back = convert(convert(value, sender_unit, our_unit), our_unit, sender_unit)
    assert back == pytest.approx(value, rel=1e-12, abs=1e-10)


@given(st.floats(-1e6, 1e6), st.sampled_from(SAME_DIMENSION))
def test_the_factor_of_the_fast_way_gives_the_same_value(value: float, pair: tuple[str, str]) -> None:
    scale, offset = factor(*pair)
    assert value * scale + offset == pytest.approx(convert(value, *pair), rel=1e-12, abs=1e-9)


@given(st.text(max_size=60))
def test_any_text_is_a_unit_or_unknown(text: str) -> None:
    with suppress(UnknownUnit):
        assert normalise_name(text) in UNITS


def test_every_unit_is_named_to_people() -> None:
    sentences = {dimension: known_units(dimension) for dimension in dimensions()}
    assert all(unit.name.partition("@")[0] in sentences[unit.dimension] for unit in UNITS.values())
