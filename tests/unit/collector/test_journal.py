"""The journal, on disk and in memory: one suite for both, then what only a disk has."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from collector.errors import JournalError, UserError
from collector.journal import MemoryJournal, SqliteJournal
from collector.ports import Journal
from collector.records import Batch, Message

NOW = 1_764_000_000_000
DAY = 86_400_000
Make = Callable[..., SqliteJournal | MemoryJournal]


def message(n: int, size: int = 10) -> Message:
    return Message(f"oxygrid/v1/s/a{n}", b"x" * size, n % 3 == 0)


@pytest.fixture(params=["disk", "memory"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    opened: list[SqliteJournal | MemoryJournal] = []

    def build(**bounds: int) -> SqliteJournal | MemoryJournal:
        opened.append(SqliteJournal(tmp_path / "journal.db", **bounds) if request.param == "disk" else MemoryJournal(**bounds))
        return opened[-1]

    yield build
    for journal in opened:
        journal.close()


def test_both_are_journals(make: Make) -> None:
    journal: Journal = make()
    assert journal.stats().first_seq > journal.stats().last_seq


def test_what_is_appended_is_read(make: Make) -> None:
    journal = make()
    written = [journal.append([message(n), message(n + 1)], NOW + n) for n in range(5)]
    assert written[0] == Batch(1, NOW, [message(0), message(1)])
    assert journal.read(0) == written
    assert journal.read(2, limit=2) == written[2:4]
    assert journal.read(5) == []


def test_reading_is_bounded_by_bytes_but_gives_one(make: Make) -> None:
    journal = make()
    for n in range(4):
        journal.append([message(n, 1000)], NOW + n)
    assert [b.seq for b in journal.read(0, max_bytes=2500)] == [1, 2]
    assert [b.seq for b in journal.read(2, max_bytes=1)] == [3]


def test_an_empty_batch_is_a_batch(make: Make) -> None:
    journal = make()
    batch = journal.append([], NOW)
    assert journal.read(0) == [batch]


def test_cursors_are_named(make: Make) -> None:
    journal = make()
    assert journal.cursor("writer") == 0
    journal.commit("writer", 7)
    journal.commit("evaluator", 9)
    journal.commit("writer", 8)
    assert (journal.cursor("writer"), journal.stats().cursors) == (8, {"writer": 8, "evaluator": 9})
    journal.forget("writer")
    assert journal.stats().cursors == {"evaluator": 9}


def test_what_all_have_read_stays_for_replay_then_goes(make: Make) -> None:
    journal = make(keep_ms=1000)
    for n in range(10):
        journal.append([message(n)], NOW + n)
    journal.commit("writer", 10)
    journal.commit("evaluator", 4)
    journal.append([message(0)], NOW + 900)
    assert journal.stats().first_seq == 1
    journal.append([message(0)], NOW + 2000)
    stats = journal.stats()
    assert (stats.first_seq, stats.dropped_batches, stats.dropped_messages) == (5, 0, 0)


def test_the_unread_that_is_too_old_is_dropped_and_counted(make: Make) -> None:
    journal = make(keep_ms=1000, max_age_ms=5000)
    for n in range(4):
        journal.append([message(n), message(n)], NOW + n)
    journal.commit("writer", 1)
    journal.append([message(9)], NOW + 6000)
    stats = journal.stats()
    assert (stats.first_seq, stats.last_seq, stats.dropped_batches, stats.dropped_messages) == (5, 5, 3, 6)
    assert stats.oldest_ms == NOW + 6000


def test_bytes_are_bounded_oldest_first(make: Make) -> None:
    journal = make(max_bytes=200_000)
    for n in range(100):
        journal.append([message(n, 9_000)], NOW + n)
    stats = journal.stats()
    assert stats.last_seq == 100
    assert 5 < 101 - stats.first_seq < 23
    assert stats.dropped_batches == stats.dropped_messages == stats.first_seq - 1
    assert [b.seq for b in journal.read(0)] == list(range(stats.first_seq, 101))


def test_a_batch_over_the_bound_is_still_taken(make: Make) -> None:
    journal = make(max_bytes=50_000)
    journal.append([message(1)], NOW)
    journal.append([message(2, 200_000)], NOW + 1)
    assert journal.read(0)[-1].messages == [message(2, 200_000)]
    journal.append([message(3)], NOW + 2)
    journal.append([message(4)], NOW + 3)
    assert journal.stats().first_seq >= 3


def test_time_grows_when_the_clock_is_set_back(make: Make) -> None:
    journal = make()
    times = [journal.append([message(n)], now).received_ms for n, now in enumerate([NOW, 5, 1005, NOW - 7000, NOW - 5000, NOW + 60_000])]
    assert times == [NOW, NOW + 1, NOW + 1001, NOW + 1002, NOW + 2002, NOW + 60_000]


def test_a_clock_that_was_in_the_future_is_stepped_back_and_says_so(make: Make) -> None:
    journal = make(keep_ms=1000)
    journal.append([message(1)], 2_145_916_800_000)
    batch = journal.append([message(2)], NOW)
    assert batch.received_ms == NOW
    assert [m.topic for m in batch.messages] == ["$oxygrid/clock", message(2).topic]
    assert journal.read(1) == [batch]
    journal.commit("writer", 2)
    journal.append([message(3)], NOW + 1001)
    assert journal.stats().first_seq == 3  # what carries a time of the future is no obstacle to what is old


def test_numbers_go_on_behind_what_others_have_seen(make: Make) -> None:
    journal = make()
    journal.begin_after(500)
    assert journal.append([message(1)], NOW).seq == 501
    journal.begin_after(3)
    assert journal.append([message(1)], NOW + 1).seq == 502


# What only a disk has


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "journal.db"
    with closing(SqliteJournal(path)) as journal:
        written = [journal.append([message(n)], NOW + n) for n in range(3)]
        journal.commit("writer", 2)
    with closing(SqliteJournal(path)) as journal:
        assert (journal.read(0), journal.cursor("writer"), journal.problems) == (written, 2, [])
        assert journal.append([message(4)], NOW - 5) == Batch(4, NOW + 3, [message(4)])


def test_numbers_survive_an_emptied_journal_and_a_restart(tmp_path: Path) -> None:
    with closing(SqliteJournal(tmp_path / "journal.db")) as journal:
        journal.begin_after(10)
    with closing(SqliteJournal(tmp_path / "journal.db")) as journal:
        assert (journal.stats().first_seq, journal.stats().last_seq) == (11, 10)
        assert journal.append([], NOW).seq == 11


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    with closing(SqliteJournal(tmp_path / "journal.db")) as journal:
        journal.append([message(1)], NOW)
        modes = {p.name: p.stat().st_mode & 0o777 for p in tmp_path.iterdir()}
    assert modes == {
        "journal.db": 0o600,
        "journal.db-wal": 0o600,
        "journal.db-shm": 0o600,
        "journal.db.lock": 0o600,
        "journal.db.reserve": 0o600,
    }


def test_a_second_writer_is_refused_and_a_reader_is_not(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with closing(SqliteJournal(path)) as journal:
        batch = journal.append([message(1)], NOW)
        journal.commit("writer", 1)
        with pytest.raises(UserError, match="another process is writing it"):
            SqliteJournal(path)
        with closing(SqliteJournal.open_reader(path)) as reader:
            assert (reader.read(0), reader.cursor("writer"), reader.stats().last_seq) == ([batch], 1, 1)
            journal.append([message(2)], NOW + 1)
            assert len(reader.read(0)) == 2
    SqliteJournal(path).close()


def test_a_reader_needs_a_journal(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no journal here"):
        SqliteJournal.open_reader(tmp_path / "journal.db")


@pytest.mark.parametrize(
    ("statement", "words"),
    [("PRAGMA user_version = 99", "newer than this Oxygrid"), ("PRAGMA application_id = 5", "another program's file")],
)
def test_a_file_that_is_not_ours_is_left_alone(tmp_path: Path, statement: str, words: str) -> None:
    path = tmp_path / "journal.db"
    SqliteJournal(path).close()
    with closing(sqlite3.connect(path)) as conn:
        conn.execute(statement)
    with pytest.raises(UserError, match=words):
        SqliteJournal(path)


def test_the_file_is_used_again_and_stays_within_its_bound(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with closing(SqliteJournal(path, max_bytes=300_000)) as journal:
        for n in range(600):
            journal.append([message(n, 5_000 + 700 * (n % 7))], NOW + n)
    assert path.stat().st_size <= 300_000 + 4096


def test_a_lowered_bound_is_reached_in_small_steps(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with closing(SqliteJournal(path)) as journal:
        for n in range(300):
            journal.append([message(n, 4_000)], NOW + n)
    with closing(SqliteJournal(path, max_bytes=100_000)) as journal:
        firsts = []
        for n in range(40):
            journal.append([message(n, 10)], NOW + 1000 + n)
            firsts.append(journal.stats().first_seq)
    steps = [b - a for a, b in zip([1, *firsts], firsts, strict=False)]
    assert max(steps) <= 32
    assert firsts[-1] > 280


class Model(RuleBasedStateMachine):
    """SqliteJournal against a list and a dictionary, with restarts in between."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "journal.db"
        self.journal = SqliteJournal(self.path, max_bytes=60_000, max_age_ms=DAY, keep_ms=1000)
        self.batches: list[Batch] = []
        self.cursors: dict[str, int] = {}
        self.now_ms = NOW
        self.most = 0

    @rule(sizes=st.lists(st.integers(0, 6000), max_size=4), passed=st.sampled_from([0, 1, 700, 5000, -2000, DAY]))
    def append(self, sizes: list[int], passed: int) -> None:
        self.now_ms += passed
        self.batches.append(self.journal.append([message(n, size) for n, size in enumerate(sizes)], self.now_ms))

    @rule(name=st.sampled_from(["writer", "evaluator"]), share=st.floats(0, 1))
    def commit(self, name: str, share: float) -> None:
        self.cursors[name] = int(share * len(self.batches))
        self.journal.commit(name, self.cursors[name])

    @precondition(lambda self: bool(self.batches))
    @rule()
    def restart(self) -> None:
        self.journal.close()
        self.journal = SqliteJournal(self.path, max_bytes=60_000, max_age_ms=DAY, keep_ms=1000)

    @invariant()
    def the_journal_is_the_end_of_what_was_appended(self) -> None:
        stats = self.journal.stats()
        assert self.journal.read(0, limit=10_000, max_bytes=2**40) == self.batches[stats.first_seq - 1 :]
        assert (stats.last_seq, stats.cursors) == (len(self.batches), self.cursors)
        assert stats.dropped_batches <= stats.first_seq - 1

    @invariant()
    def what_is_gone_and_was_never_read_is_counted(self) -> None:
        stats = self.journal.stats()
        self.most = max(self.most, min(self.cursors.values(), default=0))
        assert stats.dropped_batches >= stats.first_seq - 1 - self.most

    def teardown(self) -> None:
        self.journal.close()
        self.folder.cleanup()


TestModel = Model.TestCase
TestModel.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)


def test_an_unwritable_folder_is_the_users(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError):
        SqliteJournal(tmp_path / "file" / "journal.db")


def test_a_reader_of_a_file_that_breaks_says_so(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with closing(SqliteJournal(path)) as journal:
        journal.append([message(1, 100_000)], NOW)
    with closing(SqliteJournal.open_reader(path)) as reader:
        reader.close()
        with pytest.raises(JournalError):
            reader.read(0)
