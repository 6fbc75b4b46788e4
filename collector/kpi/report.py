"""The report on the alarms of a period: the rows of `oxygrid alarms kpi --json`. Pure values; fields are added, none is taken away."""

from __future__ import annotations

from typing import Literal

import msgspec

from collector.kpi.classes import Finding
from collector.kpi.targets import Figure
from collector.outputs import Nature, Priority


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What was counted. `annunciated` are the alarms that somebody was told of, without information; `different` how many different ones;
    `night_pages` those of priority medium or high between 22 and 7 by their site's clock; `chattering`, `fleeting` different alarms."""

    annunciated: int
    different: int
    high: int
    medium: int
    low: int
    night_pages: int
    chattering: int
    fleeting: int
    discovered_late: int


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """How long it took until somebody acknowledged, shelved or took out of service. `left_alone`: nobody has, for longer than 15 min
    (high), 60 min (medium), 24 h (low); `missed`: nobody had, when it came back more than an hour after it was over."""

    priority: Priority
    answered: int
    median_s: float | None = None
    p90_s: float | None = None
    worst_s: float | None = None
    left_alone: int = 0
    missed: int = 0


class Offender(msgspec.Struct, frozen=True, kw_only=True):
    """One of the most frequent alarms. `share` of all, 0 to 1; `came_back` within 5 minutes after it was over; `chattering` spells;
    `longer_off_s`: the smallest step by which a longer off-delay would have merged 80 % of what came back within an hour, `merges` of them;
    `advice` is for people."""

    alarm: str
    priority: Priority
    nature: Nature
    announced: int
    share: float
    came_back: int
    chattering: int
    fleeting: int
    answered: int
    median_on_s: float | None = None
    longer_off_s: int | None = None
    merges: int = 0
    advice: str = ""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm that has been on the list for more than 24 h at the end of the period. `acknowledged_by` is empty where nobody did."""

    alarm: str
    priority: Priority
    since_ms: int
    hours: float
    acknowledged_by: str = ""


class LeftAlone(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm that waits for somebody, for longer than it should."""

    alarm: str
    priority: Priority
    hours: float


class Hidden(msgspec.Struct, frozen=True, kw_only=True):
    """Alarms that were kept quiet: how often, how many different ones, for how long altogether. `unauthorised`: without the name of a
    person or without a reason; a design rule needs none."""

    how: Literal["shelved", "suppressed", "out_of_service"]
    times: int
    alarms: int
    hours: float
    unauthorised: int = 0


class KpiReport(msgspec.Struct, frozen=True, kw_only=True):
    """The alarms of one operator's sites from `since_ms` to `until_ms`, `days` of them. `floods` are the longest; `notes` say what limits
    the figures."""

    scope: str
    sites: int
    since_ms: int
    until_ms: int
    days: float
    counts: Counts
    figures: list[Figure] = []
    responses: list[Response] = []
    floods: list[Finding] = []
    flood_count: int = 0
    offenders: list[Offender] = []
    standing: list[Standing] = []
    left_alone: list[LeftAlone] = []
    hidden: list[Hidden] = []
    notes: list[str] = []
