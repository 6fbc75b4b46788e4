"""Gateways that remember: a process of its own with many QoS 1 publishers, each of which knows what the broker acknowledged to it.

    echo '{"port": 1883, "topics": ["oxygrid/v1/s/psa1"], "readings": 500, "rate": 50, "folder": "x"}' | python -m tests.faults.gateways

A gateway measures at its own pace whether or not there is a broker, keeps what was not acknowledged, connects again when the connection
breaks, and then sends that again, in order. The value of reading n is n. Each acknowledgement is a line `gateway n ts` in `acknowledged`
in the folder, written after it came; the process ends when everything is acknowledged.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import TextIO

import msgspec

from bench.load import publish_packet
from tests.servers import HOST

ROOT = Path(__file__).parents[2]
WINDOW = 500
"""Messages that a gateway may have unacknowledged."""
RECONNECT_S = 0.3


class Order(msgspec.Struct, frozen=True):
    """`readings` of each topic in all, `rate` of them per second; one gateway for each topic."""

    port: int
    topics: list[str]
    readings: int
    rate: float
    folder: str
    signal: str = "energy_kwh"


class Gateway:
    """One publisher. `unacknowledged` is all it still has to see acknowledged, oldest first: packet id → (n, ts_ms)."""

    def __init__(self, order: Order, number: int, log: TextIO) -> None:
        self._order, self._number, self._log = order, number, log
        self._topic = order.topics[number].encode()
        self._unacknowledged: dict[int, tuple[int, int]] = {}
        self._next = 0
        self._begun_ms = time.time_ns() // 1_000_000
        self._acknowledged = asyncio.Event()
        self._chance = Random(number)

    async def run(self) -> None:
        while self._next < self._order.readings or self._unacknowledged:
            with suppress(OSError, asyncio.IncompleteReadError):
                await self._session()
            await asyncio.sleep(RECONNECT_S * (0.5 + self._chance.random()))

    async def _session(self) -> None:
        reader, writer = await asyncio.open_connection(HOST, self._order.port)
        try:
            writer.write(connect_packet(f"gateway-{self._number}"))
            if await reader.readexactly(4) != b"\x20\x02\x00\x00":
                raise ConnectionError("not accepted")
            async with asyncio.TaskGroup() as tasks:
                hearing = tasks.create_task(self._hear(reader))
                tasks.create_task(self._speak(writer, hearing))
        except* (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _speak(self, writer: asyncio.StreamWriter, hearing: asyncio.Task[None]) -> None:
        """First what was not acknowledged before, then reading after reading as it is due."""
        for packet_id, (n, ts_ms) in list(self._unacknowledged.items()):
            writer.write(publish_packet(self._topic, self._payload(n, ts_ms), packet_id))
        while self._next < self._order.readings or self._unacknowledged:
            due = min(self._order.readings, int((time.time() - self._begun_ms / 1000) * self._order.rate))
            while self._next < due and len(self._unacknowledged) < WINDOW:
                n, self._next = self._next, self._next + 1
                ts_ms = self._begun_ms + int(n * 1000 / self._order.rate)
                packet_id = n % 65_535 + 1
                self._unacknowledged[packet_id] = (n, ts_ms)
                writer.write(publish_packet(self._topic, self._payload(n, ts_ms), packet_id))
            await writer.drain()
            with suppress(TimeoutError):
                async with asyncio.timeout(0.02):
                    await self._acknowledged.wait()
            self._acknowledged.clear()
        hearing.cancel()

    async def _hear(self, reader: asyncio.StreamReader) -> None:
        while True:
            packet = await reader.readexactly(4)  # a PUBACK; nothing else comes
            n, ts_ms = self._unacknowledged.pop(int.from_bytes(packet[2:4], "big"))
            self._log.write(f"{self._number} {n} {ts_ms}\n")
            self._acknowledged.set()

    def _payload(self, n: int, ts_ms: int) -> bytes:
        return b'{"ts": %d, "seq": %d, "values": {"%b": %d}}' % (ts_ms, n, self._order.signal.encode(), n)


def connect_packet(client_id: str) -> bytes:
    """CONNECT of MQTT 3.1.1, clean session, keep-alive 60 s."""
    name = client_id.encode()
    rest = b"\x00\x04MQTT\x04\x02\x00\x3c" + len(name).to_bytes(2, "big") + name
    return b"\x10" + bytes([len(rest)]) + rest


async def publish(order: Order) -> None:
    with (Path(order.folder) / "acknowledged").open("w", buffering=1 << 16) as log:
        async with asyncio.TaskGroup() as tasks:
            flushing = asyncio.create_task(_flush(log))
            gateways = [tasks.create_task(Gateway(order, number, log).run()) for number in range(len(order.topics))]
            await asyncio.wait(gateways)
            flushing.cancel()


async def _flush(log: TextIO) -> None:
    while True:
        await asyncio.sleep(0.1)
        log.flush()


class Gateways:
    """The process of them, seen from the test."""

    def __init__(self, order: Order) -> None:
        self.order = order
        argv = [sys.executable, "-m", "tests.faults.gateways"]
        self._process = subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE)
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(order))
        self._process.stdin.close()

    @property
    def ended(self) -> bool:
        code = self._process.poll()
        assert code in (None, 0), "the gateways failed; their words are above"
        return code == 0

    def acknowledged(self) -> dict[str, dict[int, int]]:
        """Topic → {time in ms: number of the reading} of every reading that was acknowledged up to now."""
        found: dict[str, dict[int, int]] = defaultdict(dict)
        text = (Path(self.order.folder) / "acknowledged").read_text()
        for line in text.splitlines() if text.endswith("\n") else text.splitlines()[:-1]:
            gateway, n, ts_ms = map(int, line.split())
            found[self.order.topics[gateway]][ts_ms] = n
        return found

    def end(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()


@contextmanager
def gateways(order: Order) -> Iterator[Gateways]:
    Path(order.folder).mkdir(parents=True, exist_ok=True)
    child = Gateways(order)
    try:
        yield child
    finally:
        child.end()


if __name__ == "__main__":
    asyncio.run(publish(msgspec.convert(json.load(sys.stdin), Order)))
