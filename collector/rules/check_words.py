"""Checks of one rule by itself: do its names exist, does what it asks for make sense. Pure; numbers are in check_numbers.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from collector.outputs import PRIORITIES
from collector.rules.finding import LIMITS, Finding, Severity, finding, gates, tests
from collector.rules.layers import Path
from collector.rules.limit import Limit, unit_of
from collector.rules.model import Gate, Rule, Test
from collector.rules.vocabulary import ANY, NO_ASSET, SITE, choices, flags, kinds, numbers, signals, states, unknown
from devices.signal import Signal
from devices.units import OUR_UNITS

NUMERIC = frozenset({"below", "above", "outside", "rising", "falling", "changeover", "standby", "forecast", "compare"})
"""The types that judge numbers."""

ONE_SIGNAL = frozenset({"state", "rising", "falling", "forecast", "compare"})
JOINING = frozenset({"any_of", "all_of"})
CATEGORIES = ("EO", "EC", "OP", "IN")
NOT_MEDICAL_PCT = 82.0
"""Below this it is no medical oxygen (WHO 2020): such an alarm is not to be shelved (domain reference 5.1)."""


def check_words(rule: Rule) -> Iterator[Finding]:
    """Everything that is wrong with the rule whatever the asset."""
    if rule.kind not in kinds():
        yield finding("error", rule, ("kind",), unknown("kind", rule.kind, kinds()))
        return
    for check in _CHECKS:
        yield from check(rule)


def _signals(rule: Rule) -> Iterator[Finding]:
    for path, test, kind in tests(rule):
        known = signals(kind)
        for index, name in enumerate(test.signals):
            if name not in known:
                yield finding("error", rule, (*path, "signals", index), unknown(f"signal of {_of(kind)}", name, known))
            else:
                yield from _fits(rule, test, (*path, "signals", index), known[name])
        for index, move in enumerate(test.moves):
            if move.signal not in known:
                yield finding("error", rule, (*path, "moves", index, "signal"), unknown(f"signal of {_of(kind)}", move.signal, known))


def _fits(rule: Rule, test: Test, path: Path, signal: Signal) -> Iterator[Finding]:
    is_number = signal.type in {"number", "counter"}
    if test.type in NUMERIC and not is_number:
        right = "use type: state" if states(rule.kind, signal.name) else f"a rule of type {test.type} needs a number"
        yield finding("error", rule, path, f"{signal.name} is a {signal.type} and no number; {right}")
    if test.type == "state" and is_number:
        yield finding("error", rule, path, f"{signal.name} is a number and has no states; use below, above or outside")


def _how_many(rule: Rule) -> Iterator[Finding]:
    """One limit is in one unit, and some types judge one signal."""
    for path, test, kind in tests(rule):
        known = signals(kind)
        units = {known[name].unit: name for name in test.signals if name in known}
        if test.type in ONE_SIGNAL and len(test.signals) > 1:
            yield finding("error", rule, (*path, "signals"), f"a rule of type {test.type} judges one signal; write a rule for each")
        elif test.type in NUMERIC and len(units) > 1:
            listed = " and ".join(f"{name} ({unit or 'no unit'})" for unit, name in units.items())
            yield finding("error", rule, (*path, "signals"), f"{listed} have different units; one limit can't hold for both")


def _states(rule: Rule) -> Iterator[Finding]:
    for path, test, kind in tests(rule):
        for field, named in (("raise_states", test.raise_states), ("clear_states", test.clear_states)):
            for signal in test.signals if test.type == "state" else ():
                yield from _unknown_states(rule, (*path, field), kind, signal, named)
        both = test.raise_states & test.clear_states
        if both:
            text = f"{_listed(both)} both raises and clears; a state belongs to raise_states or to clear_states"
            yield finding("error", rule, (*path, "clear_states"), text)
        for signal in test.signals if test.type == "state" else ():
            every = states(kind, signal)
            if every and every <= test.raise_states:
                yield finding("error", rule, (*path, "raise_states"), f"these are all states of {signal}: it would always be raised")
            yield from _never(rule, path, test, signal)


def _never(rule: Rule, path: Path, test: Test, signal: str) -> Iterator[Finding]:
    """A gate on the same signal that is closed in every state that raises."""
    for index, gate in enumerate(test.gates):
        if gate.signal == signal and gate.states and test.raise_states.isdisjoint(gate.states):
            text = (
                f"it is open in {_listed(gate.states)} and the rule is raised in {_listed(test.raise_states)}: it could never be raised; "
                "take the gate away, or name a state that raises"
            )
            yield finding("error", rule, (*path, "gates", index, "states"), text)


def _unknown_states(rule: Rule, path: Path, kind: str, signal: str, named: frozenset[str]) -> Iterator[Finding]:
    known = states(kind, signal)
    for name in sorted(named - known) if known else ():
        yield finding("error", rule, path, unknown(f"value of {signal}", name, known))


def _gates(rule: Rule) -> Iterator[Finding]:
    for path, gate, kind in gates(rule):
        known = signals(kind)
        if gate.signal not in known:
            yield finding("error", rule, (*path, "signal"), unknown(f"signal of {_of(kind)}", gate.signal, known))
            continue
        yield from _unknown_states(rule, (*path, "states"), kind, gate.signal, gate.states)
        yield from _unknown_states(rule, (*path, "over"), kind, gate.signal, gate.over)
        yield from _open_or_over(rule, path, gate)
        if gate.above is not None and known[gate.signal].type not in {"number", "counter"}:
            yield finding("error", rule, (*path, "above"), f"{gate.signal} is no number; name the states in which the gate is open")
        yield from _where(rule, path, gate, kind)


def _open_or_over(rule: Rule, path: Path, gate: Gate) -> Iterator[Finding]:
    if gate.above is None and not gate.states:
        yield finding("error", rule, path, "the gate says nothing: give above, or states")
    if both := gate.states & gate.over:
        text = f"in {_listed(both)} the gate would be open and the alarm over; a state belongs to states or to over"
        yield finding("error", rule, (*path, "over"), text)


def _where(rule: Rule, path: Path, gate: Gate, kind: str) -> Iterator[Finding]:
    known = choices(kind)
    for name, word in gate.where.items():
        if name not in known:
            yield finding("error", rule, (*path, "where", name), unknown(f"declaration of {_of(kind)}", name, known))
        elif word not in known[name]:
            yield finding("error", rule, (*path, "where", name), unknown(name, word, known[name]))


def _references(rule: Rule) -> Iterator[Finding]:
    """What limits refer to: a number that the asset declares; for `compare` another signal. In the unit of what is judged."""
    for path, test, kind in tests(rule):
        what, known = ("signal", frozenset(signals(kind))) if test.type == "compare" else ("number", numbers(kind))
        for field in LIMITS:
            yield from _reference(rule, (*path, field), getattr(test, field, None), test.signals, (f"{what} of {_of(kind)}", known))
    for path, gate, kind in gates(rule):
        yield from _reference(rule, (*path, "above"), gate.above, (gate.signal,), (f"number of {_of(kind)}", numbers(kind)))
    if rule.needs and rule.needs not in flags(rule.kind):
        yield finding("error", rule, ("needs",), unknown(f"true-or-false declaration of {_of(rule.kind)}", rule.needs, flags(rule.kind)))


def _reference(
    rule: Rule, path: Path, limit: Limit | None, judged: tuple[str, ...], allowed: tuple[str, frozenset[str]]
) -> Iterator[Finding]:
    """`allowed`: what such names are called, and all of them."""
    if limit is None or not limit.of:
        return
    what, known = allowed
    theirs, ours = unit_of((limit.of,)), unit_of(judged)
    if limit.of not in known:
        yield finding("error", rule, path, f"{limit}: {unknown(what, limit.of, known)}")
    elif theirs and ours and theirs != ours:
        yield finding("error", rule, path, f"{limit}: {limit.of} is in {OUR_UNITS[theirs]}, and {judged[0]} in {OUR_UNITS[ours]}")


def _parts(rule: Rule) -> Iterator[Finding]:
    if rule.parts and rule.type not in JOINING:
        yield finding("error", rule, ("parts",), f"a rule of type {rule.type} has no parts; use any_of or all_of")
    if rule.type in JOINING and len(rule.parts) == 1:
        yield finding("warning", rule, ("parts",), f"{rule.type} of one part is that part; write it as the rule itself")
    assets = [kind for kind in kinds() if kind not in NO_ASSET]
    for index, part in enumerate(rule.parts):
        path: Path = ("parts", index, "kind")
        if part.kind and rule.kind != SITE:
            yield finding("error", rule, path, f"its parts are judged on the same {rule.kind}; a kind is for a rule of the site")
        elif part.kind and part.kind not in assets:
            yield finding("error", rule, path, unknown("kind", part.kind, assets))


def _escalation(rule: Rule) -> Iterator[Finding]:
    own = PRIORITIES.index(rule.priority)
    for index, step in enumerate(rule.escalates):
        if PRIORITIES.index(step.priority) <= own:
            higher = ", ".join(PRIORITIES[own + 1 :]) or "none: the rule is of the highest already"
            text = f"{step.priority} is no more than the rule's own {rule.priority}; it can escalate to {higher}"
            yield finding("error", rule, ("escalates", index, "priority"), text)
        if not step.after_s and step.below_h is None and step.gate is None:
            text = f"nothing says when; give after_s, below_h or gate, or make the rule's own priority {step.priority}"
            yield finding("error", rule, ("escalates", index), text)


def _action(rule: Rule) -> Iterator[Finding]:
    """No action, no alarm (ISA-18.2 clause 9)."""
    if rule.priority == "info":
        return
    if not rule.response.strip():
        text = f"a rule of priority {rule.priority} has to say what to do, in response; what nobody has to act on is of priority info"
        yield finding("error", rule, ("response",), text)
    if rule.respond_min is None:
        severity: Severity = "error" if rule.priority == "high" else "warning"
        text = f"a rule of priority {rule.priority} has to say within how many minutes somebody must act, in respond_min"
        yield finding(severity, rule, ("respond_min",), text)


def _shelving(rule: Rule) -> Iterator[Finding]:
    absolute = rule.limit.offset if rule.limit is not None and not rule.limit.of else None
    feeds = rule.kind in {"psa_plant", "pipeline"}
    purity = feeds and rule.type == "below" and "o2_purity_pct" in rule.signals and absolute is not None and absolute <= NOT_MEDICAL_PCT
    pressure = "line_pressure_bar" in rule.signals and rule.category in {"EO", "EC"}
    if rule.shelvable and rule.priority == "high" and rule.type in NUMERIC and (purity or pressure):
        text = "an emergency of pressure, or of gas that is no medical oxygen, is not to be shelved; write shelvable: false"
        yield finding("warning", rule, ("shelvable",), text)


def _record(rule: Rule) -> Iterator[Finding]:
    if rule.category and rule.category not in CATEGORIES:
        yield finding("warning", rule, ("category",), unknown("category of ISO 7396-1", rule.category, CATEGORIES))
    try:
        right = not rule.date or date.fromisoformat(rule.date).isoformat() == rule.date
    except ValueError:
        right = False
    if not right:
        yield finding("error", rule, ("date",), f"{rule.date!r} is no day; write it as 2025-03-31")


_CHECKS: tuple[Callable[[Rule], Iterator[Finding]], ...] = (
    _signals, _how_many, _states, _gates, _references, _parts, _escalation, _action, _shelving, _record,
)  # fmt: skip


def _of(kind: str) -> str:
    return "any asset" if kind == ANY else kind


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))
