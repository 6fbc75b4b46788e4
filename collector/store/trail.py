"""The audit trail in the state file: rows are put behind the last one, in the transaction of the step that they belong to.

The head (number and hash of the last row) is kept in `meta`. A row is known by its place in the journal, so a batch that is folded again
adds nothing. Over the bound the oldest rows go, some at a time, and an entry says up to which row, and what the hash of that was, so that
the chain can be checked from there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from collector.audit import EMPTY, Head, chain, encode, head_in
from collector.outputs import TrailEntry

_ROW = "INSERT INTO audit (n, at_ms, seq, nth, body, hash) VALUES (?, ?, ?, ?, ?, ?)"
_META = "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)"
_GET_META = "SELECT value FROM meta WHERE key = ?"
_KNOWN = "SELECT seq, nth FROM audit WHERE seq BETWEEN ? AND ?"
_FLOOR = "SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'audit_floor'"
_LAST = "SELECT n, CAST(hash AS BLOB) FROM audit WHERE n <= ? ORDER BY n DESC LIMIT 1"
_EVER = 2**62
_REMOVE = "DELETE FROM audit WHERE n <= ? RETURNING seq"
_SHARE = 2_000
"""One part in so many of the bound is removed at once: an entry about it is rare, and no step waits for a long removal."""


class Trail:
    """`head` is the end of the chain on disk. Who calls `append` sets it to what came back, once the transaction is over."""

    def __init__(self, conn: sqlite3.Connection, limit: int) -> None:
        self._limit = limit
        self.head = _head(conn)

    def append(self, conn: sqlite3.Connection, entries: Iterable[TrailEntry]) -> Head:
        """Put what is new behind the last row; returns the new head."""
        ordered = sorted(entries, key=lambda entry: (entry.seq, entry.nth))
        if not ordered:
            return self.head
        known = set(conn.execute(_KNOWN, (ordered[0].seq, ordered[-1].seq)))
        floor = (conn.execute(_FLOOR).fetchone() or (-1,))[0]
        new = [entry for entry in ordered if (entry.seq, entry.nth) not in known and entry.seq > floor]
        if not new:
            return self.head
        head = Head(max(self.head.n, _last(conn, _EVER).n), self.head.hash)  # a row that somebody put in meanwhile takes no number of ours
        for entry in new:
            head = _put(conn, head, entry)
        head = self._trim(conn, head, new[-1].at_ms)
        conn.execute(_META, ("audit_head", str(head)))
        return head

    def _trim(self, conn: sqlite3.Connection, head: Head, at_ms: int) -> Head:
        (first,) = conn.execute("SELECT min(n) FROM audit").fetchone()
        over = head.n - first + 1 - self._limit
        if over <= 0:
            return head
        through, removed = _last(conn, first + over + self._limit // _SHARE)
        seqs = [seq for (seq,) in conn.execute(_REMOVE, (through,)).fetchall()]
        conn.execute(_META, ("audit_floor", str(max(seqs))))
        what = f"{len(seqs)} rows, the oldest, were removed to keep within {self._limit}"
        return _put(conn, head, TrailEntry(kind="trimmed", at_ms=at_ms, seq=0, nth=through, what=what, through=through, hash=removed.hex()))


def configuration(conn: sqlite3.Connection) -> tuple[str, str]:
    """The digests of the rules and the sites that were last entered; empty where none were."""
    rules, _, sites = (_meta(conn, "audit_configuration") or "").partition(" ")
    return rules, sites


def last_seq(conn: sqlite3.Connection) -> int:
    """The highest batch of the journal that the trail knows of."""
    return int(conn.execute("SELECT ifnull(max(seq), 0) FROM audit").fetchone()[0])


def _put(conn: sqlite3.Connection, head: Head, entry: TrailEntry) -> Head:
    body = encode(entry)
    after = Head(head.n + 1, chain(head.hash, body))
    conn.execute(_ROW, (after.n, entry.at_ms, entry.seq, entry.nth, body, after.hash))
    if entry.rules:
        conn.execute(_META, ("audit_configuration", f"{entry.rules} {entry.sites}"))
    return after


def _head(conn: sqlite3.Connection) -> Head:
    """Where to go on. After damage the head that is kept may know of rows that are lost, or the rows of more than it: the farther counts,
    so that no number comes twice and the gap stays to be seen."""
    kept = head_in(_meta(conn, "audit_head") or "") or EMPTY
    last = _last(conn, _EVER)
    return last if last.n > kept.n else kept


def _last(conn: sqlite3.Connection, n: int) -> Head:
    """The last row up to number `n`."""
    return Head(*(conn.execute(_LAST, (n,)).fetchone() or EMPTY))


def _meta(conn: sqlite3.Connection, key: str) -> str | None:
    row = conn.execute(_GET_META, (key,)).fetchone()
    return row[0] if row else None
