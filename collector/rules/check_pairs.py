"""Checks of rules that are in force together on one asset: names, suppression, what can never be seen, what is always so. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from itertools import combinations
from math import inf
from typing import NamedTuple

from collector.outputs import PRIORITIES
from collector.rules.finding import Finding, Spot
from collector.rules.model import Rule, Test
from collector.rules.vocabulary import states, unknown


class Region(NamedTuple):
    """Where a test raises: a value of `of` below `low` or above `high`, or in one of `names`."""

    of: Hashable
    low: float = -inf
    high: float = inf
    names: frozenset[str] = frozenset()

    def holds(self, other: Region) -> bool:
        """It raises wherever the other does."""
        return self.of == other.of and self.low >= other.low and self.high <= other.high and self.names >= other.names

    def meets(self, other: Region) -> bool:
        """Together the two raise at every value."""
        return self.of == other.of and max(self.low, other.low) >= min(self.high, other.high)


def check_set(rules: Sequence[Rule], known: frozenset[str]) -> Iterator[Finding]:
    """What is wrong between rules of one asset whatever its numbers, those that are switched off among them.

    `known`: the ids of rules of every kind.
    """
    yield from _same_name(rules)
    yield from _under(rules, known)
    yield from _cycles(rules)


def check_pairs(rules: Sequence[Rule], declared: Mapping[str, float]) -> Iterator[Finding]:
    """What is wrong between rules of one asset with its numbers."""
    regions = [(rule, region) for rule in rules if (region := _region(rule, declared)) is not None]
    by_name = {rule.id: (rule, region) for rule, region in regions}
    for rule, region in regions:
        for name in rule.under:
            if name in by_name and name != rule.id:
                yield from _hidden((rule, region), by_name[name])
    for first, second in combinations(regions, 2):
        yield from _always(first, second)
    for rule in rules:
        yield from _parts(rule, declared)


def _spot(rule: Rule, *path: str | int) -> Spot:
    return Spot(rule.id, rule.kind, path)


# ---- whatever the numbers ----------------------------------------------------------------------------------------------------------


def _same_name(rules: Sequence[Rule]) -> Iterator[Finding]:
    """An alarm is named by its asset and its rule's id: there is one of each."""
    seen: dict[str, Rule] = {}
    for rule in rules:
        other = seen.setdefault(rule.id, rule)
        if other is not rule:
            text = f"{rule.id} is there for {other.kind} and for {rule.kind}, and an asset has one alarm of each id; give one another id"
            yield Finding("error", text, (_spot(rule, "id"), _spot(other, "id")))


def _under(rules: Sequence[Rule], known: frozenset[str]) -> Iterator[Finding]:
    by_name = {rule.id: rule for rule in rules}
    for rule in rules:
        for index, name in enumerate(rule.under):
            worse = by_name.get(name)
            if worse is None and (rule.kind != "any" or name not in known):
                yield Finding("error", unknown(f"rule of {rule.kind}", name, by_name.keys() - {rule.id}), (_spot(rule, "under", index),))
            elif worse is not None and PRIORITIES.index(worse.priority) < PRIORITIES.index(rule.priority):
                text = (
                    f"{rule.id} ({rule.priority}) would be hidden under {name} ({worse.priority}), which is less urgent; "
                    f"name rules that are as urgent or more, or give {name} a higher priority"
                )
                yield Finding("error", text, (_spot(rule, "under"), _spot(rule, "priority"), _spot(worse, "priority")))


def _cycles(rules: Sequence[Rule]) -> Iterator[Finding]:
    """Rules that are hidden under each other, so that none of them would be seen. Each cycle is told once."""
    by_name = {rule.id: rule for rule in rules}
    done: set[str] = set()
    for rule in rules:
        way: list[str] = []
        yield from _follow(rule.id, by_name, way, done)


def _follow(name: str, rules: Mapping[str, Rule], way: list[str], done: set[str]) -> Iterator[Finding]:
    if name in way:
        cycle = [*way[way.index(name) :], name]
        text = f"these are hidden under each other, and none would be seen: {' under '.join(cycle)}; take one of them out of under"
        yield Finding("error", text, tuple(_spot(rules[each], "under") for each in cycle[:-1]))
        return
    if name in done or name not in rules:
        return
    way.append(name)
    for worse in rules[name].under:
        yield from _follow(worse, rules, way, done)
    way.pop()
    done.add(name)


# ---- with the numbers of an asset --------------------------------------------------------------------------------------------------


def _hidden(milder: tuple[Rule, Region], worse: tuple[Rule, Region]) -> Iterator[Finding]:
    """A rule under one that holds whenever it does itself is never seen."""
    (rule, region), (above, larger) = milder, worse
    if not larger.holds(region) or not _always_open_with(above, rule):
        return
    spots = tuple(_spot(each, field) for each in (rule, above) for field in ("limit", "upper", "raise_states", "within_h", "on_delay_s"))
    text = f"{rule.id} ({_words(region)}) can never be seen: {above.id} ({_words(larger)}), which hides it, is open whenever it is"
    if above.on_delay_s <= rule.on_delay_s:
        text = f"{text}; {above.id} has to be the worse of the two"
        yield Finding("error", text, (*spots, _spot(rule, "under")), by_asset="warning")
    elif larger != region:
        text = f"{rule.id} ({_words(region)}) is hidden under {above.id} ({_words(larger)}), which is the milder of the two"
        yield Finding("warning", f"{text}; {above.id} has to be the worse", (*spots, _spot(rule, "under")))


