"""Times of receipt under a clock that lies."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.receipt import CLOCK_UNSET_MS, STEP_MS, Receipt, clock_record, receipt
from collector.records import Message

NOW = 1_764_000_000_000
MINUTE = 60_000


@pytest.mark.parametrize(
    ("now_ms", "last_ms", "previous_now_ms", "expected"),
    [
        pytest.param(NOW, 0, None, Receipt(NOW), id="the first of all"),
        pytest.param(NOW, NOW - 1, NOW - 1, Receipt(NOW), id="the ordinary case"),
        pytest.param(NOW, NOW, NOW, Receipt(NOW + 1), id="the same millisecond"),
        pytest.param(3_000, 0, None, Receipt(3_000), id="1970 and an empty journal"),
        pytest.param(3_000, NOW, None, Receipt(NOW + 1), id="1970 after boot"),
        pytest.param(13_000, NOW, 3_000, Receipt(NOW + 10_000), id="1970: time flows on"),
        pytest.param(3_000, NOW, 13_000, Receipt(NOW + 1), id="1970 and set back again"),
        pytest.param(NOW - MINUTE, NOW, None, Receipt(NOW + 1), id="a minute back, new process"),
        pytest.param(NOW - MINUTE, NOW, NOW - MINUTE - 1000, Receipt(NOW + 500), id="a minute back: half the rate"),
        pytest.param(NOW - MINUTE, NOW, 5_000, Receipt(NOW + 1), id="from 1970 to a minute back: the leap is no elapsed time"),
        pytest.param(NOW - STEP_MS, NOW, None, Receipt(NOW + 1), id="an hour back"),
        pytest.param(NOW - STEP_MS - 1, NOW, None, Receipt(NOW - STEP_MS - 1, NOW), id="more than an hour: a step"),
        pytest.param(NOW, 2_150_000_000_000, NOW - 5, Receipt(NOW, 2_150_000_000_000), id="the last was in 2038"),
    ],
)
def test_receipt(now_ms: int, last_ms: int, previous_now_ms: int | None, expected: Receipt) -> None:
    assert receipt(now_ms, last_ms, previous_now_ms) == expected


times = st.integers(0, 2**42)


@given(times, times, st.none() | times)
def test_time_grows_or_says_that_it_steps_back(now_ms: int, last_ms: int, previous_now_ms: int | None) -> None:
    stamp = receipt(now_ms, last_ms, previous_now_ms)
    if stamp.stepped_from_ms is None:
        assert stamp.received_ms > last_ms
    else:
        assert stamp == Receipt(now_ms, last_ms)
        assert now_ms >= CLOCK_UNSET_MS


@given(st.integers(1, STEP_MS), st.integers(5_000, 60_000))
def test_a_clock_behind_is_caught_up(behind_ms: int, period_ms: int) -> None:
    """Within twice the error the two clocks agree again: time never stays ahead for good."""
    last_ms, now_ms, previous = NOW, NOW - behind_ms, NOW - behind_ms
    for _ in range(2 * behind_ms // period_ms + 3):
        now_ms += period_ms
        last_ms, previous = receipt(now_ms, last_ms, previous).received_ms, now_ms
    assert last_ms - now_ms <= period_ms


def test_a_step_is_a_control_record() -> None:
    (record,) = clock_record(Receipt(5, 9))
    assert (record.topic, msgspec.json.decode(record.payload)) == ("$oxygrid/clock", {"from_ms": 9, "to_ms": 5})
    assert clock_record(Receipt(5)) == []
    assert isinstance(record, Message)
