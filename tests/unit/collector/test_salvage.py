"""Damaged files: moved aside, what is readable comes along."""

from __future__ import annotations

import os
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from collector.database import Format, open_database, statements, transaction
from collector.errors import UserError
from collector.salvage import Salvaged, open_or_mend, salvage, set_aside

FORM = Format(
    "log",
    77,
    (
        statements(
            "CREATE TABLE numbered (n INTEGER PRIMARY KEY, x BLOB);"
            "CREATE TABLE named (k TEXT, m INTEGER, x BLOB, PRIMARY KEY (k, m)) WITHOUT ROWID;"
        ),
    ),
)
ROWS = 400


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "log.db"
    with closing(open_database(path, FORM, "FULL")) as conn, transaction(conn):
        conn.executemany("INSERT INTO numbered VALUES (?, ?)", ((n * 3, b"%d" % n * 200) for n in range(ROWS)))
        conn.executemany("INSERT INTO named VALUES (?, ?, ?)", ((f"k{n % 7}", n, b"%d" % n * 200) for n in range(ROWS)))
    return path


def rows(conn: sqlite3.Connection, table: str) -> set[tuple[object, ...]]:
    return set(conn.execute(f"SELECT * FROM {table}"))


def rot(path: Path, page: int) -> None:
    with path.open("r+b") as file:
        file.seek(page * 4096)
        file.write(random.Random(page).randbytes(4096))


def test_a_sound_file_is_opened_as_it_is(path: Path) -> None:
    opened = open_or_mend(path, FORM, "FULL")
    assert (opened.problems, opened.aside) == ([], None)
    opened.conn.close()


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_one_rotten_page_costs_a_few_rows(path: Path, share: float) -> None:
    with closing(sqlite3.connect(path)) as conn:
        before = {table: rows(conn, table) for table in ("numbered", "named")}
    rot(path, int(path.stat().st_size / 4096 * share))
    opened = open_or_mend(path, FORM, "FULL")
    with closing(opened.conn) as conn:
        for table, expected in before.items():
            assert rows(conn, table) <= expected
        assert sum(len(rows(conn, table)) for table in before) >= 2 * ROWS - 120
    assert opened.aside is not None
    assert "not all of it was readable" in opened.problems[0]


def test_nothing_readable_is_an_empty_new_file(path: Path) -> None:
    path.write_bytes(random.Random(1).randbytes(50_000))
    opened = open_or_mend(path, FORM, "FULL")
    assert rows(opened.conn, "numbered") == set()
    assert "0 rows copied" in opened.problems[0]
    opened.conn.close()


def test_only_what_comes_after_a_key_is_taken_where_asked(path: Path, tmp_path: Path) -> None:
    with closing(open_database(tmp_path / "new.db", FORM, "FULL")) as conn:
        found = salvage(path, conn, ["numbered"], {"numbered": 3 * (ROWS - 10)})
        assert found == {"numbered": Salvaged(9, complete=True)}


def test_the_newest_two_damaged_files_are_kept(path: Path) -> None:
    asides = []
    for n in range(4):
        path.write_bytes(b"%d" % n)
        path.with_name("log.db-wal").write_bytes(b"w")
        os.utime(path, ns=(n * 10**9, 10**15 + n * 10**9))
        asides.append(set_aside(path))
        assert not path.exists()
    assert sorted(path.parent.glob("log.db.damaged-*")) == sorted(
        part for aside in asides[2:] for part in (aside, aside.with_name(aside.name + "-wal"))
    )
    assert asides[3].read_bytes() == b"3"


def test_a_person_must_act_on_what_is_no_damage(tmp_path: Path) -> None:
    (tmp_path / "log.db").mkdir()
    with pytest.raises(UserError, match="can't be opened"):
        open_or_mend(tmp_path / "log.db", FORM, "FULL")
