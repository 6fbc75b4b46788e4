"""The collector's state: what must survive a restart so that nobody is told twice and nobody is forgotten. One SQLite file.

One transaction (WAL, synchronous=FULL) takes a whole step of the evaluator: the snapshots of sites with their cursors, the alarms as they
stand, the log of transitions, the audit trail, the notices to be sent, the points to be exported, the stock. A step that is done again
after a crash adds nothing: transitions, notices and stock events are known by their ids, rejects and the trail by their place in the
journal.

Every table has a bound (Limits); the oldest rows go first, a few hundred per transaction, and what is lost by that is counted in `counter`.
The layout is in state_reader.py; the bodies are JSON, so that a person with any SQLite tool can read them.
Every method raises JournalError where the file can't be written; nothing was written then, and the same may be tried again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from collector import database, salvage
from collector.audit import Head, of_command
from collector.database import Database
from collector.outputs import Notice, StateChange, StockEvent, Transition
from collector.ports import Rejected
from collector.records import Point, Reject
from collector.store import calls, trail
from collector.store.calls import CallRows
from collector.store.notices import due_notice, notice_row
from collector.store.state_reader import FORMAT, StateReader
from collector.store.state_rows import (
    WINDOW_MS,
    DirtyWindow,
    DueNotice,
    Key,
    Limits,
    UnknownAsset,
    keyed,
    merged,
    unknown_asset,
)
from collector.store.trail import Trail

_encode = msgspec.json.Encoder().encode
_STEP = 512  # rows that one transaction removes at most, of each table that loses its oldest

_SNAPSHOT = "INSERT OR REPLACE INTO snapshot (site, cursor, state) VALUES (?, ?, ?)"
_TRANSITION = "INSERT OR IGNORE INTO transition (id, site, evaluated_ms, body) VALUES (?, ?, ?, ?)"
_ALARM = "INSERT OR REPLACE INTO alarm (alarm, site, body) VALUES (?, ?, ?)"
_NORMAL = "DELETE FROM alarm WHERE alarm = ?"
_NOTICE = "INSERT OR IGNORE INTO notice (id, channel, due_ms, rank, body) VALUES (?, ?, ?, ?, ?)"
_EXPORT = "INSERT INTO export (body) VALUES (?)"
_STOCK = (
    "INSERT INTO stock VALUES (?, ?, ?)"
    " ON CONFLICT DO UPDATE SET at_ms = excluded.at_ms, body = excluded.body WHERE excluded.at_ms >= at_ms"
)
_STOCK_EVENT = "INSERT OR IGNORE INTO stock_event (id, event_ms, body) VALUES (?, ?, ?)"
_QUARANTINE = "INSERT OR IGNORE INTO quarantine VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_QUARANTINE_OLDEST = "SELECT seq, idx, signal, nth, reason FROM quarantine ORDER BY seq, idx, signal, nth LIMIT ?"
_UNKNOWN = "INSERT OR REPLACE INTO unknown_asset (site, asset, last_ms, body) VALUES (?, ?, ?, ?)"
_UNKNOWN_BODY = "SELECT body FROM unknown_asset WHERE site = ? AND asset = ?"
_UNKNOWN_TRIM = (
    "DELETE FROM unknown_asset WHERE (site, asset) IN (SELECT site, asset FROM unknown_asset ORDER BY last_ms DESC LIMIT -1 OFFSET ?)"
)
_REJECTED = "INSERT OR IGNORE INTO rejected_line (line, reason, at_ms) VALUES (?, ?, ?)"
_COUNT = "INSERT INTO counter (name, label, n) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n"
_META = "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)"
_DUE_ANY = "SELECT id, channel, due_ms, body, attempts, error FROM notice WHERE outcome IS NULL AND due_ms <= ? ORDER BY due_ms, n LIMIT ?"
_DUE = (
    "SELECT id, channel, due_ms, body, attempts, error FROM notice INDEXED BY notice_rank"
    " WHERE outcome IS NULL AND due_ms <= ? AND channel = ? ORDER BY rank DESC, due_ms, n LIMIT ?"
)
_BESIDE = "SELECT id, channel, due_ms, body, attempts, error FROM notice WHERE id >= ? AND id < ? AND +channel = ? AND +outcome IS NULL"
"""The ids of an occurrence's notices begin with it, and "0" follows "/". The plus signs keep SQLite to the index of ids."""
_OUTCOME = "UPDATE notice SET outcome = ?, outcome_ms = ?, error = ?, attempts = attempts + 1 WHERE id = ? AND outcome IS NULL RETURNING 1"
_FAILED = "UPDATE notice SET attempts = attempts + 1, error = ?, due_ms = ? WHERE id = ? AND outcome IS NULL"
_MARK = "INSERT INTO dirty (kind, site, window_ms, mark) VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE SET mark = mark + 1"
_DUE_WINDOWS = "SELECT kind, site, window_ms, mark FROM dirty WHERE window_ms <= ? ORDER BY window_ms LIMIT ?"
_WINDOW_DONE = "DELETE FROM dirty WHERE kind = ? AND site = ? AND window_ms = ? AND mark = ?"


