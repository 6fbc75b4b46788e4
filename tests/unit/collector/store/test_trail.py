"""The audit trail on disk: in the step's own transaction, nothing twice, never changed, bounded with a word about it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector.audit import EMPTY, Break, Check, Head, Row, decode
from collector.errors import JournalError
from collector.outputs import AuditEntry, Command, StateChange, TrailEntry
from collector.store.state import StateStore
from collector.store.state_reader import FORMAT, StateReader
from collector.store.state_rows import Limits

NOW = 1_764_000_000_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
def store(path: Path) -> Iterator[StateStore]:
    with closing(StateStore(path)) as opened:
        yield opened


def done(seq: int, nth: int = 0, refused: str = "") -> AuditEntry:
    command = Command("shelve", f"s/a{seq}/LP-L", "Asha", "sensor is being replaced", 15.0)
    return AuditEntry(at_ms=NOW + seq, seq=seq, nth=nth, command=command, state="shelved", refused=refused)


def started(seq: int, rules: str = "r1") -> TrailEntry:
    return TrailEntry(kind="start", at_ms=NOW + seq, seq=seq, nth=-1, what="oxygrid", rules=rules, sites="s1")


def step(*seqs: int) -> StateChange:
    return StateChange(audit=[done(seq) for seq in seqs])


def breaks(reader: StateReader, *written: Head) -> list[Break]:
    check = Check(written)
    for row in reader.audit_rows():
        check.take(row)
    return check.end(reader.audit_head())


def places(rows: Sequence[Row]) -> list[tuple[int, int]]:
    return [(row.seq, row.nth) for row in rows]


def damage(path: Path, statement: str, *values: object) -> None:
    """What somebody with an SQLite tool does."""
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute(statement, values)


def test_commands_and_the_collectors_own_words_are_one_chain(store: StateStore) -> None:
    store.commit(StateChange(audit=[done(3, 1, "not shelvable"), done(3, 0)], noted=[started(2)]))
    store.commit(StateChange(audit=[done(4)]))
    rows = list(store.audit_rows())
    assert places(rows) == [(2, -1), (3, 0), (3, 1), (4, 0)]
    assert [row.n for row in rows] == [1, 2, 3, 4]
    assert [decode(row.body).refused for row in rows] == ["", "", "not shelvable", ""]
    assert decode(rows[3].body).command == done(4).command
    assert breaks(store) == []
    assert store.audit_head() == store.head == Head(4, rows[3].hash)
    assert [row.n for row in store.audit_rows(NOW + 3)] == [2, 3, 4]


def test_an_empty_trail_is_whole(store: StateStore) -> None:
    store.commit(StateChange())
    assert (breaks(store), store.head, store.audit_head()) == ([], EMPTY, None)
    assert (store.configuration(), store.last_audited_seq()) == (("", ""), 0)


def test_a_restart_goes_on_where_the_chain_ended(path: Path) -> None:
    for seq in (1, 2, 3):
        with closing(StateStore(path)) as store:
            store.commit(StateChange(audit=[done(seq)], noted=[started(seq, rules=f"r{seq}")]))
    with closing(StateStore(path)) as store:
        assert len(list(store.audit_rows())) == 6
        assert breaks(store) == []
        assert (store.configuration(), store.last_audited_seq()) == (("r3", "s1"), 3)


def test_a_step_that_fails_leaves_no_row_and_the_next_goes_on(store: StateStore, path: Path) -> None:
    store.commit(step(1))
    before = store.head
    damage(path, "CREATE TRIGGER cut AFTER INSERT ON audit BEGIN SELECT RAISE(ABORT, 'cut'); END")
    with pytest.raises(JournalError, match="cut"):
        store.commit(step(2, 3))
    damage(path, "DROP TRIGGER cut")
    assert store.head == before
    store.commit(step(2, 3))
    assert (places(list(store.audit_rows())), breaks(store)) == ([(1, 0), (2, 0), (3, 0)], [])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.integers(0, 2), max_size=3), min_size=1, max_size=8), st.data())
def test_steps_folded_again_after_a_crash_add_nothing(tmp_path: Path, batches: list[list[int]], data: st.DataObject) -> None:
    """Batches with commands and words, committed in steps of some batches; a crash, and everything from an earlier batch on once more, in
    other steps. As if it had been committed once."""
    changes = [
        StateChange(
            audit=[done(seq, nth) for nth, kind in enumerate(kinds) if kind == 0],
            noted=[TrailEntry(kind="stop", at_ms=NOW, seq=seq, nth=-1 - nth) for nth, kind in enumerate(kinds) if kind == 1],
        )
        for seq, kinds in enumerate(batches, start=1)
    ]
    plain, again = tmp_path / "plain.db", tmp_path / "again.db"
    for path in (plain, again):
        for each in path.parent.glob(f"{path.name}*"):
            each.unlink()
    with closing(StateStore(plain)) as store:
        for change in changes:
            store.commit(change)
        expected = list(store.audit_rows())
    upto = data.draw(st.integers(0, len(changes)))
    back_to = data.draw(st.integers(0, upto))
    with closing(StateStore(again)) as store:
        for change in changes[:upto]:
            store.commit(change)
    with closing(StateStore(again)) as store:
        rest = changes[back_to:]
        while rest:
            size = data.draw(st.integers(1, len(rest)))
            part, rest = rest[:size], rest[size:]
            store.commit(StateChange(audit=[e for c in part for e in c.audit], noted=[e for c in part for e in c.noted]))
        assert list(store.audit_rows()) == expected
        assert breaks(store) == []


# ---- the bound


def test_over_the_bound_the_oldest_go_with_an_entry_that_lets_the_chain_be_checked(path: Path) -> None:
    with closing(StateStore(path, Limits(audit=10))) as store:
        written = []
        for seq in range(1, 31):
            store.commit(step(seq))
            written.append(store.head)
            assert breaks(store, store.head) == []
            assert len(list(store.audit_rows())) <= 10
        rows = list(store.audit_rows())
        says = [entry for row in rows if (entry := decode(row.body)).kind == "trimmed"]
        assert says[-1].through == rows[0].n - 1
        assert says[-1].what == "2 rows, the oldest, were removed to keep within 10"
        (gone,) = breaks(store, written[0])
        assert "was trimmed since" in gone.what
        store.commit(step(*range(1, 31)))
        assert list(store.audit_rows()) == rows
    with closing(StateStore(path, Limits(audit=10))) as store:
        store.commit(step(31))
        assert breaks(store, written[-1]) == []


def test_one_part_in_two_thousand_is_trimmed_at_once(path: Path) -> None:
    with closing(StateStore(path, Limits(audit=6_000))) as store:
        for first in range(0, 6_000, 1_500):
            store.commit(step(*range(first, first + 1_500)))
        store.commit(step(6_000))
        assert len(list(store.audit_rows())) == 6_000 - 3
        assert breaks(store) == []


# ---- what somebody does to the file


@pytest.mark.parametrize(
    ("statement", "n"),
    [
        ("UPDATE audit SET body = replace(CAST(body AS TEXT), 'Asha', 'Bina') WHERE n = 2", 2),
        ("UPDATE audit SET at_ms = at_ms + 3600000 WHERE n = 2", 2),
        ("UPDATE audit SET at_ms = 'noon' WHERE n = 2", 2),
        ("UPDATE audit SET hash = 'text' WHERE n = 2", 2),
        ("DELETE FROM audit WHERE n = 2", 3),
        ("DELETE FROM audit WHERE n >= 3", 3),
        ("DELETE FROM audit", 1),
        ("INSERT INTO audit SELECT n + 1, at_ms, seq + 9, nth, body, hash FROM audit WHERE n = 4", 5),
        ("DELETE FROM meta WHERE key = 'audit_head'", 4),
        ("UPDATE meta SET value = 'rubbish' WHERE key = 'audit_head'", 4),
    ],
)
def test_it_is_found_at_rest_and_nothing_stops_the_collector(path: Path, statement: str, n: int) -> None:
    with closing(StateStore(path)) as store:
        for seq in (1, 2, 3, 4):
            store.commit(step(seq))
    damage(path, statement)
    with closing(StateReader.open_reader(path)) as reader:
        assert breaks(reader)[0].n == n
    with closing(StateStore(path)) as store:
        store.commit(step(50))
        assert places(list(store.audit_rows()))[-1] == (50, 0)
        if "meta" not in statement:  # a head that is gone is made anew with the next row
            assert n <= breaks(store)[0].n <= 5


def test_it_is_found_while_the_collector_runs(store: StateStore, path: Path) -> None:
    for seq in (1, 2):
        store.commit(step(seq))
    damage(path, "UPDATE audit SET body = '{}', hash = x'00' WHERE n = 2")
    damage(path, "INSERT INTO audit VALUES (3, 0, 3, 0, '{}', x'00')")
    store.commit(step(3))
    store.commit(step(4))
    assert [row.n for row in store.audit_rows()] == [1, 2, 3, 4]
    assert breaks(store)[0].n == 2


# ---- layouts, damage, another process


def test_a_file_of_the_layout_before_gets_a_trail(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        for statement in FORMAT.migrations[0]:
            conn.execute(statement)
        conn.execute(f"PRAGMA application_id = {FORMAT.application_id}")
        conn.execute("PRAGMA user_version = 1")
        conn.execute("INSERT INTO counter VALUES ('notices', 'sent', 3)")
    with closing(StateStore(path)) as store:
        store.commit(step(1))
        assert (breaks(store), store.counters()) == ([], {"notices": {"sent": 3}})


def test_of_a_damaged_file_every_readable_row_is_kept_and_the_gap_is_told(path: Path) -> None:
    with closing(StateStore(path)) as store:
        for seq in range(1, 201):
            store.commit(step(seq))
        rows, head = {row.n: row for row in store.audit_rows()}, store.head
    with closing(sqlite3.connect(path)) as conn:
        (page,) = conn.execute("SELECT pageno FROM dbstat WHERE name = 'audit' AND pagetype = 'leaf' LIMIT 1 OFFSET 3").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(bytes(4096))
    with closing(StateStore(path)) as store:
        assert "not all of it was readable" in store.problems[0]
        kept = {row.n: row for row in store.audit_rows()}
        assert 150 < len(kept) < 200
        assert kept.items() <= rows.items()
        first_lost = min(rows.keys() - kept.keys())
        first_after = min(n for n in kept if n > first_lost)
        assert [str(found) for found in breaks(store, head)] == [
            f"row {first_after}: rows {first_lost} to {first_after - 1} are before it missing"
        ]
        store.commit(step(201))
        assert store.head.n == 201
        assert len(breaks(store, head)) == 1


def test_rows_lost_at_the_end_are_told_and_their_numbers_are_not_used_again(path: Path) -> None:
    with closing(StateStore(path)) as store:
        store.commit(step(1, 2, 3))
    damage(path, "DELETE FROM audit WHERE n > 1")
    with closing(StateStore(path)) as store:
        store.commit(step(9))
        assert [row.n for row in store.audit_rows()] == [1, 4]
        assert [str(found) for found in breaks(store)] == ["row 4: rows 2 to 3 are before it missing"]


def test_a_reader_sees_one_moment(store: StateStore, path: Path) -> None:
    store.commit(step(1))
    with closing(StateReader.open_reader(path)) as reader:
        with reader.standing_still():
            assert breaks(reader) == []
            store.commit(step(2))
            assert (breaks(reader), len(list(reader.audit_rows()))) == ([], 1)
        assert (breaks(reader), len(list(reader.audit_rows()))) == ([], 2)
