"""The numbers of rules as people write them, and what they are in our units."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.rules.limit import Limit, parse_limit, unit_of
from collector.rules.model import Gate, Move, Rule, RuleOverride
from devices.units import UNITS, exact_factor

BELOW = {"id": "XX-L", "kind": "pipeline", "type": "below", "signals": ["line_pressure_bar"], "priority": "low", "message": "low"}


def rule(**given_: object) -> Rule:
    return Rule.model_validate(BELOW | given_)


def limit(text: float | str) -> Limit:
    return Limit.model_validate(parse_limit(text))


@pytest.mark.parametrize(
    ("text", "bar"),
    [
        ("48 psi", 3.309483),
        ("48psi", 3.309483),
        ("320 kPa", 3.2),
        ("4 kg/cm2", 3.922660),
        ("4 kg / cm²", 3.922660),
        ("3.3 barg", 3.3),
        ("3300 mbar", 3.3),
        ("0.32 MPa", 3.2),
        ("-1 psi", -0.0689476),
        (3.3, 3.3),
    ],
)
def test_a_limit_in_another_unit_is_that_of_the_signal(text: float | str, bar: float) -> None:
    found = rule(limit=text).limit
    assert found is not None
    assert found.value({}) == pytest.approx(bar, rel=1e-6)
    assert found.unit == ""
    assert found.said == ("" if text == 3.3 else str(limit(text)))


@pytest.mark.parametrize(
    ("type_", "signal", "text", "value"),
    [
        ("above", "feed_air_temp_c", "113 °F", 45.0),
        ("rising", "feed_air_temp_c", "9 °F", 5.0),
        ("falling", "o2_flow_lpm", "6 m3/h", 100.0),
        ("above", "o2_flow_lpm", "30 Nm3/h", 527.566),
        ("above", "co_ppm", "0.001 ratio", 1000.0),
        ("above", "psa_run_h", "2 d", 48.0),
        ("hours_left", None, "2 d", 48.0),
        ("hours_left", None, "90 min", 1.5),
    ],
)
def test_other_dimensions_and_differences(type_: str, signal: str | None, text: str, value: float) -> None:
    signals = [signal] if signal else []
    found = rule(type=type_, kind="psa_plant", signals=signals, limit=text, window_s=600).limit
    assert found is not None
    assert found.value({}) == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize(
    ("text", "value", "said"),
    [
        ("nominal_bar + 5 psi", 4.1 + 0.3447379, "nominal_bar + 5 psi"),
        ("80 % of nominal_bar - 10 kPa", 3.28 - 0.1, "80 % of nominal_bar - 10 kPa"),
    ],
)
def test_what_is_added_to_a_declared_number_may_have_a_unit_too(text: str, value: float, said: str) -> None:
    found = rule(limit=text).limit
    assert found is not None
    assert found.value({"nominal_bar": 4.1}) == pytest.approx(value, rel=1e-6)
    assert found.said == said


@pytest.mark.parametrize("field", ["limit", "clear", "upper", "upper_clear", "worse_limit"])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("48 kg", "48 kg: 'kg' is a unit of mass, not of pressure; for pressure: bar, mbar"),
        ("48 bara", "an absolute pressure: ours are gauge"),
        ("48 pis", "unit 'pis' is not known; for pressure: bar"),
        ("nominal_bar + 2 °C", "is a unit of temperature, not of pressure"),
    ],
)
def test_a_unit_of_another_dimension_is_refused_where_it_stands(field: str, text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("(", r"\(")) as caught:
        rule(**{"limit": 3, field: text})
    assert [error["loc"] for error in caught.value.errors()] == [(field,)]  # type: ignore[attr-defined]


def test_a_signal_without_a_unit_takes_none() -> None:
    with pytest.raises(ValueError, match="this signal has no unit"):
        rule(kind="psa_plant", signals=["fault_code"], limit="3 bar")


def test_gates_and_moves_are_in_the_unit_of_their_own_signal() -> None:
    gate = Gate.model_validate({"signal": "o2_flow_lpm", "above": "6 m3/h"})
    move = Move.model_validate({"signal": "feed_air_temp_c", "by": "9 °F"})
    assert gate.above is not None
    assert (gate.above.value({}), move.by.value({})) == (100.0, 5.0)


def test_an_override_keeps_its_unit_until_it_is_applied_to_a_rule_that_knows_its_signal() -> None:
    override = RuleOverride.model_validate({"limit": "48 psi"})
    changed = override.applied_to(rule(limit=3))
    assert changed.limit is not None
    assert changed.limit.value({}) == pytest.approx(3.309483)
    with pytest.raises(ValueError, match="not of temperature"):
        override.applied_to(rule(kind="psa_plant", signals=["feed_air_temp_c"], limit=40))


def test_per_cent_of_nothing_is_told_what_is_meant() -> None:
    with pytest.raises(ValueError, match="per cent of what"):
        parse_limit("92 %")


@given(
    st.sampled_from([name for name, unit in UNITS.items() if unit.dimension == "pressure"]),
    st.decimals(-1000, 1000, places=3, allow_nan=False),
)
def test_conversion_is_exact_to_the_last_bit(unit: str, number: object) -> None:
    scale, offset = exact_factor(unit, "bar")
    assert limit(f"{number} {unit}").in_unit("bar").offset == float(Fraction(str(float(str(number)))) * scale + offset)


@pytest.mark.parametrize(
    ("signals", "unit"),
    [(("line_pressure_bar",), "bar"), (("bank_a_bar", "bank_b_bar"), "bar"), (("fault_code",), ""), (("state",), ""), ((), "")],
)
def test_the_unit_of_a_rule_is_that_of_its_first_signal(signals: tuple[str, ...], unit: str) -> None:
    assert unit_of(signals) == unit
