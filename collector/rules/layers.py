"""Where rules come from: the default rules, the operator's rule files, the configuration; and which of them set what. Pure.

Each file is a layer, the later one wins: a whole rule of the same id and kind replaces the earlier one, and what two layers override at the
same scope is put together field by field. Overrides go over whole rules, the nearest last: everywhere, site, asset.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

from pydantic import ValidationError

from collector.rules.model import Overrides, Rule, RuleOverride, RuleSet

Path: TypeAlias = tuple[str | int, ...]
"""The way to a value in a file: keys and indices from the root."""

Scope: TypeAlias = Literal["rule", "everywhere", "site", "asset"]
SCOPES: tuple[Scope, ...] = ("rule", "everywhere", "site", "asset")
"""From the rule itself to the nearest override."""

DEFAULT = 0
"""The number of the layer that comes with the package."""


class Place(NamedTuple):
    """Where something is said: how near to the asset, in which layer, and the path in its file."""

    scope: Scope
    layer: int
    path: Path

    @property
    def rank(self) -> tuple[int, int]:
        """The higher of two places wins."""
        return SCOPES.index(self.scope), self.layer

    def inner(self, path: Path) -> Place:
        return Place(self.scope, self.layer, (*self.path, *path))


@dataclass(frozen=True, slots=True)
class Layer:
    """What one file says of rules. `rules_at` is where its whole rules stand, `at` where its overrides do."""

    rules: tuple[Rule, ...] = ()
    everywhere: Overrides = field(default_factory=dict)
    sites: Mapping[str, Overrides] = field(default_factory=dict)
    assets: Mapping[str, Overrides] = field(default_factory=dict)
    rules_at: Path = ("rules",)
    at: Path = ()

    @property
    def overrides(self) -> Iterator[tuple[Scope, str, Overrides]]:
        """What it overrides: the scope, the name of the site or the asset (empty: everywhere), and the changes by rule."""
        yield "everywhere", "", self.everywhere
        yield from (("site", name, overrides) for name, overrides in self.sites.items())
        yield from (("asset", name, overrides) for name, overrides in self.assets.items())


class Override(NamedTuple):
    """One override, as it stands in one layer."""

    changes: RuleOverride
    place: Place


@dataclass(frozen=True, eq=False)
class Traced:
    """A rule as it holds somewhere; `places` is where each field that was set was set, `at` where the whole rule stands.

    `before` is the rule without overrides.
    """

    rule: Rule
    at: Place
    places: Mapping[str, Place]
    before: Rule

    def place(self, path: Path) -> Place:
        """Where this field, or a part of it, was set; the rule itself where it never was."""
        found = self.places.get(str(path[0])) if path else None
        return self.at if found is None else found.inner(path[1:])

    def is_in(self, layer: int) -> bool:
        """The layer says all of it."""
        return self.at.layer == layer and (self.rule is self.before or all(place.layer == layer for place in self.places.values()))


class Misfit(NamedTuple):
    """An override that makes no sense over the rule it changes: `path` is the field of the rule, empty for the whole."""

    rule: str
    place: Place
    path: Path
    text: str


class Layers:
    """All layers, the default rules first."""

    def __init__(self, layers: Iterable[Layer]) -> None:
        self.layers = tuple(layers)

    @cached_property
    def rule_set(self) -> RuleSet:
        """The rules in force."""
        sites = dict.fromkeys(name for layer in self.layers for name in layer.sites)
        assets = dict.fromkeys(name for layer in self.layers for name in layer.assets)
        return RuleSet(
            rules=tuple(traced.rule for traced in self.whole.values()),
            everywhere=_merged(layer.everywhere for layer in self.layers),
            sites={name: _merged(layer.sites.get(name, {}) for layer in self.layers) for name in sites},
            assets={name: _merged(layer.assets.get(name, {}) for layer in self.layers) for name in assets},
        )

    @cached_property
    def whole(self) -> dict[tuple[str, str], Traced]:
        """The rules without overrides, by id and kind, in the order in which they first stand."""
        found: dict[tuple[str, str], Traced] = {}
        for number, layer in enumerate(self.layers):
            for index, rule in enumerate(layer.rules):
                at = Place("rule", number, (*layer.rules_at, index))
                found[rule.id, rule.kind] = Traced(rule, at, {name: at.inner((name,)) for name in rule.model_fields_set}, rule)
        return found

    @cached_property
    def _by_kind(self) -> dict[str, list[Traced]]:
        kinds: dict[str, list[Traced]] = {}
        for traced in self.whole.values():
            kinds.setdefault(traced.rule.kind, []).append(traced)
        return kinds

    def of(self, site: str, asset: str, kind: str, misfits: list[Misfit] | None = None) -> list[Traced]:
        """The rules of a kind as they hold for one asset (`asset` empty for the site itself), those that are switched off among them.

        What can't be applied is left out, and told in `misfits`.
        """
        found = []
        for traced in self._by_kind.get(kind, ()):
            for override in self._overrides(traced.rule.id, site, asset):
                try:
                    traced = _applied(traced, override)
                except ValidationError as exc:
                    if misfits is not None:
                        misfits += _misfits(traced.rule.id, override, exc)
            found.append(traced)
        return found

    def _overrides(self, rule: str, site: str, asset: str) -> Iterator[Override]:
        """Those of one rule, in the order in which they are applied."""
        scopes: tuple[tuple[Scope, Path], ...] = (
            ("everywhere", ("everywhere",)),
            ("site", ("sites", site)),
            ("asset", ("assets", f"{site}/{asset}")),
        )
        for scope, inner in scopes:
            for number, layer in enumerate(self.layers):
                if (changes := _at(layer, scope, str(inner[-1])).get(rule)) is not None:
                    yield Override(changes, Place(scope, number, (*layer.at, *inner, rule)))


def _at(layer: Layer, scope: Scope, name: str) -> Overrides:
    return layer.everywhere if scope == "everywhere" else (layer.sites if scope == "site" else layer.assets).get(name, {})


def _applied(traced: Traced, override: Override) -> Traced:
    """Raises ValidationError where the changed rule makes no sense."""
    rule = override.changes.applied_to(traced.rule)
    places = {name: override.place.inner((name,)) for name in override.changes.model_fields_set}
    return Traced(rule, traced.at, {**traced.places, **places}, traced.before)


def _misfits(rule: str, override: Override, exc: ValidationError) -> Iterator[Misfit]:
    for error in exc.errors(include_url=False, include_input=False):
        path = error["loc"] if error["loc"] and error["loc"][0] in override.changes.model_fields_set else ()
        said = error.get("ctx", {}).get("error", error["msg"])
        yield Misfit(rule, override.place.inner(path), error["loc"], str(said))


def _merged(layers: Iterable[Overrides]) -> Overrides:
    """Field by field, the later layer over the earlier."""
    merged: Overrides = {}
    for overrides in layers:
        for rule, later in overrides.items():
            earlier = merged.get(rule)
            changes = {**(earlier.changes if earlier else {}), **later.changes}
            merged[rule] = later if earlier is None else RuleOverride.model_construct(set(changes), **changes)
    return merged
