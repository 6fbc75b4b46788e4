"""All checks of a rule set, for the assets that it is used on. Pure.

A rule that an operator added or changed is checked by itself once, rules of one kind with each other once, and numbers once for all assets
that declare the same: ten thousand assets cost little more than one. What an override changes is checked where it holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import NamedTuple

from collector.rules.check_numbers import check_delay, check_numbers
from collector.rules.check_pairs import check_pairs, check_set
from collector.rules.check_words import check_words
from collector.rules.finding import Finding, Severity, Spot, limits, tests
from collector.rules.layers import DEFAULT, Layers, Misfit, Path, Place, Traced
from collector.rules.model import Rule
from collector.rules.subjects import EVERYWHERE, Scope, Subject, subjects
from collector.rules.vocabulary import ANY, COLLECTOR, SITE, signals, unknown
from devices.assets import Site


class Found(NamedTuple):
    """What was found at `path` in a layer; `layer` None: in the sites, where the cause lies in what an asset declares."""

    severity: Severity
    layer: int | None
    path: Path
    text: str


def check(layers: Layers, sites: Sequence[Site]) -> list[Found]:
    """Everything that is wrong with the rules on these sites, each once."""
    return _Check(layers, sites).found()


_TOLD = frozenset({"message", "response", "cause", "consequence", "confirm", "source", "owner", "revision", "date", "category"})
"""Fields that are told and decide nothing."""


def _rank(place: Place) -> tuple[int, int]:
    return place.rank


@dataclass(frozen=True)
class _Group:
    """The rules that are in force together on assets of one kind, where the same overrides hold."""

    traced: list[Traced]

    @cached_property
    def is_shipped(self) -> bool:
        """Nobody has added or changed anything: what these rules are by themselves is for the tests of the package."""
        return all(each.is_in(DEFAULT) for each in self.traced)

    @cached_property
    def in_force(self) -> list[Traced]:
        return [each for each in self.traced if each.rule.enabled]

    @cached_property
    def relative(self) -> list[Traced]:
        """Those whose numbers, or whose numbers before they were changed, depend on what the asset declares."""
        return [each for each in self.in_force if any(limit.of for limit in (*limits(each.rule), *limits(each.before)))]

    @cached_property
    def related(self) -> list[Rule]:
        """Those that judge what the relative ones judge."""
        judged = {name for each in self.relative for name in each.rule.signals}
        return [each.rule for each in self.in_force if judged.intersection(each.rule.signals) or each in self.relative]

    @cached_property
    def patience_s(self) -> float:
        """Assets that report as often as this give `check_delay` nothing to say."""
        delays = ((each.rule.on_delay_s, is_ours(each)) for each in self.in_force)
        return min((delay if ours else delay / 2 for delay, ours in delays if delay or not ours), default=inf)

    def place(self, spots: Sequence[Spot]) -> Place:
        """The nearest of the places where the spots were set; where all are in the default rules, what an operator changed of them else."""
        by_name = {(each.rule.id, each.rule.kind): each for each in self.traced}
        found = max((by_name[spot.rule, spot.kind].place(spot.path) for spot in spots), key=_rank)
        if found.layer != DEFAULT:
            return found
        rules = (by_name[spot.rule, spot.kind] for spot in spots)
        changed = [place for each in rules for field, place in each.places.items() if place.layer != DEFAULT and field not in _TOLD]
        return max(changed, key=_rank, default=found)


class _Check:
    def __init__(self, layers: Layers, sites: Sequence[Site]) -> None:
        self._layers, self._sites = layers, sites
        self._groups: dict[tuple[Scope, str], _Group] = {}
        self._misfits: dict[Misfit, None] = {}
        self._wrong: set[int] = set()
        self._found: dict[tuple[int | None, Path, str], tuple[Severity, dict[str, int]]] = {}

    def found(self) -> list[Found]:
        self._twice()
        self._idle()
        for scope, kind in self._everywhere_and_sites():
            self._group(scope, kind)
        for subject in subjects(self._layers, self._sites):
            self._numbers(subject)
        for misfit in self._misfits:
            self._add("error", misfit.place, misfit.text)
        return [Found(severity, layer, path, text + _at(names, path)) for (layer, path, text), (severity, names) in self._found.items()]

    # ---- each rule, and rules together -----------------------------------------------------------------------------------------

    def _everywhere_and_sites(self) -> Iterator[tuple[Scope, str]]:
        """Every kind that has rules; and a site's own, where the site has overrides."""
        yield from ((EVERYWHERE, kind) for kind in dict.fromkeys(kind for _, kind in self._layers.whole))
        yield from ((Scope(name), SITE) for name in dict.fromkeys(name for layer in self._layers.layers for name in layer.sites))

    def _group(self, scope: Scope, kind: str) -> _Group:
        """The rules of a kind, with those of every kind; checked when they are first asked for."""
        group = self._groups.get((scope, kind))
        if group is None:
            misfits: list[Misfit] = []
            kinds = (kind,) if kind in {ANY, SITE, COLLECTOR} else (kind, ANY)
            group = _Group([each for name in kinds for each in self._layers.of(*scope, name, misfits)])
            self._misfits.update(dict.fromkeys(misfits))
            self._groups[scope, kind] = group
            self._check(scope, kind, group)
        return group

    def _check(self, scope: Scope, kind: str, group: _Group) -> None:
        if group.is_shipped:
            return
        known = set() if scope == EVERYWHERE else {id(each.rule) for each in self._group(EVERYWHERE, kind).traced}
        for each in group.traced:
            if each.rule.kind == kind and id(each.rule) not in known and not each.is_in(DEFAULT):
                self._one(each, kind)
        self._tell(check_set([each.rule for each in group.traced], self._ids()), group)
        self._tell(check_pairs([each.rule for each in group.in_force if id(each.rule) not in self._wrong], {}), group)

    def _one(self, traced: Traced, kind: str) -> None:
        rule, group = traced.rule, _Group([traced])
        if rule.enabled:
            self._tell(check_words(rule), group)
            for on in dict.fromkeys((kind, *(on for _, _, on in tests(rule)))):
                if self._tell_numbers(traced, on, group):
                    self._wrong.add(id(rule))
        elif rule.priority == "high" and traced.place(("enabled",)).layer != DEFAULT:
            self._add("note", traced.place(("enabled",)), f"{rule.id} is of priority high and switched off: nobody will be told")

    # ---- with the numbers of assets --------------------------------------------------------------------------------------------

    def _numbers(self, subject: Subject) -> None:
        group, of_site = self._group(subject.scope, subject.asset.kind), self._group(Scope(subject.scope.site), SITE)
        wrong = set(self._wrong)
        for each in group.relative:
            if subject.has(each.rule) and self._tell_numbers(each, subject.asset.kind, group, subject):
                wrong.add(id(each.rule))
        rules = [rule for rule in group.related if subject.has(rule) and id(rule) not in wrong]
        self._tell(check_pairs(rules, subject.declared), group, subject)
        for each in of_site.relative:
            self._tell_numbers(each, subject.asset.kind, of_site, subject)
        known = signals(subject.asset.kind)
        for each in group.in_force if subject.asset.interval_s > group.patience_s else ():
            if not known.keys() >= set(each.rule.signals):
                continue
            self._tell(check_delay(each.rule, subject.asset.interval_s, ours=is_ours(each)), group, subject)

    def _tell_numbers(self, traced: Traced, kind: str, group: _Group, subject: Subject | None = None) -> bool:
        """True where something is wrong with the numbers of the rule, so that comparing it with others says nothing."""
        found = [*check_numbers(traced.rule, kind, {} if subject is None else subject.declared, traced.before)]
        self._tell(found, group, subject)
        return any(each.severity == "error" for each in found)

    # ---- what stands where it does nothing -------------------------------------------------------------------------------------

    def _twice(self) -> None:
        """The same rule twice in one file."""
        for number, layer in enumerate(self._layers.layers):
            first: dict[tuple[str, str], int] = {}
            for index, rule in enumerate(layer.rules):
                earlier = first.setdefault((rule.id, rule.kind), index)
                if earlier != index:
                    place = Place("rule", number, (*layer.rules_at, index, "id"))
                    self._add(
                        "error", place, f"rule {rule.id} of {rule.kind} stands twice, as item {earlier + 1} and {index + 1}; keep one"
                    )

    def _idle(self) -> None:
        """Overrides of rules that the asset, or the site, does not have."""
        if not any(layer.sites or layer.assets for layer in self._layers.layers):
            return
        assets = {f"{site.id}/{asset.id}": asset.kind for site in self._sites for asset in site.assets}
        kinds = {site.id: {asset.kind for asset in site.assets} | {SITE, ANY} for site in self._sites}
        for number, layer in enumerate(self._layers.layers):
            for name, overrides in layer.assets.items():
                ids = self._ids({assets[name], ANY}) if name in assets else overrides
                for rule in [rule for rule in overrides if rule not in ids and rule in self._ids()]:
                    place = Place("asset", number, (*layer.at, "assets", name, rule))
                    self._add("error", place, f"{name} is a {assets[name]}: {unknown(f'rule of {assets[name]}', rule, ids)}")
            for name, overrides in layer.sites.items():
                ids = self._ids(kinds[name]) if name in kinds else overrides
                for rule in [rule for rule in overrides if rule not in ids and rule in self._ids()]:
                    place = Place("site", number, (*layer.at, "sites", name, rule))
                    self._add("warning", place, f"{name} has no asset that {rule} is about; this changes nothing")

    def _ids(self, kinds: Iterable[str] | None = None) -> frozenset[str]:
        wanted = None if kinds is None else set(kinds)
        return frozenset(rule for rule, kind in self._layers.whole if wanted is None or kind in wanted)

    # ---- what was found ----------------------------------------------------------------------------------------------------------

    def _tell(self, findings: Iterable[Finding], group: _Group, subject: Subject | None = None) -> None:
        for each in findings:
            place = group.place(each.spots)
            named = any(spot.rule in place.path for spot in each.spots) or each.text.startswith(tuple(spot.rule for spot in each.spots))
            text = each.text if named else f"{each.spots[0].rule}: {each.text}"
            if place.layer == DEFAULT and subject is not None:
                self._note(each.by_asset or each.severity, None, subject.cause(each, group.traced), text, subject)
            else:
                self._add(each.severity, place, text, subject)

    def _add(self, severity: Severity, place: Place, text: str, subject: Subject | None = None) -> None:
        self._note(severity, place.layer, place.path, text, subject)

    def _note(self, severity: Severity, layer: int | None, path: Path, text: str, subject: Subject | None) -> None:
        names = {} if subject is None else {subject.name: subject.count}
        known = self._found.setdefault((layer, path, text), (severity, names))
        if known[1]:  # else it holds everywhere
            known[1].update(names)


def is_ours(traced: Traced) -> bool:
    """The on-delay is that of the rules that come with the package."""
    return traced.place(("on_delay_s",)).layer == DEFAULT


def _at(names: Mapping[str, int], path: Path) -> str:
    """Of assets that declare the same the first is named, where the path does not do so."""
    more = sum(names.values()) - 1
    if not names or (not more and names.keys() & set(path)):
        return ""
    return f" (at {next(iter(names))}{f' and {more} more' if more else ''})"
