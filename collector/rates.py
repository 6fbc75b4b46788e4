"""How far a signal fell or rose within a window, and where its trend leads. Pure; what is remembered is bounded and in the snapshot.

A rate is taken between means of a tenth of its window, so that the noise of single readings does not count. A trend is the Theil–Sen line
through means of six hours over two weeks.
"""

from __future__ import annotations

from itertools import combinations
from math import sqrt
from statistics import median

import msgspec

from collector.rules.condition import Rate, Trend

BUCKETS = 10
JUMP = 8.0
"""A step of so many times the limit from one bucket to the next is a swap or a refill; the window begins anew."""
TREND_BUCKET_MS = 6 * 3_600_000
TREND_MOST = 56
TREND_LEAST = 12
FAR_H = 1e6
"""The hours of a trend that does not lead to the limit."""


class Series(msgspec.Struct, array_like=True, gc=False):
    """Means of buckets, by the start of each; the bucket that is being filled began at `start_ms`."""

    times: list[int] = []
    means: list[float] = []
    start_ms: int = 0
    total: float = 0.0
    count: int = 0

    def add(self, value: float, event_ms: int, bucket_ms: int) -> bool:
        """True when a bucket is full: its mean is the newest."""
        start_ms = event_ms - event_ms % bucket_ms
        full = self.count > 0 and start_ms > self.start_ms
        if full:
            self.times = [*self.times, self.start_ms]
            self.means = [*self.means, self.total / self.count]
        if start_ms != self.start_ms:
            self.start_ms, self.total, self.count = start_ms, 0.0, 0
        self.total += value
        self.count += 1
        return full

    def keep(self, first: int) -> None:
        """Forget the buckets before that index."""
        if first:
            self.times, self.means = self.times[first:], self.means[first:]


def change(series: Series, rate: Rate, value: float, event_ms: int) -> float | None:
    """Fold a reading. The change towards the bad side within the window, when a bucket is full; else None: nothing new.

    Falls are negative. 0 where it moved to the other side.
    """
    bucket_ms = max(1, rate.window_ms // BUCKETS)
    if not series.add(value, event_ms, bucket_ms):
        return None
    newest = series.means[-1]
    if len(series.means) > 1 and abs(newest - series.means[-2]) > JUMP * rate.beyond:
        series.keep(len(series.means) - 1)
    series.keep(sum(at < series.times[-1] - rate.window_ms for at in series.times))
    return max(0.0, newest - min(series.means)) if rate.rising else min(0.0, newest - max(series.means))


def hours_to(series: Series, trend: Trend, value: float, event_ms: int) -> float | None:
    """Fold a reading. The hours until the trend reaches its limit, when a bucket is full; else None: nothing new.

    FAR_H where it does not lead there, or not beyond twice its error.
    """
    if not series.add(value, event_ms, TREND_BUCKET_MS):
        return None
    series.keep(len(series.times) - TREND_MOST if len(series.times) > TREND_MOST else 0)
    if len(series.times) < TREND_LEAST:
        return FAR_H
    points = list(zip(((at - series.times[-1]) / 3_600_000 for at in series.times), series.means, strict=True))
    slope = median((v2 - v1) / (t2 - t1) for (t1, v1), (t2, v2) in combinations(points, 2))
    level = median(v - slope * t for t, v in points)
    scatter = 1.4826 * median(abs(v - slope * t - level) for t, v in points)
    centre = sum(t for t, _ in points) / len(points)
    error = scatter / sqrt(sum((t - centre) ** 2 for t, _ in points))
    towards = -slope if trend.falling else slope
    left = level - trend.limit if trend.falling else trend.limit - level
    if left <= 0:
        return 0.0
    return left / towards if towards > 2 * error else FAR_H
