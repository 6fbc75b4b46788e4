"""One MQTT 5 session with a broker, without a socket and without a clock: bytes and times in, messages and bytes out. Pure.

    session.connect(now)                    # then write session.data_to_send()
    session.receive(data, now)              # bytes as they come, in any pieces
    delivery = session.take(5000, 1 << 22)  # what waits, oldest first
    session.acknowledge(token, now)         # that is on disk: one PUBACK for each message of it, in one write
    session.handle_timer(now)               # at session.next_deadline()

What the broker gets to know, and when: a PUBACK leaves only in `acknowledge`, and only on the connection that brought the message; what was
not acknowledged there comes again from the broker. Of the probe (`<prefix>/$probe/<client id>`) nothing is handed on: it is
sent into the very subscription that carries the readings, so hearing it proves that they would be heard.

Every error ends in `State.CLOSED` with the reason in `failure`; nothing is raised on what a broker sends. Times are milliseconds of a clock
that never goes back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import mqtt5

from collector.errors import SourceError
from collector.ports import Delivery
from collector.records import CONTROL, Message
from collector.sources.mqtt.inbox import Inbox
from collector.sources.mqtt.options import SessionOptions
from collector.sources.mqtt.reader import Flow, Reader
from collector.sources.mqtt.reasons import refusal
from collector.sources.mqtt.states import TABLE, Event, State
from collector.sources.mqtt.wire import EXACTLY_ONCE, RawPublish, TooLarge, Unreadable, acknowledgements

RECEIVE_MAXIMUM = 65534
"""Always sent: the default (65535) is left out of CONNECT by the codec, and mosquitto then holds us to its own 20 unacknowledged messages,
queues 1,000 more, and drops the rest."""

_EVENTS: dict[type, Event] = {
    mqtt5.ConnAckPacket: Event.CONNACK,
    mqtt5.SubAckPacket: Event.SUBACK,
    mqtt5.PublishPacket: Event.HEARD,
    RawPublish: Event.HEARD,
    mqtt5.PubAckPacket: Event.PUBACK,
    mqtt5.PubRelPacket: Event.PUBREL,
    mqtt5.PingRespPacket: Event.PINGRESP,
    mqtt5.DisconnectPacket: Event.DISCONNECT,
}
_SUBSCRIBE_ID = 1
_CONNACK_OF_MQTT_3 = b"\x20\x02"
_NO_MATCHING_SUBSCRIBERS = 16
_REFUSED_FROM = 128


class Token(NamedTuple):
    """What to send when a delivery is durable, and on which connection alone."""

    connection: int
    messages: int
    acknowledgements: bytes


@dataclass(slots=True)
class Counts:
    received: int = 0
    acknowledged: int = 0
    deaf: int = 0
    sessions_lost: int = 0
    too_large: int = 0
    malformed: int = 0


class Session:
    """See the module's text. `warning` says what is not as it should be while the session works."""

    def __init__(self, options: SessionOptions) -> None:
        self.state = State.CLOSED
        self.failure: SourceError | None = None
        self.warning = ""
        self.counts = Counts()
        self._options = options
        self._now_ms = 0  # the time of the call that is being served
        self._connection = 0
        self._inbox = Inbox()
        self._reader = Reader(self._inbox, options.max_packet_bytes, self._handle)
        self._out = bytearray()
        self._deadlines: dict[Event, int] = {}
        self._keep_alive_ms = 0
        self._sent_ms = 0
        self._heard_ms = 0
        self._silent_since_ms = 0
        self._probe_id = _SUBSCRIBE_ID
        self._probes = f"{options.prefix}/$probe/"
        self._probe_text = b""
        self._forgotten = False  # the broker had no session for us
        self._paused = False
        self._announced = False
        self._told = 0  # control messages so far
        self._lost_ms: int | None = None  # when the last session that worked ended

    # ------------------------------------------------------------------ what the socket's side calls

    def connect(self, now_ms: int) -> None:
        """Begin a new connection: `data_to_send` then holds CONNECT."""
        self._now_ms = now_ms
        self._step(Event.CONNECT)
        options = self._options
        self._connection += 1
        self._inbox.forget_ids()
        self._reader.restart()
        self._out.clear()
        self.failure, self.warning, self._paused = None, "", False
        self._deadlines = {Event.ANSWER_LATE: now_ms + _ms(options.answer_timeout_s)}
        packet = mqtt5.ConnectPacket(
            options.client_id,
            username=options.username,
            password=options.password,
            clean_start=False,
            keep_alive=options.keep_alive_s,
            session_expiry_interval=options.session_expiry_s,
            receive_max=RECEIVE_MAXIMUM,
            max_packet_size=options.max_packet_bytes,
        )
        self._send(packet.write())

    def receive(self, data: bytes, now_ms: int) -> None:
        """Bytes from the broker, in any pieces."""
        if self.state is State.CLOSED:
            return
        self._now_ms = now_ms
        self._deadlines.pop(Event.PING_LATE, None)
        before = self.waiting - self._told
        try:
            self._reader.feed(data)
        except TooLarge as error:
            self._too_large(error.size_bytes)
        except Unreadable as error:
            self._unreadable(error)
        new = self.waiting - self._told - before
        if new:
            self.counts.received += new
            self._heard_ms = now_ms

    def connection_lost(self, error: SourceError, now_ms: int) -> None:
        """The socket is gone. Harmless where the session is closed already."""
        self._now_ms = now_ms
        if self.state is not State.CLOSED:
            self._fail(Event.FAILED, error)

    def leave(self, now_ms: int) -> None:
        """Say goodbye; the broker keeps the session."""
        self._now_ms = now_ms
        if self.state is not State.CLOSED:
            self._send(mqtt5.DisconnectPacket().write())
            self._close(Event.LEAVE)

    def take(self, max_messages: int, max_bytes: int) -> Delivery:
        """What waits, oldest first: at most so many messages, and so many bytes (but one message at least)."""
        taken = self._inbox.take(max_messages, max_bytes)
        return Delivery(taken.messages, Token(self._connection, taken.to_acknowledge, taken.acknowledgements))

    def acknowledge(self, token: Token, now_ms: int) -> None:
        """The delivery is durable. Ignored where its connection is gone: the broker brings those messages again."""
        self._now_ms = now_ms
        if token.connection == self._connection and self.state is not State.CLOSED and token.acknowledgements:
            self.counts.acknowledged += token.messages
            self._send(token.acknowledgements)

    def data_to_send(self) -> bytes:
        """Bytes to write, in one write; they are handed out once."""
        data = bytes(self._out)
        self._out.clear()
        return data

    @property
    def waiting(self) -> int:
        return len(self._inbox.messages)

    @property
    def waiting_bytes(self) -> int:
        return self._inbox.waiting_bytes

    def next_deadline(self) -> int | None:
        """When `handle_timer` wants to be called, None while there is nothing to wait for."""
        return min(self._deadlines.values(), default=None)

    def handle_timer(self, now_ms: int) -> None:
        self._now_ms = now_ms
        for event in [event for event, at_ms in self._deadlines.items() if at_ms <= now_ms]:
            if self._deadlines.get(event, now_ms + 1) <= now_ms:  # an earlier one may have ended or renewed it
                del self._deadlines[event]
                _ON_TIMER[event](self)

    def pause(self) -> None:
        """Nothing will be read for a while: silence is then no sign of anything."""
        self._paused = True
        for event in (Event.ANSWER_LATE, Event.PING_LATE, Event.PROBE_DUE, Event.PROBE_LATE):
            self._deadlines.pop(event, None)

    def resume(self, now_ms: int) -> None:
        """Reading goes on; deadlines begin anew."""
        self._paused = False
        if self.state in (State.CONNECTING, State.SUBSCRIBING):
            self._deadlines[Event.ANSWER_LATE] = now_ms + _ms(self._options.answer_timeout_s)
        elif self.state in (State.PROVING, State.ONLINE):
            self._deadlines[Event.PROBE_DUE] = now_ms

    # ------------------------------------------------------------------ packets → states

    def _handle(self, packet: Any) -> Flow:
        event = _EVENTS.get(type(packet))
        if event is None or event not in TABLE[self.state]:
            text = f"the broker sent {type(packet).__name__} to a session that is {self.state.value}"
            self._violation(text, mqtt5.DisconnectReasonCode.PROTOCOL_ERROR)
        else:
            _ON_PACKET[event](self, packet)
        return _FLOWS.get(self.state, Flow.HANDLE)

    def _on_connack(self, packet: mqtt5.ConnAckPacket) -> None:
        code = int(packet.reason_code)
        if not code and not packet.wildcard_subscription_available:
            code = 162
        if not code and packet.max_qos == mqtt5.QoS.AT_MOST_ONCE:
            code = 155
        if code:
            self._fail(Event.REFUSED, refusal("connect", code, packet.reason_str or packet.server_reference))
            return
        self._step(Event.CONNACK)
        options = self._options
        if packet.session_expiry_interval is not None and packet.session_expiry_interval < options.session_expiry_s:
            self.warning = (
                f"the broker keeps the session for {packet.session_expiry_interval} s only, not for {options.session_expiry_s} s: "
                "what is published while the collector is away longer than that is lost; raise the broker's longest session expiry"
            )
        self._forgotten = not packet.session_present
        keep_alive_s = options.keep_alive_s if packet.server_keep_alive is None else packet.server_keep_alive
        self._keep_alive_ms = keep_alive_s * 1000
        if keep_alive_s:
            self._deadlines[Event.PING_DUE] = self._now_ms + self._keep_alive_ms // 2
        if not self._paused:
            self._deadlines[Event.ANSWER_LATE] = self._now_ms + _ms(options.answer_timeout_s)
        self._send(mqtt5.SubscribePacket(_SUBSCRIBE_ID, [_filter(options.prefix)]).write())

    def _on_suback(self, packet: mqtt5.SubAckPacket) -> None:
        code = max(map(int, packet.reason_codes), default=128)
        if code == mqtt5.QoS.AT_MOST_ONCE:
            code = 155
        if code >= _REFUSED_FROM:
            said = packet.reason_str or f"for {self._options.prefix}/#"
            self._fail(Event.REFUSED, refusal("subscribe", code, said))
            return
        self._step(Event.SUBACK)
        self._deadlines.pop(Event.ANSWER_LATE, None)
        self._probe()

    def _on_publish(self, packet: mqtt5.PublishPacket | RawPublish) -> None:
        self.counts.malformed += isinstance(packet, RawPublish)
        topic, packet_id = packet.topic, packet.packet_id or 0
        if packet.qos == mqtt5.QoS.EXACTLY_ONCE:
            packet_id += EXACTLY_ONCE
        if topic.startswith(self._probes):
            self._send(acknowledgements([packet_id]))
            if packet.payload == self._probe_text:
                self._deadlines.pop(Event.PROBE_LATE, None)
                self._heard()
            return
        self._heard()
        if topic.startswith("$"):
            topic = f"?{topic}"  # nobody but us may speak in the name of $oxygrid/
        self._inbox.add(Message(topic, packet.payload, packet.retain), packet_id)

    def _on_puback(self, packet: mqtt5.PubAckPacket) -> None:
        code = int(packet.reason_code)
        if code == _NO_MATCHING_SUBSCRIBERS:
            self._deaf("the broker says that nobody is subscribed to it")
        elif code >= _REFUSED_FROM:
            why = refusal("publish", code, packet.reason_str)
            self.warning = f"no probe, so a deaf session would not be noticed: {why}; allow writing to {self._options.probe_topic}"
            self._deadlines.pop(Event.PROBE_DUE, None)
            self._deadlines.pop(Event.PROBE_LATE, None)
            self._heard()

    def _on_pubrel(self, packet: mqtt5.PubRelPacket) -> None:
        self._send(mqtt5.PubCompPacket(packet.packet_id).write())

    def _on_pingresp(self, _packet: mqtt5.PingRespPacket) -> None:
        """Any byte from the broker has already ended the wait for it."""

    def _on_disconnect(self, packet: mqtt5.DisconnectPacket) -> None:
        said = packet.reason_str or packet.server_reference
        self._fail(Event.DISCONNECT, refusal("disconnect", int(packet.reason_code), said))

    # ------------------------------------------------------------------ timers

    def _on_answer_late(self) -> None:
        what = "CONNECT" if self.state is State.CONNECTING else "SUBSCRIBE"
        text = f"the broker accepted the connection and did not answer {what} within {self._options.answer_timeout_s:g} s"
        self._fail(Event.ANSWER_LATE, SourceError(text))

    def _on_ping_due(self) -> None:
        half_ms = self._keep_alive_ms // 2
        if self._now_ms - self._sent_ms >= half_ms:
            self._send(mqtt5.PingReqPacket().write())
            if not self._paused:
                self._deadlines.setdefault(Event.PING_LATE, self._now_ms + _ms(self._options.answer_timeout_s))
        self._deadlines[Event.PING_DUE] = self._sent_ms + half_ms

    def _on_ping_late(self) -> None:
        text = f"the broker has not answered a ping for {self._options.answer_timeout_s:g} s; the connection is taken for dead"
        self._fail(Event.PING_LATE, SourceError(text))

    def _probe(self) -> None:
        options = self._options
        self._probe_id = self._probe_id % 0xFFFF + 1
        self._probe_text = f"{self._connection}.{self._probe_id}.{self._now_ms}".encode()
        self._silent_since_ms = self._now_ms
        packet = mqtt5.PublishPacket(
            options.probe_topic,
            self._probe_text,
            qos=mqtt5.QoS.AT_LEAST_ONCE,
            packet_id=self._probe_id,
            message_expiry_interval=max(1, int(options.probe_interval_s)),
        )
        self._send(packet.write())
        self._deadlines[Event.PROBE_DUE] = self._now_ms + _ms(options.probe_interval_s)
        self._deadlines[Event.PROBE_LATE] = self._now_ms + _ms(options.probe_timeout_s)

    def _on_probe_late(self) -> None:
        if self._heard_ms > self._silent_since_ms:  # the probe stands in a queue behind readings, and those arrive
            self._silent_since_ms = self._heard_ms
            self._deadlines[Event.PROBE_LATE] = max(self._now_ms, self._heard_ms) + _ms(self._options.probe_timeout_s)
        else:
            self._deaf(f"it was not heard within {self._options.probe_timeout_s:g} s")

    def _deaf(self, why: str) -> None:
        self.counts.deaf += 1
        text = f"the session is connected and subscribed, and deaf: a probe was published to {self._options.probe_topic}, and {why}"
        self._fail(Event.PROBE_LATE, SourceError(f"{text}; check the broker's access rules for reading {self._options.prefix}/#"))

    # ------------------------------------------------------------------ states → what others get to know

    def _heard(self) -> None:
        self._heard_ms = self._now_ms
        self._step(Event.HEARD)
        if self.state is State.ONLINE and not self._announced:
            self._announced = True
            lost = self._forgotten and self._lost_ms is not None
            gap_ms = self._now_ms - self._lost_ms if self._lost_ms is not None else 0
            self.counts.sessions_lost += lost
            self._tell(f'{{"connected":true,"session_lost":true,"gap_ms":{gap_ms}}}' if lost else '{"connected":true}')

    def _tell(self, payload: str) -> None:
        self._inbox.add(Message(CONTROL + "source", payload.encode()))
        self._told += 1

    def _step(self, event: Event) -> None:
        self.state = TABLE[self.state][event]

    def _close(self, event: Event) -> None:
        self._step(event)
        self._deadlines.clear()
        if self._announced:
            self._announced = False
            self._lost_ms = self._now_ms
            self._tell('{"connected":false}')

    def _fail(self, event: Event, error: SourceError) -> None:
        self.failure = error
        self._close(event)

    def _violation(self, text: str, code: mqtt5.DisconnectReasonCode) -> None:
        self._send(mqtt5.DisconnectPacket(reason_code=code).write())
        self._fail(Event.FAILED, SourceError(text))

    def _too_large(self, size_bytes: int) -> None:
        self.counts.too_large += 1
        bound = self._options.max_packet_bytes
        text = f"the broker sent a packet of {size_bytes} bytes, though we said that we take at most {bound}"
        self._violation(text, mqtt5.DisconnectReasonCode.PACKET_TOO_LARGE)

    def _unreadable(self, error: Unreadable) -> None:
        if self.state is not State.CONNECTING:
            self._violation(f"the broker sent what is no MQTT 5 packet: {error}", mqtt5.DisconnectReasonCode.MALFORMED_PACKET)
        elif error.begins.startswith(_CONNACK_OF_MQTT_3):
            self._fail(Event.REFUSED, refusal("connect", 132, "CONNACK in the form of MQTT 3.1.1"))
        else:
            text = f"what listens there does not answer like an MQTT 5 broker: {error}; check host and port, and whether it wants TLS (mqtts://)"
            self._fail(Event.FAILED, SourceError(text, slow=True))

    def _send(self, data: bytes) -> None:
        self._out += data
        self._sent_ms = self._now_ms


