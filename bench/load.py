"""A publisher that is never the limit: raw sockets, MQTT 3.1.1, QoS 1, packets encoded before the clock starts.

    echo '{"port": 1883, "topics": […], "messages": 100000}' | python -m bench.load

Reads its order (`Order`) from a line of its input, prints "ready" when all is encoded and connected, begins at the next line, and prints
one JSON object (`Report`) when everything is acknowledged. Every message of an asset has a time of its own, one millisecond after the one
before it. All packets have one size, so sending is slicing: what is sent and acknowledged is known by counting bytes.
"""

from __future__ import annotations

import select
import socket
import struct
import sys
import time
from collections.abc import Iterator

import msgspec

from bench.fleet import EIGHT

WINDOW = 1000
"""Messages that a connection may have unacknowledged."""
CHUNK = 64 * 1024
PACE_S = 0.005


class Order(msgspec.Struct, frozen=True):
    """What to publish. `values` is 1 or 8; `rate` is messages/s, 0 is as fast as it goes; `first_ms` is the time of the first messages."""

    port: int
    topics: list[str]
    messages: int
    values: int = 1
    connections: int = 4
    rate: float = 0.0
    first_ms: int = 0


class Report(msgspec.Struct, frozen=True):
    """Wall clock in seconds since the epoch, CPU of the publisher alone, bytes of a packet and of its JSON."""

    acknowledged: int
    started_s: float
    ended_s: float
    cpu_s: float
    packet_bytes: int
    payload_bytes: int

    @property
    def per_s(self) -> float:
        return self.acknowledged / (self.ended_s - self.started_s)


def payload(values: int, ts_ms: int, seq: int) -> bytes:
    """JSON as a gateway's json.dumps makes it, always of the same length for the same number of values."""
    if values == 1:
        return b'{"ts": %d, "seq": %07d, "values": {"line_pressure_bar": 4.%02d}}' % (ts_ms, 1_000_000 + seq, 5 + seq % 15)
    body = b", ".join(b'"%b": %b' % (name.encode(), text.encode()) for name, text in EIGHT.items())
    return b'{"ts": %d, "seq": %07d, "values": {%b}}' % (ts_ms, 1_000_000 + seq, body)


def publish_packet(topic: bytes, body: bytes, packet_id: int) -> bytes:
    """PUBLISH, QoS 1 (MQTT 3.1.1 section 3.3)."""
    rest = struct.pack(">H", len(topic)) + topic + struct.pack(">H", packet_id) + body
    size = len(rest)
    length = bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
    return b"\x32" + length + rest


def packets(order: Order, topics: list[bytes], count: int) -> Iterator[bytes]:
    for n in range(count):
        topic, turn = topics[n % len(topics)], n // len(topics)
        yield publish_packet(topic, payload(order.values, order.first_ms + turn, turn), n % 65535 + 1)


class Connection:
    """One gateway: its stream of packets, and how far it is sent and acknowledged."""

    def __init__(self, order: Order, number: int) -> None:
        topics = [topic.encode() for topic in order.topics[number :: order.connections]]
        self.count = order.messages // order.connections
        encoded = list(packets(order, topics, self.count))
        self.size = len(encoded[0])
        if any(len(packet) != self.size for packet in encoded):
            raise ValueError("packets of different sizes: give topics of one length")
        self._stream = memoryview(b"".join(encoded))
        self._sent_bytes = self._answer_bytes = 0
        self.socket = connect(order.port, f"bench-{number}")

    @property
    def acknowledged(self) -> int:
        return self._answer_bytes // 4

    @property
    def done(self) -> bool:
        return self.acknowledged >= self.count

    def may_send(self, allowed: int) -> int:
        """Up to which byte may be sent when only so many messages are due."""
        return min(self.count, self.acknowledged + WINDOW, allowed) * self.size

    def wants_to_send(self, allowed: int) -> bool:
        return self._sent_bytes < self.may_send(allowed)

    def send(self, allowed: int) -> None:
        end = min(self.may_send(allowed), self._sent_bytes + CHUNK)
        self._sent_bytes += self.socket.send(self._stream[self._sent_bytes : end])

    def receive(self) -> None:
        data = self.socket.recv(CHUNK)
        if not data:
            raise ConnectionError("the broker closed the connection")
        self._answer_bytes += len(data)


def connect(port: int, client_id: str) -> socket.socket:
    """CONNECT with a clean session, and the CONNACK; the socket does not block afterwards."""
    sock = socket.create_connection(("127.0.0.1", port), 5.0)
    name = client_id.encode()
    rest = b"\x00\x04MQTT\x04\x02" + struct.pack(">HH", 600, len(name)) + name
    sock.sendall(b"\x10" + bytes([len(rest)]) + rest)
    answer = sock.recv(4)
    if answer != b"\x20\x02\x00\x00":
        raise ConnectionError(f"the broker answered {answer!r} to CONNECT")
    sock.setblocking(False)
    return sock


def publish(connections: list[Connection], rate: float) -> None:
    """Send everything and see it acknowledged; with `rate`, no sooner than that."""
    started = time.monotonic()
    by_fd = {connection.socket.fileno(): connection for connection in connections}
    while not all(connection.done for connection in connections):
        allowed = int((time.monotonic() - started) * rate / len(connections)) if rate else sys.maxsize
        writing = [fd for fd, connection in by_fd.items() if connection.wants_to_send(allowed)]
        readable, writable, _ = select.select(list(by_fd), writing, [], PACE_S)
        for fd in readable:
            by_fd[fd].receive()
        for fd in writable:
            by_fd[fd].send(allowed)
        if rate:
            time.sleep(PACE_S)


def main() -> None:
    order = msgspec.json.decode(sys.stdin.readline(), type=Order)
    connections = [Connection(order, number) for number in range(order.connections)]
    print("ready", flush=True)
    sys.stdin.readline()
    started_s, cpu_s = time.time(), time.process_time()
    publish(connections, order.rate)
    report = Report(
        sum(connection.acknowledged for connection in connections),
        started_s,
        time.time(),
        time.process_time() - cpu_s,
        connections[0].size,
        len(payload(order.values, order.first_ms, 0)),
    )
    print(msgspec.json.encode(report).decode(), flush=True)


if __name__ == "__main__":
    main()
