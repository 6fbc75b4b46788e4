"""What can go wrong, by name: a fault has a true start, a true end and a cause, so that an alarm can be judged against it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

Parameter: TypeAlias = float | str


@dataclass(frozen=True, slots=True)
class FaultKind:
    """`target` is the kind of asset that it befalls; `defaults` are its parameters, with their units in their names."""

    target: str
    cause: str
    defaults: Mapping[str, Parameter]


def _kind(target: str, cause: str, **defaults: Parameter) -> FaultKind:
    return FaultKind(target, cause, MappingProxyType(defaults))


FAULTS: Mapping[str, FaultKind] = MappingProxyType(
    {
        # the pipeline and what hangs on it
        "leak": _kind("pipeline", "a hose or terminal unit lets oxygen out", leak_lpm=150.0),
        "demand_surge": _kind("pipeline", "more patients need oxygen than usual", extra_lpm=400.0),
        "pressure_loss": _kind("pipeline", "the line regulator closes partly", pressure_share=0.7),
        "overpressure": _kind("pipeline", "the line regulator fails open", pressure_share=1.3),
        # the plant
        "plant_trip": _kind("psa_plant", "the compressor trips on over-temperature"),
        "plant_maintenance": _kind("psa_plant", "the plant is stopped for service"),
        "plant_left_idle": _kind("psa_plant", "staff leave the plant in stand-by after work on it", state="standby"),
        "mains_lost": _kind("psa_plant", "the mains fails and the generator takes over", genset_after_s=20.0),
        "power_lost": _kind("psa_plant", "the mains fails and the generator does not start"),
        "start_fails": _kind("psa_plant", "after a stop the sieve does not reach its purity", best_pct=89.0),
        "purity_drift": _kind("psa_plant", "the sieve takes up moisture and loses capacity", drift_pct_per_h=1.0),
        "tower_stuck": _kind("psa_plant", "a valve of a tower sticks", falls_pct_per_min=2.0),
        "co2_breakthrough": _kind("psa_plant", "the sieve lets carbon dioxide through", co2_ppm=420.0),
        "tank_drain_open": _kind("psa_plant", "the drain of the product tank is left open", drain_lpm=2000.0),
        "analyser_offset": _kind("psa_plant", "the analyser is calibrated with the wrong gas", offset_pct=3.5),
        "analyser_failed": _kind("psa_plant", "the analyser fails and the controller repeats its last value"),
        # the air before the plant
        "compressor_hot": _kind("psa_plant", "the cooler of the compressor is blocked", rise_c=45.0),
        "belt_slips": _kind("psa_plant", "the belt of the compressor slips", air_share=0.6),
        "receiver_leak": _kind("psa_plant", "the drain of the air receiver stays open", loss_bar=2.8),
        "feed_air_hot": _kind("psa_plant", "the after-cooler is fouled", rise_c=18.0),
        "room_hot": _kind("psa_plant", "the ventilation of the plant room fails", rise_c=22.0),
        "dryer_failed": _kind("psa_plant", "the air dryer has lost its refrigerant", dewpoint_c=18.0, loss_pct_per_h=0.4),
        "exhaust_drawn_in": _kind("psa_plant", "the generator's exhaust is drawn in with the air", co_ppm=8.0),
        "filter_clogs": _kind("psa_plant", "the air filter clogs", rise_bar_per_h=0.02),
        "oxygen_in_room": _kind("psa_plant", "a flange of the product tank lets oxygen into the plant room", leak_lpm=80.0),
        "nitrogen_in_room": _kind("psa_plant", "the waste gas of the plant stays in its room", room_o2_pct=18.0),
        # banks, reserve, liquid, concentrators
        "changeover_failure": _kind("manifold", "the change-over valve sticks", duty_min=15.0),
        "cross_leak": _kind("manifold", "the non-return valve between the banks leaks", share=0.4),
        "banks_not_changed": _kind("manifold", "nobody changes the empty bank"),
        "short_filled": _kind("manifold", "the filler sends cylinders that are not full", fill_share=0.7),
        "reserve_loss": _kind("manifold", "a pigtail of the reserve bank leaks", loss_bar_per_h=4.0),
        "stock_low": _kind("manifold", "deliveries stop and cylinders are not changed", hours_left_h=5.8, duty_min=6.0),
        "tanker_missing": _kind("lox_tank", "the tanker does not come", level_pct=24.0),
        "builder_iced": _kind("lox_tank", "the pressure-building coil is iced over", above_nominal_bar=1.0),
        "economiser_stuck": _kind("lox_tank", "the economiser is stuck shut"),
        "vacuum_lost": _kind("lox_tank", "the jacket of the tank has lost its vacuum", boil_off_times=10.0),
        "concentrator_worn": _kind("concentrator", "the sieve of the concentrator is spent", purity_pct=78.0),
        # transmitters: these may befall any asset
        "sensor_stuck": _kind("pipeline", "the transmitter repeats its last value", signal="line_pressure_bar"),
        "sensor_silent": _kind("pipeline", "the transmitter's wire is broken", signal="line_pressure_bar"),
        "sensor_out_of_range": _kind("pipeline", "the transmitter's loop is open", signal="line_pressure_bar", reads=-4.0),
        "sensor_jumps": _kind("pipeline", "a loose contact makes the reading jump", signal="line_pressure_bar", jump=1.2, share=0.1),
        "sensor_drifts": _kind("pipeline", "the transmitter drifts", signal="line_pressure_bar", drift_per_h=0.1),
        "sensor_noisy": _kind("pipeline", "the transmitter's shield is open and it picks up hum", signal="line_pressure_bar", times=12.0),
        "flow_meter_wrong": _kind("pipeline", "dirt makes the flow meter read wrong", signal="o2_flow_lpm", factor=0.6),
        "contact_chatters": _kind("psa_plant", "a loose wire makes a contact chatter", signal="mains_ok", share=0.5),
        # gateways and networks
        "gateway_offline": _kind("gateway", "the gateway loses its network and stores what it reads"),
        "gateway_flaps": _kind("gateway", "the radio link of the gateway comes and goes", down_s=60.0, every_s=240.0),
        "site_dark": _kind("gateway", "all gateways of the site are without power and store nothing"),
        "clock_1970": _kind("gateway", "the gateway starts without a clock and counts from 1970"),
        "clock_offset": _kind("gateway", "the gateway stamps local time as if it were UTC", offset_s=19_800.0),
        "duplicates": _kind("gateway", "lost acknowledgements make the gateway send messages twice", share=0.3),
        "reordered": _kind("gateway", "the network delivers messages out of order", share=0.3, delay_s=40.0),
    }
)
"""The delivery faults (those of a gateway) befall all assets that report through it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault at one asset, from `start_ms` up to but not including `end_ms`. Parameters that are not given have the kind's defaults."""

    name: str
    site: str
    asset: str
    start_ms: int
    end_ms: int
    parameters: Mapping[str, Parameter] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.name not in FAULTS:
            raise ValueError(f"no fault {self.name!r}; known: {', '.join(FAULTS)}")
        if not self.start_ms < self.end_ms:
            raise ValueError(f"fault {self.name!r} ends ({self.end_ms}) before it starts ({self.start_ms})")
        known = FAULTS[self.name].defaults
        if unknown := sorted(set(self.parameters) - set(known)):
            raise ValueError(f"fault {self.name!r} has no parameter {unknown[0]!r}; known: {', '.join(known) or 'none'}")

    def number(self, parameter: str) -> float:
        return float(self.parameters.get(parameter, FAULTS[self.name].defaults[parameter]))

    def text(self, parameter: str) -> str:
        return str(self.parameters.get(parameter, FAULTS[self.name].defaults[parameter]))

    def hours_since_start(self, now_ms: int) -> float:
        return (now_ms - self.start_ms) / 3_600_000

    def truth(self) -> str:
        """The line of the truth file."""
        kind = FAULTS[self.name]
        facts: dict[str, object] = {
            "fault": self.name,
            "site": self.site,
            "asset": self.asset,
            "start_ms": self.start_ms,
            "end_ms": self.end_ms,
        }
        return json.dumps(facts | {"cause": kind.cause} | dict(kind.defaults) | dict(self.parameters))


