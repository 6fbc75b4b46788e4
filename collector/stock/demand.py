"""How much oxygen a site usually needs: by the hours of its last seven days, and by its beds. Pure."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from math import isfinite, nan
from statistics import median
from typing import NamedTuple

from collector.stock.series import HOUR_MS, Window
from collector.stock.span import Span
from devices.assets import Beds

WEEK_H = 168
DAY_H = 24
LEAST_DAYS = 3
FLOOR_LPM = 5.0
"""No burn below this is divided by (domain reference 2.4)."""

OCCUPANCY = 0.8
LOSS = 0.10
SHARE_ON_OXYGEN = {"ward": 0.2, "hdu": 0.5, "icu": 0.5}
FLOW_PER_PATIENT_LPM = {"ward": 10.0, "hdu": 15.0, "icu": 24.0}
"""India's norm of 3 December 2021 for ward and ICU (domain reference 4); high dependency between them. Shares are judgement."""


def beds_span(beds: Beds) -> Span | None:
    """The demand that the beds lead one to expect, to be trusted from a tenth to twice of it (domain reference 4); None without beds."""
    counts = {"ward": beds.ward, "hdu": beds.hdu, "icu": beds.icu}
    flow_lpm = sum(n * OCCUPANCY * SHARE_ON_OXYGEN[kind] * FLOW_PER_PATIENT_LPM[kind] for kind, n in counts.items()) * (1 + LOSS)
    return Span(0.1 * flow_lpm, flow_lpm, 2 * flow_lpm) if flow_lpm else None


class LocalTime:
    """The clock on the wall of a site: zones of half and quarter hours, and summer time, as they are."""

    __slots__ = ("_ahead_ms", "_from_ms", "_zone")

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._from_ms = -1
        self._ahead_ms = 0

    def hour(self, time_ms: int) -> int:
        """The count of local hours since 1970, a whole number: modulo 24 it is the hour of the day, over 24 the day."""
        return (time_ms + self._offset_ms(time_ms)) // HOUR_MS

    def began_ms(self, time_ms: int) -> int:
        """When the local hour of that time began."""
        ahead_ms = self._offset_ms(time_ms)
        return (time_ms + ahead_ms) // HOUR_MS * HOUR_MS - ahead_ms

    def hours_of_day(self, times_ms: Sequence[int]) -> list[int]:
        """The hours of the day of ascending times within some days: without asking for each where no clock was turned between them."""
        if not times_ms:
            return []
        ahead_ms = self._offset_ms(times_ms[0])
        if ahead_ms == self._offset_ms(times_ms[-1]):
            return [(time_ms + ahead_ms) // HOUR_MS % DAY_H for time_ms in times_ms]
        return [self.hour(time_ms) % DAY_H for time_ms in times_ms]

    def _offset_ms(self, time_ms: int) -> int:
        """How far the zone is ahead of UTC; looked up once in a quarter of an hour, since no zone turns its clocks within one."""
        quarter_ms = time_ms - time_ms % (HOUR_MS // 4)
        if quarter_ms != self._from_ms:
            ahead = datetime.fromtimestamp(quarter_ms / 1000, UTC).astimezone(self._zone).utcoffset()
            self._from_ms, self._ahead_ms = quarter_ms, round(ahead.total_seconds() * 1000) if ahead else 0
        return self._ahead_ms


class Usual(NamedTuple):
    """What is usual in one hour of the day and in all of them, and the medians of all 24 hours (NaN: not three days of it)."""

    same_hour: Span | None
    typical: Span | None
    medians: array[float]


class Week:
    """The demand of each of the last 168 local hours."""

    __slots__ = ("_key", "_usual", "local", "window")

    def __init__(self, zone: tzinfo = UTC) -> None:
        self.local = LocalTime(zone)
        self.window = Window((WEEK_H - 1) * HOUR_MS, WEEK_H)
        self._key: tuple[int, int | None] = (-1, None)
        self._usual = Usual(None, None, array("f"))

    def record(self, hour_ms: int, demand_lpm: float) -> None:
        """`hour_ms` is when the local hour began."""
        self.window.add(hour_ms, demand_lpm)

    def _look(self, now_ms: int) -> Usual:
        """Computed once an hour."""
        key = (self.local.hour(now_ms), self.window.last_ms)
        if self._key != key:
            self._key, self._usual = key, self._computed(now_ms)
        return self._usual

    def _computed(self, now_ms: int) -> Usual:
        place = self.window.between(self.local.began_ms(now_ms) - WEEK_H * HOUR_MS, now_ms)
        all_lpm = self.window.values[place]
        if not all_lpm:
            return Usual(None, None, array("f"))
        by_hour: list[list[float]] = [[] for _ in range(DAY_H)]
        for hour, lpm in zip(self.local.hours_of_day(self.window.times[place]), all_lpm, strict=True):
            by_hour[hour].append(lpm)
        same = by_hour[self.local.hour(now_ms) % DAY_H]
        return Usual(
            Span(min(same), median(same), max(same)) if len(same) >= LEAST_DAYS else None,
            Span(0.5 * min(all_lpm), median(all_lpm), 1.5 * max(all_lpm)),
            array("f", [median(lpm) if len(lpm) >= LEAST_DAYS else nan for lpm in by_hour]),
        )

    def same_hour(self, now_ms: int) -> Span | None:
        """Median of this hour of the day in the last seven days, and the least and most of them; None under three days."""
        return self._look(now_ms).same_hour

    def typical(self, now_ms: int) -> Span | None:
        """Median of all hours, from half of the least to one and a half of the most."""
        return self._look(now_ms).typical

    def turn(self, from_ms: int, to_ms: int) -> float:
        """What is usual at `to_ms` as a share of what is usual at `from_ms`, by the hours of the day (a straight line between the middles
        of two hours); at least half, at most twice; 1 while these hours of three days are not known."""
        medians = self._look(to_ms).medians
        if not medians:
            return 1.0
        share = self._at(medians, to_ms) / (self._at(medians, from_ms) or nan)
        return min(2.0, max(0.5, share)) if isfinite(share) else 1.0

    def _at(self, medians: array[float], time_ms: int) -> float:
        before_ms = time_ms - HOUR_MS // 2
        hour = self.local.hour(before_ms) % DAY_H
        into = (before_ms - self.local.began_ms(before_ms)) / HOUR_MS
        return (1 - into) * medians[hour] + into * medians[(hour + 1) % DAY_H]

    def floor_lpm(self, now_ms: int) -> float:
        """max(5 L/min, a tenth of the median of seven days) (domain reference 2.4)."""
        typical = self.typical(now_ms)
        return max(FLOOR_LPM, 0.1 * typical.mid) if typical else FLOOR_LPM
