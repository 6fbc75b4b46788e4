"""A clock that may run faster than the wall's, so that a simulated day can be watched in an hour."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """What the publisher asks of a clock: the time, and how long to sleep until another."""

    def now_ms(self) -> int: ...

    def wall_s_until(self, at_ms: int) -> float:
        """Seconds on the wall until this clock shows `at_ms`; negative when that is past."""


def wall_ms() -> int:
    """Unix milliseconds."""
    return time.time_ns() // 1_000_000


class ScaledClock:
    """Shows `origin_ms` when the wall shows the same, and from there runs `speed` times as fast; at speed 1 it is the wall clock.

    Two processes that share origin and speed see the same time. Raises ValueError for a speed that is not above zero.
    """

    def __init__(self, origin_ms: int, speed: float = 1.0, wall_ms: Callable[[], int] = wall_ms) -> None:
        if not speed > 0:
            raise ValueError(f"speed {speed:g} must be above 0; 1 is real time, 20 is twenty times as fast")
        self.origin_ms, self.speed, self._wall_ms = origin_ms, speed, wall_ms

    def now_ms(self) -> int:
        return self.origin_ms + round((self._wall_ms() - self.origin_ms) * self.speed)

    def wall_s_until(self, at_ms: int) -> float:
        return (at_ms - self.now_ms()) / 1000 / self.speed
