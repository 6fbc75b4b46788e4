"""The collector's state, read: by the collector itself and, beside it, by the command line in another process."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from collector import database
from collector.audit import Head, Row, head_in
from collector.calls import Call, SentView
from collector.database import Database
from collector.outputs import SiteSnapshot, StockEstimate, StockEvent, Transition
from collector.ports import Rejected
from collector.store import calls, notices
from collector.store.state_rows import Quarantined, UnknownAsset
from collector.views import NoticeView

T = TypeVar("T")

_AUDIT_ROWS = "SELECT n, at_ms, seq, nth, CAST(body AS BLOB), CAST(hash AS BLOB) FROM audit WHERE n > ? AND at_ms >= ? ORDER BY n LIMIT ?"
_AUDIT_BEFORE = "SELECT n, at_ms, seq, nth, CAST(body AS BLOB), CAST(hash AS BLOB) FROM audit WHERE n < ? ORDER BY n DESC LIMIT ?"
_LAST = 2**63 - 1
_EVER_MS = -(2**63)
_AT_ONCE = 5_000  # rows of the audit trail that one look brings

_FIRST_LAYOUT = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE counter (name TEXT, label TEXT, n INTEGER NOT NULL, PRIMARY KEY (name, label)) WITHOUT ROWID;

CREATE TABLE snapshot (site TEXT PRIMARY KEY, cursor INTEGER NOT NULL, state BLOB NOT NULL);
CREATE TABLE alarm (alarm TEXT PRIMARY KEY, site TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE transition (n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, site TEXT NOT NULL,
    evaluated_ms INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX transition_time ON transition (evaluated_ms);
CREATE TABLE stock (site TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE stock_event (n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, event_ms INTEGER NOT NULL, body BLOB NOT NULL);

CREATE TABLE notice (n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, channel TEXT NOT NULL, due_ms INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT '', outcome TEXT, outcome_ms INTEGER, body BLOB NOT NULL);
CREATE INDEX notice_due ON notice (channel, due_ms) WHERE outcome IS NULL;
CREATE TABLE export (n INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL);
CREATE TABLE dirty (kind TEXT, site TEXT, window_ms INTEGER, mark INTEGER NOT NULL, PRIMARY KEY (kind, site, window_ms)) WITHOUT ROWID;
CREATE INDEX dirty_time ON dirty (window_ms);

CREATE TABLE quarantine (seq INTEGER, idx INTEGER, signal TEXT, nth INTEGER, at_ms INTEGER NOT NULL, topic TEXT NOT NULL,
    reason TEXT NOT NULL, detail TEXT NOT NULL, sample BLOB NOT NULL, PRIMARY KEY (seq, idx, signal, nth)) WITHOUT ROWID;
CREATE TABLE unknown_asset (site TEXT, asset TEXT, last_ms INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (site, asset)) WITHOUT ROWID;
CREATE TABLE rejected_line (n INTEGER PRIMARY KEY AUTOINCREMENT, line TEXT UNIQUE NOT NULL, reason TEXT NOT NULL, at_ms INTEGER NOT NULL);
"""

_AUDIT_TRAIL = """
CREATE TABLE audit (n INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, seq INTEGER NOT NULL, nth INTEGER NOT NULL, body BLOB NOT NULL,
    hash BLOB NOT NULL, UNIQUE (seq, nth));
"""

_CALLS = """
ALTER TABLE notice ADD COLUMN rank INTEGER NOT NULL DEFAULT 0;
CREATE INDEX notice_rank ON notice (channel, rank DESC, due_ms) WHERE outcome IS NULL;
CREATE TABLE call (occurrence TEXT PRIMARY KEY, ended_ms INTEGER, body BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX call_ended ON call (ended_ms) WHERE ended_ms IS NOT NULL;
CREATE TABLE tell (person TEXT, occurrence TEXT, body BLOB NOT NULL, PRIMARY KEY (person, occurrence)) WITHOUT ROWID;
CREATE TABLE told (person TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
"""
"""Alarms that somebody is to answer, words that wait for their message, and what is remembered of people."""

