from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.gateway.clock import ScaledClock

ORIGIN_MS = 1_764_000_000_000


class Wall:
    """A wall clock that the test moves."""

    def __init__(self, at_ms: int) -> None:
        self.at_ms = at_ms

    def __call__(self) -> int:
        return self.at_ms


def test_at_speed_one_it_is_the_wall_clock() -> None:
    wall = Wall(ORIGIN_MS)
    clock = ScaledClock(ORIGIN_MS, wall_ms=wall)
    wall.at_ms += 86_400_123
    assert clock.now_ms() == wall.at_ms


def test_runs_faster_from_its_origin() -> None:
    wall = Wall(ORIGIN_MS)
    clock = ScaledClock(ORIGIN_MS, 20, wall)
    assert clock.now_ms() == ORIGIN_MS
    wall.at_ms += 1500
    assert clock.now_ms() == ORIGIN_MS + 30_000


def test_two_that_share_origin_and_speed_show_the_same() -> None:
    wall = Wall(ORIGIN_MS + 777)
    assert ScaledClock(ORIGIN_MS, 30, wall).now_ms() == ScaledClock(ORIGIN_MS, 30, wall).now_ms()


@given(speed=st.floats(0.1, 1000), ahead_ms=st.integers(-(10**9), 10**9))
def test_waiting_so_long_brings_it_there(speed: float, ahead_ms: int) -> None:
    wall = Wall(ORIGIN_MS + 5000)
    clock = ScaledClock(ORIGIN_MS, speed, wall)
    goal_ms = clock.now_ms() + ahead_ms
    wall.at_ms += round(clock.wall_s_until(goal_ms) * 1000)
    assert clock.now_ms() == pytest.approx(goal_ms, abs=speed / 2 + 1)


@pytest.mark.parametrize("speed", [0, -1, float("nan")])
def test_refuses_a_speed_that_goes_nowhere(speed: float) -> None:
    with pytest.raises(ValueError, match="must be above 0"):
        ScaledClock(ORIGIN_MS, speed)
