"""The servers start, answer, stop, and come back on the same port."""

from __future__ import annotations

import asyncio
import socket
import urllib.request
from pathlib import Path

import pytest

from tests import servers
from tests.servers import HOST, Server

pytestmark = pytest.mark.server


def accepts(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex((HOST, port)) == 0


def test_broker_comes_back_on_the_same_port(durable_broker: Server) -> None:
    durable_broker.kill()
    assert not accepts(durable_broker.port)
    durable_broker.start()
    assert accepts(durable_broker.port)


def test_influxdb_answers(influxdb_server: Server) -> None:
    with urllib.request.urlopen(influxdb_server.http + "/ping") as answer:
        assert answer.headers["X-Influxdb-Version"].startswith("1.")


def test_victoria_metrics_answers(victoria_server: Server) -> None:
    with urllib.request.urlopen(victoria_server.http + "/health") as answer:
        assert answer.read() == b"OK"


def test_nats_takes_mqtt(tmp_path: Path) -> None:
    mqtt_port = servers.free_port()
    with servers.nats_server(tmp_path, mqtt_port=mqtt_port) as nats:
        assert accepts(nats.port)
        assert accepts(mqtt_port)


def test_a_server_that_cannot_start_shows_its_log(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"Unknown configuration variable .*nonsense"), servers.mosquitto(tmp_path, extra="nonsense 1"):
        pass


async def test_async_tests_run_under_the_leak_check(request: pytest.FixtureRequest) -> None:
    assert "no_task_left" in request.fixturenames
    await asyncio.sleep(0)
