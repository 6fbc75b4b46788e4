"""One English line per transition: where, what, how much, since when, and what to do. Pure."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from collector.rules.compile import Condition
from devices.signal import Value


def alarm_text(where: str, condition: Condition, value: Value | None, event_ms: int, zone: ZoneInfo) -> str:
    """`Joint District Hospital, line: pipeline pressure failing (3.10 bar, limit 3.28) since 14:05. Switch to …`"""
    what = f"{condition.rule.message}{_numbers(condition, value)}"
    return f"{where}: {what} since {clock_time(event_ms, zone)}. {condition.rule.response}".strip()


def cleared_text(where: str, condition: Condition, value: Value | None, event_ms: int, zone: ZoneInfo) -> str:
    return f"{where}: {condition.rule.message} is over{_numbers(condition, value)} since {clock_time(event_ms, zone)}."


def clock_time(at_ms: int, zone: ZoneInfo) -> str:
    """Local time of the site, with the date: an alarm may be read days later."""
    return datetime.fromtimestamp(at_ms / 1000, zone).strftime("%Y-%m-%d %H:%M")


def _numbers(condition: Condition, value: Value | None) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        limit = condition.limit(value)
        beside = "" if limit is None else f", limit {_number(limit)}"
        return f" ({_number(value)} {_unit(condition.unit)}{beside})".replace(" )", ")").replace(" ,", ",")
    return f" ({value})"


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) < 100 else f"{value:.0f}"


def _unit(unit: str) -> str:
    return {"pct": "%", "lpm": "L/min", "c": "°C"}.get(unit, unit)
