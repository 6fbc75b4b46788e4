"""A flow meter: what flowed on average, and what flows now. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import cache
from math import sqrt
from operator import mul
from statistics import fmean

import msgspec

from collector.stock.series import EARLY_MS, HOUR_MS, MINUTE_MS, Window, WindowState
from collector.stock.span import Span, around
from devices.signal import Value

QUARTER_MS = 15 * MINUTE_MS
STEP_SHARE, STEP_LPM = 0.1, 2.0
"""Two minutes in a row that differ by more than that from those before are a step, not scatter."""
FLOW_ERROR = 0.03
"""Share of the reading that a flow meter may be wrong by."""
SIX_MS = 6 * MINUTE_MS


@cache
def fresh_for_ms(interval_s: float) -> int:
    """How long a value stands for the present: three intervals, at least two minutes (domain reference 8, SN-SI)."""
    return max(120_000, round(3000 * interval_s))


class FlowState(msgspec.Struct, frozen=True, array_like=True):
    minutes: WindowState = WindowState()
    sixes: WindowState = WindowState()
    sum_lpm: float = 0.0
    squares: float = 0.0
    total_lpm: float = 0.0
    count: int = 0
    last_ms: int = 0


class Flow:
    """A flow: means of a minute over the last hour, of six minutes over the last six hours."""

    __slots__ = ("_long", "count", "due_ms", "fresh_ms", "last_ms", "minutes", "sixes", "squares", "sum_lpm", "total_lpm")

    def __init__(self, interval_s: float) -> None:
        self.fresh_ms = fresh_for_ms(interval_s)
        self.minutes = Window(HOUR_MS)
        self.sixes = Window(6 * HOUR_MS)
        self.sum_lpm = 0.0
        self.squares = 0.0
        self.total_lpm = 0.0
        self.count = 0
        self.last_ms = 0
        self.due_ms = 0
        self._long: tuple[tuple[int | None, int], Span | None] = ((None, 0), None)

    def observe(self, flow_lpm: float, time_ms: int) -> None:
        """Take a reading later than the last one; a negative one (a meter's zero) is none."""
        if time_ms <= self.last_ms:
            return
        self.last_ms = time_ms
        if flow_lpm > 0.0:
            self.total_lpm += flow_lpm
        self.count += 1
        if time_ms >= self.due_ms:
            self._turn(time_ms)

    def take(self, values: dict[str, Value], time_ms: int) -> tuple[()]:
        """What one message of a pipeline says of it."""
        flow_lpm = values.get("o2_flow_lpm")
        if flow_lpm.__class__ is float:
            self.observe(flow_lpm, time_ms)
        elif (counted := number(values, "o2_flow_lpm")) is not None:
            self.observe(counted, time_ms)
        return ()

    def _turn(self, time_ms: int) -> None:
        """A minute is full."""
        minutes = self.minutes
        times, values = minutes.times, minutes.values
        times.append(time_ms)
        values.append(self.total_lpm / self.count)
        newest_lpm = values[-1]
        self.sum_lpm += newest_lpm
        self.squares += newest_lpm * newest_lpm
        while times[0] < time_ms - minutes.span_ms or len(times) > minutes.limit:
            oldest_lpm = values[0]
            self.sum_lpm -= oldest_lpm
            self.squares -= oldest_lpm * oldest_lpm
            del times[0], values[0]
        self.total_lpm, self.count = 0.0, 0
        self.due_ms = time_ms + MINUTE_MS - EARLY_MS
        sixes = self.sixes.times
        if not sixes or time_ms - sixes[-1] >= SIX_MS - EARLY_MS:
            self.sixes.add(time_ms, fmean(values[bisect_left(times, time_ms - SIX_MS + EARLY_MS) :]))
            self.sum_lpm, self.squares = sum(values), sum(map(mul, values, values))  # so that no error of rounding grows

    def fresh(self, now_ms: int) -> bool:
        return self.last_ms > 0 and now_ms - self.last_ms <= self.fresh_ms

    def mean(self, back_ms: int, since_ms: int = 0) -> Span | None:
        """The mean of the last `back_ms` of what was measured, but nothing from before `since_ms`; None where there is nothing."""
        if back_ms > HOUR_MS:
            return self._six_hours(max(since_ms, self.last_ms - back_ms))
        if back_ms == HOUR_MS and not since_ms:
            count = len(self.minutes.times)
            return _around(self.sum_lpm, self.squares, count) if count else None
        values = self.minutes.values[bisect_left(self.minutes.times, max(since_ms, self.last_ms - back_ms)) :]
        return _mean(values) if values else None

    def _six_hours(self, since_ms: int) -> Span | None:
        """Remembered for as long as no point comes or goes."""
        first = bisect_left(self.sixes.times, since_ms)
        key = (self.sixes.last_ms, first)
        if self._long[0] != key:
            values = self.sixes.values[first:]
            self._long = (key, _mean(values) if values else None)
        return self._long[1]

    def between_lpm(self, start_ms: int, end_ms: int) -> float | None:
        """The mean of some hours, where both ends were measured."""
        place = self.sixes.between(start_ms, end_ms)
        times, values = self.sixes.times[place], self.sixes.values[place]
        if not times or times[0] > start_ms + 3 * SIX_MS or times[-1] < end_ms - 3 * SIX_MS:
            return None
        return sum(values) / len(values)

    def recent(self, since_ms: int = 0) -> tuple[Span, int] | None:
        """What flows now, and over how long that is: the mean of the last quarter of an hour, or, where its last two minutes tell of a
        step, of these alone."""
        values = self.minutes.values[bisect_left(self.minutes.times, max(since_ms, self.last_ms - QUARTER_MS)) :]
        count = len(values)
        if count > 2:
            after, last = values[-2:]
            before = (sum(values) - after - last) / (count - 2)
            margin = STEP_SHARE * max(before, after, last) + STEP_LPM
            if min(after, last) > before + margin or max(after, last) < before - margin:
                return _mean(values[-2:]), int(self.last_ms - self.minutes.times[-2])
        return (_mean(values), QUARTER_MS) if count else None

    def dump(self) -> FlowState:
        sums = (self.sum_lpm, self.squares, self.total_lpm)
        return FlowState(self.minutes.dump(), self.sixes.dump(), *sums, self.count, self.last_ms)

    def load(self, state: FlowState) -> None:
        self.minutes.load(state.minutes)
        self.sixes.load(state.sixes)
        self.sum_lpm, self.squares, self.total_lpm = state.sum_lpm, state.squares, state.total_lpm
        self.count, self.last_ms = state.count, state.last_ms
        newest = self.minutes.last_ms
        self.due_ms = newest + MINUTE_MS - EARLY_MS if newest is not None else 0


def _mean(values: Sequence[float]) -> Span:
    """Of at least one."""
    return _around(sum(values), sum(map(mul, values, values)), len(values))


def _around(total_lpm: float, squares: float, count: int) -> Span:
    """The mean of so many, of the sum and the sum of squares; statistics.pstdev is a hundred times slower."""
    mean_lpm = max(0.0, total_lpm / count)
    variance = max(0.0, squares / count - mean_lpm * mean_lpm)
    return around(mean_lpm, FLOW_ERROR * mean_lpm + 2 * sqrt(variance / max(1.0, count / 3)) + 1.0)


def number(values: dict[str, Value], signal: str) -> float | None:
    """The value of a signal where it is there and a number."""
    value = values.get(signal)
    if value.__class__ is float:
        return value
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
