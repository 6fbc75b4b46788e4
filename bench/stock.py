"""What the stock of a site costs: CPU per message of each kind, and per estimate once a minute. `python -m bench.stock`.

Six hours of readings every ten seconds with their noise; the least hour of five rounds, beside a turn of a fixed loop.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from random import Random

import msgspec

from bench.machine import calibrate
from collector.stock import SiteStock
from devices.assets import Site
from devices.signal import Value

START_MS = 1_764_000_000_000
EVERY_MS = 10_000
HOURS = 6
ROUNDS = 5
BANK = {"cylinders": 24, "type": "in-d"}
ASSETS: dict[str, dict[str, object]] = {
    "psa_plant": {"id": "psa", "kind": "psa_plant", "rated_flow_lpm": 500},
    "pipeline": {"id": "line", "kind": "pipeline", "nominal_bar": 4.1},
    "manifold": {"id": "man", "kind": "manifold", "banks": {"a": BANK, "b": BANK, "reserve": {**BANK, "cylinders": 12}}},
    "lox_tank": {"id": "lox", "kind": "lox_tank", "capacity_kg": 6000},
    "cylinder_store": {"id": "store", "kind": "cylinder_store", "type": "in-d", "full": 50},
}
SITES: dict[str, tuple[tuple[str, ...], frozenset[str]]] = {
    "plant, line, manifold": (("psa_plant", "pipeline", "manifold", "cylinder_store"), frozenset()),
    "line, manifold": (("pipeline", "manifold", "cylinder_store"), frozenset()),
    "manifold without a meter": (("manifold", "cylinder_store"), frozenset({"o2_flow_lpm"})),
    "line, tank, manifold": (("pipeline", "lox_tank", "manifold"), frozenset()),
    "all of it": (tuple(ASSETS), frozenset()),
}
HOUR_STEPS = 3_600_000 // EVERY_MS
Message = tuple[str, str, dict[str, Value], int]


def site(kinds: tuple[str, ...]) -> Site:
    return Site.model_validate({"id": "s", "timezone": "Asia/Kolkata", "beds": {"ward": 100}, "assets": [ASSETS[kind] for kind in kinds]})


def messages(kinds: tuple[str, ...], without: frozenset[str]) -> Iterator[Message]:
    rng = Random(1)
    for n in range(HOURS * HOUR_STEPS):
        for kind in kinds:
            values = {name: value for name, value in _values(kind, n, rng).items() if name not in without}
            if values:
                yield str(ASSETS[kind]["id"]), kind, values, START_MS + n * EVERY_MS


def _values(kind: str, n: int, rng: Random) -> dict[str, Value]:
    if kind == "psa_plant":
        return {"state": "running_on_spec", "o2_flow_lpm": rng.gauss(100, 1), "o2_purity_pct": 94.0}
    if kind == "pipeline":
        return {"line_pressure_bar": 4.1, "o2_flow_lpm": rng.gauss(300, 3)}
    if kind == "lox_tank":
        return {"level_pct": rng.gauss(70 - n * 0.0006, 0.15), "tank_pressure_bar": 11.0}
    if kind == "cylinder_store":
        return {"full_count": 50.0} if n % HOUR_STEPS == 0 else {}
    return {
        "bank_a_bar": rng.gauss(140 - n * 0.03, 0.2),
        "bank_b_bar": rng.gauss(145, 0.2),
        "reserve_bar": rng.gauss(146, 0.2),
        "bank_in_use": "a",
        "bank_temp_c": rng.gauss(30, 0.1),
        "o2_flow_lpm": rng.gauss(200, 2),
    }


def observe_us(kind: str, kinds: tuple[str, ...], without: frozenset[str]) -> float:
    """CPU of one message of that kind, µs: the least of all hours, as a busy machine only adds to it."""
    found = list(messages((kind,), without))
    hours = []
    for _ in range(ROUNDS):
        stock = SiteStock(site(kinds))
        for first in range(0, len(found), HOUR_STEPS):
            start = time.process_time_ns()
            for asset, kind_, values, at_ms in found[first : first + HOUR_STEPS]:
                stock.observe(asset, kind_, values, at_ms)
            hours.append((time.process_time_ns() - start) / HOUR_STEPS / 1000)
    return min(hours)


def estimate_us(kinds: tuple[str, ...], without: frozenset[str]) -> tuple[float, int]:
    """CPU of one estimate, µs, after each minute of messages: the mean of the least hour; and the bytes of a snapshot."""
    hours: list[float] = []
    for _ in range(ROUNDS):
        stock, costs, minute_ms = SiteStock(site(kinds)), [], START_MS
        for message in messages(kinds, without):
            if message[3] >= minute_ms + 60_000:
                minute_ms = message[3]
                start = time.process_time_ns()
                stock.estimate(minute_ms)
                costs.append((time.process_time_ns() - start) / 1000)
            stock.observe(*message)
        hours += [sum(costs[first : first + 60]) / 60 for first in range(60, len(costs) - 60, 60)]
    return min(hours), len(msgspec.msgpack.encode(stock.dump()))


def main() -> None:
    print(f"a turn of a fixed loop in pure Python: {min(calibrate()):.0f} ns")
    all_kinds = SITES["all of it"][0]
    for kind in ("manifold", "pipeline", "psa_plant", "lox_tank"):
        print(f"{'observe ' + kind:45} {observe_us(kind, all_kinds, frozenset()):8.2f} µs")
    for name, (kinds, without) in SITES.items():
        cost, size = estimate_us(kinds, without)
        print(f"{'estimate: ' + name:45} {cost:8.1f} µs   snapshot {size:,} bytes")


if __name__ == "__main__":
    main()
