"""Series of a level or a flow in a bounded window, and the slope of the straight line through it. Pure.

A point is (time in ms, value, raw): what is regressed (usable litres, L/min) and what the sensor said (bar, kg). Kept in arrays of 16 bytes
a point, since a country has ten thousand sites; single precision holds a litre in ten million.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import combinations, pairwise
from math import sqrt
from statistics import median
from struct import pack, unpack
from typing import NamedTuple

import msgspec

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
MAX_POINTS = 40
"""Points in a Theil–Sen fit (domain reference 2.5): 780 pairs."""


class WindowState(msgspec.Struct, frozen=True):
    """A window as bytes, little-endian: int64 milliseconds, float32 values, float32 raw values."""

    times: bytes = b""
    values: bytes = b""
    raws: bytes = b""


class Window:
    """The points of the last `span_ms`, at most `limit` of them, times strictly increasing."""

    __slots__ = ("limit", "raws", "span_ms", "times", "values")

    def __init__(self, span_ms: int, limit: int = 61) -> None:
        self.span_ms = span_ms
        self.limit = limit
        self.times = array("q")
        self.values = array("f")
        self.raws = array("f")

    def add(self, time_ms: int, value: float, raw: float) -> None:
        if self.times and time_ms <= self.times[-1]:
            return
        self.times.append(time_ms)
        self.values.append(value)
        self.raws.append(raw)
        first = max(len(self.times) - self.limit, bisect_left(self.times, time_ms - self.span_ms))
        if first:
            del self.times[:first], self.values[:first], self.raws[:first]

    def between(self, start_ms: int, end_ms: int) -> slice:
        """The place of the points with start <= time <= end."""
        return slice(bisect_left(self.times, start_ms), bisect_right(self.times, end_ms))

    @property
    def last_ms(self) -> int | None:
        return self.times[-1] if self.times else None

    def dump(self) -> WindowState:
        n = len(self.times)
        return WindowState(pack(f"<{n}q", *self.times), pack(f"<{n}f", *self.values), pack(f"<{n}f", *self.raws))

    def load(self, state: WindowState) -> Window:
        n = len(state.times) // 8
        self.times = array("q", unpack(f"<{n}q", state.times))
        self.values = array("f", unpack(f"<{n}f", state.values))
        self.raws = array("f", unpack(f"<{n}f", state.raws))
        return self


class Slope(NamedTuple):
    """A falling straight line: `fall_lpm` is minus its slope per minute, `se_lpm` the standard error, over `points` points."""

    fall_lpm: float
    se_lpm: float
    points: int
    start_ms: int
    end_ms: int


def fit(window: Window, breaks: Sequence[int], noise: float, since_ms: int, until_ms: int) -> Slope | None:
    """Theil–Sen over the points from `since_ms` to `until_ms`, from pairs with no break (a refill, a swap) between them.

    None under three points.

    `noise` is the least standard deviation of one point, in the unit of the values: a coarse sensor that stands still is not exact.
    The error is the usual one of a regression, with the scatter taken from the median absolute residual; for a full window of equal steps
    it is sigma * sqrt(12 / n^3) / dt (domain reference 2.5).
    """
    chosen = _thin(window.between(since_ms, until_ms))
    if len(chosen) < 3:
        return None
    parts = _split([(window.times[i] / MINUTE_MS, float(window.values[i])) for i in chosen], [b / MINUTE_MS for b in breaks])
    slopes = [(v2 - v1) / (t2 - t1) for part in parts for (t1, v1), (t2, v2) in combinations(part, 2)]
    if len(slopes) < 3:
        return None
    slope = median(slopes)
    sigma = max(noise, _scatter(parts, slope))
    spread = sqrt(sum(_squares(part) for part in parts))
    used = sum(len(part) for part in parts)
    return Slope(-slope, sigma / spread, used, window.times[chosen[0]], window.times[chosen[-1]])


def _thin(place: slice) -> list[int]:
    """At most MAX_POINTS indices of the slice, evenly spread, with the last one among them."""
    count = max(0, place.stop - place.start)
    if count <= MAX_POINTS:
        return list(range(place.start, place.stop))
    step = (count - 1) / (MAX_POINTS - 1)
    return [place.start + round(i * step) for i in range(MAX_POINTS)]


Part = list[tuple[float, float]]


def _split(points: Part, breaks: Sequence[float]) -> list[Part]:
    """The runs of points that no break lies between (a point at a break begins a run), those of one point left out."""
    edges = [bisect_left(points, (b,)) for b in breaks]
    runs = [points[a:b] for a, b in pairwise([0, *sorted(edges), len(points)])]
    return [run for run in runs if len(run) > 1]


def _scatter(parts: list[Part], slope: float) -> float:
    residuals: list[float] = []
    for part in parts:
        level = median([v - slope * t for t, v in part])
        residuals += [abs(v - slope * t - level) for t, v in part]
    return 1.4826 * median(residuals)


def _squares(part: Part) -> float:
    centre = sum(t for t, _ in part) / len(part)
    return sum((t - centre) ** 2 for t, _ in part)
