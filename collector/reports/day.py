"""The facility-day: what one hospital's equipment said on one day of its own calendar, in the fields that authorities asked for. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import msgspec

from collector.backtest.block import AssetBlock, Block
from collector.outputs import StockEvent, Transition
from collector.reports.curve import Figures, Span, covered_ms, figures, hold_ms, spans, time_in, while_in
from collector.reports.fields import NAMES
from devices.assets import Asset, Concentrator, CylinderStore, LoxTank, PsaPlant, Site, display_name

Values: TypeAlias = dict[str, float | str | None]
RUNNING = frozenset({"running_on_spec", "running_off_spec"})
FUNCTIONAL = RUNNING | {"starting", "standby"}
DOWN = frozenset({"fault", "off"})
UNHEARD_KINDS = frozenset({"cylinder_store", "gateway"})
"""Kinds that have no say in the completeness: counted by hand, or heard through the others."""
ACK_MS = 900_000
SPEC_PCT, FUNCTIONAL_PCT = 90.0, 82.0


class StockRow(NamedTuple):
    """A stock estimate of the day; None: unknown."""

    at_ms: int
    now_h: float | None = None
    on_site_h: float | None = None
    demand_lpm: float | None = None
    expected_lpm: float | None = None


class Past(NamedTuple):
    """What is known of one day of one site. `transitions` None: the log of alarms does not reach back so far."""

    block: Block
    stock: Sequence[StockRow]
    events: Sequence[StockEvent]
    transitions: Sequence[Transition] | None


class FacilityDay(msgspec.Struct, frozen=True, kw_only=True):
    """`values` by the names of `collector.reports.fields`; `plants` the same of each plant. Null: nobody measured it."""

    facility: str
    name: str
    district: str
    region: str
    date: str
    from_ms: int
    until_ms: int
    generated_ms: int
    values: Values
    plants: list[dict[str, Any]] = []


def facility_day(site: Site, date: str, past: Past, generated_ms: int) -> FacilityDay:
    block = past.block
    by_id = {each.asset: each for each in block.assets}
    plants = [_plant(asset, by_id.get(asset.id), block.end_ms) for asset in site.assets if isinstance(asset, PsaPlant)]
    found: Values = {
        "completeness_pct": _completeness(site.assets, by_id, block),
        **_beds(site),
        **_demand(past.stock, block),
        **_lox([asset for asset in site.assets if isinstance(asset, LoxTank)], by_id, block, past.events),
        **_psa([asset for asset in site.assets if isinstance(asset, PsaPlant)], plants),
        **_cylinders([asset for asset in site.assets if isinstance(asset, CylinderStore)], by_id, past.events),
        **_concentrators([asset for asset in site.assets if isinstance(asset, Concentrator)], by_id),
        **_autonomy(past.stock),
        **(alarm_counts(past.transitions, block.end_ms) if past.transitions is not None else {}),
    }
    return FacilityDay(
        facility=site.id,
        name=display_name(site),
        district=site.district,
        region=site.region,
        date=date,
        from_ms=block.start_ms,
        until_ms=block.end_ms,
        generated_ms=generated_ms,
        values={name: _rounded(found.get(name)) for name in NAMES},
        plants=[{name: _rounded(value) for name, value in plant.items()} for plant in plants],
    )


def _completeness(assets: Iterable[Asset], by_id: Mapping[str, AssetBlock], block: Block) -> float | None:
    length = block.end_ms - block.start_ms
    shares = [
        covered_ms(by_id[asset.id].times, block.end_ms, hold_ms(asset.interval_s)) / length if asset.id in by_id else 0.0
        for asset in assets
        if asset.kind not in UNHEARD_KINDS
    ]
    return 100.0 * sum(shares) / len(shares) if shares and length > 0 else None


def _beds(site: Site) -> Values:
    beds = site.beds
    total = beds.ward + beds.hdu + beds.icu
    if not total:  # not declared
        return {}
    return {"beds_total": total, "beds_ward": beds.ward, "beds_hdu": beds.hdu, "beds_icu": beds.icu}


def _demand(stock: Sequence[StockRow], block: Block) -> Values:
    """Each estimate is of the minute before it."""
    expected = [row.expected_lpm for row in stock if row.expected_lpm is not None]
    days = (block.end_ms - block.start_ms) / 86_400_000
    found: Values = {"demand_expected_m3": sum(expected) / len(expected) * 1.44 * days if expected else None}
    measured = [(row.at_ms, row.demand_lpm) for row in stock if row.demand_lpm is not None]
    if not measured:
        return found
    held = list(spans([at for at, _ in measured], [value for _, value in measured], block.end_ms, 180_000))
    all_of_it = figures(held)
    found["demand_mean_lpm"], found["demand_peak_lpm"] = all_of_it.mean, all_of_it.high
    found["demand_measured_m3"] = all_of_it.mean * all_of_it.for_ms / 60_000_000 if all_of_it.mean is not None else None
    found["demand_measured_pct"] = 100 * all_of_it.for_ms / (block.end_ms - block.start_ms)
    return found


def _lox(tanks: Sequence[LoxTank], by_id: Mapping[str, AssetBlock], block: Block, events: Sequence[StockEvent]) -> Values:
    if not tanks:
        return {"lox_tanks": 0}
    ends = [_level_kg(tank, by_id.get(tank.id), block.end_ms) for tank in tanks]
    opening, closing = _sum([each.first for each in ends]), _sum([each.last for each in ends])
    names = {tank.id for tank in tanks}
    received = sum(event.kg or 0.0 for event in events if event.asset in names and event.event in {"fill", "refill"})
    known = opening is not None and closing is not None
    return {
        "lox_tanks": len(tanks),
        "lox_capacity_kg": sum(tank.capacity_kg for tank in tanks),
        "lox_opening_kg": opening,
        "lox_closing_kg": closing,
        "lox_received_kg": received if known else None,
        "lox_consumed_kg": opening + received - closing if opening is not None and closing is not None else None,
    }


def _level_kg(tank: LoxTank, said: AssetBlock | None, end_ms: int) -> Figures:
    kg = figures(_curve(said, "level_kg", end_ms, tank.interval_s))
    if kg.first is not None:
        return kg
    pct = figures(_curve(said, "level_pct", end_ms, tank.interval_s))
    scale: Callable[[float | None], float | None] = lambda each: None if each is None else each * tank.capacity_kg / 100  # noqa: E731
    return Figures(pct.for_ms, scale(pct.low), scale(pct.mean), scale(pct.high), scale(pct.first), scale(pct.last))


def _plant(asset: PsaPlant, said: AssetBlock | None, end_ms: int) -> dict[str, Any]:
    """One plant; None where nothing was heard."""
    states = list(_curve(said, "state", end_ms, asset.interval_s))
    running: Callable[[str], list[Span]] = lambda name: while_in(_curve(said, name, end_ms, asset.interval_s), states, RUNNING)  # noqa: E731
    purity_curve = running("o2_purity_pct")
    purity, outlet, flow = figures(purity_curve), figures(running("outlet_pressure_bar")), figures(running("o2_flow_lpm"))
    filled = figures(_curve(said, "filled_count", end_ms, asset.interval_s))
    return {
        "plant": asset.id,
        "name": display_name(asset),
        "rated_lpm": asset.rated_flow_lpm,
        "state": states[-1].value if states else None,
        "run_h": time_in(states, lambda value: value in RUNNING) / 3_600_000 if states else None,
        "downtime_min": time_in(states, lambda value: value in DOWN) / 60_000 if states else None,
        "starts": _starts(states) if states else None,
        "produced_m3": _produced_m3(flow, states),
        "purity_min_pct": purity.low,
        "purity_mean_pct": purity.mean,
        "purity_max_pct": purity.high,
        "below_90_min": time_in(purity_curve, lambda value: float(value) < SPEC_PCT) / 60_000 if purity_curve else None,
        "outlet_min_bar": outlet.low,
        "outlet_mean_bar": outlet.mean,
        "cylinders_filled": filled.last - filled.first if filled.first is not None and filled.last is not None else None,
    }


def _produced_m3(flow: Figures, states: Sequence[Span]) -> float | None:
    """Nothing where it never ran; not known where it ran and no flow was measured."""
    if flow.mean is not None:
        return flow.mean * flow.for_ms / 60_000_000
    return 0.0 if states and not time_in(states, lambda value: value in RUNNING) else None


def _starts(states: Sequence[Span]) -> int:
    """From standing still to starting or running."""
    names = [span.value for span in states]
    return sum(before not in RUNNING | {"starting"} and after in RUNNING | {"starting"} for before, after in pairwise(names))


def _psa(assets: Sequence[PsaPlant], plants: Sequence[Mapping[str, Any]]) -> Values:
    if not assets:
        return {"psa_plants": 0}
    heard = [plant for plant in plants if plant["state"] is not None]
    means = [plant["purity_mean_pct"] for plant in plants if plant["purity_mean_pct"] is not None]
    outlets = [plant["outlet_mean_bar"] for plant in plants if plant["outlet_mean_bar"] is not None]
    found: Values = {
        "psa_plants": len(assets),
        "psa_rated_lpm": sum(asset.rated_flow_lpm for asset in assets),
        "psa_functional": sum(plant["state"] in FUNCTIONAL for plant in heard) if heard else None,
        "psa_purity_min_pct": min((p["purity_min_pct"] for p in plants if p["purity_min_pct"] is not None), default=None),
        "psa_purity_max_pct": max((p["purity_max_pct"] for p in plants if p["purity_max_pct"] is not None), default=None),
        "psa_purity_mean_pct": sum(means) / len(means) if means else None,
        "psa_outlet_min_bar": min((p["outlet_min_bar"] for p in plants if p["outlet_min_bar"] is not None), default=None),
        "psa_outlet_mean_bar": sum(outlets) / len(outlets) if outlets else None,
    }
    for name in ("run_h", "downtime_min", "starts", "produced_m3", "below_90_min", "cylinders_filled"):
        found[f"psa_{name}"] = _sum_known([plant[name] for plant in plants])
    return found


def _cylinders(stores: Sequence[CylinderStore], by_id: Mapping[str, AssetBlock], events: Sequence[StockEvent]) -> Values:
    if not stores:
        return {}
    full = [_first_last(by_id.get(store.id), "full_count") for store in stores]
    empty = [_first_last(by_id.get(store.id), "empty_count") for store in stores]
    opening, closing = _sum([each[0] for each in full]), _sum([each[1] for each in full])
    names = {store.id for store in stores}
    counted = [event.cylinders or 0.0 for event in events if event.asset in names and event.event in {"fill", "refill", "delivery"}]
    received = sum(counted)
    return {
        "cylinders_full_opening": opening,
        "cylinders_full_closing": closing,
        "cylinders_received": received if opening is not None else None,
        "cylinders_used": opening + received - closing if opening is not None and closing is not None else None,
        "cylinders_empty": _sum([each[1] for each in empty]),
    }


def _concentrators(units: Sequence[Concentrator], by_id: Mapping[str, AssetBlock]) -> Values:
    last = [_first_last(by_id.get(unit.id), "o2_purity_pct")[1] for unit in units]
    heard = [value for value in last if value is not None]
    return {
        "concentrators_total": len(units),
        "concentrators_heard": len(heard) if units else None,
        "concentrators_functional": sum(value >= FUNCTIONAL_PCT for value in heard) if heard else None,
    }


def _autonomy(stock: Sequence[StockRow]) -> Values:
    now = [row.now_h for row in stock if row.now_h is not None]
    on_site = [row.on_site_h for row in stock if row.on_site_h is not None]
    return {
        "hours_left_now_lowest": min(now, default=None),
        "hours_left_on_site_lowest": min(on_site, default=None),
        "hours_left_now_last": now[-1] if now else None,
    }


def alarm_counts(transitions: Sequence[Transition], end_ms: int) -> Values:
    """Alarms raised in the period, each at the highest priority that it reached there."""
    raised: dict[str, Transition] = {}
    priority: dict[str, str] = {}
    answered: dict[str, int] = {}
    late = 0
    for t in transitions:
        late += t.event == "discovered_late"
        if t.event == "raised" and t.annunciate:
            raised[t.occurrence], priority[t.occurrence] = t, t.priority
        elif t.event == "escalated" and t.occurrence in priority:
            priority[t.occurrence] = t.priority
        elif t.event in {"acknowledged", "cleared", "shelved"}:
            answered.setdefault(t.occurrence, t.evaluated_ms)
    slow = [
        name for name, t in raised.items()
        if priority[name] in {"high", "medium"} and answered.get(name, end_ms) - t.evaluated_ms > ACK_MS
    ]  # fmt: skip
    counts: Values = {f"alarms_{each}": sum(found == each for found in priority.values()) for each in ("high", "medium", "low")}
    return {**counts, "alarms_late": late, "alarms_unacked_15_min": len(slow)}


def _curve(said: AssetBlock | None, name: str, end_ms: int, interval_s: float) -> list[Span]:
    column = said.columns.get(name) if said is not None else None
    return list(spans(said.times, column, end_ms, hold_ms(interval_s))) if said is not None and column is not None else []


def _first_last(said: AssetBlock | None, name: str) -> tuple[float | None, float | None]:
    column = said.columns.get(name, ()) if said is not None else ()
    values = [float(value) for value in column if isinstance(value, float | int)]
    return (values[0], values[-1]) if values else (None, None)


def _sum(values: Sequence[float | None]) -> float | None:
    """Of all of them; None where one is not known: a part is no whole."""
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) and known else None


def _sum_known(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _rounded(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    return round(value, 3) if abs(value) < 100 else round(value, 1)
