from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.gateway.emission import Emission
from devices.gateway.outbox import Outbox, as_backfill, payload_of


def message(number: int, *, retained: bool = False) -> Emission:
    return Emission(number, "t", json.dumps({"ts": number, "values": {"o2_flow_lpm": 1.0}}).encode(), retained)


def filled(count: int, bound: int = 100) -> Outbox:
    outbox = Outbox(bound)
    for number in range(count):
        outbox.offer(message(number))
    return outbox


def numbers(outbox: Outbox) -> list[int]:
    return [entry.emission.send_ms for entry in outbox.take(1000)]


def test_first_in_first_out_and_forgotten_once_acknowledged() -> None:
    outbox = filled(5)
    window = outbox.take(3)
    assert [entry.emission.send_ms for entry in window] == [0, 1, 2]
    assert len(outbox) == 5
    for entry in window:
        outbox.acknowledge(entry)
    assert (len(outbox), outbox.acknowledged, outbox.backfilled) == (2, 3, 0)
    assert numbers(outbox) == [3, 4]


def test_a_lost_connection_gives_back_what_was_not_acknowledged_in_order_and_late() -> None:
    outbox = filled(5)
    first, second, third = outbox.take(3)
    outbox.acknowledge(second)
    outbox.lose_connection()
    outbox.offer(message(5))
    entries = outbox.take(10)
    assert [(entry.emission.send_ms, entry.late) for entry in entries] == [(0, True), (2, True), (3, True), (4, True), (5, False)]
    assert [json.loads(payload_of(entry)).get("backfill", False) for entry in entries] == [True, True, True, True, False]
    for entry in entries:
        outbox.acknowledge(entry)
    assert outbox.backfilled == 4
    assert (first.late, third.late) == (False, False)


def test_a_status_is_not_sent_again() -> None:
    outbox = filled(1)
    outbox.offer(message(9, retained=True))
    outbox.lose_connection()
    assert numbers(outbox) == [0]


def test_bound_drops_the_oldest_that_waits_and_counts() -> None:
    outbox = filled(10, bound=4)
    assert (len(outbox), outbox.dropped) == (4, 6)
    assert numbers(outbox) == [6, 7, 8, 9]
    outbox.lose_connection()
    outbox.offer(message(10))
    assert outbox.dropped == 7
    assert numbers(outbox) == [7, 8, 9, 10]


@given(st.lists(st.sampled_from(["offer", "take", "acknowledge", "lose"]), max_size=80))
def test_every_message_is_acknowledged_dropped_or_still_there(steps: list[str]) -> None:
    outbox, flying, offered = Outbox(7), [], 0
    for step in steps:
        if step == "offer":
            outbox.offer(message(offered))
            offered += 1
        elif step == "take":
            flying += outbox.take(3)
        elif step == "acknowledge" and flying:
            outbox.acknowledge(flying.pop(0))
        elif step == "lose":
            outbox.lose_connection()
            flying = []
        assert outbox.acknowledged + outbox.dropped + len(outbox) == offered
        assert len(outbox) <= 7 + len(flying)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b'{"ts":1,"values":{"a":1.5}}', {"ts": 1, "values": {"a": 1.5}, "backfill": True}),
        (b'[{"ts":1,"values":{}},{"backfill":true}]', [{"ts": 1, "values": {}, "backfill": True}, {"backfill": True}]),
    ],
)
def test_as_backfill(payload: bytes, expected: object) -> None:
    assert json.loads(as_backfill(payload)) == expected


@pytest.mark.parametrize("payload", [b"online", b"", b"12", b"[1]", b"\xff", b"[" * 100_000])
def test_what_is_not_native_stays(payload: bytes) -> None:
    assert as_backfill(payload) == payload
