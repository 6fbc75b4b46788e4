"""Transitions, a site and notices for the tests of this folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from collector.notify.decide import decide
from collector.outputs import Notice, Priority, Transition
from devices.assets import Site

AT_MS = 1_764_000_000_000
SITE = Site.model_validate(
    {"id": "kasganj-dh", "name": {"en": "Joint District Hospital", "hi": "संयुक्त जिला चिकित्सालय"}, "timezone": "Asia/Kolkata", "assets": []}
)


@dataclass(frozen=True)
class Filter:
    id: str = "mail"
    kind: str = "smtp"
    min_priority: Priority = "low"
    sites: tuple[str, ...] = field(default=())
    public: bool = True


def transition(event: str = "raised", rule: str = "LP-LL", priority: str = "high", **more: Any) -> Transition:
    at_ms = AT_MS + (180_000 if event == "cleared" else 0)
    values: dict[str, Any] = {
        "occurrence": f"kasganj-dh/line/{rule}@{AT_MS}",
        "site": "kasganj-dh",
        "asset": "line",
        "rule": rule,
        "event": event,
        "state": "returned" if event == "cleared" else "unacknowledged",
        "priority": priority,
        "event_ms": at_ms,
        "evaluated_ms": at_ms + 250,
        "raised_ms": AT_MS,
        "text": "Joint District Hospital, line: pipeline pressure failing (3.10 bar, limit 3.28). Switch to the reserve manifold",
        "value": 3.1,
        "limit": 3.28,
        "unit": "bar",
        "annunciate": event not in {"acknowledged", "discovered_late"},
    }
    return Transition(**{**values, **more})


def notice(event: str = "raised", rule: str = "LP-LL", priority: str = "high", channel: str = "mail", **more: Any) -> Notice:
    made = decide(transition(event, rule, priority, **more), [Filter(id=channel)], SITE)[0].notice
    assert made is not None
    return made
