"""A bedside oxygen concentrator. Pure.

Below 82 % it must raise its own alarm (ISO 80601-2-69; PATH, Oxygen concentrator).
Its outlet gives 30–135 kPa (PATH, as above), too little to feed a pipeline.
"""

from __future__ import annotations

from devices.kinds.kind import contact, counter, kind, number

CONCENTRATOR = kind(
    "concentrator",
    "Oxygen concentrator",
    number("o2_purity_pct", "Oxygen in the product.", (0, 100), (87, 96)),
    number("o2_flow_lpm", "Product flow.", (-1, 100)),
    number("outlet_pressure_kpa", "Pressure at the outlet.", (-12.5, 1000), (30, 135)),
    number("power_w", "Electrical power; normal: less than 70 W per L/min.", (0, 10_000)),
    counter("run_h", "Running hours.", 1_000_000),
    contact("alarm_contact", "True while the device's own alarm is on."),
    contact("in_use", "True while a patient breathes from it."),
)
