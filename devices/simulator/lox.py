"""A tank of liquid oxygen: draw, boil-off, pressure, order and fill."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

from devices.assets import LoxTank
from devices.oxygen import gas_kg, lox_dp_mbar, lox_litres_gas
from devices.signal import Value
from devices.simulator.faults import Active

BOIL_OFF_PER_DAY = 0.0035
"""Share of the capacity that boils off in a day under a healthy vacuum (usual: 0.2–0.6 %)."""
FILL_S = 2400.0
FILL_TO = 0.95
FILL_DIP_BAR = 0.6
"""The driver balances filling from the top, which cools the gas, with filling from the bottom; the pressure dips a little."""
SETTLES_S = 1800.0
ECONOMISER_PER_DAY = 0.012
"""Share of the capacity that the economiser and the vent can let go in a day at the set pressure; what boils off beyond it builds up."""
BAR_PER_SHARE = 900.0
"""Rise of the pressure for each share of the capacity that boils off and can't leave."""


@dataclass(frozen=True, slots=True)
class Ailment:
    """What is wrong with a tank. `builder_bar` is the pressure above the nominal one that an iced coil still holds; `shut`: no gas leaves
    by the economiser, so that the draw takes liquid only."""

    unserved: bool = False
    builder_bar: float | None = None
    shut: bool = False
    boil_off_times: float = 1.0


SOUND = Ailment()


def ailment_of(active: Active, asset: str) -> Ailment:
    iced, shut, warm = (active.get(name, asset) for name in ("builder_iced", "economiser_stuck", "vacuum_lost"))
    return Ailment(
        active.get("tanker_missing", asset) is not None,
        iced.number("above_nominal_bar") if iced else None,
        shut is not None,
        warm.number("boil_off_times") if warm else 1.0,
    )


class Lox:
    """Content in kg. A fill is ordered at the reorder level and arrives after the site's lead time."""

    set_share = 1.02
    feed_pct = 99.5

    def __init__(self, asset: LoxTank, rng: Random) -> None:
        self._asset = asset
        self.ailment = SOUND
        self.content_kg = asset.capacity_kg * rng.uniform(0.65, 0.9)
        self._heel_kg = asset.capacity_kg * asset.heel_pct / 100
        self._set_bar = asset.nominal_bar + 3.5 if asset.relief_bar is None else min(asset.nominal_bar + 3.5, 0.85 * asset.relief_bar)
        self._relief_bar = asset.relief_bar or asset.nominal_bar + 8.0
        self.pressure_bar = self._set_bar
        self._drawn_kg = 0.0
        self._filled_kg = 0.0
        self._tanker_ms: int | None = None
        self.flow_lpm = 0.0

    @property
    def level_pct(self) -> float:
        return 100 * self.content_kg / self._asset.capacity_kg

    def available_l(self) -> float:
        """Nothing while its pressure is too low for the line."""
        return lox_litres_gas(max(0.0, self.content_kg - self._heel_kg)) if self.pressure_bar >= self._asset.nominal_bar else 0.0

    def draw(self, litres: float) -> None:
        self.content_kg -= gas_kg(litres)
        self._drawn_kg += gas_kg(litres)

    def close_step(self, dt_s: float) -> float:
        """Boil off; litres of gas that were let go (what is drawn uses the boil-off first)."""
        capacity_kg, shut = self._asset.capacity_kg, self.ailment.shut
        boiled_kg = capacity_kg * BOIL_OFF_PER_DAY * self.ailment.boil_off_times * dt_s / 86_400
        excess_kg = min(self.content_kg, max(0.0, boiled_kg - (0.0 if shut else self._drawn_kg)))
        can_leave_kg = 0.0 if shut else capacity_kg * ECONOMISER_PER_DAY * dt_s / 86_400
        vented_kg = self._press(dt_s, excess_kg, max(0.0, excess_kg - can_leave_kg))
        self.content_kg -= vented_kg
        self.flow_lpm = lox_litres_gas(self._drawn_kg) * 60 / dt_s
        self._drawn_kg = self._filled_kg = 0.0
        return lox_litres_gas(vented_kg)

    def _press(self, dt_s: float, excess_kg: float, kept_kg: float) -> float:
        """Move the pressure on; kilograms of the excess that leave: by the economiser what is not kept, by the relief valve all of it."""
        if kept_kg:
            self.pressure_bar += BAR_PER_SHARE * kept_kg / self._asset.capacity_kg
        else:
            self.pressure_bar += (self._goal_bar() - self.pressure_bar) * -math.expm1(-dt_s / SETTLES_S)
        if self.pressure_bar < self._relief_bar:
            return excess_kg - kept_kg
        self.pressure_bar = self._relief_bar
        return excess_kg

    def _goal_bar(self) -> float:
        if self.ailment.builder_bar is not None:
            return self._asset.nominal_bar + self.ailment.builder_bar
        return self._set_bar - (FILL_DIP_BAR if self._filled_kg else 0.0)

    def run_down_to(self, level_pct: float) -> float:
        """Have no more than that level; litres of gas that were taken away."""
        gone_kg = max(0.0, self.content_kg - self._asset.capacity_kg * level_pct / 100)
        self.content_kg -= gone_kg
        return lox_litres_gas(gone_kg)

    def hurry(self, now_ms: int) -> None:
        """The tanker that was missing comes at once."""
        self._tanker_ms = now_ms

    def supply(self, now_ms: int, dt_s: float, lead_ms: int) -> float:
        """Order, and take the tanker's fill; litres of gas that came in."""
        if self.ailment.unserved:
            return 0.0
        if self._tanker_ms is None:
            if self.content_kg <= self._asset.capacity_kg * self._asset.reorder_pct / 100:
                self._tanker_ms = now_ms + lead_ms
            return 0.0
        if now_ms < self._tanker_ms:
            return 0.0
        room_kg = self._asset.capacity_kg * FILL_TO - self.content_kg
        self._filled_kg = max(0.0, min(room_kg, self._asset.capacity_kg * dt_s / FILL_S))
        if self._filled_kg == max(0.0, room_kg):
            self._tanker_ms = None  # it leaves; it does not go on to replace what is drawn
        self.content_kg += self._filled_kg
        return lox_litres_gas(self._filled_kg)

    def read(self) -> dict[str, Value]:
        level: dict[str, Value]
        if self._asset.area_m2 is None:
            level = {"level_pct": self.level_pct}
        else:
            level = {"level_dp_mbar": lox_dp_mbar(self.content_kg, self._asset.area_m2)}
        return level | {"tank_pressure_bar": self.pressure_bar}
