"""What can go wrong, by name: a fault has a true start, a true end and a cause, so that an alarm can be judged against it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
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
        "leak": _kind("pipeline", "a hose or terminal unit lets oxygen out", leak_lpm=150.0),
        "plant_trip": _kind("psa_plant", "the compressor trips on over-temperature"),
        "plant_maintenance": _kind("psa_plant", "the plant is stopped for service"),
        "purity_drift": _kind("psa_plant", "the sieve takes up moisture and loses capacity", drift_pct_per_h=1.0),
        "pressure_loss": _kind("pipeline", "the line regulator closes partly", pressure_share=0.7),
        "changeover_failure": _kind("manifold", "the change-over valve sticks", duty_min=15.0),
        "reserve_loss": _kind("manifold", "a pigtail of the reserve bank leaks", loss_bar_per_h=4.0),
        "stock_low": _kind("manifold", "deliveries stop and cylinders are not changed", hours_left_h=5.8, duty_min=6.0),
        "sensor_stuck": _kind("pipeline", "the transmitter repeats its last value", signal="line_pressure_bar"),
        "sensor_silent": _kind("pipeline", "the transmitter's wire is broken", signal="line_pressure_bar"),
        "gateway_offline": _kind("gateway", "the gateway loses its network and stores what it reads"),
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
    """The faults of one site that hold at one moment, found by name and asset."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._found = {(fault.name, fault.asset): fault for fault in faults}

    def get(self, name: str, asset: str) -> Fault | None:
        return self._found.get((name, asset))

    def named(self, name: str) -> list[Fault]:
        return [fault for fault in self._found.values() if fault.name == name]

    def __len__(self) -> int:
        return len(self._found)


NONE_ACTIVE = Active()


def active_at(faults: Iterable[Fault], now_ms: int) -> Active:
    holding = [fault for fault in faults if fault.start_ms <= now_ms < fault.end_ms]
    return Active(holding) if holding else NONE_ACTIVE
