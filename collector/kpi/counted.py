"""Which transitions count: an alarm is what somebody is told of and has to act on. Pure."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from collector.outputs import AlarmEvent, AlarmState, Priority, Transition

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000
TEN_MINUTES_MS = 600_000

ANNOUNCED: frozenset[AlarmEvent] = frozenset({"raised", "realarmed", "escalated", "unshelved", "unsuppressed", "returned_to_service"})
"""Events that call for somebody where they are annunciated. "It is over" is told too, but it is no alarm."""

HIDDEN: frozenset[AlarmState] = frozenset({"shelved", "suppressed", "out_of_service"})
"""States in which an alarm is on no list that has to be worked through."""

WAITING: frozenset[AlarmState] = frozenset({"unacknowledged", "returned", "latched_unacknowledged"})
"""States in which an alarm waits for an acknowledgement."""

PAGED: frozenset[Priority] = frozenset({"medium", "high"})
"""What wakes somebody; `low` is for working hours."""
NIGHT_FROM_H, NIGHT_TO_H = 22, 7


def is_alarm(transition: Transition) -> bool:
    """False for information (ISA-18.2: no action, no alarm) and for what only late data showed."""
    return transition.priority != "info" and transition.event != "discovered_late"


def is_announced(transition: Transition) -> bool:
    """One annunciated alarm, as the figures count them."""
    return transition.annunciate and transition.event in ANNOUNCED and transition.priority != "info"


def at_night(at_ms: int, zone: ZoneInfo) -> bool:
    """Between 22 and 7 by the clock on the site's wall."""
    hour = datetime.fromtimestamp(at_ms / 1000, zone).hour
    return hour >= NIGHT_FROM_H or hour < NIGHT_TO_H
