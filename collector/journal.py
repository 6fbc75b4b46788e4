"""The journal: a durable log of raw messages, with named cursors. One SQLite file.

Invariants
  1. When `append` returns, the batch is on the disk: one transaction, one fsync (WAL, synchronous=FULL). Only then may a broker forget it.
  2. `seq` grows by one per batch, is never used twice, and goes on behind the highest ever seen: also when all rows are gone, or the file
  was damaged.
  3. `received_ms` grows strictly with `seq`, but where a batch begins with `$oxygrid/clock` (collector.receipt says when the clock is
  stepped back).
  4. Rows leave only at the old end. A row that some cursor has not read leaves only when a bound is reached, and is counted, in the same
  transaction.
  5. What can't be read is counted once and stepped over; it never stops those who read.

Layout
  batch    seq → received_ms, number of messages, CRC-32 of the body, body (msgpack, collector.journal_rows)
  cursor   name → seq: everything up to it is done
  counter  name → n: dropped_batches, dropped_messages, damaged_batches, damaged_messages; begin_after (seq); step_seq, step_ms (the last
  step back)

Write
  `append` inserts the row and, in the same transaction, removes a few of the oldest: what every cursor has read and is older than
  `keep_ms`, what is older than `max_age_ms`, and as much as must go for the pages in use to stay within `max_bytes`; at most about twice
  the bytes that it writes, so no append waits for a long removal. Freed pages are used again: the file grows to its bound at most and
  doesn't shrink. The write-ahead log adds some MiB.
  `commit` moves a cursor without an fsync (a second connection, synchronous=NORMAL): a power cut may set a cursor back by a few commits,
  and what is done again is idempotent. The next `append` makes it durable too.

Read
  `read` goes forward from a seq, bounded by batches and by bytes. Other processes read with `open_reader`, while the collector writes.

Damage
  A body that is not what was written (CRC): skipped, counted, its CRC set to NULL. A page that SQLite can't read, at the start or later:
  the file is renamed to `<name>.damaged-<ms>`, a new one is begun, every readable row that some cursor has not read is copied into it,
  and `problems` says so. `seq` goes on behind anything that the old file can have held.

Full disk
  `append` gives up a reserve that it holds on the disk (`<name>.reserve`), with which the write-ahead log can be brought home, and then
  makes room within the file by dropping rows that every cursor has read (the replay window is a luxury then). Where that
  is not enough it raises JournalError, which says how much is free; the next call tries again. Nothing unread is dropped because a disk
  is full.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from collector import database, salvage
from collector.errors import JournalError
from collector.journal_memory import MemoryJournal
from collector.journal_rows import DAY_MS, READ_BYTES, Bounds, Removal, Row, Step, decode_body, encode_body, removal
from collector.ports import JournalStats
from collector.receipt import clock_record, receipt
from collector.records import Batch, Message

__all__ = ["FORMAT", "JournalReader", "MemoryJournal", "SqliteJournal"]

T = TypeVar("T")

RESERVE_EVERY_MS = 60_000

FORMAT = database.Format(
    "journal",
    0x4F784A31,
    (
        (
            "CREATE TABLE batch (seq INTEGER PRIMARY KEY, received_ms INTEGER NOT NULL,"
            " messages INTEGER NOT NULL, crc INTEGER, body BLOB NOT NULL)",
            "CREATE TABLE cursor (name TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID",
            "CREATE TABLE counter (name TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID",
        ),
    ),
)

_INSERT = "INSERT INTO batch (seq, received_ms, messages, crc, body) VALUES (?, ?, ?, ?, ?)"
_READ = "SELECT seq, received_ms, crc, body FROM batch WHERE seq > ? ORDER BY seq LIMIT ?"
_OLDEST = "SELECT seq, received_ms, messages, length(body) + 40 FROM batch WHERE seq >= ? AND seq < ? ORDER BY seq LIMIT 16"
_REMOVE = "DELETE FROM batch WHERE seq <= ?"
_NEWEST = "SELECT seq, received_ms FROM batch ORDER BY seq DESC LIMIT 1"
_FIRST = "SELECT seq, received_ms FROM batch ORDER BY seq LIMIT 1"
_COMMIT = "INSERT INTO cursor (name, seq) VALUES (?, ?) ON CONFLICT DO UPDATE SET seq = excluded.seq"
_COUNT = "INSERT INTO counter (name, n) VALUES (?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n"
_SET = "INSERT INTO counter (name, n) VALUES (?, ?) ON CONFLICT DO UPDATE SET n = excluded.n"
_MARK = "UPDATE batch SET crc = NULL WHERE seq = ? AND crc IS NOT NULL RETURNING messages"


class JournalReader:
    """The journal as another process sees it. Every method raises JournalError where the file can't be read."""

    def __init__(self, conn: sqlite3.Connection, path: Path) -> None:
        self._conn = conn
        self._path = path

    def read(self, after: int, limit: int = 64, max_bytes: int = READ_BYTES) -> list[Batch]:
        return _translated(lambda: _read(self._conn, after, limit, max_bytes)[0], self._path)

    def cursor(self, name: str) -> int:
        return self.stats().cursors.get(name, 0)

    def stats(self) -> JournalStats:
        return _translated(lambda: _stats(self._conn, self._path), self._path)

    def close(self) -> None:
        self._conn.close()


