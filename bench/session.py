"""CPU of the MQTT session alone: bytes of PUBLISH packets in, messages and PUBACKs out. `python bench/session.py`."""

from __future__ import annotations

import gc
import time

from mqtt5 import ConnAckPacket, PublishPacket, QoS, SubAckPacket, SubAckReasonCode

from collector.sources.mqtt.options import SessionOptions
from collector.sources.mqtt.session import Session, Token

COUNT = 50_000
CHUNK = 64 * 1024
ROUNDS = 7


def stream() -> bytes:
    payload = b'{"ts": 1764000000123, "seq": 18211, "values": {"o2_purity_pct": 93.4}}'.ljust(115)
    return b"".join(
        PublishPacket(f"oxygrid/v1/site-{i % 100}/psa{i % 7}", payload, qos=QoS.AT_LEAST_ONCE, packet_id=i % 65535 + 1).write()
        for i in range(COUNT)
    )


def online() -> Session:
    session = Session(SessionOptions(client_id="bench"))
    session.connect(0)
    session.receive(ConnAckPacket().write() + SubAckPacket(1, [SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE]).write(), 0)
    return session


def one_round(chunks: list[bytes]) -> tuple[float, float]:
    """Microseconds per message: receiving; taking and acknowledging."""
    session = online()
    receiving = acknowledging = 0.0
    for chunk in chunks:
        a = time.process_time()
        session.receive(chunk, 1)
        b = time.process_time()
        token = session.take(5000, 4 << 20).token
        assert isinstance(token, Token)
        session.acknowledge(token, 1)
        session.data_to_send()
        acknowledging += time.process_time() - b
        receiving += b - a
    return receiving / COUNT * 1e6, acknowledging / COUNT * 1e6


def main() -> None:
    data = stream()
    chunks = [data[i : i + CHUNK] for i in range(0, len(data), CHUNK)]
    for label, collecting in (("garbage collection as Python sets it", True), ("garbage collection off", False)):
        (gc.enable if collecting else gc.disable)()
        rounds = [one_round(chunks) for _ in range(ROUNDS)]
        receiving, acknowledging = min(r for r, _ in rounds), min(a for _, a in rounds)
        print(f"{label:40} receive {receiving:.2f} µs   take and acknowledge {acknowledging:.2f} µs   per message")


if __name__ == "__main__":
    main()
