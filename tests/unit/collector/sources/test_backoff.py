from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.sources.backoff import QUICK, SLOW, Pace, backoff_s


@pytest.mark.parametrize(
    ("attempt", "rnd", "pace", "expected_s"),
    [
        (0, 0.0, QUICK, 0.05),
        (0, 0.5, QUICK, 0.3),
        (1, 0.5, QUICK, 0.55),
        (5, 0.5, QUICK, 8.05),
        (6, 0.5, QUICK, 15.05),
        (1_000_000, 0.5, QUICK, 15.05),
        (0, 0.0, SLOW, 5.0),
        (0, 0.5, SLOW, 15.0),
        (9, 0.5, SLOW, 155.0),
    ],
)
def test_waits(attempt: int, rnd: float, pace: Pace, expected_s: float) -> None:
    assert backoff_s(attempt, rnd, pace) == pytest.approx(expected_s)


@given(st.integers(0, 10_000), st.floats(0, 1, exclude_max=True), st.sampled_from([QUICK, SLOW]))
def test_bounds(attempt: int, rnd: float, pace: Pace) -> None:
    assert pace.least_s <= backoff_s(attempt, rnd, pace) <= pace.least_s + pace.cap_s
