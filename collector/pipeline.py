"""The way of a reading, on one screen.

    source ──▶ journal ──▶ acknowledged
                  │
                  ├──▶ writer      (collector.writer)   → InfluxDB or the embedded history
                  ├──▶ evaluate    (below)              → alarms, stock, notices: one transaction
                  └──▶ set_aside   (below)              → quarantine

Each reader of the journal has its own cursor and its own pace.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections.abc import Awaitable, Callable, Iterable

from collector.errors import JournalError
from collector.evaluator import Evaluator
from collector.feed import Feed
from collector.outputs import Notice, SiteSnapshot, StateChange, Transition
from collector.ports import Source
from collector.records import Decoded
from collector.store.state import StateStore
from collector.threads import Thread

log = logging.getLogger(__name__)

TICK_S = 1.0
SNAPSHOT_EVERY_MS = 60_000
RETRY_S = 1.0


async def ingest(source: Source, feed: Feed, seen: Callable[[Decoded], None]) -> None:
    """Everything that waits → one batch on disk → only now may the broker forget it."""
    while True:
        delivery = await source.receive()
        while True:
            try:
                decoded = await feed.append(delivery.messages)
                break
            except JournalError as exc:  # nothing is acknowledged meanwhile: the broker keeps what we can't
                log.error("the journal can't be written, trying again: %s", exc)
                await asyncio.sleep(RETRY_S)
        source.durable(delivery)
        seen(decoded)


class Evaluation:
    """Folds the feed and commits what changed, with the state that led to it, in one transaction.

    `notices` decides who is told; `committed` is called with each change that is on disk; `saved` with the seq up to which a restart needs
    no batch again; `passed` with the seq of the last batch that was judged.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        feed: Feed,
        write: Callable[[StateChange], Awaitable[None]],
        *,
        notices: Callable[[Iterable[Transition]], list[Notice]],
        committed: Callable[[StateChange], None],
        saved: Callable[[int], None],
        passed: Callable[[int], None],
    ) -> None:
        self.evaluator = evaluator
        self._passed = passed
        self._successor: Callable[[list[SiteSnapshot]], Evaluator] | None = None
        self._feed, self._write = feed, write
        self._notices, self._committed, self._saved = notices, committed, saved
        self._saved_seq = dict.fromkeys(evaluator.sites, 0)
        self._next_ms = 0

    async def run(self) -> None:
        while True:
            if self._successor is not None:
                self._succeed(self._successor)
            change = StateChange()
            try:
                async with asyncio.timeout(TICK_S):
                    batches = await self._feed.after(self.evaluator.cursor)
            except TimeoutError:
                batches = []
                now_ms = self._feed.idle_until_ms(self.evaluator.cursor)
                if now_ms is not None:
                    self.evaluator.advance(now_ms, change)
            for batch in batches:
                self.evaluator.step(batch, change)
                await asyncio.sleep(0)  # acknowledgements and writes go out between two batches
            await self.commit(change)
            self._passed(self.evaluator.cursor)

    def replace(self, successor: Callable[[list[SiteSnapshot]], Evaluator]) -> None:
        """Go on with another evaluator (other sites, other rules) from the state of this moment, between two steps."""
        self._successor = successor

    async def commit(self, change: StateChange) -> None:
        """One transaction: transitions, notices, points, and the snapshots of the sites they came from, and of a few others in their
        turn."""
        change.notices.extend(self._notices(change.transitions))
        names = {t.site for t in change.transitions} | {e.site for e in change.stock_events} | set(self._whose_turn())
        change.snapshots.extend(self.evaluator.snapshots(names))
        if not (change.snapshots or change.points or change.stock):
            return
        await self._write(change)
        for snapshot in change.snapshots:
            self._saved_seq[snapshot.site] = snapshot.cursor
        self._committed(change)
        self._saved(min(self._saved_seq.values()))

    def _succeed(self, successor: Callable[[list[SiteSnapshot]], Evaluator]) -> None:
        self.evaluator = successor(self.evaluator.snapshots(self.evaluator.sites))
        self._saved_seq = {name: self._saved_seq.get(name, self.evaluator.cursor) for name in self.evaluator.sites}
        self._successor = None

    def _whose_turn(self) -> list[str]:
        """The sites whose last snapshot is oldest: each gets one about once a minute, so a restart has little to fold again."""
        now_ms = self.evaluator.now_ms
        if now_ms < self._next_ms:
            return []
        share = -(-len(self._saved_seq) // 60)
        self._next_ms = now_ms + SNAPSHOT_EVERY_MS * share // len(self._saved_seq)
        return heapq.nsmallest(share, self._saved_seq, key=self._saved_seq.__getitem__)

    async def close(self) -> None:
        """A snapshot of everything, so that the next start goes on from here."""
        await self._write(StateChange(snapshots=self.evaluator.snapshots(self.evaluator.sites)))
        self._saved(self.evaluator.cursor)


def writer_of(state: StateStore, thread: Thread) -> Callable[[StateChange], Awaitable[None]]:
    """Commits a change; while the disk takes nothing, tries again."""

    async def write(change: StateChange) -> None:
        while True:
            try:
                return await thread.run(state.commit, change)
            except JournalError as exc:
                log.error("the state can't be written, trying again: %s", exc)
                await asyncio.sleep(RETRY_S)

    return write


async def set_aside(feed: Feed, state: StateStore, thread: Thread, cursor: int, commit: Callable[[int], None]) -> None:
    """What could not be taken goes into the quarantine, with its reason. Decoding a batch again adds nothing."""
    while True:
        for batch in await feed.after(cursor):
            if batch.rejects:
                await thread.run(state.quarantine, batch.seq, batch.received_ms, batch.rejects)
            cursor = batch.seq
        commit(cursor)