class StateStore(StateReader):
    """One process at a time (UserError otherwise), one thread at a time. `problems` says in words what had to be mended at the start."""

    def __init__(self, path: Path, limits: Limits | None = None) -> None:
        path = Path(path)
        self._lock = database.FileLock(path)
        try:
            opened = salvage.open_or_mend(path, FORMAT, "FULL")
        except BaseException:
            self._lock.release()
            raise
        super().__init__(Database(opened.conn, path))
        self._limits = limits or Limits()
        self.problems = opened.problems
        self.windows = Windows(self._db)
        self.exports = Exports(self._db)
        self.calls = CallRows(self._db, self._write_notices)
        with self._db.translated():
            self._trail = Trail(opened.conn, self._limits.audit)

    def commit(self, change: StateChange) -> None:
        """A step of the evaluator: all of it, or nothing."""
        limits = self._limits
        with self._db.write() as conn:
            conn.executemany(_SNAPSHOT, ((s.site, s.cursor, s.state) for s in change.snapshots))
            bodies = {t.id: _encode(t) for t in change.transitions}
            if change.transitions:
                _write_transitions(conn, change.transitions, bodies)
                _trim(conn, "transition", limits.transitions)
                _expire(conn, change.transitions[-1].evaluated_ms - limits.transitions_ms)
            calls.write(conn, change.calls)
            self._write_notices(conn, change.notices, bodies)
            if change.points:
                conn.executemany(_EXPORT, ((_encode(p),) for p in change.points))
                _count(conn, "exports_dropped", _trim(conn, "export", limits.exports, "1", step=-1))
            conn.executemany(_STOCK, ((e.site, e.at_ms, _encode(e)) for e in change.stock))
            if change.stock_events:
                conn.executemany(_STOCK_EVENT, (_stock_event_row(e) for e in change.stock_events))
                _trim(conn, "stock_event", limits.stock_events)
            head = self._trail.append(conn, [*map(of_command, change.audit), *change.noted])
        self._trail.head = head

    @property
    def head(self) -> Head:
        """The end of the audit trail, as this process has written it."""
        return self._trail.head

    def configuration(self) -> tuple[str, str]:
        """The digests of rules and sites that the audit trail knows as those in force; empty where it knows none."""
        with self._db.translated():
            return trail.configuration(self._db.conn)

    def last_audited_seq(self) -> int:
        """The highest batch of the journal that is in the audit trail."""
        with self._db.translated():
            return trail.last_seq(self._db.conn)

    def quarantine(self, seq: int, received_ms: int, rejects: Sequence[Reject]) -> int:
        """Keep and count the rejects of the batch `seq`; returns how many were new. The same batch again adds nothing."""
        with self._db.write() as conn:
            floor = self._floor()
            known = {Key(*row) for row in conn.execute("SELECT seq, idx, signal, nth FROM quarantine WHERE seq = ?", (seq,))}
            new = [(key, reject) for key, reject in keyed(seq, rejects) if key not in known and (floor is None or key > floor)]
            conn.executemany(_QUARANTINE, ((*key, received_ms, r.topic, r.reason, r.detail, r.sample) for key, r in new))
            for _, reject in new:
                _count(conn, "quarantined", 1, reject.reason)
            self._drop_quarantine(conn)
            self._write_unknown(conn, [u for _, r in new if (u := unknown_asset(r, received_ms)) is not None])
        return len(new)

    def reject_lines(self, rejected: Sequence[Rejected], now_ms: int) -> None:
        """What the time-series store refused for good."""
        with self._db.write() as conn:
            new = conn.executemany(_REJECTED, ((r.line[:4096], r.reason[:1024], now_ms) for r in rejected)).rowcount
            _count(conn, "rejected_lines", new)
            _trim(conn, "rejected_line", self._limits.rejected_lines, step=-1)

    def due_notices(self, now_ms: int, limit: int = 100, channel: str | None = None) -> list[DueNotice]:
        """What is to be sent, the longest due first; of one channel, so that none waits behind another's."""
        rows = self._db.rows(_DUE_ANY, (now_ms, limit)) if channel is None else self._db.rows(_DUE, (now_ms, channel, limit))
        return [due_notice(*row) for row in rows]

    def notices_beside(self, channel: str, notices: Sequence[Notice]) -> list[DueNotice]:
        """What waits for that channel about the alarms of these notices, due or not, and is none of them."""
        known = {notice.id for notice in notices}
        found = []
        for occurrence in dict.fromkeys(notice.transition.occurrence for notice in notices):
            rows = self._db.rows(_BESIDE, (f"{occurrence}/", f"{occurrence}0", channel))
            found += [due_notice(*row) for row in rows if row[0] not in known]
        return found

    def next_notice_ms(self, channel: str) -> int | None:
        """When the next notice of that channel is due."""
        due_ms: int | None = self._db.rows("SELECT min(due_ms) FROM notice WHERE outcome IS NULL AND channel = ?", (channel,))[0][0]
        return due_ms

    def notices_sent(self, notice_ids: Sequence[str], now_ms: int) -> None:
        """What was in one message: all of it, or nothing."""
        with self._db.write() as conn:
            done = [row for each in notice_ids for row in conn.execute(_OUTCOME, ("sent", now_ms, "", each)).fetchall()]
            _count(conn, "notices", len(done), "sent")

    def notice_moved(self, notice_id: str, notice: Notice, now_ms: int, error: str) -> None:
        """It goes by another way, as this notice."""
        with self._db.write() as conn:
            if conn.execute(_OUTCOME, ("moved", now_ms, error, notice_id)).fetchall():
                self._write_notices(conn, [notice])
                _count(conn, "notices", 1, "moved")

    def notice_given_up(self, notice_id: str, now_ms: int, error: str = "") -> None:
        self._notice_over(notice_id, "given_up", now_ms, error)

    def notice_failed(self, notice_id: str, error: str, retry_at_ms: int) -> None:
        with self._db.write() as conn:
            conn.execute(_FAILED, (error, retry_at_ms, notice_id))

    def close(self) -> None:
        super().close()
        self._lock.release()

    def _write_notices(self, conn: sqlite3.Connection, notices: Iterable[Notice], bodies: Mapping[str, bytes] | None = None) -> None:
        rows = [notice_row(notice, bodies or {}) for notice in notices]
        if rows:
            conn.executemany(_NOTICE, rows)
            _count(conn, "notices_dropped", _trim(conn, "notice", self._limits.notices, "outcome IS NULL"))

    def _notice_over(self, notice_id: str, outcome: str, now_ms: int, error: str) -> None:
        with self._db.write() as conn:
            if conn.execute(_OUTCOME, (outcome, now_ms, error, notice_id)).fetchall():
                _count(conn, "notices", 1, outcome)

    def _floor(self) -> Key | None:
        """The last reject that was dropped for want of room: what is not above it has been counted before."""
        rows = self._db.rows("SELECT value FROM meta WHERE key = 'quarantine_floor'")
        return msgspec.json.decode(rows[0][0], type=Key) if rows else None

    def _drop_quarantine(self, conn: sqlite3.Connection) -> None:
        (count,) = conn.execute("SELECT count(*) FROM quarantine").fetchone()
        gone = conn.execute(_QUARANTINE_OLDEST, (max(0, count - self._limits.quarantine),)).fetchall()
        for row in gone:
            _count(conn, "quarantine_dropped", 1, row[4])
        if gone:
            floor = gone[-1][:4]
            conn.execute("DELETE FROM quarantine WHERE (seq, idx, signal, nth) <= (?, ?, ?, ?)", floor)
            conn.execute(_META, ("quarantine_floor", _encode(floor).decode()))

    def _write_unknown(self, conn: sqlite3.Connection, seen: Sequence[UnknownAsset]) -> None:
        if not seen:
            return
        rows: dict[tuple[str, str], UnknownAsset] = {}
        for new in seen:
            place = (new.site, new.asset)
            stored = conn.execute(_UNKNOWN_BODY, place).fetchone() if place not in rows else None
            old = msgspec.json.decode(stored[0], type=UnknownAsset) if stored else rows.get(place)
            rows[place] = merged(old, new) if old else new
        conn.executemany(_UNKNOWN, ((*place, u.last_ms, _encode(u)) for place, u in rows.items()))
        _count(conn, "unknown_assets_dropped", conn.execute(_UNKNOWN_TRIM, (self._limits.unknown_assets,)).rowcount)


