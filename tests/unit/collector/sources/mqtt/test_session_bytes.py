"""Whatever bytes come, in whatever pieces: no crash, no stall, and the same result."""

from __future__ import annotations

import mqtt5
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mqtt5 import DisconnectPacket, PubAckPacket, PublishPacket, PubRelPacket, QoS

from collector.records import Message
from collector.sources.mqtt.session import Session
from collector.sources.mqtt.states import State
from tests.unit.collector.sources.mqtt.talk import OPTIONS, publish, session_in, take_all

TOPICS = st.sampled_from(["oxygrid/v1/s/a", "oxygrid/v1/s/b/status", "$oxygrid/source", OPTIONS.probe_topic, "x", "é/ü"])
PUBLISHES = st.builds(publish, st.integers(0, 65535), TOPICS, st.binary(max_size=200), retain=st.booleans())
EXACTLY_ONCE = st.builds(
    lambda packet_id, payload: PublishPacket("oxygrid/v1/s/a", payload, qos=QoS.EXACTLY_ONCE, packet_id=packet_id).write(),
    st.integers(1, 65535),
    st.binary(max_size=20),
)
OTHERS = st.sampled_from([b"\xd0\x00", PubAckPacket(1).write(), PubRelPacket(5).write(), b"\x32\x09\x00\x02\xff\xfe\x00\x2a\x00hi"])
BAD = st.sampled_from([b"\x00", b"\x30\xff\xff\xff\x7f", DisconnectPacket().write(), b"\x20\x02\x00\x01"])
STREAMS = st.lists(PUBLISHES | EXACTLY_ONCE | OTHERS, max_size=20).map(b"".join)
STATES = st.sampled_from([state for state in State if state is not State.CLOSED])


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A good stream with some bytes changed, lost, or added."""
    data = bytearray(draw(STREAMS.filter(len)))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(0, len(data) - 1)))
        piece = draw(st.binary(max_size=3))
        data[place : place + draw(st.integers(0, 3))] = piece
    return bytes(data)


@st.composite
def pieces(draw: st.DrawFn, data: bytes) -> list[bytes]:
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=8)))
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]


def outcome(session: Session) -> tuple[State, str, list[Message], bytes, bytes]:
    messages, token = take_all(session)
    return session.state, str(session.failure), messages, token.acknowledgements, session.data_to_send()


@settings(max_examples=300, deadline=None)
@given(st.data(), STREAMS | mutated() | st.binary(max_size=200), STATES)
def test_pieces_make_no_difference(data: st.DataObject, stream: bytes, state: State) -> None:
    whole, cut, bytewise = session_in(state), session_in(state), session_in(state)
    whole.receive(stream, 1)
    for piece in data.draw(pieces(stream)):
        cut.receive(piece, 1)
    for i in range(len(stream)):
        bytewise.receive(stream[i : i + 1], 1)
    expected = outcome(whole)
    assert outcome(cut) == expected
    assert outcome(bytewise) == expected


@settings(max_examples=300, deadline=None)
@given(mutated() | st.binary(max_size=400), STATES)
@example(b"\x32\x09\x00\x02\xff\xfe\x00\x2a\x00hi", State.CONNECTING)
def test_any_bytes_end_in_a_clear_state(stream: bytes, state: State) -> None:
    session = session_in(state)
    session.receive(stream, 1)
    assert (session.state is State.CLOSED) == (session.failure is not None)
    if session.state is State.CLOSED:
        assert session.next_deadline() is None
        assert "the broker" in str(session.failure) or "what listens there" in str(session.failure)
    else:
        assert session.next_deadline() is not None  # a stall always has an end


@settings(max_examples=100, deadline=None)
@given(STREAMS, BAD, STREAMS)
def test_what_was_good_before_the_bad_is_kept(before: bytes, bad: bytes, after: bytes) -> None:
    alone, followed = session_in(State.ONLINE), session_in(State.ONLINE)
    alone.receive(before, 1)
    followed.receive(before + bad + after, 1)
    good, _ = take_all(alone)
    kept, _ = take_all(followed)
    assert kept[: len(good)] == good


@settings(max_examples=200, deadline=None)
@given(st.lists(PUBLISHES | EXACTLY_ONCE, max_size=30).map(b"".join))
def test_every_publish_is_acknowledged_once(stream: bytes) -> None:
    session = session_in(State.ONLINE)
    session.receive(stream, 1)
    at_once = session.data_to_send()  # probes
    _, token = take_all(session)
    wanted = []
    view = memoryview(stream)
    while view:
        packet, size = mqtt5.read(view)
        view = view[size:]
        assert isinstance(packet, PublishPacket)
        if packet.packet_id:
            wanted.append(packet.packet_id)
    got = [int.from_bytes(acks[i + 2 : i + 4], "big") for acks in (at_once, token.acknowledgements) for i in range(0, len(acks), 4)]
    assert sorted(got) == sorted(wanted)


@pytest.mark.parametrize("size", [10, 300 * 1024 - 100])
def test_a_large_packet_in_small_pieces_is_not_read_again_and_again(size: int) -> None:
    session = session_in(State.ONLINE)
    data = publish(1, payload=b"x" * size)
    for i in range(0, len(data), 7):
        session.receive(data[i : i + 7], 1)
    (message,) = take_all(session)[0]
    assert len(message.payload) == size
