"""The journal under what happens to a small computer in a hospital: the power goes, the card rots, the disk fills."""

from __future__ import annotations

import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from collector.errors import JournalError, UserError
from collector.journal import SqliteJournal
from collector.records import Batch, Message

pytestmark = pytest.mark.faults

NOW = 1_764_000_000_000
ROOT = Path(__file__).parents[2]
KILLS = 20

CHILD = """
import sys
from collector.journal import SqliteJournal
from collector.records import Message
journal = SqliteJournal(sys.argv[1])
for problem in journal.problems:
    print("problem", problem, flush=True)
while True:
    seq = journal.stats().last_seq + 1
    batch = journal.append([Message("oxygrid/v1/s/a", b"%d" % seq * 50)] * (seq % 40 + 1), 1_764_000_000_000 + seq)
    if seq % 7 == 0:
        journal.commit("writer", seq)
    print(batch.seq, flush=True)
"""


def message(seq: int, size: int = 600) -> Message:
    return Message("oxygrid/v1/s/a", random.Random(seq).randbytes(size))


def fill(path: Path, count: int = 60) -> list[Batch]:
    with closing(SqliteJournal(path)) as journal:
        return [journal.append([message(n), message(-n)], NOW + n) for n in range(count)]


def test_what_was_acknowledged_survives_kill_minus_nine(tmp_path: Path) -> None:
    path, acknowledged = tmp_path / "journal.db", 0
    chance = random.Random(7)
    for _ in range(KILLS):
        with subprocess.Popen([sys.executable, "-c", CHILD, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            for _ in range(chance.randrange(1, 120)):
                line = child.stdout.readline()
                assert line.strip().isdigit(), line
                acknowledged = int(line)
            child.send_signal(signal.SIGKILL)
            said = [int(line) for line in child.stdout.read().split() if line.isdigit()]
            acknowledged = max([acknowledged, *said])
    with closing(SqliteJournal(path)) as journal:
        batches = journal.read(0, limit=10**6, max_bytes=2**40)
        assert [b.seq for b in batches[:acknowledged]] == list(range(1, acknowledged + 1))
        assert len(batches) <= acknowledged + KILLS  # on disk, but killed before it could say so
        assert all(b.messages == [Message("oxygrid/v1/s/a", b"%d" % b.seq * 50)] * (b.seq % 40 + 1) for b in batches)
        assert journal.problems == []
        assert journal.stats().damaged_batches == 0


def cut_in_half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def cut_within_a_page(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 5000)


def lose_the_header(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(random.Random(3).randbytes(100))


def lose_the_first_page(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(bytes(4096))


def rot_every_tenth_page(path: Path) -> None:
    with path.open("r+b") as file:
        for page in range(10, path.stat().st_size // 4096, 10):
            file.seek(page * 4096)
            file.write(random.Random(3).randbytes(4096))


def rot_everything_but_the_first_page(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(random.Random(3).randbytes(path.stat().st_size - 4096))


DAMAGE = [cut_in_half, cut_within_a_page, lose_the_header, lose_the_first_page, rot_every_tenth_page, rot_everything_but_the_first_page]


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("while_open", [False, True])
def test_a_damaged_journal_goes_on_by_itself(tmp_path: Path, damage: Callable[[Path], None], while_open: bool) -> None:
    """Nothing is invented, nothing stalls, no number is used twice, and a person is told."""
    path = tmp_path / "journal.db"
    written = {b.seq: b for b in fill(path)}
    if while_open:
        journal = SqliteJournal(path)
        damage(path)
    else:
        damage(path)
        journal = SqliteJournal(path)
    with closing(journal):
        before = journal.read(0, limit=10**6)
        assert all(written[b.seq] == b for b in before)
        new = journal.append([message(1)], NOW + 10**6)
        assert new.seq > max(written)
        after = journal.read(0, limit=10**6)
        assert after[-1] == new
        assert [b.seq for b in after] == sorted({b.seq for b in after})
        missing = len(written) + 1 - len(after)
        assert journal.problems or missing <= journal.stats().damaged_batches
        assert journal.append([message(2)], NOW + 10**6 + 1).seq == new.seq + 1
    with closing(SqliteJournal(path)) as again:
        assert again.read(new.seq - 1)[0] == new
    assert len(list(tmp_path.glob("journal.db.damaged-*"))) <= 2


def test_what_is_readable_of_a_damaged_journal_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    written = {b.seq: b for b in fill(path, 600)}
    with closing(SqliteJournal(path)) as journal:
        journal.commit("writer", 150)
    page = path.stat().st_size // 4096 * 3 // 4
    with path.open("r+b") as file:
        file.seek(page * 4096)
        file.write(random.Random(3).randbytes(4096))
    with closing(SqliteJournal(path)) as journal:
        found = journal.read(150, limit=10**6, max_bytes=2**40)
        journal.append([message(0)], NOW + 10**6)
        assert len(found) >= 450 - 30
        assert all(written[b.seq] == b for b in found)
        assert journal.cursor("writer") == 150


@pytest.mark.parametrize("column", ["body = zeroblob(50)", "body = x''", "crc = crc + 1", "body = substr(body, 1, 40)"])
def test_a_damaged_row_is_stepped_over_and_counted_once(tmp_path: Path, column: str) -> None:
    path = tmp_path / "journal.db"
    written = fill(path, 12)
    with closing(sqlite3.connect(path)) as conn:
        conn.execute(f"UPDATE batch SET {column} WHERE seq BETWEEN 3 AND 5 OR seq > 10")
        conn.commit()
    for _ in range(2):
        with closing(SqliteJournal(path)) as journal:
            for _ in range(2):
                assert journal.read(0, limit=100) == [b for b in written if b.seq not in (3, 4, 5, 11, 12)]
                assert [b.seq for b in journal.read(2, limit=1)] == [6]
                assert journal.read(10) == []
            assert (journal.stats().damaged_batches, journal.stats().damaged_messages) == (5, 10)
    with closing(SqliteJournal(path)) as journal:
        assert journal.append([message(1)], NOW + 99).seq == 13


def test_a_write_ahead_log_that_rots_loses_its_end_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    code = CHILD.replace("while True:", "for _ in range(30):") + "\nimport os; os.kill(os.getpid(), 9)\n"
    subprocess.run([sys.executable, "-c", code, str(path)], cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
    wal = path.with_name("journal.db-wal")
    with wal.open("r+b") as file:
        file.seek(wal.stat().st_size * 2 // 3)
        file.write(random.Random(3).randbytes(4096))
    with closing(SqliteJournal(path)) as journal:
        seqs = [b.seq for b in journal.read(0, limit=100)]
        assert seqs == list(range(1, len(seqs) + 1))
        assert 5 < len(seqs) < 30
        journal.begin_after(30)  # what the evaluator says, whose own state has seen more
        assert "the end of the journal was lost" in journal.problems[0]
        assert journal.append([message(1)], NOW + 99).seq == 31


@contextmanager
def small_disk(folder: Path, size: str = "3m") -> Iterator[Path]:
    """A disk of 3 MiB, where we may mount one; skips elsewhere."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    folder.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "oxygrid-test", str(folder)], capture_output=True, check=False
    ).returncode:
        pytest.skip("no right to mount a small disk here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill_disk(folder: Path) -> Path:
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return filler


def test_a_full_disk_is_said_and_appending_goes_on_when_there_is_room(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk, closing(SqliteJournal(disk / "journal.db", reserve_bytes=2**18)) as journal:
        written = [journal.append([message(n, 3000)], NOW + n) for n in range(50)]
        filler = fill_disk(disk)
        with pytest.raises(JournalError, match="MiB are free on that disk"):  # noqa: PT012 - some of them still find room
            for n in range(2000):
                written.append(journal.append([message(n, 9000)], NOW + 100 + n))
        for _ in range(3):
            with pytest.raises(JournalError):
                journal.append([message(0, 9000)], NOW + 10_000)
        assert journal.read(0, limit=10**6) == written
        filler.unlink()
        written.append(journal.append([message(0)], NOW + 10**6))
        assert journal.read(0, limit=10**6) == written
        assert journal.stats().dropped_batches == 0
        assert (disk / "journal.db.reserve").stat().st_size == 2**18
    assert journal.problems == []


def test_a_full_disk_costs_the_replay_window_first(tmp_path: Path) -> None:
    """Alarms go on for as long as everybody reads, though nothing can grow any more."""
    with small_disk(tmp_path / "disk", "24m") as disk, closing(SqliteJournal(disk / "journal.db", reserve_bytes=8 * 2**20)) as journal:
        for n in range(200):
            journal.append([message(n, 9000)], NOW + n)
        journal.commit("writer", 200)
        fill_disk(disk)
        for n in range(1000):
            batch = journal.append([message(n, 9000)], NOW + 1000 + n)
            assert journal.read(batch.seq - 1) == [batch]
            if n % 20 == 0:
                journal.commit("writer", batch.seq)
        assert journal.stats().dropped_batches == 0


def test_a_limit_on_the_files_size_is_a_full_disk(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with closing(SqliteJournal(tmp_path / "journal.db")) as journal:
        first = journal.append([message(1)], NOW)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
        try:
            with pytest.raises(JournalError, match="writing goes on by itself"):
                journal.append([message(1, 1_000_000)], NOW + 1)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        second = journal.append([message(1, 1_000_000)], NOW + 1)
        assert journal.read(0) == [first, second]


def test_a_disk_that_turns_read_only_is_said(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        path = disk / "journal.db"
        fill(path, 3)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with pytest.raises(UserError, match=r"journal\.db"):
            SqliteJournal(path)
        with closing(SqliteJournal.open_reader(path)) as reader:
            assert len(reader.read(0)) == 3
