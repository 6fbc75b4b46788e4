"""Publishes over MQTT what gateways have to say: QoS 1, one connection per gateway, nothing forgotten that was not acknowledged.

    feed ── paced by the clock ──▶ outbox of its link ──▶ connection ──▶ broker
                                        ▲                     │
                                        └── not acknowledged ─┘   comes again as back-fill

Each connection has a last will on its status topic: the broker says `offline` (retained) when a gateway vanishes, and the gateway
says so itself when it leaves in good order.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

import aiomqtt
from paho.mqtt.reasoncodes import ReasonCode

from devices.assets import Site
from devices.gateway.clock import Clock
from devices.gateway.emission import Emission, Link, links_of
from devices.gateway.endpoint import Credentials, Endpoint, parse_endpoint
from devices.gateway.outbox import Entry, Outbox, payload_of

OUTBOX = 20_000
"""Messages that one connection keeps while it can't send."""
WINDOW = 20
"""Messages in flight per connection."""
CONNECTING = 16
"""Connections that are opened at the same time."""
KEEPALIVE_S = 60
DRAIN_S = 5.0
"""How long a clean stop waits for the last acknowledgements."""
REPORT_S = 1.0
FIRST_RETRY_S, LONGEST_RETRY_S = 0.5, 30.0
REFUSED = frozenset({0x84, 0x85, 0x86, 0x87, 0x8A})
"""Reasons of a CONNACK that no retry mends: protocol version, client identifier, user name or password, not authorised, banned."""
FOR_EVER_MS = 2**62


class PublishError(Exception):
    """The broker refuses this publisher: trying again unchanged can't help."""


class Feed(Protocol):
    """What is published: a fleet in the simulator."""

    @property
    def sites(self) -> Sequence[Site]: ...

    @property
    def prefix(self) -> str: ...

    def run(self, until_ms: int) -> Iterator[Emission]: ...


@dataclass(frozen=True, slots=True)
class PublishStats:
    """Counts of messages since the start; `problem` is the last error in words, empty while every connection stands."""

    offered: int = 0
    acknowledged: int = 0
    waiting: int = 0
    dropped: int = 0
    backfilled: int = 0
    connections: int = 0
    connected: int = 0
    reconnects: int = 0
    problem: str = ""


async def publish_fleet(
    fleet: Feed,
    broker_url: str,
    clock: Clock,
    *,
    duration_s: float | None = None,
    credentials: Credentials | None = None,
    on_stats: Callable[[PublishStats], None] | None = None,
) -> PublishStats:
    """Publish all that the fleet sends, each message when the clock shows its time, until `duration_s` (on the wall) is over or for ever.

    When it ends or is cancelled, it waits up to DRAIN_S for acknowledgements, says `offline` and disconnects. `on_stats` is called
    every second and at the end. Raises ValueError for a wrong URL, OSError for a certificate that can't be read, and PublishError where
    the broker refuses.
    """
    publisher = Publisher(fleet, parse_endpoint(broker_url, credentials), clock)
    try:
        await publisher.run(duration_s, on_stats)
    finally:
        if on_stats is not None:
            on_stats(publisher.stats())
    return publisher.stats()


def retry_s(failures: int, draw: float) -> float:
    """Seconds until the next attempt: full jitter below a bound that doubles from 0.5 s to 30 s. `draw` is uniform in 0…1."""
    return draw * min(LONGEST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(failures, 16))


class Publisher:
    """All connections of a feed."""

    def __init__(self, feed: Feed, endpoint: Endpoint, clock: Clock) -> None:
        self._feed, self._clock = feed, clock
        opening = asyncio.Semaphore(CONNECTING)
        tls = _tls_context(endpoint)
        links = [link for site in feed.sites for link in links_of(site)]
        self._connections = [Connection(link, feed.prefix, endpoint, tls, opening) for link in links]
        self._by_topic = {topic: connection for connection in self._connections for topic in connection.topics()}
        self._offered = 0

    async def run(self, duration_s: float | None, on_stats: Callable[[PublishStats], None] | None) -> None:
        tasks = [asyncio.create_task(connection.run()) for connection in self._connections]
        try:
            await _until_first(self._pace(), self._report(on_stats), _sleep_for(duration_s), _first_error(tasks))
        finally:
            refused = await self._stop(tasks)
        if refused is not None:  # everything had been offered before the broker said no
            raise refused

    async def _pace(self) -> None:
        for emission in self._feed.run(FOR_EVER_MS):
            await asyncio.sleep(max(0.0, self._clock.wall_s_until(emission.send_ms)))
            self._offered += 1
            self._by_topic[emission.topic].offer(emission)

    async def _report(self, on_stats: Callable[[PublishStats], None] | None) -> None:
        while True:
            await asyncio.sleep(REPORT_S)
            if on_stats is not None:
                on_stats(self.stats())

    async def _stop(self, tasks: list[asyncio.Task[None]]) -> PublishError | None:
        """Send what waits, and leave. Returns the word of a broker that refuses."""
        for connection in self._connections:
            connection.close()
        if tasks:
            await asyncio.wait(tasks, timeout=DRAIN_S)
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        return next((end for end in ends if isinstance(end, PublishError)), None)

    def stats(self) -> PublishStats:
        outboxes = [connection.outbox for connection in self._connections]
        return PublishStats(
            offered=self._offered,
            acknowledged=sum(outbox.acknowledged for outbox in outboxes),
            waiting=sum(len(outbox) for outbox in outboxes),
            dropped=sum(outbox.dropped for outbox in outboxes),
            backfilled=sum(outbox.backfilled for outbox in outboxes),
            connections=len(self._connections),
            connected=sum(connection.connected for connection in self._connections),
            reconnects=sum(connection.reconnects for connection in self._connections),
            problem=next((connection.problem for connection in self._connections if connection.problem), ""),
        )


