"""A file that SQLite can't read is moved aside, and what is readable of it is copied into a new one.

A collector in a hospital must come back by itself after a power cut or on a memory card that rots, without anybody deleting files.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from collector.database import Damaged, Format, Synchronous, explain, is_damage, open_database, tables, transaction
from collector.errors import UserError

_SUFFIXES = ("", "-wal", "-shm")
_KEPT_DAMAGED = 2
_CHECKED_WHOLE = 64 * 2**20  # bytes of a file that is checked from end to end at the start: a fraction of a second
_PATIENCE = 4_096  # unreadable keys tried one by one before salvage takes ever longer strides


class Opened(NamedTuple):
    """A connection, and in words what had to be mended; `aside` is where a damaged file went, `lost` whether rows of it couldn't be
    read."""

    conn: sqlite3.Connection
    problems: list[str]
    aside: Path | None = None


class Salvaged(NamedTuple):
    rows: int
    complete: bool


def open_or_mend(path: Path, form: Format, synchronous: Synchronous) -> Opened:
    """Like `open_database`; a damaged file is moved aside and every readable row of it copied into a new one."""
    try:
        conn = open_database(path, form, synchronous)
        try:
            _check_whole(conn, path)
        except sqlite3.Error:
            conn.close()
            raise
        return Opened(conn, [])
    except sqlite3.Error as exc:
        if not is_damage(exc):
            raise UserError(explain(exc, path)) from exc
        reason = str(exc)
    aside = set_aside(path)
    conn = open_database(path, form, synchronous)
    salvaged = salvage(aside, conn, tables(conn))
    rows = sum(s.rows for s in salvaged.values())
    whole = "" if all(s.complete for s in salvaged.values()) else ", not all of it was readable"
    text = f"{path}: damaged ({reason}); moved to {aside.name}, {rows} rows copied into a new {form.name}{whole}"
    return Opened(conn, [text], aside)


def set_aside(path: Path) -> Path:
    """Rename a damaged file (with its write-ahead log) to `<name>.damaged-<time of its last change, ms>`; keep the newest two such
    files."""
    ms = path.stat().st_mtime_ns // 1_000_000
    while (aside := path.with_name(f"{path.name}.damaged-{ms}")).exists():
        ms += 1
    for suffix in _SUFFIXES:
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    older = sorted(p for p in path.parent.glob(f"{path.name}.damaged-*") if p.name.rpartition("-")[2].isdigit())
    for name in older[:-_KEPT_DAMAGED]:
        for suffix in _SUFFIXES:
            name.with_name(name.name + suffix).unlink(missing_ok=True)
    return aside


def salvage(damaged: Path, conn: sqlite3.Connection, names: list[str], after: dict[str, int] | None = None) -> dict[str, Salvaged]:
    """Copy every readable row of those tables from the damaged file. `after`: only rows with a higher key, per table (an integer key)."""
    found: dict[str, Salvaged] = {}
    with closing(sqlite3.connect(damaged, isolation_level=None, timeout=10.0)) as old:
        old.execute("PRAGMA cell_size_check = ON")
        for name in names:
            with transaction(conn):
                found[name] = _salvage_table(old, conn, name, (after or {}).get(name))
    return found


def _salvage_table(old: sqlite3.Connection, conn: sqlite3.Connection, name: str, after: int | None) -> Salvaged:
    columns = list(conn.execute(f"PRAGMA table_info({name})"))
    key = [c[1] for c in sorted(columns, key=lambda c: int(c[5])) if c[5]]
    integer_key = len(key) == 1 and any(c[1] == key[0] and c[2] == "INTEGER" for c in columns)
    names = ", ".join(c[1] for c in columns)
    insert = f"INSERT OR IGNORE INTO {name} ({names}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608 - names of our own layout
    select = f"SELECT {names} FROM {name}"  # noqa: S608
    rows = complete = 0
    source = _stride(old, select, key[0], after) if integer_key else _from_both_ends(old, select, ", ".join(key))
    for row in source:
        if row is None:
            complete -= 1
        else:
            rows += conn.execute(insert, row).rowcount
    return Salvaged(rows, complete == 0)


def _stride(old: sqlite3.Connection, select: str, key: str, after: int | None) -> Iterator[tuple[object, ...] | None]:
    """Rows by ascending integer key, stepping over what can't be read (a None for each such place)."""
    position, step, failures = -1 if after is None else after, 1, 0
    statement = f"{select} WHERE {key} > ? ORDER BY {key}"
    index = _column_of(select, key)
    while position < 2**62:
        try:
            for row in old.execute(statement, (position,)):
                position, step, failures = int(row[index]), 1, 0
                yield row
        except sqlite3.Error:
            failures += 1
            step = 1 if failures < _PATIENCE else step * 2
            position += step
            yield None
        else:
            return


def _from_both_ends(old: sqlite3.Connection, select: str, key: str) -> Iterator[tuple[object, ...] | None]:
    descending = ", ".join(f"{part} DESC" for part in key.split(", "))
    for order in (key, descending):
        try:
            yield from old.execute(f"{select} ORDER BY {order}")
        except sqlite3.Error:
            yield None
        else:
            return


def _column_of(select: str, key: str) -> int:
    return select.removeprefix("SELECT ").partition(" FROM ")[0].split(", ").index(key)


def _check_whole(conn: sqlite3.Connection, path: Path) -> None:
    """Raises sqlite3.Error where a page of a small file is not what it should be; a large one is only tried table by table."""
    if path.stat().st_size > _CHECKED_WHOLE:
        for name in tables(conn):
            conn.execute(f"SELECT * FROM {name} LIMIT 1").fetchall()  # noqa: S608 - names of our own layout
        return
    (words,) = conn.execute("PRAGMA quick_check(1)").fetchone()
    if words != "ok":
        raise Damaged(words)
