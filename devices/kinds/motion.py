"""How the true value behind an analogue transmitter can move: what moves otherwise, or never, is a fault of its sensor. Pure.

Numbers are engineering judgement from the sizes of the equipment, on the generous side. What is an emergency when it is true (purity,
gases, the air of a room) may do anything: it is never told away as a bad sensor. A signal that is not here (a count, a code, a counter, the
saw-tooth of a tower) is not judged at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf


@dataclass(frozen=True, slots=True)
class Motion:
    """`resolution` is the last digit that a usual transmitter gives. `rise_per_s` and `fall_per_s` are the fastest that is credible (inf:
    it may step), `slack` is allowed on top, for scatter and rounding; all in the signal's unit. `why` is the reason."""

    resolution: float
    why: str
    rise_per_s: float = inf
    fall_per_s: float = inf
    slack: float = 0.0

    @property
    def may_step(self) -> bool:
        return self.rise_per_s == inf and self.fall_per_s == inf


_VALVE = "a valve, a regulator or a leak moves it at once"
_FLOW = "a valve opens and closes"
_EMERGENCY = "an emergency when it is true: never told away as a bad sensor"
_BANK = Motion(
    0.1,
    "a refill or a swap lifts it at once; 1 bar/s is 2,760 L/min out of one cylinder of 46.7 L, and the header of an empty bank that is"
    " vented falls by about 10 bar",
    fall_per_s=1.0,
    slack=3.0,
)
_ROOM = Motion(0.1, "the air of a room, and the metal in it", 0.1, 0.1, 2.0)
_VESSEL = Motion(0.01, "a vessel of some 100 L that is filled and emptied through valves", 1.0, 1.0, 0.5)

MOTIONS: dict[str, dict[str, Motion]] = {
    "psa_plant": {
        "o2_purity_pct": Motion(0.1, _EMERGENCY),
        "o2_flow_lpm": Motion(1.0, _FLOW),
        "outlet_pressure_bar": Motion(0.01, _VALVE),
        "product_tank_bar": _VESSEL,
        "air_receiver_bar": _VESSEL,
        "feed_air_temp_c": Motion(0.1, "a stream of air behind a cooler", 0.5, 0.5, 3.0),
        "room_temp_c": _ROOM,
        "air_dewpoint_c": Motion(0.1, "a dryer changes over"),
        "product_dewpoint_c": Motion(0.1, "a dryer changes over"),
        "co_ppm": Motion(0.1, _EMERGENCY),
        "co2_ppm": Motion(1.0, _EMERGENCY),
        "compressor_discharge_bar": Motion(0.01, "the compressor loads and unloads"),
        "compressor_discharge_temp_c": Motion(0.1, "oil and metal warm up and cool down", 2.0, 2.0, 5.0),
        "filter_dp_bar": Motion(0.001, "it goes with the flow"),
        "power_kw": Motion(0.1, "motors start and stop"),
        "ramp_bar": Motion(0.1, "cylinders are connected and vented"),
        "room_o2_pct": Motion(0.1, _EMERGENCY),
    },
    "pipeline": {
        "line_pressure_bar": Motion(0.01, _VALVE),
        "o2_flow_lpm": Motion(1.0, _FLOW),
        "o2_purity_pct": Motion(0.1, _EMERGENCY),
    },
    "manifold": {
        "bank_a_bar": _BANK,
        "bank_b_bar": _BANK,
        "reserve_bar": _BANK,
        "bank_temp_c": _ROOM,
        "outlet_pressure_bar": Motion(0.01, _VALVE),
        "o2_flow_lpm": Motion(1.0, _FLOW),
    },
    "lox_tank": {
        "level_pct": Motion(0.1, "a tanker fills in minutes; no draw empties a tank in half an hour", 2.0, 0.05, 2.0),
        "level_kg": Motion(10.0, "its speed depends on the size of the tank"),
        "level_dp_mbar": Motion(0.1, "as the level in %, for 5 m of liquid", 10.0, 0.25, 15.0),
        "tank_pressure_bar": Motion(0.01, "filling from the top lets it fall by bars within a minute, no faster", 0.2, 0.2, 0.5),
    },
    "concentrator": {
        "o2_purity_pct": Motion(0.1, _EMERGENCY),
        "o2_flow_lpm": Motion(0.1, "somebody turns its valve"),
        "outlet_pressure_kpa": Motion(1.0, _VALVE),
        "power_w": Motion(1.0, "its compressor starts and stops"),
    },
}
"""Kind → signal → how it can move."""
