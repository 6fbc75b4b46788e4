from __future__ import annotations

import mqtt5
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.sources.mqtt.wire import EXACTLY_ONCE, Unreadable, acknowledgements, frame_bytes, read_publish
from tests.unit.collector.sources.mqtt.talk import packets

# value and bytes of a variable byte integer, MQTT 5.0 (OASIS Standard, 7 March 2019), table 1-1
LENGTHS = [
    (0, b"\x00"),
    (127, b"\x7f"),
    (128, b"\x80\x01"),
    (16_383, b"\xff\x7f"),
    (16_384, b"\x80\x80\x01"),
    (2_097_151, b"\xff\xff\x7f"),
    (2_097_152, b"\x80\x80\x80\x01"),
    (268_435_455, b"\xff\xff\xff\x7f"),
]


TOPICS = st.text(st.characters(codec="utf-8", exclude_characters="#+\0"), min_size=1, max_size=99)
QUALITIES = st.sampled_from([mqtt5.QoS.AT_MOST_ONCE, mqtt5.QoS.AT_LEAST_ONCE, mqtt5.QoS.EXACTLY_ONCE])


@pytest.mark.parametrize(("remaining", "encoded"), LENGTHS)
def test_lengths_of_the_standard(remaining: int, encoded: bytes) -> None:
    assert frame_bytes(b"\x30" + encoded) == 1 + len(encoded) + remaining
    assert frame_bytes(b"\x30" + encoded[:-1]) == 0


def test_a_length_of_five_bytes_is_none() -> None:
    with pytest.raises(Unreadable, match="four bytes"):
        frame_bytes(b"\x30\x80\x80\x80\x80\x01")


@given(st.lists(st.integers(0, 65535)))
def test_acknowledgements_are_those_of_the_codec(ids: list[int]) -> None:
    assert acknowledgements(ids) == b"".join(mqtt5.PubAckPacket(i).write() for i in ids if i)


@given(st.lists(st.integers(1, 65535)))
def test_qos_2_is_answered_with_pubrec(ids: list[int]) -> None:
    answered = packets(acknowledgements([i + EXACTLY_ONCE for i in ids]))
    assert [(type(packet), packet.packet_id) for packet in answered if isinstance(packet, mqtt5.PubRecPacket)] == [
        (mqtt5.PubRecPacket, i) for i in ids
    ]


@given(
    TOPICS,
    st.binary(max_size=300),
    QUALITIES,
    st.integers(1, 65535),
    st.booleans(),
    st.text(st.characters(codec="utf-8"), max_size=99),
)
def test_a_publish_is_read_as_the_codec_reads_it(
    topic: str, payload: bytes, qos: mqtt5.QoS, packet_id: int, retain: bool, extra: str
) -> None:
    packet = mqtt5.PublishPacket(
        topic, payload, qos=qos, packet_id=packet_id if int(qos) else None, retain=retain, user_properties=[("k", extra)], content_type="x"
    )
    read = read_publish(packet.write())
    assert (read.topic, read.payload, read.qos, read.retain, read.packet_id) == (topic, payload, qos, retain, packet.packet_id)


@given(st.binary(min_size=1, max_size=40))
def test_no_publish_at_all(rest: bytes) -> None:
    frame = b"\x32" + bytes([len(rest)]) + rest
    try:
        read = read_publish(frame)
    except Unreadable:
        return
    assert read.packet_id
    assert len(read.payload) < len(rest)
