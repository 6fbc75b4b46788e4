"""The seams: what the pipeline asks of a source, a journal and a store. Each has a small real in-memory twin, so tests need no mocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from collector.records import Batch, Decoded, Message, Point


class Delivery(msgspec.Struct, frozen=True):
    """Messages that a source has handed over and not yet acknowledged to its broker. `token` is the source's own.

    `delivery.messages` may hold control records of the source (`$oxygrid/source`) in their place among the messages.
    """

    messages: list[Message]
    token: object = None


class SourceStatus(msgspec.Struct, frozen=True):
    """A source in figures. `problem` is the last error in words, empty while connected."""

    name: str
    connected: bool
    since_ms: int
    problem: str = ""
    received: int = 0
    acknowledged: int = 0
    waiting: int = 0
    reconnects: int = 0
    deaf: int = 0
    sessions_lost: int = 0
    too_large: int = 0
    dropped: int = 0


class Source(Protocol):
    """Batches in, acknowledgement out.

    `receive` waits until at least one message is there and returns all that wait (bounded). The source stops reading its socket while
    what it holds is over its bound. `durable` says that the delivery is on disk: only then may the broker forget it. `run` keeps the
    session alive for ever (reconnects, probes) and raises SourceError only where trying again can't help.
    """

    async def run(self) -> None: ...

    async def receive(self) -> Delivery: ...

    def durable(self, delivery: Delivery) -> None: ...

    def status(self) -> SourceStatus: ...

    async def close(self) -> None:
        """Leave in good order: acknowledge what is durable, say goodbye, keep the session at the broker."""


class JournalStats(msgspec.Struct, frozen=True):
    """`first_seq` > `last_seq` when empty; bytes as on disk; `dropped_*` count what the bound took before every cursor had read it;
    `damaged_*` what was on disk and could not be read."""

    first_seq: int
    last_seq: int
    bytes: int
    dropped_batches: int
    dropped_messages: int
    cursors: dict[str, int]
    oldest_ms: int | None = None
    damaged_batches: int = 0
    damaged_messages: int = 0


class Journal(Protocol):
    """A durable log of batches with named cursors. Every method blocks; only one thread calls them."""

    def append(self, messages: Sequence[Message], now_ms: int) -> Batch:
        """On disk when it returns. Raises JournalError where it can't be."""

    def read(self, after: int, limit: int = 64, max_bytes: int = ...) -> list[Batch]:
        """Batches with seq > after, oldest first, at most `limit` and `max_bytes` of bodies, but one where there is one; starts at the
        oldest kept where `after` is older than that."""

    def cursor(self, name: str) -> int: ...

    def commit(self, name: str, seq: int) -> None: ...

    def stats(self) -> JournalStats: ...

    def close(self) -> None: ...


class Rejected(msgspec.Struct, frozen=True):
    """A line that the store refused, and its words."""

    line: str
    reason: str


class Outcome(msgspec.Struct, frozen=True):
    """What became of a write: `rejected` lines are gone for good, all others are stored, unless `keep` is set: then nothing is known to be
    stored, and the same must be written again after `keep_s` seconds. `problem` is for people; `alarm` asks for an alarm (401, 403,
    404)."""

    rejected: list[Rejected] = []
    keep: bool = False
    keep_s: float = 0.0
    problem: str = ""
    alarm: bool = False


class Store(Protocol):
    """Where readings go to be looked at. Writing the same twice is harmless: same series and time overwrite."""

    async def write(self, batches: Sequence[Decoded]) -> Outcome: ...

    async def write_points(self, points: Sequence[Point]) -> Outcome: ...

    async def roll_up(self, kind: str, site: str, start_ms: int, end_ms: int) -> Outcome:
        """Compute the 15-minute means, minima, maxima and counts of [start, end) anew from the raw data, and store them."""

    async def close(self) -> None: ...
