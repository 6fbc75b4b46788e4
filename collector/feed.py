"""Decoded batches after a cursor: from memory while they are there, else from the journal. The same path live and after a crash.

Each reader (evaluator, writer, quarantine) has its own cursor and asks for what comes after it; none waits for another. The last batches
stay in memory up to a bound of messages, so a reader that keeps up never touches the disk.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence

from collector.errors import JournalError
from collector.ports import Journal
from collector.records import Batch, Decoded, Message
from collector.threads import RETRY_S, Thread

log = logging.getLogger(__name__)

KEEP_MESSAGES = 20_000
READ_BATCHES = 16
READ_BYTES = 512 * 1024
"""Of bodies that one read of the journal brings: a few thousand readings, whether they lie in one batch or in hundreds of small ones."""


class Feed:
    """`append` makes messages durable and lets every reader have them. All methods belong to one event loop; the disk to `thread`."""

    def __init__(self, journal: Journal, thread: Thread, decode: Callable[[Batch], Decoded], now_ms: Callable[[], int]) -> None:
        self._journal, self._thread, self._decode, self._now_ms = journal, thread, decode, now_ms
        self._recent: deque[Decoded] = deque()
        self._kept = 0
        self._appending_ms: int | None = None
        self._one_at_a_time = asyncio.Lock()
        self._grown = asyncio.Event()
        self.last_seq = journal.stats().last_seq
        self.last_ms = 0
        self.problem = ""

    async def append(self, messages: Sequence[Message]) -> Decoded:
        """On disk when it returns. Raises JournalError where it can't be; nothing is then published."""
        async with self._one_at_a_time:
            self._appending_ms = now_ms = self._now_ms()
            try:
                batch = await self._thread.run(self._journal.append, messages, now_ms)
                self.problem = ""
            except JournalError as exc:
                self.problem = str(exc)
                raise
            finally:
                self._appending_ms = None
            return self._publish(self._decode(batch))

    def _publish(self, decoded: Decoded) -> Decoded:
        if decoded.seq != self.last_seq + 1:  # one before it is in the journal alone: its append was cancelled
            self._recent.clear()
            self._kept = 0
        self._recent.append(decoded)
        self._kept += decoded.messages
        while self._kept > KEEP_MESSAGES and len(self._recent) > 1:
            self._kept -= self._recent.popleft().messages
        self.last_seq, self.last_ms = decoded.seq, decoded.received_ms
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()
        return decoded

    async def after(self, seq: int, limit: int = READ_BATCHES) -> list[Decoded]:
        """The batches after `seq`, at most `limit`; waits until there is one."""
        while True:
            grown = self._grown
            if self.last_seq > seq:
                found = self._remembered(seq, limit) or await self._read(seq, limit)
                if found:
                    return found
            await grown.wait()

    def _remembered(self, seq: int, limit: int) -> list[Decoded]:
        recent = self._recent
        if not recent or recent[0].seq > seq + 1:
            return []
        start = seq + 1 - recent[0].seq
        return [recent[i] for i in range(start, min(start + limit, len(recent)))]

    async def _read(self, seq: int, limit: int) -> list[Decoded]:
        """From the journal; nothing where what followed `seq` was dropped or damaged."""
        while True:
            try:
                batches = await self._thread.run(self._journal.read, seq, limit, READ_BYTES)
            except JournalError as exc:
                log.error("the journal can't be read, trying again: %s", exc)
                await asyncio.sleep(RETRY_S)
            else:
                return [self._decode(batch) for batch in batches]

    def decode_again(self, decode: Callable[[Batch], Decoded]) -> None:
        """From now on decode with another configuration; what is in memory is read from the journal again."""
        self._decode = decode
        self._recent.clear()
        self._kept = 0

    def idle_until_ms(self, cursor: int) -> int | None:
        """Up to when a reader that has folded everything up to `cursor` may let time pass: no batch with an earlier time can follow."""
        if self.last_seq > cursor:
            return None
        return max(self.last_ms, self._now_ms() if self._appending_ms is None else self._appending_ms - 1)
