"""How long to wait before the next try. Pure.

Full jitter (M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015): a hundred collectors that lost one broker together
don't come back together.
"""

from __future__ import annotations

from typing import NamedTuple


class Pace(NamedTuple):
    """The first try waits up to `base_s`, each next one up to twice as long, at most `cap_s`; `least_s` is always added."""

    least_s: float
    base_s: float
    cap_s: float


QUICK = Pace(least_s=0.05, base_s=0.5, cap_s=30.0)
"""The broker was there and is gone, or not there yet."""

SLOW = Pace(least_s=5.0, base_s=20.0, cap_s=300.0)
"""A person has to do something first, or trying quickly would do harm (two collectors with one id)."""


def backoff_s(attempt: int, rnd: float, pace: Pace = QUICK) -> float:
    """Seconds to wait after `attempt` (0, 1, 2 …) failures in a row; `rnd` is uniform in [0, 1)."""
    doubled = pace.base_s * 2.0 ** min(attempt, 32)
    return pace.least_s + rnd * min(pace.cap_s, doubled)
