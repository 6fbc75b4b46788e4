"""What the faults of a plant do to it: one value that holds until a fault begins or ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from devices.simulator.faults import Active, Fault


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a plant now; the defaults are a sound one.

    `stop` is "", or the state in which it is held: fault, maintenance, standby, off. `lost_pct` is taken from its purity, `drift_pct_per_h`
    takes ever more. `restarts`: it is stopped and started once, when this begins.
    """

    stop: str = ""
    lost_pct: float = 0.0
    drift_pct_per_h: float = 0.0
    restarts: bool = False
    tower_falls_pct_per_min: float = 0.0
    co_ppm: float | None = None
    co2_ppm: float | None = None
    drain_lpm: float = 0.0
    analyser_offset_pct: float = 0.0
    analyser_failed: bool = False
    compressor_rise_c: float = 0.0
    air_share: float = 1.0
    receiver_loss_bar: float = 0.0
    feed_rise_c: float = 0.0
    room_rise_c: float = 0.0
    dewpoint_c: float | None = None
    wet_pct_per_h: float = 0.0
    clogs_bar_per_h: float = 0.0
    room_leak_lpm: float = 0.0
    room_o2_pct: float | None = None


NO_TROUBLE = Trouble()
BEST_PCT = 95.2
"""What a sound sieve gives at a small flow."""

_EFFECTS: Mapping[str, Callable[[Fault], dict[str, Any]]] = MappingProxyType(
    {
        "plant_left_idle": lambda f: {"stop": f.text("state")},
        "plant_maintenance": lambda _: {"stop": "maintenance"},
        "plant_trip": lambda _: {"stop": "fault"},
        "start_fails": lambda f: {"restarts": True, "lost_pct": BEST_PCT - f.number("best_pct")},
        "purity_drift": lambda f: {"drift_pct_per_h": f.number("drift_pct_per_h")},
        "tower_stuck": lambda f: {"tower_falls_pct_per_min": f.number("falls_pct_per_min")},
        "co2_breakthrough": lambda f: {"co2_ppm": f.number("co2_ppm")},
        "exhaust_drawn_in": lambda f: {"co_ppm": f.number("co_ppm")},
        "tank_drain_open": lambda f: {"drain_lpm": f.number("drain_lpm")},
        "analyser_offset": lambda f: {"analyser_offset_pct": f.number("offset_pct")},
        "analyser_failed": lambda _: {"analyser_failed": True},
        "compressor_hot": lambda f: {"compressor_rise_c": f.number("rise_c")},
        "belt_slips": lambda f: {"air_share": f.number("air_share")},
        "receiver_leak": lambda f: {"receiver_loss_bar": f.number("loss_bar")},
        "feed_air_hot": lambda f: {"feed_rise_c": f.number("rise_c")},
        "room_hot": lambda f: {"room_rise_c": f.number("rise_c")},
        "dryer_failed": lambda f: {"dewpoint_c": f.number("dewpoint_c"), "wet_pct_per_h": f.number("loss_pct_per_h")},
        "filter_clogs": lambda f: {"clogs_bar_per_h": f.number("rise_bar_per_h")},
        "oxygen_in_room": lambda f: {"room_leak_lpm": f.number("leak_lpm")},
        "nitrogen_in_room": lambda f: {"room_o2_pct": f.number("room_o2_pct")},
    }
)
"""Fault → what it changes. Where two change the same, the later line holds."""


def trouble_of(active: Active, asset: str) -> Trouble:
    found = {fault.name: fault for fault in active.of(asset)}
    changes: dict[str, Any] = {}
    for name, effect in _EFFECTS.items():
        if name in found:
            changes.update(effect(found[name]))
    return Trouble(**changes) if changes else NO_TROUBLE
