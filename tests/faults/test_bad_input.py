"""Bad input: poison of every kind among good readings, more of it than any buffer holds; it is set aside and counted, and nothing else is.

Poison lies also within a message: one bad value beside good ones. What is larger than a client is willing to take (the collector says
300 KiB) never comes out of mosquitto; the broker drops it for this client, and what it would have said is unknown to everybody behind it.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest

from collector.decoding import REASONS
from tests.faults.line import Line, Sent, hostile_broker, packet
from tests.faults.rig import FULL, Oxygrid, count, influx, mqtt, oxygrid, say, scaled, stored, wait_until
from tests.servers import Server, mosquitto

pytestmark = [pytest.mark.faults, pytest.mark.server]

SITE = {
    "id": "site-0",
    "assets": [
        {"id": "psa0", "kind": "psa_plant", "rated_flow_lpm": 500},
        {"id": "psa1", "kind": "psa_plant", "rated_flow_lpm": 500},
        {"id": "gw", "kind": "gateway"},
    ],
}
TOPIC = "oxygrid/v1/site-0/psa0"
POISONED = "oxygrid/v1/site-0/psa1"
GATEWAY = "oxygrid/v1/site-0/gw"


class Poison(NamedTuple):
    """A bad message, what has to be counted for it, and whether the good value n beside it has to be stored."""

    message: Callable[[int, int], Sent]
    counted: dict[str, int]
    neighbour: bool = False


def beside(text: str, more: str = "") -> Callable[[int, int], Sent]:
    """A good value and a bad one in one message."""
    return lambda n, ts_ms: Sent(POISONED, f'{{"ts": {ts_ms}, "seq": {n}, "values": {{"energy_kwh": {n}, {text}}}{more}}}'.encode())


def whole(topic: str, payload: bytes) -> Callable[[int, int], Sent]:
    return lambda n, _: Sent(topic.format(n=n), payload)


POISON: dict[str, Poison] = {
    "malformed": Poison(whole(POISONED, b'{"ts": 17640000'), {"malformed": 1}),
    "no_values": Poison(whole(POISONED, b'{"values": {}}'), {"no_values": 1}),
    "duplicate_name": Poison(beside('"power_kw": 1, "power_kw": 2'), {"duplicate_name": 1}, True),
    "too_large": Poison(whole(POISONED, b'{"values": {"power_kw": 1}}' + b" " * 262_144), {"too_large": 1}),
    "unknown_topic": Poison(whole("oxygrid/v1/site-0/psa1/deeper/{n}", b"{}"), {"unknown_topic": 1}),
    "unknown_site": Poison(whole("oxygrid/v1/nowhere-{n}/psa1", b'{"values": {"power_kw": 1}}'), {"unknown_site": 1}),
    "unknown_asset": Poison(whole("oxygrid/v1/site-0/nothing-{n}", b'{"values": {"power_kw": 1}}'), {"unknown_asset": 1}),
    "unknown_signal": Poison(beside('"poewr_kw": 1'), {"unknown_signal": 1}, True),
    "unknown_status": Poison(whole(f"{POISONED}/status", b"maybe"), {"unknown_status": 1}),
    "wrong_type": Poison(beside('"power_kw": "much"'), {"wrong_type": 1}, True),
    "not_finite": Poison(beside('"power_kw": NaN'), {"not_finite": 1}, True),
    "out_of_range": Poison(beside('"power_kw": 20000'), {"out_of_range": 1}, True),
    "unit_unknown": Poison(beside('"power_kw": 20', ', "units": {"power_kw": "horses"}'), {"unit_unknown": 1}, True),
    "state_unknown": Poison(beside('"state": "sleepy"'), {"state_unknown": 1}, True),
    "text_unusable": Poison(whole(GATEWAY, b'{"values": {"firmware": "\\u0007"}}'), {"text_unusable": 1}),
    "timestamp_unusable": Poison(whole(POISONED, b'{"ts": "noon", "values": {"power_kw": 1}}'), {"timestamp_unusable": 1}),
    "too_many_faults": Poison(beside(", ".join(f'"x{n}": 1' for n in range(70))), {"unknown_signal": 64, "too_many_faults": 1}, True),
}


def good(n: int, ts_ms: int) -> Sent:
    return Sent(TOPIC, b'{"ts": %d, "seq": %d, "values": {"energy_kwh": %d}}' % (ts_ms, n, n))


def poisoned_stream(readings: int, begun_ms: int) -> Iterator[Sent]:
    """Good readings, one poison of each kind after every hundred."""
    for n in range(readings):
        yield good(n, begun_ms + n)
        if n % 100 == 99:
            for kind, poison in enumerate(POISON.values()):
                yield poison.message(n, begun_ms + n // 100 * len(POISON) + kind)


def running(tmp_path: Path, broker: Server, database: Server) -> tuple[Path, dict[str, object]]:
    return tmp_path / "oxygrid", {"sites": [SITE], "mqtt": mqtt(broker), "influxdb": influx(database)}


def quarantined(subject: Oxygrid) -> Counter[str]:
    return Counter(subject.counters().get("quarantined", {}))


def test_there_is_poison_for_every_reason() -> None:
    assert set(POISON) == set(REASONS)


def test_poison_of_every_kind_is_set_aside_and_nothing_else(tmp_path: Path, broker: Server, influxdb_server: Server) -> None:
    readings = scaled(200_000, 5_000)
    expected: Counter[str] = Counter()
    for poison in POISON.values():
        expected.update({reason: n * (readings // 100) for reason, n in poison.counted.items()})
    begun_ms = time.time_ns() // 1_000_000 - readings  # one for each millisecond, none of them in the future
    with oxygrid(*running(tmp_path, broker, influxdb_server)) as subject:
        subject.start_and_wait()
        rss: list[float] = []
        with Line(broker.port) as line:
            for message_of_part in parts(poisoned_stream(readings, begun_ms), 20):
                line.publish(message_of_part)
                rss.append(subject.rss_mib())
        wait_until(lambda: quarantined(subject) == expected, 60, f"quarantine as expected, not {expected - quarantined(subject)}", 0.5)
        neighbours = sum(poison.neighbour for poison in POISON.values()) * (readings // 100)
        wait_until(lambda: count(influxdb_server, "psa_plant", "energy_kwh") == readings + neighbours, 60, "every good value stored", 0.5)
        found = stored(influxdb_server, "psa_plant", "energy_kwh")
        assert found[TOPIC] == {begun_ms + n: n for n in range(readings)}
        assert len(found[POISONED]) == neighbours
        rss.append(subject.rss_mib())
        say(f"{readings} good, {expected.total()} rejects; resident memory {rss[0]:.0f} … {max(rss):.0f} MiB, at the end {rss[-1]:.0f}")
        assert max(rss[len(rss) // 2 :]) < max(rss[: len(rss) // 2]) + 30, "memory grows with what is set aside"
        subject.stop()
        limits_hold(subject)


def parts(messages: Iterator[Sent], count: int, size: int = 0) -> Iterator[list[Sent]]:
    everything = list(messages)
    size = -(-len(everything) // count)
    return (everything[at : at + size] for at in range(0, len(everything), size))


def limits_hold(subject: Oxygrid) -> None:
    """The quarantine's tables are as long as they may be, and not longer."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(subject.data_dir / "state.db")) as state:
        assert state.execute("SELECT count(*) FROM quarantine").fetchone()[0] <= 10_000
        assert state.execute("SELECT count(*) FROM unknown_asset").fetchone()[0] <= 1_000