class SqliteJournal:
    """The journal on disk; one process at a time (UserError otherwise), one thread at a time. `problems` says in words what had to be
    mended."""

    def __init__(
        self,
        path: Path,
        *,
        max_bytes: int = 4 * 2**30,
        max_age_ms: int = 30 * DAY_MS,
        keep_ms: int = DAY_MS,
        reserve_bytes: int = 16 * 2**20,
    ) -> None:
        self._path = Path(path)
        self._reserve = database.Reserve(self._path, reserve_bytes)
        self._reserve_due_ms = 0
        self._tight_bytes: int | None = None
        self._bounds = Bounds(max_bytes, max_age_ms, keep_ms)
        self._previous_now_ms: int | None = None
        self._last_seq = self._last_ms = 0
        self._step: Step | None = None
        self._cursors: dict[str, int] = {}
        self.problems: list[str] = []
        self._lock = database.FileLock(self._path)
        try:
            self._open()
        except BaseException:
            self._lock.release()
            raise

    @staticmethod
    def open_reader(path: Path) -> JournalReader:
        """Raises UserError where there is no journal."""
        return JournalReader(database.open_reader(Path(path), FORMAT), Path(path))

    def append(self, messages: Sequence[Message], now_ms: int) -> Batch:
        """On disk when it returns. Raises JournalError where it can't be: nothing was written then, and the same may be tried again."""
        batch = self._attempt(lambda: self._append(messages, now_ms))
        self._previous_now_ms = now_ms
        if batch.received_ms >= self._reserve_due_ms:
            if self._reserve.take():
                self._tight_bytes = None
            self._reserve_due_ms = batch.received_ms + RESERVE_EVERY_MS
        return batch

    def read(self, after: int, limit: int = 64, max_bytes: int = READ_BYTES) -> list[Batch]:
        """Batches with seq > after, oldest first: at most `limit`, and no more than `max_bytes` of bodies but always one. Empty: nothing
        is there."""
        batches, damaged = self._attempt(lambda: _read(self._conn, after, limit, max_bytes))
        if damaged:
            self._attempt(lambda: self._count_damaged(damaged))
        return batches

    def cursor(self, name: str) -> int:
        return self._cursors.get(name, 0)

    def commit(self, name: str, seq: int) -> None:
        """Durable with the next append, not before (see Write above)."""
        self._attempt(lambda: self._lazy.execute(_COMMIT, (name, seq)))
        self._cursors[name] = seq

    def forget(self, name: str) -> None:
        """Drop the cursor of something that is no longer configured, lest it hold rows back."""
        self._attempt(lambda: self._lazy.execute("DELETE FROM cursor WHERE name = ?", (name,)))
        self._cursors.pop(name, None)

    def begin_after(self, seq: int) -> None:
        """The next batch gets a higher number than `seq`: told at the start by who keeps a cursor elsewhere, lest a lost journal begin at
        1 again."""
        if seq > self._last_seq:
            self.problems.append(
                f"{self._path}: ends at batch {self._last_seq}, but batch {seq} was already worked on: the end of the journal was lost"
            )
            self._attempt(lambda: self._conn.execute(_SET, ("begin_after", seq)))
            self._last_seq = seq

    def stats(self) -> JournalStats:
        return self._attempt(lambda: _stats(self._conn, self._path))

    def close(self) -> None:
        self._lazy.close()
        self._conn.close()
        self._lock.release()

    def _open(self) -> None:
        try:
            self._conn = database.open_database(self._path, FORMAT, "FULL")
            try:
                self._load()
            except sqlite3.Error:
                self._conn.close()
                raise
        except sqlite3.Error as exc:
            if not database.is_damage(exc):
                raise JournalError(database.explain(exc, self._path)) from exc
            self._begin_anew(str(exc))
        self._lazy = database.open_database(self._path, FORMAT, "NORMAL")

    def _load(self) -> None:
        """What is kept in memory: the end of the log, the cursors, the last step of the clock."""
        counters = _counters(self._conn)
        self._cursors = _cursors(self._conn)
        newest = self._conn.execute(_NEWEST).fetchone() or (0, 0)
        self._last_ms = int(newest[1])
        self._last_seq = max(int(newest[0]), counters.get("begin_after", 0), *self._cursors.values(), 0)
        self._step = Step(counters["step_seq"], counters["step_ms"]) if "step_seq" in counters else None

    def _append(self, messages: Sequence[Message], now_ms: int) -> Batch:
        stamp = receipt(now_ms, self._last_ms, self._previous_now_ms)
        batch = Batch(self._last_seq + 1, stamp.received_ms, [*clock_record(stamp), *messages])
        step = self._step if stamp.stepped_from_ms is None else Step(batch.seq, stamp.received_ms)
        body, crc = encode_body(batch.messages)
        with database.transaction(self._conn):
            self._make_room(len(body), batch.received_ms, step)
            self._conn.execute(_INSERT, (batch.seq, batch.received_ms, len(batch.messages), crc, body))
            if step is not self._step and step is not None:
                self._conn.executemany(_SET, [("step_seq", step.seq), ("step_ms", step.received_ms)])
        self._last_seq, self._last_ms, self._step = batch.seq, batch.received_ms, step
        return batch

    def _make_room(self, new_bytes: int, now_ms: int, step: Step | None) -> None:
        """Remove what the bounds take, and on a full disk as much of what every cursor has read as is to be written."""
        self._shrink(self._bounds.max_bytes, self._last_seq, new_bytes, now_ms, step)
        if self._tight_bytes is not None:
            self._shrink(self._tight_bytes, self._slowest(), new_bytes, now_ms, step)

    def _shrink(self, max_bytes: int, upto: int, new_bytes: int, now_ms: int, step: Step | None) -> None:
        """Remove rows up to `upto`, and no more than about twice `new_bytes` at once."""
        excess = min(_used_bytes(self._conn) + new_bytes - max_bytes, 2 * new_bytes + 65_536)
        first = 0
        while rows := [Row(*r) for r in self._conn.execute(_OLDEST, (first, upto + 1))]:
            gone = removal(rows, self._bounds, self._slowest(), now_ms, excess_bytes=excess, step=step)
            self._remove(gone)
            excess -= gone.bytes
            first = gone.upto
            if excess <= 0 or gone.rows < len(rows):
                return

    def _slowest(self) -> int:
        """What every cursor has read."""
        return min(self._cursors.values(), default=0)

    def _remove(self, gone: Removal) -> None:
        if gone.rows:
            self._conn.execute(_REMOVE, (gone.upto,))
        if gone.batches:
            self._conn.executemany(_COUNT, [("dropped_batches", gone.batches), ("dropped_messages", gone.messages)])

    def _attempt(self, action: Callable[[], T]) -> T:
        """Do it; where the file is damaged or the disk full, mend that and do it once more. Raises JournalError."""
        try:
            return action()
        except sqlite3.Error as exc:
            if not self._remedy(exc):
                raise JournalError(database.explain(exc, self._path)) from exc
        return _translated(action, self._path)

    def _remedy(self, exc: sqlite3.Error) -> bool:
        try:
            if database.is_damage(exc):
                self._conn.close()
                self._lazy.close()
                self._begin_anew(str(exc))
                self._lazy = database.open_database(self._path, FORMAT, "NORMAL")
                return True
            return database.is_full(exc) and self._give_up_replay()
        except sqlite3.Error:
            return False

    def _give_up_replay(self) -> bool:
        """On a full disk: bring the write-ahead log home, and from now on grow no more until the reserve can be held again."""
        self._reserve.give_up()
        self._conn.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
        with database.transaction(self._conn):
            rows = self._conn.execute(_OLDEST, (0, min(self._last_seq, self._slowest() + 1))).fetchall()
            if rows:
                self._conn.execute(_REMOVE, (rows[-1][0],))
            self._tight_bytes = _used_bytes(self._conn)
        self._conn.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
        return True

    def _begin_anew(self, reason: str) -> None:
        """The damaged file goes aside; what is readable of it, and some cursor has not read, comes along."""
        size = self._path.stat().st_size
        aside = salvage.set_aside(self._path)
        begun_ms = int(aside.name.rpartition("-")[2])
        self._conn = database.open_database(self._path, FORMAT, "FULL")
        salvage.salvage(aside, self._conn, ["cursor", "counter"])
        slowest = min(_cursors(self._conn).values(), default=0)
        rows = salvage.salvage(aside, self._conn, ["batch"], {"batch": slowest})["batch"]
        self._load()
        # Every row took at least one byte, so the old file can't have held a seq beyond this; where nothing was readable, a time in ms is
        # beyond any count.
        self._conn.execute(_SET, ("begin_after", self._last_seq + size if self._last_seq else begun_ms))
        self._load()
        missing = "" if rows.complete else ", some could not be read"
        self.problems.append(
            f"{self._path}: damaged ({reason}); moved to {aside.name}, {rows.rows} batches copied into a new journal{missing}"
        )

    def _count_damaged(self, seqs: list[int]) -> None:
        with database.transaction(self._conn):
            for seq in seqs:
                for (messages,) in self._conn.execute(_MARK, (seq,)).fetchall():
                    self._conn.executemany(_COUNT, [("damaged_batches", 1), ("damaged_messages", messages)])


