"""What is good, what can still be managed, and what is too much: a figure beside its target, by which source. Pure.

ISA   ANSI/ISA-18.2-2016 16.4, as quoted by secondary sources; the figures per day are those of the 2009 edition where the editions differ
EEMUA EEMUA 191
comp. computed: 150 a day over the 50 plants that one control room watches
OWN   engineering judgement of this project, open to change

A target of ISA is for one operator over 30 days at least. One operator is whoever has to answer: the district's control room for all of its
sites, or one hospital's own staff.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import msgspec

Verdict: TypeAlias = Literal["good", "manageable", "too much", "unknown"]

ISA = "ISA-18.2-2016 16.4"
OWN = "engineering judgement"
FEW = 20
"""A split by priority of fewer alarms says nothing."""
MANY = 200
"""The ten most frequent of fewer different alarms have more than 5 % of the load even where all are alike: their share says nothing."""
RELIABLE_DAYS = 30.0


@dataclass(frozen=True, slots=True)
class Target:
    """`good` up to here, `manageable` up to here (inclusive); from below where `more_is_better`. `text` is for people."""

    id: str
    text: str
    unit: str
    good: float
    manageable: float
    source: str
    more_is_better: bool = False

    def verdict(self, value: float | None) -> Verdict:
        if value is None:
            return "unknown"
        sign = -1 if self.more_is_better else 1
        if sign * value <= sign * self.good:
            return "good"
        return "manageable" if sign * value <= sign * self.manageable else "too much"


class Figure(msgspec.Struct, frozen=True):
    """One key figure. `value` null: it can't be told. `verdict` is good up to `good`, manageable up to `manageable` (for `low_pct` from
    there on), else too much."""

    id: str
    text: str
    value: float | None
    unit: str
    good: float
    manageable: float
    verdict: Verdict
    source: str


TARGETS: tuple[Target, ...] = (
    Target("per_day", "alarms a day", "", 150, 300, f"{ISA} (144-150; at most 288-300)"),
    Target("per_hour", "alarms an hour", "", 6, 12, ISA),
    Target("per_10min", "alarms in 10 minutes", "", 1, 2, f"{ISA}; EEMUA 191"),
    Target("per_site_day", "alarms a day and site", "", 3, 6, "computed: 150 and 300 a day over 50 sites of one control room"),
    Target("night_pages", "wake-ups a night and site", "", 0.5, 1, OWN),
    Target("worst_10min", "most alarms in any 10 minutes", "", 10, 10, ISA),
    Target("busy_10min_pct", "10-minute periods with more than 10 alarms", "%", 1, 2.5, f"{ISA}; manageable: {OWN}"),
    Target("busy_hours_pct", "hours with more than 30 alarms", "%", 1, 2.5, f"{ISA}; manageable: {OWN}"),
    Target("flood_pct", "time in flood", "%", 1, 2.5, f"{ISA}; manageable: {OWN}"),
    Target("top10_pct", "share of the ten most frequent alarms", "%", 5, 10, f"{ISA} (1-5 %, with a plan); manageable: {OWN}"),
    Target("top_per_day", "most frequent alarm, times a day", "", 1, 3, OWN),
    Target("chattering", "chattering alarms a site", "", 0, 1, f"{ISA} (0); manageable: {OWN}"),
    Target("fleeting", "fleeting alarms a site", "", 0, 1, f"{ISA} (0); manageable: {OWN}"),
    Target("standing", "most alarms standing for more than 24 h on a day", "", 4, 9, f"{ISA} (fewer than 5); manageable: {OWN}"),
    Target("high_pct", "share of priority high", "%", 5, 10, f"{ISA}; exida; manageable: {OWN}"),
    Target("medium_pct", "share of priority medium", "%", 15, 25, f"{ISA}; exida; manageable: {OWN}"),
    Target("low_pct", "share of priority low", "%", 80, 65, f"{ISA}; exida; manageable: {OWN}", more_is_better=True),
    Target("response_high_min", "median minutes to an answer, high", "min", 5, 15, f"{OWN}: when a high alarm escalates"),
    Target("response_medium_min", "median minutes to an answer, medium", "min", 30, 60, f"{OWN}: when a medium alarm escalates"),
    Target("response_low_min", "median minutes to an answer, low", "min", 480, 1440, f"{OWN}: within the shift, within the day"),
    Target("left_alone", "alarms that nobody answers now", "", 0, 2, OWN),
    Target("unauthorised", "shelves and times out of service without a name or a reason", "", 0, 0, ISA),
)
"""In the order in which people want to read them."""

BY_ID = {target.id: target for target in TARGETS}


def judged(values: Iterable[tuple[str, float | None]]) -> list[Figure]:
    """Each value beside its target, in the order of TARGETS; those that are not given are left out."""
    given = dict(values)
    return [_figure(target, given[target.id]) for target in TARGETS if target.id in given]


def _figure(target: Target, value: float | None) -> Figure:
    shown = None if value is None else round(value, 3)
    return Figure(target.id, target.text, shown, target.unit, target.good, target.manageable, target.verdict(value), target.source)
