"""What all sources of a site hold together, what is left of it by now, and how many hours that is. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from collector.outputs import UNKNOWN, Bounded
from collector.stock.burn import Rate
from collector.stock.series import MINUTE_MS
from collector.stock.span import Span, add

KEPT_MS = 10 * MINUTE_MS
"""Content older than that, with nothing known of the draw, may be gone."""


class Open(NamedTuple):
    """A content whose upper bound may be unknown."""

    low: float
    mid: float
    high: float | None


class Part(NamedTuple):
    """The sources of one asset: the content (None: not yet known) and size of each, when they were measured, as of when what feeds the line
    is known (a median lags), since when one is stuck."""

    spans: Sequence[tuple[Span | None, float]]
    measured_ms: int | None
    as_of_ms: int
    stuck_ms: int | None

    @property
    def known(self) -> bool:
        return self.measured_ms is not None


class Content(NamedTuple):
    """All connected sources."""

    parts: tuple[Part, ...]
    stuck: tuple[str, ...]

    @property
    def newest_ms(self) -> int | None:
        return max((part.measured_ms for part in self.parts if part.measured_ms is not None), default=None)

    def left(self, now_ms: int, draw: Rate | None) -> Span | None:
        """What is left now: what was measured, less what the draw took since: at most since the oldest measurement, at least since the
        newest.

        A source that was never measured counts as nothing, and up to full in the upper bound. None where no source was.
        """
        spans: list[Span] = []
        oldest = newest = stuck = None
        for part in self.parts:
            spans += [span if span is not None else Span(0.0, 0.0, size_l) for span, size_l in part.spans]
            if part.known:
                age_ms = max(0, now_ms - part.as_of_ms)
                oldest = age_ms if oldest is None or age_ms > oldest else oldest
                newest = age_ms if newest is None or age_ms < newest else newest
                stuck = max(stuck or 0, now_ms - part.stuck_ms) if part.stuck_ms is not None else stuck
        if oldest is None or newest is None:
            return None
        measured = add(spans)
        if draw is None:
            return measured._replace(low=measured.low if oldest < KEPT_MS else 0.0)
        longest_min = max(oldest, stuck or 0) / MINUTE_MS
        least, usual, most = draw.flow
        return Span(
            max(0.0, measured.low - most * longest_min),
            max(0.0, measured.mid - usual * longest_min),
            max(0.0, measured.high - least * newest / MINUTE_MS),
        )


def with_stores(left: Span | None, contents: Sequence[Span | None]) -> Open | None:
    """Connected plus loose cylinders. A store that was never counted has no upper bound."""
    spans = [span for span in [left, *contents] if span is not None]
    if not spans:
        return None
    total = add(spans)
    return Open(total.low, total.mid, None if left is None or None in contents else total.high)


def hours(content: Open | Span | None, rate: Rate | None, floor_lpm: float) -> Bounded:
    """Content over flow; without an upper bound where the flow may be at the floor or below, all unknown where one of both is."""
    if content is None or rate is None:
        return UNKNOWN
    least, usual, most = rate.flow
    low, mid, high = content
    return Bounded(
        low / (60 * (most if most > floor_lpm else floor_lpm)),
        mid / (60 * (usual if usual > floor_lpm else floor_lpm)),
        None if high is None or least <= floor_lpm else high / (60 * least),
    )


def less(hours_left: Bounded, lead_h: float) -> Bounded:
    """So many hours less of all."""
    low, mid, high = hours_left.low, hours_left.mid, hours_left.high
    return UNKNOWN if low is None or mid is None else Bounded(low - lead_h, mid - lead_h, None if high is None else high - lead_h)
