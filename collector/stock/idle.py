"""An idle plant while cylinders burn: what a healthy one could give of what the stock gives, and how much has been wasted so. Pure."""

from __future__ import annotations

import msgspec

from collector.stock.demand import FLOOR_LPM
from collector.stock.series import MINUTE_MS
from collector.stock.span import Span

LONGEST_STEP_MS = 5 * MINUTE_MS
"""Over a longer gap in the data nothing is known, and nothing is counted."""
KNOWN_MS = 10 * MINUTE_MS
OVER_MS = 10 * MINUTE_MS
"""A plant that was idle and is not for so long is not any more; a shorter pause is part of it."""


class Idle(msgspec.Struct, frozen=True, array_like=True):
    """`lpm` as of `at_ms`; since `since_ms` and last at `last_ms`, `wasted_l` in all. Nothing of these while no plant is idle."""

    at_ms: int = 0
    lpm: float = 0.0
    since_ms: int | None = None
    last_ms: int = 0
    wasted_l: float = 0.0

    def at(self, now_ms: int, spare_lpm: float, draw: Span | None) -> Idle:
        """A minute later or more: the plants could give `spare_lpm` besides, and `draw` leaves the stock (None: not known)."""
        lpm = min(spare_lpm, draw.mid) if draw is not None and draw.low > 0 and draw.mid >= FLOOR_LPM else 0.0
        if self.since_ms is None:
            return Idle(now_ms, lpm, now_ms if lpm else None, now_ms)
        if not lpm and now_ms - self.last_ms >= OVER_MS:
            return Idle(now_ms)
        step_ms = min(LONGEST_STEP_MS, max(0, now_ms - self.at_ms))
        return Idle(now_ms, lpm, self.since_ms, now_ms if lpm else self.last_ms, self.wasted_l + self.lpm * step_ms / MINUTE_MS)

    def known(self, now_ms: int) -> bool:
        return self.at_ms > 0 and now_ms - self.at_ms <= KNOWN_MS
