"""A rule that nothing is wrong with, to be spoilt one field at a time."""

from __future__ import annotations

from collections.abc import Iterable

from collector.rules.finding import Finding
from collector.rules.layers import Path
from collector.rules.model import Rule

GOOD = {
    "id": "XX-L",
    "kind": "psa_plant",
    "type": "below",
    "signals": ["product_tank_bar"],
    "limit": 4,
    "clear": 4.5,
    "on_delay_s": 60,
    "priority": "low",
    "message": "m",
    "response": "Look.",
    "respond_min": 5,
}


def rule(**given: object) -> Rule:
    """GOOD with these fields; None takes one away."""
    return Rule.model_validate({name: value for name, value in (GOOD | given).items() if value is not None})


def state_rule(**given: object) -> Rule:
    """A good rule on states."""
    states = {"raise_states": ["fault"], "clear_states": ["running_on_spec"]}
    return rule(**{"type": "state", "signals": ["state"], "limit": None, "clear": None} | states | given)


def told(findings: Iterable[Finding]) -> list[tuple[str, Path, str]]:
    """Severity, the path of the first spot, and the text of each."""
    return [(each.severity, each.spots[0].path, each.text) for each in findings]
