"""A manifold: cylinders in two banks that take turns (duty and stand-by), and a reserve bank. Pure."""

from __future__ import annotations

from devices.kinds.kind import kind, number, state

MANIFOLD = kind(
    "manifold",
    "Cylinder manifold",
    number("bank_a_bar", "Pressure of bank A. Full: the fill pressure of its cylinders.", (-3.125, 250)),
    number("bank_b_bar", "Pressure of bank B.", (-3.125, 250)),
    number("reserve_bar", "Pressure of the reserve bank. Normal: at least half of the fill pressure, and not falling.", (-3.125, 250)),
    state("bank_in_use", "The bank that feeds the line.", "a", "b", "reserve"),
    number("bank_temp_c", "Temperature of the gas or of the manifold room; the content is computed with it.", (-40, 80), (-10, 65)),
    number("outlet_pressure_bar", "Pressure after the manifold's regulators.", (-0.2, 16)),
    number("o2_flow_lpm", "Flow out of the manifold.", (-25, 20_000)),
)
