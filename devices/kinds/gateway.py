"""The device that reads the others and publishes for them. Pure."""

from __future__ import annotations

from devices.kinds.kind import contact, counter, free_text, kind, number

GATEWAY = kind(
    "gateway",
    "Telemetry gateway",
    contact("online", "True while the gateway is connected."),
    counter("uptime_s", "Time since its last start.", 4_294_967_295),
    number("rssi_dbm", "Strength of its radio signal.", (-150, 0), (-95, 0)),
    number("clock_offset_s", "Its clock minus the true time.", (-4_294_967_295, 4_294_967_295), (-60, 60)),
    number("battery_pct", "Charge of its battery.", (0, 100), (20, 100)),
    free_text("firmware", "Version of its firmware."),
)
