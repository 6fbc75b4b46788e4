"""How long a start takes with 10,000 assets: from the start of the process until a reading that came over MQTT is in the database."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from bench.database import Database
from bench.fleet import Fleet, mixed
from bench.load import Order
from bench.subjects import Collector, publisher
from tests.servers import mosquitto

ASSETS = 10_000
RATE = 400.0
LIMIT_S = 60.0


def fleet_of(assets: int) -> Fleet:
    one = mixed(1000)
    return Fleet(-(-assets // len(one.assets)), one.assets)


def run(database: Database, rounds: int, folder: Path, say: Callable[[str], None], assets: int = ASSETS) -> list[float]:
    """Seconds; each round with an empty data folder. A first start that compiles the modules does not count."""
    _start(database, fleet_of(10), folder / "start-compiling")
    found = []
    for number in range(rounds):
        found.append(_start(database, fleet_of(assets), folder / f"start-{number}"))
        say(f"start with {assets:,} assets: {found[-1]:.2f} s to the first reading stored")
    return found


def _start(database: Database, fleet: Fleet, folder: Path) -> float:
    with mosquitto(folder / "mosquitto") as broker:
        first_ms = time.time_ns() // 1_000_000 - 60_000
        topics = [topic for topic in fleet.topics() if topic.endswith("line")][:40]
        order = Order(broker.port, topics, int(RATE * LIMIT_S), connections=1, rate=RATE, first_ms=first_ms)
        child = Collector(folder / "collector", fleet, broker, database.url)
        with publisher(order) as load:
            load.go()
            started = time.monotonic()
            child.start()
            try:
                while database.count("pipeline", "line_pressure_bar", first_ms, first_ms + order.messages) == 0:
                    if time.monotonic() - started > LIMIT_S:
                        raise TimeoutError(f"nothing stored after {LIMIT_S:.0f} s; see {child.log}")
                    time.sleep(0.01)
                return time.monotonic() - started
            finally:
                child.stop()
