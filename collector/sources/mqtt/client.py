"""The socket of an MQTT session: connects, carries bytes both ways, keeps time, connects again.

Messages wait in the session until the pipeline asks for them. Over the bound the socket is not read any more, so the broker holds the rest;
under half of it reading goes on.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Callable
from typing import cast

from collector.errors import SourceError
from collector.outgoing import tls_context
from collector.ports import Delivery, SourceStatus
from collector.sources.backoff import QUICK, SLOW, backoff_s
from collector.sources.mqtt.options import MqttOptions
from collector.sources.mqtt.session import Session, Token
from collector.sources.mqtt.states import State

log = logging.getLogger(__name__)

STABLE_AFTER_S = 10.0
"""A session that worked for so long makes the next wait short again."""

_GOODBYE_S = 1.0
"""How long a closing connection may take to send what is still to be sent."""


def tls_of(options: MqttOptions) -> ssl.SSLContext | None:
    """None for mqtt://. Raises UserError for files that can't be used."""
    return tls_context(options.ca_file, options.cert_file, options.key_file) if options.url.startswith("mqtts:") else None


def connect_error(exc: OSError | TimeoutError, where: str) -> SourceError:
    """What a failed connection attempt means.

    certificate not trusted, or TLS refused    slow: a person has to act
    anything else (refused, no route, no name) quick: the broker may be starting
    """
    if isinstance(exc, ssl.SSLCertVerificationError):
        advice = "set ca_file to the authority that signed it, and use the host name that stands in it"
        return SourceError(f"the certificate of {where} is not trusted: {exc.verify_message}; {advice}", slow=True)
    if isinstance(exc, ssl.SSLError):
        text = f"no TLS with {where}: {exc.reason or exc}; check that the port is the broker's TLS port, and the client certificate"
        return SourceError(text, slow=True)
    if isinstance(exc, ConnectionResetError):  # in the TLS handshake: before it, a connection is refused or made
        return SourceError(f"{where} closed the connection in the TLS handshake; check that the port is the broker's TLS port")
    if isinstance(exc, ConnectionRefusedError):
        return SourceError(f"nothing listens on {where}; check that the broker runs, and host and port")
    if isinstance(exc, TimeoutError):
        return SourceError(f"no answer from {where}; check host, port and firewall")
    return SourceError(f"can't connect to {where}: {exc.strerror or exc}")


def broke_off(exc: Exception | None, state: State, cuts: int) -> SourceError:
    """What it means when a connection ends without a DISCONNECT. `cuts`: how many in a row were closed in order soon after they worked.

    TLS broke              see connect_error
    before CONNACK         quick, with a hint
    the first such cut     quick, with a hint: so does mosquitto before 2.0.15 treat the older of two clients with one id
    the second, third …    slow: it is not a broker that restarts
    anything else          quick
    """
    if isinstance(exc, ssl.SSLError):
        return connect_error(exc, "the broker")
    text = "the connection broke off without a word" + (f": {exc}" if exc else "")
    if state is State.CONNECTING:
        return SourceError(f"{text}; a broker that speaks no MQTT 5, or wants TLS, may do that")
    if cuts:
        text += " soon after it was made, as some brokers do when another client connects with the same client id"
        return SourceError(f"{text}; if two collectors run with one client_id, stop one of them or give each its own id", slow=cuts > 1)
    return SourceError(text)


