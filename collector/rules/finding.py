"""What a check of rules finds. Pure values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple, TypeAlias

from collector.rules.layers import Path
from collector.rules.limit import Limit
from collector.rules.model import Gate, Rule, RuleOverride, Test

LIMITS = ("limit", "clear", "upper", "upper_clear", "worse_limit")
"""The fields of a rule, or of a part, that hold a limit."""

Severity: TypeAlias = Literal["error", "warning", "note"]
"""An error refuses the configuration; a warning is told and logged; a note is told."""


class Spot(NamedTuple):
    """A field of a rule that has a part in what was found; an empty path is the whole rule."""

    rule: str
    kind: str
    path: Path = ()


class Finding(NamedTuple):
    """What was found, and what would be right. It is told at the nearest of the places where its `spots` were set.

    `by_asset` is how severe it is where none but the default rules and what an asset declares are the cause.
    """

    severity: Severity
    text: str
    spots: tuple[Spot, ...]
    by_asset: Severity | None = None


def finding(severity: Severity, rule: Rule, path: Path, text: str) -> Finding:
    """A finding about one field of one rule."""
    return Finding(severity, text, (Spot(rule.id, rule.kind, path),))


def tests(rule: Rule) -> Iterator[tuple[Path, Test, str]]:
    """The rule and its parts: the path of each, and the kind of asset it is judged on."""
    yield (), rule, rule.kind
    for index, part in enumerate(rule.parts):
        yield ("parts", index), part, part.kind or rule.kind


def gates(rule: Rule) -> Iterator[tuple[Path, Gate, str]]:
    """Every gate of a rule: of itself, of its parts, of its suppression and of its escalation."""
    for path, test, kind in tests(rule):
        yield from (((*path, "gates", index), gate, kind) for index, gate in enumerate(test.gates))
    yield from ((("suppressed_while", index), gate, rule.kind) for index, gate in enumerate(rule.suppressed_while))
    for index, step in enumerate(rule.escalates):
        if step.gate is not None:
            yield ("escalates", index, "gate"), step.gate, rule.kind


def limits(rule: Rule | RuleOverride) -> Iterator[Limit]:
    """Every limit that a rule, or an override, holds."""
    parts = getattr(rule, "parts", None) or ()
    for test in (rule, *parts):
        yield from (limit for field in LIMITS if (limit := getattr(test, field, None)) is not None)
        yield from (move.by for move in getattr(test, "moves", None) or ())
        yield from (gate.above for gate in getattr(test, "gates", None) or () if gate.above is not None)
