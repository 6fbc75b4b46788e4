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
    low, high = mid - half, mid + half
    if low >= 0.0:
        return Span(low, mid, high)
    return Span(0.0, max(0.0, mid), max(0.0, high))


def add(spans: Iterable[Span]) -> Span:
    """The sum of independent quantities: their half widths add as squares."""
    total = down = up = 0.0
    for low, mid, high in spans:
        total += mid
        down += (mid - low) ** 2
        up += (high - mid) ** 2
    return Span(max(0.0, total - sqrt(down)), total, total + sqrt(up))


def minus(a: Span, b: Span) -> Span:
    """a - b where both are independent, nowhere below zero."""
    down = sqrt((a.mid - a.low) ** 2 + (b.high - b.mid) ** 2)
    up = sqrt((a.high - a.mid) ** 2 + (b.mid - b.low) ** 2)
    return Span(max(0.0, a.mid - b.mid - down), max(0.0, a.mid - b.mid), max(0.0, a.mid - b.mid + up))


def widened(span: Span, share: float) -> Span:
    """Both bounds moved outwards by a share of the middle."""
    return Span(max(0.0, span.low - share * span.mid), span.mid, span.high + share * span.mid)


def scaled(span: Span, factor: float) -> Span:
    return Span(span.low * factor, span.mid * factor, span.high * factor)


def larger(a: Span, b: Span) -> Span:
    return Span(max(a.low, b.low), max(a.mid, b.mid), max(a.high, b.high))
