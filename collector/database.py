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
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

from collector.errors import JournalError, UserError

Synchronous: TypeAlias = Literal["FULL", "NORMAL"]


class Format(NamedTuple):
    """A kind of file: what people call it, its number in the file's header, and the statements that lead from each version to the next."""

    name: str
    application_id: int
    migrations: tuple[tuple[str, ...], ...]


def statements(script: str) -> tuple[str, ...]:
    """The statements of a layout, each ended by a semicolon."""
    return tuple(part for part in script.split(";") if part.strip())


class Damaged(sqlite3.DatabaseError):
    """What a check of the whole file found."""

    sqlite_errorcode = sqlite3.SQLITE_CORRUPT


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
            raise JournalError(explain(exc, self.path), retry=not is_damage(exc)) from exc


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
            if os.geteuid() == 0:  # or else the owner of the folder could not lock any more after a command by root
                owner = path.parent.stat()
                os.fchown(self._fd, owner.st_uid, owner.st_gid)
        except OSError as exc:
            raise UserError(
                f"{self._path}: can't be written ({exc.strerror}); give the collector a folder of its own that it may write"
            ) from exc
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            os.close(self._fd)
            raise UserError(f"{path}: another process is writing it; only one may, on one data folder") from exc

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


def tables(conn: sqlite3.Connection) -> list[str]:
    rows = conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
    return [name for (name,) in rows]


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


def _number(conn: sqlite3.Connection, statement: str) -> int:
    return int(conn.execute(statement).fetchone()[0])


def _code(exc: sqlite3.Error) -> int:
    """The primary result code (an extended code holds it in its low byte); 0 where the exception is Python's own."""
    return int(getattr(exc, "sqlite_errorcode", 0)) & 0xFF