class Connection:
    """One gateway's session with the broker, opened again whenever it breaks."""

    def __init__(self, link: Link, prefix: str, endpoint: Endpoint, tls: ssl.SSLContext | None, opening: asyncio.Semaphore) -> None:
        self._link, self._prefix, self._endpoint, self._tls, self._opening = link, prefix, endpoint, tls, opening
        self._status_topic = link.status_topic(prefix)
        self._status = b"online"
        self._changed = asyncio.Event()
        self._closing = asyncio.Event()
        self._jitter = Random()  # noqa: S311 — spreads reconnections
        self.outbox = Outbox(OUTBOX)
        self.connected = False
        self.reconnects = 0
        self.problem = ""

    def topics(self) -> Iterator[str]:
        yield from (self._link.topic(self._prefix, asset) for asset in self._link.assets)
        if self._status_topic is not None:
            yield self._status_topic

    def offer(self, emission: Emission) -> None:
        if emission.topic == self._status_topic:
            self._status = emission.payload
        self.outbox.offer(emission)
        self._changed.set()

    def close(self) -> None:
        """Send what waits, then leave."""
        self._closing.set()
        self._changed.set()

    async def run(self) -> None:
        """Until it is closed and nothing waits. Raises PublishError where the broker refuses the very first connection."""
        failures = 0
        while not self._is_done():
            try:
                await self._session()
            except aiomqtt.MqttError as error:
                if _is_refusal(error) and not self.outbox.acknowledged:
                    raise PublishError(
                        f"the broker at {self._endpoint.host}:{self._endpoint.port} refuses {self._identifier}: {error}"
                    ) from error
                failures = 0 if self.connected else failures + 1
                self.problem = str(error)
                self.reconnects += self.connected
                await self._pause(retry_s(failures, self._jitter.random()))
            finally:
                self.connected = False
                self.outbox.lose_connection()

    def _is_done(self) -> bool:
        return self._closing.is_set() and not len(self.outbox)

    async def _pause(self, seconds: float) -> None:
        """Wait before the next attempt; shorter when told to close meanwhile, for the last messages have little time."""
        self.connected = False
        if self._closing.is_set():
            await asyncio.sleep(min(seconds, FIRST_RETRY_S))
        else:
            await _until_first(self._closing.wait(), asyncio.sleep(seconds))

    async def _session(self) -> None:
        async with AsyncExitStack() as stack:
            async with self._opening:
                client = await stack.enter_async_context(self._client())
            client.pending_calls_threshold = 2 * WINDOW
            await _until_first(self._converse(client), _watch(client))

    async def _converse(self, client: aiomqtt.Client) -> None:
        await self._say(client, self._status)
        self.connected, self.problem = True, ""
        await self._send_all(client)
        await self._say(client, b"offline")

    async def _send_all(self, client: aiomqtt.Client) -> None:
        """Send whatever is offered, a window at a time; ends when it is closed and nothing waits."""
        while True:
            self._changed.clear()
            while window := self.outbox.take(WINDOW):
                await asyncio.gather(*(self._send(client, entry) for entry in window))
            if self._closing.is_set():
                return
            await self._changed.wait()

    async def _send(self, client: aiomqtt.Client, entry: Entry) -> None:
        emission = entry.emission
        await client.publish(emission.topic, payload_of(entry), qos=emission.qos, retain=emission.retained)
        self.outbox.acknowledge(entry)

    async def _say(self, client: aiomqtt.Client, status: bytes) -> None:
        if self._status_topic is not None:
            await client.publish(self._status_topic, status, qos=1, retain=True)

    @property
    def _identifier(self) -> str:
        """Unique, for ids have no underscore; brokers on NATS refuse a dot."""
        return f"{self._link.site}_{self._link.gateway or 'site'}"

    def _client(self) -> aiomqtt.Client:
        """A new client for each session: what the last one had queued goes with it, for the outbox sends it again."""
        credentials = self._endpoint.credentials
        return aiomqtt.Client(
            self._endpoint.host,
            self._endpoint.port,
            identifier=self._identifier,
            username=credentials.username,
            password=credentials.password,
            will=None if self._status_topic is None else aiomqtt.Will(self._status_topic, b"offline", qos=1, retain=True),
            keepalive=KEEPALIVE_S,
            max_inflight_messages=WINDOW,
            tls_context=self._tls,
        )


def _tls_context(endpoint: Endpoint) -> ssl.SSLContext | None:
    if not endpoint.tls:
        return None
    credentials = endpoint.credentials
    context = ssl.create_default_context(cafile=credentials.ca_file)
    if credentials.certificate_file is not None:
        context.load_cert_chain(credentials.certificate_file, credentials.key_file)
    return context


def _is_refusal(error: aiomqtt.MqttError) -> bool:
    return isinstance(error, aiomqtt.MqttCodeError) and isinstance(error.rc, ReasonCode) and error.rc.value in REFUSED


async def _watch(client: aiomqtt.Client) -> None:
    """Raises MqttError as soon as the connection breaks: a publish alone would wait for its time-out."""
    async for _ in client.messages:
        pass


async def _sleep_for(duration_s: float | None) -> None:
    if duration_s is None:
        await asyncio.Event().wait()
    else:
        await asyncio.sleep(duration_s)


async def _first_error(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Wait for a task that fails and raise its error, leaving the others alone."""
    if not tasks:
        await asyncio.Event().wait()
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    for task in done:
        task.result()


async def _until_first(*work: Coroutine[Any, Any, object]) -> None:
    """Run all until one ends, cancel the others, and raise what that one raised."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
