"""An oxygen plant: state machine, product tank, purity that falls when too much is drawn.

Two levels of the tank switch the plant between load and stand-by, as a real controller does. When the tank is almost empty, its low
pressure pulls more gas through the sieve than that can clean: up to a quarter over the rated flow, at the price of purity.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from devices.assets import PsaPlant
from devices.oxygen import ATMOSPHERE_BAR
from devices.signal import Value

CEILING_PCT = 95.7
"""The sieve does not hold argon back: 20.946 / (20.946 + 0.934)."""
KW_PER_LPM = 0.0714
OFF_SPEC_PCT, ON_SPEC_PCT = 89.0, 92.0
OFF_SPEC_S = 120.0
"""The controller vents when the analyser read below 89 % for that long, and feeds again from 92 %. It is set a little below the limit of
the pharmacopoeia, 90 %, as plants are, so as not to shut off a ward for a drift: between the two only an alarm helps."""
START_S, RESET_S = 480.0, 120.0
HALF_CYCLE_S = 40.0
OVERDRAW, OVERDRAW_BAR = 0.25, 0.3
"""The most that flows over the rating, and how far above the lowest tank pressure that begins."""
FAULT_CODES = {"fault": 7.0}


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a plant now: `stop` is "", "fault" or "maintenance"; `lost_pct` is taken from its purity."""

    stop: str = ""
    lost_pct: float = 0.0


NO_TROUBLE = Trouble()


class Facts(NamedTuple):
    """What the controller looks at."""

    stop: str
    in_state_s: float
    low_purity_s: float
    purity_pct: float
    tank_full: bool
    tank_low: bool


TRANSITIONS: dict[str, tuple[tuple[Callable[[Facts], bool], str], ...]] = {
    "off": ((lambda f: f.in_state_s >= RESET_S, "starting"),),
    "starting": ((lambda f: f.in_state_s >= START_S and f.purity_pct >= ON_SPEC_PCT, "running_on_spec"),),
    "running_on_spec": (
        (lambda f: f.low_purity_s >= OFF_SPEC_S, "running_off_spec"),
        (lambda f: f.tank_full, "standby"),
    ),
    "running_off_spec": ((lambda f: f.purity_pct >= ON_SPEC_PCT, "running_on_spec"),),
    "standby": ((lambda f: f.tank_low, "running_on_spec"),),
    "fault": ((lambda f: not f.stop, "off"),),
    "maintenance": ((lambda f: not f.stop, "off"),),
}
"""State → (condition, next state), the first that holds. A stop comes before all of them, from every state."""

RUNNING = frozenset({"starting", "running_on_spec", "running_off_spec"})


def next_state(state: str, facts: Facts) -> str:
    if facts.stop:
        return facts.stop
    return next((target for holds, target in TRANSITIONS[state] if holds(facts)), state)


def sieve_purity_pct(load: float, lost_pct: float) -> float:
    """Purity that the sieve settles at, for a flow of `load` × rated: about 95 to the rated flow, steeply less beyond it."""
    return max(21.0, min(CEILING_PCT, 95.2 - load**4 - 40 * max(0.0, load - 1) - lost_pct))


