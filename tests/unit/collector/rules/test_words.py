"""A rule in words: every type, and everything else that it may say."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from collector.rules.model import Rule, RuleType
from collector.rules.words import again, clears_when, delay, duration, escalation, gate, raised_when, shelving, under
from tests.unit.collector.rules.rulebench import rule, state_rule

BARE = {"limit": None, "clear": None, "signals": None}
PARTS: list[dict[str, Any]] = [
    {"type": "state", "signals": ["state"], "raise_states": ["fault"], "clear_states": ["standby"]},
    {
        "type": "falling",
        "signals": ["product_tank_bar"],
        "limit": 1,
        "clear": 0.3,
        "window_s": 600,
        "gates": [{"signal": "o2_flow_lpm", "above": 9}],
    },
]
FALLS = "`product_tank_bar` falls by more than 1 within 10 min (only while `o2_flow_lpm` is above 9, or not known)"
FELL = "`product_tank_bar` fell by at most 0.3 within 10 min (only while `o2_flow_lpm` is above 9, or not known)"
CASES: dict[RuleType, tuple[Rule, str, str]] = {
    "below": (rule(limit="48 psi"), "`product_tank_bar` below 48 psi (3.30948)", "`product_tank_bar` at or above 4.5"),
    "above": (rule(type="above", limit=5), "`product_tank_bar` above 5", "`product_tank_bar` at or below 4.5"),
    "outside": (rule(type="outside", upper=9), "`product_tank_bar` below 4 or above 9", "`product_tank_bar` between 4.5 and 9"),
    "state": (state_rule(), "`state` is `fault`", "`state` is `running_on_spec`; in every other state it stays"),
    "rising": (
        rule(type="rising", window_s=90),
        "`product_tank_bar` rises by more than 4 within 90 s",
        "`product_tank_bar` rose by at most 4.5 within 90 s",
    ),
    "falling": (
        rule(type="falling", window_s=3600, clear=None),
        "`product_tank_bar` falls by more than 4 within 1 h",
        "`product_tank_bar` fell by at most 4 within 1 h",
    ),
    "stuck": (
        rule(type="stuck", still_s=1800, **BARE, moves=[{"signal": "o2_flow_lpm", "by": 20}, {"signal": "power_kw", "by": 3}]),
        "any number does not move for 30 min while `o2_flow_lpm` varies by 20 or more or `power_kw` varies by 3 or more",
        "any number moves again",
    ),
    "changeover": (
        rule(kind="manifold", type="changeover", signals=["bank_a_bar", "bank_b_bar"]),
        "the lowest of `bank_a_bar` and `bank_b_bar` below 4",
        "the bank that does not feed at or above 4.5",
    ),
    "standby": (
        rule(kind="manifold", type="standby", signals=["bank_a_bar", "bank_b_bar"]),
        "the bank that does not feed (the lowest of `bank_a_bar` and `bank_b_bar` where that is not known) below 4",
        "that bank at or above 4.5",
    ),
    "forecast": (
        rule(type="forecast", side="below", within_h=336, clear_h=504),
        "at its trend `product_tank_bar` will be below 4 within 336 h",
        "at its trend `product_tank_bar` will not be below 4 within 504 h",
    ),
    "compare": (
        rule(kind="site", type="compare", signals=["demand_lpm"], side="below", limit="50 % of usual_lpm", clear=None),
        "`demand_lpm` below 50 % of usual_lpm",
        "`demand_lpm` at or above 50 % of usual_lpm",
    ),
    "any_of": (
        rule(type="any_of", **BARE, parts=PARTS),
        f"`state` is `fault` or {FALLS}",
        f"none of it is so any more: `state` is `standby`; {FELL}",
    ),
    "all_of": (
        rule(kind="site", type="all_of", **BARE, parts=[{**part, "kind": "psa_plant"} for part in PARTS]),
        f"on a psa_plant `state` is `fault` and on a psa_plant {FALLS}",
        f"on a psa_plant `state` is `standby` or on a psa_plant {FELL}",
    ),
    "hours_left": (
        rule(kind="site", type="hours_left", signals=None, hours="connected_now", limit=6, clear=7),
        "what is connected, with the plant as it runs now, lasts less than 6 h",
        "what is connected, with the plant as it runs now, lasts at least 7 h",
    ),
    "silent": (rule(type="silent", **BARE), "any signal: no fresh value for three", "any signal: fresh values again"),
    "offline": (rule(type="offline", **BARE), "its last will says `offline`", "anything is heard from it"),
    "dark": (rule(kind="site", type="dark", **BARE), "nothing is heard from the whole site", "anything is heard from the site"),
    "clock": (rule(type="clock", **BARE), "what it sends is stamped before 2020", "its stamps are right"),
    "out_of_range": (
        rule(type="out_of_range", **BARE),
        "any number: a number that no working sensor gives",
        "any number: numbers in their sane range",
    ),
}


@pytest.mark.parametrize("type_", get_args(RuleType))
def test_every_type_of_rule_has_its_words(type_: RuleType) -> None:
    of, raised, clears = CASES[type_]
    assert of.type == type_
    assert raised_when(of).startswith(raised)
    assert clears_when(of).startswith(clears)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"signal": "state", "states": ["off", "fault"]}, "`state` is `fault` or `off`, or not known"),
        ({"signal": "o2_flow_lpm", "above": "5 % of rated_flow_lpm"}, "`o2_flow_lpm` is above 5 % of rated_flow_lpm, or not known"),
        (
            {"signal": "feeding", "states": ["psa"], "where": {"analyser": "ultrasonic"}},
            "`feeding` is `psa`, or not known, where the asset declares `analyser: ultrasonic`",
        ),
    ],
)
def test_a_gate_is_open_while_it_is_not_known(given: dict[str, object], words: str) -> None:
    (one,) = rule(gates=[given]).gates
    assert gate(one) == words
    assert gate(one, unknown_is_open=False) == words.replace(", or not known", "")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"after_s": 90}, "high when it has been open for 90 s"),
        ({"below_h": 6}, "high when what is connected lasts, if the plant stops, less than 6 h"),
        ({"gate": {"signal": "in_use", "states": ["true"]}}, "high when `in_use` is `true`"),
    ],
)
def test_escalation(given: dict[str, object], words: str) -> None:
    (step,) = rule(escalates=[{"priority": "high", **given}]).escalates
    assert escalation(step) == words


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "yes"),
        ({"shelvable": False, "worse_limit": 3}, "no"),
        ({"worse_limit": "3 psi"}, "yes; a shelf ends early beyond 3 psi (0.206843)"),
        ({"under": ["A1-B", "A1-C"]}, "yes; a shelf ends early beyond the limit of A1-B or A1-C"),
    ],
)
def test_shelving(given: dict[str, object], words: str) -> None:
    assert shelving(rule(**given)) == words


@pytest.mark.parametrize(
    ("priority", "realarm_s", "words"),
    [
        ("high", None, "30 min after it was acknowledged, while it goes on"),
        ("high", 0, ""),
        ("low", None, ""),
        ("low", 3600, "1 h after it was acknowledged, while it goes on"),
    ],
)
def test_what_is_acknowledged_is_announced_again(priority: str, realarm_s: float | None, words: str) -> None:
    assert again(rule(priority=priority, realarm_s=realarm_s)) == words


def test_what_hides_a_rule_is_named() -> None:
    assert under(rule()) == ""
    assert under(rule(under=["A1-B", "A1-C"])) == "A1-B or A1-C of the same asset is open: one fact, one alarm"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (None, "0 s"), (90, "90 s"), (60, "1 min"), (7200, "2 h"), (5400, "90 min"), (0.5, "0.5 s")]
)
def test_durations(seconds: float | None, words: str) -> None:
    assert duration(seconds) == words


def test_a_delay_of_nothing_is_at_once() -> None:
    assert (delay(0), delay(60)) == ("at once", "after 1 min")
