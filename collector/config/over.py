"""Rules that are laid over those in force for a trial: of a case file, or of a backtest; checked as in the configuration. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

from pydantic import ValidationError

from collector.config.checks import Known, cross_check
from collector.config.problems import Problem, explain
from collector.config.rulebook import default_rules, layers_of
from collector.config.rules import Rules
from collector.config.yaml_text import Path_
from collector.rules.check import check
from collector.rules.layers import Layer, Layers
from collector.rules.model import Overrides
from devices.assets import Site


def read_over(data: object, sites: Sequence[Site], base: Rules) -> tuple[Rules | None, list[Problem]]:
    """The rules of a section as the configuration has it under `rules`, or everything that is wrong with it over `base`."""
    added = data.get("add") if isinstance(data, Mapping) else None
    names = [rule.get("id") for rule in added if isinstance(rule, Mapping)] if isinstance(added, list) else []
    ids = [*(rule.id for rule in default_rules()), *(rule.id for rule in base.add), *(str(name) for name in names)]
    listed = [{"id": site.id, "assets": [{"id": asset.id} for asset in site.assets]} for site in sites]
    crossed = [Problem(p.path[1:], p.text) for p in cross_check({"rules": data, "sites": listed}, Known(rule_ids=ids))]
    try:
        rules = Rules.model_validate(data)
    except ValidationError as exc:
        return None, [*explain(exc.errors(include_url=False), data, Rules), *crossed]
    return rules, crossed or wrong_over(rules, sites, layers_of(base))


def wrong_over(rules: Rules, sites: Sequence[Site], lower: Layers) -> list[Problem]:
    """What the checks of rules refuse of these over the others; paths begin in the section."""
    both = over(rules, lower)
    if unknown := list(_unknown(rules, sorted({rule for rule, _ in both.whole}))):
        return unknown
    found = check(both, sites)
    return [Problem(f.path[1:], f.text) for f in found if f.severity == "error" and f.layer is not None and f.layer >= len(lower.layers)]


def _unknown(rules: Rules, known: Sequence[str]) -> Iterator[Problem]:
    scopes: list[tuple[Path_, Overrides]] = [(("everywhere",), rules.everywhere)]
    scopes += [((group, name), found) for group in ("sites", "assets") for name, found in getattr(rules, group).items()]
    for path, overrides in scopes:
        for name in overrides:
            if name not in known:
                close = get_close_matches(name, known, n=1)
                right = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"
                yield Problem((*path, name), f"unknown rule {name!r}; {right}")


def over(rules: Rules, lower: Layers) -> Layers:
    """Both: the later wins, field by field of each rule."""
    return Layers((*lower.layers, *rules.layers))


def shipped() -> Layers:
    """The default rules alone."""
    return Layers((Layer(default_rules()),))
