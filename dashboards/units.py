"""Grafana's name for each unit that a name of ours ends with. Hours, litres and counts are written in signs, not in English words. Pure."""

from __future__ import annotations

UNITS = {
    "pct": "percent",
    "bar": "pressurebar",
    "kpa": "pressurekpa",
    "lpm": "suffix: L/min",
    "l": "suffix: L",
    "c": "celsius",
    "ppm": "ppm",
    "h": "suffix: h",
    "s": "s",
    "kw": "kwatt",
    "w": "watt",
    "bytes": "bytes",
    "ms": "dateTimeFromNow",
    "count": "short",
}
PCT, BAR, KPA, LPM, LITRES, CELSIUS, PPM, HOURS, SECONDS, WATT, BYTES, AGO = (
    UNITS[name] for name in ("pct", "bar", "kpa", "lpm", "l", "c", "ppm", "h", "s", "w", "bytes", "ms")
)
KWH_PER_M3 = "suffix: kWh/m³"
BAR_PER_H = "suffix: bar/h"
PER_S = "suffix: /s"
MINUTES = "suffix: min"
COUNT = "short"
TEXT = "string"
