"""Where the CPU of the collector goes: each step of a reading's way on its own, in one process, without broker and database.

    python -m bench.stages

The best of many rounds, in CPU µs per message. What is missing here of the whole is the event loop, the HTTP request and the kernel.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from mqtt5 import ConnAckPacket, PublishPacket, QoS, SubAckPacket, SubAckReasonCode

from bench import machine
from bench.fleet import plants, write_config, zones
from bench.load import payload
from collector.config import load
from collector.config.rulebook import rule_set
from collector.decoding import Decoder
from collector.evaluator import Evaluator
from collector.journal import SqliteJournal
from collector.outputs import StateChange
from collector.records import Batch, Decoded, Message
from collector.sources.mqtt.options import SessionOptions
from collector.sources.mqtt.session import Session, Token
from collector.store.line import Series, observation_lines
from collector.store.responses import Sending
from collector.store.rollup import windows_of
from devices.signal import Observation

BATCH, ROUNDS = 500, 60
NOW_MS = 1_764_000_000_000


class Way:
    """All steps, for messages of one or eight values; each step is given what the one before made of a batch."""

    def __init__(self, values: int, folder: Path) -> None:
        fleet = zones(1000) if values == 1 else plants(1000)
        config = load(write_config(folder / f"{values}.yaml", fleet, [f"data_dir: {folder}"]))
        self._topics, self._values = fleet.topics(), values
        self._session = _online()
        self._journal = SqliteJournal(folder / f"journal-{values}.db")
        self._decoder = Decoder(config.sites)
        self._evaluator = Evaluator(config.sites, rule_set(config.rules))
        self._series = Series(config.sites)
        self._sent = 0

    def packets(self) -> bytes:
        """A batch as it comes from the socket."""
        found = []
        for n in range(self._sent, self._sent + BATCH):
            topic, turn = self._topics[n * 7 % len(self._topics)], n // len(self._topics)
            body = payload(self._values, NOW_MS + turn, turn)
            found.append(PublishPacket(topic, body, qos=QoS.AT_LEAST_ONCE, packet_id=n % 65535 + 1).write())
        self._sent += BATCH
        return b"".join(found)

    def receive(self, data: bytes) -> list[Message]:
        self._session.receive(data, 1)
        taken = self._session.take(5000, 4 << 20)
        assert isinstance(taken.token, Token)
        self._session.acknowledge(taken.token, 1)
        self._session.data_to_send()
        return taken.messages

    def journal(self, messages: list[Message]) -> Batch:
        return self._journal.append(messages, NOW_MS + self._sent // BATCH)

    def decode(self, batch: Batch) -> Decoded:
        return self._decoder.decode(batch)

    def evaluate(self, decoded: Decoded) -> Decoded:
        self._evaluator.step(decoded, StateChange())
        return decoded

    def lines(self, decoded: Decoded) -> Decoded:
        seen = [event for event in decoded.events if type(event) is Observation]
        sending = Sending(observation_lines(self._series, seen), "")
        "\n".join(sending.chunk).encode()
        return decoded

    def windows(self, decoded: Decoded) -> Decoded:
        windows_of([decoded])
        return decoded

    def close(self) -> None:
        self._journal.close()


STEPS: dict[str, str] = {
    "receive": "MQTT packets → messages, acknowledgements",
    "journal": "encode, checksum, SQLite insert and fsync (CPU only)",
    "decode": "topic and JSON → observation",
    "evaluate": "rules, alarms, stock, freshness",
    "lines": "line protocol",
    "windows": "roll-up windows touched",
}


def measure(values: int, rounds: int = ROUNDS) -> dict[str, float]:
    """Step → µs per message."""
    best = dict.fromkeys(STEPS, float("inf"))
    with tempfile.TemporaryDirectory() as folder:
        way = Way(values, Path(folder))
        for _ in range(rounds):
            thing: object = way.packets()
            for name in STEPS:
                step: Callable[[object], object] = getattr(way, name)
                start = time.process_time_ns()
                thing = step(thing)
                best[name] = min(best[name], (time.process_time_ns() - start) / 1000 / BATCH)
        way.close()
    return best


def _online() -> Session:
    session = Session(SessionOptions(client_id="bench"))
    session.connect(0)
    session.receive(ConnAckPacket().write() + SubAckPacket(1, [SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE]).write(), 0)
    session.receive(PublishPacket("oxygrid/v1/site-00000/line-00", b"{}").write(), 0)
    session.take(10, 1 << 20)
    return session


def main(rounds: int = ROUNDS) -> None:
    columns = {values: measure(values, rounds) for values in (1, 8)}
    print(f"{'step':10}{'1 value, µs':>13}{'8 values, µs':>14}  what, per message (fixed loop: {min(machine.calibrate(2)):.0f} ns)")
    for name, text in STEPS.items():
        print(f"{name:10}{columns[1][name]:13.2f}{columns[8][name]:14.2f}  {text}")
    print(f"{'sum':10}{sum(columns[1].values()):13.2f}{sum(columns[8].values()):14.2f}")


if __name__ == "__main__":
    main()
