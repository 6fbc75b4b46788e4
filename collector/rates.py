"""How far a signal fell or rose within a window, where its trend leads, what stands still. Pure; its memory is bounded.

A rate is taken between means of a tenth of its window, so that the noise of single readings does not count. A trend is the Theil–Sen line
through means of six hours over two weeks.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from math import nan, sqrt
from statistics import median

import msgspec

from collector.rules.condition import Rate, Still, Trend
from devices.signal import Value

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


class Standing(msgspec.Struct, array_like=True, gc=False):
    """A value that has been the same since then, and between which values what should move has been meanwhile."""

    value: float | bool | str
    since_ms: int
    low: list[float] = []
    high: list[float] = []

    def note(self, still: Still, values: Mapping[str, Value]) -> None:
        if not still.moves:
            return
        now = [value if isinstance(value := values.get(signal), float) else nan for signal, _ in still.moves]
        self.low = [min(a, b) if a == a else b for a, b in zip(self.low, now, strict=True)] if self.low else now  # noqa: PLR0124
        self.high = [max(a, b) if a == a else b for a, b in zip(self.high, now, strict=True)] if self.high else now  # noqa: PLR0124

    def moved(self, still: Still) -> bool:
        """Something did, or nothing has to."""
        spans = (high - low >= by for low, high, (_, by) in zip(self.low, self.high, still.moves, strict=True))
        return not still.moves or any(spans)


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
