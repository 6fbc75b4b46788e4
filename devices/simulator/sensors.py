"""What a transmitter makes of a true value: noise, resolution, and its own faults."""

from __future__ import annotations

from random import Random

from devices.signal import Value
from devices.simulator.faults import Active

NOISE: dict[str, tuple[float, int]] = {
    "line_pressure_bar": (0.008, 2),
    "outlet_pressure_bar": (0.008, 2),
    "product_tank_bar": (0.01, 2),
    "air_receiver_bar": (0.02, 2),
    "tank_pressure_bar": (0.02, 2),
    "bank_a_bar": (0.2, 1),
    "bank_b_bar": (0.2, 1),
    "reserve_bar": (0.2, 1),
    "bank_temp_c": (0.1, 1),
    "feed_air_temp_c": (0.2, 1),
    "room_temp_c": (0.1, 1),
    "compressor_discharge_temp_c": (0.4, 1),
    "air_dewpoint_c": (0.2, 1),
    "product_dewpoint_c": (0.4, 1),
    "o2_purity_pct": (0.05, 1),
    "o2_flow_lpm": (0.4, 1),
    "outlet_pressure_kpa": (0.4, 1),
    "power_w": (3.0, 0),
    "power_kw": (0.15, 1),
    "filter_dp_bar": (0.002, 3),
    "co_ppm": (0.05, 1),
    "co2_ppm": (0.8, 0),
    "room_o2_pct": (0.03, 1),
    "level_pct": (0.15, 1),
    "level_dp_mbar": (0.4, 1),
    "energy_kwh": (0.0, 1),
    "psa_run_h": (0.0, 1),
    "compressor_run_h": (0.0, 1),
    "run_h": (0.0, 1),
    "rssi_dbm": (1.5, 0),
    "clock_offset_s": (0.01, 2),
}
"""Signal → standard deviation of one reading, in the signal's unit, and decimals that a gateway sends. Others are sent as they are."""

SIGNED = frozenset({"bank_temp_c", "room_temp_c", "feed_air_temp_c", "air_dewpoint_c", "product_dewpoint_c", "rssi_dbm", "clock_offset_s"})


def measure(values: dict[str, Value], rng: Random) -> dict[str, Value]:
    """The values as transmitters report them. Exactly zero stays zero: meters cut off at low flow."""
    return {name: _reading(name, value, rng) if isinstance(value, float) and name in NOISE else value for name, value in values.items()}


def _reading(name: str, true: float, rng: Random) -> float:
    sigma, decimals = NOISE[name]
    if not true or not sigma:
        return round(true, decimals)
    read = round(true + rng.gauss(0.0, sigma), decimals)
    return read if name in SIGNED else max(0.0, read)


class Transmitters:
    """Faults of single transmitters. A stuck one repeats the first value that it read during its fault."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], Value] = {}

    def pass_on(self, asset: str, values: dict[str, Value], active: Active) -> dict[str, Value]:
        """The values that leave the transmitters; a silent signal is missing."""
        stuck, silent = active.get("sensor_stuck", asset), active.get("sensor_silent", asset)
        if stuck and (signal := stuck.text("signal")) in values:
            values = values | {signal: self._held.setdefault((asset, signal), values[signal])}
        elif not stuck and self._held:
            self._held = {key: value for key, value in self._held.items() if key[0] != asset}
        if silent:
            values = {name: value for name, value in values.items() if name != silent.text("signal")}
        return values
