"""A tank of liquid oxygen: draw, boil-off, order and fill."""

from __future__ import annotations

from random import Random

from devices.assets import LoxTank
from devices.oxygen import gas_kg, lox_dp_mbar, lox_litres_gas
from devices.signal import Value

BOIL_OFF_PER_DAY = 0.0035
"""Share of the capacity that boils off in a day under a healthy vacuum (usual: 0.2–0.6 %)."""
FILL_S = 2400.0
FILL_TO = 0.95


class Lox:
    """Content in kg. A fill is ordered at the reorder level and arrives after the site's lead time."""

    set_share = 1.02
    feed_pct = 99.5

    def __init__(self, asset: LoxTank, rng: Random) -> None:
        self._asset = asset
        self.content_kg = asset.capacity_kg * rng.uniform(0.65, 0.9)
        self._heel_kg = asset.capacity_kg * asset.heel_pct / 100
        self._pressure_bar = asset.nominal_bar + 3.5 if asset.relief_bar is None else min(asset.nominal_bar + 3.5, 0.85 * asset.relief_bar)
        self._drawn_kg = 0.0
        self._tanker_ms: int | None = None
        self.flow_lpm = 0.0

    def available_l(self) -> float:
        return lox_litres_gas(max(0.0, self.content_kg - self._heel_kg))

    def draw(self, litres: float) -> None:
        self.content_kg -= gas_kg(litres)
        self._drawn_kg += gas_kg(litres)

    def close_step(self, dt_s: float) -> float:
        """Boil off; litres of gas that the relief valve let go (what is drawn uses the boil-off first)."""
        boiled_kg = self._asset.capacity_kg * BOIL_OFF_PER_DAY * dt_s / 86_400
        vented_kg = min(self.content_kg, max(0.0, boiled_kg - self._drawn_kg))
        self.content_kg -= vented_kg
        self.flow_lpm = lox_litres_gas(self._drawn_kg) * 60 / dt_s
        self._drawn_kg = 0.0
        return lox_litres_gas(vented_kg)

    def supply(self, now_ms: int, dt_s: float, lead_ms: int) -> float:
        """Order, and take the tanker's fill; litres of gas that came in."""
        if self._tanker_ms is None:
            if self.content_kg <= self._asset.capacity_kg * self._asset.reorder_pct / 100:
                self._tanker_ms = now_ms + lead_ms
            return 0.0
        if now_ms < self._tanker_ms:
            return 0.0
        room_kg = self._asset.capacity_kg * FILL_TO - self.content_kg
        if room_kg <= 0:
            self._tanker_ms = None
            return 0.0
        filled_kg = min(room_kg, self._asset.capacity_kg * dt_s / FILL_S)
        self.content_kg += filled_kg
        return lox_litres_gas(filled_kg)

    def read(self) -> dict[str, Value]:
        level: dict[str, Value]
        if self._asset.area_m2 is None:
            level = {"level_pct": 100 * self.content_kg / self._asset.capacity_kg}
        else:
            level = {"level_dp_mbar": lox_dp_mbar(self.content_kg, self._asset.area_m2)}
        return level | {"tank_pressure_bar": self._pressure_bar}
