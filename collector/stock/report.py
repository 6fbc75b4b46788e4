"""What an estimate says of each source. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import hypot

from collector.outputs import UNKNOWN, Bounded, ManifoldStock, SourceStock
from collector.stock.bank import Decay
from collector.stock.burn import Rate
from collector.stock.content import hours
from collector.stock.falls import SURE, drift_share
from collector.stock.manifold import ManifoldTrack
from collector.stock.span import Span, around
from collector.stock.store import StoreTrack
from collector.stock.tank import TankTrack


class Rates:
    """What the hours of a source are reckoned with: the draw on the stock, the demand to plan with, and the least to divide by."""

    __slots__ = ("draw", "floor_lpm", "plan")

    def __init__(self, draw: Rate | None, plan: Rate | None, floor_lpm: float) -> None:
        self.draw, self.plan, self.floor_lpm = draw, plan, floor_lpm

    def hours(self, content: Span | None) -> tuple[Bounded, Bounded]:
        return hours(content, self.draw, self.floor_lpm), hours(content, self.plan, self.floor_lpm)


def banks_of(
    manifold: ManifoldTrack, decays: Sequence[Decay | None], feed: Rate | None, rates: Rates, now_ms: int
) -> Iterator[SourceStock]:
    """Each bank with the content that was measured last (not counted down since). `feed` is what this manifold gives, None: not known."""
    for bank, decay in zip(manifold.banks.values(), decays, strict=True):
        in_use = bank.name == manifold.in_use
        content = bank.content(manifold.temp_measured)
        burn, method, window_s = _fed(feed) if in_use and feed else _lost(decay)
        now_h, plan_h = rates.hours(content)
        yield SourceStock(
            bank.source,
            "bank",
            content.bounded if content else UNKNOWN,
            bank.level.last_ms or None,
            in_use,
            bank.level.raw,
            bank.cylinders,
            now_h,
            plan_h,
            burn,
            method,
            window_s,
            Bounded(decay.lpm - decay.error_lpm, decay.lpm, decay.lpm + decay.error_lpm) if decay else UNKNOWN,
            decay.bar_h if decay else None,
            decay.sure if decay else False,
            manifold.idle_h(bank, now_ms),
        )


def _fed(feed: Rate) -> tuple[Bounded, str, float | None]:
    return feed.flow.bounded, feed.method, None if feed.window_ms is None else feed.window_ms / 1000


def _lost(decay: Decay | None) -> tuple[Bounded, str, float | None]:
    if decay is None:
        return UNKNOWN, "", None
    return around(decay.lpm, decay.error_lpm).bounded, "fall while idle", decay.span_ms / 1000


def tank_stock(tank: TankTrack, rates: Rates) -> SourceStock:
    content, fall = tank.content(), tank.fall(0)
    now_h, plan_h = rates.hours(content)
    slope = fall.slope if fall else None
    half_lpm = SURE * hypot(slope.se_lpm, drift_share(slope.span_ms) * slope.fall_lpm) if slope else 0.0
    return SourceStock(
        source=tank.asset,
        kind="lox",
        content_l=content.bounded if content else UNKNOWN,
        measured_ms=tank.measured_ms,
        now_h=now_h,
        plan_h=plan_h,
        burn_lpm=around(slope.fall_lpm, half_lpm).bounded if slope else UNKNOWN,
        burn_method="fall of the content" if slope else "",
        burn_window_s=slope.span_ms / 1000 if slope else None,
    )


def store_stock(store: StoreTrack, content: Span | None, rates: Rates) -> SourceStock:
    now_h, plan_h = rates.hours(content)
    known = content.bounded if content else UNKNOWN
    return SourceStock(store.asset, "store", known, store.measured_ms, cylinders=store.full, now_h=now_h, plan_h=plan_h)


def manifold_stock(manifold: ManifoldTrack, now_ms: int) -> ManifoldStock:
    seen = manifold.changeovers
    return ManifoldStock(manifold.asset, seen.total, manifold.changeovers_on(now_ms), seen.last_ms, seen.since_ms)
