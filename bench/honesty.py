"""What it costs to doubt sensors: CPU per watched value, and memory per watched signal. `python -m bench.honesty`.

Readings with noise every ten seconds of their own time, looked at twice a minute as `AssetState` does it. The cost is shared by all
readings in between, and told beside an empty call, so that a machine that is busy can be told from code that is slow.
"""

from __future__ import annotations

import gc
import random
import time
import tracemalloc
from collections.abc import Callable

from collector.asset import SLOW_MS
from collector.honesty import CHARACTERS, Honesty
from devices.assets import Asset, Site
from devices.signal import Value

EVERY_MS = 10_000
STILL_MS = 1_800_000
START_MS = 1_764_000_000_000
READINGS = 9_000
"""A day and an hour: the noise is known, and judged."""
MEASURED = 3_000
KEPT = 2_000
BANK = {"cylinders": 12, "type": "in-d"}
SITE = Site.model_validate(
    {
        "id": "s",
        "assets": [
            {"id": "line", "kind": "pipeline", "nominal_bar": 4.1},
            {"id": "man", "kind": "manifold", "banks": {"a": BANK, "b": BANK, "reserve": BANK}},
            {"id": "psa", "kind": "psa_plant", "rated_flow_lpm": 500},
            {"id": "lox", "kind": "lox_tank", "capacity_kg": 6000},
        ],
    }
)
MEANS = {"o2_flow_lpm": (230.0, 5.0), "bank_a_bar": (120.0, 0.2), "bank_b_bar": (140.0, 0.2), "reserve_bar": (145.0, 0.2)}
"""Mean and standard deviation; of others 90 ± 0.05."""


def reading(asset: Asset, draw: random.Random) -> dict[str, Value]:
    names = {*CHARACTERS[asset.kind], "o2_flow_lpm"}
    return {name: round(draw.gauss(*MEANS.get(name, (90.0, 0.05))), 2) for name in sorted(names)}


def cost_us(asset: Asset) -> float:
    """CPU per watched value, µs."""
    draw, honesty = random.Random(1), Honesty(asset, STILL_MS)
    said = [reading(asset, draw) for _ in range(READINGS)]
    spent_ns = due_ms = 0
    for n, values in enumerate(said):
        at_ms = START_MS + n * EVERY_MS
        if at_ms < due_ms:
            continue
        due_ms, times = at_ms + SLOW_MS, dict.fromkeys(values, (at_ms, at_ms))
        start = time.process_time_ns()
        honesty.take(values, times)
        spent_ns += time.process_time_ns() - start if n >= READINGS - MEASURED else 0
    return spent_ns / 1000 / MEASURED / len(CHARACTERS[asset.kind])


def call_us() -> float:
    """An empty call with two arguments."""

    def nothing(_values: object, _times: object) -> None: ...

    call: Callable[[object, object], None] = nothing
    start = time.process_time_ns()
    for _ in range(100_000):
        call(None, None)
    return (time.process_time_ns() - start) / 1000 / 100_000


def memory_bytes(asset: Asset) -> float:
    """Per watched signal, while nothing is wrong."""
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    kept = [Honesty(asset, STILL_MS) for _ in range(KEPT)]
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (after - before) / len(kept) / len(CHARACTERS[asset.kind])


def main() -> None:
    empty = call_us()
    print(f"{'an empty call':12} {empty:6.2f} µs")
    for asset in SITE.assets:
        cost = min(cost_us(asset) for _ in range(3))
        each = f"{len(CHARACTERS[asset.kind])} signals {memory_bytes(asset):5.0f} bytes each"
        print(f"{asset.kind:12} {cost:6.2f} µs a watched value  {cost / empty:5.1f} ×   {each}")


if __name__ == "__main__":
    main()
