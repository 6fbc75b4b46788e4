"""What decoding costs, beside the bare JSON decoding of the same payloads. By hand: `python -m bench.decoding`.

CPU time, best of many rounds; each round decodes one batch of messages of many assets. The bare decode keeps nothing and checks no value.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import msgspec

from collector.decoding import Decoder
from collector.records import Batch, Message
from devices.assets import PsaPlant, Site
from devices.payloads.native import Reading, encode
from devices.signal import Value

NOW_MS = 1_764_000_000_500
BARE = msgspec.json.Decoder(Reading | list[Reading]).decode
ASSETS, MESSAGES, ROUNDS = 10_000, 512, 200
VALUES: dict[str, Value] = {
    "o2_purity_pct": 93.4,
    "state": "running_on_spec",
    "o2_flow_lpm": 412.0,
    "outlet_pressure_bar": 4.12,
    "product_tank_bar": 5.2,
    "air_receiver_bar": 7.1,
    "room_temp_c": 31.5,
    "mains_ok": True,
}


def payloads() -> dict[str, bytes]:
    eight = VALUES
    one = {name: VALUES[name] for name in ("o2_purity_pct",)}
    ts, seq = NOW_MS - 400, 18_211
    return {
        "one value": encode(Reading(ts=ts, seq=seq, values=one)),
        "eight values": encode(Reading(ts=ts, seq=seq, values=eight)),
        "one value, late": encode(Reading(ts=ts - 3_600_000, seq=seq, values=one)),
        "one value, no seq": encode(Reading(ts=ts, values=one)),
        "32 objects of eight": encode([Reading(ts=ts, seq=seq + n, values=eight) for n in range(32)]),
        "eight values, in psi": encode(Reading(ts=ts, seq=seq, values=eight, units={"product_tank_bar": "psi"})),
        "eight values, one bad": encode(Reading(ts=ts, seq=seq, values=eight | {"o2_purity_pct": 930.0})),
        "eight values, an extra": b'{"fw":"2.1",' + encode(Reading(values=eight))[1:],
    }


def best_us(rounds: int, *runs: Callable[[], object]) -> list[float]:
    """CPU µs per message of each, the best round; the rounds take turns, so that what else the machine does hits all alike."""
    best = [float("inf")] * len(runs)
    for _ in range(rounds):
        for place, run in enumerate(runs):
            start = time.process_time_ns()
            run()
            best[place] = min(best[place], time.process_time_ns() - start)
    return [each / 1000 / MESSAGES for each in best]


def _bare(texts: list[bytes]) -> None:
    decode = BARE
    for text in texts:
        decode(text)


def main(rounds: int = ROUNDS) -> None:
    site = Site(id="kasganj-dh", assets=tuple(PsaPlant(id=f"psa{n}", kind="psa_plant", rated_flow_lpm=500) for n in range(ASSETS)))
    decoder = Decoder([site])

    print(f"{'payload':24}{'bare µs':>9}{'decode µs':>11}{'ratio':>7}")
    for name, payload in payloads().items():
        # Copies, as from a socket: each message has a topic and a payload of its own.
        messages = [Message(f"oxygrid/v1/kasganj-dh/psa{n * 7 % ASSETS}", bytes(bytearray(payload))) for n in range(MESSAGES)]
        batch = Batch(1, NOW_MS, messages)
        texts = [message.payload for message in messages]
        bare_us, full_us = best_us(rounds, partial(_bare, texts), partial(decoder.decode, batch))
        print(f"{name:24}{bare_us:9.2f}{full_us:11.2f}{full_us / bare_us:7.2f}")


if __name__ == "__main__":
    main()