def test_a_flood_of_strangers_leaves_no_trace_but_counts(tmp_path: Path, broker: Server, influxdb_server: Server) -> None:
    """Topics of sites that nobody configured, each another one."""
    strangers = scaled(100_000, 6_000)
    with oxygrid(*running(tmp_path, broker, influxdb_server)) as subject:
        subject.start_and_wait()
        rss = [subject.rss_mib()]
        began_s = time.monotonic()
        with Line(broker.port) as line:
            for number in range(10):
                numbers = range(number * strangers // 10, (number + 1) * strangers // 10)
                line.publish(Sent(f"oxygrid/v1/site-x{n}/psa{n}", b'{"values": {"power_kw": 1, "n%d": 2}}' % n) for n in numbers)
                rss.append(subject.rss_mib())
            line.publish([good(1, time.time_ns() // 1_000_000)])
        alone_s = wait_until(lambda: count(influxdb_server, "psa_plant", "energy_kwh") == 1, 20, "a good reading behind them is stored")
        wait_until(lambda: quarantined(subject) == {"unknown_site": strangers}, 120, "every stranger is counted", 0.5)
        say(
            f"{strangers} strangers counted after {time.monotonic() - began_s:.1f} s, the good one behind them stored {alone_s:.2f} s later"
        )
        say(f"resident memory {rss[0]:.0f} … {max(rss):.0f} MiB")
        assert max(rss) < rss[0] + 40
        assert len(subject.page("metrics")) < 50_000, "the metrics grow with the strangers"
        assert len(subject.page("status")) < 50_000
        subject.stop()
        limits_hold(subject)
        dropped = subject.counters()["unknown_assets_dropped"][""]
        assert dropped >= strangers - 1_000


def rubbish(chance: Random) -> Iterator[bytes]:
    """Random bytes, deep nestings, mutated readings, texts that are no UTF-8."""
    whole = b'{"ts": 1764000000123, "seq": 18211, "values": {"power_kw": 93.4, "state": "standby"}, "units": {"power_kw": "kW"}}'
    while True:
        yield chance.randbytes(chance.randrange(0, 300))
        mutated = bytearray(whole)
        for _ in range(chance.randrange(1, 6)):
            at = chance.randrange(len(mutated))
            mutated[at : at + chance.randrange(0, 3)] = chance.randbytes(chance.randrange(0, 3))
        yield bytes(mutated)
        opening = chance.choice([b"[", b'{"values": ', b'{"a":['])
        yield opening * chance.randrange(1, 5_000)
        yield b'{"ts": %d, "values": {"power_kw": 1e%d}}' % (10 ** chance.randrange(30), chance.randrange(-400, 400))
        yield json.dumps({"values": {"power_kw": 10**400 if chance.random() < 0.01 else None}}).encode()
        lone = chance.choice(["state", "firmware", "power_kw", "\ud800"])
        yield (
            json.dumps({"ts": "\udfff", "values": {lone: "\ud800"}, "units": {lone: "\udc00"}})
            .replace('"ts"', chance.choice(['"ts"', '"t"']))
            .encode()
        )


def test_random_payloads_stop_nothing(tmp_path: Path, broker: Server, influxdb_server: Server) -> None:
    payloads, chance = scaled(20_000, 4_000), Random(1)
    topics = [TOPIC, POISONED, GATEWAY, f"{GATEWAY}/status", "oxygrid/v1/site-0", "oxygrid/v1//psa0", "oxygrid/v1/\U0001f4a5/🫁"]
    stream = rubbish(chance)
    with oxygrid(*running(tmp_path, broker, influxdb_server)) as subject:
        subject.start_and_wait()
        with Line(broker.port) as line:
            line.publish(Sent(chance.choice(topics), next(stream), chance.random() < 0.1) for _ in range(payloads))
            line.publish([Sent(POISONED, b" " * 2_000_000), good(7, time.time_ns() // 1_000_000)])
        behind = lambda: 7 in stored(influxdb_server, "psa_plant", "energy_kwh").get(TOPIC, {}).values()  # noqa: E731
        took_s = wait_until(behind, 30, "the good reading behind the rubbish is stored")
        say(f"{payloads} random payloads; the reading behind them stored {took_s:.2f} s after its acknowledgement")
        assert subject.status()["source"]["reconnects"] == 0
        assert " gave up" not in subject.words()
        assert subject.stop()[0] == 0


def mutations(chance: Random) -> Iterator[bytes]:
    """PUBLISH packets of MQTT 5 to the right topic, each with some bytes changed, cut out or put in."""
    n = 0
    while True:
        n += 1
        message = bytearray(packet(good(n, 1_764_000_000_000 + n), n % 65_535 + 1, version=5))
        for _ in range(chance.choice([0, 1, 1, 1, 2, 5])):
            at = chance.randrange(len(message))
            message[at : at + chance.randrange(0, 3)] = chance.randbytes(chance.randrange(0, 3))
        yield bytes(message)


def test_mutated_packets_stop_nothing(tmp_path: Path, influxdb_server: Server) -> None:
    """A broker that talks nonsense is left and tried again; it never stops anything else; a good one in its place is taken at once."""
    chance = Random(2)
    with hostile_broker(lambda: mutations(chance)) as hostile:
        sections = {"sites": [SITE], "mqtt": {"url": f"mqtt://127.0.0.1:{hostile.port}"}, "influxdb": influx(influxdb_server)}
        with oxygrid(tmp_path / "oxygrid", sections) as subject:
            subject.start()
            wait_until(lambda: hostile.connections > 0, 20, "it connects")
            slowest_s, begun_s = 0.0, time.monotonic()
            while (lasted_s := time.monotonic() - begun_s) < 40 and not (
                hostile.connections > 2 and (hostile.sent >= 20_000 or lasted_s > (40 if FULL else 3))
            ):
                began_s = time.monotonic()
                assert subject.page("healthz") == b"ok\n"
                slowest_s = max(slowest_s, time.monotonic() - began_s)
                time.sleep(0.05)
            hostile.stop()
            say(
                f"{hostile.sent} mutated packets over {hostile.connections} connections; /healthz answered within {slowest_s * 1000:.0f} ms"
            )
            assert hostile.connections > 2, "the nonsense was never noticed"
            with mosquitto(tmp_path / "mosquitto", port=hostile.port) as broker:
                wait_until(lambda: subject.status()["source"]["connected"], 60, "connected to the good broker")
                with Line(broker.port) as line:
                    line.publish([good(999_999, time.time_ns() // 1_000_000)])
                good_one = lambda: 999_999 in stored(influxdb_server, "psa_plant", "energy_kwh").get(TOPIC, {}).values()  # noqa: E731
                wait_until(good_one, 30, "a reading of the good broker is stored")
            assert slowest_s < 2.0
            assert " gave up" not in subject.words()
            assert subject.stop()[0] == 0
