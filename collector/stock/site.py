"""The stock of one site: what is observed goes to its sources and meters, and an estimate is put together from them. Pure."""

from __future__ import annotations

from collections import defaultdict

import msgspec

from collector.outputs import Bounded, SourceStock, StockEstimate, StockEvent
from collector.stock.burn import Meters, Rate
from collector.stock.content import Content, Part, hours, with_stores
from collector.stock.demand import Flow, FlowState, Plant, Plants, PlantState, Week, beds_span
from collector.stock.level import LevelState
from collector.stock.series import HOUR_MS, MINUTE_MS, WindowState
from collector.stock.sources import ManifoldState, ManifoldTrack, StoreState, StoreTrack, TankTrack, number
from devices.assets import CylinderStore, LoxTank, Manifold, Pipeline, PsaPlant, Site
from devices.signal import Value

SIGNALS: frozenset[tuple[str, str]] = frozenset(
    {
        *(("manifold", name) for name in ("bank_a_bar", "bank_b_bar", "reserve_bar", "bank_in_use", "bank_temp_c", "o2_flow_lpm")),
        *(("lox_tank", name) for name in ("level_pct", "level_kg", "level_dp_mbar")),
        *(("psa_plant", name) for name in ("state", "o2_flow_lpm")),
        ("pipeline", "o2_flow_lpm"),
        ("cylinder_store", "full_count"),
    }
)
"""The (kind, signal) pairs that `SiteStock.observe` reads; others are ignored."""
_READ = defaultdict(frozenset, {kind: frozenset(name for of, name in SIGNALS if of == kind) for kind, _ in SIGNALS})
STUCK_BAR = 2.0


class StockState(msgspec.Struct, frozen=True):
    """Everything a SiteStock remembers, bounded: per source and meter at most 61 + 61 points, 168 hourly demands."""

    manifolds: dict[str, ManifoldState] = {}
    tanks: dict[str, LevelState] = {}
    stores: dict[str, StoreState] = {}
    plants: dict[str, PlantState] = {}
    lines: dict[str, FlowState] = {}
    week: WindowState = WindowState()
    clock_ms: int = 0


