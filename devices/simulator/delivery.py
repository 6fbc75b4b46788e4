"""From a sample to messages on their way: clocks, stores and networks of gateways, right and wrong."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from devices.gateway.emission import Emission, Link
from devices.payloads.native import Reading, encode
from devices.signal import Value
from devices.simulator.faults import Active, Fault

STORED = 100_000
"""Samples that a gateway can store while it is offline; the oldest go first."""
BATCH = 50
"""Stored samples in one message of the back-fill, and how long it waits before the next message."""
BATCH_PAUSE_MS = 250
WILL_MS = 90_000
"""The broker publishes the last will after 1.5 × the keep-alive of 60 s."""
BOOT_MS = 3_000
"""Time since boot at which a gateway without a clock begins to stamp."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What an asset's transmitters read at a moment."""

    asset: str
    at_ms: int
    seq: int
    values: dict[str, Value]


class Sent(NamedTuple):
    """One message before it is written as bytes: readings of an asset, or the word of a gateway (`online` or `offline`, retained)."""

    send_ms: int
    link: Link
    asset: str
    readings: Reading | list[Reading] | None = None
    word: bytes = b""

    def emission(self, prefix: str) -> Emission:
        """The message as it goes to the broker."""
        if self.readings is None:
            return Emission(self.send_ms, f"{self.link.topic(prefix, self.asset)}/status", self.word, retained=True)
        return Emission(self.send_ms, self.link.topic(prefix, self.asset), encode(self.readings))


class Delivery:
    """The way of one link's samples to the broker. `lost` counts samples that the gateway could not store."""

    def __init__(self, link: Link, rng: Random) -> None:
        self._link, self._rng = link, rng
        self._gateway = link.gateway or ""
        self._stored: deque[tuple[Sample, int]] = deque(maxlen=STORED)
        self._offline = self._told_offline = False
        self._stores = True
        self.lost = 0

    def begin(self, now_ms: int) -> Iterator[Sent]:
        """The gateway connects for the first time."""
        yield from self._status(now_ms, b"online")

    def turn(self, now_ms: int, active: Active) -> Iterator[Sent]:
        """What the beginning or the end of an outage makes the gateway (or, for its last will, the broker) send."""
        outage = self._outage(now_ms, active)
        if outage:
            self._offline, self._stores = True, outage.name != "site_dark"
            if outage.name != "gateway_flaps" and not self._told_offline and now_ms >= outage.start_ms + WILL_MS:
                self._told_offline = True
                yield from self._status(now_ms, b"offline")
        elif self._offline:
            self._offline = self._told_offline = False
            yield from self._status(now_ms, b"online")
            yield from self._back_fill(now_ms)

    def send(self, sample: Sample, active: Active) -> Iterator[Sent]:
        """The messages of one sample; none while the gateway is offline."""
        stamp_ms = self._stamp_ms(sample.at_ms, active)
        if self._offline:
            self.lost += not self._stores or len(self._stored) == STORED
            if self._stores:
                self._stored.append((sample, stamp_ms))
            return
        reading = Reading(ts=stamp_ms, seq=sample.seq, values=sample.values)
        send_ms = sample.at_ms + int(20 + 231 * self._rng.random())
        reordered = active.get("reordered", self._gateway)
        if reordered and self._rng.random() < reordered.number("share"):
            send_ms += round(self._rng.random() * reordered.number("delay_s") * 1000)
        yield Sent(send_ms, self._link, sample.asset, reading)
        twice = active.get("duplicates", self._gateway)
        if twice and self._rng.random() < twice.number("share"):
            yield Sent(send_ms + round(self._rng.uniform(50, 5000)), self._link, sample.asset, reading)

    def _stamp_ms(self, at_ms: int, active: Active) -> int:
        reset, offset = active.get("clock_1970", self._gateway), active.get("clock_offset", self._gateway)
        if reset:
            return at_ms - reset.start_ms + BOOT_MS
        return at_ms + round(offset.number("offset_s") * 1000) if offset else at_ms

    def _back_fill(self, now_ms: int) -> Iterator[Sent]:
        """All that was stored, oldest first, a message per asset and batch."""
        send_ms = now_ms + 1000
        while self._stored:
            batch: dict[str, list[Reading]] = {}
            for _ in range(min(BATCH, len(self._stored))):
                sample, stamp_ms = self._stored.popleft()
                batch.setdefault(sample.asset, []).append(Reading(ts=stamp_ms, seq=sample.seq, values=sample.values, backfill=True))
            for asset, readings in batch.items():
                yield Sent(send_ms, self._link, asset, readings)
            send_ms += BATCH_PAUSE_MS

    def _status(self, now_ms: int, word: bytes) -> Iterator[Sent]:
        """Without a gateway there is none: a will must belong to an asset that is declared."""
        if self._gateway:
            yield Sent(now_ms, self._link, self._gateway, word=word)

    def _outage(self, now_ms: int, active: Active) -> Fault | None:
        """What keeps the gateway from the broker now. A site that is dark is so whole."""
        if not len(active):
            return None
        for fault in (*active.named("site_dark"), *active.of(self._gateway)):
            if fault.name in {"site_dark", "gateway_offline"} or (fault.name == "gateway_flaps" and _is_down(fault, now_ms)):
                return fault
        return None


def _is_down(flaps: Fault, now_ms: int) -> bool:
    return (now_ms - flaps.start_ms) % round(flaps.number("every_s") * 1000) < flaps.number("down_s") * 1000
