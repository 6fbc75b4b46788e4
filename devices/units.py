"""The units that names of signals end with. Pure."""

from __future__ import annotations

OUR_UNITS: dict[str, str] = {
    "bar": "bar",
    "kpa": "kPa",
    "mbar": "mbar",
    "lpm": "L/min",
    "pct": "%",
    "ppm": "ppm",
    "c": "°C",
    "kg": "kg",
    "kw": "kW",
    "w": "W",
    "kwh": "kWh",
    "h": "h",
    "s": "s",
    "dbm": "dBm",
    "count": "count",
}
"""Last part of a signal's name → how people write that unit. `Signal.unit` is the key: `o2_flow_lpm` is in `lpm`."""
