"""A refill of a bank, looked at as an exchange of cylinders: how many full ones that is, and what pressure they had. Pure.

Cylinders that hang together share one pressure. So a bank that did not become full says that too little came, but not by itself whether
all were exchanged for poor ones or some for full ones; the count of the store does.
"""

from __future__ import annotations

from math import hypot

import msgspec

from collector.stock.bank import PRESSURE_ERROR_BAR, STORE_TEMP_C, BankTrack
from collector.stock.level import Rise
from devices.oxygen import pressure_for_litres

FULL_SHARE = 0.95
"""A cylinder with so much of its full content is full: fillers stop by the gauge, hot or cold."""


class Exchange(msgspec.Struct, frozen=True, array_like=True):
    """Contents are those of the whole bank, usable litres; `error_l` is what `after_l` may be wrong by."""

    time_ms: int
    cylinders: int
    before_l: float
    after_l: float
    full_l: float
    error_l: float
    pressure_bar: float
    water_l: float
    residual_bar: float

    @classmethod
    def of(cls, bank: BankTrack, rise: Rise, *, temp_measured: bool) -> Exchange:
        error_l = hypot(bank.error_share(temp_measured) * rise.after_l, PRESSURE_ERROR_BAR * bank.litres_per_bar)
        sizes = (bank.cylinders, rise.before_l, rise.after_l, bank.size_l)
        return cls(rise.start_ms, *sizes, error_l, rise.after_raw, bank.water_l, bank.residual_bar)

    @property
    def gained_l(self) -> float:
        return max(0.0, self.after_l - self.before_l)

    @property
    def worth(self) -> float:
        """How many full cylinders, put in the place of as many of the old ones, bring so much."""
        room_l = (self.full_l - self.before_l) / self.cylinders
        return min(float(self.cylinders), self.gained_l / room_l) if room_l > 0 else float(self.cylinders)

    def is_full(self, count: int) -> bool:
        """Where so many were exchanged: whether each of these was full, as far as one can say."""
        return self._each_l(count) + self.error_l / count >= FULL_SHARE * self.full_l / self.cylinders

    def bar(self, count: int) -> float:
        """Where so many were exchanged: their pressure before they mixed with the others; that of the bank where all were."""
        if count >= self.cylinders:
            return self.pressure_bar
        each_l = min(self._each_l(count), self.full_l / self.cylinders)
        return pressure_for_litres(1, self.water_l / self.cylinders, each_l, STORE_TEMP_C, self.residual_bar)

    def _each_l(self, count: int) -> float:
        return self.before_l / self.cylinders + self.gained_l / count
