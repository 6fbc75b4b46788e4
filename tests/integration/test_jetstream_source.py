"""The JetStream source against the server of the wheel."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import nats as nats_client
import pytest
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, StreamConfig

from collector.records import Message
from collector.sources.jetstream import JetStreamSource
from collector.sources.jetstream_options import JetStreamOptions
from tests import servers
from tests.integration.mqtt import Publisher, controls, now_ms, payloads
from tests.servers import HOST, Server

pytestmark = pytest.mark.server

ON, OFF = b'{"connected":true}', b'{"connected":false}'
SUBJECT = "oxygrid.v1.s.a"


def source(port: int, **changes: object) -> JetStreamSource:
    return JetStreamSource(JetStreamOptions(**{"url": f"nats://{HOST}:{port}", **changes}), now_ms, random.Random(1).random)  # type: ignore[arg-type]


@asynccontextmanager
async def running(subject: JetStreamSource) -> AsyncIterator[JetStreamSource]:
    task = asyncio.create_task(subject.run())
    try:
        yield subject
    finally:
        await subject.close()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(subject: JetStreamSource, wanted: Callable[[list[Message]], bool], timeout_s: float = 15.0) -> list[Message]:
    seen: list[Message] = []
    async with asyncio.timeout(timeout_s):
        while not wanted(seen):
            delivery = await subject.receive()
            seen += delivery.messages
            subject.durable(delivery)
    return seen


async def problem(subject: JetStreamSource, word: str) -> str:
    async with asyncio.timeout(15):
        while word not in subject.status().problem:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return subject.status().problem


@asynccontextmanager
async def client(port: int) -> AsyncIterator[JetStreamContext]:
    connection = await nats_client.connect(f"nats://{HOST}:{port}")
    try:
        yield connection.jetstream()
    finally:
        await connection.close()


async def publish(context: JetStreamContext, first: int, count: int) -> list[bytes]:
    wanted = [b"%06d" % i for i in range(first, first + count)]
    for payload in wanted:
        await context.publish_async(SUBJECT, payload)
    await context.publish_async_completed()
    return wanted


async def test_readings_arrive_in_order_and_are_acknowledged_by_the_last_one(nats: Server) -> None:
    async with running(source(nats.port)) as subject, client(nats.port) as context:
        assert controls(await until(subject, lambda seen: len(seen) == 1)) == [ON]
        wanted = await publish(context, 0, 2_000)
        seen = await until(subject, lambda seen: len(seen) == 2_000)
        assert seen == [Message("oxygrid/v1/s/a", payload) for payload in wanted]
        await asyncio.sleep(0.2)
        info = await context.consumer_info("OXYGRID", "oxygrid")
        assert info.ack_floor is not None
        assert info.ack_floor.stream_seq == 2_000
        status = subject.status()
        assert (status.connected, status.received, status.acknowledged, status.dropped) == (True, 2_000, 2_000, 0)
    assert controls((await subject.receive()).messages) == [OFF]


async def test_a_reading_is_handed_over_at_once_when_it_comes_alone(nats: Server) -> None:
    async with running(source(nats.port)) as subject, client(nats.port) as context:
        await until(subject, lambda seen: len(seen) == 1)
        for i in range(5):
            await asyncio.sleep(0.05)
            begun_s = asyncio.get_running_loop().time()
            await publish(context, i, 1)
            await until(subject, lambda seen: len(seen) == 1)
            assert asyncio.get_running_loop().time() - begun_s < 0.5


async def test_what_mqtt_gateways_publish_arrives_with_its_topic_and_probes_do_not(tmp_path: Path) -> None:
    mqtt_port = servers.free_port()
    with servers.nats_server(tmp_path, mqtt_port=mqtt_port) as server:
        async with running(source(server.port)) as subject:
            await until(subject, lambda seen: len(seen) == 1)
            publisher = Publisher(mqtt_port, "gateway")
            publisher.publish("oxygrid/v1/$probe/other", b"probe")
            publisher.publish("oxygrid/v1/s/a.b", b"dot")
            publisher.publish("oxygrid/v1/s/a/status", b"online", retain=True)
            seen = await until(subject, lambda seen: len(seen) == 2)
            publisher.close()
    assert seen == [Message("oxygrid/v1/s/a.b", b"dot"), Message("oxygrid/v1/s/a/status", b"online")]


async def killed_at_random(port: int, rnd: random.Random, seen: set[bytes]) -> None:
    """A collector that dies between receiving and saying durable; what was durable goes into `seen`."""
    subject = source(port, max_delivery=500)
    task = asyncio.create_task(subject.run())
    with suppress(TimeoutError):
        async with asyncio.timeout(2):
            for _ in range(rnd.randrange(1, 4)):
                delivery = await subject.receive()
                seen.update(payloads(list(delivery.messages)))
                subject.durable(delivery)
                await asyncio.sleep(rnd.random() * 0.01)
            await subject.receive()  # taken, and never durable
            await asyncio.sleep(0.01)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_nothing_is_lost_when_collectors_are_killed(nats: Server) -> None:
    rnd = random.Random(5)
    seen: set[bytes] = set()
    wanted: set[bytes] = set()
    async with running(source(nats.port)) as subject:  # makes the stream
        await until(subject, lambda got: len(got) == 1)
    async with client(nats.port) as context:
        for round_number in range(8):
            wanted.update(await publish(context, round_number * 2_000, 2_000))
            await killed_at_random(nats.port, rnd, seen)
    assert seen < wanted
    async with running(source(nats.port)) as subject:
        await until(subject, lambda got: wanted <= seen | set(payloads(got)))
        assert subject.status().sessions_lost == 0


async def test_a_server_that_restarts_loses_nothing(nats: Server) -> None:
    async with running(source(nats.port)) as subject:
        seen = await until(subject, lambda got: len(got) == 1)
        async with client(nats.port) as context:
            wanted = await publish(context, 0, 1_000)
            delivery = await subject.receive()
        await asyncio.to_thread(nats.kill)
        await asyncio.to_thread(nats.start)
        subject.durable(delivery)  # of the older connection: ignored
        seen += delivery.messages
        async with client(nats.port) as context:
            wanted += await publish(context, 1_000, 1_000)
        seen += await until(subject, lambda got: set(wanted) <= set(payloads(seen + got)))
        assert controls(seen) == [ON, OFF, ON]
        assert subject.status().reconnects == 1


async def test_what_the_stream_dropped_at_its_bound_is_counted(nats: Server) -> None:
    bounds = {"max_bytes": 100_000, "max_delivery": 10}
    async with running(source(nats.port, **bounds)) as subject:
        await until(subject, lambda got: len(got) == 1)
    async with client(nats.port) as context:
        await publish(context, 0, 5_000)
        state = (await context.stream_info("OXYGRID")).state
        assert state.first_seq > 1
        async with running(source(nats.port, **bounds)) as subject:
            seen = await until(subject, lambda got: b"004999" in payloads(got))
            assert subject.status().dropped == state.first_seq - 1 == 5_000 - len(payloads(seen))


async def test_bounds_that_change_are_taken_over_by_our_own_stream_only(nats: Server) -> None:
    async with client(nats.port) as context:
        await context.add_stream(StreamConfig(name="THEIRS", subjects=["oxygrid.v1.>"], max_bytes=1_000_000))
        async with running(source(nats.port, stream="THEIRS")) as subject:
            await until(subject, lambda got: len(got) == 1)
        assert (await context.stream_info("THEIRS")).config.max_bytes == 1_000_000
        await context.delete_stream("THEIRS")
        for max_bytes in (2_000_000, 3_000_000):
            async with running(source(nats.port, max_bytes=max_bytes)) as subject:
                await until(subject, lambda got: len(got) == 1)
            assert (await context.stream_info("OXYGRID")).config.max_bytes == max_bytes


async def test_back_pressure_leaves_the_rest_in_the_stream(nats: Server) -> None:
    async with running(source(nats.port, max_delivery=100)) as subject, client(nats.port) as context:
        await until(subject, lambda got: len(got) == 1)
        wanted = await publish(context, 0, 2_000)
        await asyncio.sleep(0.3)
        assert 100 <= subject.status().waiting < 200
        assert payloads(await until(subject, lambda got: len(got) == 2_000)) == wanted


async def test_a_consumer_that_two_collectors_share_is_found_before_anything_is_lost(nats: Server) -> None:
    async with running(source(nats.port)) as subject, client(nats.port) as context:
        await until(subject, lambda got: len(got) == 1)
        other = await context.pull_subscribe_bind("oxygrid", stream="OXYGRID")
        fetching = asyncio.create_task(other.fetch(1, timeout=5))
        await asyncio.sleep(0.1)
        await publish(context, 0, 10)
        await fetching
        assert "another collector uses this name" in await problem(subject, "skipped")


async def test_a_consumer_that_somebody_deletes_is_said(nats: Server) -> None:
    async with running(source(nats.port)) as subject, client(nats.port) as context:
        await until(subject, lambda got: len(got) == 1)
        await context.delete_consumer("OXYGRID", "oxygrid")
        assert "another collector uses this name" in await problem(subject, "is gone")


async def test_a_frozen_server_is_taken_for_dead_and_found_again(nats: Server) -> None:
    async with running(source(nats.port, heartbeat_s=0.2, connect_timeout_s=1.0)) as subject:
        await until(subject, lambda got: len(got) == 1)
        nats.freeze()
        assert controls(await until(subject, lambda got: len(got) == 1)) == [OFF]
        assert subject.status().deaf == 1
        nats.thaw()
        assert controls(await until(subject, lambda got: len(got) == 1)) == [ON]


async def test_refusals_have_their_words(tmp_path: Path) -> None:
    async with running(source(servers.free_port())) as subject:
        assert "check that the NATS server runs" in await problem(subject, "nothing listens")
    with servers.nats_server(tmp_path / "locked", extra="authorization { user: a, password: b }") as server:
        async with running(source(server.port, username="a", password="wrong")) as subject:
            assert "check username and password" in await problem(subject, "not authorised")
        async with running(source(server.port, username="a", password="b")) as subject:
            assert controls(await until(subject, lambda got: len(got) == 1)) == [ON]
    with servers.nats_server(tmp_path / "taken") as server:
        async with client(server.port) as context:
            await context.add_stream(StreamConfig(name="OTHER", subjects=["oxygrid.>"]))
        async with running(source(server.port)) as subject:
            assert "overlap" in await problem(subject, "refuses the stream")


async def test_a_consumer_left_by_an_older_version_is_used_from_where_it_stood(nats: Server) -> None:
    async with client(nats.port) as context:
        await context.add_stream(StreamConfig(name="OXYGRID", subjects=["oxygrid.v1.>"]))
        await context.add_consumer("OXYGRID", ConsumerConfig(durable_name="oxygrid", ack_policy=AckPolicy.ALL, max_ack_pending=10))
        await publish(context, 0, 20)
        async with running(source(nats.port)) as subject:
            seen = await until(subject, lambda got: b"000019" in payloads(got))
    assert len(payloads(seen)) == 20
