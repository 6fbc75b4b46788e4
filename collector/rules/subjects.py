"""The assets that rules are checked on: those that declare the same, as far as any rule asks, are one. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple

from collector.rules.compile import declared
from collector.rules.finding import Finding, limits
from collector.rules.layers import Layers, Path, Traced
from collector.rules.model import Rule, RuleOverride
from collector.rules.vocabulary import ANY, COMPUTED, SITE
from devices.assets import Asset, Manifold, Site


class Scope(NamedTuple):
    """Where the same overrides hold: everywhere (both empty), at a site, at an asset."""

    site: str = ""
    asset: str = ""


EVERYWHERE = Scope()


@dataclass
class Subject:
    """Assets that declare the same, `count` of them; `asset` stands for all. `path` is where it stands among the sites."""

    scope: Scope
    site: str
    asset: Asset
    path: Path
    count: int = 1

    @property
    def name(self) -> str:
        return f"{self.site}/{self.asset.id}"

    @cached_property
    def declared(self) -> dict[str, float]:
        return declared(self.asset)

    def has(self, rule: Rule) -> bool:
        """The rule is in force there."""
        return not rule.needs or bool(getattr(self.asset, rule.needs, False))

    def cause(self, finding: Finding, rules: Iterable[Traced]) -> Path:
        """The path of what the asset declares and the rules of the finding refer to; of the asset where it said nothing itself."""
        named = {spot.rule for spot in finding.spots}
        names = [limit.of for each in rules if each.rule.id in named for limit in limits(each.rule)]
        if finding.spots[0].path == ("on_delay_s",):
            names = ["interval_s"]
        said = [name for name in names if name in self.asset.model_fields_set]
        return (*self.path, *said[:1])


def subjects(layers: Layers, sites: Sequence[Site]) -> list[Subject]:
    """One for all assets of a kind that declare the same, and on which the same overrides hold."""
    scope_of = _Scopes(layers)
    keys: dict[str, Callable[[Asset], object]] = {}
    found: dict[str, dict[object, Subject]] = {}
    for number, site in enumerate(sites):
        for index, asset in enumerate(site.assets):
            kind = asset.kind
            if kind not in keys:
                keys[kind], found[kind] = _key(asset, layers), {}
            declares, scope = keys[kind](asset), EVERYWHERE
            if scope_of.changed and (scope := scope_of(site.id, asset)) is not EVERYWHERE:
                declares = (scope, declares)
            subject = found[kind].get(declares)
            if subject is None:
                found[kind][declares] = Subject(scope, site.id, asset, ("sites", number, "assets", index))
            else:
                subject.count += 1
    return [subject for subjects_ in found.values() for subject in subjects_.values()]


class _Scopes:
    """Which overrides hold for an asset: only those that change a rule of its kind make it another."""

    def __init__(self, layers: Layers) -> None:
        self._rules: dict[str, set[str]] = {}
        for rule, kind in layers.whole:
            self._rules.setdefault(kind, set()).add(rule)
        self.changed: dict[str, set[str]] = {}
        for layer in layers.layers:
            for scope, name, overrides in layer.overrides:
                if scope != "everywhere":
                    self.changed.setdefault(name, set()).update(overrides)

    def __call__(self, site: str, asset: Asset) -> Scope:
        of_kind = self._rules.get(asset.kind, set()) | self._rules.get(ANY, set())
        if of_kind & self.changed.get(f"{site}/{asset.id}", set()):
            return Scope(site, asset.id)
        return Scope(site) if of_kind & self.changed.get(site, set()) else EVERYWHERE


def _asked_for(layers: Layers, kind: str) -> frozenset[str]:
    """Every declaration that some rule of the kind refers to; rules of any kind and of the site may be about it too, and any override."""
    rules: Iterator[Rule] = (rule for layer in layers.layers for rule in layer.rules if rule.kind in {kind, ANY, SITE})
    overrides: Iterator[RuleOverride] = (
        override for layer in layers.layers for _, _, by_rule in layer.overrides for override in by_rule.values()
    )
    things: list[Rule | RuleOverride] = [*rules, *overrides]
    return frozenset(name for each in things for name in (*(limit.of for limit in limits(each)), getattr(each, "needs", "")) if name)


def _key(asset: Asset, layers: Layers) -> Callable[[Asset], object]:
    """What of an asset of this kind the numbers of its rules depend on."""
    names = _asked_for(layers, asset.kind)
    source = {name: source for name, source in COMPUTED.get(asset.kind, {}).items() if name in names}
    asked = (names | set(source.values())) & type(asset).model_fields.keys() - {"banks"}
    own = attrgetter("interval_s", *sorted(asked))
    return (lambda each: (own(each), _banks(each))) if "banks" in source.values() else own


def _banks(asset: Asset) -> tuple[object, ...]:
    """What the fill pressures of a manifold follow from, as something that can be a key."""
    return tuple((name, bank.type, bank.fill_bar) for name, bank in asset.banks.items()) if isinstance(asset, Manifold) else ()
