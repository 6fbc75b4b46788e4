"""Checks of one rule by itself: each thing that can be wrong, at its place, with what would be right."""

from __future__ import annotations

import pytest

from collector.config.rulebook import default_rules
from collector.rules.check_words import check_words
from collector.rules.layers import Path
from collector.rules.model import Rule
from tests.unit.collector.rules.rulebench import rule, state_rule, told

STATE_PART = {"type": "state", "signals": ["state"], "raise_states": ["fault"], "clear_states": ["standby"]}
VALUE_PART = {"type": "below", "signals": ["product_tank_bar"], "limit": 3, "clear": 4}
ESCALATION = {"priority": "high", "after_s": 60}
PRESSURE = {"kind": "pipeline", "signals": ["line_pressure_bar"], "priority": "high", "category": "EO"}
PURITY = {"signals": ["o2_purity_pct"], "limit": 82, "clear": 85, "priority": "high"}


@pytest.mark.parametrize("good", [rule(), state_rule(), *default_rules()], ids=lambda r: f"{r.id} {r.kind}")
def test_a_good_rule_is_quiet(good: Rule) -> None:
    assert told(check_words(good)) == []


@pytest.mark.parametrize(
    ("spoilt", "path", "said"),
    [
        (rule(kind="psa_plnt"), ("kind",), "unknown kind 'psa_plnt'; did you mean 'psa_plant'?"),
        (
            rule(signals=["product_tnk_bar"]),
            ("signals", 0),
            "unknown signal of psa_plant 'product_tnk_bar'; did you mean 'product_tank_bar'?",
        ),
        (rule(kind="any", signals=["zz"]), ("signals", 0), "unknown signal of any asset 'zz'; known:"),
        (rule(kind="site", signals=["demand_lp"]), ("signals", 0), "unknown signal of site 'demand_lp'; did you mean 'demand_lpm'?"),
        (rule(signals=["state"]), ("signals", 0), "state is a state and no number; use type: state"),
        (rule(signals=["mains_ok"]), ("signals", 0), "mains_ok is a boolean and no number; use type: state"),
        (
            rule(kind="gateway", signals=["firmware"]),
            ("signals", 0),
            "firmware is a text and no number; a rule of type below needs a number",
        ),
        (state_rule(signals=["power_kw"]), ("signals", 0), "power_kw is a number and has no states; use below, above or outside"),
        (
            rule(signals=["product_tank_bar", "power_kw"]),
            ("signals",),
            "product_tank_bar (bar) and power_kw (kw) have different units; one limit can't hold for both",
        ),
        (state_rule(signals=["state", "booster_state"]), ("signals",), "a rule of type state judges one signal; write a rule for each"),
        (state_rule(raise_states=["falut"]), ("raise_states",), "unknown value of state 'falut'; did you mean 'fault'?"),
        (state_rule(clear_states=["yes"]), ("clear_states",), "unknown value of state 'yes'; known: fault, maintenance, off,"),
        (
            state_rule(signals=["mains_ok"], raise_states=["no"], clear_states=["true"]),
            ("raise_states",),
            "unknown value of mains_ok 'no'; known: false, true",
        ),
        (
            state_rule(clear_states=["fault", "off"]),
            ("clear_states",),
            "fault both raises and clears; a state belongs to raise_states or to",
        ),
        (
            state_rule(signals=["tower_active"], raise_states=["a", "b", "equalise"], clear_states=["zz"]),
            ("raise_states",),
            "these are all states of tower_active: it would always be raised",
        ),
        (
            state_rule(gates=[{"signal": "state", "states": ["standby", "off"]}]),
            ("gates", 0, "states"),
            "it is open in off, standby and the rule is raised in fault: it could never be raised",
        ),
        (
            rule(gates=[{"signal": "stat", "states": ["off"]}]),
            ("gates", 0, "signal"),
            "unknown signal of psa_plant 'stat'; did you mean 'state'?",
        ),
        (rule(gates=[{"signal": "state", "states": ["on"]}]), ("gates", 0, "states"), "unknown value of state 'on'; known:"),
        (
            rule(gates=[{"signal": "state", "states": ["off"], "over": ["of"]}]),
            ("gates", 0, "over"),
            "unknown value of state 'of'; did you mean 'off'?",
        ),
        (rule(gates=[{"signal": "state"}]), ("gates", 0), "the gate says nothing: give above, or states"),
        (
            rule(gates=[{"signal": "state", "states": ["off"], "over": ["off"]}]),
            ("gates", 0, "over"),
            "in off the gate would be open and the alarm over; a state belongs to states or to over",
        ),
        (
            rule(gates=[{"signal": "state", "above": 3}]),
            ("gates", 0, "above"),
            "state is no number; name the states in which the gate is open",
        ),
        (
            rule(gates=[{"signal": "o2_flow_lpm", "above": "5 % of rated_lpm"}]),
            ("gates", 0, "above"),
            "5 % of rated_lpm: unknown number of psa_plant 'rated_lpm'; did you mean 'rated_flow_lpm'?",
        ),
        (
            rule(gates=[{"signal": "state", "states": ["off"], "where": {"analyzer": "zirconia"}}]),
            ("gates", 0, "where", "analyzer"),
            "unknown declaration of psa_plant 'analyzer'; did you mean 'analyser'?",
        ),
        (
            rule(gates=[{"signal": "state", "states": ["off"], "where": {"analyser": "zirkonia"}}]),
            ("gates", 0, "where", "analyser"),
            "unknown analyser 'zirkonia'; did you mean 'zirconia'?",
        ),
        (
            rule(suppressed_while=[{"signal": "state", "states": ["maintenace"]}]),
            ("suppressed_while", 0, "states"),
            "unknown value of state 'maintenace'; did you mean 'maintenance'?",
        ),
        (
            rule(escalates=[ESCALATION | {"gate": {"signal": "main_ok", "states": ["true"]}}]),
            ("escalates", 0, "gate", "signal"),
            "unknown signal of psa_plant 'main_ok'; did you mean 'mains_ok'?",
        ),
        (rule(limit="80 % of nominal"), ("limit",), "80 % of nominal: unknown number of psa_plant 'nominal'; did you mean 'nominal_bar'?"),
        (
            rule(limit="80 % of rated_flow_lpm"),
            ("limit",),
            "80 % of rated_flow_lpm: rated_flow_lpm is in L/min, and product_tank_bar in bar",
        ),
        (
            rule(gates=[{"signal": "o2_flow_lpm", "above": "nominal_bar"}]),
            ("gates", 0, "above"),
            "nominal_bar: nominal_bar is in bar, and o2_flow_lpm in L/min",
        ),
        (rule(clear="relief_bar"), ("clear",), "relief_bar: unknown number of psa_plant 'relief_bar'"),
        (rule(worse_limit="nominal"), ("worse_limit",), "nominal: unknown number of psa_plant 'nominal'"),
        (
            rule(kind="any", signals=["o2_flow_lpm"], limit="nominal_bar"),
            ("limit",),
            "nominal_bar: unknown number of any asset 'nominal_bar'",
        ),
        (
            rule(kind="site", type="compare", signals=["demand_lpm"], limit="200 % of usual", clear=None),
            ("limit",),
            "200 % of usual: unknown signal of site 'usual'; did you mean 'usual_lpm'?",
        ),
        (rule(needs="dury"), ("needs",), "unknown true-or-false declaration of psa_plant 'dury'; did you mean 'duty'?"),
        (
            rule(type="stuck", limit=None, clear=None, still_s=60, moves=[{"signal": "o2_flow", "by": 3}]),
            ("moves", 0, "signal"),
            "unknown signal of psa_plant 'o2_flow'; did you mean 'o2_flow_lpm'?",
        ),
        (rule(parts=[VALUE_PART]), ("parts",), "a rule of type below has no parts; use any_of or all_of"),
        (
            rule(type="any_of", limit=None, clear=None, signals=None, parts=[VALUE_PART, STATE_PART | {"kind": "psa_plant"}]),
            ("parts", 1, "kind"),
            "its parts are judged on the same psa_plant; a kind is for a rule of the site",
        ),
        (
            rule(kind="site", type="any_of", limit=None, clear=None, signals=None, parts=[VALUE_PART | {"kind": "psa_plan"}] * 2),
            ("parts", 0, "kind"),
            "unknown kind 'psa_plan'; did you mean 'psa_plant'?",
        ),
        (
            rule(type="any_of", limit=None, clear=None, signals=None, parts=[VALUE_PART, STATE_PART | {"raise_states": ["fautl"]}]),
            ("parts", 1, "raise_states"),
            "unknown value of state 'fautl'; did you mean 'fault'?",
        ),
        (
            rule(kind="site", type="all_of", limit=None, clear=None, signals=None, parts=[VALUE_PART | {"kind": "manifold"}, STATE_PART]),
            ("parts", 0, "signals", 0),
            "unknown signal of manifold 'product_tank_bar'",
        ),
        (
            rule(escalates=[{"priority": "low", "after_s": 9}]),
            ("escalates", 0, "priority"),
            "low is no more than the rule's own low; it can escalate",
        ),
        (
            rule(priority="high", escalates=[ESCALATION]),
            ("escalates", 0, "priority"),
            "high is no more than the rule's own high; it can escalate to none: the rule is of the highest already",
        ),
        (
            rule(escalates=[{"priority": "medium"}]),
            ("escalates", 0),
            "nothing says when; give after_s, below_h or gate, or make the rule's own priority medium",
        ),
        (
            rule(response=" "),
            ("response",),
            "a rule of priority low has to say what to do, in response; what nobody has to act on is of priority info",
        ),
        (rule(priority="high", respond_min=None), ("respond_min",), "a rule of priority high has to say within how many minutes"),
        (rule(date="31/3/2025"), ("date",), "'31/3/2025' is no day; write it as 2025-03-31"),
        (rule(date="20250331"), ("date",), "'20250331' is no day"),
    ],
)
def test_what_is_wrong_is_an_error_at_its_place(spoilt: Rule, path: Path, said: str) -> None:
    found = told(check_words(spoilt))
    assert [(severity, at) for severity, at, _ in found if at == path] == [("error", path)]
    assert next(text for _, at, text in found if at == path).startswith(said)