class Active:
    """The faults of one site that hold at one moment, found by name and asset, or by asset."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._found = {(fault.name, fault.asset): fault for fault in faults}
        self._by_asset: dict[str, tuple[Fault, ...]] = {}
        for fault in self._found.values():
            self._by_asset[fault.asset] = (*self._by_asset.get(fault.asset, ()), fault)

    def get(self, name: str, asset: str) -> Fault | None:
        return self._found.get((name, asset))

    def named(self, name: str) -> list[Fault]:
        return [fault for fault in self._found.values() if fault.name == name]

    def of(self, asset: str) -> tuple[Fault, ...]:
        return self._by_asset.get(asset, ())

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._found.values())

    def __len__(self) -> int:
        return len(self._found)


NONE_ACTIVE = Active()


def active_at(faults: Iterable[Fault], now_ms: int) -> Active:
    holding = [fault for fault in faults if fault.start_ms <= now_ms < fault.end_ms]
    return Active(holding) if holding else NONE_ACTIVE


class Timeline:
    """The faults of one site in the order of time. `at` is asked for moments that grow; it gives the same `Active` until one of the faults
    begins or ends."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self._faults = tuple(faults)
        self._edges_ms = sorted({edge for fault in self._faults for edge in (fault.start_ms, fault.end_ms)}, reverse=True)
        self._active = NONE_ACTIVE

    def at(self, now_ms: int) -> Active:
        changed = False
        while self._edges_ms and self._edges_ms[-1] <= now_ms:
            self._edges_ms.pop()
            changed = True
        if changed:
            self._active = active_at(self._faults, now_ms)
        return self._active
