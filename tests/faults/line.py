"""One publisher for whatever bytes a test wants to send, and a broker that sends whatever bytes it likes."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import NamedTuple, Self

from tests.faults.gateways import connect_packet
from tests.servers import HOST

WINDOW = 400
CONNACK = b"\x20\x03\x00\x00\x00"
SUBACK = b"\x90\x04\x00\x01\x00\x01"


class Sent(NamedTuple):
    """A message to publish."""

    topic: str
    payload: bytes
    retain: bool = False


def packet(message: Sent, packet_id: int, *, version: int = 3) -> bytes:
    """PUBLISH, QoS 1; MQTT 5 has an (empty) list of properties before the payload."""
    topic = message.topic.encode()
    rest = struct.pack(">H", len(topic)) + topic + struct.pack(">H", packet_id) + b"\x00" * (version == 5) + message.payload
    return bytes([0x32 | message.retain]) + length(len(rest)) + rest


def length(size: int) -> bytes:
    """The remaining length (MQTT 3.1.1 section 2.2.3)."""
    found = bytearray()
    while True:
        size, seven = divmod(size, 128)
        found.append(seven | (0x80 if size else 0))
        if not size:
            return bytes(found)


class Line:
    """A connection that publishes and waits for every acknowledgement."""

    def __init__(self, port: int, name: str = "line") -> None:
        self._socket = socket.create_connection((HOST, port), 30)
        self._socket.sendall(connect_packet(name))
        self._read(4)
        self._packet_id = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._socket.close()

    def publish(self, messages: Iterable[Sent]) -> int:
        """All of them; how many the broker acknowledged."""
        waiting = done = 0
        for message in messages:
            self._packet_id = self._packet_id % 65_535 + 1
            self._socket.sendall(packet(message, self._packet_id))
            waiting += 1
            if waiting >= WINDOW:
                self._read(4 * (WINDOW // 2))
                waiting -= WINDOW // 2
                done += WINDOW // 2
        self._read(4 * waiting)
        return done + waiting

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self._socket.recv(size - len(data))
            if not more:
                raise ConnectionError("the broker closed the connection")
            data += more
        return data


class HostileBroker:
    """Takes whoever connects in, then sends what `talk` yields until the other side hangs up. `sent` and `connections` count."""

    def __init__(self, talk: Callable[[], Iterator[bytes]]) -> None:
        self._talk = talk
        self._listener = socket.create_server((HOST, 0))
        self._listener.settimeout(0.2)
        self.port: int = self._listener.getsockname()[1]
        self.sent = self.connections = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(10)
        self._listener.close()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            with suppress(OSError):
                connection, _ = self._listener.accept()
                self.connections += 1
                with connection:
                    self._converse(connection)

    def _converse(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        connection.recv(4096)  # CONNECT
        connection.sendall(CONNACK)
        connection.recv(4096)  # SUBSCRIBE
        connection.sendall(SUBACK)
        connection.setblocking(False)
        for data in self._talk():
            if self._stopping.is_set():
                return
            with suppress(BlockingIOError):
                if connection.recv(65_536) == b"":
                    return
            connection.setblocking(True)
            connection.settimeout(5)
            connection.sendall(data)
            connection.setblocking(False)
            self.sent += 1


@contextmanager
def hostile_broker(talk: Callable[[], Iterator[bytes]]) -> Iterator[HostileBroker]:
    broker = HostileBroker(talk)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()
