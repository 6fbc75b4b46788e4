"""The MQTT source on the loop that the collector runs on: uvloop gives no `when` for a timer that is already due."""

from __future__ import annotations

import asyncio

import pytest
import uvloop

from bench.load import connect, publish_packet
from collector.sources.mqtt.options import MqttOptions, SessionOptions
from tests.integration.mqtt import controls, running, source, until
from tests.servers import HOST, Server

pytestmark = pytest.mark.server

MESSAGES = 3_000


def publish_all(port: int) -> None:
    packets = [publish_packet(b"oxygrid/v1/s/a", b"%02000d" % n, n + 1) for n in range(MESSAGES)]
    with connect(port, "load") as sock:
        sock.setblocking(True)
        sock.sendall(b"".join(packets))
        for _ in range(MESSAGES):
            sock.recv(4)


def test_a_source_that_pauses_and_goes_on_reading_keeps_its_connection(broker: Server) -> None:
    given = MqttOptions(url=f"mqtt://{HOST}:{broker.port}", session=SessionOptions(client_id="c"), max_waiting=100, max_delivery=50)

    async def story() -> None:
        async with running(source(given)) as subject:
            await until(subject, lambda seen: len(seen) == 1)
            await asyncio.to_thread(publish_all, broker.port)
            seen = await until(subject, lambda seen: len(seen) >= MESSAGES)
            assert controls(seen) == []
            assert (len(seen), subject.status().reconnects, subject.status().problem) == (MESSAGES, 0, "")

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(story())
