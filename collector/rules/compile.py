"""Rules → programs: the rules of one asset with their numbers resolved, arranged so that a quiet reading costs one comparison. Pure.

Programs are shared between assets that declare the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from collector.rules.condition import (
    EVERYTHING,
    JOINED,
    ON_READINGS,
    Condition,
    OpenGate,
    Program,
    Rate,
    Standby,
    Still,
    Threshold,
    Trend,
    Verdict,
    Watch,
    any_of,
    derived_name,
)
from collector.rules.model import Gate, Rule, RuleSet, Test
from devices.assets import Asset, Manifold, PsaPlant, Site
from devices.oxygen import CYLINDERS
from devices.signal import Value

DEWPOINT_LIMIT_C = {"refrigerated": 10.0, "desiccant": -20.0}
"""Pressure dew point after the dryer at which the sieve is in danger (domain reference 1.1)."""


def declared(asset: Asset | None) -> dict[str, float]:
    """The numbers that limits may refer to, by name: what the asset declares, and for a manifold the fill pressures of its banks."""
    if asset is None:
        return {}
    numbers = {name: float(value) for name, value in asset if isinstance(value, (int, float)) and not isinstance(value, bool)}
    if isinstance(asset, PsaPlant):
        numbers["dewpoint_limit_c"] = DEWPOINT_LIMIT_C[asset.dryer]
    if isinstance(asset, Manifold):
        fills = {name: bank.fill_bar or CYLINDERS[bank.type].fill_bar for name, bank in asset.banks.items()}
        duty = [fill for name, fill in fills.items() if name != "reserve"]
        if duty:
            numbers["fill_bar"] = min(duty)
        if "reserve" in fills:
            numbers["reserve_fill_bar"] = fills["reserve"]
    return numbers


class Programs:
    """The programs of a rule set. Assets of one kind that declare the same, and that nobody overrides, share one."""

    def __init__(self, rules: RuleSet) -> None:
        self._rules = rules
        self._shared: dict[tuple[object, ...], Program] = {}

    def of_asset(self, site: Site, asset: Asset) -> Program:
        """The program of an asset: its kind's rules and those of every kind, with overrides applied and limits resolved."""
        if site.id in self._rules.sites or f"{site.id}/{asset.id}" in self._rules.assets:
            return _compile(self._asset_rules(site.id, asset), asset)
        key = (asset.kind, getattr(asset, "duty", None), getattr(asset, "analyser", None), *declared(asset).items())
        program = self._shared.get(key)
        if program is None:
            program = self._shared[key] = _compile(self._asset_rules(site.id, asset), asset)
        return program

    def of_site(self, site: Site) -> tuple[Condition, ...]:
        """The rules about the site as a whole: hours left, stock, what several assets say together."""
        rules = worse_first(self._rules.of(site.id, "", "site"))
        found = (_site_condition(rule, site) if rule.parts else _condition(rule, rule, _Knows({}, None)) for rule in rules)
        return tuple(condition for condition in found if condition is not None)

    def of_collector(self) -> Program:
        """The rules about the collector itself."""
        return _compile(self._rules.of("", "", "collector"), None)

    def _asset_rules(self, site: str, asset: Asset) -> tuple[Rule, ...]:
        found = (*self._rules.of(site, asset.id, asset.kind), *self._rules.of(site, asset.id, "any"))
        return worse_first(rule for rule in found if not rule.needs or getattr(asset, rule.needs, False))


