"""The publisher against a real mosquitto: what it promises to keep must arrive."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import pytest

from devices.assets import Gateway, Pipeline, Site
from devices.gateway.clock import ScaledClock, wall_ms
from devices.gateway.emission import Emission
from devices.gateway.endpoint import Credentials
from devices.gateway.publisher import PublishError, PublishStats, publish_fleet
from devices.simulator.fleet import Fleet
from tests import servers
from tests.servers import HOST, Server

SITE = Site(
    id="clinic",
    assets=(Pipeline(id="line", kind="pipeline", nominal_bar=4.1), Gateway(id="gw1", kind="gateway", assets=("line",))),
)
STATUS = "oxygrid/v1/clinic/gw1/status"
LINE = "oxygrid/v1/clinic/line"


class Script:
    """A feed of line readings, `count` of them, one every `every_ms`, numbered by `seq`."""

    prefix = "oxygrid/v1"

    def __init__(self, start_ms: int, count: int, every_ms: int, site: Site = SITE) -> None:
        self.sites: Sequence[Site] = (site,)
        self._start_ms, self._count, self._every_ms, self._site = start_ms, count, every_ms, site

    def run(self, until_ms: int) -> Iterator[Emission]:
        for n in range(self._count):
            at_ms = self._start_ms + n * self._every_ms
            payload = json.dumps({"ts": at_ms, "seq": n, "values": {"line_pressure_bar": 4.1}}).encode()
            if at_ms < until_ms:
                yield Emission(at_ms, f"{self.prefix}/{self._site.id}/line", payload)


class Listener:
    """Everything that a subscriber saw, as (topic, payload, retained)."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, bytes, bool]] = []

    async def listen(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            self.note(message)

    def note(self, message: aiomqtt.Message) -> None:
        assert isinstance(message.payload, bytes)
        self.seen.append((str(message.topic), message.payload, bool(message.retain)))

    def statuses(self) -> list[bytes]:
        return [payload for topic, payload, _ in self.seen if topic == STATUS]

    def readings(self) -> list[dict[str, object]]:
        return [json.loads(payload) for topic, payload, _ in self.seen if topic == LINE]

    def seqs(self) -> list[object]:
        return [reading["seq"] for reading in self.readings()]

    async def until(self, count: int, known: Iterable[object] = (), timeout_s: float = 15.0) -> None:
        """Wait for so many different readings, those that are known already among them."""
        async with asyncio.timeout(timeout_s):
            while len({*known, *self.seqs()}) < count:  # noqa: ASYNC110 — what is waited for comes from another process
                await asyncio.sleep(0.02)


@asynccontextmanager
async def listening(broker: Server, session: str | None = None) -> AsyncIterator[Listener]:
    """With the name of a session, the broker keeps for the next listener what comes in between."""
    listener = Listener()
    async with aiomqtt.Client(HOST, broker.port, identifier=session, clean_session=session is None) as client:
        await client.subscribe("oxygrid/v1/#", qos=1)
        task = asyncio.create_task(listener.listen(client))
        yield listener
        await asyncio.sleep(0.1)
    # What came until the very end was acknowledged by the client: the broker will not bring it to the next listener, so it counts as seen.
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    while not client._queue.empty():
        listener.note(client._queue.get_nowait())


def url(broker: Server) -> str:
    return f"mqtt://{HOST}:{broker.port}"


async def test_publishes_in_order_and_says_online_and_offline(broker: Server) -> None:
    start_ms = wall_ms()
    reports: list[PublishStats] = []
    async with listening(broker) as listener:
        stats = await publish_fleet(Script(start_ms, 200, 2), url(broker), ScaledClock(start_ms), duration_s=1.0, on_stats=reports.append)
        await listener.until(200)
    assert listener.seqs() == list(range(200))
    assert listener.statuses() == [b"online", b"offline"]
    assert (stats.offered, stats.acknowledged, stats.waiting, stats.dropped, stats.reconnects) == (200, 200, 0, 0, 0)
    assert reports[-1] == stats


async def test_status_is_retained_for_those_who_come_later(broker: Server) -> None:
    start_ms = wall_ms()
    await publish_fleet(Script(start_ms, 1, 1), url(broker), ScaledClock(start_ms), duration_s=0.3)
    async with listening(broker) as listener:
        await asyncio.sleep(0.2)
    assert listener.seen == [(STATUS, b"offline", True)]


async def test_pace_follows_the_clock_at_its_speed(broker: Server) -> None:
    start_ms = wall_ms()
    began = time.monotonic()
    async with listening(broker) as listener:
        publishing = asyncio.create_task(publish_fleet(Script(start_ms, 61, 1000), url(broker), ScaledClock(start_ms, 60), duration_s=5))
        await listener.until(61)
        took_s = time.monotonic() - began
        publishing.cancel()
        await asyncio.gather(publishing, return_exceptions=True)
    assert 0.95 < took_s < 2.5, f"60 simulated seconds at 60 × took {took_s:.2f} s"


async def test_broker_restart_loses_nothing_and_marks_what_is_late(durable_broker: Server) -> None:
    start_ms = wall_ms()
    async with listening(durable_broker, "keeper") as first:
        publishing = asyncio.create_task(publish_fleet(Script(start_ms, 700, 10), url(durable_broker), ScaledClock(start_ms)))
        await first.until(50)
    durable_broker.stop()
    await asyncio.sleep(0.7)
    durable_broker.start()
    stats = await publishing
    async with listening(durable_broker, "keeper") as second:
        await second.until(700, first.seqs())
    late = [reading["seq"] for reading in second.readings() if reading.get("backfill")]
    live = [reading["seq"] for reading in second.readings() if not reading.get("backfill")]
    assert late, "what waited while the broker was away comes as back-fill"
    assert live, "what was read after the reconnection is live"
    assert set(first.seqs()) | set(second.seqs()) == set(range(700))
    assert (stats.reconnects, stats.dropped, stats.waiting) == (1, 0, 0)
    assert stats.backfilled == len(late)


async def test_last_will_when_the_gateway_vanishes(broker: Server) -> None:
    """To the broker a gateway that vanishes is a socket that closes without DISCONNECT."""
    start_ms = wall_ms()
    async with listening(broker) as listener:
        publishing = asyncio.create_task(publish_fleet(Script(start_ms, 10, 10), url(broker), ScaledClock(start_ms)))
        await listener.until(10)
        async with aiomqtt.Client(HOST, broker.port, identifier="clinic_gw1"):  # taking the session over makes the broker publish its will
            await asyncio.sleep(0.3)
        told = listener.statuses()
        publishing.cancel()
        await asyncio.gather(publishing, return_exceptions=True)
    assert told[:2] == [b"online", b"offline"]


async def test_starts_before_the_broker(tmp_path: Path) -> None:
    port = servers.free_port()
    start_ms = wall_ms()
    problems: list[str] = []
    publishing = asyncio.create_task(
        publish_fleet(
            Script(start_ms, 600, 10),
            f"mqtt://{HOST}:{port}",
            ScaledClock(start_ms),
            duration_s=8,
            on_stats=lambda stats: problems.append(stats.problem),
        )
    )
    await asyncio.sleep(1.3)
    with servers.mosquitto(tmp_path / "late", port=port) as broker:
        async with listening(broker) as listener:
            await listener.until(600)
        await publishing
    assert any("refused" in problem.lower() for problem in problems)
    assert listener.readings()[0].get("backfill")
    assert not listener.readings()[-1].get("backfill")


def with_password(folder: Path) -> str:
    """Lines for mosquitto.conf: user gw with password `secret` (PBKDF2-SHA512, 101 iterations, made with mosquitto_passwd)."""
    file = folder / "passwords"
    subprocess.run([servers.program("mosquitto_passwd", "Debian's package mosquitto"), "-c", "-b", str(file), "gw", "secret"], check=True)
    file.chmod(0o600)
    return f"password_file {file}"


@pytest.mark.parametrize(("password", "step_ms"), [("wrong", 10), ("", 10), ("wrong", 0)])
async def test_wrong_password_is_told_at_once(tmp_path: Path, password: str, step_ms: int) -> None:
    """Also where all has been offered before the broker says so."""
    with servers.mosquitto(tmp_path / "m", extra=with_password(tmp_path), anonymous=False) as broker:
        start_ms = wall_ms()
        with pytest.raises(PublishError, match=r"refuses clinic_gw1.*ot authori"):
            await asyncio.wait_for(
                publish_fleet(
                    Script(start_ms, 5, step_ms), url(broker), ScaledClock(start_ms), credentials=Credentials("gw", password), duration_s=5
                ),
                4,
            )


async def test_password_in_the_url(tmp_path: Path) -> None:
    with servers.mosquitto(tmp_path / "m", extra=with_password(tmp_path), anonymous=False) as broker:
        start_ms = wall_ms()
        stats = await publish_fleet(
            Script(start_ms, 5, 10), f"mqtt://gw:secret@{HOST}:{broker.port}", ScaledClock(start_ms), duration_s=0.6
        )
    assert stats.acknowledged == 5


def with_tls(folder: Path) -> str:
    """Lines for mosquitto.conf: a certificate of 127.0.0.1 that is its own authority, in `folder`/own.pem."""
    own, key = folder / "own.pem", folder / "key.pem"
    request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=broker -addext subjectAltName=IP:127.0.0.1"
    subprocess.run(
        [servers.program("openssl", "Debian's package openssl"), *request.split(), "-keyout", str(key), "-out", str(own)],
        check=True,
        capture_output=True,
    )
    return f"certfile {own}\nkeyfile {key}"


async def test_tls_with_the_authority_given_and_not_without(tmp_path: Path) -> None:
    with servers.mosquitto(tmp_path / "m", extra=with_tls(tmp_path)) as broker:
        start_ms = wall_ms()
        secure = f"mqtts://{HOST}:{broker.port}"
        trusting = Credentials(ca_file=str(tmp_path / "own.pem"))
        good = await publish_fleet(Script(start_ms, 5, 10), secure, ScaledClock(start_ms), credentials=trusting, duration_s=1)
        bad = await publish_fleet(Script(start_ms, 5, 10_000), secure, ScaledClock(start_ms), duration_s=0.5)
    assert (good.acknowledged, good.problem) == (5, "")
    assert bad.acknowledged == 0
    assert "certificate" in bad.problem


async def test_a_simulated_fleet_goes_out_whole(broker: Server) -> None:
    start_ms = wall_ms()
    sites = (SITE, SITE.model_copy(update={"id": "other"}))
    expected = list(Fleet(sites, 5, start_ms).run(start_ms + 60_000))
    async with listening(broker) as listener:
        stats = await publish_fleet(Fleet(sites, 5, start_ms), url(broker), ScaledClock(start_ms, 60), duration_s=1.6)
    seen = {(topic, payload) for topic, payload, _ in listener.seen}
    assert stats.connections == 2
    assert stats.acknowledged == stats.offered >= len(expected)
    assert {(emission.topic, emission.payload) for emission in expected} <= seen