class Psa:
    """One plant with its product tank. A plant that is not on duty stays off."""

    set_share = 1.02

    def __init__(self, asset: PsaPlant, rng: Random) -> None:
        self.rated_lpm = asset.rated_flow_lpm
        self.tank_l = asset.product_tank_l
        self.floor_bar = asset.nominal_bar + 0.2
        self.low_bar = asset.nominal_bar + 1.2
        self.full_bar = min(asset.nominal_bar + 2.4, 7.0)
        self._regulator_bar = asset.nominal_bar * self.set_share
        self._duty = asset.duty
        self._rated_kw = asset.power_kw or KW_PER_LPM * asset.rated_flow_lpm
        self.state = "running_on_spec" if asset.duty else "off"
        self.purity_pct = 94.6
        self.tank_purity_pct = 94.6
        self.content_l = self._content_l(rng.uniform(self.low_bar, self.full_bar))
        self.flow_lpm = self.made_lpm = 0.0
        self._drawn_l = 0.0
        self._in_state_s = 3600.0
        self._low_purity_s = 0.0
        self._run_h = rng.uniform(1500, 9000)
        self._load_h = self._run_h * 0.7
        self._cycles = float(int(self._run_h * 3600 / (2 * HALF_CYCLE_S)))
        self._energy_kwh = self._run_h * self._rated_kw * 0.6
        self._receiver_bar = 7.0
        self._filter_bar = rng.uniform(0.10, 0.18)
        self._heat_c = 60.0

    @property
    def feed_pct(self) -> float:
        return self.tank_purity_pct

    @property
    def tank_bar(self) -> float:
        return self.content_l * ATMOSPHERE_BAR / self.tank_l

    def _content_l(self, bar: float) -> float:
        return self.tank_l * bar / ATMOSPHERE_BAR

    def make(self, dt_s: float, trouble: Trouble) -> float:
        """Run for `dt_s`; litres that went into the tank."""
        if self._duty:
            self._switch(dt_s, trouble.stop)
        load = self._load()
        self._follow_purity(dt_s, load, trouble.lost_pct)
        made_l = self.rated_lpm * load * dt_s / 60 if self.state == "running_on_spec" else 0.0
        self.made_lpm = made_l * 60 / dt_s
        if made_l:
            whole_l = self.content_l + self._content_l(ATMOSPHERE_BAR) + made_l
            self.tank_purity_pct += (self.purity_pct - self.tank_purity_pct) * made_l / whole_l
        self.content_l += made_l
        self._count(dt_s, load)
        return made_l

    def available_l(self) -> float:
        """What the tank can give before its pressure is too low for the line."""
        return max(0.0, self.content_l - self._content_l(self.floor_bar))

    def draw(self, litres: float) -> None:
        self.content_l -= litres
        self._drawn_l += litres

    def close_step(self, dt_s: float) -> None:
        """Turn what was drawn during the step into a flow."""
        self.flow_lpm = self._drawn_l * 60 / dt_s
        self._drawn_l = 0.0

    def _switch(self, dt_s: float, stop: str) -> None:
        self._in_state_s += dt_s
        tank_bar = self.tank_bar
        facts = Facts(stop, self._in_state_s, self._low_purity_s, self.purity_pct, tank_bar >= self.full_bar, tank_bar <= self.low_bar)
        state = next_state(self.state, facts)
        if state != self.state:
            if state == "starting":
                self.purity_pct = 50.0
            self.state, self._in_state_s, self._low_purity_s = state, 0.0, 0.0

    def _load(self) -> float:
        """Flow through the sieve as a share of the rated one."""
        if self.state not in RUNNING:
            return 0.0
        if self.state != "running_on_spec":
            return 0.8
        bar = self.tank_bar
        if bar >= self.low_bar:
            return 0.85 + 0.15 * max(0.0, self.full_bar - bar) / (self.full_bar - self.low_bar)
        return 1.0 + OVERDRAW * max(0.0, 1 - (bar - self.floor_bar) / OVERDRAW_BAR)

    def _follow_purity(self, dt_s: float, load: float, lost_pct: float) -> None:
        """The analyser sees the sieve's purity with a lag; while nothing flows it keeps what it read."""
        if self.state not in RUNNING:
            return
        lag_s = 140.0 if self.state == "starting" else 60.0
        self.purity_pct += (sieve_purity_pct(load, lost_pct) - self.purity_pct) * -math.expm1(-dt_s / lag_s)
        if self.state == "running_on_spec":
            self._low_purity_s = self._low_purity_s + dt_s if self.purity_pct < OFF_SPEC_PCT else 0.0

    def _count(self, dt_s: float, load: float) -> None:
        hours = dt_s / 3600
        air = self.state in RUNNING
        if air:
            self._load_h += hours
            self._cycles += dt_s / (2 * HALF_CYCLE_S)
        if air or self.state == "standby":
            self._run_h += hours
        self._energy_kwh += self._power_kw(load) * hours
        self._filter_bar += hours * 2e-5
        self._receiver_bar += (self._receiver_goal_bar(load) - self._receiver_bar) * -math.expm1(-dt_s / 60)
        self._heat_c += ((60.0 if air else 35.0 if self.state == "standby" else 0.0) - self._heat_c) * -math.expm1(-dt_s / 600)

    def _receiver_goal_bar(self, load: float) -> float:
        if self.state in RUNNING:
            return 7.6 - 0.6 * load
        return 7.5 if self.state == "standby" else 0.0

    def _power_kw(self, load: float) -> float:
        if self.state == "standby":
            return self._rated_kw * 0.3
        return self._rated_kw * (0.5 + 0.5 * load) if load else 0.0

    def read(self, room_c: float) -> dict[str, Value]:
        """True values of the signals, before any sensor."""
        load = self._load()
        air = self.state in RUNNING
        return {
            "state": self.state,
            "fault_code": FAULT_CODES.get(self.state, 0.0),
            "o2_purity_pct": self.purity_pct,
            "o2_flow_lpm": self.flow_lpm,
            "outlet_pressure_bar": min(self.tank_bar, self._regulator_bar),
            "product_valve_open": self.state == "running_on_spec",
            "product_tank_bar": self.tank_bar,
            "air_receiver_bar": self._receiver_bar,
            "feed_air_temp_c": room_c + (6.0 if air else 0.0),
            "room_temp_c": room_c,
            "air_dewpoint_c": 3.5,
            "product_dewpoint_c": -58.0,
            "co_ppm": 0.3,
            "co2_ppm": 12.0,
            "tower_active": "a" if self._cycles % 1 < 0.5 else "b",
            "cycle_count": float(int(self._cycles)),
            "compressor_state": _COMPRESSOR[self.state],
            "compressor_discharge_temp_c": room_c - 5 + self._heat_c,
            "compressor_run_h": self._run_h,
            "psa_run_h": self._load_h,
            "filter_dp_bar": self._filter_bar if air else 0.0,
            "power_kw": self._power_kw(load),
            "energy_kwh": self._energy_kwh,
            "mains_ok": True,
            "genset_on": False,
            "room_o2_pct": 20.9,
        }


_COMPRESSOR = {"standby": "unload", "off": "off", "fault": "fault", "maintenance": "off"} | dict.fromkeys(RUNNING, "load")
