"""What it costs to write observations as line protocol: µs per message, with one and with eight values. Run: python -m bench.line"""

from __future__ import annotations

import random
import timeit

from collector.store.line import Series, observation_lines
from devices.assets import Site
from devices.signal import Observation

MESSAGES = 5_000
ROUNDS = 7
SIGNALS = (
    *("o2_purity_pct", "o2_flow_lpm", "outlet_pressure_bar", "product_tank_bar"),
    *("air_receiver_bar", "feed_air_temp_c", "room_temp_c", "power_kw"),
)


def observations(values: int) -> list[Observation]:
    draw = random.Random(values)
    return [
        Observation(
            "s", "a", "psa_plant", 1764000000123 + n, 1764000000123, {name: round(draw.uniform(1, 500), 2) for name in SIGNALS[:values]}
        )
        for n in range(MESSAGES)
    ]


def main() -> None:
    site = {"id": "s", "district": "d", "region": "r", "assets": [{"id": "a", "kind": "psa_plant", "rated_flow_lpm": 500}]}
    series = Series([Site.model_validate(site)])
    for values in (1, 8):
        seen = observations(values)
        runs = timeit.repeat(lambda: "\n".join(observation_lines(series, seen)).encode(), number=1, repeat=ROUNDS)  # noqa: B023
        print(f"{values} value(s) per message: {sorted(runs)[ROUNDS // 2] / MESSAGES * 1e6:.2f} µs per message")


if __name__ == "__main__":
    main()
