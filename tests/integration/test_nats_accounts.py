"""The accounts in a real NATS server: a gateway over MQTT may write under its own site, and the collector reads all of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import nats
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from collector.access.book import AccountBook
from tests.servers import HOST, free_port, nats_server

pytestmark = pytest.mark.server

PREFIX = "oxygrid/v1"


def publish(port: int, login: tuple[str, str] | None, topics: list[str]) -> bool:
    """Whether the server let the client in; the messages are sent then, each with QoS 1."""
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="gateway")
    if login is not None:
        client.username_pw_set(*login)
    client.connect(HOST, port)
    client.loop_start()
    for topic in topics:
        message = client.publish(topic, b"{}", qos=1)
        try:
            message.wait_for_publish(2)
        except RuntimeError:
            break
    came_in = client.is_connected()
    client.disconnect()
    client.loop_stop()
    return came_in


@pytest.mark.parametrize("login", [None, ("a.gw1", "wrong"), ("b.gw1", "x")], ids=["anonymous", "wrong password", "unknown"])
async def test_nobody_comes_in_without_an_account(tmp_path: Path, login: tuple[str, str] | None) -> None:
    AccountBook(tmp_path, PREFIX).add("a", "gw1", 0)
    mqtt_port = free_port()
    with nats_server(tmp_path / "nats", mqtt_port=mqtt_port, extra='include "../nats.conf"'):
        assert not await asyncio.to_thread(publish, mqtt_port, login, [f"{PREFIX}/a/line"])


async def test_a_gateway_writes_under_its_own_site_and_the_collector_reads_all(tmp_path: Path) -> None:
    book = AccountBook(tmp_path, PREFIX)
    gateway, collector = book.add("a", "gw1", 0), book.add("", "", 0)
    mqtt_port = free_port()
    with nats_server(tmp_path / "nats", mqtt_port=mqtt_port, extra='include "../nats.conf"') as server:
        async with await nats.connect(f"nats://{HOST}:{server.port}", user=collector.account.user, password=collector.password) as reader:
            heard = await reader.subscribe("oxygrid.v1.>")
            await reader.flush()
            login = (gateway.account.user, gateway.password)
            topics = [f"{PREFIX}/a/line", f"{PREFIX}/b/line", f"{PREFIX}/a/gw1/status", f"{PREFIX}/a/gw1/command"]
            await asyncio.to_thread(publish, mqtt_port, login, topics)
            seen = []
            while (message := await _next(heard)) is not None:
                seen.append(message)
    assert seen == ["oxygrid.v1.a.line", "oxygrid.v1.a.gw1.status"]


async def _next(subscription: nats.aio.subscription.Subscription) -> str | None:
    try:
        message = await subscription.next_msg(1)
    except TimeoutError:
        return None
    return str(message.subject)
