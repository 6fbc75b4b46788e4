"""Named lists of faults, with times relative to the start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from devices.assets import Site
from devices.simulator.faults import FAULTS, Fault, Parameter

MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Planned:
    """A fault that is still to be given a site and a start."""

    fault: str
    start_min: float
    end_min: float
    parameters: Mapping[str, Parameter] = field(default_factory=dict)


_DEMO = (
    Planned("stock_low", 0, 40, {"hours_left_h": 5.0}),
    Planned("plant_trip", 1, 32),
    Planned("pressure_loss", 18, 23),
)
"""Deliveries have stopped; the plant trips and the bank drains: fewer than 6 h are left. Then a regulator fails for five minutes.
The plant comes back after half an hour, and with it a lorry."""


def _for(fault: str, hours: float, *also: Planned) -> tuple[Planned, ...]:
    """The fault an hour after the start, for so long, with others."""
    return (Planned(fault, 60, 60 + hours * 60), *also)


_LONGER: dict[str, tuple[Planned, ...]] = {
    "purity_drift": _for("purity_drift", 8),
    "changeover_failure": (Planned("changeover_failure", 55, 300), Planned("plant_trip", 60, 300)),
    "reserve_loss": _for("reserve_loss", 36),
    "stock_low": (Planned("stock_low", 60, 600), Planned("plant_trip", 90, 240)),
    "pressure_loss": (Planned("pressure_loss", 60, 75),),
    "overpressure": (Planned("overpressure", 60, 75),),
    "dryer_failed": _for("dryer_failed", 12),
    "compressor_hot": _for("compressor_hot", 4),
    "feed_air_hot": _for("feed_air_hot", 4),
    "room_hot": _for("room_hot", 6),
    "filter_clogs": _for("filter_clogs", 48),
    "cross_leak": (Planned("plant_trip", 55, 300), Planned("cross_leak", 60, 300)),
    "banks_not_changed": (Planned("plant_trip", 55, 1200), Planned("banks_not_changed", 60, 1200)),
    "short_filled": (Planned("plant_trip", 55, 900), Planned("short_filled", 60, 900)),
    "tanker_missing": _for("tanker_missing", 48),
    "builder_iced": _for("builder_iced", 5),
    "economiser_stuck": _for("economiser_stuck", 48),
    "vacuum_lost": _for("vacuum_lost", 12),
    "concentrator_worn": _for("concentrator_worn", 36),
    "sensor_drifts": _for("sensor_drifts", 8),
}

SCENARIOS: Mapping[str, tuple[Planned, ...]] = MappingProxyType(
    {"normal": (), "demo": _DEMO} | {name: _LONGER.get(name, (Planned(name, 60, 180),)) for name in FAULTS}
)
"""`normal` is free of faults; `demo` shows much in 40 minutes; the others have the name of the fault they show."""


def resolve(scenario: str, sites: Sequence[Site], start_ms: int) -> tuple[Fault, ...]:
    """The scenario's faults, at the first site that has every kind of asset they need.

    ValueError for an unknown scenario, and where no site has these kinds.
    """
    if scenario not in SCENARIOS:
        raise ValueError(f"no scenario {scenario!r}; known: {', '.join(SCENARIOS)}")
    planned = SCENARIOS[scenario]
    if not planned:
        return ()
    site = _site_for(scenario, sites)
    assets = _first_of_kind(site)
    return tuple(
        Fault(
            each.fault,
            site.id,
            assets[FAULTS[each.fault].target],
            start_ms + round(each.start_min * MINUTE_MS),
            start_ms + round(each.end_min * MINUTE_MS),
            each.parameters,
        )
        for each in planned
    )


def _site_for(scenario: str, sites: Sequence[Site]) -> Site:
    needed = {FAULTS[each.fault].target for each in SCENARIOS[scenario]}
    for site in sites:
        if needed <= {asset.kind for asset in site.assets}:
            return site
    raise ValueError(f"scenario {scenario!r} needs a site with {' and '.join(sorted(needed))}; none of the {len(sites)} sites has all")


def _first_of_kind(site: Site) -> dict[str, str]:
    return {asset.kind: asset.id for asset in reversed(site.assets)}
