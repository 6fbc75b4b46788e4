from __future__ import annotations

import json
from random import Random

import pytest

from devices.gateway.emission import Emission, Link
from devices.signal import Value
from devices.simulator.delivery import BOOT_MS, WILL_MS, Delivery, Sample
from devices.simulator.faults import NONE_ACTIVE, Active, Fault
from tests.unit.devices.simulator.sites import HOUR_MS, START_MS

LINK = Link("hospital", "gw1", ("line", "psa1", "gw1"))
VALUES: dict[str, Value] = {"line_pressure_bar": 4.1}


class Way:
    """A delivery, and what it sends as messages."""

    def __init__(self, link: Link = LINK) -> None:
        self.delivery = Delivery(link, Random(1))

    def begin(self, now_ms: int) -> list[Emission]:
        return [sent.emission("oxygrid/v1") for sent in self.delivery.begin(now_ms)]

    def turn(self, now_ms: int, active: Active) -> list[Emission]:
        return [sent.emission("oxygrid/v1") for sent in self.delivery.turn(now_ms, active)]

    def send(self, sample: Sample, active: Active) -> list[Emission]:
        return [sent.emission("oxygrid/v1") for sent in self.delivery.send(sample, active)]


def delivery() -> Way:
    return Way()


def during(name: str, **parameters: float) -> Active:
    return Active([Fault(name, "hospital", "gw1", START_MS, START_MS + HOUR_MS, parameters)])


def sample(seq: int, asset: str = "line") -> Sample:
    return Sample(asset, START_MS + seq * 10_000, seq, VALUES)


def sent(emission: Emission) -> dict[str, object]:
    found: dict[str, object] = json.loads(emission.payload)
    return found


def test_one_message_per_sample_soon_after_it() -> None:
    (emission,) = delivery().send(sample(3), NONE_ACTIVE)
    assert emission.topic == "oxygrid/v1/hospital/line"
    assert sent(emission) == {"ts": START_MS + 30_000, "seq": 3, "values": VALUES}
    assert 0 < emission.send_ms - (START_MS + 30_000) <= 250
    assert (emission.retained, emission.qos) == (False, 1)


def test_offline_keeps_everything_and_gives_it_back_in_order() -> None:
    way, outage = delivery(), during("gateway_offline")
    assert way.turn(START_MS, outage) == []
    assert [emission for seq in range(120) for asset in ("line", "psa1") for emission in way.send(sample(seq, asset), outage)] == []
    (will,) = way.turn(START_MS + WILL_MS, outage)
    assert (will.topic, will.payload, will.retained) == ("oxygrid/v1/hospital/gw1/status", b"offline", True)
    assert way.turn(START_MS + WILL_MS + 1, outage) == [], "a will is published once"
    online, *back_fill = way.turn(START_MS + HOUR_MS, NONE_ACTIVE)
    assert (online.payload, online.retained) == (b"online", True)
    readings = [(emission.topic, reading) for emission in back_fill for reading in json.loads(emission.payload)]
    assert all(reading["backfill"] is True for _, reading in readings)
    for asset in ("line", "psa1"):
        assert [reading["seq"] for topic, reading in readings if topic.endswith(asset)] == list(range(120))
    assert [emission.send_ms for emission in back_fill] == sorted(emission.send_ms for emission in back_fill)
    assert way.turn(START_MS + HOUR_MS + 1, NONE_ACTIVE) == []


def test_a_short_outage_brings_no_will() -> None:
    way, outage = delivery(), during("gateway_offline")
    way.turn(START_MS, outage)
    assert [emission.payload for emission in way.turn(START_MS + WILL_MS - 1, NONE_ACTIVE)] == [b"online"]


@pytest.mark.parametrize(
    ("active", "ts"),
    [
        (during("clock_1970"), 30_000 + BOOT_MS),
        (during("clock_offset"), START_MS + 30_000 + 19_800_000),
        (during("clock_offset", offset_s=-60.0), START_MS - 30_000),
    ],
)
def test_clocks(active: Active, ts: int) -> None:
    (emission,) = delivery().send(sample(3), active)
    assert sent(emission)["ts"] == ts
    assert emission.send_ms > START_MS


def test_duplicates_are_the_same_bytes_a_little_later() -> None:
    way = delivery()
    pairs = [way.send(sample(seq), during("duplicates")) for seq in range(300)]
    twice = [pair for pair in pairs if len(pair) == 2]
    assert 60 < len(twice) < 120
    assert all(first.payload == again.payload and 0 < again.send_ms - first.send_ms <= 5000 for first, again in twice)


def test_reordered_messages_overtake_each_other_within_the_delay() -> None:
    way = delivery()
    emissions = [emission for seq in range(300) for emission in way.send(sample(seq), during("reordered"))]
    arrived = [sent(emission)["seq"] for emission in sorted(emissions, key=lambda emission: emission.send_ms)]
    assert sorted(arrived, key=str) == sorted(range(300), key=str)
    assert arrived != list(range(300))
    assert all(emission.send_ms - int(str(sent(emission)["ts"])) <= 40_250 for emission in emissions)


def test_without_a_gateway_there_is_no_status() -> None:
    way = Way(Link("hospital", None, ("line",)))
    assert way.begin(START_MS) == []
    assert len(way.send(sample(1), during("clock_1970"))) == 1
