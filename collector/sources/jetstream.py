"""A stream of a NATS server or cluster as a source: a durable pull consumer, one acknowledgement per delivery.

The consumer acknowledges cumulatively (`ack_policy: all`), so what was delivered to a connection that broke must never be overtaken: an
acknowledgement of a later message would cover it too. Therefore

1. each connection begins by setting the consumer back to its last acknowledged message, where anything after that was delivered;
2. a delivery is acknowledged only on the connection that brought it;
3. the consumer's sequence numbers have to grow by one; a gap (another collector takes part, a packet was dropped) ends the connection
   before anything behind it is handed on.

The stream drops its oldest messages at its bounds; what it dropped before we had it is a gap in the stream's numbers, counted as `dropped`.
Nothing in a stream is "from the broker's memory": each message was live when it was stored, so none is marked as retained.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import ssl
from collections.abc import Callable
from typing import Any, NamedTuple

import nats
import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, ConsumerInfo, DeliverPolicy, DiscardPolicy, StorageType, StreamConfig

from collector.errors import SourceError
from collector.ports import Delivery, SourceStatus
from collector.records import CONTROL, Message
from collector.sources.backoff import QUICK, SLOW, backoff_s
from collector.sources.jetstream_options import JetStreamOptions, tls_of
from collector.sources.subjects import Position, position_of, topic_of

__all__ = ["JetStreamOptions", "JetStreamSource"]

log = logging.getLogger(__name__)

_ACK_WAIT_S = 6 * 3600.0
"""Long: what a connection did not acknowledge is asked for again by the next one, not by a timer while the journal is slow."""
_MAX_ACK_PENDING = 50_000
_MAX_BATCH_BYTES = 4 * 1024 * 1024
_EXPIRES_S = 30.0
_GOODBYE_S = 2.0
_MISSED_HEARTBEATS = 2.5
_TOO_LARGE = "Message Size Exceeds MaxBytes"
_ENDS_OF_A_REQUEST = frozenset({_TOO_LARGE, "Batch Completed"})
_OURS = {"oxygrid": "made by the collector"}


class Token(NamedTuple):
    """The acknowledgement of a delivery's last message, and the connection on which alone it may be sent."""

    connection: int
    messages: int
    reply: str


def translate(exc: Exception, where: str) -> SourceError:
    """What an error of the client means.

    authorisation, TLS, refused by JetStream   slow: a person has to act
    anything else                              quick
    """
    text = str(exc) or type(exc).__name__
    if isinstance(exc, nats.errors.AuthorizationError) or "authorization" in text.lower():
        return SourceError(f"{where} refuses us: not authorised; check username and password", slow=True)
    if isinstance(exc, nats.js.errors.ServiceUnavailableError | nats.errors.NoRespondersError):
        return SourceError(f"{where} has no JetStream at work; turn it on in the server's configuration (jetstream {{}})", slow=True)
    if isinstance(exc, nats.js.errors.APIError):
        return SourceError(f"{where} refuses the stream or its consumer: {exc.description} (error {exc.err_code})", slow=True)
    if isinstance(exc, ssl.SSLError):
        return SourceError(f"no TLS with {where}: {exc.reason or text}; check ca_file and the server's certificate", slow=True)
    if isinstance(exc, ConnectionRefusedError | nats.errors.NoServersError):
        return SourceError(f"nothing listens on {where}; check that the NATS server runs, and host and port")
    if isinstance(exc, TimeoutError | nats.errors.TimeoutError):
        return SourceError(f"no answer from {where}; check host, port and firewall")
    return SourceError(f"the connection with {where} broke off: {text}")


