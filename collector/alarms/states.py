"""The states of an alarm, as tables (ISA-18.2; latching as in IEC 62682; shelving and re-alarming as in OPC UA part 9). Pure.

What the process and the acknowledgements make of an alarm is a *process state*; what keeps it from being annunciated (a shelf, a design
rule, being out of service) lies over it, and `shown` says which of them people see. A pair that is not in TABLE changes nothing; IGNORED
names each such pair, so that a test can walk all of them.
"""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

from collector.outputs import AlarmEvent, AlarmState, CommandName, Priority, ProcessState

Trigger: TypeAlias = Literal[
    "condition_true", "condition_false", "condition_false_latching", "condition_false_untold", "ack", "reset", "realarm", "escalate"
]

TABLE: dict[ProcessState, dict[Trigger, tuple[ProcessState, AlarmEvent]]] = {
    "normal": {"condition_true": ("unacknowledged", "raised")},
    "unacknowledged": {
        "condition_false": ("returned", "cleared"),
        "condition_false_latching": ("latched_unacknowledged", "latched"),
        "condition_false_untold": ("normal", "cleared"),
        "ack": ("acknowledged", "acknowledged"),
        "escalate": ("unacknowledged", "escalated"),
    },
    "acknowledged": {
        "condition_false": ("normal", "cleared"),
        "condition_false_latching": ("latched_acknowledged", "latched"),
        "condition_false_untold": ("normal", "cleared"),
        "realarm": ("unacknowledged", "realarmed"),
        "escalate": ("unacknowledged", "escalated"),
    },
    "returned": {"condition_true": ("unacknowledged", "raised"), "ack": ("normal", "acknowledged")},
    "latched_unacknowledged": {"condition_true": ("unacknowledged", "raised"), "ack": ("latched_acknowledged", "acknowledged")},
    "latched_acknowledged": {"condition_true": ("unacknowledged", "raised"), "reset": ("normal", "reset")},
}

RELEASED: dict[ProcessState, ProcessState] = {
    "normal": "normal",
    "unacknowledged": "unacknowledged",
    "acknowledged": "unacknowledged",
    "returned": "normal",
    "latched_unacknowledged": "latched_unacknowledged",
    "latched_acknowledged": "latched_acknowledged",
}
"""Where an alarm goes on when nothing keeps it any more from being annunciated: what still holds is announced anew."""

_HOLDING: tuple[ProcessState, ...] = ("unacknowledged", "acknowledged")
_NOT_HOLDING: tuple[ProcessState, ...] = ("normal", "returned", "latched_unacknowledged", "latched_acknowledged")

IGNORED: frozenset[tuple[ProcessState, Trigger]] = frozenset(
    {
        *((state, "condition_true") for state in _HOLDING),
        *((state, "condition_false") for state in _NOT_HOLDING),
        *((state, "condition_false_latching") for state in _NOT_HOLDING),
        *((state, "condition_false_untold") for state in _NOT_HOLDING),
        *((state, "escalate") for state in _NOT_HOLDING),
        *((state, "realarm") for state in ("unacknowledged", *_NOT_HOLDING)),
        *((state, "ack") for state in ("normal", "acknowledged", "latched_acknowledged")),
        *((state, "reset") for state in get_args(ProcessState) if state != "latched_acknowledged"),
    }
)
"""Pairs in which nothing changes: what happened already, or what does not apply."""

REFUSED: dict[CommandName, dict[AlarmState, str]] = {
    "ack": {
        "normal": "it is normal, there is nothing to acknowledge",
        "acknowledged": "it is acknowledged already",
        "latched_acknowledged": "it is acknowledged already; reset it",
        "shelved": "it is shelved; unshelve it first",
        "suppressed": "it is suppressed by design; see what suppresses it",
        "out_of_service": "it is out of service; return it to service first",
    },
    "reset": {
        "normal": "it is normal, there is nothing to reset",
        "unacknowledged": "its condition goes on; a latched alarm can be reset when its condition is over",
        "acknowledged": "its condition goes on; a latched alarm can be reset when its condition is over",
        "returned": "it is not latched; acknowledge it",
        "latched_unacknowledged": "nobody has acknowledged it; acknowledge it first",
        "shelved": "it is shelved; unshelve it first",
        "suppressed": "it is suppressed by design; see what suppresses it",
        "out_of_service": "it is out of service; return it to service first",
    },
    "shelve": {
        "latched_unacknowledged": "it is latched; acknowledge and reset it",
        "latched_acknowledged": "it is latched; reset it",
        "shelved": "it is shelved already; unshelve it first",
        "suppressed": "it is suppressed by design already",
        "out_of_service": "it is out of service already",
    },
    "unshelve": {state: "it is not shelved" for state in get_args(AlarmState) if state != "shelved"},
    "out_of_service": {"out_of_service": "it is out of service already; return it to service first"},
    "return": {state: "it is not out of service" for state in get_args(AlarmState) if state != "out_of_service"},
}
"""Command → the states in which it is refused, and why. In all others it is obeyed."""

SHELVED_MOST_MIN: dict[Priority, float] = {"high": 15, "medium": 8 * 60, "low": 24 * 60, "info": 24 * 60}
"""The longest shelf. High: the longest audio pause of ISO 7396-1 Amd 3; the others are engineering judgement."""
OUT_OF_SERVICE_MOST_MIN: float = 7 * 24 * 60


def follow(state: ProcessState, trigger: Trigger) -> tuple[ProcessState, AlarmEvent] | None:
    """The next state and what to call the change; None where nothing changes."""
    return TABLE[state].get(trigger)