class Windows:
    """The 15-minute windows whose roll-up must be computed (again). Durable, so that a late reading is never forgotten."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def mark(self, windows: Iterable[tuple[str, str, int]]) -> None:
        """(kind, site, start of the window in ms), each with new data."""
        with self._db.write() as conn:
            conn.executemany(_MARK, windows)

    def due(self, now_ms: int, limit: int = 100) -> list[DirtyWindow]:
        """Windows that ended before `now_ms`, oldest first."""
        return [DirtyWindow(*row) for row in self._db.rows(_DUE_WINDOWS, (now_ms - WINDOW_MS, limit))]

    def done(self, windows: Iterable[DirtyWindow]) -> None:
        """Rolled up; a window that was marked again meanwhile stays."""
        with self._db.write() as conn:
            conn.executemany(_WINDOW_DONE, windows)


class Exports:
    """The points that wait for the time-series store."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def pending(self, limit: int = 1000) -> list[tuple[int, Point]]:
        """Oldest first, with the number to say `done` by."""
        rows = self._db.rows("SELECT n, body FROM export ORDER BY n LIMIT ?", (limit,))
        return [(n, msgspec.json.decode(body, type=Point)) for n, body in rows]

    def done(self, numbers: Iterable[int]) -> None:
        with self._db.write() as conn:
            conn.executemany("DELETE FROM export WHERE n = ?", ((n,) for n in numbers))


