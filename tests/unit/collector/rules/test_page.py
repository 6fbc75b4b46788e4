"""The page of the rules: every rule with every field of its record, and every source that a rule names is explained."""

from __future__ import annotations

import re

import pytest

from collector.config.rulebook import default_rules
from collector.rules.model import Gate, Rule
from collector.rules.page import KINDS, SOURCES, rules_markdown, sources_of
from collector.rules.words import clears_when, raised_when

RULES = default_rules()
OURS = (
    "rating of the plant",
    "argon stays with the oxygen: 95.7 % is the ceiling of a sieve",
    "three sampling intervals, at least 120 s",
    "what is not heard raises no alarm",
    "readings are kept in the journal until it is full",
    "what falls out is counted and said",
    "the maker's interval, usually 2,000 h",
)
"""Sources that are a reason and not a document."""


def section(rule: Rule) -> str:
    of_kind = rules_markdown(RULES).split(f"\n## {KINDS[rule.kind]}\n")[1].split("\n## ")[0]
    return of_kind.split(f"\n### {rule.id}: {rule.message}\n")[1].split("\n### ")[0]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.id}-{rule.kind}")
def test_every_field_of_the_record_is_on_the_page(rule: Rule) -> None:
    rows = dict(re.findall(r"^\| ([a-z ]+) \| (.*) \|$", section(rule), re.MULTILINE))
    assert rows["raised when"].startswith(raised_when(rule))
    assert rows["clears when"].startswith(clears_when(rule))
    assert rows["priority"].startswith(rule.priority)
    assert rows["what to do"] == rule.response
    assert rows["usual causes"] == (rule.cause or "–")
    assert rows["if nobody acts"] == (rule.consequence or "–")
    assert rows["time to respond"] == (f"{rule.respond_min:g} min" if rule.respond_min else "–")
    assert rows["source of the limit"] == rule.source
    assert all(limit is None or str(limit) in rows["raised when"] for limit in (rule.limit, rule.upper))
    assert all(limit is None or str(limit) in rows["clears when"] for limit in (rule.clear, rule.upper_clear))
    assert all(name in rows["not raised while"] for name in rule.under)
    assert all(signal in rows["raised when"] for signal in rule.signals)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.id}-{rule.kind}")
def test_every_rule_says_what_to_do_and_where_its_limit_comes_from(rule: Rule) -> None:
    assert rule.response.endswith(".")
    assert sources_of(rule) or rule.source in OURS


def test_no_source_is_explained_that_no_rule_names() -> None:
    named = {name for rule in RULES for name in sources_of(rule)}
    assert named == {name for name, _ in SOURCES}
    assert {rule.source for rule in RULES} > set(OURS)


def rule(**given: object) -> Rule:
    return Rule.model_validate({"id": "XX-X", "kind": "pipeline", "type": "below", "priority": "low", "message": "m"} | given)


@pytest.mark.parametrize(
    ("given", "raised", "clears"),
    [
        ({"signals": ["a_bar"], "limit": 3}, "`a_bar` below 3", "`a_bar` at or above 3"),
        ({"type": "above", "signals": ["a_bar"], "limit": "nominal_bar + 2", "clear": 5}, "`a_bar` above nominal_bar + 2", "at or below 5"),
        (
            {"type": "outside", "signals": ["a_pct"], "limit": 19.5, "clear": 20, "upper": 23.5, "upper_clear": 23},
            "`a_pct` below 19.5 or above 23.5",
            "`a_pct` between 20 and 23",
        ),
        (
            {"signals": ["a_bar", "b_bar"], "pick": "highest", "limit": 9},
            "the highest of `a_bar` and `b_bar` below 9",
            "the highest of `a_bar` and `b_bar` at or above 9",
        ),
        (
            {"type": "state", "signals": ["s"], "raise_states": ["x", "w"], "clear_states": ["y"]},
            "`s` is `w` or `x`",
            "`s` is `y`; in every",
        ),
        ({"type": "hours_left", "hours": "on_site", "limit": 48}, "lasts, if the plant stops, less than 48 h", "at least 48 h"),
        ({"type": "silent"}, "any signal: no fresh value", "any signal: fresh values again"),
    ],
)
def test_a_condition_is_told_in_words(given: dict[str, object], raised: str, clears: str) -> None:
    assert raised in raised_when(rule(**given))
    assert clears in clears_when(rule(**given))


def test_gates_needs_and_delays_are_told() -> None:
    gates = (Gate.model_validate({"signal": "state", "states": ["on"], "over": ["off"]}), Gate.model_validate({"signal": "q", "above": 5}))
    page = rules_markdown([rule(signals=["p"], limit=3, gates=gates, needs="duty", on_delay_s=90, off_delay_s=7200)])
    assert "| only while | `state` is `on`, or not known |" in page
    assert "| ends when | `state` is `off` |" in page
    assert "| only while | `q` is above 5, or not known |" in page
    assert "| only where | the asset declares `duty` |" in page
    assert "below 3; after 90 s |" in page
    assert "at or above 3; after 2 h |" in page
