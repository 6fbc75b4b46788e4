"""A vacuum-insulated tank of liquid oxygen. It reports its level in one of three ways. Pure."""

from __future__ import annotations

from devices.kinds.kind import kind, number

LOX_TANK = kind(
    "lox_tank",
    "Liquid oxygen tank",
    number("level_pct", "Level in % of the capacity (by mass).", (-1.25, 110), (20, 100)),
    number("level_kg", "Liquid in the tank, by mass.", (-1000, 300_000)),
    number(
        "level_dp_mbar",
        "Pressure at the bottom minus at the top; with the area of a vertical vessel it is a mass.",
        (-31.25, 2500),
    ),
    number("tank_pressure_bar", "Pressure in the tank. Normal: line pressure + 2 bar … 95 % of the relief setting.", (-0.625, 50)),
)
