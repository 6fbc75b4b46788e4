"""A tank of liquid oxygen. Its level is a mass, however it is reported. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot

from collector.stock.falls import SURE, Fall, best_fall, drift_share, mean_fall
from collector.stock.flow import fresh_for_ms, number
from collector.stock.level import Level, Rise
from collector.stock.series import HOUR_MS, MINUTE_MS, Slope
from collector.stock.span import Span, around
from devices.assets import LoxTank
from devices.oxygen import lox_kg_from_dp, lox_litres_gas
from devices.signal import Value

STEP_SHARE = 0.05
"""A rise of a tank's level that is a fill, as a share of its capacity (domain reference 3.2)."""
LEVEL_ERROR_SHARE = 0.01
NOISE_SHARE = 0.001
SETTLE_MS = 10 * MINUTE_MS
REST_MS = 30 * MINUTE_MS
BOIL_OFF_PER_DAY = 0.006
"""What a tank with a healthy vacuum loses at most while little is drawn from it, as a share of its capacity (domain reference 3.2)."""


class TankTrack:
    """Its content, its fills, and how fast it falls."""

    def __init__(self, tank: LoxTank) -> None:
        self.asset = tank.id
        self.capacity_kg = tank.capacity_kg
        self.area_m2 = tank.area_m2
        self.heel_kg = tank.capacity_kg * tank.heel_pct / 100
        self.fresh_ms = fresh_for_ms(tank.interval_s)
        self.size_l = self.litres(tank.capacity_kg)
        self.level = Level(STEP_SHARE * tank.capacity_kg, tank.interval_s, SETTLE_MS, REST_MS)
        self._known: tuple[tuple[int, int], Slope | None] = ((-1, 0), None)

    def take(self, values: dict[str, Value], time_ms: int) -> Sequence[Rise]:
        """The fill that it makes sure, if any."""
        kg = self._kg(values)
        rise = self.level.observe(time_ms, kg, self.litres) if kg is not None else None
        return (rise,) if rise else ()

    def _kg(self, values: dict[str, Value]) -> float | None:
        if (pct := number(values, "level_pct")) is not None and "level_kg" not in values:
            return max(0.0, pct) / 100 * self.capacity_kg
        if (kg := number(values, "level_kg")) is not None:
            return max(0.0, kg)
        dp = number(values, "level_dp_mbar")
        return lox_kg_from_dp(dp, self.area_m2) if dp is not None and self.area_m2 is not None else None

    def litres(self, kg: float) -> float:
        """Of gas, above the heel."""
        return lox_litres_gas(max(0.0, kg - self.heel_kg))

    def content(self) -> Span | None:
        if self.level.minutes.last_ms is None:
            return None
        return around(self.level.content_l, lox_litres_gas(LEVEL_ERROR_SHARE * self.capacity_kg))

    @property
    def boil_off_lpm(self) -> float:
        """At most, as gas."""
        return lox_litres_gas(BOIL_OFF_PER_DAY * self.capacity_kg) / 1440

    def fall(self, since_ms: int) -> Fall | None:
        """How fast it falls, by its points of six minutes; what it showed before a fill is held while the fill goes on and settles."""
        newest = self.level.sixes.last_ms
        if newest is None:
            return None
        if self._known[0] != (newest, since_ms):
            noise_l = lox_litres_gas(NOISE_SHARE * self.capacity_kg)
            self._known = ((newest, since_ms), best_fall(self.level.sixes, self.level.breaks, noise_l, since_ms, newest))
        slope = self._known[1]
        return Fall(slope, False, slope.se_lpm if slope else 0.0, self.level.last_ms)

    @property
    def best_span_ms(self) -> int:
        """Of the slope that was asked for last."""
        slope = self._known[1]
        return slope.span_ms if slope else 0

    def mean(self, hours: int) -> Span | None:
        """What was drawn from it on average within the last six hours; the last hour alone is too short for its noise: the best slope."""
        newest = self.level.sixes.last_ms
        if hours == 1 or newest is None:
            fall = self.fall(0)
            if fall is None or fall.slope is None:
                return None
            lpm = fall.slope.fall_lpm
            return around(lpm, SURE * hypot(fall.se_lpm, drift_share(fall.slope.span_ms) * lpm))
        found = mean_fall(self.level.sixes, self.level.breaks, newest - hours * HOUR_MS)
        if found is None or not found[1]:
            return None
        lpm = found[0] / found[1]
        return around(lpm, SURE * lox_litres_gas(2 * NOISE_SHARE * self.capacity_kg) / found[1] + 0.02 * max(0.0, lpm))

    @property
    def measured_ms(self) -> int | None:
        return self.level.last_ms or None
