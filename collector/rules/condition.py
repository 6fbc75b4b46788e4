"""What a rule is for one asset, with its numbers resolved: it judges the latest values. Pure; made by `collector.rules.compile`.

A `Condition` judges the latest values of an asset: raise, clear, or hold (inside the hysteresis). A `Program` maps each signal to its
`Watch`: the band of values in which no condition that reads the signal can raise. Programs are shared between assets that declare the same.

Beside the signals an asset's values hold what is derived from them, under names that no signal can have (`derived_name`): how far a signal
fell or rose within a window, the hours until a trend reaches its limit, the names of signals that stand still or are out of range.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from enum import Enum

from collector.rules.model import Rule, Test
from devices.signal import Value

ON_READINGS = frozenset(
    {"below", "above", "outside", "state", "rising", "falling", "stuck", "changeover", "standby", "compare", "any_of", "all_of"}
)
"""The types of rule that are judged on readings; the others are about time, silence, trends or the site."""


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

    def holds(self, values: Mapping[str, Value]) -> bool:
        """It is known to be open."""
        return self.signal in values and self.judge(values) is None


@dataclass(frozen=True, slots=True)
class Condition:
    """One rule, or one part of it, as it holds for an asset. `test` is the rule or the part; `reads` are the values it judges;
    `thresholds` has one entry, or two (outside), or none; `worse` is the limit at which a shelf ends; `on` is the asset a part is judged on
    (empty: that of the rule)."""

    rule: Rule
    test: Test
    reads: tuple[str, ...]
    thresholds: tuple[Threshold, ...] = ()
    gates: tuple[OpenGate, ...] = ()
    unit: str = ""
    parts: tuple[Condition, ...] = ()
    suppressed_while: tuple[OpenGate, ...] = ()
    worse: Threshold | None = None
    on: str = ""

    @property
    def inputs(self) -> tuple[str, ...]:
        """The values that it and its parts judge; not those of the gates."""
        return (*self.reads, *(name for part in self.parts for name in part.inputs))

    def value(self, values: Mapping[str, Value]) -> Value | None:
        """The value that counts; None while it is unknown (with `pick`: while any of them is)."""
        if len(self.reads) == 1:
            return values.get(self.reads[0])
        if self.parts:
            known = (value for part in self.parts if (value := part.value(values)) is not None and part.judge(values) is Verdict.RAISE)
            return next(known, None)
        if self.test.type == "standby":
            return standby_bar(self.test.signals, values)
        if self.test.type == "changeover":
            return _changed_bar(self, values)
        if self.test.type == "compare":
            return values.get(self.reads[0])
        found = [values.get(name) for name in self.reads]
        numbers = [value for value in found if isinstance(value, float)]
        if not numbers or len(numbers) < len(found):
            return None
        return min(numbers) if self.test.pick == "lowest" else max(numbers)

    def judge(self, values: Mapping[str, Value]) -> Verdict:
        """Raise, clear or hold, from the latest values. Unknown holds."""
        closed = self.closed(values)
        if self.parts:
            return closed or JOINED[self.test.type]([part.judge(values) for part in self.parts])
        value = self.value(values)
        if value is None:
            return Verdict.HOLD
        if closed is not None:
            return closed
        judge = _JUDGES.get(self.test.type)
        return judge(self, value, values) if judge is not None else _against(self.thresholds, value)

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


def _against(thresholds: tuple[Threshold, ...], value: Value) -> Verdict:
    if value.__class__ is not float or not thresholds:
        return Verdict.HOLD
    found = Verdict.CLEAR
    for threshold in thresholds:
        verdict = threshold.judge(value)
        if verdict is Verdict.RAISE:
            return verdict
        if verdict is Verdict.HOLD:
            found = verdict
    return found


def _state(condition: Condition, value: Value, _values: Mapping[str, Value]) -> Verdict:
    name = state_name(value)
    if name in condition.test.raise_states:
        return Verdict.RAISE
    return Verdict.CLEAR if name in condition.test.clear_states else Verdict.HOLD


def _named(_condition: Condition, value: Value, _values: Mapping[str, Value]) -> Verdict:
    """The value lists the signals that are at fault; an empty list is none."""
    return Verdict.RAISE if value else Verdict.CLEAR


def _compare(condition: Condition, value: Value, values: Mapping[str, Value]) -> Verdict:
    """Against a limit that is reckoned from another signal; unknown while that one is."""
    test, numbers = condition.test, {name: number for name in condition.reads if isinstance(number := values.get(name), float)}
    limit = test.limit.value(numbers) if test.limit else None
    clear = test.clear.value(numbers) if test.clear else limit
    if limit is None or clear is None:
        return Verdict.HOLD
    return _against((Threshold(1 if test.side == "above" else -1, limit, clear),), value)


def standby_bar(signals: tuple[str, ...], values: Mapping[str, Value]) -> float | None:
    """The pressure of the bank that does not feed: the lower one where that is not known."""
    feeding = f"bank_{values.get('bank_in_use')}_bar"
    lowest: float | None = None
    for name in signals:
        bar = values.get(name)
        if bar.__class__ is not float:
            return None
        if name != feeding and (lowest is None or bar < lowest):
            lowest = bar
    return lowest


def _changed_bar(condition: Condition, values: Mapping[str, Value]) -> float | None:
    """The lower bank where it is spent, whichever feeds; else the one that does not feed, which must be full again."""
    bars = [bar for name in condition.test.signals if isinstance(bar := values.get(name), float)]
    if len(bars) < len(condition.test.signals):
        return None
    lowest = min(bars)
    return lowest if lowest < condition.thresholds[0].limit else standby_bar(condition.test.signals, values)


def any_of(verdicts: list[Verdict]) -> Verdict:
    if Verdict.RAISE in verdicts:
        return Verdict.RAISE
    return Verdict.CLEAR if Verdict.CLEAR in verdicts else Verdict.HOLD


def _all_of(verdicts: list[Verdict]) -> Verdict:
    if all(verdict is Verdict.RAISE for verdict in verdicts):
        return Verdict.RAISE
    return Verdict.CLEAR if Verdict.CLEAR in verdicts else Verdict.HOLD


_JUDGES: dict[str, Callable[[Condition, Value, Mapping[str, Value]], Verdict]] = {
    "state": _state,
    "stuck": _named,
    "out_of_range": _named,
    "compare": _compare,
}
JOINED: dict[str, Callable[[list[Verdict]], Verdict]] = {"any_of": any_of, "all_of": _all_of}


@dataclass(frozen=True, slots=True)
class Watch:
    """While no alarm of the asset is awake: a number in [low, high], or a state in `quiet`, can raise nothing and needs no further look."""

    low: float
    high: float
    loud: Container[Value]


class _Everything:
    """Every value is in it."""

    def __contains__(self, value: object) -> bool:
        return True


EVERYTHING = _Everything()


@dataclass(frozen=True, slots=True)
class Rate:
    """How far `signal` fell or rose within `window_ms` is kept under `name`; `beyond` is the change that needs a look."""

    name: str
    signal: str
    rising: bool
    window_ms: int
    beyond: float


@dataclass(frozen=True, slots=True)
class Trend:
    """The hours until the trend of `signal` reaches `limit` are kept under `name`; its values count while the gates are open."""

    name: str
    signal: str
    limit: float
    falling: bool
    gates: tuple[OpenGate, ...]


@dataclass(frozen=True, slots=True)
class Still:
    """The names of those of `signals` that have not moved for `still_ms`, while one of `moves` (signal, by how much) has, are kept under
    `name`. While a gate is closed nothing is expected to move."""

    name: str
    signals: tuple[str, ...]
    still_ms: int
    moves: tuple[tuple[str, float], ...]
    gates: tuple[OpenGate, ...]


@dataclass(frozen=True, slots=True)
class Standby:
    """The pressure of the bank of `signals` that does not feed is kept under `name`."""

    name: str
    signals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """All rules of one asset: those on readings, with their watches by signal; and those about time, silence or trends. `honesty` is there
    where a rule asks which sensors stand still."""

    watches: Mapping[str, Watch]
    conditions: tuple[Condition, ...]
    others: tuple[Condition, ...]
    by_id: Mapping[str, Condition]
    rates: tuple[Rate, ...] = ()
    trends: tuple[Trend, ...] = ()
    stills: tuple[Still, ...] = ()
    standbys: tuple[Standby, ...] = ()
    honesty: Still | None = None

    @property
    def all(self) -> tuple[Condition, ...]:
        return self.conditions + self.others


def state_name(value: Value) -> str:
    """A state as rules name it; contacts are "true" and "false"."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def derived_name(test: Test, rule: Rule) -> str:
    """Under which name what the test judges is kept among the values of an asset. Signals have no colon in their names."""
    if test.type == "standby":
        return f"standby:{'+'.join(test.signals)}"
    window = f":{test.window_s:g}" if test.window_s else ""
    names = {"rising": f"rise{window}:{test.signals[0]}", "falling": f"fall{window}:{test.signals[0]}"} if test.signals else {}
    return names.get(test.type, f"{test.type}:{rule.id}")