class JetStreamSource:
    """A `collector.ports.Source` over one stream. `now_ms` is the wall clock, `random` uniform in [0, 1)."""

    def __init__(self, options: JetStreamOptions, now_ms: Callable[[], int], random: Callable[[], float]) -> None:
        self._options, self._now_ms, self._random = options, now_ms, random
        self._where = options.url.rpartition("@")[2].removeprefix("nats://").removeprefix("tls://")
        self._tls = tls_of(options)
        self._messages: list[Message] = []
        self._replies: list[str] = []  # one for each message, empty for our own records
        self._arrived = asyncio.Event()
        self._wake = asyncio.Event()
        self._closing = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._failure: SourceError | None = None
        self._connection_id = 0
        self._connected = False
        self._since_ms = now_ms()
        self._problem = "not connected yet"
        self._lost_ms: int | None = None
        self._forgotten = False
        self._expected = 0  # messages that the request under way may still bring
        self._request_number = 0
        self._request_inbox = ""
        self._single = False  # the next request asks for one message without a bound in bytes
        self._acknowledge = ""
        self._last: Position | None = None
        self._whole_stream = False
        self._seen_s = 0.0
        self._received = self._acknowledged = self._connects = self._deaf = self._lost_sessions = self._dropped = 0

    # ------------------------------------------------------------------ collector.ports.Source

    async def run(self) -> None:
        attempt = 0
        while not self._closing.is_set():
            connects = self._connects
            self._idle.clear()
            try:
                error = await self._connection()
            finally:
                self._end()
                self._idle.set()
            if self._closing.is_set():
                return
            self._problem = str(error)
            log.warning("%s", error)
            attempt = 0 if self._connects > connects else attempt + 1
            await _wait(self._closing, backoff_s(attempt, self._random(), SLOW if error.slow else QUICK))

    async def receive(self) -> Delivery:
        while not self._messages:
            self._arrived.clear()
            await self._arrived.wait()
        count = self._options.max_delivery
        messages, replies = self._messages[:count], self._replies[:count]
        del self._messages[:count], self._replies[:count]
        last = next((reply for reply in reversed(replies) if reply), "")
        self._wake.set()
        return Delivery(messages, Token(self._connection_id, len(replies) - replies.count(""), last))

    def durable(self, delivery: Delivery) -> None:
        token = delivery.token
        assert isinstance(token, Token)
        if token.connection == self._connection_id and token.reply:
            self._acknowledge = token.reply
            self._acknowledged += token.messages
            self._wake.set()

    def status(self) -> SourceStatus:
        return SourceStatus(
            name=f"jetstream {self._where}",
            connected=self._connected,
            since_ms=self._since_ms,
            problem="" if self._connected else self._problem,
            received=self._received,
            acknowledged=self._acknowledged,
            waiting=len(self._messages),
            reconnects=max(0, self._connects - 1),
            deaf=self._deaf,
            sessions_lost=self._lost_sessions,
            dropped=self._dropped,
        )

    async def close(self) -> None:
        self._closing.set()
        self._wake.set()
        await _wait(self._idle, _GOODBYE_S)

    # ------------------------------------------------------------------ one connection

    async def _connection(self) -> SourceError:
        """Connect, serve until the connection ends, and say why it ended."""
        self._connection_id += 1
        self._replies = [""] * len(self._messages)
        self._failure, self._acknowledge, self._expected = None, "", 0
        client = Client()
        try:
            await self._connect(client)
            context = client.jetstream(timeout=self._options.connect_timeout_s)
            await self._prepare_stream(context)
            await self._prepare_consumer(context)
            inbox = client.new_inbox()
            await client.subscribe(f"{inbox}.*", cb=self._on_message)
            await self._serve(client, inbox)
            return self._failure or SourceError("closed")
        except (nats.errors.Error, OSError, TimeoutError) as exc:
            return self._failure or translate(exc, self._where)
        finally:
            with contextlib.suppress(nats.errors.Error, OSError, TimeoutError):
                await client.close()

    async def _connect(self, client: Client) -> None:
        async def on_error(exc: Exception) -> None:
            self._fail(translate(exc, self._where))

        async def on_closed() -> None:
            self._fail(SourceError(f"the connection with {self._where} was closed"))

        options = self._options
        async with asyncio.timeout(options.connect_timeout_s):
            await client.connect(
                options.url,
                name=options.durable,
                allow_reconnect=False,
                max_reconnect_attempts=1,
                reconnect_time_wait=0,
                error_cb=on_error,
                closed_cb=on_closed,
                user=options.username,
                password=options.password,
                tls=self._tls,
            )

    async def _prepare_stream(self, context: JetStreamContext) -> None:
        options = self._options
        wanted = StreamConfig(
            name=options.stream,
            subjects=[options.subjects],
            max_bytes=options.max_bytes,
            max_age=options.max_age_s,
            discard=DiscardPolicy.OLD,
            storage=StorageType.FILE,
            metadata=_OURS,
        )
        try:
            config = (await context.stream_info(options.stream)).config
        except nats.js.errors.NotFoundError:
            config = (await context.add_stream(wanted)).config
        ours = _OURS.items() <= (config.metadata or {}).items()
        if ours and (config.max_bytes, config.max_age, config.subjects) != (wanted.max_bytes, wanted.max_age, wanted.subjects):
            config = (await context.update_stream(wanted)).config
        self._whole_stream = config.subjects == [options.subjects]

    async def _prepare_consumer(self, context: JetStreamContext) -> None:
        """The durable consumer, standing right behind its last acknowledged message."""
        options = self._options
        try:
            info = await context.consumer_info(options.stream, options.durable)
        except nats.js.errors.NotFoundError:
            self._forgotten = True
            await context.add_consumer(options.stream, self._consumer())
            self._last = None
            return
        self._forgotten = False
        if info.num_ack_pending or info.num_redelivered:
            info = await self._set_back(context, info)
        delivered = info.delivered
        assert delivered is not None
        self._last = Position(delivered.stream_seq, delivered.consumer_seq)

    async def _set_back(self, context: JetStreamContext, info: ConsumerInfo) -> ConsumerInfo:
        options = self._options
        floor = info.ack_floor
        assert floor is not None
        try:
            await context.reset_consumer(options.stream, options.durable)
            return await context.consumer_info(options.stream, options.durable)
        except (nats.js.errors.APIError, nats.errors.NoRespondersError):
            log.info("%s can't reset a consumer (nats-server before 2.14); it is made anew", self._where)
        await context.delete_consumer(options.stream, options.durable)
        made = await context.add_consumer(options.stream, self._consumer(floor.stream_seq + 1))
        assert made.delivered is not None
        made.delivered.stream_seq = floor.stream_seq
        return made

    def _consumer(self, start: int = 0) -> ConsumerConfig:
        return ConsumerConfig(
            durable_name=self._options.durable,
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE if start else DeliverPolicy.ALL,
            opt_start_seq=start or None,
            ack_policy=AckPolicy.ALL,
            ack_wait=_ACK_WAIT_S,
            max_ack_pending=_MAX_ACK_PENDING,
            filter_subject=self._options.subjects,
        )

    async def _serve(self, client: Client, inbox: str) -> None:
        """Acknowledge what is durable, ask for more when there is room, and see that the server still speaks."""
        options, loop = self._options, asyncio.get_running_loop()
        next_message = f"$JS.API.CONSUMER.MSG.NEXT.{options.stream}.{options.durable}"
        self._seen_s = loop.time()
        while True:
            self._wake.clear()
            if self._acknowledge:
                reply, self._acknowledge = self._acknowledge, ""
                await client.publish(reply, b"+ACK")
            if self._failure is not None:
                return
            if self._closing.is_set():
                await client.flush()
                return
            if not self._expected and len(self._messages) < options.max_delivery:
                self._request_number += 1
                self._request_inbox = f"{inbox}.{self._request_number}"
                await client.publish(next_message, self._request(), reply=self._request_inbox)
                self._seen_s = loop.time()
            await _wait(self._wake, options.heartbeat_s)
            if self._expected and loop.time() - self._seen_s > _MISSED_HEARTBEATS * options.heartbeat_s:
                self._deaf += 1
                self._fail(SourceError(f"{self._where} is connected and silent: no heartbeat of the consumer {options.durable}"))

    def _request(self) -> bytes:
        """Ask for a batch; the first time not to wait for it, so that an answer comes at once."""
        self._expected = 1 if self._single else self._options.max_delivery
        ask: dict[str, Any] = {
            "batch": self._expected,
            "expires": int(_EXPIRES_S * 1e9),
            "idle_heartbeat": int(self._options.heartbeat_s * 1e9),
        }
        if not self._connected:
            ask = {"batch": self._expected, "no_wait": True}
        elif not self._single:
            ask["max_bytes"] = _MAX_BATCH_BYTES
        self._single = False
        return json.dumps(ask).encode()

    async def _on_message(self, msg: Msg) -> None:
        self._seen_s = asyncio.get_running_loop().time()
        if self._failure is not None:
            return
        if not msg.reply:
            self._on_status(msg)
            return
        position = position_of(msg.reply)
        if not self._follows(position):
            return
        self._hear()
        self._expected -= 1
        if not self._expected:
            self._wake.set()
        if "/$probe/" not in (topic := topic_of(msg.subject)):
            self._received += 1
            self._add(Message(topic, msg.data), msg.reply)

    def _on_status(self, msg: Msg) -> None:
        """100 is a heartbeat; with 404 and 408 the request is over; 409 is anything from its end to that of the consumer."""
        headers = msg.headers or {}
        status, words = headers.get("Status", ""), headers.get("Description", "")
        self._hear()
        if status == "100":
            return
        if status == "503" or "deleted" in words.lower():
            text = f"the consumer {self._options.durable} is gone; if another collector uses this name (durable), give each its own"
            self._fail(SourceError(text, slow=True))
        elif status in ("404", "408") or words in _ENDS_OF_A_REQUEST:
            if msg.subject == self._request_inbox:  # else the word of a request that brought all it should
                self._single = words == _TOO_LARGE and self._expected == self._options.max_delivery
                self._expected = 0
                self._wake.set()
        else:
            self._fail(SourceError(f"{self._where} ended the request: {words or status}"))

    def _follows(self, position: Position) -> bool:
        last = self._last or Position(position.stream - 1, 0)
        if position.consumer != last.consumer + 1:
            text = f"the consumer {self._options.durable} skipped from message {last.consumer} to {position.consumer}"
            self._fail(SourceError(f"{text}; if another collector uses this name (durable), give each its own", slow=True))
            return False
        if self._whole_stream and position.stream > last.stream + 1:
            self._dropped += position.stream - last.stream - 1
        self._last = Position(max(last.stream, position.stream), position.consumer)
        return True

    # ------------------------------------------------------------------ what others get to know

    def _hear(self) -> None:
        if self._connected:
            return
        self._connected = True
        self._connects += 1
        self._since_ms = self._now_ms()
        lost = self._forgotten and self._lost_ms is not None
        gap_ms = self._since_ms - self._lost_ms if self._lost_ms is not None else 0
        self._lost_sessions += lost
        self._add(_control(f'{{"connected":true,"session_lost":true,"gap_ms":{gap_ms}}}' if lost else '{"connected":true}'), "")
        log.info("connected to %s, stream %s", self._where, self._options.stream)

    def _end(self) -> None:
        if self._connected:
            self._connected = False
            self._since_ms = self._lost_ms = self._now_ms()
            self._add(_control('{"connected":false}'), "")

    def _add(self, message: Message, reply: str) -> None:
        self._messages.append(message)
        self._replies.append(reply)
        self._arrived.set()

    def _fail(self, error: SourceError) -> None:
        if self._failure is None:
            self._failure = error
        self._wake.set()


async def _wait(event: asyncio.Event, seconds: float) -> None:
    """Until the event is set, but no longer. Raises CancelledError also where a cancellation came while the client library swallowed it
    (asyncio.wait_for of Python 3.11 does that when its result comes in the same moment)."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


def _control(payload: str) -> Message:
    return Message(CONTROL + "source", payload.encode())