_ALARM_LOG = (
    "SELECT evaluated_ms, n, body FROM transition WHERE (evaluated_ms, n) > (?, ?) AND evaluated_ms < ? ORDER BY evaluated_ms, n LIMIT 1000"
)
_ALARMS_AT = (
    "SELECT body FROM transition WHERE n IN (SELECT max(n) FROM transition"
    " WHERE n <= (SELECT max(n) FROM transition WHERE evaluated_ms < ?) AND id NOT LIKE '%/discovered_late'"
    " GROUP BY substr(id, 1, instr(id, '@') - 1)) ORDER BY n"
)
"""`id` and `n` alone are read to find them: both are in the index of `id`."""

FORMAT = database.Format("state", 0x4F785331, tuple(map(database.statements, (_FIRST_LAYOUT, _AUDIT_TRAIL, _CALLS))))


class StateReader:
    """Raises JournalError where the file can't be read."""

    def __init__(self, db: Database) -> None:
        self._db = db

    @staticmethod
    def open_reader(path: Path) -> StateReader:
        """For a process beside the collector: read-only. Raises UserError where there is no state."""
        return StateReader(Database(database.open_reader(Path(path), FORMAT), Path(path)))

    def snapshots(self) -> list[SiteSnapshot]:
        return [SiteSnapshot(*row) for row in self._db.rows("SELECT site, cursor, state FROM snapshot ORDER BY site")]

    def alarms(self, site: str | None = None) -> list[Transition]:
        """The last transition of every alarm that is not normal."""
        return self._bodies("SELECT body FROM alarm WHERE ? IN (site, '') ORDER BY alarm", (site or "",), Transition)

    def transitions(self, since_ms: int = 0, limit: int = 1000) -> list[Transition]:
        """The log of alarms from `since_ms` (of evaluation) on, oldest first; where there are more than `limit`, the newest."""
        statement = "SELECT body FROM transition WHERE evaluated_ms >= ? ORDER BY evaluated_ms DESC, n DESC LIMIT ?"
        return self._bodies(statement, (since_ms, limit), Transition)[::-1]

    def alarm_log(self, since_ms: int, until_ms: int) -> Iterator[Transition]:
        """The log of alarms of a period (of evaluation; without its last millisecond), oldest first, a page at a time."""
        place = (since_ms, 0)
        while page := self._db.rows(_ALARM_LOG, (*place, until_ms)):
            for *_, body in page:
                yield msgspec.json.decode(body, type=Transition)
            place = (page[-1][0], page[-1][1])

    def alarms_at(self, at_ms: int) -> list[Transition]:
        """The last transition of every alarm that was not normal at that time, as far as the log reaches back."""
        last = self._bodies(_ALARMS_AT, (at_ms,), Transition)
        return [transition for transition in last if transition.state != "normal"]

    def first_transition_ms(self) -> int | None:
        """How far the log of alarms reaches back (time of evaluation)."""
        first_ms: int | None = self._db.rows("SELECT min(evaluated_ms) FROM transition")[0][0]
        return first_ms

    def quarantined(self, limit: int = 100) -> list[Quarantined]:
        """The newest first."""
        columns = "seq, idx, at_ms, topic, reason, detail, nullif(signal, ''), sample"
        statement = f"SELECT {columns} FROM quarantine ORDER BY seq DESC, idx DESC, signal DESC, nth DESC LIMIT ?"  # noqa: S608 - a constant
        return [Quarantined(*row) for row in self._db.rows(statement, (limit,))]

    def rejected_lines(self, limit: int = 100) -> list[Rejected]:
        """What the time-series store refused, newest first."""
        return [Rejected(*row) for row in self._db.rows("SELECT line, reason FROM rejected_line ORDER BY n DESC LIMIT ?", (limit,))]

    def unknown_assets(self) -> list[UnknownAsset]:
        return self._bodies("SELECT body FROM unknown_asset ORDER BY site, asset", (), UnknownAsset)

    def stock(self) -> dict[str, StockEstimate]:
        """The latest estimate of each site."""
        return {e.site: e for e in self._bodies("SELECT body FROM stock ORDER BY site", (), StockEstimate)}

    def stock_events(self, since_ms: int = 0, limit: int = 1000) -> list[StockEvent]:
        """Oldest first; where there are more than `limit`, the newest."""
        statement = "SELECT body FROM stock_event WHERE event_ms >= ? ORDER BY n DESC LIMIT ?"
        return self._bodies(statement, (since_ms, limit), StockEvent)[::-1]

    def counters(self) -> dict[str, dict[str, int]]:
        """Counts kept for ever: name → label → n. `quarantined` by reason; `quarantine_dropped` by reason; `notices` by outcome;
        `exports_dropped`,
        `notices_dropped`, `unknown_assets_dropped`, `rejected_lines` with an empty label."""
        found: dict[str, dict[str, int]] = {}
        for name, label, n in self._db.rows("SELECT name, label, n FROM counter ORDER BY name, label"):
            found.setdefault(name, {})[label] = n
        return found

    def waiting(self) -> dict[str, int]:
        """What waits to be done: notices, exports, windows to roll up."""
        statements = {
            "notices": "SELECT count(*) FROM notice WHERE outcome IS NULL",
            "exports": "SELECT count(*) FROM export",
            "windows": "SELECT count(*) FROM dirty",
        }
        return {name: self._db.rows(statement)[0][0] for name, statement in statements.items()}

    def call(self, occurrence: str) -> tuple[Call, int | None] | None:
        """A call, and when it ended; for a day after that."""
        return calls.one(self._db, occurrence)

    def open_calls(self) -> list[Call]:
        """Those that are not over."""
        return calls.opened(self._db)

    def sent_of(self, occurrence: str) -> list[SentView]:
        """The notices of a call to people, and what became of them."""
        return calls.sent(self._db, occurrence)

    def notices(self, limit: int, *, site: str | None = None, person: str | None = None, waiting: bool = False) -> list[NoticeView]:
        """The newest notices, and what became of each."""
        return notices.newest(self._db, limit, site=site, person=person, waiting=waiting)

    def audit_rows(self, since_ms: int = _EVER_MS) -> Iterator[Row]:
        """The rows of the audit trail of that time and later, oldest first. A million of them are never in memory at once."""
        last = _EVER_MS
        while rows := self._db.rows(_AUDIT_ROWS, (last, since_ms, _AT_ONCE)):
            yield from itertools.starmap(Row, rows)
            last = rows[-1][0]

    def audit_before(self, n: int | None, limit: int) -> list[Row]:
        """The rows of the audit trail before that number, or up to its end; the newest first."""
        return [*itertools.starmap(Row, self._db.rows(_AUDIT_BEFORE, (_LAST if n is None else n, limit)))]

    def audit_head(self) -> Head | None:
        """The end of the audit trail as it is kept beside the rows; None where none is kept, or it can't be read."""
        return next((head_in(value) for (value,) in self._db.rows("SELECT value FROM meta WHERE key = 'audit_head'")), None)

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """What is read meanwhile is of one moment, whatever a collector writes. For a process beside it."""
        with self._db.translated():
            self._db.conn.execute("BEGIN")
            try:
                yield
            finally:
                self._db.conn.execute("ROLLBACK")

    def close(self) -> None:
        self._db.conn.close()

    def _bodies(self, statement: str, values: tuple[Any, ...], what: type[T]) -> list[T]:
        return [msgspec.json.decode(body, type=what) for (body,) in self._db.rows(statement, values)]
