"""Whether a way out works, and how fast it may be used: the circuit breaker and the limit of messages a minute. Pure.

closed ──3 failures in a row──▶ open: its waiting notices take another way of their person; one message at a time is tried, after a pause
open ──one message taken──▶ closed
"""

from __future__ import annotations

from collections import deque

BROKEN_AFTER = 3
"""Failures of the receiver in a row; a refusal of one message is none."""
MINUTE_MS = 60_000


class Breaker:
    """`broken`: others should take another way."""

    def __init__(self) -> None:
        self.failures = 0

    @property
    def broken(self) -> bool:
        return self.failures >= BROKEN_AFTER

    def worked(self) -> None:
        self.failures = 0

    def failed(self) -> None:
        self.failures += 1


class Rate:
    """At most so many messages in any minute; None: no limit. Where the clock jumps back, counting starts anew."""

    def __init__(self, per_minute: int | None) -> None:
        self._most = per_minute
        self._taken: deque[int] = deque(maxlen=per_minute)

    def wait_s(self, now_ms: int) -> float:
        """Seconds until the next message may go; 0: now."""
        taken = self._taken
        if self._most is None or len(taken) < self._most:
            return 0.0
        if taken[-1] > now_ms:
            taken.clear()
            return 0.0
        return max(0.0, (taken[0] + MINUTE_MS - now_ms) / 1000)

    def took(self, now_ms: int) -> None:
        self._taken.append(now_ms)
