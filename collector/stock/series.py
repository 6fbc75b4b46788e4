"""Series of a level or a flow in a bounded window, and the slope of the straight line through it. Pure.

Kept in arrays, since a country has ten thousand sites: 12 bytes a point for a flow (single precision holds a litre in ten million), 16 for
what is summed up for years.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import combinations, pairwise
from math import sqrt
from operator import mul
from statistics import median
from typing import Literal, NamedTuple

import msgspec

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
EARLY_MS = 5_000
"""A sender of one sample a minute is never quite on time."""
MAX_POINTS = 40
"""Points in a Theil–Sen fit (domain reference 2.5): 780 pairs."""


class WindowState(msgspec.Struct, frozen=True, array_like=True):
    """A window as bytes of this machine's order: int64 milliseconds, and values of single or double precision."""

    times: bytes = b""
    values: bytes = b""


class Window:
    """The points of the last `span_ms`, at most `limit` of them, times strictly increasing. `code`: f is single precision, d double."""

    __slots__ = ("limit", "span_ms", "times", "values")

    def __init__(self, span_ms: int, limit: int = 61, code: Literal["f", "d"] = "f") -> None:
        self.span_ms = span_ms
        self.limit = limit
        self.times = array("q")
        self.values = array(code)

    def add(self, time_ms: int, value: float) -> None:
        times = self.times
        if times and time_ms <= times[-1]:
            return
        times.append(time_ms)
        self.values.append(value)
        if len(times) > self.limit or times[0] < time_ms - self.span_ms:
            first = max(len(times) - self.limit, bisect_left(times, time_ms - self.span_ms))
            del times[:first], self.values[:first]

    def between(self, start_ms: int, end_ms: int) -> slice:
        """The place of the points with start <= time <= end."""
        return slice(bisect_left(self.times, start_ms), bisect_right(self.times, end_ms))

    def cut(self, since_ms: int) -> None:
        """Take out the points from then on."""
        first = bisect_left(self.times, since_ms)
        del self.times[first:], self.values[first:]

    @property
    def last_ms(self) -> int | None:
        return self.times[-1] if self.times else None

    def dump(self) -> WindowState:
        return WindowState(self.times.tobytes(), self.values.tobytes())

    def load(self, state: WindowState) -> None:
        del self.times[:], self.values[:]
        self.times.frombytes(state.times)
        self.values.frombytes(state.values)


class Slope(NamedTuple):
    """A falling straight line: `fall_lpm` is minus its slope per minute, `se_lpm` the standard error, over `points` points."""

    fall_lpm: float
    se_lpm: float
    points: int
    start_ms: int
    end_ms: int

    @property
    def span_ms(self) -> int:
        return self.end_ms - self.start_ms


def fit(window: Window, breaks: Sequence[int], noise: float, since_ms: int, until_ms: int) -> Slope | None:
    """Theil–Sen over the points from `since_ms` to `until_ms`, from pairs with no break (a refill, a swap) between them.

    None under three points.

    `noise` is the least standard deviation of one point, in the unit of the values: a coarse sensor that stands still is not exact.
    The error is the usual one of a regression, with the scatter taken from the median absolute residual; for a full window of equal steps
    it is sigma * sqrt(12 / n^3) / dt (domain reference 2.5).
    """
    place = window.between(since_ms, until_ms)
    chosen = _thin(place)
    if len(chosen) < 3:
        return None
    times, values = window.times, window.values
    points = [(times[i] / MINUTE_MS, float(values[i])) for i in chosen]
    inside = [b / MINUTE_MS for b in breaks if times[chosen[0]] < b <= times[chosen[-1]]]
    parts = _split(points, inside) if inside else [points]
    slopes = [(v2 - v1) / (t2 - t1) for part in parts for (t1, v1), (t2, v2) in combinations(part, 2)]
    if len(slopes) < 3:
        return None
    slope = median(slopes)
    sigma = max(noise, _scatter(parts, slope))
    spread = sqrt(sum(_squares(part) for part in parts))
    used = sum(len(part) for part in parts)
    return Slope(-slope, sigma / spread, used, times[chosen[0]], times[chosen[-1]])


def line(window: Window, noise: float, since_ms: int, until_ms: int) -> Slope | None:
    """Least squares over the points from `since_ms` to `until_ms`: as good as Theil–Sen where the points are medians already, and twenty
    times as quick. None under three points."""
    place = window.between(since_ms, until_ms)
    count = place.stop - place.start
    if count < 3:
        return None
    first_ms, last_ms = window.times[place.start], window.times[place.stop - 1]
    xs = [(time_ms - first_ms) / MINUTE_MS for time_ms in window.times[place]]
    ys = window.values[place]
    x_mean, y_mean = sum(xs) / count, sum(ys) / count
    squares = sum(map(mul, xs, xs)) - count * x_mean * x_mean
    slope = (sum(map(mul, xs, ys)) - count * x_mean * y_mean) / squares
    residual = sum((y - y_mean - slope * (x - x_mean)) ** 2 for x, y in zip(xs, ys, strict=True))
    sigma = max(noise, sqrt(residual / (count - 2)))
    return Slope(-slope, sigma / sqrt(squares), count, first_ms, last_ms)


def _thin(place: slice) -> Sequence[int]:
    """At most MAX_POINTS indices of the slice, evenly spread, with the last one among them."""
    count = max(0, place.stop - place.start)
    if count <= MAX_POINTS:
        return range(place.start, place.stop)
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
        rest = [v - slope * t for t, v in part]
        level = median(rest)
        residuals += [abs(r - level) for r in rest]
    return 1.4826 * median(residuals)


def _squares(part: Part) -> float:
    centre = sum(t for t, _ in part) / len(part)
    return sum((t - centre) ** 2 for t, _ in part)
