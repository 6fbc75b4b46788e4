from __future__ import annotations

import re
from pathlib import Path

import pytest

from collector.sources.mqtt.states import TABLE, Event, State, diagram

PAGE = Path(__file__).parents[5] / "docs" / "explanation" / "mqtt-session.md"


def test_every_state_has_its_row() -> None:
    assert set(TABLE) == set(State)


@pytest.mark.parametrize("state", [state for state in State if state is not State.CLOSED])
def test_every_session_can_end(state: State) -> None:
    assert {TABLE[state][event] for event in (Event.FAILED, Event.LEAVE, Event.DISCONNECT)} == {State.CLOSED}


def test_every_event_is_used() -> None:
    assert {event for row in TABLE.values() for event in row} == set(Event)


def test_every_state_can_be_reached() -> None:
    reached = {State.CLOSED}
    while more := {target for state in reached for target in TABLE[state].values()} - reached:
        reached |= more
    assert reached == set(State)


def test_the_page_shows_the_table() -> None:
    (block,) = re.findall(r"```mermaid\n(.*?)\n```", PAGE.read_text(), re.DOTALL)
    assert block == diagram()
