"""The pipeline of a hospital, or one zone of it. Pure."""

from __future__ import annotations

from devices.kinds.kind import kind, number

PIPELINE = kind(
    "pipeline",
    "Pipeline, or one zone of it",
    number("line_pressure_bar", "Pressure after the main or zone valve. Normal: within 10 % of the nominal pressure.", (-0.2, 16)),
    number("o2_flow_lpm", "Flow into the pipeline or zone.", (-25, 20_000)),
    number("o2_purity_pct", "Oxygen in the line: 90–96 from a PSA plant, 99 or more from liquid or cylinders.", (0, 100), (90, 100)),
)
