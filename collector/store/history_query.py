"""Questions to the embedded history: a curve in steps, and single values. The layout's statements are here, its prose in history.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from collector import database
from collector.database import Database
from collector.errors import UserError
from collector.records import Point
from collector.store.state_rows import WINDOW_MS
from devices.signal import Value

_LAYOUT = """
CREATE TABLE series (id INTEGER PRIMARY KEY, site TEXT NOT NULL, asset TEXT NOT NULL, kind TEXT NOT NULL, signal TEXT NOT NULL,
    UNIQUE (site, asset, signal, kind));
CREATE TABLE recent (time_us INTEGER, series INTEGER, value NOT NULL, PRIMARY KEY (time_us, series)) WITHOUT ROWID;
CREATE TABLE raw (series INTEGER, time_us INTEGER, value NOT NULL, PRIMARY KEY (series, time_us)) WITHOUT ROWID;
CREATE TABLE rollup (series INTEGER, window_ms INTEGER, mean REAL NOT NULL, min REAL NOT NULL, max REAL NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (series, window_ms)) WITHOUT ROWID;
CREATE TABLE point (time_ms INTEGER, measurement TEXT, tags TEXT, fields TEXT NOT NULL, PRIMARY KEY (time_ms, measurement, tags)) WITHOUT
ROWID; CREATE TABLE meta (key TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
"""

FORMAT = database.Format("history", 0x4F784831, (database.statements(_LAYOUT),))

_MAX_BUCKETS = 100_000
_SERIES = "SELECT id FROM series WHERE site = ? AND asset = ? AND signal = ?"
_RAW = """
SELECT time_us, value FROM raw WHERE series = :series AND time_us >= :start AND time_us < :end
AND NOT EXISTS (SELECT 1 FROM recent n WHERE n.time_us = raw.time_us AND n.series = raw.series)
UNION ALL SELECT time_us, value FROM recent WHERE time_us >= :start AND time_us < :end AND series = :series
"""
_BUCKETS = f"""
SELECT time_us / 1000 / :step * :step, avg(value), min(value), max(value), count(*)
FROM ({_RAW}) WHERE typeof(value) <> 'text' GROUP BY 1
"""  # noqa: S608 - constants
_ROLLED = (
    "SELECT window_ms / :step * :step, sum(mean * count) / sum(count), min(min), max(max), sum(count)"
    " FROM rollup WHERE series = :series AND window_ms >= :start AND window_ms < :end GROUP BY 1"
)


class Bucket(msgspec.Struct, frozen=True, array_like=True):
    """One step of a curve: its start, and the mean, least, greatest and number of the values in it."""

    time_ms: int
    mean: float
    min: float
    max: float
    count: int


class HistoryReader:
    """Raises JournalError where the file can't be read, UserError for a question that makes no sense."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def range(self, asset: str, signal: str, start_ms: int, end_ms: int, step_ms: int) -> list[Bucket]:
        """The curve of a signal of `site/asset` over [start, end) in steps that begin at multiples of `step_ms`; empty steps are left out.

        From raw values where they are kept. From roll-ups where they are gone (then no finer than 15 minutes), and where the step is a
        multiple of 15 minutes and the window is rolled up: a curve of a month then reads 3,000 rows, not a quarter of a million. Such a
        curve begins with the whole step that `start_ms` lies in.
        """
        if step_ms <= 0 or end_ms < start_ms or (end_ms - start_ms) // step_ms > _MAX_BUCKETS:
            raise UserError(
                f"a curve from {start_ms} to {end_ms} in steps of {step_ms} ms: give start ≤ end and at most {_MAX_BUCKETS} steps"
            )
        if step_ms % WINDOW_MS == 0:
            start_ms -= start_ms % step_ms
        found: list[Bucket] = []
        for series in self._series_of(asset, signal):
            split_ms = min(max(self._split_ms(series, step_ms), start_ms), end_ms)
            coarse = {"series": series, "step": max(step_ms, WINDOW_MS) // WINDOW_MS * WINDOW_MS, "start": start_ms, "end": split_ms}
            fine = {"series": series, "step": step_ms, "start": split_ms * 1000, "end": end_ms * 1000}
            found += [Bucket(*row) for row in self._db.rows(_ROLLED, coarse)] if split_ms > start_ms else []
            found += [Bucket(*row) for row in self._db.rows(_BUCKETS, fine)]
        return _joined(found)

    def values(self, asset: str, signal: str, start_ms: int, end_ms: int, limit: int = 10_000) -> list[tuple[int, Value]]:
        """Raw values of any type over [start, end) with their times in ms, oldest first, at most `limit`. A contact is 0.0 or 1.0."""
        found: list[tuple[int, Value]] = []
        for series in self._series_of(asset, signal):
            values = {"series": series, "start": start_ms * 1000, "end": end_ms * 1000, "limit": limit}
            rows = self._db.rows(f"{_RAW} ORDER BY time_us LIMIT :limit", values)
            found += [(time_us // 1000, value if isinstance(value, str) else float(value)) for time_us, value in rows]
        return sorted(found, key=lambda pair: pair[0])[:limit]

    def points(self, measurement: str, start_ms: int, end_ms: int, limit: int = 10_000) -> list[Point]:
        """Derived rows over [start, end), oldest first."""
        statement = (
            "SELECT tags, fields, time_ms FROM point WHERE time_ms >= ? AND time_ms < ? AND measurement = ? ORDER BY time_ms LIMIT ?"
        )
        rows = self._db.rows(statement, (start_ms, end_ms, measurement, limit))
        return [Point(measurement, msgspec.json.decode(tags), msgspec.json.decode(fields), time_ms) for tags, fields, time_ms in rows]

    def points_of(self, measurement: str, tags: Mapping[str, str], start_ms: int, end_ms: int) -> list[Point]:
        """Derived rows with these tags over [start, end), oldest first."""
        wanted = "".join(" AND json_extract(CAST(tags AS TEXT), ?) = ?" for _ in tags)
        statement = (
            f"SELECT tags, fields, time_ms FROM point WHERE time_ms >= ? AND time_ms < ? AND measurement = ?{wanted} ORDER BY time_ms"  # noqa: S608
        )
        values = (start_ms, end_ms, measurement, *(each for name, value in tags.items() for each in (f"$.{name}", value)))
        rows = self._db.rows(statement, values)
        return [Point(measurement, msgspec.json.decode(tags), msgspec.json.decode(fields), time_ms) for tags, fields, time_ms in rows]

    def series(self) -> list[tuple[str, str, str, str]]:
        """(site, asset, kind, signal) of everything that was ever stored."""
        return [
            (a, b, c, d) for a, b, c, d in self._db.rows("SELECT site, asset, kind, signal FROM series ORDER BY site, asset, signal, kind")
        ]

    def close(self) -> None:
        self._db.conn.close()

    def _series_of(self, asset: str, signal: str) -> list[int]:
        site, _, name = asset.partition("/")
        return [row[0] for row in self._db.rows(_SERIES, (site, name, signal))]

    def _split_ms(self, series: int, step_ms: int) -> int:
        """Before this time roll-ups answer, from it on raw values: a multiple of the step where the step is one of 15 minutes."""
        if step_ms % WINDOW_MS:
            gone_ms = self._db.rows("SELECT coalesce(max(n), 0) FROM meta WHERE key = 'pruned_ms'")[0][0]
            return -(-int(gone_ms) // WINDOW_MS) * WINDOW_MS if gone_ms > 0 else 0
        rolled = self._db.rows("SELECT max(window_ms) FROM rollup WHERE series = ?", (series,))[0][0]
        return 0 if rolled is None else (int(rolled) + WINDOW_MS) // step_ms * step_ms


def _joined(buckets: Iterable[Bucket]) -> list[Bucket]:
    """Buckets of the same start made one, in order of time."""
    found: dict[int, Bucket] = {}
    for new in buckets:
        old = found.get(new.time_ms)
        if old is not None:
            count = old.count + new.count
            mean = (old.mean * old.count + new.mean * new.count) / count
            new = Bucket(new.time_ms, mean, min(old.min, new.min), max(old.max, new.max), count)
        found[new.time_ms] = new
    return [found[time_ms] for time_ms in sorted(found)]