_FLOWS = {State.CLOSED: Flow.STOP, State.ONLINE: Flow.DIRECT}
_ON_PACKET: dict[Event, Callable[[Session, Any], None]] = {
    Event.CONNACK: Session._on_connack,
    Event.SUBACK: Session._on_suback,
    Event.HEARD: Session._on_publish,
    Event.PUBACK: Session._on_puback,
    Event.PUBREL: Session._on_pubrel,
    Event.PINGRESP: Session._on_pingresp,
    Event.DISCONNECT: Session._on_disconnect,
}
_ON_TIMER: dict[Event, Callable[[Session], None]] = {
    Event.ANSWER_LATE: Session._on_answer_late,
    Event.PING_DUE: Session._on_ping_due,
    Event.PING_LATE: Session._on_ping_late,
    Event.PROBE_DUE: Session._probe,
    Event.PROBE_LATE: Session._on_probe_late,
}


def _filter(prefix: str) -> mqtt5.TopicFilter:
    """QoS 1, and retained messages only the first time. RETAIN then means "from the broker's memory": with retain_as_published it would
    also be set on a live message whose publisher asked to retain it, such as a gateway's status."""
    return mqtt5.TopicFilter(
        f"{prefix}/#",
        max_qos=mqtt5.QoS.AT_LEAST_ONCE,
        retain_as_published=False,
        retain_handling=mqtt5.RetainHandling.SEND_IF_SUBSCRIPTION_NOT_EXISTS,
    )


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
