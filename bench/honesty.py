"""What it costs to look at the honesty of sensors: CPU per watched value, and memory per watched signal. `python -m bench.honesty`.

Readings as gateways send them, with noise, every ten seconds of their own time, all rules of ticks and lessons at work; beside the same
without the tracker. Memory is that of many assets whose numbers are all in use.
"""

from __future__ import annotations

import gc
import random
import statistics
import time
import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass, field

from collector.honesty import Honesty, Plan, plan_of
from devices.signal import Value

EVERY_MS = 10_000
START_MS = 1_764_000_000_000
READINGS = 20_000
LEARNT = 6_000
"""Readings before the measurement: the first lessons are over."""
ASSETS = 2_000

MANIFOLD = ("bank_a_bar", "bank_b_bar", "reserve_bar", "o2_flow_lpm", "bank_temp_c")
PLANT = ("o2_purity_pct", "o2_flow_lpm", "outlet_pressure_bar", "product_tank_bar", "air_receiver_bar", "feed_air_temp_c", "room_temp_c")
NOISE = {"bank_a_bar": (120.0, 0.2, 1), "bank_b_bar": (140.0, 0.2, 1), "reserve_bar": (145.0, 0.2, 1), "bank_temp_c": (30.0, 0.1, 1)}
"""Mean, standard deviation and decimals; others are 4 ± 0.01."""
CASES: tuple[tuple[str, str, tuple[str, ...], int], ...] = (
    ("line, one value a message", "pipeline", ("line_pressure_bar",), 1),
    ("line, two values a message", "pipeline", ("line_pressure_bar", "o2_flow_lpm"), 2),
    ("manifold, five values a message", "manifold", MANIFOLD, 5),
    ("plant, seven values a message", "psa_plant", PLANT, 7),
    ("manifold, one value a message", "manifold", MANIFOLD, 1),
)
"""Label, kind, watched signals, and how many of them are in a message."""


@dataclass
class Health:
    bad_clock: bool = False
    faulty: dict[str, int] | None = None


@dataclass
class Asset:
    """What the tracker asks of an asset."""

    values: dict[str, Value] = field(default_factory=dict)
    times: dict[str, tuple[int, int]] = field(default_factory=dict)
    silent_after_ms: int = 120_000
    state: Health = field(default_factory=Health)

    def store(self, values: dict[str, Value], event_ms: int) -> None:
        self.values.update(values)
        self.times.update(dict.fromkeys(values, (event_ms, event_ms)))


def messages(watched: Sequence[str], together: int) -> list[tuple[int, dict[str, Value]]]:
    draw, found = random.Random(1), []
    for n in range(READINGS):
        at_ms = START_MS + n * EVERY_MS
        values: dict[str, Value] = {name: _reading(name, draw) for name in watched}
        names = list(values)
        found += [(at_ms, {name: values[name] for name in names[i : i + together]}) for i in range(0, len(names), together)]
    return found


def _reading(name: str, draw: random.Random) -> float:
    mean, sigma, decimals = NOISE.get(name, (4.0, 0.01, 2))
    return round(draw.gauss(mean, sigma), decimals)


def cost_us(kind: str, watched: tuple[str, ...], together: int) -> float:
    """CPU per watched value, µs: with the tracker less without."""
    said = messages(watched, together)
    spent = [_spent(plan, said, len(watched)) for plan in (plan_of(kind, watched, EVERY_MS / 1000), None) for _ in range(3)]
    return min(spent[:3]) - min(spent[3:])


def _spent(plan: Plan | None, said: list[tuple[int, dict[str, Value]]], watched: int) -> float:
    asset, honesty = Asset(), Honesty(plan) if plan is not None else None
    begin, first = 0, LEARNT * len(said) // READINGS
    for n, (event_ms, values) in enumerate(said):
        if n == first:
            begin = time.process_time_ns()
        if honesty is not None:
            honesty.take(values, event_ms, asset)
        asset.store(values, event_ms)
    return (time.process_time_ns() - begin) / 1000 / ((READINGS - LEARNT) * watched)


def memory_bytes(kind: str, watched: tuple[str, ...]) -> float:
    """Per watched signal, once everything is learnt and nothing is wrong."""
    plan = plan_of(kind, watched, EVERY_MS / 1000)
    assert plan is not None
    said = messages(watched, len(watched))[:400]
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    kept = []
    for _ in range(ASSETS):
        asset, honesty = Asset(), Honesty(plan)
        for event_ms, values in said[:: 400 // 20]:
            honesty.take(values, event_ms, asset)
            asset.store(values, event_ms)
        kept.append(honesty)
        del asset
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (after - before) / ASSETS / len(watched)


def main() -> None:
    costs = [cost_us(kind, watched, together) for _, kind, watched, together in CASES]
    for (label, kind, watched, _), cost in zip(CASES, costs, strict=True):
        print(f"{label:36} {cost:6.2f} µs a watched value   {memory_bytes(kind, watched):6.0f} bytes a watched signal")
    print(f"{'median':36} {statistics.median(costs):6.2f} µs")


if __name__ == "__main__":
    main()
