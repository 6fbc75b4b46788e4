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
from dataclasses import dataclass

import msgspec

from collector.audit import noted
from collector.calls import Call
from collector.errors import JournalError
from collector.evaluator import Evaluator
from collector.feed import Feed
from collector.outputs import Notice, SiteSnapshot, StateChange, Transition
from collector.ports import Source
from collector.records import Decoded
from collector.store.state import StateStore
from collector.threads import RETRY_S, PatientThread

log = logging.getLogger(__name__)

TICK_S = 1.0
SNAPSHOT_EVERY_MS = 60_000
FLOOD, GATHER_S = 10, 0.25


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


@dataclass(frozen=True, slots=True)
class Desk:
    """What an evaluation asks and whom it tells.

    `write` commits a change, or waits until it can; `open_alarms` are those on disk that are not normal; `notices` decides which
    channels are told, `calls` what people are to answer.
    `committed` is called with each change that is on disk, `saved` with the seq up to which a restart needs no batch again, `passed` with
    that of the last batch judged.
    """

    write: Callable[[StateChange], Awaitable[None]]
    open_alarms: Callable[[], Awaitable[list[Transition]]]
    notices: Callable[[Iterable[Transition]], list[Notice]]
    committed: Callable[[StateChange], None]
    saved: Callable[[int], None]
    passed: Callable[[int], None]
    calls: Callable[[Iterable[Transition]], list[Call]] = lambda _: []


class Evaluation:
    """Folds the feed and commits what changed, with the state that led to it, in one transaction.

    What was folded is kept until it is committed, so that being stopped between the two loses nothing.
    """

    def __init__(self, evaluator: Evaluator, feed: Feed, desk: Desk) -> None:
        self.evaluator = evaluator
        self._feed, self._desk = feed, desk
        self._change = StateChange()
        self._successor: Callable[[list[SiteSnapshot]], Evaluator] | None = None
        self._saved_seq = dict.fromkeys(evaluator.sites, 0)
        self._next_ms = 0

    async def run(self) -> None:
        await self._retire()
        while True:
            batches = await self._next()
            if self._successor is not None:
                self._succeed(self._successor)
                await self._retire()
            await self._fold(batches)
            await self.commit(self._whose_turn())
            self._desk.passed(self.evaluator.cursor)

    async def _fold(self, batches: Iterable[Decoded]) -> None:
        """What changes is told at once, and the other batches are asked for again. In a flood those that wait are folded along for a
        moment: a transaction for each, with the state of hundreds of sites, would hold up the last alarm for longer than that."""
        change, loop = self._change, asyncio.get_running_loop()
        gather_until_s = loop.time() + GATHER_S
        for batch in batches:
            self.evaluator.step(batch, change)
            change.noted.extend(noted(batch))
            if (change.transitions or change.audit or change.noted) and (len(change.transitions) <= FLOOD or loop.time() >= gather_until_s):
                break
            await asyncio.sleep(0)  # acknowledgements and writes go out between two batches

    async def _next(self) -> list[Decoded]:
        """The next batches; where none comes for a moment, time passes."""
        try:
            async with asyncio.timeout(TICK_S):
                return await self._feed.after(self.evaluator.cursor)
        except TimeoutError:
            now_ms = self._feed.idle_until_ms(self.evaluator.cursor)
            if now_ms is not None:
                self.evaluator.advance(now_ms, self._change)
            return []

    def replace(self, successor: Callable[[list[SiteSnapshot]], Evaluator]) -> None:
        """Go on with another evaluator (other sites, other rules) from the state of this moment, between two steps."""
        self._successor = successor

    async def commit(self, others: Iterable[str]) -> None:
        """One transaction: what was folded, who is to be told, and the snapshots of the sites it came from and of `others`."""
        folded = self._change
        names = {t.site for t in folded.transitions} | {e.site for e in folded.stock_events} | set(others)
        names |= {entry.command.alarm.partition("/")[0] for entry in folded.audit}
        if not (names or folded.points or folded.stock or folded.noted):
            return
        snapshots = self.evaluator.snapshots(names & self.evaluator.sites.keys())
        told, calls = self._desk.notices(folded.transitions), self._desk.calls(folded.transitions)
        change = msgspec.structs.replace(folded, notices=told, calls=calls, snapshots=snapshots)
        await self._desk.write(change)
        self._change = StateChange()
        for snapshot in snapshots:
            self._saved_seq[snapshot.site] = snapshot.cursor
        self._desk.committed(change)
        self._desk.saved(min(self._saved_seq.values()))

    async def _retire(self) -> None:
        """End what is open on disk and unknown to the evaluator: nothing else could."""
        self.evaluator.retire(await self._desk.open_alarms(), self._feed.last_ms, self._change)

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
        """A snapshot of every site, so that the next start goes on from here."""
        await self.commit(self.evaluator.sites)


async def set_aside(feed: Feed, state: StateStore, thread: PatientThread, cursor: int, commit: Callable[[int], None]) -> None:
    """What could not be taken goes into the quarantine, with its reason. Decoding a batch again adds nothing."""
    while True:
        for batch in await feed.after(cursor):
            if batch.rejects:
                await thread.run(state.quarantine, batch.seq, batch.received_ms, batch.rejects)
            cursor = batch.seq
        commit(cursor)
