"""`TELEGRAF=/path/to/telegraf python -m bench.peers`: Oxygrid beside Telegraf, on the same machine, broker and database.

How fast; and what is lost of the messages that the broker confirmed to the gateways, when the program is killed three times at 5,000
messages/s, and when the database is away for 20 s at 2,000/s. Telegraf is set up as its documentation says that nothing is lost: QoS 1, a
session that persists, a message acknowledged only when it is written. So it needs a broker that lets it leave many unacknowledged; what
becomes of it with mosquitto's own limits (20 in flight, 1,000 waiting) is a line of its own. Oxygrid judges every reading besides, and
keeps a journal. Needs mosquitto and InfluxDB 1.x.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from bench import machine, throughput
from bench.database import InfluxV1
from bench.fleet import zones
from bench.load import Order
from bench.subjects import Child, Collector, Telegraf, publisher, ready, telegraf_program
from bench.table import Figure, table
from tests.servers import Server, influxdb, mosquitto

SETTLED_S = 20.0
LIMIT_S = 180.0
KILLS, KILL_EVERY_S, DOWN_S = 3, 2.0, 1.0
AWAY_S = 20.0


class Limits(NamedTuple):
    """Of the broker: how many messages wait for a client, and how many it may leave unacknowledged (0: any)."""

    queue: int
    inflight: int


TUNED, SHIPPED = Limits(1_000_000, 0), Limits(1_000, 20)

Made = Callable[[Path, Server, str], Child]


def oxygrid(folder: Path, broker: Server, database_url: str) -> Collector:
    return Collector(folder, zones(1000), broker, database_url)


def telegraf(folder: Path, broker: Server, database_url: str) -> Telegraf:
    return Telegraf(folder, broker, database_url, "pipeline")


SUBJECTS: dict[str, Made] = {"Oxygrid": oxygrid, "Telegraf": telegraf}


def killed(make: Made, folder: Path, messages: int, rate: float, limits: Limits) -> int:
    """How many confirmed messages are not in the database in the end, although the program came back each time."""

    def meanwhile(subject: Child, _database: Server) -> None:
        for _ in range(KILLS):
            time.sleep(KILL_EVERY_S)
            assert subject.process is not None
            subject.process.kill()
            subject.process.wait()
            time.sleep(DOWN_S)
            subject.start()
            subject.wait_ready()

    return _lost(make, folder, messages, rate, limits, meanwhile)


def database_away(make: Made, folder: Path, messages: int, rate: float, limits: Limits) -> int:
    """The same after the database was away for a while."""

    def meanwhile(_subject: Child, database: Server) -> None:
        time.sleep(KILL_EVERY_S)
        database.kill()
        time.sleep(AWAY_S)
        database.start()

    return _lost(make, folder, messages, rate, limits, meanwhile)


def _lost(make: Made, folder: Path, messages: int, rate: float, limits: Limits, meanwhile: Callable[[Child, Server], None]) -> int:
    with influxdb(folder / "influx") as server, mosquitto(folder / "mosquitto", **limits._asdict()) as broker:
        topics, first_ms = zones(1000).topics(), time.time_ns() // 1_000_000 - 60_000
        with ready(make(folder / "subject", broker, server.http)) as subject:
            with publisher(Order(broker.port, topics, messages, rate=rate, first_ms=first_ms)) as load:
                load.go()
                meanwhile(subject, server)
                confirmed = load.report().acknowledged
            return confirmed - _settled(InfluxV1(server.http, server.pid), confirmed, first_ms, first_ms + messages // len(topics) + 1)


def _settled(database: InfluxV1, wanted: int, first_ms: int, last_ms: int) -> int:
    """How many are there once all are, or once nothing has come for a while."""
    begun_s = news_s = time.monotonic()
    before = -1
    while time.monotonic() - news_s < SETTLED_S and time.monotonic() - begun_s < LIMIT_S:
        found = database.count("pipeline", "line_pressure_bar", first_ms, last_ms)
        if found >= wanted:
            return found
        if found != before:
            before, news_s = found, time.monotonic()
        time.sleep(0.5)
    return before


def speed(folder: Path, messages: int, rounds: int) -> list[Figure]:
    with influxdb(folder / "influx") as server:
        database = InfluxV1(server.http, server.pid)
        ours, theirs = throughput.oxygrid(database, 1), throughput.by_telegraf(database, 1)
        ours_8, theirs_8 = throughput.oxygrid(database, 8, 0.5), throughput.by_telegraf(database, 8, 0.5)
        found = throughput.run([ours, theirs, ours_8, theirs_8], messages, rounds, folder, say, TUNED.inflight)
    figures = []
    for values, one, other in ((1, ours, theirs), (8, ours_8, theirs_8)):
        pairs = list(zip(found[one], found[other], strict=True))
        figures.append(Figure(f"readings/s, {values} a message: Oxygrid ÷ Telegraf", [a.per_s / b.per_s for a, b in pairs], "×"))
        for subject in (one, other):
            name = subject.name.split()[0]
            figures.append(Figure(f"readings/s, {values} a message: {name}", [each.per_s for each in found[subject]], "1/s"))
            figures.append(
                Figure(f"CPU per reading, {values} a message: {name}", [each.cpu_us["subject"] for each in found[subject]], "µs")
            )
    return figures


def say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--messages", type=int, default=100_000, help="of a round of the speed")
    asked = parser.parse_args()
    telegraf_program()
    print(f"{machine.describe()}; a turn of the fixed loop: {min(machine.calibrate(2)):.0f} ns\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        figures = speed(folder / "speed", asked.messages, asked.rounds)
        for what, measure, messages, rate, limits in (
            ("killed three times at 5,000 messages/s: lost of 50,000", killed, 50_000, 5_000.0, TUNED),
            ("database away for 20 s at 2,000/s: lost of 60,000", database_away, 60_000, 2_000.0, TUNED),
            ("the same with mosquitto's own limits", database_away, 60_000, 2_000.0, SHIPPED),
        ):
            for subject, make in SUBJECTS.items():
                places = [folder / f"{measure.__name__}-{limits.queue}-{subject}-{n}" for n in range(asked.rounds)]
                lost = [measure(make, place, messages, rate, limits) for place in places]
                say(f"{what}: {subject} {lost}")
                figures.append(Figure(f"{what}: {subject}", lost, "messages"))
    print(table(figures))


if __name__ == "__main__":
    main()
