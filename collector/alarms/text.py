"""One English line per transition: where, what, how much, since when, and what to do. Pure."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from collector.alarms.alarm import Change
from collector.outputs import AlarmEvent
from collector.rules.condition import Condition
from devices.signal import Value

TEXTS: dict[AlarmEvent, str] = {
    "raised": "{what} since {at}. {response}",
    "escalated": "more urgent now: {what} since {since}. {response}",
    "realarmed": "still: {what} since {since}. {response}",
    "cleared": "{message} is over{numbers} since {at}.",
    "latched": "{message} is over{numbers} since {at}, and stays on the list until it is reset.",
    "acknowledged": "{message} acknowledged{by}.",
    "reset": "{message} reset{by}.",
    "shelved": "{message} shelved until {until}{by}{why}.",
    "unshelved": "{message} is not shelved any more{by}{why}. {again}",
    "suppressed": "{message} is suppressed while {hidden_by} holds.",
    "unsuppressed": "{message} is not suppressed any more. {again}",
    "out_of_service": "{message} out of service until {until}{by}{why}.",
    "returned_to_service": "{message} back in service{by}{why}. {again}",
    "discovered_late": "{what} since {at}. {response}",
}
"""What a change says after `where: `; `again` is the alarm itself where its condition still holds."""

SUSPECT = " (the sensor is suspect: read the gauge by eye)"


def text_of(where: str, condition: Condition, change: Change, value: Value | None, zone: ZoneInfo, *, suspect: bool = False) -> str:
    """`Joint District Hospital, line: pipeline pressure failing (3.10 bar, limit 3.28) since 14:05. Switch to …`"""
    rule, numbers = condition.rule, numbers_of(condition, value) + (SUSPECT if suspect else "")
    what = f"{rule.message}{numbers}"
    facts = {
        "message": rule.message,
        "what": what,
        "numbers": numbers,
        "response": rule.response,
        "at": clock_time(change.event_ms, zone),
        "since": clock_time(change.raised_ms, zone),
        "until": clock_time(change.until_ms or 0, zone),
        "by": f" by {change.by}" if change.by else "",
        "why": f": {change.why}" if change.why else "",
        "hidden_by": change.hidden_by,
        "again": f"{what} since {clock_time(change.raised_ms, zone)}. {rule.response}" if change.annunciate else "",
    }
    return f"{where}: {TEXTS[change.event].format_map(facts)}".strip()


def alarm_text(where: str, condition: Condition, value: Value | None, event_ms: int, zone: ZoneInfo) -> str:
    """The line of an alarm that is raised."""
    return text_of(where, condition, Change("raised", "unacknowledged", event_ms, event_ms), value, zone)


def clock_time(at_ms: int, zone: ZoneInfo) -> str:
    """Local time of the site, with the date: an alarm may be read days later."""
    return _minute(at_ms // 60_000, zone)


@lru_cache(maxsize=256)
def _minute(minute: int, zone: ZoneInfo) -> str:
    """What happens together happened in the same few minutes."""
    return datetime.fromtimestamp(minute * 60, zone).strftime("%Y-%m-%d %H:%M")


def numbers_of(condition: Condition, value: Value | None) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        limit = condition.limit(value)
        beside = "" if limit is None else f", limit {figure(limit)}"
        return f" ({figure(value)} {unit_of(condition.unit)}{beside})".replace(" )", ")").replace(" ,", ",")
    return f" ({value})"


def figure(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) < 100 else f"{value:.0f}"


def unit_of(unit: str) -> str:
    return {"pct": "%", "lpm": "L/min", "c": "°C"}.get(unit, unit)