def _read(conn: sqlite3.Connection, after: int, limit: int, max_bytes: int) -> tuple[list[Batch], list[int]]:
    """Batches, and the seqs of rows that were stepped over and not yet counted. Goes on until there is a good one, or no more."""
    batches: list[Batch] = []
    damaged: list[int] = []
    with closing(conn.execute(_READ, (after, -1))) as rows:
        for seq, received_ms, crc, body in rows:
            max_bytes -= len(body)
            if batches and max_bytes < 0:
                break
            messages = decode_body(body, crc)
            if messages is not None:
                batches.append(Batch(seq, received_ms, messages))
            elif crc is not None:
                damaged.append(seq)
            if len(batches) >= limit:
                break
    return batches, damaged


def _stats(conn: sqlite3.Connection, path: Path) -> JournalStats:
    counters, cursors = _counters(conn), _cursors(conn)
    newest = conn.execute(_NEWEST).fetchone() or (0, None)
    last = max(int(newest[0]), counters.get("begin_after", 0), *cursors.values(), 0)
    first = conn.execute(_FIRST).fetchone() or (last + 1, None)
    size = sum(part.stat().st_size for part in (path, path.with_name(path.name + "-wal")) if part.exists())
    names = ("dropped_batches", "dropped_messages", "damaged_batches", "damaged_messages")
    dropped_batches, dropped_messages, damaged_batches, damaged_messages = (counters.get(name, 0) for name in names)
    return JournalStats(
        first_seq=first[0],
        last_seq=last,
        bytes=size,
        dropped_batches=dropped_batches,
        dropped_messages=dropped_messages,
        cursors=cursors,
        oldest_ms=first[1],
        damaged_batches=damaged_batches,
        damaged_messages=damaged_messages,
    )


def _counters(conn: sqlite3.Connection) -> dict[str, int]:
    return dict(conn.execute("SELECT name, n FROM counter").fetchall())


def _cursors(conn: sqlite3.Connection) -> dict[str, int]:
    return dict(conn.execute("SELECT name, seq FROM cursor").fetchall())


def _used_bytes(conn: sqlite3.Connection) -> int:
    pages, free, size = (int(conn.execute(f"PRAGMA {name}").fetchone()[0]) for name in ("page_count", "freelist_count", "page_size"))
    return (pages - free) * size


def _translated(action: Callable[[], T], path: Path) -> T:
    try:
        return action()
    except sqlite3.Error as exc:
        raise JournalError(database.explain(exc, path)) from exc
