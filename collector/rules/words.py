"""A rule in words: what raises it, what clears it, what else it depends on. Pure."""

from __future__ import annotations

from collections.abc import Callable

from collector.rules.limit import Limit
from collector.rules.model import Escalation, Gate, Part, Rule, RuleType, Test

HOURS = {
    "connected_now": "what is connected, with the plant as it runs now, lasts",
    "connected": "what is connected lasts, if the plant stops,",
    "on_site": "all that is on site lasts, if the plant stops,",
}

_RAISED: dict[RuleType, Callable[[Test], str]] = {
    "below": lambda t: f"{_what(t)} below {_limit(t.limit)}",
    "above": lambda t: f"{_what(t)} above {_limit(t.limit)}",
    "outside": lambda t: f"{_what(t)} below {_limit(t.limit)} or above {_limit(t.upper)}",
    "state": lambda t: f"{_what(t)} is {names(t.raise_states)}",
    "rising": lambda t: f"{_what(t)} rises by more than {_limit(t.limit)} within {duration(t.window_s)}",
    "falling": lambda t: f"{_what(t)} falls by more than {_limit(t.limit)} within {duration(t.window_s)}",
    "stuck": lambda t: f"{_what(t)} does not move for {duration(t.still_s)}{_while_others_move(t)}",
    "changeover": lambda t: f"{_what(t)} below {_limit(t.limit)}",
    "standby": lambda t: f"the bank that does not feed ({_what(t)} where that is not known) below {_limit(t.limit)}",
    "forecast": lambda t: f"at its trend {_what(t)} will be {t.side} {_limit(t.limit)} within {t.within_h:g} h",
    "compare": lambda t: f"{_what(t)} {t.side} {_limit(t.limit)}",
    "hours_left": lambda t: f"{_what(t)} less than {_limit(t.limit)} h",
    "silent": lambda t: f"{_what(t)}: no fresh value for three sampling intervals, at least two minutes",
    "offline": lambda _: "its last will says `offline`, or nothing is heard from it and from any asset behind it",
    "dark": lambda _: "nothing is heard from the whole site",
    "clock": lambda _: "what it sends is stamped before 2020, more than two minutes ahead, or behind by a steady lag",
    "out_of_range": lambda t: f"{_what(t)}: a number that no working sensor gives",
}
"""How each type is raised; those with parts are told part by part."""

_CLEARS: dict[RuleType, Callable[[Test], str]] = {
    "below": lambda t: f"{_what(t)} at or above {_limit(t.clear or t.limit)}",
    "above": lambda t: f"{_what(t)} at or below {_limit(t.clear or t.limit)}",
    "outside": lambda t: f"{_what(t)} between {_limit(t.clear or t.limit)} and {_limit(t.upper_clear or t.upper)}",
    "state": lambda t: f"{_what(t)} is {names(t.clear_states)}",
    "rising": lambda t: f"{_what(t)} rose by at most {_limit(t.clear or t.limit)} within {duration(t.window_s)}",
    "falling": lambda t: f"{_what(t)} fell by at most {_limit(t.clear or t.limit)} within {duration(t.window_s)}",
    "stuck": lambda t: f"{_what(t)} moves again",
    "changeover": lambda t: f"the bank that does not feed at or above {_limit(t.clear or t.limit)}",
    "standby": lambda t: f"that bank at or above {_limit(t.clear or t.limit)}",
    "forecast": lambda t: f"at its trend {_what(t)} will not be {t.side} {_limit(t.limit)} within {t.clear_h or t.within_h:g} h",
    "compare": lambda t: f"{_what(t)} at or {'below' if t.side == 'above' else 'above'} {_limit(t.clear or t.limit)}",
    "hours_left": lambda t: f"{_what(t)} at least {_limit(t.clear or t.limit)} h",
    "silent": lambda t: f"{_what(t)}: fresh values again, two of them",
    "offline": lambda _: "anything is heard from it or from an asset behind it",
    "dark": lambda _: "anything is heard from the site",
    "clock": lambda _: "its stamps are right",
    "out_of_range": lambda t: f"{_what(t)}: numbers in their sane range again",
}


