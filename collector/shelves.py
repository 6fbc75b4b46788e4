"""What the writer takes from and leaves in the state file, and the cursors of the journal's readers, each on the thread of its file."""

from __future__ import annotations

from collections.abc import Sequence

from collector.ports import Journal
from collector.records import Point
from collector.store.rollup import WINDOW_MS, Window
from collector.store.state import StateStore
from collector.store.state_rows import DirtyWindow
from collector.threads import PatientThread, Thread


class Cursors:
    """How far each reader has come. `done` notes it; `flush` tells the journal, a few times a second at most: a cursor that is lost in
    a crash only has work done again."""

    def __init__(self, journal: Journal, thread: Thread, readers: Sequence[str]) -> None:
        self._journal, self._thread = journal, thread
        self._told = {name: journal.cursor(name) for name in readers}
        self.at = dict(self._told)

    def done(self, reader: str, seq: int) -> None:
        self.at[reader] = seq

    async def flush(self) -> None:
        for name, seq in self.at.items():
            if seq != self._told[name]:
                await self._thread.run(self._journal.commit, name, seq)
                self._told[name] = seq


class ExportShelf:
    """The derived points that wait for the store."""

    def __init__(self, state: StateStore, thread: PatientThread) -> None:
        self._exports, self._thread = state.exports, thread

    async def pending(self, limit: int) -> list[tuple[int, Point]]:
        return await self._thread.run(self._exports.pending, limit)

    async def done(self, ids: Sequence[int]) -> None:
        await self._thread.run(self._exports.done, ids)


class WindowShelf:
    """The windows whose roll-up is out of date. The writer counts windows, the file their start in ms."""

    def __init__(self, state: StateStore, thread: PatientThread) -> None:
        self._windows, self._thread = state.windows, thread
        self._due: dict[Window, DirtyWindow] = {}

    async def mark(self, windows: set[Window]) -> None:
        await self._thread.run(self._windows.mark, [(kind, site, n * WINDOW_MS) for kind, site, n in windows])

    async def due(self, before: int, limit: int) -> list[Window]:
        dirty = await self._thread.run(self._windows.due, before * WINDOW_MS, limit)
        self._due = {(d.kind, d.site, d.window_ms // WINDOW_MS): d for d in dirty}
        return list(self._due)

    async def done(self, windows: Sequence[Window]) -> None:
        await self._thread.run(self._windows.done, [self._due[window] for window in windows if window in self._due])
