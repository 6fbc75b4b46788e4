"""Floods: more alarms than a person can work through. Pure.

A flood begins with the first of more than 10 alarms in 10 minutes, and is over when fewer than 5 came in the last 10 (ISA-18.2-2016 16.4,
EEMUA 191). What dominated it is counted in bounded memory: of the alarms, the rules and the sites, those that may have a large share.
"""

from __future__ import annotations

import msgspec

from collector.kpi.counted import TEN_MINUTES_MS

BEGINS_OVER = 10
ENDS_UNDER = 5
KEPT = 24
"""Names counted at once: whatever makes more than 1 / (KEPT + 1) of a flood is among them (Misra and Gries, 1982)."""
SHARE = 0.5
"""What made at least so much of a flood is said to dominate it."""


class Flooded(msgspec.Struct, frozen=True):
    """A flood: `size` alarms from `begin_ms` to `end_ms` (None: it goes on). `mostly` is the alarm, the rule or the site that made most of
    it, with its share; empty where nothing did."""

    begin_ms: int
    end_ms: int | None
    size: int
    mostly: str = ""
    share: float = 0.0


class Flood(msgspec.Struct, array_like=True):
    """The alarms of one operator. `recent` are the last ones, (evaluated ms, alarm); `begin_ms` is 0 while there is no flood."""

    recent: list[tuple[int, str]] = []
    begin_ms: int = 0
    size: int = 0
    alarms: dict[str, int] = {}
    rules: dict[str, int] = {}
    sites: dict[str, int] = {}

    def announce(self, at_ms: int, alarm: str) -> Flooded | None:
        """One alarm more; what has begun with it. `expire(at_ms)` comes first."""
        self.recent = [*self.recent[-BEGINS_OVER:], (at_ms, alarm)]
        if self.begin_ms:
            self._count(alarm)
            return None
        if len(self.recent) <= BEGINS_OVER or self.recent[0][0] <= at_ms - TEN_MINUTES_MS:
            return None
        self.begin_ms, self.size = self.recent[0][0], 0
        self.alarms, self.rules, self.sites = {}, {}, {}
        for _, each in self.recent:
            self._count(each)
        return self.seen(None)

    def expire(self, now_ms: int) -> Flooded | None:
        """The flood that is over by now."""
        end_ms = self.end_ms
        if not self.begin_ms or end_ms > now_ms:
            return None
        over = self.seen(end_ms)
        self.begin_ms = 0
        return over

    @property
    def end_ms(self) -> int:
        """When the flood will be over if nothing more comes; 0 without one."""
        return self.recent[-ENDS_UNDER][0] + TEN_MINUTES_MS if self.begin_ms else 0

    def seen(self, end_ms: int | None) -> Flooded:
        """The flood as it stands."""
        mostly, share = self._dominant()
        return Flooded(self.begin_ms, end_ms, self.size, mostly, share)

    def shift(self, by_ms: int) -> None:
        """The collector's clock was put right."""
        self.recent = [(at_ms + by_ms, alarm) for at_ms, alarm in self.recent]
        self.begin_ms += by_ms if self.begin_ms else 0

    def _count(self, alarm: str) -> None:
        self.size += 1
        _take(self.alarms, alarm)
        _take(self.rules, alarm.rpartition("/")[2])
        _take(self.sites, alarm.partition("/")[0])

    def _dominant(self) -> tuple[str, float]:
        """One alarm, else one rule, else one site: the first that has its share. A site says nothing where there is but one."""
        named = [self.alarms, self.rules]
        if len(self.sites) > 1:
            named.append(self.sites)
        for counts in named:
            name, count = max(counts.items(), key=lambda item: item[1], default=("", 0))
            if count >= SHARE * self.size:
                return name, round(count / self.size, 3)
        return "", 0.0


def _take(counts: dict[str, int], name: str) -> None:
    """Count one; where the table is full everybody loses one instead. A count is never too high, and at most size / (KEPT + 1) too low."""
    if name in counts or len(counts) < KEPT:
        counts[name] = counts.get(name, 0) + 1
        return
    for other in list(counts):
        counts[other] -= 1
        if not counts[other]:
            del counts[other]
