"""How many alarms a person had to hear: by day and night, by tens of minutes, in floods. Pure."""

from __future__ import annotations

from collections import Counter, deque
from math import ceil

from collector.kpi.counted import DAY_MS, HOUR_MS, PAGED, TEN_MINUTES_MS, at_night
from collector.kpi.flood import Flood, Flooded
from collector.outputs import Priority, Transition
from devices.assets import Site

BUSY_10MIN, BUSY_HOUR = 10, 30


class Load:
    """The announced alarms of one operator in the order of their announcement, from `since_ms` on."""

    def __init__(self, since_ms: int) -> None:
        self.since_ms = since_ms
        self.by_priority: Counter[Priority] = Counter()
        self.night_pages = 0
        self.worst_10min = 0
        self.floods: list[Flooded] = []
        self._tens: Counter[int] = Counter()
        self._hours: Counter[int] = Counter()
        self._recent: deque[int] = deque()
        self._flood = Flood()

    def announce(self, transition: Transition, site: Site | None) -> None:
        at_ms = transition.evaluated_ms
        self.by_priority[transition.priority] += 1
        self._tens[(at_ms - self.since_ms) // TEN_MINUTES_MS] += 1
        self._hours[(at_ms - self.since_ms) // HOUR_MS] += 1
        self.night_pages += site is not None and transition.priority in PAGED and at_night(at_ms, site.zone)
        self._recent.append(at_ms)
        while self._recent[0] <= at_ms - TEN_MINUTES_MS:
            self._recent.popleft()
        self.worst_10min = max(self.worst_10min, len(self._recent))
        self._expire(at_ms)
        self._flood.announce(at_ms, transition.alarm)

    def close(self, until_ms: int) -> None:
        """The period is over; a flood that goes on has no end."""
        self._expire(until_ms)
        if self._flood.begin_ms:
            self.floods.append(self._flood.seen(None))

    @property
    def total(self) -> int:
        return self.by_priority.total()

    def figures(self, until_ms: int, sites: int) -> list[tuple[str, float | None]]:
        """The key figures of the load, by their ids in targets."""
        period_ms = until_ms - self.since_ms
        days = period_ms / DAY_MS
        flood_ms = sum((until_ms if f.end_ms is None else min(f.end_ms, until_ms)) - f.begin_ms for f in self.floods)
        return [
            ("per_day", self.total / days),
            ("per_hour", self.total / days / 24),
            ("per_10min", self.total / days / 144),
            ("per_site_day", self.total / days / sites),
            ("night_pages", self.night_pages / days / sites),
            ("worst_10min", self.worst_10min),
            ("busy_10min_pct", _share_pct(self._tens, BUSY_10MIN, ceil(period_ms / TEN_MINUTES_MS))),
            ("busy_hours_pct", _share_pct(self._hours, BUSY_HOUR, ceil(period_ms / HOUR_MS))),
            ("flood_pct", 100 * flood_ms / period_ms),
        ]

    def _expire(self, now_ms: int) -> None:
        over = self._flood.expire(now_ms)
        if over is not None:
            self.floods.append(over)


def _share_pct(counts: Counter[int], limit: int, periods: int) -> float:
    """How many of the periods have more than the limit, %."""
    return 100 * sum(n > limit for n in counts.values()) / periods
