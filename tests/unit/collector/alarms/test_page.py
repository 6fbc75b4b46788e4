"""The page of the alarms is made from the table that runs, and explains every state, trigger and event."""

from typing import get_args

from collector.alarms.page import EVENTS, STATES, TRIGGERS, alarms_markdown
from collector.alarms.states import IGNORED, RELEASED, TABLE, Trigger
from collector.outputs import AlarmEvent, AlarmState


def test_every_state_trigger_and_event_is_explained() -> None:
    assert tuple(STATES) == get_args(AlarmState)
    assert tuple(TRIGGERS) == get_args(Trigger)
    assert tuple(EVENTS) == get_args(AlarmEvent)


def test_table_and_diagram_hold_every_step_and_no_other() -> None:
    page = alarms_markdown()
    steps = [(state, trigger, after, event) for state, row in TABLE.items() for trigger, (after, event) in row.items()]
    for state, trigger, after, event in steps:
        assert f"\n| `{state}` | {TRIGGERS[trigger]} | `{after}` | `{event}` |\n" in page
        assert f"\n    {state} --> {after}: {trigger}\n" in page
    assert page.count(" --> ") == len(steps) + 1
    assert all(f"\n| `{state}` | `{after}` |\n" in page for state, after in RELEASED.items())
    assert all(f"`{state}` and `{trigger}`" in page for state, trigger in IGNORED)
