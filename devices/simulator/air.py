"""The air before a plant's towers: room, compressor, receiver, filter, dryer; and what bad air costs the sieve."""

from __future__ import annotations

import math
from random import Random

from devices.signal import Value
from devices.simulator.trouble import Trouble

TRIP_C = 112.0
"""Makers trip a compressor at 105–115 °C; it stays off until somebody has mended and reset it."""
DRY_C, WET_C = 3.5, 10.0
"""Pressure dew point of a sound refrigerated dryer, and the one above which the sieve takes up water."""
DRIES_IN_S = 7200.0
WETTEST_PCT = 14.0
THIN_BAR, THIN_PCT_PER_BAR = 5.0, 3.0
"""Below this pressure the towers are not filled: so many points of purity are lost for each bar."""
HOT_C, HOT_PCT_PER_C = 45.0, 0.1
CLOGGED_BAR = 0.5
FRESH_AIR_PCT, VENTILATION_LPM, ROOM_LAG_S = 20.9, 1000.0, 300.0
PRODUCT_IN_ROOM_PCT = 93.0


class Air:
    """`share` is how much of the air that it needs the plant gets; `lost_pct` what wet, thin or hot air takes from the purity."""

    def __init__(self, rng: Random) -> None:
        self.share = 1.0
        self.lost_pct = 0.0
        self.room_c = 28.0
        self.receiver_bar = 7.0
        self.dewpoint_c = DRY_C
        self.room_o2_pct = FRESH_AIR_PCT
        self.filter_bar = rng.uniform(0.10, 0.18)
        self._new_filter_bar = self.filter_bar
        self._heat_c = 60.0
        self._feed_heat_c = 6.0
        self._room_rise_c = 0.0
        self._feed_rise_c = 0.0
        self._wet_pct = 0.0
        self._clogs = False

    @property
    def discharge_c(self) -> float:
        return self.room_c - 5 + self._heat_c

    @property
    def feed_c(self) -> float:
        return self.room_c + self._feed_heat_c + self._feed_rise_c

    def warm(self, room_c: float) -> None:
        """The room has that temperature, and what a failed ventilation adds."""
        self.room_c = room_c + self._room_rise_c

    def step(self, dt_s: float, state: str, load: float, trouble: Trouble) -> None:
        """`load` is the flow through the sieve as a share of the rated one, 0 while the plant takes no air."""
        running = load > 0
        self._feed_heat_c = 6.0 if running else 0.0
        turning_c = 60.0 if running else 35.0 if state == "standby" else 0.0
        heat_goal_c = turning_c + trouble.compressor_rise_c if turning_c else 0.0
        self._heat_c += (heat_goal_c - self._heat_c) * -math.expm1(-dt_s / 600)
        self._clog(dt_s, trouble.clogs_bar_per_h)
        self.share = trouble.air_share * (1 - 0.25 * max(0.0, self.filter_bar - CLOGGED_BAR)) * (1 - trouble.receiver_loss_bar / 7)
        self.receiver_bar += (self._receiver_goal_bar(state, load, trouble) - self.receiver_bar) * -math.expm1(-dt_s / 60)
        self._suffer(dt_s, running, trouble)

    def _receiver_goal_bar(self, state: str, load: float, trouble: Trouble) -> float:
        if load > 0:
            return (7.6 - 0.6 * load) * self.share
        return 7.5 * (1 - trouble.receiver_loss_bar / 7) if state == "standby" else 0.0

    def _clog(self, dt_s: float, rise_bar_per_h: float) -> None:
        """Dust gathers slowly by itself; when the fault is over a new filter is in place."""
        if self._clogs and not rise_bar_per_h:
            self.filter_bar = self._new_filter_bar
        self._clogs = rise_bar_per_h > 0
        self.filter_bar = min(1.2, self.filter_bar + dt_s / 3600 * (2e-5 + rise_bar_per_h))

    def _suffer(self, dt_s: float, running: bool, trouble: Trouble) -> None:
        """Room, feed air and dryer follow what befalls them, and the sieve follows the air."""
        self._room_rise_c += (trouble.room_rise_c - self._room_rise_c) * -math.expm1(-dt_s / 1800)
        self._feed_rise_c += (trouble.feed_rise_c - self._feed_rise_c) * -math.expm1(-dt_s / 900)
        goal_c = DRY_C if trouble.dewpoint_c is None else trouble.dewpoint_c
        self.dewpoint_c += (goal_c - self.dewpoint_c) * -math.expm1(-dt_s / 900)
        if running:
            takes_up = trouble.wet_pct_per_h * dt_s / 3600 if self.dewpoint_c > WET_C else 0.0
            dries = self._wet_pct * -math.expm1(-dt_s / DRIES_IN_S) if not takes_up else 0.0
            self._wet_pct = min(WETTEST_PCT, self._wet_pct + takes_up - dries)
        thin_pct = THIN_PCT_PER_BAR * max(0.0, THIN_BAR - self.receiver_bar) if running else 0.0
        self.lost_pct = self._wet_pct + thin_pct + HOT_PCT_PER_C * max(0.0, self.feed_c - HOT_C)

    def breathe(self, dt_s: float, running: bool, leak_lpm: float, trouble: Trouble) -> None:
        """Oxygen in the air of the room: fresh air, product that leaks, and the waste gas of a plant whose vent is blocked."""
        goal_pct = FRESH_AIR_PCT + (PRODUCT_IN_ROOM_PCT - FRESH_AIR_PCT) * leak_lpm / (leak_lpm + VENTILATION_LPM)
        if running and trouble.room_o2_pct is not None:
            goal_pct -= FRESH_AIR_PCT - trouble.room_o2_pct
        self.room_o2_pct += (goal_pct - self.room_o2_pct) * -math.expm1(-dt_s / ROOM_LAG_S)

    def read(self, running: bool) -> dict[str, Value]:
        return {
            "air_receiver_bar": self.receiver_bar,
            "feed_air_temp_c": self.feed_c,
            "room_temp_c": self.room_c,
            "air_dewpoint_c": self.dewpoint_c,
            "compressor_discharge_bar": self.receiver_bar + 0.3 if running else self.receiver_bar,
            "compressor_discharge_temp_c": self.discharge_c,
            "filter_dp_bar": self.filter_bar if running else 0.0,
            "room_o2_pct": self.room_o2_pct,
        }
