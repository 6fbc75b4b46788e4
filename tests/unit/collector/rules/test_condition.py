"""What a rule says of the latest values: each type on its own, and several joined."""

from __future__ import annotations

from typing import Any

import pytest

from collector.rules.compile import Programs, judge_parts
from collector.rules.condition import EVERYTHING, Condition, OpenGate, Program, Verdict
from collector.rules.model import Rule, RuleSet
from devices.assets import Site
from devices.signal import Value

RAISE, CLEAR, HOLD, PAUSE = Verdict.RAISE, Verdict.CLEAR, Verdict.HOLD, Verdict.PAUSE
BANK = {"cylinders": 10, "type": "in-d"}
SITE = Site.model_validate(
    {
        "id": "dh",
        "assets": [
            {"id": "man", "kind": "manifold", "banks": {"a": BANK, "b": BANK, "reserve": BANK}},
            {"id": "psa", "kind": "psa_plant", "rated_flow_lpm": 500, "analyser": "ultrasonic"},
            {"id": "line", "kind": "pipeline", "nominal_bar": 4.0},
        ],
    }
)


def programs(**rule: Any) -> Programs:
    whole = {"id": "XX-1", "priority": "low", "message": "m", **rule}
    return Programs(RuleSet(rules=(Rule.model_validate(whole),)))


def program(**rule: Any) -> Program:
    asset = next(asset for asset in SITE.assets if asset.kind == rule["kind"])
    return programs(**rule).of_asset(SITE, asset)


def condition(**rule: Any) -> Condition:
    return program(**rule).conditions[0]


CHANGEOVER = {"kind": "manifold", "type": "changeover", "signals": ["bank_a_bar", "bank_b_bar"], "limit": 12, "clear": 135}


@pytest.mark.parametrize(
    ("a", "b", "in_use", "verdict", "value"),
    [
        (11.0, 140.0, "a", RAISE, 11.0),
        (11.0, 140.0, "b", RAISE, 11.0),
        (60.0, 140.0, "a", CLEAR, 140.0),
        (60.0, 120.0, "a", HOLD, 120.0),
        (140.0, 60.0, "b", CLEAR, 140.0),
        (11.0, 9.0, "reserve", RAISE, 9.0),
        (60.0, 140.0, None, HOLD, 60.0),
        (None, 140.0, "b", HOLD, None),
    ],
)
def test_a_change_over_is_told_when_a_bank_is_spent_and_over_when_the_one_that_rests_is_full(
    a: float | None, b: float, in_use: str | None, verdict: Verdict, value: float | None
) -> None:
    values: dict[str, Value] = {"bank_b_bar": b}
    values |= {"bank_a_bar": a} if a is not None else {}
    values |= {"bank_in_use": in_use} if in_use else {}
    found = condition(**CHANGEOVER)
    assert (found.judge(values), found.value(values)) == (verdict, value)


COMPARE = {
    "kind": "pipeline",
    "type": "compare",
    "signals": ["o2_flow_lpm"],
    "limit": "200 % of line_pressure_bar",
    "clear": "150 % of line_pressure_bar",
}


@pytest.mark.parametrize(
    ("side", "flow", "bar", "verdict"),
    [
        ("above", 8.1, 4.0, RAISE),
        ("above", 7.0, 4.0, HOLD),
        ("above", 6.0, 4.0, CLEAR),
        ("below", 7.9, 4.0, RAISE),
        ("above", 8.1, None, HOLD),
    ],
)
def test_one_signal_against_another(side: str, flow: float, bar: float | None, verdict: Verdict) -> None:
    values: dict[str, Value] = {"o2_flow_lpm": flow}
    values |= {"line_pressure_bar": bar} if bar is not None else {}
    rule = COMPARE | {"side": side} | ({"clear": "250 % of line_pressure_bar"} if side == "below" else {})
    assert condition(**rule).judge(values) is verdict


PARTS = [
    {"type": "below", "signals": ["line_pressure_bar"], "limit": 3, "clear": 3.5},
    {"type": "above", "signals": ["o2_flow_lpm"], "limit": 100, "clear": 80},
]


