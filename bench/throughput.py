"""Readings per second and CPU per reading, each subject in turn, round after round, on the same two cores.

A round: a fresh broker, the subject subscribed, then a publisher that sends as fast as the broker acknowledges. It ends for a subscriber
when it has seen every message; for Oxygrid and the plain loop when the database has taken every one of them, which a query then confirms.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import machine
from bench.database import Database, wait_stored
from bench.fleet import Fleet, plants, zones
from bench.load import Order, Report
from bench.subjects import Telegraf, c_subscriber, collector, plain_loop, publisher, ready, wait_ended
from tests.servers import Server, mosquitto

LIMIT_S = 180.0
CAUGHT_UP_S = 30.0


@dataclass(frozen=True, slots=True)
class Round:
    """One measured round. `cpu_us` is CPU per reading by process."""

    seconds: float
    readings: int
    cpu_us: dict[str, float]
    report: Report

    @property
    def per_s(self) -> float:
        return self.readings / self.seconds


@dataclass(frozen=True, slots=True)
class Setting:
    """What a subject finds when its round begins."""

    broker: Server
    fleet: Fleet
    messages: int
    folder: Path


@dataclass(frozen=True, slots=True)
class Running:
    """A subject that is ready: its process, and how to wait until it has all messages (returns when that was)."""

    pid: int
    wait: Callable[[Order], float]


@dataclass(frozen=True, slots=True)
class Subject:
    """`share` of the run's messages is published to it (a slow one gets fewer); `values` are those of a message."""

    name: str
    values: int
    share: float
    start: Callable[[Setting], AbstractContextManager[Running]]
    database: Database | None = None

    @property
    def fleet(self) -> Fleet:
        return zones(1000) if self.values == 1 else plants(1000)


def oxygrid(database: Database, values: int, share: float = 1.0) -> Subject:
    @contextmanager
    def start(at: Setting) -> Iterator[Running]:
        before = database.taken()
        with collector(at.folder, at.fleet, at.broker, database.url) as child:

            def wait(order: Order) -> float:
                ended_s = _stored(database, before, order)
                deadline = time.monotonic() + CAUGHT_UP_S
                while child.lag_batches() > 0 and time.monotonic() < deadline:
                    ended_s = time.time()
                    time.sleep(0.1)
                if child.reconnects():
                    raise RuntimeError(f"the collector lost its session during the round; the end of its log:\n{child.end_of_log()}")
                return ended_s

            yield Running(child.pid, wait)

    return Subject(f"Oxygrid → {_name(database)}", values, share, start, database)


def plain(database: Database, values: int, share: float) -> Subject:
    @contextmanager
    def start(at: Setting) -> Iterator[Running]:
        before = database.taken()
        with plain_loop(at.broker, database.url) as process:
            yield Running(process.pid, lambda order: _stored(database, before, order))

    return Subject(f"plain loop → {_name(database)}", values, share, start, database)


def by_telegraf(database: Database, values: int, share: float = 1.0) -> Subject:
    @contextmanager
    def start(at: Setting) -> Iterator[Running]:
        before = database.taken()
        with ready(Telegraf(at.folder, at.broker, database.url, "pipeline" if values == 1 else "psa_plant")) as child:
            yield Running(child.pid, lambda order: _stored(database, before, order))

    return Subject(f"Telegraf → {_name(database)}", values, share, start, database)


def subscriber(version: str, values: int, share: float = 1.0) -> Subject:
    @contextmanager
    def start(at: Setting) -> Iterator[Running]:
        with c_subscriber(at.broker, at.messages, version=version) as process:
            yield Running(process.pid, lambda _order: wait_ended(process, LIMIT_S))

    return Subject(f"mosquitto_sub -q 1, MQTT {'3.1.1' if version == '311' else version}", values, share, start)


def run(
    subjects: list[Subject], messages: int, rounds: int, folder: Path, say: Callable[[str], None], inflight: int = 20
) -> dict[Subject, list[Round]]:
    """Interleaved: every subject once, then every subject again. `inflight` as the broker's setting of that name."""
    found: dict[Subject, list[Round]] = {subject: [] for subject in subjects}
    for number in range(rounds):
        for subject in subjects:
            machine.settle()
            one = _round(subject, int(messages * subject.share) // 4 * 4, folder / f"{number}-{subjects.index(subject)}", inflight)
            found[subject].append(one)
            cpu = ", ".join(f"{name} {us:.2f}" for name, us in one.cpu_us.items())
            say(f"round {number + 1}: {subject.name}, {subject.values} value(s): {one.per_s:,.0f} readings/s; CPU µs per reading: {cpu}")
    return found


def _round(subject: Subject, messages: int, folder: Path, inflight: int) -> Round:
    with mosquitto(folder, inflight=inflight) as broker, subject.start(Setting(broker, subject.fleet, messages, folder)) as running:
        first_ms = time.time_ns() // 1_000_000 - 60_000
        order = Order(broker.port, subject.fleet.topics(), messages, subject.values, first_ms=first_ms)
        with publisher(order) as load:
            pids = {"subject": running.pid, "broker": broker.pid, "publisher": load.pid}
            if subject.database is not None:
                pids["database"] = subject.database.pid
            before = {name: machine.cpu_s(pid) for name, pid in pids.items()}
            load.go()
            ended_s = running.wait(order)
            after = {name: machine.cpu_s(pid) for name, pid in pids.items()}
            report = load.report()
    readings = messages * subject.values
    cpu_us = {name: (after[name] - before[name]) / readings * 1e6 for name in pids}
    return Round(ended_s - report.started_s, readings, cpu_us, report)


def _stored(database: Database, before: int, order: Order) -> float:
    """When the last message was taken by the database; that it is truly there is then asked by query."""
    points = order.messages if database.api == "v1" else order.messages * order.values
    ended_s = wait_stored(database, before, points, LIMIT_S)
    last_ms = order.first_ms + order.messages // len(order.topics) + 1
    measurement, field = ("pipeline", "line_pressure_bar") if order.values == 1 else ("psa_plant", "o2_purity_pct")
    deadline = time.monotonic() + LIMIT_S
    while (found := database.count(measurement, field, order.first_ms, last_ms)) < order.messages:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{found} of {order.messages} readings are in the database")
        time.sleep(0.25)
        ended_s = time.time()
    return ended_s


def _name(database: Database) -> str:
    return "InfluxDB 1.6" if database.api == "v1" else "VictoriaMetrics"