def raised_when(rule: Rule) -> str:
    """The condition in words."""
    if rule.type in _RAISED:
        return _RAISED[rule.type](rule)
    return (" or " if rule.type == "any_of" else " and ").join(_part(part, _RAISED[part.type](part)) for part in rule.parts)


def clears_when(rule: Rule) -> str:
    """What must be seen before the alarm is over."""
    if rule.type in _CLEARS:
        return _CLEARS[rule.type](rule) + ("; in every other state it stays" if rule.type == "state" else "")
    joined = ("; " if rule.type == "any_of" else " or ").join(_part(part, _CLEARS[part.type](part)) for part in rule.parts)
    return f"none of it is so any more: {joined}" if rule.type == "any_of" else joined


def gate(one: Gate, *, unknown_is_open: bool = True) -> str:
    """When a gate is open."""
    where = "".join(f", where the asset declares `{name}: {word}`" for name, word in one.where.items())
    unknown = ", or not known" if unknown_is_open else ""
    if one.above is not None:
        return f"`{one.signal}` is above {_limit(one.above)}{unknown}{where}"
    return f"`{one.signal}` is {names(one.states)}{unknown}{where}"


def escalation(step: Escalation) -> str:
    """When it is more urgent."""
    conditions = [f"it has been open for {duration(step.after_s)}"] if step.after_s else []
    conditions += [f"{HOURS[step.hours]} less than {step.below_h:g} h"] if step.below_h is not None else []
    conditions += [gate(step.gate, unknown_is_open=False)] if step.gate is not None else []
    return f"{step.priority} when {' and '.join(conditions)}"


def under(rule: Rule) -> str:
    """The worse rules that hide it; empty where there is none."""
    return f"{' or '.join(rule.under)} of the same asset is open: one fact, one alarm" if rule.under else ""


def shelving(rule: Rule) -> str:
    """Whether somebody may set it aside, and what ends that early."""
    if not rule.shelvable:
        return "no"
    worse = f"beyond {_limit(rule.worse_limit)}" if rule.worse_limit is not None else f"beyond the limit of {' or '.join(rule.under)}"
    return f"yes; a shelf ends early {worse}" if rule.worse_limit is not None or rule.under else "yes"


def again(rule: Rule) -> str:
    """When what is acknowledged is announced again."""
    seconds = (1800.0 if rule.priority == "high" else 0.0) if rule.realarm_s is None else rule.realarm_s
    return f"{duration(seconds)} after it was acknowledged, while it goes on" if seconds else ""


def delay(seconds: float) -> str:
    return f"after {duration(seconds)}" if seconds else "at once"


def duration(seconds: float | None) -> str:
    """1 h, 90 s"""
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds and seconds >= size and seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds or 0:g} s"


def names(states: frozenset[str]) -> str:
    return " or ".join(f"`{name}`" for name in sorted(states))


def _what(test: Test) -> str:
    if test.type == "hours_left":
        return HOURS[test.hours]
    signals = [f"`{name}`" for name in test.signals]
    if test.type in {"silent", "out_of_range"}:
        return ", ".join(signals) or ("any signal" if test.type == "silent" else "any number")
    if test.type == "stuck":
        return " or ".join(signals) or "any number"
    return f"the {test.pick} of {' and '.join(signals)}" if len(signals) > 1 else "".join(signals)


def _while_others_move(test: Test) -> str:
    moves = [f"`{move.signal}` varies by {_limit(move.by)} or more" for move in test.moves]
    return f" while {' or '.join(moves)}" if moves else ""


def _part(part: Part, words: str) -> str:
    gates = "".join(f" (only while {gate(one)})" for one in part.gates)
    return f"{f'on a {part.kind} ' if part.kind else ''}{words}{gates}"


def _limit(limit: Limit | None) -> str:
    return f"{limit.said} ({limit})" if limit is not None and limit.said else str(limit)
