"""The stock of one site: what is observed goes to its sources and meters, and an estimate is put together from them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from collector.outputs import UNKNOWN, SourceStock, StockEstimate, StockEvent
from collector.stock.balance import Balance, beyond_zero
from collector.stock.burn import HELD_MS, Meters, Rate, leak_lpm, with_leaks
from collector.stock.content import Content, Open, Part, hours, less, with_stores
from collector.stock.demand import FLOOR_LPM, Week, beds_span
from collector.stock.events import changeover_event, fill_event, refill_event
from collector.stock.exchange import Exchange
from collector.stock.flow import Flow, FlowState
from collector.stock.idle import Idle
from collector.stock.level import LevelState, Rise
from collector.stock.manifold import Changeover, Losses, ManifoldState, ManifoldTrack, Refill
from collector.stock.plants import Plants, PlantState
from collector.stock.report import Rates, banks_of, manifold_stock, store_stock, tank_stock
from collector.stock.series import HOUR_MS, MINUTE_MS, WindowState
from collector.stock.span import NOTHING, Span
from collector.stock.store import StoreState, StoreTrack
from collector.stock.tank import TankTrack
from devices.assets import CylinderStore, LoxTank, Manifold, Pipeline, PsaPlant, Site
from devices.signal import Value

SIGNALS: frozenset[tuple[str, str]] = frozenset(
    {
        *(("manifold", name) for name in ("bank_a_bar", "bank_b_bar", "reserve_bar", "bank_in_use", "bank_temp_c", "o2_flow_lpm")),
        *(("lox_tank", name) for name in ("level_pct", "level_kg", "level_dp_mbar")),
        *(("psa_plant", name) for name in ("state", "o2_flow_lpm", "fault_code", "mains_ok", "genset_on")),
        ("pipeline", "o2_flow_lpm"),
        ("cylinder_store", "full_count"),
    }
)
"""The (kind, signal) pairs that `SiteStock.observe` reads; others are ignored."""
STUCK_BAR = 2.0
DRY_SHARE = 0.01
LOOK_EVERY_MS = MINUTE_MS


class StockState(msgspec.Struct, frozen=True):
    """Everything a SiteStock remembers, bounded: per source and meter at most 61 + 61 points, 168 hourly demands."""

    manifolds: dict[str, ManifoldState] = {}
    tanks: dict[str, LevelState] = {}
    stores: dict[str, StoreState] = {}
    plants: dict[str, PlantState] = {}
    lines: dict[str, FlowState] = {}
    week: WindowState = WindowState()
    clock_ms: int = 0
    idle: Idle = Idle()
    turned_ms: int = 0
    dry_ms: int = 0


class SiteStock:
    """The stock of one site. `state` goes on exactly where `dump` was taken; sources that the site no longer has are left out of it."""

    def __init__(self, site: Site, state: StockState | None = None) -> None:
        self.site = site.id
        self._lead_h = site.delivery_lead_hours
        manifolds = [asset for asset in site.assets if isinstance(asset, Manifold)]
        residual_bar = manifolds[0].residual_bar if manifolds else 10.0
        self._week = Week(site.zone)
        self._manifolds = {asset.id: ManifoldTrack(asset, self._week.local) for asset in manifolds}
        self._tanks = {asset.id: TankTrack(asset) for asset in site.assets if isinstance(asset, LoxTank)}
        self._stores = {asset.id: StoreTrack(asset, residual_bar) for asset in site.assets if isinstance(asset, CylinderStore)}
        self._plants = Plants.of([asset for asset in site.assets if isinstance(asset, PsaPlant)])
        pipelines = [asset for asset in site.assets if isinstance(asset, Pipeline)]
        whole = [asset for asset in pipelines if asset.zone is None] or pipelines
        self._lines = {asset.id: Flow(asset.interval_s) for asset in whole}
        sources = (tuple(self._manifolds.values()), tuple(self._tanks.values()))
        beds = beds_span(site.beds)
        self._expected_lpm = beds.bounded if beds else UNKNOWN
        self._takers: dict[str, Callable[[dict[str, Value], int], Sequence[Refill | Changeover | Rise]]] = {
            **{asset: manifold.take for asset, manifold in self._manifolds.items()},
            **{asset: tank.take for asset, tank in self._tanks.items()},
            **{asset: line.take for asset, line in self._lines.items()},
            **{asset: plant.take for asset, plant in self._plants.by_asset.items()},
        }
        self._meters = Meters(*sources, self._plants, tuple(self._lines.values()), self._week, beds)
        banks = [bank for manifold in self._manifolds.values() for bank in manifold.banks.values()]
        self._levels = (*(bank.level for bank in banks), *(tank.level for tank in self._tanks.values()))
        self._dry_l = DRY_SHARE * (sum(bank.size_l for bank in banks) + sum(tank.size_l for tank in self._tanks.values()))
        self._reserves = [(manifold, manifold.banks["reserve"]) for manifold in self._manifolds.values() if "reserve" in manifold.banks]
        self._balance = Balance(*sources, self._plants, tuple(self._lines.values()))
        self._idle = Idle()
        self._clock_ms = 0
        self._turned_ms = 0
        self._hour_end_ms = 0
        self._turn_ms = 0
        if state is not None:
            self._load(state)

    # ---- what happens

    def observe(self, asset: str, kind: str, values: dict[str, Value], event_ms: int) -> list[StockEvent]:
        """Take what one asset said. Returns the refills, fills, deliveries and changeovers that it makes sure."""
        if kind == "cylinder_store":
            return self._stores[asset].observe(self.site, values, event_ms) if asset in self._stores else []
        take = self._takers.get(asset)
        if take is None:
            return []
        if event_ms > self._clock_ms:
            if event_ms >= self._turn_ms:
                self._turn(event_ms)
            self._clock_ms = event_ms
        seen = take(values, event_ms)
        return [event for each in seen for event in self._told(asset, each)] if seen else []

    def _told(self, asset: str, seen: Refill | Changeover | Rise) -> list[StockEvent]:
        """In words. A refill is held against the store of that type: how many left it, and what those of a delivery turned out to be."""
        if isinstance(seen, Rise):
            return [fill_event(self.site, asset, seen, self._tanks[asset].capacity_kg)]
        if isinstance(seen, Changeover):
            return [changeover_event(self.site, asset, seen)]
        exchange = Exchange.of(seen.bank, seen.rise, temp_measured=self._manifolds[asset].temp_measured)
        counted: int | None = None
        checked: list[StockEvent] = []
        for store in self._stores.values():
            if store.type == seen.bank.type and counted is None:
                counted, checked = store.hang(self.site, exchange)
        return [refill_event(self.site, asset, seen.bank, seen.rise, exchange, counted), *checked]

    def _turn(self, event_ms: int) -> None:
        """Once a minute it is seen whether a plant is idle and whether any gas is left; at the end of a local hour its demand is
        remembered."""
        if event_ms >= self._hour_end_ms:
            measured = self._meters.measured(self._clock_ms, 1) if self._clock_ms else None
            if measured is not None:
                self._week.record(self._week.local.began_ms(self._clock_ms), measured.flow.mid)
            self._hour_end_ms = self._week.local.began_ms(event_ms) + HOUR_MS
        if self._plants.by_asset:
            self._idle = self._idle.at(event_ms, *self._idle_plants(event_ms))
        if self._is_dry(event_ms):
            self._meters.dry_ms = event_ms
        self._turned_ms = event_ms
        self._turn_ms = min(self._hour_end_ms, event_ms + LOOK_EVERY_MS)

    @property
    def heard_ms(self) -> int:
        """The event time of the newest of what was taken, 0 before anything was."""
        return self._clock_ms

    def _is_dry(self, now_ms: int) -> bool:
        """Nothing is left that could be drawn, and no plant is known to deliver."""
        left_l = -1.0
        for level in self._levels:
            if level.minutes.values:
                left_l = max(0.0, left_l) + level.minutes.values[-1]
        return 0.0 <= left_l < self._dry_l and self._plants.status(now_ms) != "on"

    def _idle_plants(self, now_ms: int) -> tuple[float, Span | None]:
        """What the plants could give besides, and what the stock gives; without a look at all meters where the manifolds' show nothing."""
        if self._meters.manifolds_rest(now_ms, FLOOR_LPM):
            return 0.0, NOTHING
        spare_lpm = self._plants.spare_lpm(now_ms)
        feed = self._meters.feed(now_ms) if spare_lpm else None
        return spare_lpm, feed.flow if feed else None

    # ---- what is asked

    def estimate(self, now_ms: int, *, pressure_fails: bool = False) -> StockEstimate:
        """`pressure_fails`: the line is below its pressure, so the flow says little of what is wanted."""
        meters = self._meters
        demand = meters.demand(now_ms, self._clock_ms)
        heard = self._clock_ms and now_ms - self._clock_ms < HELD_MS
        measured = meters.feed(self._clock_ms) if heard else None
        latest = meters.latest(self._clock_ms, measured) if heard else None
        feed = measured or meters.feed_held(now_ms, self._clock_ms)
        losses = [manifold.losses() for manifold in self._manifolds.values()]
        draw = with_leaks(feed, losses)
        plan = meters.plan(now_ms, self._clock_ms, demand, draw)
        if pressure_fails:
            draw = meters.starved(now_ms, draw, plan)
        content = self._content(draw)
        left = content.left(now_ms, draw)
        loose = [store.content() for store in self._stores.values()]
        on_site = with_stores(left, loose)
        rates = Rates(draw, plan, self._week.floor_lpm(now_ms))
        on_site_h = hours(on_site, plan, rates.floor_lpm)
        balance = self._balance.lpm(now_ms)
        usual = self._week.same_hour(now_ms)
        idle = self._idle if self._idle.known(now_ms) else None
        return StockEstimate(
            site=self.site,
            at_ms=now_ms,
            connected_now_h=hours(left, draw, rates.floor_lpm),
            connected_h=hours(left, plan, rates.floor_lpm),
            on_site_h=on_site_h,
            burn_lpm=draw.flow.bounded if draw else UNKNOWN,
            plan_lpm=plan.flow.bounded if plan else UNKNOWN,
            method=_method(draw, plan, content.stuck),
            sources=self._sources(feed, losses, loose, rates, now_ms),
            measured_ms=content.newest_ms,
            burn_method=draw.method if draw else "",
            burn_window_s=_seconds(draw),
            plan_method=plan.method if plan else "",
            plan_window_s=_seconds(plan),
            slack_h=less(on_site_h, self._lead_h),
            order_by_ms=self._order_by_ms(now_ms, on_site, rates),
            demand_lpm=demand.flow.bounded if demand and demand.window_ms and heard else UNKNOWN,
            demand_now_lpm=latest.flow.bounded if latest and latest.window_ms else UNKNOWN,
            usual_lpm=usual.bounded if usual else UNKNOWN,
            expected_lpm=self._expected_lpm,
            mass_balance_lpm=balance,
            unaccounted_lpm=beyond_zero(balance),
            leak_lpm=leak_lpm(losses),
            reserve_idle_h=self._reserve_idle_h(now_ms),
            idle_plant_lpm=idle.lpm if idle else None,
            idle_since_ms=idle.since_ms if idle else None,
            wasted_l=idle.wasted_l if idle else 0.0,
            manifolds=[manifold_stock(manifold, now_ms) for manifold in self._manifolds.values()],
        )

    def _reserve_idle_h(self, now_ms: int) -> float | None:
        """Of the one that has been idle for longest."""
        longest: float | None = None
        for manifold, bank in self._reserves:
            idle_h = manifold.idle_h(bank, now_ms)
            if idle_h is not None and (longest is None or idle_h > longest):
                longest = idle_h
        return longest

    def _order_by_ms(self, now_ms: int, on_site: Open | None, rates: Rates) -> int | None:
        """The lower bounds of stock and hours, the reserve banks left untouched. In the past: it is late already."""
        if on_site is None or rates.plan is None:
            return None
        usable_l = on_site.low
        for _, bank in self._reserves:
            usable_l -= bank.level.content_l
        gone_h = max(0.0, usable_l) / (60 * max(rates.floor_lpm, rates.plan.flow.high))
        return now_ms + round((gone_h - self._lead_h) * HOUR_MS)

    def _content(self, draw: Rate | None) -> Content:
        """All connected sources together."""
        parts: list[Part] = []
        stuck: list[str] = []
        for manifold in self._manifolds.values():
            since_ms = self._stuck_since(manifold, draw)
            stuck += [f"{manifold.asset}/{manifold.in_use}"] if since_ms else []
            spans = [(bank.content(manifold.temp_measured), bank.size_l) for bank in manifold.banks.values()]
            parts.append(Part(tuple(spans), manifold.measured_ms, manifold.as_of_ms, since_ms))
        for tank in self._tanks.values():
            parts.append(Part(((tank.content(), tank.size_l),), tank.measured_ms, tank.level.content[1], None))
        return Content(tuple(parts), tuple(stuck))

    def _stuck_since(self, manifold: ManifoldTrack, draw: Rate | None) -> int | None:
        """Since when the bank in use has stood still although the draw should have moved it by two bar; None where it has not."""
        frozen = manifold.frozen()
        if frozen is None or draw is None or manifold.measured_ms is None or self._plants.status(manifold.measured_ms) == "on":
            return None
        expected_bar = draw.flow.mid * (manifold.measured_ms - frozen.since_ms) / MINUTE_MS / frozen.bank.litres_per_bar
        return frozen.since_ms if expected_bar > STUCK_BAR else None

    def _sources(self, feed: Rate | None, losses: list[Losses], loose: list[Span | None], rates: Rates, now_ms: int) -> list[SourceStock]:
        alone = len(self._manifolds) == 1 and not self._tanks
        found: list[SourceStock] = []
        for manifold, lost in zip(self._manifolds.values(), losses, strict=True):
            found += banks_of(manifold, lost.decays, feed if alone else self._meters.feed_of(manifold, now_ms), rates, now_ms)
        found += [tank_stock(tank, rates) for tank in self._tanks.values()]
        return found + [store_stock(store, content, rates) for store, content in zip(self._stores.values(), loose, strict=True)]

    # ---- what is kept

    def dump(self) -> StockState:
        """A value of its own: nothing that is observed later changes it."""
        return StockState(
            manifolds={asset: manifold.dump() for asset, manifold in self._manifolds.items()},
            tanks={asset: tank.level.dump() for asset, tank in self._tanks.items()},
            stores={asset: store.state for asset, store in self._stores.items()},
            plants={asset: plant.dump() for asset, plant in self._plants.by_asset.items()},
            lines={asset: line.dump() for asset, line in self._lines.items() if line.last_ms},
            week=self._week.window.dump(),
            clock_ms=self._clock_ms,
            idle=self._idle,
            turned_ms=self._turned_ms,
            dry_ms=self._meters.dry_ms,
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
        self._clock_ms, self._turned_ms, self._idle = state.clock_ms, state.turned_ms, state.idle
        self._meters.dry_ms = state.dry_ms
        if self._clock_ms:
            self._hour_end_ms = self._week.local.began_ms(self._clock_ms) + HOUR_MS
            self._turn_ms = min(self._hour_end_ms, self._turned_ms + LOOK_EVERY_MS)


def _method(draw: Rate | None, plan: Rate | None, stuck: tuple[str, ...]) -> str:
    words = [f"draw: {draw.method}" if draw else "draw unknown", f"plan: {plan.method}" if plan else "plan unknown"]
    return "; ".join([*words, *(f"{source} stands still" for source in stuck)])


def _seconds(rate: Rate | None) -> float | None:
    return rate.window_ms / 1000 if rate is not None and rate.window_ms is not None else None
