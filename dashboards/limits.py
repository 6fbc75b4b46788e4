"""Thresholds of panels, from the rules that raise the alarms. Pure.

A limit that is a plain number becomes a band of the panel. One that is relative to what an asset declares (`80 % of nominal_bar`) differs
from asset to asset: the collector writes those in force into the measurement `rule_limit`, and panels draw them from there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from math import inf, nextafter
from typing import NamedTuple, TypeAlias

from collector.config.rulebook import default_rules
from collector.kpi.targets import BY_ID
from collector.outputs import PRIORITIES, Priority
from collector.rules.model import Rule
from dashboards.colours import NORMAL, PRIORITY


class Step(NamedTuple):
    """From `value` upwards (−∞ where None) the colour is this."""

    value: float | None
    colour: str


Steps: TypeAlias = tuple[Step, ...]

PLAIN: Steps = (Step(None, NORMAL),)
"""No limit."""


class Bad(NamedTuple):
    """The open interval in which a rule is raised."""

    low: float
    high: float
    priority: Priority


def bands(kind: str, *ids: str, rules: Iterable[Rule] | None = None) -> Steps:
    """The bands of these rules of a kind: each has the colour of the worst rule that is raised in it.

    Raises ValueError where there is no such rule, or its limit is not a plain number.
    """
    known = tuple(default_rules() if rules is None else rules)
    bad = [interval for rule_id in ids for interval in _intervals(_found(kind, rule_id, known))]
    edges = sorted({-inf, inf} | {edge for interval in bad for edge in interval[:2]})
    steps: list[Step] = []
    for low, high in pairwise(edges):
        colour = _colour(interval.priority for interval in bad if interval.low <= low and high <= interval.high)
        if not steps or steps[-1].colour != colour:
            steps.append(Step(None if low == -inf else low, colour))
    return tuple(steps)


def priority_of(kind: str, rule_id: str) -> Priority:
    """Raises ValueError where there is no such rule."""
    return _found(kind, rule_id, default_rules()).priority


def above(limit: float, priority: Priority = "medium") -> Steps:
    """For a figure that no rule watches: from `limit` upwards as that priority."""
    return Step(None, NORMAL), Step(limit, PRIORITY[priority])


def kpi(target_id: str, factor: float = 1.0) -> Steps:
    """Good, still manageable, too much, by the targets of the alarm KPIs; `factor` converts the target's unit."""
    target = BY_ID[target_id]
    good, manageable = factor * target.good, factor * target.manageable
    medium, high = PRIORITY["medium"], PRIORITY["high"]
    if target.more_is_better:
        return Step(None, high), Step(manageable, medium), Step(good, NORMAL)
    over = [Step(_beyond(good), medium)] if manageable > good else []
    return (Step(None, NORMAL), *over, Step(_beyond(manageable), high))


def _beyond(limit: float) -> float:
    """A target is met by its limit itself, and a step begins with it."""
    return nextafter(limit, inf)


def _found(kind: str, rule_id: str, rules: Iterable[Rule]) -> Rule:
    for rule in rules:
        if (rule.kind, rule.id) == (kind, rule_id):
            return rule
    raise ValueError(f"there is no rule {rule_id} of kind {kind}")


def _intervals(rule: Rule) -> Iterator[Bad]:
    numbers = [(limit.value({}), limit) for limit in (rule.limit, rule.upper) if limit is not None]
    for number, limit in numbers:
        if number is None:
            raise ValueError(f"{rule.id}: {limit} is no plain number; draw it from the measurement `rule_limit`")
    values = [number for number, _ in numbers if number is not None]
    if not values:
        raise ValueError(f"{rule.id} has no limit")
    if rule.type in {"below", "hours_left", "outside"}:
        yield Bad(-inf, values[0], rule.priority)
    if rule.type in {"above", "outside"}:
        yield Bad(values[-1], inf, rule.priority)


def _colour(priorities: Iterable[Priority]) -> str:
    worst = max(priorities, key=PRIORITIES.index, default=None)
    return NORMAL if worst is None else PRIORITY[worst]
