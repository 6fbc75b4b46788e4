"""Helpers for tests of the MQTT source: publishers that know what was acknowledged to them, and a broker that misbehaves."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import mqtt5
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from collector.records import CONTROL, Message
from collector.sources.mqtt.client import MqttSource
from collector.sources.mqtt.options import MqttOptions, SessionOptions
from tests.servers import HOST

Conversation = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def now_ms() -> int:
    return int(time.time() * 1000)


def options(port: int, client_id: str = "collector", url: str = "", **session: object) -> MqttOptions:
    return MqttOptions(url=url or f"mqtt://{HOST}:{port}", session=SessionOptions(client_id=client_id, **session))  # type: ignore[arg-type]


def source(given: MqttOptions) -> MqttSource:
    return MqttSource(given, now_ms, random.Random(1).random)


@asynccontextmanager
async def running(subject: MqttSource) -> AsyncIterator[MqttSource]:
    """The source at work; closed in good order at the end."""
    task = asyncio.create_task(subject.run())
    try:
        yield subject
    finally:
        await subject.close()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(subject: MqttSource, wanted: Callable[[list[Message]], bool], timeout_s: float = 15.0) -> list[Message]:
    """Take and acknowledge deliveries until all that came fulfils `wanted`."""
    seen: list[Message] = []
    async with asyncio.timeout(timeout_s):
        while not wanted(seen):
            delivery = await subject.receive()
            seen += delivery.messages
            subject.durable(delivery)
    return seen


async def problem(subject: MqttSource, word: str, timeout_s: float = 15.0) -> str:
    """Wait until the status tells of a problem with that word in it."""
    async with asyncio.timeout(timeout_s):
        while word not in subject.status().problem:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return subject.status().problem


def controls(messages: list[Message]) -> list[bytes]:
    return [message.payload for message in messages if message.topic == CONTROL + "source"]


def payloads(messages: list[Message]) -> list[bytes]:
    return [message.payload for message in messages if not message.topic.startswith(CONTROL)]


class Publisher:
    """A QoS 1 publisher in its own thread that knows what the broker has acknowledged to it."""

    def __init__(self, port: int, name: str) -> None:
        self._sent: dict[int, bytes] = {}
        self._acknowledged: list[int] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=paho.MQTTv311, clean_session=False)
        self._client.on_publish = lambda _client, _data, mid, _reason, _properties: self._acknowledged.append(mid)
        self._client.max_queued_messages_set(0)
        self._client.max_inflight_messages_set(1000)
        self._client.reconnect_delay_set(1, 1)
        self._client.connect(HOST, port)
        self._client.loop_start()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """At most 65,535 in all: more would use a message id twice."""
        info = self._client.publish(topic, payload, qos=1, retain=retain)
        self._sent[info.mid] = payload

    @property
    def acknowledged(self) -> set[bytes]:
        return {self._sent[mid] for mid in self._acknowledged}

    async def done(self, count: int, timeout_s: float = 60.0) -> None:
        async with asyncio.timeout(timeout_s):
            while len(self._acknowledged) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@asynccontextmanager
async def fake_broker(conversation: Conversation) -> AsyncIterator[int]:
    """A server whose side of each connection is `conversation`; yields its port."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await conversation(reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, HOST, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


async def read_packet(reader: asyncio.StreamReader) -> mqtt5.Packet:
    head = await reader.readexactly(2)
    while head[-1] >= 0x80:
        head += await reader.readexactly(1)
    length = sum((byte & 0x7F) << (7 * place) for place, byte in enumerate(head[1:]))
    packet, _ = mqtt5.read(memoryview(head + await reader.readexactly(length)))
    return packet


async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take the client in and grant its subscription."""
    assert isinstance(await read_packet(reader), mqtt5.ConnectPacket)
    writer.write(mqtt5.ConnAckPacket().write())
    assert isinstance(await read_packet(reader), mqtt5.SubscribePacket)
    writer.write(mqtt5.SubAckPacket(1, [mqtt5.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE]).write())
