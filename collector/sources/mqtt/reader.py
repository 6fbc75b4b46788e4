"""From bytes in any pieces to packets. Plain readings go straight into the inbox: this is the hot path of the whole collector. Pure."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

import mqtt5

from collector.records import Message
from collector.sources.mqtt.inbox import Inbox
from collector.sources.mqtt.wire import TooLarge, Unreadable, frame_bytes, read_publish

_CODEC: Callable[[memoryview], tuple[Any, int]] = mqtt5.read
_PANIC = "pyo3_runtime"
"""The module of the exception that a panic of the codec raises (on text that isn't UTF-8); it can't be imported, and is no Exception."""

CONNACK = 0x20
"""First byte of the only packet that a broker may begin with."""


class Flow(Enum):
    """What becomes of the next packet."""

    FIRST = "the first one: it has to be a CONNACK"
    HANDLE = "every packet goes to the session"
    DIRECT = "publishes of QoS 0 and 1 go straight into the inbox"
    STOP = "nothing more is read"


class Reader:
    """`handle` gets each packet that isn't put into the inbox, and says what becomes of the next. Topics with a `$` are always handled."""

    def __init__(self, inbox: Inbox, max_packet_bytes: int, handle: Callable[[Any], Flow]) -> None:
        self._inbox = inbox
        self._max_packet_bytes = max_packet_bytes
        self._handle = handle
        self.restart()

    def restart(self) -> None:
        """A new connection: nothing is left of the old one's bytes."""
        self._buffer = bytearray()
        self._offset = 0
        self._needed = 1  # no packet can end before there are so many bytes
        self._flow = Flow.FIRST

    def feed(self, data: bytes) -> None:
        """Read all whole packets. Raises TooLarge and Unreadable; nothing can be read after that but by `restart`."""
        self._buffer += data
        if len(self._buffer) < self._needed:
            return
        self._offset, self._needed = 0, 0
        with memoryview(self._buffer) as view:
            while self._flow is not Flow.STOP and not self._needed:
                try:
                    self._read_packets(view)
                    self._needed = 1
                except IndexError:
                    self._needed = self._whole_packet(view)
                except ValueError as error:
                    self._read_anyway(view, str(error))
                except BaseException as error:
                    if type(error).__module__ != _PANIC:
                        raise
                    self._read_anyway(view, "text that is not UTF-8")
        del self._buffer[: self._offset]

    def _read_packets(self, view: memoryview) -> None:
        """Up to the end of the buffer, or until `handle` says stop. `_offset` ends at the packet that the codec raises for."""
        read, new, buffer, end, bound = _CODEC, tuple.__new__, self._buffer, len(view), self._max_packet_bytes
        add_message, add_id = self._inbox.messages.append, self._inbox.ids.append
        offset, direct = self._offset, self._flow is Flow.DIRECT
        size_of_others = 0
        try:
            while offset < end:
                first = buffer[offset]
                if not direct:
                    self._check_first(first)
                packet, size = read(view[offset:])
                if size > bound:
                    raise TooLarge(size)
                offset += size
                if direct and first & 0xF4 == 0x30 and "$" not in (topic := packet.topic):
                    add_message(new(Message, (topic, packet.payload, first & 1 == 1)))
                    add_id(packet.packet_id or 0)
                    continue
                size_of_others += size
                self._flow = self._handle(packet)
                direct = self._flow is Flow.DIRECT
                if self._flow is Flow.STOP:
                    break
        finally:
            self._inbox.waiting_bytes += offset - self._offset - size_of_others
            self._offset = offset

    def _check_first(self, first: int) -> None:
        if self._flow is Flow.FIRST and first != CONNACK:
            raise Unreadable(f"the answer begins with 0x{first:02x} in place of CONNACK")

    def _whole_packet(self, view: memoryview) -> int:
        """How many bytes the packet at `_offset` takes, which aren't there yet (one more than there are where its header isn't whole)."""
        there = len(view) - self._offset
        size = frame_bytes(view[self._offset : self._offset + 5])
        if size > self._max_packet_bytes:
            raise TooLarge(size)
        if 0 < size <= there:
            raise Unreadable("a packet that ends too early")
        return size or there + 1

    def _read_anyway(self, view: memoryview, why: str) -> None:
        """A PUBLISH that the codec refuses is handed on for the quarantine: refused here, the broker would bring it for ever."""
        frame = bytes(view[self._offset : self._offset + frame_bytes(view[self._offset : self._offset + 5])])
        if self._flow is Flow.FIRST or frame[:1] not in PUBLISHES:
            raise Unreadable(why, frame[:4])
        publish = read_publish(frame)
        self._offset += len(frame)
        self._flow = self._handle(publish)


PUBLISHES = frozenset(bytes([first]) for first in range(0x30, 0x40))