@pytest.mark.parametrize(
    ("doubtful", "path", "said"),
    [
        (rule(respond_min=None), ("respond_min",), "a rule of priority low has to say within how many minutes"),
        (rule(type="any_of", limit=None, clear=None, signals=None, parts=[VALUE_PART]), ("parts",), "any_of of one part is that part"),
        (rule(category="XO"), ("category",), "unknown category of ISO 7396-1 'XO'; known: EC, EO, IN, OP"),
        (rule(**PRESSURE), ("shelvable",), "an emergency of pressure, or of gas that is no medical oxygen, is not to be shelved"),
        (rule(**PURITY), ("shelvable",), "an emergency of pressure, or of gas that is no medical oxygen, is not to be shelved"),
    ],
)
def test_what_is_doubtful_is_a_warning(doubtful: Rule, path: Path, said: str) -> None:
    ((severity, at, text),) = told(check_words(doubtful))
    assert (severity, at) == ("warning", path)
    assert text.startswith(said)


@pytest.mark.parametrize(
    "good",
    [
        rule(**PRESSURE, shelvable=False),
        rule(**PURITY, shelvable=False),
        rule(**PURITY | {"limit": 90, "clear": 91}),
        rule(**PURITY | {"priority": "low"}),
        rule(priority="info", response=None, respond_min=None),
        rule(type="all_of", limit=None, clear=None, signals=None, parts=[VALUE_PART, STATE_PART]),
        rule(kind="site", type="any_of", limit=None, clear=None, signals=None, parts=[VALUE_PART | {"kind": "psa_plant"}] * 2),
        rule(gates=[{"signal": "feeding", "states": ["psa"], "where": {"analyser": "ultrasonic"}}]),
        rule(escalates=[{"priority": "medium", "below_h": 6}, {"priority": "high", "gate": {"signal": "mains_ok", "states": ["false"]}}]),
        rule(date="2025-03-31", category="OP"),
    ],
)
def test_what_is_right_is_quiet(good: Rule) -> None:
    assert told(check_words(good)) == []
