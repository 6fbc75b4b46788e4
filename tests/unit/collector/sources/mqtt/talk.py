"""The broker's half of a conversation, for tests of the session: packets as bytes, and a session brought to a state."""

from __future__ import annotations

import mqtt5
from mqtt5 import ConnAckPacket, PublishPacket, QoS, SubAckPacket, SubAckReasonCode

from collector.records import Message
from collector.sources.mqtt.options import SessionOptions
from collector.sources.mqtt.session import Session, Token
from collector.sources.mqtt.states import State

OPTIONS = SessionOptions(client_id="oxygrid-test", password=b"secret", username="u")
CONNECTED = Message("$oxygrid/source", b'{"connected":true}')
DISCONNECTED = Message("$oxygrid/source", b'{"connected":false}')
GRANTED = SubAckPacket(1, [SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE]).write()


def publish(packet_id: int, topic: str = "oxygrid/v1/s/a", payload: bytes = b"{}", *, retain: bool = False) -> bytes:
    """A PUBLISH of QoS 1, or of QoS 0 where the packet id is 0."""
    qos = QoS.AT_LEAST_ONCE if packet_id else QoS.AT_MOST_ONCE
    return PublishPacket(topic, payload, qos=qos, packet_id=packet_id or None, retain=retain).write()


def packets(data: bytes) -> list[mqtt5.Packet]:
    """What a broker reads in those bytes."""
    found = []
    view = memoryview(data)
    while view:
        packet, size = mqtt5.read(view)
        found.append(packet)
        view = view[size:]
    return found


def sent(session: Session) -> list[mqtt5.Packet]:
    return packets(session.data_to_send())


def echo(session: Session, packet_id: int = 900) -> bytes:
    """The probe that the session has just published, as the broker sends it back."""
    (probe,) = [packet for packet in sent(session) if isinstance(packet, PublishPacket)]
    return publish(packet_id, probe.topic, probe.payload)


def session_in(state: State, now_ms: int = 0, options: SessionOptions = OPTIONS) -> Session:
    session = Session(options)
    if state is State.CLOSED:
        return session
    session.connect(now_ms)
    if state is State.CONNECTING:
        return session
    accept(session, now_ms)
    if state is State.SUBSCRIBING:
        return session
    session.receive(GRANTED, now_ms)
    if state is State.PROVING:
        return session
    session.receive(echo(session), now_ms)
    session.take(10, 1000)
    session.data_to_send()
    assert session.state is State.ONLINE
    return session


def accept(session: Session, now_ms: int = 0, *, present: bool = False) -> None:
    """The broker takes the session in."""
    session.data_to_send()
    session.receive(ConnAckPacket(session_present=present).write(), now_ms)


def reconnect(session: Session, now_ms: int, *, present: bool = True) -> None:
    """A whole new connection, up to the probe that is heard."""
    session.connect(now_ms)
    accept(session, now_ms, present=present)
    session.receive(GRANTED, now_ms)
    session.receive(echo(session), now_ms)
    session.data_to_send()


def take(session: Session) -> list[Message]:
    return list(session.take(1_000_000, 1 << 30).messages)


def take_token(session: Session) -> Token:
    return take_all(session)[1]


def take_all(session: Session) -> tuple[list[Message], Token]:
    delivery = session.take(1_000_000, 1 << 30)
    return list(delivery.messages), token_of(delivery.token)


def token_of(token: object) -> Token:
    assert isinstance(token, Token)
    return token
