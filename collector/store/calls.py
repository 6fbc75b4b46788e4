"""Calls, tells and people in the state file. A turn of the exchange is one transaction: what is to be told is told at least once, whatever
moment the process dies at.

A call that is over stays for a day, so that a late answer gets a clear word.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec

from collector.calls import ENDED_KEPT, Call, Person, SentView, Served, Tell
from collector.database import Database
from collector.outputs import Notice

_encode = msgspec.json.Encoder().encode
_call = msgspec.json.Decoder(Call).decode
_CALL = "INSERT OR REPLACE INTO call (occurrence, body) VALUES (?, ?)"
_ENDED = "INSERT OR REPLACE INTO call (occurrence, ended_ms, body) VALUES (?, ?, ?)"
_TELL = "INSERT OR REPLACE INTO tell (person, occurrence, body) VALUES (?, ?, ?)"
_GONE = "DELETE FROM tell WHERE person = ? AND occurrence = ?"
_PERSON = "INSERT OR REPLACE INTO told (person, body) VALUES (?, ?)"
_OLD = "DELETE FROM call WHERE ended_ms < ?"
_OPEN = "SELECT body FROM call WHERE ended_ms IS NULL"
_RECENT = "SELECT body FROM call WHERE ended_ms IS NOT NULL ORDER BY ended_ms DESC LIMIT ?"
_ONE = "SELECT ended_ms, body FROM call WHERE occurrence = ?"
_NOTICES = (
    "SELECT channel, due_ms, attempts, error, coalesce(outcome, ''), outcome_ms, body FROM notice WHERE id >= ? AND id < ? ORDER BY n"
)

KEEP_MS = 86_400_000


class Kept(NamedTuple):
    """What an exchange goes on from."""

    calls: list[Call]
    ended: list[Call]
    tells: list[Tell]
    people: list[Person]


class _Body(msgspec.Struct):
    person: str = ""
    to: str = ""
    step: int = 0
    facts: dict[str, str] = {}


class CallRows:
    """Their rows; `write_notices` puts notices into the outbox in the same transaction."""

    def __init__(self, db: Database, write_notices: Callable[[sqlite3.Connection, Iterable[Notice]], None]) -> None:
        self._db, self._write_notices = db, write_notices

    def serve(self, served: Served) -> None:
        """A turn of the exchange: all of it, or nothing."""
        with self._db.write() as conn:
            write(conn, served.calls)
            conn.executemany(_ENDED, ((call.occurrence, served.at_ms, _encode(call)) for call in served.ended))
            conn.executemany(_GONE, served.gone)
            conn.executemany(_TELL, ((*tell.key, _encode(tell)) for tell in served.tells))
            conn.executemany(_PERSON, ((person.person, _encode(person)) for person in served.people))
            self._write_notices(conn, served.notices)
            if served.ended:
                conn.execute(_OLD, (served.at_ms - KEEP_MS,))

    def kept(self) -> Kept:
        """Everything, for the start."""
        rows = self._db.rows
        return Kept(
            opened(self._db),
            [_call(body) for (body,) in rows(_RECENT, (ENDED_KEPT,))][::-1],
            [msgspec.json.decode(body, type=Tell) for (body,) in rows("SELECT body FROM tell ORDER BY person, occurrence")],
            [msgspec.json.decode(body, type=Person) for (body,) in rows("SELECT body FROM told ORDER BY person")],
        )


def write(conn: sqlite3.Connection, calls: Iterable[Call]) -> None:
    """The calls of a step of the evaluator, or of a turn."""
    conn.executemany(_CALL, ((call.occurrence, _encode(call)) for call in calls))


def one(db: Database, occurrence: str) -> tuple[Call, int | None] | None:
    """A call, and when it ended."""
    for ended_ms, body in db.rows(_ONE, (occurrence,)):
        return _call(body), ended_ms
    return None


def opened(db: Database) -> list[Call]:
    """The calls that are not over."""
    return [_call(body) for (body,) in db.rows(_OPEN)]


def sent(db: Database, occurrence: str) -> list[SentView]:
    """The notices of a call in the order in which they were made."""
    found = []
    for channel, due_ms, attempts, error, outcome, outcome_ms, body in db.rows(_NOTICES, (f"{occurrence}/", f"{occurrence}0")):
        said = msgspec.json.decode(body, type=_Body)
        if said.person:
            kind = said.facts.get("kind", "alarm")
            found.append(SentView(said.person, said.step, channel, said.to, due_ms, attempts, error, outcome, outcome_ms, kind))
    return found
