"""What a rule says about values, written a second time from the domain reference (§1.3, §5.2, §8) and not from the collector.

Slow and plain: nothing is compiled, nothing is kept. Only rules on one signal, with or without gates; what is reckoned from several values
or over time has stories of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from collector.rules.limit import Limit
from collector.rules.model import Gate, Rule
from devices.signal import Value

Word = Literal["raise", "clear", "between", "paused"]
BY_VALUE = frozenset({"below", "above", "outside", "state", "hours_left"})
SUPPORTED = BY_VALUE | {"silent", "offline", "dark", "clock", "out_of_range"}


@dataclass(frozen=True)
class Said:
    """What a rule says of the values of a moment, and of which signal. A number counts when it is read; a state or a contact stands until
    the controller says otherwise, and so does what a gate says."""

    word: Word
    signal: str = ""


def name_of(value: Value) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def signal_of(rule: Rule) -> str:
    return f"{rule.hours}_h" if rule.type == "hours_left" else rule.signals[0]


def say(rule: Rule, declared: Mapping[str, float], values: Mapping[str, Value]) -> Said:
    """Unknown says nothing; a closed gate says nothing, unless the plant's state ends the matter; then the limits."""
    signal = signal_of(rule)
    value = values.get(signal)
    if value is None:
        return Said("between")
    shut = [gate for gate in rule.gates if not is_open(gate, declared, values)]
    if any(name_of(values[gate.signal]) in gate.over for gate in shut):
        return Said("clear")
    if shut:
        return Said("paused")
    if rule.type == "state":
        name = name_of(value)
        return Said("raise" if name in rule.raise_states else "clear" if name in rule.clear_states else "between", signal)
    assert isinstance(value, float)
    return Said(_against_limits(rule, declared, value), signal)


def is_open(gate: Gate, declared: Mapping[str, float], values: Mapping[str, Value]) -> bool:
    """What is not known keeps no gate shut."""
    value = values.get(gate.signal)
    if value is None:
        return True
    if gate.states:
        return name_of(value) in gate.states
    limit = number(gate.above, declared)
    return limit is None or (isinstance(value, float) and value > limit)


def number(limit: Limit | None, declared: Mapping[str, float]) -> float | None:
    return None if limit is None else limit.value(dict(declared))


def in_force(rule: Rule, declared: Mapping[str, float], flags: Mapping[str, bool]) -> bool:
    """Every limit can be reckoned from what the asset declares, and the asset declares what the rule needs."""
    limits = (limit for limit in (rule.limit, rule.clear, rule.upper, rule.upper_clear) if limit is not None)
    return rule.enabled and all(number(limit, declared) is not None for limit in limits) and (not rule.needs or flags[rule.needs])


def beyond(rule: Rule, limit: Limit | None, declared: Mapping[str, float], value: Value | None) -> bool:
    """The value is on the bad side of that limit."""
    at = number(limit, declared)
    if at is None or not isinstance(value, float):
        return False
    return value < at if rule.type in {"below", "hours_left"} else value > at


def _against_limits(rule: Rule, declared: Mapping[str, float], value: float) -> Word:
    low = rule.type in {"below", "outside", "hours_left"}
    sides = [(low, rule.limit, rule.clear)]
    if rule.type == "outside":
        sides.append((False, rule.upper, rule.upper_clear))
    words = set[Word]()
    for is_low, limit, clear in sides:
        at, back = number(limit, declared), number(clear or limit, declared)
        assert at is not None
        assert back is not None
        bad = value < at if is_low else value > at
        good = value >= back if is_low else value <= back
        words.add("raise" if bad else "clear" if good else "between")
    return "raise" if "raise" in words else "between" if "between" in words else "clear"