def _write_transitions(conn: sqlite3.Connection, transitions: Sequence[Transition], bodies: Mapping[str, bytes]) -> None:
    """The log, and the alarms as they stand: only those that are not normal. What was discovered late says nothing about now."""
    conn.executemany(_TRANSITION, ((t.id, t.site, t.evaluated_ms, bodies[t.id]) for t in transitions))
    last = {t.alarm: t for t in transitions if t.event != "discovered_late"}
    conn.executemany(_ALARM, ((alarm, t.site, bodies[t.id]) for alarm, t in last.items() if t.state != "normal"))
    conn.executemany(_NORMAL, ((alarm,) for alarm, t in last.items() if t.state == "normal"))


def _stock_event_row(event: StockEvent) -> tuple[Any, ...]:
    return f"{event.site}/{event.asset}/{event.source}/{event.event}@{event.event_ms}", event.event_ms, _encode(event)


def _trim(conn: sqlite3.Connection, table: str, keep: int, lost: str = "0", step: int = _STEP) -> int:
    """Remove some of the oldest rows over the bound; returns how many of them satisfied `lost`."""
    oldest = f"SELECT n FROM {table} WHERE n <= (SELECT max(n) FROM {table}) - ? ORDER BY n LIMIT ?"  # noqa: S608 - constants
    rows = conn.execute(f"DELETE FROM {table} WHERE n IN ({oldest}) RETURNING {lost}", (keep, step)).fetchall()  # noqa: S608 - constants
    return sum(row[0] for row in rows)


def _expire(conn: sqlite3.Connection, before_ms: int) -> None:
    conn.execute("DELETE FROM transition WHERE n IN (SELECT n FROM transition WHERE evaluated_ms < ? LIMIT ?)", (before_ms, _STEP))


def _count(conn: sqlite3.Connection, name: str, n: int, label: str = "") -> None:
    if n:
        conn.execute(_COUNT, (name, label, n))
