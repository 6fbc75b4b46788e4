"""A bedside concentrator: in use for some hours, then not, with the purity of its age."""

from __future__ import annotations

import math
from random import Random

from devices.assets import Concentrator
from devices.signal import Value

SPELL_S = {True: 9 * 3600.0, False: 14 * 3600.0}
"""Mean length of a time in use, and of one out of use."""
W_PER_LPM = 50.0
WARM_UP_S = 150.0
ALARM_PCT = 82.0
"""Below this a concentrator must sound its own alarm (ISO 80601-2-69)."""


class Bedside:
    def __init__(self, asset: Concentrator, rng: Random) -> None:
        self._rng = rng
        self._rated_lpm = asset.rated_flow_lpm
        self._best_pct = rng.uniform(92.6, 95.4)
        self._flow_lpm = 0.0
        self._run_h = rng.uniform(50, 12_000)
        self.purity_pct = self._best_pct
        self.in_use = False
        self._powered, self._worn = True, False
        self._turn(rng.random() < 0.4)

    def step(self, dt_s: float, worn_pct: float | None = None, *, powered: bool = True) -> None:
        """`worn_pct` is what a spent sieve still gives. Without current the patient gets a cylinder and the unit sounds its alarm."""
        if self._worn and worn_pct is None:
            self.purity_pct = self._best_pct  # it is run and looked at once after it was mended
        self._worn = worn_pct is not None
        turns = self._rng.random() < dt_s / SPELL_S[self.in_use]
        self._powered = powered
        if not powered:
            if self.in_use:
                self._turn(False)
            return
        if turns:
            self._turn(not self.in_use)
        if self.in_use:
            self._run_h += dt_s / 3600
            goal_pct = self._best_pct if worn_pct is None else min(worn_pct, self._best_pct)
            self.purity_pct += (goal_pct - self.purity_pct) * -math.expm1(-dt_s / WARM_UP_S)

    def _turn(self, in_use: bool) -> None:
        self.in_use = in_use
        self._flow_lpm = self._rated_lpm * self._rng.choice((0.3, 0.4, 0.5, 0.6, 0.8)) if in_use else 0.0

    def read(self) -> dict[str, Value]:
        """Out of use, the purity is what it last was, as such devices show it."""
        load = self._flow_lpm / self._rated_lpm
        return {
            "o2_purity_pct": self.purity_pct,
            "o2_flow_lpm": self._flow_lpm,
            "outlet_pressure_kpa": 70.0 - 20 * load if self.in_use else 0.0,
            "power_w": W_PER_LPM * self._rated_lpm * (0.8 + 0.2 * load) if self.in_use else 0.0,
            "run_h": self._run_h,
            "alarm_contact": not self._powered or (self.in_use and self.purity_pct < ALARM_PCT),
            "in_use": self.in_use,
        }
