"""What all sources of a site hold together, what is left of it by now, and how many hours that is. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from collector.outputs import UNKNOWN, Bounded
from collector.stock.burn import Rate
from collector.stock.series import MINUTE_MS
from collector.stock.span import Span, add
from collector.stock.store import StoreTrack

KEPT_MIN = 10.0
"""Content older than that, with nothing known of the draw, may be gone."""


class Open(NamedTuple):
    """A content whose upper bound may be unknown."""

    low: float
    mid: float
    high: float | None


class Part(NamedTuple):
    """The sources of one asset: the content (None: not yet known) and size of each, when they were measured, as of when what feeds the line
    is known (a median lags), since when one is stuck."""

    spans: tuple[tuple[Span | None, float], ...]
    measured_ms: int | None
    as_of_ms: int
    stuck_ms: int | None

    @property
    def known(self) -> bool:
        return any(span is not None for span, _ in self.spans)


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
        known = [part for part in self.parts if part.known]
        if not known:
            return None
        measured = add(span if span is not None else Span(0.0, 0.0, size_l) for part in self.parts for span, size_l in part.spans)
        ages = [max(0, now_ms - part.as_of_ms) / MINUTE_MS for part in known]
        stuck = [max(0, now_ms - part.stuck_ms) / MINUTE_MS for part in known if part.stuck_ms is not None]
        if draw is None:
            return measured._replace(low=measured.low if max(ages) < KEPT_MIN else 0.0)
        longest = max(ages + stuck)
        most, usual, least = draw.flow.high * longest, draw.flow.mid * longest, draw.flow.low * min(ages)
        return Span(max(0.0, measured.low - most), max(0.0, measured.mid - usual), max(0.0, measured.high - least))


def with_stores(left: Span | None, stores: Iterable[StoreTrack]) -> Open | None:
    """Connected plus loose cylinders. A store that was never counted has no upper bound."""
    contents = [store.content() for store in stores]
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
