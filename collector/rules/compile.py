"""Rules → conditions: the rules of one asset with their numbers resolved, arranged so that a quiet reading costs one comparison. Pure.

A `Condition` judges the latest values of an asset: raise, clear, or hold (inside the hysteresis). A `Program` maps each signal to its
`Watch`: the band of values in which no condition that reads the signal can raise. Programs are shared between assets that declare the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from collector.rules.model import Gate, Limit, Rule, RuleSet
from devices.assets import Asset, Manifold, Site
from devices.oxygen import CYLINDERS
from devices.signal import Value

ON_READINGS = frozenset({"below", "above", "outside", "state"})
"""The types of rule that are judged on readings; the others are about time, silence or hours."""


class Verdict(Enum):
    RAISE = "raise"
    CLEAR = "clear"
    HOLD = "hold"
    PAUSE = "pause"


@dataclass(frozen=True, slots=True)
class Threshold:
    """`limit` is where it raises, `clear` where it may clear, `sign` −1 for below and +1 for above."""

    sign: int
    limit: float
    clear: float

    def judge(self, value: float) -> Verdict:
        if (value - self.limit) * self.sign > 0:
            return Verdict.RAISE
        return Verdict.CLEAR if (self.clear - value) * self.sign >= 0 else Verdict.HOLD


@dataclass(frozen=True, slots=True)
class OpenGate:
    """A gate with its number resolved."""

    signal: str
    above: float | None
    states: frozenset[str]
    over: frozenset[str]

    def judge(self, values: Mapping[str, Value]) -> Verdict | None:
        """None while it is open; closed it pauses, or clears where the alarm is over."""
        value = values.get(self.signal)
        if value is None:
            return None
        if self.states:
            name = state_name(value)
            return None if name in self.states else Verdict.CLEAR if name in self.over else Verdict.PAUSE
        return None if self.above is None or (isinstance(value, float) and value > self.above) else Verdict.PAUSE


@dataclass(frozen=True, slots=True)
class Condition:
    """One rule as it holds for an asset. `thresholds` has one entry (below, above) or two (outside); none for a state rule."""

    rule: Rule
    thresholds: tuple[Threshold, ...]
    gates: tuple[OpenGate, ...]
    unit: str

    @property
    def inputs(self) -> tuple[str, ...]:
        """Every signal whose change can change the verdict."""
        return (*self.rule.signals, *(gate.signal for gate in self.gates))

    def value(self, values: Mapping[str, Value]) -> Value | None:
        """The value that counts; None while it is unknown (with `pick`: while any of them is)."""
        found = [values.get(name) for name in self.rule.signals]
        if len(found) == 1:
            return found[0]
        numbers = [value for value in found if isinstance(value, float)]
        if not numbers or len(numbers) < len(found):
            return None
        return min(numbers) if self.rule.pick == "lowest" else max(numbers)

    def judge(self, values: Mapping[str, Value]) -> Verdict:
        """Raise, clear or hold, from the latest values. Unknown holds."""
        value = self.value(values)
        if value is None:
            return Verdict.HOLD
        closed = self.closed(values)
        if closed is not None:
            return closed
        if not self.thresholds:
            name = state_name(value)
            if name in self.rule.raise_states:
                return Verdict.RAISE
            return Verdict.CLEAR if name in self.rule.clear_states else Verdict.HOLD
        if not isinstance(value, float):
            return Verdict.HOLD
        verdicts = {threshold.judge(value) for threshold in self.thresholds}
        if Verdict.RAISE in verdicts:
            return Verdict.RAISE
        return Verdict.HOLD if Verdict.HOLD in verdicts else Verdict.CLEAR

    def closed(self, values: Mapping[str, Value]) -> Verdict | None:
        """What the gates say: None while all are open."""
        if not self.gates:
            return None
        closed = {verdict for gate in self.gates if (verdict := gate.judge(values)) is not None}
        return None if not closed else Verdict.CLEAR if Verdict.CLEAR in closed else Verdict.PAUSE

    def limit(self, value: Value | None) -> float | None:
        """The limit that this value is beyond, or the first."""
        if not self.thresholds:
            return None
        if isinstance(value, float):
            for threshold in self.thresholds:
                if threshold.judge(value) is Verdict.RAISE:
                    return threshold.limit
        return self.thresholds[0].limit


@dataclass(frozen=True, slots=True)
class Watch:
    """While no alarm of the asset is awake: a number in [low, high], or a state in `quiet`, can raise nothing and needs no further look."""

    low: float
    high: float
    loud: frozenset[Value]
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """All rules of one asset: those on readings, by signal; and the few that are about time, silence or hours."""

    watches: Mapping[str, Watch]
    conditions: tuple[Condition, ...]
    others: tuple[Condition, ...]


def state_name(value: Value) -> str:
    """A state as rules name it; contacts are "true" and "false"."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def declared(asset: Asset | None) -> dict[str, float]:
    """The numbers that limits may refer to, by name: what the asset declares, and for a manifold the fill pressures of its banks."""
    if asset is None:
        return {}
    numbers = {name: float(value) for name, value in asset if isinstance(value, (int, float)) and not isinstance(value, bool)}
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
        numbers = declared(asset)
        if site.id in self._rules.sites or f"{site.id}/{asset.id}" in self._rules.assets:
            return _compile(self._asset_rules(site.id, asset), numbers)
        key = (asset.kind, getattr(asset, "duty", None), *numbers.items())
        program = self._shared.get(key)
        if program is None:
            program = self._shared[key] = _compile(self._asset_rules(site.id, asset), numbers)
        return program

    def of_site(self, site: Site) -> tuple[Condition, ...]:
        """The rules about the site as a whole (hours left)."""
        return _compile(self._rules.of(site.id, "", "site"), {}).others

    def of_collector(self) -> Program:
        """The rules about the collector itself."""
        return _compile(self._rules.of("", "", "collector"), {})

    def _asset_rules(self, site: str, asset: Asset) -> tuple[Rule, ...]:
        found = (*self._rules.of(site, asset.id, asset.kind), *self._rules.of(site, asset.id, "any"))
        return tuple(rule for rule in found if not rule.needs or getattr(asset, rule.needs, False))