@pytest.mark.parametrize(
    ("kind", "bar", "flow", "verdict"),
    [
        ("any_of", 2.9, 50.0, RAISE),
        ("any_of", 4.0, 101.0, RAISE),
        ("any_of", 4.0, 50.0, CLEAR),
        ("any_of", None, 50.0, CLEAR),
        ("any_of", 3.2, 90.0, HOLD),
        ("all_of", 2.9, 101.0, RAISE),
        ("all_of", 2.9, 50.0, CLEAR),
        ("all_of", 2.9, None, HOLD),
        ("all_of", 2.9, 90.0, HOLD),
    ],
)
def test_several_conditions_of_one_asset(kind: str, bar: float | None, flow: float | None, verdict: Verdict) -> None:
    known = {"line_pressure_bar": bar, "o2_flow_lpm": flow}
    values: dict[str, Value] = {name: value for name, value in known.items() if value is not None}
    found = condition(kind="pipeline", type=kind, parts=PARTS)
    assert found.judge(values) is verdict
    assert found.value(values) == next((value for value in (bar, flow) if value in {2.9, 101.0}), None)


def test_several_conditions_over_the_assets_of_a_site() -> None:
    parts = [
        {"kind": "psa_plant", "type": "state", "signals": ["state"], "raise_states": ["fault"], "clear_states": ["running_on_spec"]},
        {"kind": "manifold", "type": "below", "signals": ["reserve_bar"], "limit": 50},
    ]
    (found,) = programs(kind="site", type="all_of", parts=parts).of_site(SITE)
    known: dict[str, dict[str, Value]] = {"psa": {"state": "fault"}, "man": {"reserve_bar": 40.0}}
    assert judge_parts(found, lambda asset: known[asset]) is RAISE
    known["man"]["reserve_bar"] = 60.0
    assert judge_parts(found, lambda asset: known[asset]) is CLEAR


def test_a_rule_over_assets_that_the_site_does_not_have_is_not_in_force() -> None:
    parts = [{"kind": "lox_tank", "type": "below", "signals": ["level_pct"], "limit": 20}]
    assert programs(kind="site", type="any_of", parts=parts).of_site(SITE) == ()


def test_rates_are_judged_under_a_name_of_their_own_with_the_sign_of_the_change() -> None:
    found = program(kind="manifold", type="falling", signals=["reserve_bar"], limit=1, clear=0.3, window_s=600)
    (rate,) = found.rates
    assert (rate.name, rate.window_ms, rate.beyond) == ("fall:600:reserve_bar", 600_000, 1.0)
    judged = [found.conditions[0].judge({rate.name: change}) for change in (-1.2, -0.5, -0.1)]
    assert judged == [RAISE, HOLD, CLEAR]
    assert set(found.watches) == {rate.name}


def test_a_bank_that_rests_is_watched_and_the_one_in_use_is_not() -> None:
    found = program(kind="manifold", type="standby", signals=["bank_a_bar", "bank_b_bar"], limit=135)
    assert set(found.watches) == {"standby:bank_a_bar+bank_b_bar"}
    assert found.conditions[0].judge({"bank_a_bar": 60.0, "bank_b_bar": 140.0, "bank_in_use": "a"}) is CLEAR
    assert found.conditions[0].judge({"bank_a_bar": 60.0, "bank_b_bar": 130.0, "bank_in_use": "a"}) is RAISE


def test_every_change_of_what_stands_still_is_looked_at() -> None:
    found = program(kind="psa_plant", type="stuck", signals=["cycle_count"], still_s=240)
    assert found.watches["stuck:XX-1"].loud is EVERYTHING
    assert [found.conditions[0].judge({"stuck:XX-1": names}) for names in ("cycle_count", "")] == [RAISE, CLEAR]
    assert found.conditions[0].judge({}) is HOLD


GATE = {"signal": "feeding", "states": ["psa"], "where": {"analyser": "ultrasonic"}}


def test_a_gate_is_there_for_those_assets_only_that_declare_so() -> None:
    rule = {"kind": "psa_plant", "type": "below", "signals": ["o2_purity_pct"], "limit": 90, "gates": [GATE]}
    other = SITE.assets[1].model_copy(update={"analyser": "zirconia"})
    made = programs(**rule)
    assert made.of_asset(SITE, SITE.assets[1]).conditions[0].gates
    assert not made.of_asset(SITE, other).conditions[0].gates
    values: dict[str, Value] = {"o2_purity_pct": 85.0, "feeding": "lox"}
    assert made.of_asset(SITE, SITE.assets[1]).conditions[0].judge(values) is PAUSE
    assert made.of_asset(SITE, other).conditions[0].judge(values) is RAISE


def test_a_gate_holds_only_where_its_signal_is_known() -> None:
    gate = OpenGate("state", None, frozenset({"maintenance"}), frozenset())
    assert [gate.holds(values) for values in ({}, {"state": "standby"}, {"state": "maintenance"})] == [False, False, True]
