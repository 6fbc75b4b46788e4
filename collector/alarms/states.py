"""The states of an alarm, as a table (ISA-18.2: normal, unacknowledged, acknowledged, returned to normal unacknowledged). Pure.

A pair that is not in TABLE changes nothing; IGNORED names each such pair, so that a test can walk all of them.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from collector.outputs import AlarmEvent, ProcessState

Trigger: TypeAlias = Literal["condition_true", "condition_false", "ack"]

TABLE: dict[ProcessState, dict[Trigger, tuple[ProcessState, AlarmEvent]]] = {
    "normal": {"condition_true": ("unacknowledged", "raised")},
    "unacknowledged": {"condition_false": ("returned", "cleared"), "ack": ("acknowledged", "acknowledged")},
    "acknowledged": {"condition_false": ("normal", "cleared")},
    "returned": {"condition_true": ("unacknowledged", "raised"), "ack": ("normal", "acknowledged")},
}

IGNORED: frozenset[tuple[ProcessState, Trigger]] = frozenset(
    {
        ("normal", "condition_false"),
        ("normal", "ack"),
        ("unacknowledged", "condition_true"),
        ("acknowledged", "condition_true"),
        ("acknowledged", "ack"),
        ("returned", "condition_false"),
    }
)


def follow(state: ProcessState, trigger: Trigger) -> tuple[ProcessState, AlarmEvent] | None:
    """The next state and what to call the change; None where nothing changes."""
    return TABLE[state].get(trigger)
