"""A bank that is drawn from, as its sensors show it: the simulated case of the domain reference, 2.5."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from collector.outputs import StockEvent
from collector.stock import SiteStock
from devices.assets import Site
from devices.oxygen import pressure_for_litres, usable_litres

START_MS = 1_764_000_000_000 // 3_600_000 * 3_600_000
MINUTE_MS = 60_000
HOUR_MS = 3_600_000
FULL_L = usable_litres(10, 46.7, 150, 30, 10)


def site(*assets: Mapping[str, object], **more: object) -> Site:
    return Site.model_validate({"id": "s", "assets": list(assets), **more})


BANK = {"id": "m", "kind": "manifold", "interval_s": 60, "banks": {"a": {"cylinders": 10, "type": "in-d"}}}


@dataclass
class TenD:
    """10 cylinders of Indian D type: σ 0.5 bar, 1 % outliers of ±20 bar, ±7 °C over the day, 70–130 L/min, exchanged when nearly empty."""

    seed: int
    with_temp: bool = True
    content_l: float = FULL_L
    swaps_ms: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def samples(self, minutes: int) -> Iterator[tuple[int, dict[str, float | bool | str], float]]:
        """(time, values, true draw) every minute."""
        for minute in range(minutes):
            hour = minute / 60
            temp_c = 30 + 7 * math.sin(2 * math.pi * hour / 24)
            draw_lpm = 100 + 30 * math.sin(2 * math.pi * (hour - 8) / 24)
            self.content_l -= draw_lpm
            time_ms = START_MS + minute * MINUTE_MS
            if self.content_l < 0.12 * FULL_L:
                self.content_l = FULL_L
                self.swaps_ms.append(time_ms)
            pressure_bar = pressure_for_litres(10, 46.7, self.content_l, temp_c, 10) + self.random.gauss(0, 0.5)
            if self.random.random() < 0.01:
                pressure_bar += self.random.choice((-20, 20))
            values: dict[str, float | bool | str] = {"bank_a_bar": pressure_bar}
            if self.with_temp:
                values["bank_temp_c"] = temp_c
            yield time_ms, values, draw_lpm


def feed(stock: SiteStock, asset: str, kind: str, values: dict[str, float | bool | str], times_ms: range) -> list[StockEvent]:
    return [event for time_ms in times_ms for event in stock.observe(asset, kind, dict(values), time_ms)]
