"""The journal's twin in memory. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from collector.journal_rows import DAY_MS, READ_BYTES, Bounds, Row, Step, removal
from collector.ports import JournalStats
from collector.receipt import clock_record, receipt
from collector.records import Batch, Message


class MemoryJournal:
    """The journal in memory: the same promises but durability, for tests and for what needs no disk."""

    def __init__(self, *, max_bytes: int = 64 * 2**20, max_age_ms: int = 30 * DAY_MS, keep_ms: int = DAY_MS) -> None:
        self._bounds = Bounds(max_bytes, max_age_ms, keep_ms)
        self._rows: list[tuple[Row, Batch]] = []
        self._cursors: dict[str, int] = {}
        self._last_seq = self._last_ms = self._bytes = self._dropped_batches = self._dropped_messages = 0
        self._previous_now_ms: int | None = None
        self._step: Step | None = None

    def append(self, messages: Sequence[Message], now_ms: int) -> Batch:
        stamp = receipt(now_ms, self._last_ms, self._previous_now_ms)
        batch = Batch(self._last_seq + 1, stamp.received_ms, [*clock_record(stamp), *messages])
        if stamp.stepped_from_ms is not None:
            self._step = Step(batch.seq, stamp.received_ms)
        row = Row(batch.seq, batch.received_ms, len(batch.messages), 40 + sum(len(m.topic) + len(m.payload) + 8 for m in batch.messages))
        slowest = min(self._cursors.values(), default=0)
        excess = self._bytes + row.bytes - self._bounds.max_bytes
        gone = removal((r for r, _ in self._rows), self._bounds, slowest, batch.received_ms, excess_bytes=excess, step=self._step)
        self._rows = [*self._rows[gone.rows :], (row, batch)]
        self._bytes += row.bytes - gone.bytes
        self._dropped_batches += gone.batches
        self._dropped_messages += gone.messages
        self._last_seq, self._last_ms, self._previous_now_ms = batch.seq, batch.received_ms, now_ms
        return batch

    def read(self, after: int, limit: int = 64, max_bytes: int = READ_BYTES) -> list[Batch]:
        found: list[Batch] = []
        for row, batch in self._rows:
            if row.seq > after and len(found) < limit:
                max_bytes -= row.bytes
                if found and max_bytes < 0:
                    break
                found.append(batch)
        return found

    def cursor(self, name: str) -> int:
        return self._cursors.get(name, 0)

    def commit(self, name: str, seq: int) -> None:
        self._cursors[name] = seq

    def forget(self, name: str) -> None:
        self._cursors.pop(name, None)

    def begin_after(self, seq: int) -> None:
        self._last_seq = max(self._last_seq, seq)

    def stats(self) -> JournalStats:
        first = self._rows[0][0] if self._rows else Row(self._last_seq + 1, 0, 0, 0)
        dropped = (self._dropped_batches, self._dropped_messages)
        return JournalStats(
            first.seq, self._last_seq, self._bytes, *dropped, dict(self._cursors), first.received_ms if self._rows else None
        )

    def close(self) -> None:
        self._rows.clear()
