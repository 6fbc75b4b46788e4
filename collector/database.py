"""What our three files on disk (journal, state, history) have in common: opening, layout versions, transactions, locks, damage.

Only this file knows the ways of SQLite; the others hold their own tables and statements.
A file is created with mode 0600, carries an application id (so that nobody opens the wrong one) and a layout version; migrations are a
table of statements, applied one version per transaction. A file that SQLite can't read is moved aside and what is readable is copied into
a new one: a collector in a hospital must come back by itself after a power cut, without anybody deleting files.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

from collector.errors import JournalError, UserError

Synchronous: TypeAlias = Literal["FULL", "NORMAL"]

_SUFFIXES = ("", "-wal", "-shm")
_KEPT_DAMAGED = 2
_CHECKED_WHOLE = 64 * 2**20  # bytes of a file that is checked from end to end at the start: a fraction of a second
_PATIENCE = 4_096  # unreadable keys tried one by one before salvage takes ever longer strides


class Format(NamedTuple):
    """A kind of file: what people call it, its number in the file's header, and the statements that lead from each version to the next."""

    name: str
    application_id: int
    migrations: tuple[tuple[str, ...], ...]


def statements(script: str) -> tuple[str, ...]:
    """The statements of a layout, each ended by a semicolon."""
    return tuple(part for part in script.split(";") if part.strip())


class Opened(NamedTuple):
    """A connection, and in words what had to be mended; `aside` is where a damaged file went, `lost` whether rows of it couldn't be
    read."""

    conn: sqlite3.Connection
    problems: list[str]
    aside: Path | None = None


class Damaged(sqlite3.DatabaseError):
    """What a check of the whole file found."""

    sqlite_errorcode = sqlite3.SQLITE_CORRUPT


class Salvaged(NamedTuple):
    rows: int
    complete: bool


class Database:
    """An open file. Its errors come out as JournalError, in words."""

    def __init__(self, conn: sqlite3.Connection, path: Path) -> None:
        self.conn = conn
        self.path = path

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it or nothing."""
        with self.translated(), transaction(self.conn):
            yield self.conn

    def rows(self, statement: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
        with self.translated():
            return self.conn.execute(statement, values).fetchall()

    @contextmanager
    def translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as exc:
            raise JournalError(explain(exc, self.path)) from exc


class Reserve:
    """Room on the disk that is given up when the disk is full: the write-ahead log can then be brought home, which frees room within the
    file."""

    def __init__(self, path: Path, size: int) -> None:
        self._path = path.with_name(path.name + ".reserve")
        self._size = size

    def take(self) -> bool:
        """Hold it, where more than twice as much is free. False where that can't be."""
        if self._path.exists():
            return True
        if shutil.disk_usage(self._path.parent).free < 2 * self._size:
            return False
        fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(fd, 0, self._size)
        except OSError:
            self._path.unlink()
            return False
        finally:
            os.close(fd)
        return True

    def give_up(self) -> None:
        self._path.unlink(missing_ok=True)


class FileLock:
    """One process at a time writes a file: an advisory lock on `<file>.lock`, which the kernel drops when the process dies."""

    def __init__(self, path: Path) -> None:
        """Raises UserError where another holds it, or where the folder can't be written."""
        self._path = path.with_name(path.name + ".lock")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as exc:
            raise UserError(
                f"{self._path}: can't be written ({exc.strerror}); give the collector a folder of its own that it may write"
            ) from exc
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            os.close(self._fd)
            raise UserError(f"{path}: another process is writing it; only one collector may run on one data folder") from exc

    def release(self) -> None:
        os.close(self._fd)


def open_database(path: Path, form: Format, synchronous: Synchronous) -> sqlite3.Connection:
    """Open or begin the file and bring it to the present layout.

    Raises UserError where a person must act (no right to write, another program's file, a newer version), sqlite3.Error where the file is
    damaged or the disk is full.
    """
    _create(path, form)
    conn = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10.0)
    try:
        _check_and_migrate(conn, path, form)
        conn.execute(f"PRAGMA synchronous = {synchronous}")
        conn.execute("PRAGMA journal_size_limit = 67108864")
    except BaseException:
        conn.close()
        raise
    return conn


