"""The key figures of alarms and their nuisances as rows for the time-series store. Pure. A tag and a field never share a name."""

from __future__ import annotations

from typing import Literal

from collector.kpi.classes import Finding
from collector.records import Point
from devices.assets import Site
from devices.signal import Value

KPI = "alarm_kpi"
NUISANCE = "nuisance"

FieldType = Literal["integer", "float", "boolean", "text"]

KPI_FIELDS: dict[str, tuple[FieldType, str]] = {
    "annunciated": ("integer", "alarms announced in the hour"),
    "high": ("integer", "of these, of priority high"),
    "medium": ("integer", "of these, of priority medium"),
    "low": ("integer", "of these, of priority low"),
    "worst_10min": ("integer", "the most in one of the six tens of minutes"),
    "night_pages": ("integer", "of priority medium or high, between 22 and 7 by the site's clock"),
    "flood_s": ("float", "time in flood, s"),
    "chattering": ("integer", "alarms that chattered"),
    "fleeting": ("integer", "alarms that were on for less than 10 s and did not come back"),
    "discovered_late": ("integer", "conditions that only late data showed"),
    "answered": ("integer", "alarms that somebody acknowledged, shelved or took out of service"),
    "response_median_s": ("float", "median time to that, s; absent where nobody did"),
    "response_worst_s": ("float", "the longest, s"),
    "open": ("integer", "at the end of the hour: alarms whose condition holds and that are on the list"),
    "standing": ("integer", "at the end of the hour: on the list for more than 24 h"),
    "unacknowledged": ("integer", "at the end of the hour: waiting for somebody"),
    "left_alone": ("integer", "of these, for longer than 15 min (high), 60 min (medium), 24 h (low)"),
    "shelved": ("integer", "at the end of the hour"),
    "suppressed": ("integer", "at the end of the hour: suppressed by design"),
    "out_of_service": ("integer", "at the end of the hour"),
}
"""Fields of `alarm_kpi`: one row per site and hour, at the hour's beginning (UTC); none for hours in which nothing was open."""

NUISANCE_FIELDS: dict[str, tuple[FieldType, str]] = {
    "text": ("text", "one line for people"),
    "count": ("integer", "how often it was announced; of a flood, its alarms"),
    "on": ("boolean", "true while it goes on"),
    "lasted_s": ("float", "how long it lasted, s; absent while it goes on"),
    "mostly": ("text", "what made most of a flood, where something did"),
    "share": ("float", "how much of it, 0 to 1"),
}
"""Fields of `nuisance`: one row per nuisance, at its beginning, written again when it is over. Tags: `class`, `asset`, `rule`."""


def kpi_point(site: Site, hour_ms: int, fields: dict[str, Value | int]) -> Point:
    return Point(KPI, _place(site), fields, hour_ms)


def nuisance_point(site: Site, finding: Finding) -> Point:
    tags = {**_place(site), "class": finding.kind}
    asset, _, rule = finding.alarm.removeprefix(f"{site.id}/").rpartition("/")
    tags |= {name: value for name, value in (("asset", asset), ("rule", rule)) if value}
    fields: dict[str, Value | int] = {"text": finding_text(finding), "count": finding.count, "on": finding.end_ms is None}
    if finding.end_ms is not None:
        fields["lasted_s"] = (finding.end_ms - finding.begin_ms) / 1000
    if finding.mostly:
        fields |= {"mostly": finding.mostly, "share": finding.share}
    return Point(NUISANCE, tags, fields, finding.begin_ms)


def finding_text(finding: Finding) -> str:
    """`line/LP-L chatters: announced 7 times in 5 min`; `23 alarms in 14 min, mostly line/LP-L (61 %)`."""
    alarm = finding.alarm.removeprefix(f"{finding.site}/")
    lasted = "" if finding.end_ms is None else _lasted((finding.end_ms - finding.begin_ms) / 1000)
    mostly = f", mostly {finding.mostly} ({100 * finding.share:.0f} %)" if finding.mostly else ""
    match finding.kind:
        case "chattering":
            return f"{alarm} chattered: announced {finding.count} times in {lasted}" if lasted else f"{alarm} chatters"
        case "fleeting":
            return f"{alarm} was on for {lasted} only, and did not come back"
        case "standing":
            return f"{alarm} stood for {lasted}" if lasted else f"{alarm} has been on for more than 24 h"
        case "flood":
            return f"a flood of {finding.count} alarms in {lasted}{mostly}" if lasted else f"a flood has begun{mostly}"


def _lasted(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _place(site: Site) -> dict[str, str]:
    return {tag: value for tag, value in (("site", site.id), ("district", site.district), ("region", site.region)) if value}
