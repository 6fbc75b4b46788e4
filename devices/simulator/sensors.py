"""What a transmitter makes of a true value: noise, resolution, and its own faults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from random import Random
from types import MappingProxyType

from devices.signal import Value
from devices.simulator.faults import Active, Fault

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
    "compressor_discharge_bar": (0.02, 2),
    "tower_a_bar": (0.02, 2),
    "tower_b_bar": (0.02, 2),
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
    "compressor_load_h": (0.0, 1),
    "run_h": (0.0, 1),
    "rssi_dbm": (1.5, 0),
    "clock_offset_s": (0.01, 2),
}
"""Signal → standard deviation of one reading, in the signal's unit, and decimals that a gateway sends. Others are sent as they are."""

RING_BITS = 15

SIGNED = frozenset({"bank_temp_c", "room_temp_c", "feed_air_temp_c", "air_dewpoint_c", "product_dewpoint_c", "rssi_dbm", "clock_offset_s"})


_ACCURACY = {name: (sigma, decimals, name in SIGNED) for name, (sigma, decimals) in NOISE.items()}


@cache
def _normals() -> tuple[float, ...]:
    """Standard normal numbers, drawn once: each reading takes its noise from a random place of the ring, which costs a third of drawing."""
    rng = Random("noise")  # noqa: S311
    return tuple(rng.gauss(0.0, 1.0) for _ in range(1 << RING_BITS))


def measure(values: dict[str, Value], rng: Random) -> dict[str, Value]:
    """The values as transmitters report them. Exactly zero stays zero: meters cut off at low flow."""
    read, ring, place = dict(values), _normals(), rng.getrandbits(RING_BITS)
    for name, value in values.items():
        if value.__class__ is float and name in _ACCURACY:
            sigma, decimals, signed = _ACCURACY[name]
            if value and sigma:
                noisy = round(value + sigma * ring[place], decimals)
                read[name] = noisy if signed or noisy > 0.0 else 0.0
                place -= 1
            else:
                read[name] = round(value, decimals)
    return read


class Transmitters:
    """Faults of single transmitters. A stuck one repeats the first value that it read during its fault."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._held: dict[tuple[str, str], Value] = {}

    def pass_on(self, asset: str, values: dict[str, Value], active: Active, now_ms: int) -> dict[str, Value]:
        """The values that leave the transmitters; a silent signal is missing."""
        if self._held and not active.get("sensor_stuck", asset):
            self._held = {key: value for key, value in self._held.items() if key[0] != asset}
        for fault in active.of(asset):
            spoil = _SPOILS.get(fault.name)
            if spoil is not None and (signal := fault.text("signal")) in values:
                values = values | {signal: spoil(self, fault, values[signal], now_ms)}
        silent = active.get("sensor_silent", asset)
        if silent:
            values = {name: value for name, value in values.items() if name != silent.text("signal")}
        return values

    def _holds(self, fault: Fault, value: Value, _now_ms: int) -> Value:
        return self._held.setdefault((fault.asset, fault.text("signal")), value)

    def _jumps(self, fault: Fault, value: Value, _now_ms: int) -> Value:
        if self._rng.random() >= fault.number("share"):
            return value
        return _rounded(fault, float(value) + self._rng.choice((-1, 1)) * fault.number("jump"))

    def _drifts(self, fault: Fault, value: Value, now_ms: int) -> Value:
        return _rounded(fault, float(value) + fault.number("drift_per_h") * fault.hours_since_start(now_ms))

    def _hums(self, fault: Fault, value: Value, _now_ms: int) -> Value:
        sigma = NOISE[fault.text("signal")][0] * fault.number("times")
        return _rounded(fault, float(value) + self._rng.gauss(0.0, sigma))

    def _chatters(self, fault: Fault, value: Value, _now_ms: int) -> Value:
        return not value if self._rng.random() < fault.number("share") else value


def _rounded(fault: Fault, value: float) -> float:
    signal = fault.text("signal")
    read = round(value, NOISE[signal][1])
    return read if signal in SIGNED else max(0.0, read)


_SPOILS: Mapping[str, Callable[[Transmitters, Fault, Value, int], Value]] = MappingProxyType(
    {
        "sensor_stuck": Transmitters._holds,
        "sensor_jumps": Transmitters._jumps,
        "sensor_drifts": Transmitters._drifts,
        "sensor_noisy": Transmitters._hums,
        "sensor_out_of_range": lambda _, fault, _value, _now_ms: fault.number("reads"),
        "flow_meter_wrong": lambda _, fault, value, _now_ms: _rounded(fault, float(value) * fault.number("factor")),
        "contact_chatters": Transmitters._chatters,
    }
)
"""Fault → what it makes of a reading, in the order in which the faults began."""
