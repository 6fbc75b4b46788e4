"""The rules in force: the default rule file that comes with the package, and what the owner adds and changes. One way for everybody."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path

from collector.config.rules import Rules
from collector.config.yaml_text import Marks, parse, scan
from collector.rules.check import Found, check
from collector.rules.layers import DEFAULT, Layer, Layers, Place
from collector.rules.model import Rule, RuleSet
from collector.rules.provenance import Origin, Sourced
from devices.assets import Site

DEFAULT_FILE = "default.yaml"


@cache
def default_rules() -> tuple[Rule, ...]:
    """The rules of `collector/rules/default.yaml`."""
    data = parse(_default_text())
    if not isinstance(data, dict):
        raise TypeError("the default rules are no mapping")
    shared = data.pop("defaults")
    return RuleSet.model_validate({**data, "rules": [{**shared, **rule} for rule in data["rules"]]}).rules


def rule_set(rules: Rules) -> RuleSet:
    """The default rules with the owner's rules and changes over them."""
    return layers_of(rules).rule_set


def layers_of(rules: Rules) -> Layers:
    """The default rules, then the rule files in their order, then the configuration."""
    return Layers((Layer(default_rules()), *rules.layers))


def check_rules(rules: Rules, sites: Sequence[Site]) -> list[Found]:
    """Everything that is wrong with the rules on these sites; paths are from the top of the configuration's data."""
    return check(layers_of(rules), sites)


class Provenance:
    """Says of each rule in force where each of its fields was set. `file` is the configuration file; each file is read once."""

    def __init__(self, rules: Rules, file: Path) -> None:
        self._layers = layers_of(rules)
        self._files = (Path(DEFAULT_FILE), *rules.paths, file)
        self._marks: dict[int, Marks] = {}

    def of(self, site: str, asset: str, kind: str) -> tuple[Sourced, ...]:
        """The rules of a kind (`site`, `any` and `collector` are kinds too) as they hold for one asset; `asset` empty for the site itself.

        Those that are switched off are among them. Raises OSError where a file is gone since it was loaded.
        """
        found = self._layers.of(site, asset, kind)
        return tuple(
            Sourced(each.rule, self._origin(each.at), {name: self._origin(place) for name, place in each.places.items()}) for each in found
        )

    def _origin(self, place: Place) -> Origin:
        marks = self._marks.get(place.layer)
        if marks is None:
            text = _default_text() if place.layer == DEFAULT else self._files[place.layer].read_text(encoding="utf-8-sig")
            marks = self._marks[place.layer] = scan(text)
        is_rule_file = DEFAULT < place.layer < len(self._files) - 1
        return Origin(str(self._files[place.layer]), marks.line_of(place.path[3:] if is_rule_file else place.path), place.scope)


def _default_text() -> str:
    return (resources.files("collector.rules") / DEFAULT_FILE).read_text(encoding="utf-8")