class MqttSource:
    """A `collector.ports.Source` over one MQTT broker. `now_ms` is the wall clock, `random` uniform in [0, 1)."""

    def __init__(self, options: MqttOptions, now_ms: Callable[[], int], random: Callable[[], float]) -> None:
        self._options = options
        self._now_ms = now_ms
        self._random = random
        self._tls = tls_of(options)
        self._where = f"{options.host}:{options.port}"
        self._session = Session(options.session)
        self._transport: asyncio.Transport | None = None
        self._gone: asyncio.Future[SourceError] | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.Handle | None = None
        self._timer_due_s = 0.0
        self._abort_timer: asyncio.TimerHandle | None = None
        self._paused = False
        self._closing = asyncio.Event()
        self._state = State.CLOSED
        self._online_since_ms = 0
        self._was_stable = False
        self._cuts = 0
        self._since_ms = now_ms()
        self._problem = "not connected yet"
        self._connects = 0

    # ------------------------------------------------------------------ collector.ports.Source

    async def run(self) -> None:
        attempt = 0
        while not self._closing.is_set():
            error = await self._connection()
            if self._closing.is_set():
                return
            log.warning("%s: %s", self._where, error)
            if not error.retry:
                raise error
            attempt = 0 if self._was_stable else attempt + 1
            await self._wait(backoff_s(max(0, attempt - 1), self._random(), SLOW if error.slow else QUICK))

    async def receive(self) -> Delivery:
        while not self._session.waiting:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        delivery = self._session.take(self._options.max_delivery, self._options.max_delivery_bytes)
        self._resume_if_room()
        return delivery

    def durable(self, delivery: Delivery) -> None:
        assert isinstance(delivery.token, Token)
        self._session.acknowledge(delivery.token, self._clock_ms())
        self._flush()

    def status(self) -> SourceStatus:
        session, counts = self._session, self._session.counts
        connected = session.state is State.ONLINE
        return SourceStatus(
            name=f"mqtt {self._where}",
            connected=connected,
            since_ms=self._since_ms,
            problem=session.warning if connected else self._problem,
            received=counts.received,
            acknowledged=counts.acknowledged,
            waiting=session.waiting,
            reconnects=max(0, self._connects - 1),
            deaf=counts.deaf,
            sessions_lost=counts.sessions_lost,
            too_large=counts.too_large,
        )

    async def close(self) -> None:
        self._closing.set()
        self._session.leave(self._clock_ms())
        self._after_step()
        if self._transport is not None and self._gone is not None:
            await asyncio.wait([self._gone], timeout=2 * _GOODBYE_S)

    # ------------------------------------------------------------------ one connection

    async def _connection(self) -> SourceError:
        """Connect, serve until the connection ends, and say why it ended."""
        loop = asyncio.get_running_loop()
        self._gone = loop.create_future()
        try:
            async with asyncio.timeout(self._options.connect_timeout_s):
                await loop.create_connection(self._protocol, self._options.host, self._options.port, ssl=self._tls)
            return await self._gone
        except (OSError, TimeoutError) as exc:
            error = connect_error(exc, self._where)
            self._problem = str(error)
            return error
        finally:
            self._drop()

    def _protocol(self) -> _Connection:
        return _Connection(self._connected, self._received, self._lost)

    def _connected(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._paused = self._was_stable = False
        self._session.connect(self._clock_ms())
        self._after_step()

    def _received(self, data: bytes) -> None:
        self._session.receive(data, self._clock_ms())
        self._after_step()
        if not self._paused and self._over(1.0) and self._transport is not None:
            self._paused = True
            self._session.pause()
            self._transport.pause_reading()

    def _lost(self, exc: Exception | None) -> None:
        if self._session.state is State.ONLINE:
            self._cuts = self._cuts + 1 if exc is None and self._online_s() < STABLE_AFTER_S else 0
        self._session.connection_lost(broke_off(exc, self._session.state, self._cuts), self._clock_ms())
        self._transport = None
        self._after_step()
        if self._gone is not None and not self._gone.done():
            self._gone.set_result(self._session.failure or SourceError("closed"))

    def _after_step(self) -> None:
        """What every step of the session may ask for: bytes to write, a timer, a waiting reader to wake, an end."""
        self._flush()
        session = self._session
        if session.waiting and self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        if session.state is not self._state:
            self._changed()
        self._arm()

    def _changed(self) -> None:
        was, self._state = self._state, self._session.state
        if self._state is State.ONLINE:
            self._connects += 1
            self._online_since_ms = self._clock_ms()
            self._since_ms = self._now_ms()
            log.info("connected to %s%s", self._where, f"; {self._session.warning}" if self._session.warning else "")
        elif self._state is State.CLOSED:
            if was is State.ONLINE:
                self._since_ms = self._now_ms()
                self._was_stable = self._online_s() >= STABLE_AFTER_S
            self._problem = str(self._session.failure or "closed")
            self._hang_up()

    def _hang_up(self) -> None:
        """Send what is to be sent and close; not for ever."""
        if self._transport is not None:
            self._transport.close()
            self._abort_timer = asyncio.get_running_loop().call_later(_GOODBYE_S, self._transport.abort)

    def _flush(self) -> None:
        data = self._session.data_to_send()
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _over(self, part: float) -> bool:
        options, session = self._options, self._session
        return session.waiting > options.max_waiting * part or session.waiting_bytes > options.max_waiting_bytes * part

    def _resume_if_room(self) -> None:
        if self._paused and not self._over(0.5):
            self._paused = False
            if self._transport is not None:
                self._session.resume(self._clock_ms())
                self._transport.resume_reading()
                self._arm()

    # ------------------------------------------------------------------ time

    def _clock_ms(self) -> int:
        """The session's clock: it never goes back, whatever happens to the wall clock."""
        return int(asyncio.get_running_loop().time() * 1000)

    def _online_s(self) -> float:
        return (self._clock_ms() - self._online_since_ms) / 1000

    def _arm(self) -> None:
        deadline_ms = self._session.next_deadline()
        due_s = None if deadline_ms is None else deadline_ms / 1000
        if self._timer is not None:
            if due_s is not None and self._timer_due_s <= due_s:
                return  # it will fire earlier, and then be set anew
            self._timer.cancel()
            self._timer = None
        if due_s is not None:
            self._timer_due_s = due_s  # uvloop's handle of a time that has come can't tell it
            self._timer = asyncio.get_running_loop().call_at(due_s, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._session.handle_timer(self._clock_ms())
        self._after_step()

    async def _wait(self, seconds: float) -> None:
        """Sleep, but not past `close`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closing.wait()

    def _drop(self) -> None:
        """Nothing of a connection outlives it."""
        for timer in (self._timer, self._abort_timer):
            if timer is not None:
                timer.cancel()
        self._timer = self._abort_timer = None
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()


class _Connection(asyncio.Protocol):
    """Hands the events of one socket to the source."""

    def __init__(
        self, made: Callable[[asyncio.Transport], None], data: Callable[[bytes], None], lost: Callable[[Exception | None], None]
    ) -> None:
        self._made, self._data, self._lost = made, data, lost

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._made(cast(asyncio.Transport, transport))  # uvloop's transports are no subclass of it

    def data_received(self, data: bytes) -> None:
        self._data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost(exc)
