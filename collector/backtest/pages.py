"""How often somebody is called, by night and by day of the site's own time. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from collector.backtest.episodes import Episode

NIGHT_BEGINS_H = 22
NIGHT_ENDS_H = 7


class Pages(msgspec.Struct, frozen=True):
    """Calls within a range. A night is from 22:00 to 07:00; `nights` and `days` are how long the range is, in nights (those that begin in
    it) and days. `worst_night` is the most calls in one of them."""

    total: int
    at_night: int
    nights: int
    days: float
    worst_night: int

    @property
    def per_night(self) -> float:
        return self.at_night / self.nights if self.nights else 0.0

    @property
    def per_day(self) -> float:
        return self.total / self.days if self.days else 0.0


def pages(episodes: Iterable[Episode], from_ms: int, to_ms: int, zone: ZoneInfo) -> Pages:
    """The calls within [from, to)."""
    times = [at_ms for episode in episodes for at_ms in episode.pages_ms if from_ms <= at_ms < to_ms]
    by_night = Counter(night for at_ms in times if (night := _night(at_ms, zone)) is not None)
    return Pages(
        total=len(times),
        at_night=by_night.total(),
        nights=_nights(from_ms, to_ms, zone),
        days=(to_ms - from_ms) / 86_400_000,
        worst_night=max(by_night.values(), default=0),
    )


def _night(at_ms: int, zone: ZoneInfo) -> int | None:
    """The day on whose evening the night began; None by day."""
    local = datetime.fromtimestamp(at_ms / 1000, zone)
    if local.hour >= NIGHT_BEGINS_H:
        return local.toordinal()
    return local.toordinal() - 1 if local.hour < NIGHT_ENDS_H else None


def _nights(from_ms: int, to_ms: int, zone: ZoneInfo) -> int:
    """How many nights have some part in the range."""
    first, last = (datetime.fromtimestamp(ms / 1000, zone) for ms in (from_ms, max(from_ms, to_ms - 1)))
    begin = first.toordinal() - (1 if first.hour < NIGHT_ENDS_H else 0)
    end = last.toordinal() - (0 if last.hour >= NIGHT_BEGINS_H else 1)
    return max(0, end - begin + 1)
