"""Checks of one rule with the numbers of an asset."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.config.rulebook import default_rules
from collector.rules.check_numbers import check_delay, check_numbers
from collector.rules.compile import Programs
from collector.rules.condition import Verdict
from collector.rules.layers import Path
from collector.rules.model import Rule, RuleSet
from devices.assets import Site
from tests.unit.collector.rules.rulebench import rule, state_rule, told

DECLARED = {"nominal_bar": 4.1, "rated_flow_lpm": 500.0, "interval_s": 10.0}
LINE = {"kind": "pipeline", "signals": ["line_pressure_bar"], "limit": 3.3, "clear": 3.5}
BANKS = {"kind": "manifold", "type": "standby", "signals": ["bank_a_bar", "bank_b_bar"], "limit": 120}
HOURS = {"kind": "site", "type": "hours_left", "signals": None, "limit": 6, "clear": 7}
FORECAST = {"type": "forecast", "signals": ["o2_purity_pct"], "side": "below", "limit": 90, "clear": None, "within_h": 300, "clear_h": 400}
RISING = {"type": "rising", "signals": ["room_temp_c"], "limit": 5, "clear": 2, "window_s": 600}
OUTSIDE = {"type": "outside", "signals": ["room_o2_pct"], "limit": 19.5, "clear": 20, "upper": 23.5, "upper_clear": 23}
STUCK = {"type": "stuck", "signals": ["o2_purity_pct"], "limit": None, "clear": None, "still_s": 600}
COMPARE = {"kind": "site", "type": "compare", "signals": ["demand_lpm"], "side": "above", "limit": "200 % of usual_lpm"}


def errors(spoilt: Rule, before: Rule | None = None, **declared: float) -> list[tuple[str, Path, str]]:
    return told(check_numbers(spoilt, spoilt.kind, DECLARED | declared, before))


@pytest.mark.parametrize(
    "good",
    [
        rule(),
        state_rule(),
        rule(**LINE),
        rule(**LINE | {"limit": "80 % of nominal_bar", "clear": "85 % of nominal_bar", "worse_limit": "70 % of nominal_bar"}),
        rule(**LINE | {"limit": "48 psi", "clear": "50 psi"}),
        rule(**LINE | {"limit": "80 % of relief_bar", "clear": 0}),
        rule(**HOURS),
        rule(**FORECAST),
        rule(**RISING),
        rule(**OUTSIDE),
        rule(**STUCK, moves=[{"signal": "o2_flow_lpm", "by": 20}]),
        rule(**COMPARE, clear="150 % of usual_lpm"),
        rule(kind="cylinder_store", type="above", signals=["empty_count"], limit=0, clear=None),
        rule(type="above", signals=["psa_run_h"], limit=2000, clear=None),
        rule(kind="collector", type="above", signals=["dropped_recently"], limit=0, clear=None),
        rule(kind="any", type="above", signals=["o2_purity_pct"], limit=99, clear=98),
        *default_rules(),
    ],
    ids=lambda r: f"{r.id} {r.kind} {r.type}",
)
def test_a_good_rule_is_quiet(good: Rule) -> None:
    assert errors(good) == []


@pytest.mark.parametrize(
    ("spoilt", "path", "said"),
    [
        (
            rule(**LINE | {"limit": 45}),
            ("limit",),
            "45 is outside the sane range of line_pressure_bar (−0.2 … 16 bar); 45 psi would be 3.10 bar: write 45 psi",
        ),
        (
            rule(**LINE | {"limit": "3300 kPa"}),
            ("limit",),
            "3300 kPa (33) is outside the sane range of line_pressure_bar (−0.2 … 16 bar); 3300 mbar would be 3.30 bar: write 3300 mbar",
        ),
        (
            rule(**LINE | {"clear": 52}),
            ("clear",),
            "52 is outside the sane range of line_pressure_bar (−0.2 … 16 bar); 52 psi would be 3.59 bar",
        ),
        (
            rule(**LINE | {"type": "above", "limit": "400 % of nominal_bar", "clear": 4}),
            ("limit",),
            "400 % of nominal_bar (16.4) is outside the sane range of line_pressure_bar (−0.2 … 16 bar)",
        ),
        (rule(**LINE | {"worse_limit": -3}), ("worse_limit",), "-3 is outside the sane range of line_pressure_bar"),
        (
            rule(**LINE | {"limit": -0.2, "clear": 1}),
            ("limit",),
            "-0.2 is the end of the sane range of line_pressure_bar: nothing beyond it is",
        ),
        (rule(**LINE | {"type": "above", "limit": 16, "clear": 1}), ("limit",), "16 is the end of the sane range of line_pressure_bar"),
        (rule(**OUTSIDE | {"upper": 100, "upper_clear": 90}), ("upper",), "100 is the end of the sane range of room_o2_pct"),
        (rule(**FORECAST | {"limit": 900}), ("limit",), "900 is outside the sane range of o2_purity_pct (0 … 100 %)"),
        (rule(**RISING | {"limit": 90}), ("limit",), "90 is outside the sane range of a change of room_temp_c (0 … 80 °C)"),
        (rule(**RISING | {"limit": -5, "clear": -2}), ("limit",), "-5 is outside the sane range of a change of room_temp_c (0 … 80 °C)"),
        (rule(**HOURS | {"limit": 0}), ("limit",), "0 is the end of the sane range of hours left"),
        (rule(**HOURS | {"limit": 9000, "clear": 9999}), ("limit",), "9000 is outside the sane range of hours left (0 … 8760 h)"),
        (rule(signals=["o2_purity_pct"], limit=0.92, clear=0.93), ("limit",), "0.92 %; 0.92 as a share would be 92 %: write 92"),
        (
            rule(**LINE | {"clear": 3.2}),
            ("clear",),
            "3.2 is on the wrong side of limit 3.3: between the two it is raised and over at once; clear somewhat above 3.3 is right",
        ),
        (
            rule(**LINE | {"type": "above", "limit": "60 psi", "clear": 4.5}),
            ("clear",),
            "4.5 is on the wrong side of limit 60 psi (4.13685): between the two it is raised and over at once; clear somewhat below 60",
        ),
        (rule(**BANKS, clear=100), ("clear",), "100 is on the wrong side of limit 120"),
        (rule(**BANKS | {"limit": 300}, clear=310), ("limit",), "300 is outside the sane range of bank_a_bar (−3.125 … 250 bar)"),
        (rule(**HOURS | {"clear": 5}), ("clear",), "5 is on the wrong side of limit 6"),
        (rule(**RISING | {"clear": 7}), ("clear",), "7 is on the wrong side of limit 5"),
        (rule(**RISING | {"type": "falling", "clear": 7}), ("clear",), "7 is on the wrong side of limit 5"),
        (rule(**COMPARE, clear="250 % of usual_lpm"), ("clear",), "250 % of usual_lpm is on the wrong side of limit 200 % of usual_lpm"),
        (rule(**OUTSIDE | {"clear": 19}), ("clear",), "19 is on the wrong side of limit 19.5"),
        (rule(**OUTSIDE | {"upper_clear": 24}), ("upper_clear",), "24 is on the wrong side of upper 23.5"),
        (
            rule(**OUTSIDE | {"limit": 24}),
            ("upper",),
            "upper 23.5 is not above limit 24: it would always be raised; change the two over",
        ),
        (
            rule(**OUTSIDE | {"clear": 22, "upper_clear": 21}),
            ("clear",),
            "it clears between 22 and 21, where nothing is; leave a band between the two",
        ),
        (rule(**LINE | {"worse_limit": 3.4}), ("worse_limit",), "3.4 is no worse than limit 3.3; one below it is right"),
        (
            rule(**LINE | {"type": "above", "clear": 3, "worse_limit": "nominal_bar - 1"}),
            ("worse_limit",),
            "nominal_bar - 1 (3.1) is no worse than limit 3.3; one above it is right",
        ),
        (rule(**OUTSIDE, worse_limit=18), ("worse_limit",), "a rule of type outside has no worse side; leave worse_limit out"),
        (
            rule(**FORECAST | {"clear_h": 200}),
            ("clear_h",),
            "it clears at 200 h and is raised within 300 h: between the two it is raised and over at once; more than 300 is right",
        ),
        (rule(**FORECAST | {"within_h": 9000, "clear_h": 9999}), ("within_h",), "9000 h is more than a year; no trend says so much"),
        (
            rule(**STUCK, moves=[{"signal": "o2_flow_lpm", "by": 5}, {"signal": "o2_purity_pct", "by": 0}]),
            ("moves", 1, "by"),
            "o2_purity_pct can't vary by 0; more than 0 and less than its sane range is right",
        ),
        (
            rule(gates=[{"signal": "state", "states": ["off"]}, {"signal": "o2_flow_lpm", "above": "3000 % of rated_flow_lpm"}]),
            ("gates", 1, "above"),
            "o2_flow_lpm is never above 15000, and the rule never raised; less than 10000 is right",
        ),
        (
            rule(
                type="any_of",
                signals=None,
                limit=None,
                clear=None,
                parts=[
                    {"type": "below", "signals": ["product_tank_bar"], "limit": 3, "clear": 4},
                    {"type": "below", "signals": ["air_receiver_bar"], "limit": 70, "clear": 71},
                ],
            ),
            ("parts", 1, "limit"),
            "70 is outside the sane range of air_receiver_bar (−0.2 … 16 bar); 70 psi would be 4.83 bar: write 70 psi",
        ),
    ],
)
def test_what_is_wrong_is_an_error_at_its_place(spoilt: Rule, path: Path, said: str) -> None:
    found = [(at, text) for severity, at, text in errors(spoilt) if severity == "error"]
    assert path in [at for at, _ in found]
    assert next(text for at, text in found if at == path).startswith(said)


def test_of_a_limit_that_can_not_be_nothing_more_is_said() -> None:
    assert [at for _, at, _ in errors(rule(**LINE | {"limit": 45, "worse_limit": 46}))] == [("limit",), ("worse_limit",)]


@pytest.mark.parametrize(
    ("doubtful", "path", "said"),
    [
        (rule(clear=None), ("limit",), "without clear it clears where it is raised, and chatters; clear somewhat above 4 is right"),
        (rule(clear=4), ("clear",), "4 is limit itself, and the alarm will chatter; clear somewhat above 4 is right"),
        (rule(**HOURS | {"clear": None}), ("limit",), "without clear it clears where it is raised"),
        (
            rule(**OUTSIDE | {"upper_clear": None}),
            ("upper",),
            "without upper_clear it clears where it is raised, and chatters; upper_clear somewhat",
        ),
        (
            rule(**FORECAST | {"clear_h": None}),
            ("clear_h",),
            "it clears where it is raised, and chatters; clear_h somewhat above 300 is right",
        ),
    ],
)
def test_what_will_chatter_is_a_warning(doubtful: Rule, path: Path, said: str) -> None:
    ((severity, at, text),) = errors(doubtful)
    assert (severity, at) == ("warning", path)
    assert text.startswith(said)


@pytest.mark.parametrize(
    ("limit", "clear", "said"),
    [
        ("3.3 psi", 3.5, "3.3 psi (0.227527) bar, far from the 3.28 that it changes; 3.3 bar is near to it: write 3.3"),
        (0.33, 3.5, "0.33 bar, far from the 3.28 that it changes; 0.33 MPa would be 3.30 bar: write 0.33 MPa"),
        (3.0, 3.5, None),
        (1.0, 3.5, None),
    ],
)
def test_a_limit_that_is_possible_but_far_from_the_one_it_changes_is_asked_after(
    limit: float | str, clear: float, said: str | None
) -> None:
    before = rule(**LINE | {"limit": "80 % of nominal_bar", "clear": "85 % of nominal_bar"})
    found = [text for _, at, text in errors(rule(**LINE | {"limit": limit, "clear": clear}), before) if at == ("limit",)]
    assert found == ([said] if said else [])


def test_what_is_not_declared_is_not_judged_and_what_belongs_to_another_kind_neither() -> None:
    spoilt = rule(**LINE | {"limit": "900 % of nominal_bar"})
    assert told(check_numbers(spoilt, "pipeline", {})) == []
    assert told(check_numbers(spoilt, "manifold", DECLARED)) == []
    assert len(told(check_numbers(spoilt, "pipeline", DECLARED))) == 1


@pytest.mark.parametrize(
    ("on_delay_s", "interval_s", "ours", "said"),
    [
        (10, 10, True, None),
        (
            10,
            60,
            True,
            "readings come every 60 s: its on-delay of 10 s becomes 60 s; let the asset report more often where that is too late",
        ),
        (0, 60, True, None),
        (20, 10, False, None),
        (
            19,
            10,
            False,
            "its on-delay of 19 s is less than two sampling intervals of 10 s: single readings will raise it; 20 or more is right",
        ),
        (0, 10, False, "its on-delay of 0 s is less than two sampling intervals of 10 s"),
    ],
)
def test_an_on_delay_holds_two_sampling_intervals(on_delay_s: float, interval_s: float, ours: bool, said: str | None) -> None:
    found = told(check_delay(rule(on_delay_s=on_delay_s), interval_s, ours=ours))
    assert [(severity, at) for severity, at, _ in found] == ([("warning", ("on_delay_s",))] if said else [])
    assert all(text.startswith(said or "") for _, _, text in found)


def test_what_no_reading_confirms_has_no_such_delay() -> None:
    assert told(check_delay(rule(**HOURS, on_delay_s=0), 60, ours=False)) == []
    assert told(check_delay(rule(type="above", signals=["psa_run_h"], on_delay_s=0), 60, ours=False)) == []


NUMBERS = st.one_of(st.floats(-1, 17), st.sampled_from([-0.2, 3.0, 4.0, 16.0])).map(lambda number: round(number, 2))
SITE = Site.model_validate({"id": "a", "assets": [{"id": "line", "kind": "pipeline", "nominal_bar": 4.1}]})


@given(st.sampled_from(["below", "above", "outside"]), NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_a_rule_without_an_error_can_be_raised_and_can_clear(
    type_: str, limit: float, clear: float, upper: float, upper_clear: float
) -> None:
    """What passes works: some reading in the sane range raises it, some clears it, and none that raises it is beyond its clear limit."""
    judged = rule(**LINE | {"type": type_, "limit": limit, "clear": clear, "upper": upper, "upper_clear": upper_clear})
    if type_ != "outside":
        judged = rule(**LINE | {"type": type_, "limit": limit, "clear": clear})
    if any(severity == "error" for severity, _, _ in errors(judged)):
        return
    (condition,) = Programs(RuleSet(rules=(judged,))).of_asset(SITE, SITE.assets[0]).conditions
    readings = [
        *(number / 100 for number in range(-20, 1601)),
        *(math.nextafter(edge, side) for edge in (limit, upper) for side in (-1, 17)),
    ]
    verdicts = {condition.judge({"line_pressure_bar": reading}) for reading in readings if -0.2 <= reading <= 16}
    assert {Verdict.RAISE, Verdict.CLEAR} <= verdicts
