"""A quantity with bounds that are always numbers, and its arithmetic. Pure. The bounds are meant to hold the truth nine times in ten."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt
from typing import NamedTuple

from collector.outputs import Bounded


class Span(NamedTuple):
    """low <= mid <= high, none of them negative."""

    low: float
    mid: float
    high: float

    @property
    def bounded(self) -> Bounded:
        return Bounded(*self)


NOTHING = Span(0.0, 0.0, 0.0)


def around(mid: float, half: float) -> Span:
    """mid ± half, cut off at zero."""
    return Span(max(0.0, mid - half), max(0.0, mid), max(0.0, mid + half))


def add(spans: Iterable[Span]) -> Span:
    """The sum of independent quantities: their half widths add as squares."""
    terms = list(spans)
    mid = sum(s.mid for s in terms)
    down = sqrt(sum((s.mid - s.low) ** 2 for s in terms))
    up = sqrt(sum((s.high - s.mid) ** 2 for s in terms))
    return Span(max(0.0, mid - down), mid, mid + up)


def minus(a: Span, b: Span) -> Span:
    """a - b where both are independent, nowhere below zero."""
    down = sqrt((a.mid - a.low) ** 2 + (b.high - b.mid) ** 2)
    up = sqrt((a.high - a.mid) ** 2 + (b.mid - b.low) ** 2)
    return Span(max(0.0, a.mid - b.mid - down), max(0.0, a.mid - b.mid), max(0.0, a.mid - b.mid + up))


def widened(span: Span, share: float) -> Span:
    """Both bounds moved outwards by a share of the middle."""
    return Span(max(0.0, span.low - share * span.mid), span.mid, span.high + share * span.mid)


def larger(a: Span, b: Span) -> Span:
    return Span(max(a.low, b.low), max(a.mid, b.mid), max(a.high, b.high))
