"""What an owner may say of rules, as a section of the configuration and as a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from collector.config.rules import RuleFile, Rules
from collector.rules.model import FIXED, Rule

RULE = {"id": "MY-1", "kind": "pipeline", "type": "below", "signals": ["line_pressure_bar"], "limit": 3, "priority": "low", "message": "m"}


def test_every_field_of_a_rule_but_its_name_can_be_changed() -> None:
    schema = RuleFile.model_json_schema()
    override = schema["$defs"]["RuleOverride"]
    assert override["properties"].keys() == Rule.model_fields.keys() - FIXED
    assert "required" not in override
    assert override["properties"]["gates"]["items"] == {"$ref": "#/$defs/Gate"}


def test_gates_parts_escalation_and_texts_can_be_changed() -> None:
    changes = {
        "gates": [{"signal": "feeding", "states": ["psa"]}],
        "escalates": [{"priority": "high", "after_s": 60}],
        "parts": [{"type": "below", "signals": ["line_pressure_bar"], "limit": 3}],
        "response": "Call Asha.",
        "limit": "48 psi",
    }
    rules = Rules.model_validate({"assets": {"a/line": {"MY-1": changes}}})
    changed = rules.assets["a/line"]["MY-1"].applied_to(Rule.model_validate(RULE | {"clear": 4}))
    assert (changed.gates[0].signal, changed.escalates[0].priority, len(changed.parts), changed.response) == (
        "feeding",
        "high",
        1,
        "Call Asha.",
    )
    assert changed.limit is not None
    assert changed.limit.offset == pytest.approx(3.3094835)


def test_layers_are_the_files_in_their_order_and_then_the_configuration() -> None:
    files = [{"rules": [RULE]}, {"everywhere": {"MY-1": {"limit": 2}}}]
    rules = Rules.model_validate(
        {"files": files, "add": [RULE | {"id": "MY-2"}], "sites": {"a": {"MY-1": {}}}}, context={"rule_files": [Path("x"), Path("y")]}
    )
    first, second, own = rules.layers
    assert ([rule.id for rule in first.rules], first.rules_at, first.at) == (
        ["MY-1"],
        ("rules", "files", 0, "rules"),
        ("rules", "files", 0),
    )
    assert (list(second.everywhere), second.at) == (["MY-1"], ("rules", "files", 1))
    assert ([rule.id for rule in own.rules], own.rules_at, own.at, list(own.sites)) == (["MY-2"], ("rules", "add"), ("rules",), ["a"])
    assert rules.paths == (Path("x"), Path("y"))


def test_a_path_that_no_loader_has_read_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"the rule file my\.yaml was not read"):
        Rules.model_validate({"files": ["my.yaml"]})


def test_editors_are_told_that_files_are_paths() -> None:
    assert Rules.model_json_schema()["properties"]["files"]["items"] == {"type": "string", "description": "Path of a rule file."}
