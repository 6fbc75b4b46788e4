"""The embedded history read as columns, a stretch of one site at a time: for the backtest. The layout's prose is in history.py."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from collector import database
from collector.database import Database
from collector.store.history_query import FORMAT
from devices.signal import Value

_SERIES = "SELECT id, asset, kind, signal FROM series WHERE site = ? ORDER BY asset, id"
_RAW = "SELECT time_us, value FROM raw WHERE series = ? AND time_us >= ? AND time_us < ? ORDER BY time_us"
_RECENT = "SELECT series, time_us, value FROM recent WHERE time_us >= ? AND time_us < ?"
_SPAN = """
SELECT min(first), max(last) FROM (
    SELECT (SELECT time_us FROM raw WHERE series = s.id ORDER BY time_us LIMIT 1) AS first,
           (SELECT time_us FROM raw WHERE series = s.id ORDER BY time_us DESC LIMIT 1) AS last
    FROM series s WHERE s.site = :site
    UNION ALL SELECT min(time_us), max(time_us) FROM recent WHERE series IN (SELECT id FROM series WHERE site = :site)
)
"""


class Stored(NamedTuple):
    """One series of the history."""

    id: int
    asset: str
    kind: str
    signal: str


class HistoryColumns:
    """Read-only, beside a running collector. Raises JournalError where the file can't be read."""

    def __init__(self, path: Path) -> None:
        """Raises UserError where there is no history."""
        self._db = Database(database.open_reader(Path(path), FORMAT), Path(path))

    def series(self, site: str) -> list[Stored]:
        return [Stored(*row) for row in self._db.rows(_SERIES, (site,))]

    def span_ms(self, site: str) -> tuple[int, int] | None:
        """The times of the first and the last raw value of a site."""
        first, last = self._db.rows(_SPAN, {"site": site})[0]
        return None if first is None else (first // 1000, last // 1000)

    def stretch(self, series: list[Stored], start_ms: int, end_ms: int) -> dict[Stored, tuple[list[int], list[Value]]]:
        """Times in ms and values over [start, end) of each series that has any, ascending. A contact is 0 or 1. Of several values of one
        asset within one millisecond the last counts."""
        span = (start_ms * 1000, end_ms * 1000)
        recent: dict[int, dict[int, Value]] = defaultdict(dict)
        for number, time_us, value in self._db.rows(_RECENT, span):
            recent[number][time_us] = value
        found: dict[Stored, tuple[list[int], list[Value]]] = {}
        for one in series:
            rows = self._db.rows(_RAW, (one.id, *span))
            if one.id in recent:
                rows = sorted({**dict(rows), **recent[one.id]}.items())
            if rows:
                found[one] = _in_ms(rows)
        return found

    def close(self) -> None:
        self._db.conn.close()


def _in_ms(rows: list[tuple[int, Value]]) -> tuple[list[int], list[Value]]:
    times = [time_us // 1000 for time_us, _ in rows]
    values = [value for _, value in rows]
    if len(set(times)) < len(times):
        last = dict(zip(times, values, strict=True))
        return list(last), list(last.values())
    return times, values
