"""Which faults befall a site in its year: every kind that its equipment can have, several times, at random times and of random strength."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from random import Random
from types import MappingProxyType

from devices.assets import LoxTank, PsaPlant, Site
from devices.simulator.demand import expected_lpm
from devices.simulator.faults import FAULTS, Fault, Parameter

HOUR_MS = 3_600_000
DAY_H = 24.0
QUIET_DAYS = 2.0
"""Nothing befalls a site in its first days, and all is over so long before its last."""
APART_H = 8.0
"""The least time between two faults of one name at one asset."""

Parameters = dict[str, Parameter]
Strength = Callable[[Random, Site], Parameters]


def _as_is(_rng: Random, _site: Site) -> Parameters:
    return {}


@dataclass(frozen=True, slots=True)
class Row:
    """How long a fault lasts, how often it comes in a year to each site that can have it, and how strong it is. `with_plants_down`: without
    that it would do nothing where plants feed; there, all plants trip half an hour before."""

    hours: tuple[float, float]
    times: int = 3
    strength: Strength = _as_is
    with_plants_down: bool = False


def _between(**ranges: tuple[float, float]) -> Strength:
    return lambda rng, _site: {name: round(rng.uniform(*limits), 2) for name, limits in ranges.items()}


def _one_of(**choices: tuple[Parameter, ...]) -> Strength:
    return lambda rng, _site: {name: rng.choice(values) for name, values in choices.items()}


def _surge(rng: Random, site: Site) -> Parameters:
    """A little or much more than the plants can make; without a plant a multiple of the usual draw."""
    mean_lpm = expected_lpm(site.beds)
    rated_lpm = sum(asset.rated_flow_lpm for asset in site.assets if isinstance(asset, PsaPlant))
    extra_lpm = rated_lpm * rng.uniform(1.05, 1.2) - 0.9 * mean_lpm if rated_lpm else mean_lpm * rng.uniform(1.0, 2.0) + 60
    return {"extra_lpm": round(extra_lpm)}


def _leak(rng: Random, site: Site) -> Parameters:
    return {"leak_lpm": round(expected_lpm(site.beds) * rng.uniform(0.3, 1.8) + rng.uniform(5, 80))}


ROWS: Mapping[str, Row] = MappingProxyType(
    {
        "leak": Row((2, 12), 4, _leak),
        "demand_surge": Row((2, 8), 4, _surge),
        "pressure_loss": Row((0.2, 2), 4, _one_of(pressure_share=(0.6, 0.7, 0.85, 0.88))),
        "overpressure": Row((0.2, 2), 3, _between(pressure_share=(1.27, 1.4))),
        "plant_trip": Row((0.5, 8), 4),
        "plant_maintenance": Row((1, 8), 3),
        "plant_left_idle": Row((2, 12), 3, _one_of(state=("standby", "off"))),
        "mains_lost": Row((0.5, 6), 4, _between(genset_after_s=(10, 45))),
        "power_lost": Row((0.3, 4), 3),
        "start_fails": Row((1, 4), 3, _between(best_pct=(85, 90))),
        "purity_drift": Row((4, 14), 3, _between(drift_pct_per_h=(0.6, 2.5))),
        "tower_stuck": Row((0.5, 6), 3, _between(falls_pct_per_min=(0.5, 4))),
        "co2_breakthrough": Row((2, 12), 3, _between(co2_ppm=(350, 600))),
        "tank_drain_open": Row((0.5, 4), 3, _between(drain_lpm=(2500, 4000))),
        "analyser_offset": Row((6, 48), 3, _between(offset_pct=(3, 5))),
        "analyser_failed": Row((4, 24), 3),
        "compressor_hot": Row((1, 8), 3, _between(rise_c=(35, 60))),
        "belt_slips": Row((1, 8), 3, _between(air_share=(0.45, 0.65))),
        "receiver_leak": Row((1, 8), 3, _between(loss_bar=(2.4, 4))),
        "feed_air_hot": Row((2, 12), 3, _between(rise_c=(15, 30))),
        "room_hot": Row((4, 16), 3, _between(rise_c=(15, 26))),
        "dryer_failed": Row((8, 36), 3, _between(dewpoint_c=(13, 25), loss_pct_per_h=(0.1, 0.6))),
        "exhaust_drawn_in": Row((1, 6), 4, _between(co_ppm=(6.5, 25))),
        "filter_clogs": Row((24, 72), 2, _between(rise_bar_per_h=(0.01, 0.03))),
        "oxygen_in_room": Row((1, 12), 3, _between(leak_lpm=(50, 200))),
        "nitrogen_in_room": Row((1, 8), 3, _between(room_o2_pct=(15, 18.5))),
        "changeover_failure": Row((3, 10), 3, _between(duty_min=(5, 60)), with_plants_down=True),
        "cross_leak": Row((6, 48), 3, _between(share=(0.25, 0.5)), with_plants_down=True),
        "banks_not_changed": Row((12, 72), 3, with_plants_down=True),
        "short_filled": Row((12, 72), 3, _between(fill_share=(0.5, 0.85)), with_plants_down=True),
        "reserve_loss": Row((12, 60), 3, _between(loss_bar_per_h=(1.5, 12))),
        "stock_low": Row((3, 10), 3, _between(hours_left_h=(0.8, 9), duty_min=(5, 40)), with_plants_down=True),
        "tanker_missing": Row((24, 96), 3, _between(level_pct=(18, 30))),
        "builder_iced": Row((2, 12), 3, _between(above_nominal_bar=(0.5, 1.6))),
        "economiser_stuck": Row((36, 90), 3),
        "vacuum_lost": Row((12, 60), 3, _between(boil_off_times=(6, 15))),
        "concentrator_worn": Row((24, 96), 4, _one_of(purity_pct=(70.0, 78.0, 84.5))),
        "gateway_offline": Row((0.3, 12), 5),
        "gateway_flaps": Row((1, 12), 3, _between(down_s=(30, 90), every_s=(150, 400))),
        "site_dark": Row((0.5, 12), 4),
        "clock_1970": Row((0.5, 6), 3),
        "clock_offset": Row((0.5, 12), 3, _one_of(offset_s=(19_800.0, 3_600.0, -3_600.0))),
        "duplicates": Row((2, 24), 2),
        "reordered": Row((2, 24), 2),
    }
)
"""Every fault but those of transmitters."""

CREEPING = Row((15 * DAY_H, 25 * DAY_H), 1, _between(drift_pct_per_h=(0.006, 0.012)))
"""A purity drift that takes weeks: what a forecast is for."""


@dataclass(frozen=True, slots=True)
class Sensor:
    """A signal whose transmitter may fail. `jump`, `drift_per_h` and `reads` are in its unit; `reads` is what no working one gives."""

    kind: str
    signal: str
    jump: float
    drift_per_h: float
    reads: float


SENSORS = (
    Sensor("pipeline", "line_pressure_bar", 1.2, 0.05, -4.0),
    Sensor("pipeline", "o2_flow_lpm", 150.0, 20.0, -999.0),
    Sensor("psa_plant", "o2_purity_pct", 6.0, -0.5, 655.35),
    Sensor("psa_plant", "air_receiver_bar", 2.0, 0.1, 99.0),
    Sensor("psa_plant", "feed_air_temp_c", 15.0, 1.0, -99.0),
    Sensor("psa_plant", "product_tank_bar", 1.0, -0.1, 99.0),
    Sensor("manifold", "bank_a_bar", 30.0, -2.0, -40.0),
    Sensor("manifold", "reserve_bar", 30.0, -2.0, 655.35),
    Sensor("lox_tank", "level_pct", 8.0, -0.5, 110.5),
    Sensor("lox_tank", "tank_pressure_bar", 1.5, 0.1, -9.0),
    Sensor("concentrator", "o2_purity_pct", 6.0, -0.5, 655.35),
)
SENSOR_FAULTS: Mapping[str, tuple[tuple[float, float], Callable[[Sensor, Random], Parameters]]] = MappingProxyType(
    {
        "sensor_stuck": ((3, 24), lambda _s, _: {}),
        "sensor_silent": ((0.3, 12), lambda _s, _: {}),
        "sensor_out_of_range": ((0.3, 12), lambda s, _: {"reads": s.reads}),
        "sensor_jumps": ((1, 12), lambda s, rng: {"jump": s.jump, "share": round(rng.uniform(0.05, 0.3), 2)}),
        "sensor_drifts": ((6, 24), lambda s, _: {"drift_per_h": s.drift_per_h}),
        "sensor_noisy": ((2, 24), lambda _s, rng: {"times": round(rng.uniform(5, 20), 1)}),
    }
)
"""Fault → hours that it lasts, and its parameters at a sensor. Each comes once a year at every signal of SENSORS that the site has."""

METER = Row((24, 96), 2, _one_of(factor=(0.4, 0.6, 1.7)))
METERED = ("pipeline", "manifold")
CONTACT = Row((0.5, 6), 3)


def plan(site: Site, start_ms: int, days: float, rng: Random, thin: float = 1.0) -> list[Fault]:
    """The faults of a site in so many days; `thin` is the share of the faults of a year (or of the days' part of it) that come."""
    planner = _Planner(site, start_ms, days, rng, thin * days / 365)
    for name, row in ROWS.items():
        planner.add(name, row)
    planner.add("purity_drift", CREEPING)
    for kind in METERED:
        planner.add("flow_meter_wrong", METER, kind)
    planner.add("contact_chatters", CONTACT)
    for sensor in SENSORS:
        planner.add_sensor(sensor)
    return sorted(planner.faults, key=lambda fault: fault.start_ms)


class _Planner:
    def __init__(self, site: Site, start_ms: int, days: float, rng: Random, share: float) -> None:
        self.faults: list[Fault] = []
        self._site, self._start_ms, self._days, self._rng, self._share = site, start_ms, days, rng, share
        self._plants = [asset.id for asset in site.assets if isinstance(asset, PsaPlant)]
        self._lox_first = not self._plants and any(isinstance(asset, LoxTank) for asset in site.assets)

    def add(self, name: str, row: Row, kind: str = "") -> None:
        assets = [asset.id for asset in self._site.assets if asset.kind == (kind or FAULTS[name].target)]
        if not assets or (row.with_plants_down and self._lox_first):
            return
        for _ in range(self._count(row.times)):
            fault = self._put(name, self._rng.choice(assets), row.hours, row.strength(self._rng, self._site))
            if fault and row.with_plants_down:
                self._trip_all(fault)

    def add_sensor(self, sensor: Sensor) -> None:
        assets = [asset.id for asset in self._site.assets if asset.kind == sensor.kind]
        for name, (hours, parameters) in SENSOR_FAULTS.items():
            for _ in range(self._count(1) if assets else 0):
                at_sensor: Parameters = {"signal": sensor.signal, **parameters(sensor, self._rng)}
                self._put(name, self._rng.choice(assets), hours, at_sensor)

    def _count(self, times: int) -> int:
        """In less than a year, chance decides about the rest."""
        wanted = times * self._share
        return int(wanted) + (self._rng.random() < wanted % 1)

    def _put(self, name: str, asset: str, hours: tuple[float, float], parameters: Parameters) -> Fault | None:
        """At a time at which the asset does not have that fault already; None where none was found or there is no room."""
        most_h = (self._days - 2 * QUIET_DAYS) * DAY_H
        length_h = min(self._rng.uniform(*hours), most_h / 2)
        if length_h <= 0:
            return None
        for _ in range(20):
            start_ms = self._start_ms + round((QUIET_DAYS * DAY_H + self._rng.uniform(0, most_h - length_h)) * HOUR_MS)
            fault = Fault(name, self._site.id, asset, start_ms, start_ms + round(length_h * HOUR_MS), parameters)
            if not any(_touch(fault, other) for other in self.faults):
                self.faults.append(fault)
                return fault
        return None

    def _trip_all(self, fault: Fault) -> None:
        for plant in self._plants:
            trip = Fault("plant_trip", self._site.id, plant, fault.start_ms - HOUR_MS // 2, fault.end_ms)
            self.faults = [other for other in self.faults if other.name != "plant_trip" or not _touch(trip, other)]
            self.faults.append(trip)


def _touch(one: Fault, other: Fault) -> bool:
    """The same fault at the same asset, at once or almost."""
    apart_ms = round(APART_H * HOUR_MS)
    same = (one.name, one.asset) == (other.name, other.asset)
    return same and one.start_ms < other.end_ms + apart_ms and other.start_ms < one.end_ms + apart_ms


def names_planned() -> Iterator[str]:
    """Every fault that a plan may hold."""
    yield from ROWS
    yield from SENSOR_FAULTS
    yield from ("flow_meter_wrong", "contact_chatters")
