"""What our three files have in common: opening, layouts, transactions, locks."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from collector.database import Database, FileLock, Format, Reserve, explain, open_database, open_reader, statements, tables, transaction
from collector.errors import JournalError, UserError

FIRST = statements("CREATE TABLE a (n INTEGER PRIMARY KEY);\nCREATE TABLE b (x TEXT);\n")
SECOND = ("ALTER TABLE b ADD COLUMN y TEXT DEFAULT 'new'", "INSERT INTO a VALUES (2)")
OLD, NEW = Format("log", 77, (FIRST,)), Format("log", 77, (FIRST, SECOND))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


def test_an_old_layout_is_brought_up_to_date_once(path: Path) -> None:
    with closing(open_database(path, OLD, "FULL")) as conn:
        conn.execute("INSERT INTO b VALUES ('kept')")
    for _ in range(2):
        with closing(open_database(path, NEW, "NORMAL")) as conn:
            assert conn.execute("SELECT x, y FROM b").fetchall() == [("kept", "new")]
            assert conn.execute("SELECT n FROM a").fetchall() == [(2,)]
            assert tables(conn) == ["a", "b"]
    with pytest.raises(UserError, match="newer than this Oxygrid knows"):
        open_database(path, OLD, "FULL")


def test_a_layout_that_fails_leaves_the_old_one(path: Path) -> None:
    open_database(path, OLD, "FULL").close()
    broken = Format("log", 77, (FIRST, ("CREATE TABLE c (n INTEGER)", "CREATE TABLE c (n INTEGER)")))
    with pytest.raises(sqlite3.OperationalError):
        open_database(path, broken, "FULL")
    with closing(open_database(path, OLD, "FULL")) as conn:
        assert tables(conn) == ["a", "b"]


@pytest.mark.parametrize(("mode", "number"), [("FULL", 2), ("NORMAL", 1)])
def test_durability_is_as_asked(path: Path, mode: str, number: int) -> None:
    with closing(open_database(path, OLD, "FULL" if mode == "FULL" else "NORMAL")) as conn:
        assert conn.execute("PRAGMA synchronous").fetchone() == (number,)
        assert conn.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_database_of_another_program_is_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("CREATE TABLE theirs (n INTEGER)")
    with pytest.raises(UserError, match="another program's file"):
        open_database(path, OLD, "FULL")


def test_a_transaction_is_all_or_nothing(path: Path) -> None:
    with closing(open_database(path, OLD, "FULL")) as conn:
        with pytest.raises(ValueError, match="stop"), transaction(conn):  # noqa: PT012 - what fails is the block
            conn.execute("INSERT INTO a VALUES (1)")
            raise ValueError("stop")
        assert not conn.in_transaction
        assert conn.execute("SELECT count(*) FROM a").fetchone() == (0,)


def test_errors_come_out_in_words(path: Path) -> None:
    db = Database(open_database(path, OLD, "FULL"), path)
    with pytest.raises(JournalError, match=r"log\.db: no such table: z"):
        db.rows("SELECT * FROM z")
    with pytest.raises(JournalError, match="UNIQUE constraint"), db.write() as conn:
        conn.execute("INSERT INTO a VALUES (1), (1)")
    assert db.rows("SELECT * FROM a WHERE n > ?", (0,)) == []
    db.conn.close()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (sqlite3.SQLITE_FULL, "MiB are free"),
        (sqlite3.SQLITE_IOERR | (3 << 8), "MiB are free"),
        (sqlite3.SQLITE_READONLY | (8 << 8), "is read-only"),
        (sqlite3.SQLITE_CANTOPEN, "can't be opened"),
        (sqlite3.SQLITE_BUSY, "what it says"),
    ],
)
def test_explanations(path: Path, code: int, words: str) -> None:
    error = sqlite3.OperationalError("what it says")
    error.sqlite_errorcode = code
    assert words in explain(error, path)
    assert str(path) in explain(error, path)


def test_a_reader_can_not_write_and_needs_no_folder_that_it_may_write(path: Path) -> None:
    with closing(open_database(path, OLD, "FULL")) as conn:
        conn.execute("INSERT INTO a VALUES (1)")
        with closing(open_reader(path, OLD)) as reader:
            assert reader.execute("SELECT n FROM a").fetchall() == [(1,)]
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                reader.execute("INSERT INTO a VALUES (2)")
    with closing(open_reader(path, OLD)) as reader:
        assert reader.execute("SELECT n FROM a").fetchall() == [(1,)]
    with pytest.raises(UserError, match="another program's"):
        open_reader(path, Format("state", 78, (FIRST,)))
    path.write_bytes(os.urandom(8192))
    with pytest.raises(UserError, match="can't be read"):
        open_reader(path, OLD)


def test_one_holds_the_lock(path: Path) -> None:
    lock = FileLock(path)
    with pytest.raises(UserError, match="another process is writing it"):
        FileLock(path)
    lock.release()
    FileLock(path).release()


def test_a_reserve_is_real_room(path: Path) -> None:
    reserve = Reserve(path, 100_000)
    assert reserve.take()
    assert reserve.take()
    held = path.with_name("log.db.reserve")
    assert held.stat().st_blocks * 512 >= 100_000
    reserve.give_up()
    reserve.give_up()
    assert not held.exists()
    assert not Reserve(path, 2**60).take()
    assert not held.exists()
