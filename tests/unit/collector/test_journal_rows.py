"""A batch as bytes, and which rows may go."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.journal_rows import Bounds, Removal, Row, Step, decode_body, encode_body, removal
from collector.records import Message

messages = st.lists(st.builds(Message, st.text(), st.binary(), st.booleans()))
BOUNDS = Bounds(max_bytes=1000, max_age_ms=100, keep_ms=10)
ROWS = [Row(seq, seq * 10, 2, 50) for seq in range(1, 6)]


@given(messages)
def test_a_body_gives_back_its_messages(batch: list[Message]) -> None:
    assert decode_body(*encode_body(batch)) == batch


@given(messages, st.integers(0, 10_000), st.integers(0, 7))
def test_every_flipped_bit_is_found(batch: list[Message], position: int, bit: int) -> None:
    body, crc = encode_body(batch)
    bad = bytearray(body)
    bad[position % len(bad)] ^= 1 << bit
    assert decode_body(bytes(bad), crc) is None


def test_a_body_of_another_shape_is_damage() -> None:
    body, crc = b"\x01", 0xA505DF1B
    assert decode_body(body, crc) is None
    assert decode_body(encode_body([])[0], None) is None


@pytest.mark.parametrize(
    ("slowest", "now_ms", "excess", "step", "expected"),
    [
        pytest.param(5, 20, 0, None, Removal(), id="read, but kept for replay"),
        pytest.param(5, 31, 0, None, Removal(2, 2, 100, 0, 0), id="read and older than the replay window"),
        pytest.param(1, 61, 0, None, Removal(1, 1, 50, 0, 0), id="the unread stays"),
        pytest.param(0, 121, 0, None, Removal(2, 2, 100, 2, 4), id="unread and too old: counted"),
        pytest.param(1, 20, 60, None, Removal(2, 2, 100, 1, 2), id="too much: oldest first, only the unread counted"),
        pytest.param(0, 20, 1, None, Removal(1, 1, 50, 1, 2), id="no more than needed"),
        pytest.param(5, 5, 0, Step(6, 5), Removal(), id="after a step back, rows of the future age from the step on"),
        pytest.param(5, 16, 0, Step(3, 5), Removal(2, 2, 100, 0, 0), id="and leave when their time has come"),
    ],
)
def test_removal(slowest: int, now_ms: int, excess: int, step: Step | None, expected: Removal) -> None:
    assert removal(ROWS, BOUNDS, slowest, now_ms, excess_bytes=excess, step=step) == expected
