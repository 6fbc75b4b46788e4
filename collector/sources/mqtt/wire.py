"""What the session needs of MQTT's bytes besides the codec: lengths, acknowledgements in bulk, publishes that the codec refuses. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

EXACTLY_ONCE = 0x10000
"""Added to a packet id that wants PUBREC (QoS 2) in place of PUBACK (QoS 1)."""

_PUBACKS = [b"", *(b"\x40\x02" + packet_id.to_bytes(2, "big") for packet_id in range(1, 0x10000))]


class Unreadable(Exception):
    """Bytes that are no MQTT packet; `begins` is how they begin."""

    def __init__(self, text: str, begins: bytes = b"") -> None:
        super().__init__(text)
        self.begins = begins


class TooLarge(Exception):
    """A packet that is larger than we said we take."""

    def __init__(self, size_bytes: int) -> None:
        super().__init__(f"a packet of {size_bytes} bytes")
        self.size_bytes = size_bytes


class RawPublish(NamedTuple):
    """A PUBLISH that the codec refuses, as far as it can be read; the same attributes as the codec's."""

    topic: str
    payload: bytes
    retain: bool
    qos: int
    packet_id: int | None


def acknowledgements(ids: Iterable[int]) -> bytes:
    """One PUBACK of four bytes for each packet id (PUBREC for id + EXACTLY_ONCE); nothing for 0, which QoS 0 has."""
    try:
        return b"".join(map(_PUBACKS.__getitem__, ids))
    except IndexError:
        return b"".join(_PUBACKS[i] if i < EXACTLY_ONCE else b"\x50\x02" + (i - EXACTLY_ONCE).to_bytes(2, "big") for i in ids)


def frame_bytes(buffer: bytes | bytearray | memoryview) -> int:
    """Length of the packet that begins the buffer, header and all; 0 while that can't be known yet."""
    try:
        remaining, at = _variable_integer(buffer, 1)
    except IndexError:
        return 0
    return at + remaining


def read_publish(frame: bytes) -> RawPublish:
    """Topic, payload and packet id of a whole PUBLISH, however bad its text is: a topic that isn't UTF-8 gets replacement characters.

    For a packet that the codec refuses: closing the connection would bring the same packet again, for ever. Raises Unreadable.
    """
    qos = frame[0] >> 1 & 3
    packet_id = 0
    try:
        _, at = _variable_integer(frame, 1)
        topic_bytes, at = int.from_bytes(frame[at : at + 2], "big"), at + 2
        topic, at = frame[at : at + topic_bytes], at + topic_bytes
        if qos:
            packet_id, at = int.from_bytes(frame[at : at + 2], "big"), at + 2
        properties_bytes, at = _variable_integer(frame, at)
        at += properties_bytes
    except IndexError:
        raise Unreadable("a PUBLISH that ends too early") from None
    if at > len(frame):
        raise Unreadable("a PUBLISH that ends too early")
    if qos == 3 or (qos and not packet_id):
        raise Unreadable("a PUBLISH without a valid quality of service and packet id")
    return RawPublish(topic.decode("utf-8", "replace"), frame[at:], frame[0] & 1 == 1, qos, packet_id or None)


def _variable_integer(buffer: bytes | bytearray | memoryview, at: int) -> tuple[int, int]:
    """The value at `at` and the place after it (MQTT 5.0 §1.5.5). Raises IndexError where the buffer ends within it."""
    value = 0
    for place in range(4):
        byte = buffer[at + place]
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, at + place + 1
    raise Unreadable("a length that takes more than four bytes")
