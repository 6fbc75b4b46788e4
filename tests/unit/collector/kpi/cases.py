"""Transitions of alarms in few words: `said("line/LP-L", 0, "raised")` at second 0 of START_MS."""

from __future__ import annotations

from typing import Any

from collector.outputs import AlarmEvent, AlarmState, Transition
from devices.assets import Site

START_MS = 1_764_000_000_000
"""2025-11-24 16:00 UTC: the hour begins."""
SITE = Site.model_validate({"id": "dh", "district": "kasganj", "region": "up", "timezone": "Asia/Kolkata", "assets": []})
"""Its wall clock says 21:30 at START_MS."""

STATES: dict[AlarmEvent, AlarmState] = {
    "raised": "unacknowledged",
    "cleared": "returned",
    "acknowledged": "acknowledged",
    "latched": "latched_unacknowledged",
    "reset": "normal",
    "realarmed": "unacknowledged",
    "escalated": "unacknowledged",
    "shelved": "shelved",
    "unshelved": "unacknowledged",
    "suppressed": "suppressed",
    "unsuppressed": "unacknowledged",
    "out_of_service": "out_of_service",
    "returned_to_service": "unacknowledged",
    "discovered_late": "normal",
}
TOLD = frozenset({"raised", "cleared", "realarmed", "escalated", "unshelved", "unsuppressed", "returned_to_service"})
HOLDS = frozenset({"unacknowledged", "acknowledged", "shelved", "suppressed", "out_of_service"})


def at(second: float) -> int:
    return START_MS + round(second * 1000)


def said(alarm: str, second: float, event: AlarmEvent, *, site: str = "dh", late_s: float = 0.0, **more: Any) -> Transition:
    """The transition of `asset/rule` at that second; known `late_s` later. `raised_s`: when its occurrence began."""
    asset, _, rule = alarm.rpartition("/")
    raised_s = more.pop("raised_s", second)
    given: dict[str, Any] = {
        "state": STATES[event],
        "priority": "medium",
        "annunciate": event in TOLD,
        "condition": more.get("state", STATES[event]) in HOLDS,
        "text": alarm,
        **more,
    }
    return Transition(
        occurrence=f"{site}/{alarm}@{at(raised_s)}",
        site=site,
        asset=asset,
        rule=rule,
        event=event,
        event_ms=at(second),
        evaluated_ms=at(second + late_s),
        raised_ms=at(raised_s),
        **given,
    )


def spell(alarm: str, second: float, lasts_s: float, **more: Any) -> list[Transition]:
    """An occurrence that is raised, and over after `lasts_s`; nobody acknowledges."""
    return [said(alarm, second, "raised", **more), said(alarm, second + lasts_s, "cleared", raised_s=second, **more)]