def worse_first(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Each rule behind those it is under, else in their order: what is found at one moment is judged in this order, so that the milder
    one already knows of the worse."""
    waiting = {rule.id: rule for rule in rules}
    found: list[Rule] = []

    def take(rule_id: str) -> None:
        rule = waiting.pop(rule_id, None)
        if rule is not None:
            for worse in rule.under:
                take(worse)
            found.append(rule)

    for rule_id in list(waiting):
        take(rule_id)
    return tuple(found)


def _site_condition(rule: Rule, site: Site) -> Condition | None:
    """A rule over assets of one site: each part is judged on every asset of its kind (on the site's own values where it names none).

    None where the site has no asset for one of the parts.
    """
    parts: list[Condition] = []
    for index, part in enumerate(rule.parts):
        fitting = [asset for asset in site.assets if asset.kind == part.kind]
        knows = [_Knows(declared(asset), asset) for asset in fitting] if part.kind else [_Knows({}, None)]
        found = [_condition(rule, part, each, f"{index}:{each.asset.id if each.asset else ''}") for each in knows]
        usable = [condition for condition in found if condition is not None]
        if not usable:
            return None
        parts += usable
    return Condition(rule, rule, (), parts=tuple(parts))


def judge_parts(condition: Condition, values_of: Callable[[str], Mapping[str, Value]]) -> Verdict:
    """The verdict of a rule over several assets: each part by whichever of its assets is worst."""
    by_part: dict[str, list[Verdict]] = {}
    for part in condition.parts:
        index, _, asset = part.on.partition(":")
        by_part.setdefault(index, []).append(part.judge(values_of(asset)))
    return JOINED[condition.test.type]([any_of(verdicts) for verdicts in by_part.values()])


def _compile(rules: tuple[Rule, ...], asset: Asset | None) -> Program:
    knows = _Knows(declared(asset), asset)
    conditions = tuple(condition for rule in rules if (condition := _condition(rule, rule, knows)) is not None)
    on_readings = tuple(c for c in conditions if c.rule.type in ON_READINGS)
    others = tuple(c for c in conditions if c.rule.type not in ON_READINGS)
    by_signal: dict[str, list[Condition]] = {}
    for condition in on_readings:
        for leaf in _leaves(condition):
            for name in (derived_name(leaf.test, leaf.rule),) if leaf.test.type == "standby" else dict.fromkeys(leaf.reads):
                by_signal.setdefault(name, []).append(leaf)
    leaves = [leaf for condition in conditions for leaf in _leaves(condition)]
    return Program(
        {name: _watch(found) for name, found in by_signal.items()},
        on_readings,
        others,
        {condition.rule.id: condition for condition in conditions},
        tuple(dict.fromkeys(_rate(leaf) for leaf in leaves if leaf.test.type in {"rising", "falling"})),
        tuple(_trend(leaf, knows.numbers) for leaf in leaves if leaf.test.type == "forecast"),
        tuple(_still(leaf, knows.numbers) for leaf in leaves if leaf.test.type == "stuck" and leaf.test.signals),
        tuple({Standby(derived_name(leaf.test, leaf.rule), leaf.test.signals) for leaf in leaves if leaf.test.type == "standby"}),
        next((_still(leaf, {}) for leaf in leaves if leaf.test.type == "stuck" and not leaf.test.signals), None),
    )


@dataclass(frozen=True, slots=True)
class _Knows:
    """What limits may refer to, and the asset that declares it (None: a site, the collector)."""

    numbers: dict[str, float]
    asset: Asset | None


def _condition(rule: Rule, test: Test, knows: _Knows, on: str = "") -> Condition | None:
    """The rule with its numbers; None where the asset does not declare what a limit refers to."""
    thresholds = _thresholds(test, knows.numbers)
    gates = [_gate(gate, knows) for gate in test.gates]
    parts = [_condition(rule, part, knows, on) for part in rule.parts] if test is rule else []
    if thresholds is None or None in parts:
        return None
    return Condition(
        rule,
        test,
        _reads(rule, test),
        thresholds,
        tuple(gate for gate in gates if gate is not None),
        _unit(test, thresholds),
        tuple(part for part in parts if part is not None),
        tuple(gate for each in rule.suppressed_while if (gate := _gate(each, knows)) is not None) if test is rule else (),
        _worse(rule, knows.numbers) if test is rule else None,
        on,
    )


def _thresholds(test: Test, known: dict[str, float]) -> tuple[Threshold, ...] | None:
    """None where a number is not declared."""
    if test.type == "compare":
        return ()
    if test.type == "forecast":
        return (Threshold(-1, test.within_h or 0.0, test.clear_h or test.within_h or 0.0),)
    side = _side(test)
    found: list[Threshold] = []
    for sign, limit, clear in ((side, test.limit, test.clear), (1, test.upper, test.upper_clear)):
        if limit is None:
            continue
        at = limit.value(known)
        back = at if clear is None else clear.value(known)
        if at is None or back is None:
            return None
        turned = -1 if test.type == "falling" else 1
        found.append(Threshold(sign, turned * at, turned * back))
    return tuple(found)


def _side(test: Test) -> int:
    """−1 where low is bad."""
    return -1 if test.type in {"below", "outside", "falling", "changeover", "standby", "hours_left"} else 1


def _reads(rule: Rule, test: Test) -> tuple[str, ...]:
    match test.type:
        case "hours_left":
            return (f"{test.hours}_h",)
        case "rising" | "falling" | "stuck" | "out_of_range" | "forecast":
            return (derived_name(test, rule),)
        case "changeover" | "standby":
            return (*test.signals, "bank_in_use")
        case "compare":
            others = (limit.of for limit in (test.limit, test.clear) if limit is not None and limit.of)
            return tuple(dict.fromkeys((*test.signals, *others)))
        case _:
            return test.signals


def _unit(test: Test, thresholds: tuple[Threshold, ...]) -> str:
    if test.type in {"hours_left", "forecast"}:
        return "h"
    return test.signals[0].rsplit("_", 1)[-1] if test.signals and (thresholds or test.type == "compare") else ""


def _worse(rule: Rule, known: dict[str, float]) -> Threshold | None:
    """Where a shelf ends although its time is not over."""
    at = rule.worse_limit.value(known) if rule.worse_limit is not None else None
    if at is None:
        return None
    at = -at if rule.type == "falling" else at
    return Threshold(_side(rule), at, at)


def _gate(gate: Gate, knows: _Knows) -> OpenGate | None:
    """None where the gate is meant for other assets."""
    if any(str(getattr(knows.asset, name, None)) != value for name, value in gate.where.items()):
        return None
    return OpenGate(gate.signal, gate.above.value(knows.numbers) if gate.above is not None else None, gate.states, gate.over)


def _leaves(condition: Condition) -> tuple[Condition, ...]:
    return condition.parts or (condition,)


def _watch(conditions: list[Condition]) -> Watch:
    """The band in which nothing raises. One of several signals that are picked from is looked at when it is beyond its own limit; the
    others of the pick then decide. What is compared with another signal is always looked at."""
    low, high = float("-inf"), float("inf")
    loud: set[Value] = set()
    if any(condition.test.type == "stuck" for condition in conditions):
        return Watch(high, high, EVERYTHING)
    for condition in conditions:
        if condition.test.type == "compare":
            low = float("inf")
        for threshold in condition.thresholds:
            if threshold.sign < 0:
                low = max(low, threshold.limit)
            else:
                high = min(high, threshold.limit)
        for state in condition.test.raise_states:
            loud.add({"true": True, "false": False}.get(state, state))
    return Watch(low, high, frozenset(loud))


def _rate(leaf: Condition) -> Rate:
    rising = leaf.test.type == "rising"
    return Rate(leaf.reads[0], leaf.test.signals[0], rising, int((leaf.test.window_s or 0) * 1000), abs(leaf.thresholds[0].limit))


def _trend(leaf: Condition, known: dict[str, float]) -> Trend:
    limit = leaf.test.limit.value(known) if leaf.test.limit else None
    return Trend(leaf.reads[0], leaf.test.signals[0], limit or 0.0, leaf.test.side == "below", leaf.gates)


def _still(leaf: Condition, known: dict[str, float]) -> Still:
    moves = tuple((move.signal, by) for move in leaf.test.moves if (by := move.by.value(known)) is not None)
    return Still(leaf.reads[0], leaf.test.signals, int((leaf.test.still_s or 0) * 1000), moves, leaf.gates)