def _always_open_with(above: Rule, rule: Rule) -> bool:
    """Whenever one of the two is judged, the other is: no gate and no suppression of `above` is its own."""
    gates = all(gate in rule.gates for gate in above.gates)
    return gates and all(gate in rule.suppressed_while for gate in above.suppressed_while) and above.needs in ("", rule.needs)


def _always(first: tuple[Rule, Region], second: tuple[Rule, Region]) -> Iterator[Finding]:
    """Two rules of which one is open at every value."""
    (rule, region), (other, rest) = first, second
    if "info" in (rule.priority, other.priority) or not (_always_open_with(rule, other) or _always_open_with(other, rule)):
        return
    if _alone(region) or _alone(rest) or not _cover(rule, region, rest):
        return
    text = f"{rule.id} ({_words(region)}) and {other.id} ({_words(rest)}) contradict each other: one of them is raised at every value"
    fields = ("limit", "upper", "raise_states")
    spots = tuple(_spot(each, field) for each in (rule, other) for field in fields)
    yield Finding("error", f"{text}; leave a band between the two in which neither is", spots)


def _cover(rule: Rule, region: Region, rest: Region) -> bool:
    if region.of != rest.of or not region.names:
        return region.meets(rest)
    every = states(rule.kind, rule.signals[0])
    return bool(every) and every <= region.names | rest.names


def _alone(region: Region) -> bool:
    """It raises at every value by itself; another check says so."""
    return region.low >= region.high


def _parts(rule: Rule, declared: Mapping[str, float]) -> Iterator[Finding]:
    """Parts that say the same, or that can't be true together."""
    found = [(index, part, region) for index, part in enumerate(rule.parts) if (region := _region(part, declared)) is not None]
    for (n, first, region), (m, second, rest) in combinations(found, 2):
        if first.kind != second.kind or region.of != rest.of:
            continue
        spots = (_spot(rule, "parts", m), _spot(rule, "parts"))
        pair = f"parts {n + 1} ({_words(region)}) and {m + 1} ({_words(rest)})"
        if rule.type == "all_of" and _apart(region, rest):
            yield Finding("error", f"{pair} are never true together: {rule.id} could never be raised; use any_of, or other limits", spots)
        elif region.holds(rest) or rest.holds(region):
            yield Finding("warning", f"{pair}: one holds whenever the other does; leave one of them out", spots)


def _apart(region: Region, rest: Region) -> bool:
    """No value is in both."""
    if region.names or rest.names:
        return region.names.isdisjoint(rest.names)
    low, high = (region, rest) if region.high == inf else (rest, region)
    return low.high == inf and high.low == -inf and low.low <= high.high


def _region(test: Test, declared: Mapping[str, float]) -> Region | None:
    """Where it raises; None for the types that are not judged on a value, and where a number is not declared."""
    make = _REGIONS.get(test.type)
    known = dict(declared)
    limits = [None if limit is None else limit.value(known) for limit in (test.limit, test.upper)]
    if make is None or (test.limit is not None and limits[0] is None) or (test.upper is not None and limits[1] is None):
        return None
    return make(test, limits[0] or 0.0, limits[1] or 0.0)


def _value(test: Test) -> Hashable:
    return ("", *test.signals, test.pick if len(test.signals) > 1 else "")


_REGIONS: dict[str, Callable[[Test, float, float], Region]] = {
    "below": lambda t, limit, _: Region(_value(t), low=limit),
    "above": lambda t, limit, _: Region(_value(t), high=limit),
    "outside": lambda t, limit, upper: Region(_value(t), low=limit, high=upper),
    "state": lambda t, _, __: Region(("state", *t.signals), names=t.raise_states),
    "rising": lambda t, limit, _: Region(("rising", *t.signals, t.window_s), high=limit),
    "falling": lambda t, limit, _: Region(("falling", *t.signals, t.window_s), high=limit),
    "changeover": lambda t, limit, _: Region(("", *t.signals, "lowest"), low=limit),
    "standby": lambda t, limit, _: Region(("stand-by", *t.signals), low=limit),
    "hours_left": lambda t, limit, _: Region(("hours", t.hours), low=limit),
    "forecast": lambda t, limit, _: Region(("hours to", *t.signals, t.side, limit), low=t.within_h or 0.0),
}


def _words(region: Region) -> str:
    if region.names:
        return f"in {', '.join(sorted(region.names))}"
    parts = [f"below {region.low:g}"] * (region.low > -inf) + [f"above {region.high:g}"] * (region.high < inf)
    return " or ".join(parts)
