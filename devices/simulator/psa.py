"""An oxygen plant: state machine, product tank, purity that falls when too much is drawn.

Two levels of the tank switch the plant between load and stand-by, as a real controller does. When the tank is almost empty, its low
pressure pulls more gas through the sieve than that can clean: up to a quarter over the rated flow, at the price of purity.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from devices.assets import PsaPlant
from devices.oxygen import ATMOSPHERE_BAR
from devices.signal import Value
from devices.simulator.air import TRIP_C, Air
from devices.simulator.power import Power
from devices.simulator.trouble import BEST_PCT, Trouble

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
WORST_DRIFT_PCT = 14.0
AIR_PCT = 20.9
ANALYSER_WARMS_S = 300.0
CLEAN_CO_PPM, CLEAN_CO2_PPM, GAS_LAG_S = 0.3, 12.0, 180.0


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
    for holds, target in TRANSITIONS[state]:
        if holds(facts):
            return target
    return state


def sieve_purity_pct(load: float, lost_pct: float) -> float:
    """Purity that the sieve settles at, for a flow of `load` × rated: about 95 to the rated flow, steeply less beyond it."""
    return max(AIR_PCT + 0.1, min(CEILING_PCT, BEST_PCT - load**4 - 40 * max(0.0, load - 1) - lost_pct))


class Psa:
    """One plant with its product tank. A plant that is not on duty stays off."""

    set_share = 1.02

    def __init__(self, asset: PsaPlant, rng: Random, power: Power | None = None) -> None:
        self.rated_lpm = asset.rated_flow_lpm
        self.tank_l = asset.product_tank_l
        self.nominal_bar = asset.nominal_bar
        self.floor_bar = asset.nominal_bar + 0.2
        self.low_bar = asset.nominal_bar + 1.2
        self.full_bar = min(asset.nominal_bar + 2.4, 7.0)
        self._regulator_bar = asset.nominal_bar * self.set_share
        self.duty = asset.duty
        self._power = power or Power()
        self._rated_kw = asset.power_kw or KW_PER_LPM * asset.rated_flow_lpm
        self.state = "running_on_spec" if asset.duty else "off"
        self.purity_pct = 94.6
        self.tank_purity_pct = 94.6
        self.content_l = self._content_l(rng.uniform(self.low_bar, self.full_bar))
        self._floor_l = self._content_l(self.floor_bar)
        self.flow_lpm = self.made_lpm = 0.0
        self.co_ppm, self.co2_ppm = CLEAN_CO_PPM, CLEAN_CO2_PPM
        self.shown_pct = self.purity_pct
        """What the analyser says, and the controller believes."""
        self.analyser_state = "ok"
        self._drawn_l = 0.0
        self.in_state_s = 3600.0
        self._low_purity_s = 0.0
        self._with_power_s = 3600.0
        self._tripped = self._restarted = False
        self.towers_stuck = False
        self._drift_pct = self._tower_pct = 0.0
        self._run_h = rng.uniform(1500, 9000)
        self.load_h = self._run_h * 0.7
        self.cycles = float(int(self._run_h * 3600 / (2 * HALF_CYCLE_S)))
        self._energy_kwh = self._run_h * self._rated_kw * 0.6
        self.air = Air(rng)

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
        self._restart(trouble.restarts)
        if self.duty:
            self._switch(dt_s, self._stop(trouble))
        load = self._load()
        self._follow_purity(dt_s, load, self._lost_pct(dt_s, trouble))
        self._analyse(dt_s, trouble)
        made_l = self.rated_lpm * load * dt_s / 60 if self.state == "running_on_spec" else 0.0
        self.made_lpm = made_l * 60 / dt_s
        if made_l:
            whole_l = self.content_l + self._content_l(ATMOSPHERE_BAR) + made_l
            self.tank_purity_pct += (self.purity_pct - self.tank_purity_pct) * made_l / whole_l
        self.content_l += made_l
        self._count(dt_s, load, trouble)
        return made_l

    def lose(self, dt_s: float, trouble: Trouble) -> float:
        """What leaves the product tank by the way of no pipe; litres. It flows in proportion to the tank's pressure."""
        share = max(0.0, self.tank_bar / self.full_bar)
        lost_l = min(self.content_l, (trouble.drain_lpm + trouble.room_leak_lpm) * share * dt_s / 60)
        self.content_l -= lost_l
        self.air.breathe(dt_s, self.state in RUNNING, trouble.room_leak_lpm * share, trouble)
        return lost_l

    def available_l(self) -> float:
        """What the tank can give before its pressure is too low for the line."""
        return max(0.0, self.content_l - self._floor_l)

    def draw(self, litres: float) -> None:
        self.content_l -= litres
        self._drawn_l += litres

    def close_step(self, dt_s: float) -> None:
        """Turn what was drawn during the step into a flow."""
        self.flow_lpm = self._drawn_l * 60 / dt_s
        self._drawn_l = 0.0

    def _restart(self, restarts: bool) -> None:
        """Somebody stops the plant once and starts it again."""
        if restarts and not self._restarted and self.duty:
            self._enter("off")
        self._restarted = restarts

    def _stop(self, trouble: Trouble) -> str:
        self._tripped = trouble.compressor_rise_c > 0 and (self._tripped or self.air.discharge_c >= TRIP_C)
        return "off" if not self._power.on else trouble.stop or ("fault" if self._tripped else "")

    def _switch(self, dt_s: float, stop: str) -> None:
        self.in_state_s += dt_s
        tank_bar = self.tank_bar
        facts = Facts(stop, self.in_state_s, self._low_purity_s, self.shown_pct, tank_bar >= self.full_bar, tank_bar <= self.low_bar)
        state = next_state(self.state, facts)
        if state != self.state:
            self._enter(state)

    def _enter(self, state: str) -> None:
        if state == "starting":
            self.purity_pct = self.shown_pct = 50.0
        self.state, self.in_state_s, self._low_purity_s = state, 0.0, 0.0

    def _load(self) -> float:
        """Flow through the sieve as a share of the rated one; no more than there is air for."""
        if self.state not in RUNNING:
            return 0.0
        if self.state != "running_on_spec":
            return 0.8
        bar = self.tank_bar
        if bar >= self.low_bar:
            load = 0.85 + 0.15 * max(0.0, self.full_bar - bar) / (self.full_bar - self.low_bar)
        else:
            load = 1.0 + OVERDRAW * min(1.0, max(0.0, 1 - (bar - self.floor_bar) / OVERDRAW_BAR))
        return load if self.air.share >= 1 else min(load, self.air.share)

    def _lost_pct(self, dt_s: float, trouble: Trouble) -> float:
        """Points of purity that the sieve lacks. A stuck tower fills with nitrogen while the plant runs, and is rinsed within minutes."""
        self._drift_pct = min(WORST_DRIFT_PCT, self._drift_pct + trouble.drift_pct_per_h * dt_s / 3600) if trouble.drift_pct_per_h else 0.0
        self.towers_stuck = trouble.tower_falls_pct_per_min > 0
        if self.towers_stuck:
            if self.state in RUNNING:
                self._tower_pct = min(BEST_PCT, self._tower_pct + trouble.tower_falls_pct_per_min * dt_s / 60)
        elif self._tower_pct:
            self._tower_pct *= math.exp(-dt_s / 180)
        return trouble.lost_pct + self._drift_pct + self._tower_pct + self.air.lost_pct

    def _follow_purity(self, dt_s: float, load: float, lost_pct: float) -> None:
        """The product follows the sieve with a lag; while nothing flows the analyser keeps what it read."""
        if self.state not in RUNNING:
            return
        lag_s = 140.0 if self.state == "starting" else 60.0
        self.purity_pct += (sieve_purity_pct(load, lost_pct) - self.purity_pct) * -math.expm1(-dt_s / lag_s)

    def _analyse(self, dt_s: float, trouble: Trouble) -> None:
        """What the analyser makes of it, and the controller of that."""
        self._with_power_s = self._with_power_s + dt_s if self._power.on else 0.0
        self.analyser_state = "fault" if trouble.analyser_failed else "ok" if self._with_power_s >= ANALYSER_WARMS_S else "warming_up"
        if not trouble.analyser_failed:
            self.shown_pct = min(100.0, self.purity_pct + trouble.analyser_offset_pct)
        if self.state == "running_on_spec":
            self._low_purity_s = self._low_purity_s + dt_s if self.shown_pct < OFF_SPEC_PCT else 0.0

    def _count(self, dt_s: float, load: float, trouble: Trouble) -> None:
        hours = dt_s / 3600
        running = self.state in RUNNING
        if running:
            self.load_h += hours
            follows = -math.expm1(-dt_s / GAS_LAG_S)
            self.co_ppm += ((CLEAN_CO_PPM if trouble.co_ppm is None else trouble.co_ppm) - self.co_ppm) * follows
            self.co2_ppm += ((CLEAN_CO2_PPM if trouble.co2_ppm is None else trouble.co2_ppm) - self.co2_ppm) * follows
            if not self.towers_stuck:
                self.cycles += dt_s / (2 * HALF_CYCLE_S)
        if running or self.state == "standby":
            self._run_h += hours
        self._energy_kwh += self._power_kw(load) * hours
        self.air.step(dt_s, self.state, load, trouble)

    def _power_kw(self, load: float) -> float:
        if self.state == "standby":
            return self._rated_kw * 0.3
        return self._rated_kw * (0.5 + 0.5 * load) if load else 0.0

    def read(self) -> dict[str, Value]:
        """True values of the signals, before any sensor (but the analyser, which the controller reads)."""
        load = self._load()
        running = self.state in RUNNING
        first = self.cycles % 1 < 0.5
        feed_bar = self.air.receiver_bar - 0.3 if running else 0.0
        return {
            "state": self.state,
            "fault_code": FAULT_CODES.get(self.state, 0.0),
            "o2_purity_pct": self.shown_pct,
            "o2_flow_lpm": self.flow_lpm,
            "outlet_pressure_bar": min(self.tank_bar, self._regulator_bar),
            "product_valve_open": self.state == "running_on_spec",
            "product_tank_bar": self.tank_bar,
            **self.air.read(running),
            "product_dewpoint_c": -58.0,
            "co_ppm": self.co_ppm,
            "co2_ppm": self.co2_ppm,
            "analyser_state": self.analyser_state,
            "tower_a_bar": feed_bar if first else 0.0,
            "tower_b_bar": 0.0 if first else feed_bar,
            "tower_active": "a" if first else "b",
            "cycle_time_s": 2 * HALF_CYCLE_S,
            "cycle_count": float(int(self.cycles)),
            "compressor_state": _COMPRESSOR[self.state],
            "compressor_run_h": self._run_h,
            "compressor_load_h": self.load_h,
            "psa_run_h": self.load_h,
            "power_kw": self._power_kw(load),
            "energy_kwh": self._energy_kwh,
            "mains_ok": self._power.mains_ok,
            "genset_on": self._power.genset_on,
        }


_COMPRESSOR = {"standby": "unload", "off": "off", "fault": "fault", "maintenance": "off"} | dict.fromkeys(RUNNING, "load")