def _compile(rules: tuple[Rule, ...], declares: dict[str, float]) -> Program:
    conditions = [condition for rule in rules if (condition := _condition(rule, declares)) is not None]
    on_readings = tuple(c for c in conditions if c.rule.type in ON_READINGS)
    others = tuple(c for c in conditions if c.rule.type not in ON_READINGS)
    by_signal: dict[str, list[Condition]] = {}
    for condition in on_readings:
        for name in dict.fromkeys(condition.inputs):
            by_signal.setdefault(name, []).append(condition)
    return Program({name: _watch(name, found) for name, found in by_signal.items()}, on_readings, others)


def _condition(rule: Rule, known: dict[str, float]) -> Condition | None:
    """The rule with its numbers; None where the asset does not declare what a limit refers to."""
    thresholds: list[Threshold] = []
    sides: tuple[tuple[int, Limit | None, Limit | None], ...] = ((1 if rule.type == "above" else -1, rule.limit, rule.clear),)
    if rule.type == "outside":
        sides = ((-1, rule.limit, rule.clear), (1, rule.upper, rule.upper_clear))
    for sign, limit, clear in sides:
        if limit is None:
            continue
        at = limit.value(known)
        back = at if clear is None else clear.value(known)
        if at is None or back is None:
            return None
        thresholds.append(Threshold(sign, at, back))
    gates = tuple(_gate(gate, known) for gate in rule.gates)
    unit = rule.signals[0].rsplit("_", 1)[-1] if rule.signals and thresholds else "h" if rule.type == "hours_left" else ""
    return Condition(rule, tuple(thresholds), gates, unit)


def _gate(gate: Gate, known: dict[str, float]) -> OpenGate:
    return OpenGate(gate.signal, gate.above.value(known) if gate.above is not None else None, gate.states, gate.over)


def _watch(name: str, conditions: list[Condition]) -> Watch:
    """The band in which nothing raises. A signal that only serves a gate, or one of several picked, is looked at when it is beyond its own
    limit; the others of the pick then decide."""
    low, high = float("-inf"), float("inf")
    loud: set[Value] = set()
    for condition in conditions:
        if name not in condition.rule.signals:
            continue
        for threshold in condition.thresholds:
            if threshold.sign < 0:
                low = max(low, threshold.limit)
            else:
                high = min(high, threshold.limit)
        for state in condition.rule.raise_states:
            loud.add({"true": True, "false": False}.get(state, state))
    return Watch(low, high, frozenset(loud), tuple(conditions))
