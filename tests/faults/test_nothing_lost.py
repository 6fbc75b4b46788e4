"""Nothing lost: every reading that a broker acknowledged to its gateway is in the database, once, whatever happens meanwhile.

What a gateway was acknowledged is a promise of the broker first. mosquitto keeps it through a restart in good order (SIGTERM, with
`persistence true`); killed with -9 it may lose what it acknowledged since it last saved its file, and no collector behind it can help that.
So mosquitto is restarted in good order here, and the collector and the database are treated as badly as can be.

A database holds one value for one series and time, so a reading that is delivered twice is stored once: the readings' own times tell them
apart, and the value of each is its number.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.faults.gateways import Gateways, Order, gateways
from tests.faults.rig import Oxygrid, count, influx, mqtt, oxygrid, plants, say, scaled, stored, topics, wait_until
from tests.servers import HOST, Server, free_port, mosquitto, nats_server

pytestmark = [pytest.mark.faults, pytest.mark.server]

SITES = plants(10)
READINGS = scaled(200_000, 10_000)
LOAD_S = scaled(120, 8)
KILLS = scaled(10, 3)
RESTARTS = scaled(2, 1)
OUTAGE_S = scaled(30, 4)


@pytest.fixture
def durable_broker(tmp_path: Path) -> Iterator[Server]:
    """mosquitto that saves its file every second: what it promised is safe from a stop in good order, not from a kill."""
    with mosquitto(tmp_path / "mosquitto", persistence=True) as server:
        yield server


class Event(NamedTuple):
    """What happens how long after the beginning of the load."""

    at_s: float
    what: str
    do: Callable[[], None]


def spread(times: int, what: str, do: Callable[[], None], offset_s: float = 0.0) -> list[Event]:
    """So many times, evenly over the load."""
    return [Event(LOAD_S * (n + 0.5) / times + offset_s, what, do) for n in range(times)]


def restart(server: Server) -> None:
    """In good order."""
    server.stop()
    server.start()


def play(events: list[Event], publishers: Gateways) -> None:
    """Let everything happen in its time, and then wait until the gateways have seen every reading acknowledged."""
    begun_s = time.monotonic()
    for event in sorted(events):
        time.sleep(max(0.0, begun_s + event.at_s - time.monotonic()))
        event.do()
    wait_until(lambda: publishers.ended, 60, "the gateways saw everything acknowledged")


def order(port: int, folder: Path, readings: int = READINGS, load_s: float = LOAD_S) -> Order:
    each = readings // len(topics(SITES))
    return Order(port, topics(SITES), each, each / load_s, str(folder))


def assert_nothing_lost(publishers: Gateways, database: Server, readings: int = READINGS) -> None:
    """By count, and then reading by reading: its time and its value."""
    remembered = publishers.acknowledged()
    assert sum(map(len, remembered.values())) == readings
    wait_until(lambda: count(database, "psa_plant", "energy_kwh") >= readings, 60, f"{readings} readings in the database", 0.2)
    assert count(database, "psa_plant", "energy_kwh") == readings
    assert stored(database, "psa_plant", "energy_kwh") == remembered


def test_nothing_is_lost_while_everything_dies(tmp_path: Path, durable_broker: Server, influxdb_server: Server) -> None:
    sections = {"sites": SITES, "mqtt": mqtt(durable_broker), "influxdb": influx(influxdb_server)}
    with oxygrid(tmp_path / "oxygrid", sections) as subject:
        subject.start_and_wait()

        events = [
            *spread(KILLS, "the collector is killed", subject.kill_and_start),
            *spread(RESTARTS, "the broker is restarted", partial(restart, durable_broker), LOAD_S * 0.1),
            Event(LOAD_S * 0.2, "the database hangs", influxdb_server.freeze),
            Event(LOAD_S * 0.2 + OUTAGE_S / 2, "and is killed", influxdb_server.kill),
            Event(LOAD_S * 0.2 + OUTAGE_S, "and comes back", influxdb_server.start),
        ]
        begun_s = time.monotonic()
        with gateways(order(durable_broker.port, tmp_path / "gateways")) as publishers:
            play(events, publishers)
            acknowledged_s = time.monotonic() - begun_s
            assert_nothing_lost(publishers, influxdb_server)
        caught_up_s = time.monotonic() - begun_s - acknowledged_s
        report(subject, acknowledged_s, caught_up_s)
        assert subject.counters().get("quarantined", {}) == {}
        assert subject.stop()[0] == 0


def report(subject: Oxygrid, acknowledged_s: float, caught_up_s: float, readings: int = READINGS) -> None:
    say(f"{readings} readings acknowledged in {acknowledged_s:.1f} s ({readings / acknowledged_s:.0f}/s), {subject.starts} starts")
    say(f"{subject.journalled() - readings} delivered again; all in the database {caught_up_s:.1f} s after the last acknowledgement")


def test_nothing_is_lost_from_a_jetstream(tmp_path: Path, influxdb_server: Server) -> None:
    """The same with NATS: gateways speak MQTT to its listener, the collector draws from the stream.

    The server hangs for a moment but is not restarted: it answers PUBACK before the message is in the stream, and loses what it has between
    the two when it ends, also in good order (nats-server 2.15.1: 8 of the last 300, at 750 messages/s).
    """
    readings, load_s = scaled(50_000, 3_000), scaled(40, 4)
    mqtt_port = free_port()
    with nats_server(tmp_path / "nats", mqtt_port=mqtt_port) as server:
        sections = {"sites": SITES, "jetstream": {"url": f"nats://{HOST}:{server.port}"}, "influxdb": influx(influxdb_server)}
        with oxygrid(tmp_path / "oxygrid", sections) as subject:
            subject.start_and_wait()
            begun_s = time.monotonic()
            with gateways(order(mqtt_port, tmp_path / "gateways", readings, load_s)) as publishers:
                events = [Event(load_s * part, "killed", subject.kill_and_start) for part in (0.25, 0.75)]
                events += [Event(load_s * 0.5, "the server hangs", server.freeze), Event(load_s * 0.5 + 1, "and goes on", server.thaw)]
                play(events, publishers)
                acknowledged_s = time.monotonic() - begun_s
                assert_nothing_lost(publishers, influxdb_server, readings)
            report(subject, acknowledged_s, time.monotonic() - begun_s - acknowledged_s, readings)
            assert subject.stop()[0] == 0


def test_sigterm_and_sighup_under_load(tmp_path: Path, durable_broker: Server, influxdb_server: Server) -> None:
    """A broken file is refused whole, a good one taken without a gap; SIGTERM ends it within 5 s with code 0, and a restart goes on."""
    readings, load_s = scaled(50_000, 3_000), scaled(40, 6)
    sections = {"sites": SITES, "mqtt": mqtt(durable_broker), "influxdb": influx(influxdb_server)}
    with oxygrid(tmp_path / "oxygrid", sections) as subject:
        subject.start_and_wait()
        with gateways(order(durable_broker.port, tmp_path / "gateways", readings, load_s)) as publishers:
            time.sleep(load_s * 0.1)
            subject.write_config({**subject.sections, "sites": [*SITES, {"id": "Not An Id"}]})
            subject.reload()
            wait_until(lambda: "the old one stays in force" in subject.words(), 20, "the broken file is refused")
            assert sites_of(subject) == {site["id"] for site in SITES}
            more = {"id": "new-site", "assets": [{"id": "psa0", "kind": "psa_plant", "rated_flow_lpm": 500}]}
            subject.write_config({**subject.sections, "sites": [*SITES, more]})
            subject.reload()
            wait_until(lambda: "new-site" in sites_of(subject), 20, "the good file is in force")
            code, took_s = subject.stop()
            say(f"SIGTERM under load: code {code} after {took_s:.2f} s")
            assert not publishers.ended, "there was no load any more"
            subject.start()
            wait_until(lambda: publishers.ended, 60, "the gateways saw everything acknowledged")
            assert_nothing_lost(publishers, influxdb_server, readings)
        assert (code, took_s < 5.0) == (0, True)
        assert subject.counters().get("quarantined", {}) == {}


def sites_of(subject: Oxygrid) -> set[str]:
    return {site["id"] for site in subject.status()["sites"] if not site["id"].startswith("_")}
