"""A plant that makes oxygen from air by pressure swing adsorption. Pure.

The product is Oxygen 93: 90.0–96.0 % O₂ (European and US pharmacopoeias; WHO, Technical specifications for PSA oxygen plants, 8 June 2020).
The sieve does not hold argon back, so a plant alone can't exceed 20.946 / (20.946 + 0.934) = 95.7 %.
CO and CO₂: 5 ppm (Ph. Eur. 2455) and 300 ppm (USP Oxygen); product dew point −46 °C is 67 ppm of water (Ph. Eur. 2455).
"""

from __future__ import annotations

from devices.kinds.kind import code, contact, counter, kind, number, state

PSA_PLANT = kind(
    "psa_plant",
    "Oxygen plant (pressure swing adsorption)",
    state(
        "state",
        "What the plant does; almost every rule about a plant depends on it.",
        "off",
        "starting",
        "running_on_spec",
        "running_off_spec",
        "standby",
        "fault",
        "maintenance",
    ),
    code("fault_code", "The maker's number of the fault; 0 is none.", 4_294_967_295, (0, 0)),
    number("o2_purity_pct", "Oxygen in the product. Means nothing while starting, standing by or off.", (0, 100), (90, 96)),
    number("o2_flow_lpm", "Product flow. Normal: up to the rated flow.", (-25, 10_000)),
    number("outlet_pressure_bar", "Pressure at the outlet of the plant. Normal: at least the nominal distribution pressure.", (-0.2, 16)),
    contact("product_valve_open", "True while the plant feeds its product tank, false while it vents."),
    number("product_tank_bar", "Pressure of the product tank. Normal: nominal distribution pressure + 0.5 bar … 7 bar.", (-0.2, 16)),
    number("air_receiver_bar", "Pressure of the air receiver, before the towers.", (-0.2, 16), (5.5, 8)),
    number("feed_air_temp_c", "Air at the inlet of the towers; hot wet air destroys the sieve.", (-10, 90), (-10, 40)),
    number("room_temp_c", "Plant room.", (-10, 70), (5, 40)),
    number("air_dewpoint_c", "Pressure dew point after the air dryer (refrigerated: +2…+5, desiccant: −40 or lower).", (-80, 40), (-80, 5)),
    number("product_dewpoint_c", "Atmospheric dew point of the product.", (-90, 20), (-90, -46)),
    number("co_ppm", "Carbon monoxide in the product; a generator's exhaust at the air intake is the usual cause.", (-12.5, 1000), (-1, 1)),
    number("co2_ppm", "Carbon dioxide in the product.", (-62.5, 5000), (-5, 50)),
    state("analyser_state", "The oxygen analyser; its purity means nothing unless ok.", "ok", "warming_up", "fault"),
    number("tower_a_bar", "Pressure of tower A: a saw-tooth; sample it at least four times per half-cycle.", (-1, 12)),
    number("tower_b_bar", "Pressure of tower B.", (-1, 12)),
    state("tower_active", "The tower that makes oxygen, or equalise between the two.", "a", "b", "equalise"),
    number("cycle_time_s", "Length of one full cycle of both towers.", (0, 3600)),
    counter("cycle_count", "Cycles of the towers; must rise while the plant runs.", 4_294_967_295),
    state("compressor_state", "The air compressor.", "off", "unload", "load", "fault"),
    number("compressor_discharge_bar", "Pressure at the compressor's outlet.", (-0.2, 16)),
    number("compressor_discharge_temp_c", "Temperature at the compressor's outlet; makers trip it at 105–115.", (-10, 140), (-10, 100)),
    counter("compressor_run_h", "Running hours of the compressor.", 1_000_000),
    counter("compressor_load_h", "Hours of the compressor under load.", 1_000_000),
    counter("psa_run_h", "Running hours of the plant.", 1_000_000),
    number("filter_dp_bar", "Pressure lost in the air filters.", (-0.025, 2), (-0.025, 0.3)),
    number("power_kw", "Electrical power of the plant.", (0, 2000)),
    counter("energy_kwh", "Electrical energy used.", 1_000_000_000),
    contact("mains_ok", "The mains is there."),
    contact("genset_on", "The generator feeds the plant."),
    state("booster_state", "The booster compressor that fills cylinders.", "off", "unload", "load", "fault"),
    number("ramp_bar", "Pressure of the filling ramp. Normal: up to the fill pressure of the cylinders.", (-3.125, 250)),
    counter("filled_count", "Cylinders filled.", 4_294_967_295),
    number("room_o2_pct", "Oxygen in the air of the plant room: a danger to people below 19.5 or above 23.5.", (0, 100), (19.5, 23.5)),
)
