"""From PUBLISH to the notice in the outbox, while readings come at half of what the collector can take: on an ordinary day, while the
database is away, while the backlog drains, and while the database hangs.

Each probe is a pressure far too low from a pipeline that has said nothing yet; its rule has no delay here. The clock starts before the
packet is written to the socket and stops when another process can read the notice in state.db, which is asked every 5 ms.
"""

from __future__ import annotations

import socket
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from bench import machine
from bench.database import InfluxV1
from bench.fleet import Fleet
from bench.load import Order, connect, publish_packet
from bench.subjects import Collector, collector, publisher
from tests.servers import influxdb, mosquitto

LOADED = 50
"""Sites whose pipelines carry the load; those of the others are probes."""
LINES = 20
RULES = ("rules: {everywhere: {LP-LL: {on_delay_s: 0}}}",)
EVERY_S = 0.05
POLL_S = 0.005
LOST_S = 15.0
DRAINED_S = 120.0


@dataclass(slots=True)
class Phase:
    """`ms` are latencies; `lost` are probes without a notice; memory is that of the collector, in MiB."""

    name: str
    ms: list[float] = field(default_factory=list)
    lost: int = 0
    drain_s: float = 0.0
    memory_mib: tuple[float, float] = (0.0, 0.0)


class Probes:
    """Sends one probe after the other, and sees their notices come."""

    def __init__(self, port: int, state: Path, topics: list[str]) -> None:
        self._socket: socket.socket = connect(port, "bench-probe")
        self._socket.setblocking(True)
        self._topics = topics
        self._next = 0
        self._waiting: dict[str, float] = {}
        self._state = sqlite3.connect(f"file:{state}?mode=ro", uri=True, timeout=1.0)
        self._last = 0

    def during(self, busy: Callable[[], bool]) -> tuple[list[float], int]:
        """Probe every EVERY_S until `busy` is false; latencies in ms, and how many never came."""
        found: list[float] = []
        due = time.monotonic()
        while busy():
            if time.monotonic() >= due:
                due = max(due + EVERY_S, time.monotonic())
                self._send()
            found += self._seen()
            time.sleep(POLL_S)
        deadline = time.monotonic() + LOST_S
        while self._waiting and time.monotonic() < deadline:
            found += self._seen()
            time.sleep(POLL_S)
        lost = len(self._waiting)
        self._waiting.clear()
        return found, lost

    def close(self) -> None:
        self._socket.close()
        self._state.close()

    def _send(self) -> None:
        topic = self._topics[self._next]
        self._next += 1
        body = b'{"ts": %d, "seq": 1, "values": {"line_pressure_bar": 1.0}}' % (time.time_ns() // 1_000_000)
        self._waiting[topic.removeprefix("oxygrid/v1/")] = time.perf_counter()
        self._socket.sendall(publish_packet(topic.encode(), body, self._next % 65535 + 1))
        self._socket.recv(64)

    def _seen(self) -> list[float]:
        rows = self._state.execute("SELECT n, id FROM notice WHERE n > ? ORDER BY n", (self._last,)).fetchall()
        now, found = time.perf_counter(), []
        for number, notice in rows:
            self._last = number
            sent = self._waiting.pop("/".join(notice.split("/")[:2]), None)
            if sent is not None:
                found.append((now - sent) * 1000)
        return found


class Memory:
    """The collector's memory, sampled beside the load."""

    def __init__(self, pid: int) -> None:
        self._pid, self._over = pid, threading.Event()
        self.before_mib = self.most_mib = machine.memory_mib(pid)
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def stop(self) -> tuple[float, float]:
        self._over.set()
        self._thread.join()
        return self.before_mib, self.most_mib

    def _sample(self) -> None:
        while not self._over.wait(0.25):
            self.most_mib = max(self.most_mib, machine.memory_mib(self._pid))


def run(rate: float, seconds: float, folder: Path, say: Callable[[str], None]) -> list[Phase]:
    """All phases, `rate` messages/s for about `seconds` each."""
    probes_needed = int((3 * seconds + DRAINED_S) / EVERY_S)
    fleet = Fleet(LOADED + probes_needed // LINES, tuple((f"line-{n:02}", "pipeline") for n in range(LINES)), quiet_for_h=1)
    topics = fleet.topics()
    with influxdb(folder / "influx") as server, mosquitto(folder / "mosquitto") as broker:
        database = InfluxV1(server.http, server.pid)
        with collector(folder / "collector", fleet, broker, database.url, RULES) as child:
            bed = _Bed(child, broker.port, topics[: LOADED * LINES], rate)
            with closing(Probes(broker.port, child.state_path, topics[LOADED * LINES :])) as probes:
                phases = [bed.phase("half load", probes, seconds)]
                server.stop()
                phases.append(bed.phase("database away", probes, seconds))
                server.start()
                phases.append(bed.phase("backlog drains", probes, DRAINED_S, until=lambda: child.lag_s() < 1.0))
                server.freeze()
                phases.append(bed.phase("database hangs", probes, seconds))
                server.thaw()
    for phase in phases:
        say(f"latency, {phase.name}: {len(phase.ms)} notices, {phase.lost} lost, collector {phase.memory_mib[1]:.0f} MiB")
    return phases


class _Bed:
    def __init__(self, child: Collector, port: int, topics: list[str], rate: float) -> None:
        self._child, self._port, self._topics, self._rate = child, port, topics, rate

    def phase(self, name: str, probes: Probes, seconds: float, until: Callable[[], bool] | None = None) -> Phase:
        """Load and probes for so long, or until that is so."""
        first_ms = time.time_ns() // 1_000_000 - 60_000
        messages = int(self._rate * seconds) // 4 * 4
        memory = Memory(self._child.pid)
        with publisher(Order(self._port, self._topics, messages, rate=self._rate, first_ms=first_ms)) as load:
            load.go()
            started = time.monotonic()
            asked = started

            def busy() -> bool:
                nonlocal asked
                if load.process.poll() is not None:
                    return False
                if until is None or time.monotonic() - asked < 1.0:
                    return True
                asked = time.monotonic()
                return not until()

            ms, lost = probes.during(busy)
            drain_s = time.monotonic() - started if until else 0.0
        return Phase(name, ms, lost, drain_s, memory.stop())
