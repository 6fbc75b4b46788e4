"""What a gateway still has to send: bounded, in order, and back-fill once a connection was lost. Pure."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import msgspec

from devices.gateway.emission import Emission


class Entry(NamedTuple):
    """An emission under its number in the outbox; `late` when it has outlived a connection."""

    number: int
    emission: Emission
    late: bool = False


class Outbox:
    """Messages wait, are in flight, and are forgotten when acknowledged. At the bound the oldest that waits is dropped, and counted."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._waiting: deque[Entry] = deque()
        self._in_flight: dict[int, Entry] = {}
        self._numbers = 0
        self.acknowledged = self.dropped = self.backfilled = 0

    def __len__(self) -> int:
        return len(self._waiting) + len(self._in_flight)

    def offer(self, emission: Emission) -> None:
        self._numbers += 1
        self._waiting.append(Entry(self._numbers, emission))
        self._keep_bound()

    def take(self, most: int) -> list[Entry]:
        """The next messages to send; they are in flight from now on."""
        taken = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
        self._in_flight.update((entry.number, entry) for entry in taken)
        return taken

    def acknowledge(self, entry: Entry) -> None:
        del self._in_flight[entry.number]
        self.acknowledged += 1
        self.backfilled += entry.late

    def lose_connection(self) -> None:
        """Nothing in flight counts as sent, and whatever waits will come late. A status is superseded by the one at reconnection."""
        kept = (entry for entry in (*self._in_flight.values(), *self._waiting) if not entry.emission.retained)
        self._waiting = deque(entry._replace(late=True) for entry in kept)
        self._in_flight = {}
        self._keep_bound()

    def _keep_bound(self) -> None:
        while len(self) > self._bound and self._waiting:
            self._waiting.popleft()
            self.dropped += 1


def payload_of(entry: Entry) -> bytes:
    """The message as it leaves now: what comes late says so, that no old reading is taken for the present one."""
    return as_backfill(entry.emission.payload) if entry.late else entry.emission.payload


def as_backfill(payload: bytes) -> bytes:
    """The same readings, marked as stored while offline. A payload that is not native stays as it is."""
    try:
        sent = msgspec.json.decode(payload)
    except (ValueError, RecursionError):
        return payload
    objects = sent if isinstance(sent, list) else [sent]
    if not all(isinstance(each, dict) for each in objects):
        return payload
    for each in objects:
        each["backfill"] = True
    return msgspec.json.encode(sent)
