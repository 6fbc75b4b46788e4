"""The embedded history: readings kept in one SQLite file, for a hospital that has no InfluxDB. Implements `collector.ports.Store`.

Invariants
  1. Written twice is written once: a series and a time hold one value; the later write wins.
  2. `applied_seq` is the last batch of the journal that is surely in this file: it is set in the transaction that writes the batches. The
  file is
     written with synchronous=NORMAL, because the journal is the truth: a power cut may take the last few transactions, never part of one.
     Who writes here starts behind `min(cursor, applied_seq())`, and what the cut took is written again.
  3. A roll-up is computed from raw values, and again when late ones arrive, as long as the raw values of its window are kept.

Layout
  series  id → site, asset, kind, signal
  recent  (time, series) → value: where readings arrive. Ordered by time, so a second's readings of all series share a page or two.
  raw     (series, time) → value: where they are moved once an hour. Ordered by series, so a curve is read in one go.
          (Written to directly, every reading touches the page of its series. Measured with 500 series at 10 s, a write a second: 34 GB a
          day go to the memory card that way, 2.6 GB this way.)
  rollup  (series, window) → mean, min, max, count of 15 minutes; numbers and contacts (share of time), not states
  point   (measurement, time, tags) → fields: derived rows, as JSON; bounded by rows and by the age of roll-ups
  meta    applied_seq, pruned_ms (raw values before that are gone)
  Time is µs: event_ms * 1000 + tie.

Delete
  With each write, in small steps: raw values after `raw_days`, roll-ups and points after `rollup_days`. Age is judged by the times of
  receipt. Where they leap by more than a day, nothing is removed until the new time has held for a day: a clock that is wrong for an
  afternoon must not empty the history.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import msgspec

from collector import database, salvage
from collector.database import Database
from collector.errors import JournalError
from collector.ports import Outcome
from collector.records import Decoded, Point
from collector.store.history_query import FORMAT, Bucket, HistoryReader
from collector.store.state_rows import WINDOW_MS
from devices.signal import Observation, Value

T = TypeVar("T")

DAY_MS = 86_400_000
HOUR_US = 3_600_000_000
RETRY_S = 5.0
_MOVE = 20_000  # rows per step, of moving and of removing
_REMOVE = 2_000
_LOOK_MS = 60_000

_SERIES = "INSERT INTO series (site, asset, kind, signal) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET kind = kind RETURNING id"
_RECENT = "INSERT OR REPLACE INTO recent (time_us, series, value) VALUES (?, ?, ?)"
_META = "INSERT OR REPLACE INTO meta (key, n) VALUES (?, ?)"
_POINT = "INSERT OR REPLACE INTO point (measurement, time_ms, tags, fields) VALUES (?, ?, ?, ?)"
_CUT = "SELECT time_us FROM recent WHERE time_us < ? ORDER BY time_us LIMIT 1 OFFSET ?"
_MOVE_ROWS = (
    "INSERT OR REPLACE INTO raw (series, time_us, value)"
    " SELECT series, time_us, value FROM recent WHERE time_us < ? ORDER BY series, time_us"
)
_OLD_RAW = "DELETE FROM raw WHERE (series, time_us) IN (SELECT series, time_us FROM raw WHERE series = ? AND time_us < ? LIMIT ?)"
_OLD_ROLLUP = (
    "DELETE FROM rollup WHERE (series, window_ms) IN (SELECT series, window_ms FROM rollup WHERE series = ? AND window_ms < ? LIMIT ?)"
)
_OLD_POINT = (
    "DELETE FROM point WHERE (time_ms, measurement, tags) IN"
    " (SELECT time_ms, measurement, tags FROM point WHERE time_ms < ? ORDER BY time_ms LIMIT ?)"
)
_POINTS_OVER = "SELECT time_ms + 1 FROM point ORDER BY time_ms DESC LIMIT 1 OFFSET ?"
_ROLL_UP = """
INSERT INTO rollup (series, window_ms, mean, min, max, count)
SELECT series, time_us / 900000000 * 900000, avg(value), min(value), max(value), count(*)
FROM (
    SELECT series, time_us, value FROM recent
    WHERE time_us >= :start AND time_us < :end AND series IN (SELECT id FROM series WHERE site = :site AND kind = :kind)
    UNION ALL
    SELECT r.series, r.time_us, r.value FROM series s CROSS JOIN raw r ON r.series = s.id
    WHERE s.site = :site AND s.kind = :kind AND r.time_us >= :start AND r.time_us < :end
    AND NOT EXISTS (SELECT 1 FROM recent n WHERE n.time_us = r.time_us AND n.series = r.series)
) WHERE typeof(value) <> 'text'
GROUP BY series, time_us / 900000000
ON CONFLICT DO UPDATE SET mean = excluded.mean, min = excluded.min, max = excluded.max, count = excluded.count
WHERE excluded.window_ms >= :kept
"""


class SqliteHistory:
    """One process at a time writes (UserError otherwise). The async methods run one after another in a thread of their own."""

    def __init__(self, path: Path, raw_days: int = 7, rollup_days: int = 730, *, max_points: int = 1_000_000) -> None:
        path = Path(path)
        self._lock = database.FileLock(path)
        try:
            opened = salvage.open_or_mend(path, FORMAT, "NORMAL")
        except BaseException:
            self._lock.release()
            raise
        self.problems = opened.problems
        self._db = Database(opened.conn, path)
        self._reader = HistoryReader(self._db)
        self._raw_ms, self._rollup_ms, self._max_points = raw_days * DAY_MS, rollup_days * DAY_MS, max_points
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="history")
        self._series = {row[1:]: row[0] for row in self._db.rows("SELECT id, site, asset, kind, signal FROM series")}
        self._points = self._db.rows("SELECT count(*) FROM point")[0][0]
        self._turn = 0
        self._moved_ms = 0

    @staticmethod
    def open_reader(path: Path) -> HistoryReader:
        """For a process beside the collector: read-only. Raises UserError where there is no history."""
        return HistoryReader(Database(database.open_reader(Path(path), FORMAT), Path(path)))

    def applied_seq(self) -> int:
        """Every batch up to this one is in the file, whatever happened to the power."""
        return self._meta("applied_seq")

    async def write(self, batches: Sequence[Decoded]) -> Outcome:
        return await self._outcome(lambda: self._write(batches))

    async def write_points(self, points: Sequence[Point]) -> Outcome:
        return await self._outcome(lambda: self._write_points(points))

    async def roll_up(self, kind: str, site: str, start_ms: int, end_ms: int) -> Outcome:
        return await self._outcome(lambda: self._roll_up(kind, site, start_ms, end_ms))

    async def range(self, asset: str, signal: str, start_ms: int, end_ms: int, step_ms: int) -> list[Bucket]:
        """See HistoryReader.range; `asset` is `site/asset`."""
        return await self._run(lambda: self._reader.range(asset, signal, start_ms, end_ms, step_ms))

    async def values(self, asset: str, signal: str, start_ms: int, end_ms: int, limit: int = 10_000) -> list[tuple[int, Value]]:
        """See HistoryReader.values."""
        return await self._run(lambda: self._reader.values(asset, signal, start_ms, end_ms, limit))

    async def close(self) -> None:
        await self._run(self._db.conn.close)
        self._executor.shutdown()
        self._lock.release()

    async def _run(self, action: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, action)

    async def _outcome(self, action: Callable[[], None]) -> Outcome:
        try:
            await self._run(action)
        except JournalError as exc:
            return Outcome(keep=True, keep_s=RETRY_S, problem=str(exc), alarm=True)
        return Outcome()

    def _write(self, batches: Sequence[Decoded]) -> None:
        if not batches:
            return
        new: dict[tuple[str, str, str, str], int] = {}
        with self._db.write() as conn:
            conn.executemany(_RECENT, self._rows(conn, batches, new))
            conn.execute(_META, ("applied_seq", max(batches[-1].seq, self._meta("applied_seq"))))
            self._move(conn, batches[-1].received_ms)
            self._prune(conn, batches[-1].received_ms)
        self._series.update(new)

    def _rows(
        self, conn: sqlite3.Connection, batches: Sequence[Decoded], new: dict[tuple[str, str, str, str], int]
    ) -> Iterator[tuple[int, int, Value]]:
        """`new` gets the series that are begun: they are known for good only when the transaction is."""
        known = self._series
        for batch in batches:
            for event in batch.events:
                if event.__class__ is not Observation:
                    continue
                time_us = event.event_ms * 1000 + event.tie
                site, asset, kind = event.site, event.asset, event.kind
                for signal, value in event.values.items():
                    key = (site, asset, kind, signal)
                    series = known.get(key) or new.get(key)
                    if series is None:
                        series = new[key] = int(conn.execute(_SERIES, key).fetchone()[0])
                    yield time_us, series, value

    def _write_points(self, points: Sequence[Point]) -> None:
        encode = msgspec.json.Encoder(order="deterministic").encode
        with self._db.write() as conn:
            conn.executemany(_POINT, ((p.measurement, p.time_ms, encode(p.tags), encode(p.fields)) for p in points))
            self._points += len(points)
            if self._points > self._max_points:
                over = conn.execute(_POINTS_OVER, (self._max_points,)).fetchone() or (0,)
                conn.execute(_OLD_POINT, (over[0], _REMOVE + len(points)))
                (self._points,) = conn.execute("SELECT count(*) FROM point").fetchone()

    def _roll_up(self, kind: str, site: str, start_ms: int, end_ms: int) -> None:
        start, end = start_ms // WINDOW_MS * WINDOW_MS, -(-end_ms // WINDOW_MS) * WINDOW_MS
        values = {"start": start * 1000, "end": end * 1000, "site": site, "kind": kind, "kept": self._meta("pruned_ms")}
        with self._db.write() as conn:
            conn.execute(_ROLL_UP, values)

    def _move(self, conn: sqlite3.Connection, now_ms: int) -> None:
        """A step of moving what has come to rest: when there is a step's worth older than an hour, or anything older than two. Looked at
        once a minute, and with every write while there is more."""
        if self._moved_ms <= now_ms < self._moved_ms + _LOOK_MS:
            return
        rested_us = now_ms * 1000 - HOUR_US
        oldest = conn.execute("SELECT min(time_us) FROM recent").fetchone()[0]
        full = conn.execute(_CUT, (rested_us, _MOVE)).fetchone()
        self._moved_ms = now_ms if full is None else 0
        if full is not None or (oldest is not None and oldest < rested_us - HOUR_US):
            before = rested_us if full is None else full[0] + 1
            conn.execute(_MOVE_ROWS, (before,))
            conn.execute("DELETE FROM recent WHERE time_us < ?", (before,))

    def _prune(self, conn: sqlite3.Connection, now_ms: int) -> None:
        """A step of removing what is too old: of one series, the next one in turn, and of the points."""
        if not self._time_holds(conn, now_ms):
            return
        pruned_ms = min(max(now_ms - self._raw_ms, self._meta("pruned_ms")), now_ms)
        self._turn = self._turn + 1 if self._turn < len(self._series) else 1
        conn.execute(_META, ("pruned_ms", pruned_ms))
        conn.execute(_OLD_RAW, (self._turn, pruned_ms * 1000, _REMOVE))
        conn.execute(_OLD_ROLLUP, (self._turn, now_ms - self._rollup_ms, _REMOVE))
        conn.execute(_OLD_POINT, (now_ms - self._rollup_ms, _REMOVE))

    def _time_holds(self, conn: sqlite3.Connection, now_ms: int) -> bool:
        """False for a day after the times of receipt have leapt by more than a day."""
        last_ms, leapt_ms = self._meta("now_ms"), self._meta("leapt_ms")
        if last_ms and abs(now_ms - last_ms) > DAY_MS:
            leapt_ms = now_ms
        conn.executemany(_META, [("now_ms", now_ms), ("leapt_ms", leapt_ms)])
        return not 0 <= now_ms - leapt_ms < DAY_MS

    def _meta(self, key: str) -> int:
        rows = self._db.rows("SELECT n FROM meta WHERE key = ?", (key,))
        return int(rows[0][0]) if rows else 0
