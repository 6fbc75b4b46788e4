from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from collector.journal_memory import MemoryJournal
from collector.outputs import StateChange
from collector.records import Point
from collector.shelves import Cursors, ExportShelf, WindowShelf
from collector.store.rollup import WINDOW_MS
from collector.store.state import StateStore
from collector.threads import PatientThread, Thread

N = 1_764_000_000_000 // WINDOW_MS
FIRST, SECOND = ("pipeline", "a", N), ("pipeline", "b", N + 1)


class CountingJournal(MemoryJournal):
    def __init__(self) -> None:
        super().__init__()
        self.commits: list[tuple[str, int]] = []

    def commit(self, name: str, seq: int) -> None:
        self.commits.append((name, seq))
        super().commit(name, seq)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[StateStore]:
    with closing(StateStore(tmp_path / "state.db")) as found:
        yield found


@pytest.fixture
def thread() -> Iterator[PatientThread]:
    found = PatientThread("state", retry_s=0.0)
    yield found
    found.close()


async def test_a_cursor_is_told_to_the_journal_when_it_has_moved_and_not_else() -> None:
    journal, thread = CountingJournal(), Thread("journal")
    journal.commit("writer", 7)
    journal.commits.clear()
    cursors = Cursors(journal, thread, ("evaluator", "writer"))
    assert cursors.at == {"evaluator": 0, "writer": 7}
    await cursors.flush()
    for seq in (8, 9, 10):
        cursors.done("writer", seq)
    assert journal.commits == []
    await cursors.flush()
    await cursors.flush()
    assert journal.commits == [("writer", 10)]
    assert Cursors(journal, thread, ("evaluator", "writer")).at == cursors.at
    thread.close()


async def test_points_leave_the_shelf_only_when_they_are_done(state: StateStore, thread: PatientThread) -> None:
    points = [Point("stock", {"site": "a"}, {"burn_lpm": float(n)}, n) for n in range(3)]
    state.commit(StateChange(points=points))
    shelf = ExportShelf(state, thread)
    pending = await shelf.pending(2)
    assert [point for _, point in pending] == points[:2]
    assert await shelf.pending(2) == pending
    await shelf.done([number for number, _ in pending])
    assert [point for _, point in await shelf.pending(9)] == points[2:]


async def test_windows_are_due_when_they_are_over_and_the_oldest_first(state: StateStore, thread: PatientThread) -> None:
    shelf = WindowShelf(state, thread)
    await shelf.mark({SECOND, FIRST})
    assert await shelf.due(N, 10) == []
    assert await shelf.due(N + 1, 10) == [FIRST]
    assert await shelf.due(N + 2, 1) == [FIRST]
    assert await shelf.due(N + 2, 10) == [FIRST, SECOND]
    await shelf.done([FIRST])
    assert await shelf.due(N + 2, 10) == [SECOND]


async def test_a_window_that_was_marked_again_meanwhile_stays(state: StateStore, thread: PatientThread) -> None:
    shelf = WindowShelf(state, thread)
    await shelf.mark({FIRST})
    due = await shelf.due(N + 1, 10)
    await shelf.mark({FIRST})
    await shelf.done(due)
    assert await shelf.due(N + 1, 10) == [FIRST]


async def test_windows_survive_a_restart(tmp_path: Path, thread: PatientThread) -> None:
    with closing(StateStore(tmp_path / "state.db")) as state:
        await WindowShelf(state, thread).mark({FIRST})
    with closing(StateStore(tmp_path / "state.db")) as state:
        assert await WindowShelf(state, thread).due(N + 1, 10) == [FIRST]
