"""Checks of one rule with the numbers of an asset: limits in the sane range, on the right side of each other, delays that hold. Pure.

With nothing declared, what is relative to the asset is not checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from collector.rules.finding import LIMITS, Finding, Severity, Spot, finding, tests
from collector.rules.layers import Path
from collector.rules.likely import Range, far_off, likely_unit
from collector.rules.limit import Limit
from collector.rules.model import CHANGES, Rule, Test
from collector.rules.vocabulary import signals
from devices.signal import Signal
from devices.units import OUR_UNITS

MOST_HOURS = 8_760.0
"""A year: no site has oxygen for longer, and no trend leads further."""

SIDES: Mapping[str, int] = {"below": -1, "hours_left": -1, "changeover": -1, "standby": -1, "above": 1, "rising": 1, "falling": 1}
"""The side of its limit on which a rule is raised; a fall is reckoned as a positive number."""

_MEASURED = frozenset({"below", "above", "outside", "rising", "falling", "changeover", "standby", "forecast"})
"""The types whose limits are values, or changes, of their signals."""

_CONFIRMED = frozenset({"below", "above", "outside", "state", "compare", "changeover", "standby"})
"""The types that a second reading confirms."""


class Judged(NamedTuple):
    """A rule, or one part of it, with what an asset declares. `before` is the limit that an override changed."""

    rule: Rule
    test: Test
    path: Path
    kind: str
    declared: Mapping[str, float]
    before: float | None = None

    def at(self, field: str) -> float | None:
        """The number of a limit; None where there is none, or where it is not declared what it refers to.

        What is compared with another signal is reckoned with that signal at 1: good enough to see which of two is larger.
        """
        limit: Limit | None = getattr(self.test, field, None)
        known = {limit.of: 1.0} if limit is not None and self.test.type == "compare" else dict(self.declared)
        return None if limit is None else limit.value(known)

    @property
    def signal(self) -> Signal | None:
        known = signals(self.kind)
        return known.get(self.test.signals[0]) if self.test.signals else None

    @property
    def side(self) -> int:
        """−1 where it is raised below its limit, +1 above; 0 where it has two, or none."""
        if self.test.type == "compare":
            return 1 if self.test.side == "above" else -1
        return SIDES.get(self.test.type, 0)

    def found(self, severity: Severity, text: str, *fields: str) -> Finding:
        """About the first of the fields, to which the others have a part."""
        return Finding(severity, text, tuple(Spot(self.rule.id, self.rule.kind, (*self.path, field)) for field in fields))

    def shown(self, field: str) -> str:
        """The limit as it was written, with its number where that is something else."""
        limit: Limit = getattr(self.test, field)
        written, value = limit.said or str(limit), limit.value(dict(self.declared))
        return written if value is None or written.split(" ")[0] == f"{value:g}" else f"{written} ({value:g})"


def check_numbers(rule: Rule, kind: str, declared: Mapping[str, float], before: Rule | None = None) -> Iterator[Finding]:
    """Everything that is wrong with the numbers of a rule and those of its parts that are judged on this kind."""
    for path, test, on in tests(rule):
        if on == kind or (path == () and rule.kind == "any"):
            was = before.limit.value(dict(declared)) if before is not None and before is not rule and before.limit and not path else None
            judged = Judged(rule, test, path, kind, declared, was)
            senseless = [*_sane(judged)]
            yield from senseless  # and nothing more of it: what follows from a wrong unit is no news
            for check in () if senseless else _CHECKS:
                yield from check(judged)


def check_delay(rule: Rule, interval_s: float, *, ours: bool) -> Iterator[Finding]:
    """An on-delay of two sampling intervals at least (domain reference 5.2); of a delay that comes with the package (`ours`) one will do:
    a second reading confirms it. A counter needs none. `interval_s` is how often the asset reports."""
    known = signals(rule.kind)
    counts = bool(rule.signals) and all(name in known and known[name].type == "counter" for name in rule.signals)
    if rule.type not in _CONFIRMED or counts:
        return
    if ours and 0 < rule.on_delay_s < interval_s:
        text = f"readings come every {interval_s:g} s: its on-delay of {rule.on_delay_s:g} s becomes {interval_s:g} s"
        yield finding("warning", rule, ("on_delay_s",), f"{text}; let the asset report more often where that is too late")
    elif not ours and rule.on_delay_s < 2 * interval_s:
        text = f"its on-delay of {rule.on_delay_s:g} s is less than two sampling intervals of {interval_s:g} s"
        yield finding("warning", rule, ("on_delay_s",), f"{text}: single readings will raise it; {2 * interval_s:g} or more is right")


def _sane(judged: Judged) -> Iterator[Finding]:
    """A limit at which a working sensor can be: values outside the sane range go into quarantine and are not judged."""
    signal, test = judged.signal, judged.test
    if test.type == "hours_left":
        yield from _within(judged, Range("h", 0.0, MOST_HOURS), "hours left")
    elif signal is None or signal.type not in {"number", "counter"} or test.type not in _MEASURED:
        return
    elif test.type in CHANGES:
        yield from _within(judged, Range(signal.unit, 0.0, signal.sane[1] - signal.sane[0], judged.before), f"a change of {signal.name}")
    else:
        near = judged.before if judged.before is not None else sum(signal.normal) / 2 if signal.normal else None
        yield from _within(judged, Range(signal.unit, *signal.sane, near), signal.name)


def _within(judged: Judged, where: Range, what: str) -> Iterator[Finding]:
    sides = {"limit": judged.side or -1, "upper": 1}
    for field in LIMITS:
        value = judged.at(field)
        if value is None:
            continue
        if not where.low <= value <= where.high:
            reach = f"({_number(where.low)} … {_number(where.high)} {OUR_UNITS.get(where.unit, '')}".rstrip() + ")"
            text = f"{judged.shown(field)} is outside the sane range of {what} {reach}"
            yield judged.found("error", text + _hint(judged, field, where), field)
        elif field in sides and value == (where.low if sides[field] < 0 else where.high):
            text = f"{judged.shown(field)} is the end of the sane range of {what}: nothing beyond it is ever judged"
            yield judged.found("error", text + _hint(judged, field, where), field)


def _hint(judged: Judged, field: str, where: Range) -> str:
    """The unit in which it would be near to what is expected; else one in which it would be possible."""
    number, unit = _written(getattr(judged.test, field))
    if number is None:
        return ""
    meant = likely_unit(number, unit, where) or likely_unit(number, unit, where._replace(near=None))
    return f"; {meant}" if meant else ""


def _written(limit: Limit) -> tuple[float | None, str]:
    """The number and the unit as they were written; no number where the limit is relative."""
    if limit.of:
        return None, ""
    number, _, unit = limit.said.partition(" ")
    return (float(number), unit) if number else (limit.offset, "")


def _meant(judged: Judged) -> Iterator[Finding]:
    """Possible, but so far from the limit that it changes that another unit is likelier; or a share where per cent are meant."""
    value, signal, limit = judged.at("limit"), judged.signal, judged.test.limit
    if value is None or signal is None or limit is None or limit.of or not signal.sane[0] < value < signal.sane[1]:
        return
    number, unit = _written(limit)
    is_share = signal.unit == "pct" and 0 < value <= 1 and signal.normal is not None and signal.normal[0] > 1
    if number is None or not (is_share or far_off(value, judged.before)):
        return
    near = judged.before if judged.before is not None else signal.normal[0] if signal.normal else None
    meant = likely_unit(number, unit, Range(signal.unit, *signal.sane, near))
    if meant:
        was = f", far from the {judged.before:g} that it changes" if judged.before is not None else ""
        severity: Severity = "error" if is_share else "warning"
        yield judged.found(severity, f"{judged.shown('limit')} {OUR_UNITS.get(signal.unit, '')}{was}; {meant}", "limit")


def _hysteresis(judged: Judged) -> Iterator[Finding]:
    """It clears on the good side of its limit, and not at it."""
    if judged.side and judged.test.limit is not None:
        yield from _apart(judged, "limit", "clear", judged.side)
    if judged.test.type == "outside":
        yield from _apart(judged, "limit", "clear", -1)
        yield from _apart(judged, "upper", "upper_clear", 1)


def _apart(judged: Judged, limit: str, clear: str, side: int) -> Iterator[Finding]:
    at, back = judged.at(limit), judged.at(clear)
    if at is None:
        return
    right = f"{clear} somewhat {'below' if side > 0 else 'above'} {judged.shown(limit)} is right"
    if back is None:
        if getattr(judged.test, clear) is None and _is_analog(judged):
            yield judged.found("warning", f"without {clear} it clears where it is raised, and chatters; {right}", limit)
    elif (back - at) * side > 0:
        text = f"{judged.shown(clear)} is on the wrong side of {limit} {judged.shown(limit)}: between the two it is raised and over at once"
        yield judged.found("error", f"{text}; {right}", clear, limit)
    elif back == at and _is_analog(judged):
        yield judged.found("warning", f"{judged.shown(clear)} is {limit} itself, and the alarm will chatter; {right}", clear, limit)


def _is_analog(judged: Judged) -> bool:
    """What has noise: not a counter, and not what is counted."""
    signal = judged.signal
    return judged.test.type == "hours_left" or (signal is not None and signal.type == "number" and signal.unit not in {"", "count"})


def _two_limits(judged: Judged) -> Iterator[Finding]:
    """The band of a rule that has two limits is not empty, and neither is the band in which it clears."""
    if judged.test.type != "outside":
        return
    low, high = judged.at("limit"), judged.at("upper")
    if low is not None and high is not None and low >= high:
        text = f"upper {judged.shown('upper')} is not above limit {judged.shown('limit')}: it would always be raised; change the two over"
        yield judged.found("error", text, "upper", "limit")
        return
    first, last = judged.at("clear"), judged.at("upper_clear")
    first, last = low if first is None else first, high if last is None else last
    if first is not None and last is not None and first > last:
        text = f"it clears between {first:g} and {last:g}, where nothing is; leave a band between the two"
        yield judged.found("error", text, "clear", "upper_clear", "limit", "upper")


def _worse(judged: Judged) -> Iterator[Finding]:
    """The limit at which a shelf ends is worse than that of the rule."""
    value, at = judged.at("worse_limit"), judged.at("limit")
    if value is None:
        return
    if not judged.side:
        text = f"a rule of type {judged.test.type} has no worse side; leave worse_limit out, or name the worse rule in under"
        yield judged.found("error", text, "worse_limit", "type")
    elif at is not None and (value - at) * judged.side <= 0:
        right = f"one {'above' if judged.side > 0 else 'below'} it is right"
        text = f"{judged.shown('worse_limit')} is no worse than limit {judged.shown('limit')}; {right}"
        yield judged.found("error", text, "worse_limit", "limit")


def _further(judged: Judged) -> Iterator[Finding]:
    """A forecast clears when the limit is further away than where it is raised."""
    within, clear = judged.test.within_h, judged.test.clear_h
    if judged.test.type != "forecast" or within is None:
        return
    if within > MOST_HOURS:
        yield judged.found("error", f"{within:g} h is more than a year; no trend says so much", "within_h")
    if clear is not None and clear < within:
        text = f"it clears at {clear:g} h and is raised within {within:g} h: between the two it is raised and over at once"
        yield judged.found("error", f"{text}; more than {within:g} is right", "clear_h", "within_h")
    elif clear is None or clear == within:
        text = f"it clears where it is raised, and chatters; clear_h somewhat above {within:g} is right"
        yield judged.found("warning", text, "clear_h", "within_h")


def _moves(judged: Judged) -> Iterator[Finding]:
    """What must have moved, by an amount that the signal can move by."""
    known = signals(judged.kind)
    for index, move in enumerate(judged.test.moves):
        by, signal = move.by.value(dict(judged.declared)), known.get(move.signal)
        if by is not None and (by <= 0 or (signal is not None and by > signal.sane[1] - signal.sane[0])):
            path = (*judged.path, "moves", index, "by")
            text = f"{move.signal} can't vary by {by:g}; more than 0 and less than its sane range is right"
            yield finding("error", judged.rule, path, text)


def _gates(judged: Judged) -> Iterator[Finding]:
    """A gate that a reading can open."""
    known = signals(judged.kind)
    for index, gate in enumerate(judged.test.gates):
        value = gate.above.value(dict(judged.declared)) if gate.above is not None else None
        signal = known.get(gate.signal)
        if value is not None and signal is not None and value >= signal.sane[1]:
            text = f"{gate.signal} is never above {value:g}, and the rule never raised; less than {_number(signal.sane[1])} is right"
            yield finding("error", judged.rule, (*judged.path, "gates", index, "above"), text)


_CHECKS: tuple[Callable[[Judged], Iterator[Finding]], ...] = (_meant, _hysteresis, _two_limits, _worse, _further, _moves, _gates)


def _number(value: float) -> str:
    return f"{value:.10g}".replace("-", "−")
