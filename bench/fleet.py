"""Generated configurations, topics and payloads: what the benchmark publishes, and what the collector is told of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from devices.kinds.catalogue import KINDS
from devices.payloads.native import Reading, encode
from devices.signal import Signal, Value

EIGHT: dict[str, str] = {
    "o2_purity_pct": "93.41",
    "o2_flow_lpm": "412.5",
    "outlet_pressure_bar": "4.12",
    "product_tank_bar": "5.24",
    "air_receiver_bar": "7.13",
    "feed_air_temp_c": "28.5",
    "room_temp_c": "31.5",
    "power_kw": "29.71",
}
"""Eight quiet values of an oxygen plant, as text of fixed width."""

DECLARED = {
    "psa_plant": "rated_flow_lpm: 500",
    "pipeline": "nominal_bar: 4.1",
    "manifold": "banks: {a: {cylinders: 12, type: in-d}, b: {cylinders: 12, type: in-d}, reserve: {cylinders: 6, type: in-d}}",
    "lox_tank": "capacity_kg: 6000",
    "concentrator": "rated_flow_lpm: 10",
    "cylinder_store": "type: in-d",
    "gateway": "",
}
"""What the configuration has to say of an asset of each kind."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """`sites` sites, each with these assets: (id, kind). `quiet_for_h`: how long an asset may say nothing; 0 for the default."""

    sites: int
    assets: tuple[tuple[str, str], ...]
    quiet_for_h: float = 0.0

    def site_ids(self) -> list[str]:
        return [f"site-{n:05}" for n in range(self.sites)]

    def topics(self) -> list[str]:
        return [f"oxygrid/v1/{site}/{asset}" for site in self.site_ids() for asset, _ in self.assets]

    @property
    def signals(self) -> int:
        return self.sites * sum(len(KINDS[kind].signals) for _, kind in self.assets)

    @property
    def size(self) -> int:
        return self.sites * len(self.assets)

    def yaml(self) -> Iterator[str]:
        """The `sites` of a configuration, written as a person would."""
        yield "sites:"
        for site in self.site_ids():
            yield f"  - id: {site}"
            yield f"    name: {{en: Hospital {site}}}"
            yield "    district: kasganj"
            yield "    region: up"
            yield "    beds: {ward: 120, icu: 30}"
            yield "    assets:"
            for asset, kind in self.assets:
                declared = f", {DECLARED[kind]}" if DECLARED[kind] else ""
                declared += f", interval_s: {self.quiet_for_h * 1200:.0f}" if self.quiet_for_h else ""
                yield f"      - {{id: {asset}, kind: {kind}{declared}}}"


def zones(assets: int, per_site: int = 20) -> Fleet:
    """Pipelines only: each sends its pressure."""
    return Fleet(assets // per_site, tuple((f"line-{n:02}", "pipeline") for n in range(per_site)))


def plants(assets: int, per_site: int = 2) -> Fleet:
    """Oxygen plants only."""
    return Fleet(assets // per_site, tuple((f"psa-{n:02}", "psa_plant") for n in range(per_site)))


def mixed(signals: int) -> Fleet:
    """Hospitals of a country: a plant, a manifold, a pipeline and a dozen concentrators each, about that many signals in all."""
    assets = (("psa1", "psa_plant"), ("manifold", "manifold"), ("line", "pipeline"), *((f"conc-{n:02}", "concentrator") for n in range(12)))
    return Fleet(round(signals / Fleet(1, assets).signals), assets)


def every_signal(kind: str, ts_ms: int, seq: int) -> bytes:
    """A message with all signals of a kind, each where it is quiet."""
    return encode(Reading(ts=ts_ms, seq=seq, values={signal.name: quiet(signal) for signal in KINDS[kind].signals.values()}))


_QUIET: dict[str, Value] = {
    "state": "running_on_spec",
    "bank_in_use": "a",
    "compressor_state": "load",
    "line_pressure_bar": 4.1,
    "outlet_pressure_bar": 4.1,
    "product_tank_bar": 5.2,
    "outlet_pressure_kpa": 60.0,
    "bank_a_bar": 120.0,
    "bank_b_bar": 135.0,
    "reserve_bar": 140.0,
    "ramp_bar": 120.0,
    "mains_ok": True,
    "alarm_contact": False,
    "product_valve_open": True,
}


def quiet(signal: Signal) -> Value:
    """A value that no default rule minds."""
    if signal.name in _QUIET:
        return _QUIET[signal.name]
    if signal.type == "boolean":
        return False
    if signal.type == "state":
        return min(signal.states - {"fault"})
    if signal.type == "text":
        return "2.1.0"
    low, high = signal.normal or (0.0, min(signal.sane[1], 10.0))
    return round((low + high) / 2, 3)


def write_config(path: Path, fleet: Fleet, sections: Sequence[str]) -> Path:
    """A configuration file of the fleet and these other lines."""
    path.write_text("\n".join([*fleet.yaml(), *sections]) + "\n")
    return path