class SiteStock:
    """The stock of one site. `state` goes on exactly where `dump` was taken; sources that the site no longer has are left out of it."""

    def __init__(self, site: Site, state: StockState | None = None) -> None:
        self.site = site.id
        manifolds = [asset for asset in site.assets if isinstance(asset, Manifold)]
        residual_bar = manifolds[0].residual_bar if manifolds else 10.0
        self._manifolds = {asset.id: ManifoldTrack(asset) for asset in manifolds}
        self._tanks = {asset.id: TankTrack(asset) for asset in site.assets if isinstance(asset, LoxTank)}
        self._stores = {asset.id: StoreTrack(asset, residual_bar) for asset in site.assets if isinstance(asset, CylinderStore)}
        self._plants = Plants({a.id: Plant(a.rated_flow_lpm, a.interval_s) for a in site.assets if isinstance(a, PsaPlant)})
        pipelines = [asset for asset in site.assets if isinstance(asset, Pipeline)]
        whole = [asset for asset in pipelines if asset.zone is None] or pipelines
        self._lines = {asset.id: Flow(asset.interval_s) for asset in whole}
        self._week = Week()
        self._meters = Meters(
            tuple(self._manifolds.values()),
            tuple(self._tanks.values()),
            self._plants,
            tuple(self._lines.values()),
            self._week,
            beds_span(site.beds),
        )
        self._clock_ms = 0
        if state is not None:
            self._load(state)

    # ---- what happens

    def observe(self, asset: str, kind: str, values: dict[str, Value], event_ms: int) -> list[StockEvent]:
        """Take what one asset said. Returns the refills, fills and changeovers that it makes sure."""
        if kind == "cylinder_store" and asset in self._stores:
            self._stores[asset].observe(values, event_ms)
            return []
        if _READ[kind].isdisjoint(values):
            return []
        self._turn_hour(event_ms)
        if kind == "manifold" and asset in self._manifolds:
            return self._manifolds[asset].observe(self.site, values, event_ms)
        if kind == "lox_tank" and asset in self._tanks:
            return self._tanks[asset].observe(self.site, values, event_ms)
        flow = number(values, "o2_flow_lpm")
        if kind == "psa_plant" and asset in self._plants.by_asset:
            state = values.get("state")
            self._plants.by_asset[asset].observe(state if isinstance(state, str) else None, flow, event_ms)
        elif kind == "pipeline" and asset in self._lines and flow is not None:
            self._lines[asset].observe(flow, event_ms)
        return []

    def _turn_hour(self, event_ms: int) -> None:
        """When the clock of the data enters an hour, the demand of the hour before is remembered."""
        if event_ms <= self._clock_ms:
            return
        hour_ms = event_ms // HOUR_MS * HOUR_MS
        if 0 < self._clock_ms < hour_ms:
            measured = self._meters.measured(self._clock_ms, 1)
            if measured is not None:
                self._week.record(self._clock_ms // HOUR_MS * HOUR_MS, measured.flow.mid)
        self._clock_ms = event_ms

    # ---- what is asked

    def estimate(self, now_ms: int, *, pressure_fails: bool = False) -> StockEstimate:
        """`pressure_fails`: the line is below its pressure, so the flow says little of what is wanted."""
        demand = self._meters.demand(now_ms, self._clock_ms)
        draw = self._meters.draw(now_ms, demand)
        plan = self._meters.plan(now_ms, self._clock_ms, demand, draw)
        if pressure_fails:
            draw = self._meters.starved(now_ms, draw, plan)
        content = self._content(draw)
        left = content.left(now_ms, draw)
        on_site = with_stores(left, self._stores.values())
        floor_lpm = self._week.floor_lpm(now_ms)
        return StockEstimate(
            site=self.site,
            at_ms=now_ms,
            connected_now_h=hours(left, draw, floor_lpm),
            connected_h=hours(left, plan, floor_lpm),
            on_site_h=hours(on_site, plan, floor_lpm),
            burn_lpm=draw.flow.bounded if draw else Bounded(),
            plan_lpm=plan.flow.bounded if plan else Bounded(),
            method=_method(draw, plan, content.stuck),
            sources=self._sources(),
            measured_ms=content.newest_ms,
        )

    def _content(self, draw: Rate | None) -> Content:
        """All connected sources together."""
        parts: list[Part] = []
        stuck: list[str] = []
        for manifold in self._manifolds.values():
            since_ms = self._stuck_since(manifold, draw)
            stuck += [f"{manifold.asset}/{manifold.in_use}"] if since_ms else []
            spans = [(bank.content(manifold.temp_measured), bank.size_l) for bank in manifold.banks.values()]
            parts.append(Part(tuple(spans), manifold.measured_ms, since_ms))
        for tank in self._tanks.values():
            parts.append(Part(((tank.content(), tank.size_l),), tank.measured_ms, None))
        return Content(tuple(parts), tuple(stuck))

    def _stuck_since(self, manifold: ManifoldTrack, draw: Rate | None) -> int | None:
        """Since when the bank in use has stood still although the draw should have moved it by two bar; None where it has not."""
        frozen = manifold.frozen()
        if frozen is None or draw is None or manifold.measured_ms is None or self._plants.status(manifold.measured_ms) == "on":
            return None
        expected_bar = draw.flow.mid * (manifold.measured_ms - frozen.since_ms) / MINUTE_MS / frozen.litres_per_bar
        return frozen.since_ms if expected_bar > STUCK_BAR else None

    def _sources(self) -> list[SourceStock]:
        found = [source for manifold in self._manifolds.values() for source in manifold.sources()]
        found += [tank.source() for tank in self._tanks.values()]
        return found + [store.source() for store in self._stores.values()]

    # ---- what is kept

    def dump(self) -> StockState:
        """A value of its own: nothing that is observed later changes it."""
        return StockState(
            manifolds={asset: manifold.dump() for asset, manifold in self._manifolds.items()},
            tanks={asset: tank.level.dump() for asset, tank in self._tanks.items()},
            stores={asset: store.state for asset, store in self._stores.items()},
            plants={asset: plant.dump() for asset, plant in self._plants.by_asset.items()},
            lines={asset: line.dump() for asset, line in self._lines.items()},
            week=self._week.window.dump(),
            clock_ms=self._clock_ms,
        )

    def _load(self, state: StockState) -> None:
        for asset, manifold in self._manifolds.items():
            manifold.load(state.manifolds.get(asset, ManifoldState()))
        for asset, tank in self._tanks.items():
            tank.level.load(state.tanks.get(asset, LevelState()))
        for asset, store in self._stores.items():
            store.state = state.stores.get(asset, StoreState())
        for asset, plant in self._plants.by_asset.items():
            plant.load(state.plants.get(asset, PlantState()))
        for asset, line in self._lines.items():
            line.load(state.lines.get(asset, FlowState()))
        self._week.window.load(state.week)
        self._clock_ms = state.clock_ms


def _method(draw: Rate | None, plan: Rate | None, stuck: tuple[str, ...]) -> str:
    words = [f"draw: {draw.method}" if draw else "draw unknown", f"plan: {plan.method}" if plan else "plan unknown"]
    return "; ".join([*words, *(f"{source} stands still" for source in stuck)])
