"""The rules in force: the default rule file that comes with the package, and what the owner changes of it."""

from __future__ import annotations

from functools import cache
from importlib import resources

from collector.config.rules import Rules
from collector.config.yaml_text import parse
from collector.rules.model import Rule, RuleSet


@cache
def default_rules() -> tuple[Rule, ...]:
    """The rules of `collector/rules/default.yaml`."""
    text = (resources.files("collector.rules") / "default.yaml").read_text(encoding="utf-8")
    data = parse(text)
    if not isinstance(data, dict):
        raise TypeError("the default rules are no mapping")
    shared = data.pop("defaults")
    return RuleSet.model_validate({**data, "rules": [{**shared, **rule} for rule in data["rules"]]}).rules


def rule_set(changes: Rules) -> RuleSet:
    """The default rules with the owner's changes over them."""
    return RuleSet.model_validate(
        {"rules": default_rules(), "everywhere": changes.everywhere, "sites": changes.sites, "assets": changes.assets}
    )