def open_reader(path: Path, form: Format) -> sqlite3.Connection:
    """A read-only connection, for another process beside the writer. Raises UserError where there is no such file."""
    if not path.exists():
        raise UserError(f"{path}: there is no {form.name} here; give the data folder of the collector")
    # Where no log of a writer is beside it, and none can be begun (a read-only disk), the file stands still and may be read as such.
    modes = ("mode=ro",) if path.with_name(path.name + "-wal").exists() else ("mode=ro", "immutable=1")
    reasons: list[sqlite3.Error] = []
    for mode in modes:
        uri = f"{path.resolve().as_uri()}?{mode}"
        conn = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=10.0)
        try:
            _check(conn, path, form)
        except sqlite3.Error as exc:
            conn.close()
            reasons.append(exc)
        except UserError:
            conn.close()
            raise
        else:
            return conn
    raise UserError(f"{path}: can't be read: {reasons[-1]}") from reasons[-1]


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


@contextmanager
def transaction(conn: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing."""
    conn.execute("BEGIN IMMEDIATE")
    try:
        yield
        conn.execute("COMMIT")
    finally:
        if conn.in_transaction:
            conn.execute("ROLLBACK")


def is_damage(exc: sqlite3.Error) -> bool:
    """True where the file itself is at fault: waiting or making room can't help."""
    return _code(exc) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def is_full(exc: sqlite3.Error) -> bool:
    """True where there may be no room: SQLITE_FULL, and a failed write (a quota or a limit on file size ends there)."""
    return _code(exc) in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)


def explain(exc: sqlite3.Error, path: Path) -> str:
    """The error in words, with what would be right."""
    code = _code(exc)
    if is_full(exc):
        free_mib = shutil.disk_usage(path.parent).free / 2**20
        return f"{path}: can't be written ({exc}); {free_mib:.1f} MiB are free on that disk. Make room; writing goes on by itself"
    if code == sqlite3.SQLITE_READONLY:
        return f"{path}: is read-only; let the collector write the file and its folder"
    if code == sqlite3.SQLITE_CANTOPEN:
        return f"{path}: can't be opened; let the collector write the file and its folder"
    return f"{path}: {exc}"


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


def tables(conn: sqlite3.Connection) -> list[str]:
    rows = conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
    return [name for (name,) in rows]


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


def _create(path: Path, form: Format) -> None:
    """Begin an empty file with mode 0600, its name durable in the folder."""
    if path.exists():
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as exc:
        raise UserError(f"{path}: the {form.name} can't be begun ({exc.strerror}); give the collector a folder that it may write") from exc


def _check_and_migrate(conn: sqlite3.Connection, path: Path, form: Format) -> None:
    version = _check(conn, path, form)
    conn.execute("PRAGMA journal_mode = WAL")
    for number, statements in enumerate(form.migrations[version:], start=version + 1):
        with transaction(conn):
            for statement in statements:
                conn.execute(statement)
            conn.execute(f"PRAGMA application_id = {form.application_id}")
            conn.execute(f"PRAGMA user_version = {number}")


def _check(conn: sqlite3.Connection, path: Path, form: Format) -> int:
    """The layout's version. Raises UserError for a file that is not ours or is newer than we are."""
    version, application = _number(conn, "PRAGMA user_version"), _number(conn, "PRAGMA application_id")
    if application != form.application_id and (application or version or _number(conn, "SELECT count(*) FROM sqlite_schema")):
        raise UserError(f"{path}: is no {form.name} of Oxygrid but another program's file; give another path")
    if version > len(form.migrations):
        raise UserError(
            f"{path}: layout {version} of the {form.name} is newer than this Oxygrid knows ({len(form.migrations)}); install the newer one"
        )
    return version


def _check_whole(conn: sqlite3.Connection, path: Path) -> None:
    """Raises sqlite3.Error where a page of a small file is not what it should be; a large one is only tried table by table."""
    if path.stat().st_size > _CHECKED_WHOLE:
        for name in tables(conn):
            conn.execute(f"SELECT * FROM {name} LIMIT 1").fetchall()  # noqa: S608 - names of our own layout
        return
    (words,) = conn.execute("PRAGMA quick_check(1)").fetchone()
    if words != "ok":
        raise Damaged(words)


def _number(conn: sqlite3.Connection, statement: str) -> int:
    return int(conn.execute(statement).fetchone()[0])


def _code(exc: sqlite3.Error) -> int:
    """The primary result code (an extended code holds it in its low byte); 0 where the exception is Python's own."""
    return int(getattr(exc, "sqlite_errorcode", 0)) & 0xFF
