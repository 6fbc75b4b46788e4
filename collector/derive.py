"""What equipment does not say: the state of a plant whose controller gives none, and which source feeds; from what it does say. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from devices.signal import Value

FEEDING_SHARE = 0.05
"""A plant feeds when more than this share of its rated flow leaves it (domain reference 1.3)."""
FEEDING_LPM = 2.0
ON_SPEC_PCT = 90.0


def plant_state(values: Mapping[str, Value], rated_lpm: float) -> str | None:
    """The state of a plant from compressor, valve, flow and purity, where its controller gives none; None where that can't be said.

    Compressor faulty: fault; off: off; under load: it makes oxygen, on spec while the valve is open or gas flows and the purity is at least
    90 %, else off spec, or starting while nothing leaves it; unloaded: standby. Without a compressor's state flow alone decides.
    """
    compressor, flow = values.get("compressor_state"), values.get("o2_flow_lpm")
    valve, purity = values.get("product_valve_open"), values.get("o2_purity_pct")
    flows = valve is True or (isinstance(flow, float) and flow > FEEDING_SHARE * rated_lpm)
    if isinstance(compressor, str) and compressor != "load":
        return {"fault": "fault", "off": "off", "unload": "standby"}[compressor]
    if compressor is None and not flows:
        return None
    if not flows:
        return "starting"
    return "running_off_spec" if isinstance(purity, float) and purity < ON_SPEC_PCT else "running_on_spec"


class Outlet(NamedTuple):
    """A source and its latest values."""

    kind: str
    rated_lpm: float
    values: Mapping[str, Value]


def feeding(outlets: Iterable[Outlet]) -> str | None:
    """`psa`, `manifold`, `lox`, or `mixed` where several feed; None where nobody says.

    A manifold feeds when its flow meter says so; a plant when gas leaves it. A tank has no meter: it feeds where nobody else does.
    """
    found, tanks, known = set(), False, False
    for outlet in outlets:
        flow = outlet.values.get("o2_flow_lpm")
        if outlet.kind == "lox_tank":
            tanks = True
        elif isinstance(flow, float):
            known = True
            if outlet.kind == "manifold" and flow > FEEDING_LPM:
                found.add("manifold")
            if outlet.kind == "psa_plant" and flow > FEEDING_SHARE * outlet.rated_lpm:
                found.add("psa")
    if not found and tanks:
        return "lox" if known else None
    return "mixed" if len(found) > 1 else next(iter(found), None)
