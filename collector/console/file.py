"""The console's own file: accounts, sessions, tokens, comments, who did what. Its layout, and one transaction at a time."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from collector import database
from collector.database import Database
from collector.errors import UserError

_LAYOUT = """
CREATE TABLE account (name TEXT PRIMARY KEY, body BLOB NOT NULL, hash TEXT NOT NULL);
CREATE TABLE session (token BLOB PRIMARY KEY, account TEXT NOT NULL, begun_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL,
    csrf TEXT NOT NULL);
CREATE TABLE link (token BLOB PRIMARY KEY, account TEXT NOT NULL, until_ms INTEGER NOT NULL);
CREATE TABLE failure (key TEXT PRIMARY KEY, count INTEGER NOT NULL, last_ms INTEGER NOT NULL);
CREATE TABLE event (n INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, account TEXT NOT NULL, what TEXT NOT NULL);
"""
_TOKENS_AND_COMMENTS = """
CREATE TABLE api_token (name TEXT PRIMARY KEY, hash BLOB UNIQUE NOT NULL, body BLOB NOT NULL);
CREATE TABLE comment (n INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, alarm TEXT NOT NULL, body BLOB NOT NULL);
CREATE INDEX comment_alarm ON comment (alarm, n);
"""
_OPENID_CONNECT = """
CREATE TABLE attempt (browser BLOB PRIMARY KEY, back TEXT NOT NULL, until_ms INTEGER NOT NULL);
CREATE TABLE subject (account TEXT NOT NULL, issuer TEXT NOT NULL, subject TEXT NOT NULL, PRIMARY KEY (account, issuer));
"""
FORMAT = database.Format("console", 0x4F784331, tuple(map(database.statements, (_LAYOUT, _TOKENS_AND_COMMENTS, _OPENID_CONNECT))))

EVENTS_KEPT = 50_000


class ConsoleFile(Database):
    """Several threads use it; their transactions wait for each other."""

    def __init__(self, path: Path) -> None:
        """Raises UserError where it can't be opened."""
        try:
            conn = database.open_database(path, FORMAT, "FULL")
        except sqlite3.Error as exc:
            mend = "; `oxygrid console run` mends it at its start" if database.is_damage(exc) else ""
            raise UserError(f"{database.explain(exc, path)}{mend}") from exc
        super().__init__(conn, path)
        self._one_at_a_time = threading.Lock()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        with self._one_at_a_time, super().write() as conn:
            yield conn


def note(conn: sqlite3.Connection, at_ms: int, account: str, what: str) -> None:
    """Into the console's own log of who did what."""
    conn.execute("INSERT INTO event (at_ms, account, what) VALUES (?, ?, ?)", (at_ms, account, what))
    conn.execute("DELETE FROM event WHERE n <= (SELECT max(n) FROM event) - ?", (EVENTS_KEPT,))


def hashed(token: str) -> bytes:
    """What is kept of a token: 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
