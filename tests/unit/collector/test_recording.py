from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.errors import UserError
from collector.recording import from_line, to_line
from collector.records import Message

MESSAGES = st.builds(Message, st.text(max_size=20).filter(lambda t: t.isprintable()), st.binary(max_size=50), st.booleans())


@given(st.integers(0, 2**53), MESSAGES)
def test_what_is_recorded_is_read_back(received_ms: int, message: Message) -> None:
    line = to_line(received_ms, message)
    assert "\n" not in line
    assert from_line(line) == (received_ms, message)


@given(st.integers(0, 2**53), st.text(max_size=50).map(str.encode))
def test_text_stays_readable(received_ms: int, payload: bytes) -> None:
    line = json.loads(to_line(received_ms, Message("t", payload, True)))
    assert line == {"received_ms": received_ms, "topic": "t", "payload": payload.decode(), "retained": True}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "f:3: .*received_ms, topic, payload, retained is right"),
        ("[]", "f:3: Expected `object`"),
        ('{"topic": "t", "payload": ""}', "f:3: Object missing required field `received_ms`"),
        ('{"received_ms": "1", "topic": "t", "payload": ""}', "f:3: Expected `int`"),
        ('{"received_ms": 1, "topic": "t"}', "f:3: exactly one of payload and payload_base64"),
        ('{"received_ms": 1, "topic": "t", "payload": "", "payload_base64": ""}', "f:3: exactly one of payload and payload_base64"),
        ('{"received_ms": 1, "topic": "t", "payload_base64": "?"}', "f:3: Invalid base64"),
    ],
)
def test_what_is_no_recorded_message_says_where_and_what_is_right(line: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        from_line(line, "f:3")
