"""What is drawn from the stock now, what the site needs with its plants lost, and what to plan with. Pure.

A flow meter is preferred to the slope of the content wherever a fresh one is there (domain reference 2.5); where nothing is fresh, what was
measured last is held for a day with growing bounds; after it, and before there is any data, the usual demand or that of the beds stands in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple

from collector.stock.demand import QUARTER_MS, Flow, Plants, Week
from collector.stock.series import HOUR_MS, MINUTE_MS
from collector.stock.sources import Fall, ManifoldTrack, TankTrack
from collector.stock.span import NOTHING, Span, add, around, larger, minus, widened

FORGET_MS = 24 * HOUR_MS
"""A measured demand older than this yields to the usual one."""
DRIFT_SHARE = 0.07
"""How much the demand may have moved in the half hour that a slope lags behind."""
WIDEN_PER_HOUR = 0.10
WIDEN_MOST = 0.5
TRUSTED_SE_LPM = 10.0
TRUSTED_SE_SHARE = 0.25
"""A slope with a larger error than both says less than the usual demand does."""


class Rate(NamedTuple):
    """A flow and the words for where it comes from."""

    flow: Span
    method: str


@dataclass(frozen=True, slots=True)
class Meters:
    """All of a site that says how much flows. `usual` is the demand that the beds lead one to expect, None without beds."""

    manifolds: Sequence[ManifoldTrack]
    tanks: Sequence[TankTrack]
    plants: Plants
    lines: Sequence[Flow]
    week: Week
    beds: Span | None

    def prior(self, now_ms: int) -> Rate | None:
        """The demand to expect without measuring: of this hour on the last days, of all hours, of the beds, or else of the plants' size."""
        rated_lpm = sum(plant.rated_lpm for plant in self.plants.by_asset.values())
        found = (
            (self.week.same_hour(now_ms), "this hour of the last days"),
            (self.week.typical(now_ms), "the last days"),
            (self.beds, "beds"),
            (Span(0.0, rated_lpm, rated_lpm) if rated_lpm else None, "rated flow of the plants"),
        )
        return next((Rate(flow, method) for flow, method in found if flow is not None), None)

    # ---- what is measured

    def line(self, at_ms: int, back_ms: int) -> Span | None:
        """The mean flow of the line (or of all zones) where every meter is fresh."""
        return _all_mean(self.lines, at_ms, back_ms, 0)

    def stock(self, at_ms: int, hours: int, since_ms: int = 0) -> Rate | None:
        """What left the stock: by the manifolds' flow meters where all are fresh and there is no tank, else by the slope of the content."""
        back_ms = hours * HOUR_MS if since_ms == 0 else QUARTER_MS
        metered = _all_mean([manifold.flow for manifold in self.manifolds], at_ms, back_ms, since_ms)
        if metered is not None and not self.tanks:
            return Rate(metered, "manifold flow")
        slope = self._slope(at_ms, hours, since_ms)
        return Rate(slope, "fall of the content") if slope is not None else None

    def _slope(self, at_ms: int, hours: int, since_ms: int) -> Span | None:
        on = self.plants.status(at_ms) == "on"
        falls = [
            f
            for m in self.manifolds
            for f in m.falls(since_ms, hours, None if on else _since(m))
            if at_ms - f.last_ms <= _kept_ms(m.fresh_ms)
        ]
        for tank in self.tanks:
            fall = tank.fall(since_ms, hours)
            if fall is not None and at_ms - fall.last_ms <= _kept_ms(tank.fresh_ms):
                falls.append(fall)
        prior = self.prior(at_ms)
        return together(falls, prior.flow.mid if prior else 0.0)

    # ---- what follows

    def measured(self, at_ms: int, hours: int) -> Rate | None:
        """The mean demand of the last hour, or six, as measured until then; None where it was not."""
        line = self.line(at_ms, hours * HOUR_MS)
        if line is not None:
            return Rate(line, "line flow")
        stock = self.stock(at_ms, hours)
        if stock is None:
            return None
        could_lpm = self.plants.could_deliver_lpm(at_ms)
        if could_lpm > 0:
            prior = self.prior(at_ms)
            mid = max(stock.flow.mid, prior.flow.mid if prior else 0.0)
            return Rate(Span(stock.flow.low, mid, max(mid, stock.flow.high + could_lpm)), f"{stock.method}, plant unknown")
        words = f"plant flow + {stock.method}" if self.plants.by_asset else stock.method
        return Rate(add([stock.flow, self.plants.mean(hours * HOUR_MS)]), words)

    def demand(self, now_ms: int, clock_ms: int, hours: int = 1) -> Rate | None:
        """The demand of the whole site, `clock_ms` being the time of its newest data."""
        held = self.measured(clock_ms, hours) if clock_ms else None
        age_ms = max(0, now_ms - clock_ms)
        prior = self.prior(now_ms)
        if held is None or (age_ms > FORGET_MS and prior is not None):
            return prior
        share = min(WIDEN_MOST, WIDEN_PER_HOUR * age_ms / HOUR_MS)
        return Rate(widened(held.flow, share), held.method if age_ms < 10 * MINUTE_MS else f"{held.method}, held")

    def draw(self, now_ms: int, demand: Rate | None) -> Rate | None:
        """What leaves the stock now. A plant counts only while it is known to deliver; what it may deliver unseen lowers the
        lower bound. While a plant that has stopped still feeds the line from its product tank, the draw is what it will be in minutes."""
        status = self.plants.status(now_ms)
        since_ms = self.plants.changed_ms
        metered = _all_now([manifold.flow for manifold in self.manifolds], now_ms, since_ms)
        line = _all_now(self.lines, now_ms, 0)
        buffered = status == "off" and line is not None and metered is not None and line.mid > metered.mid + line.high - line.mid
        if metered is not None and not self.tanks and not buffered:
            return Rate(metered, "manifold flow")
        if line is not None:
            return Rate(self._net(line, status, now_ms), "line flow" if status != "on" else "line flow - plant flow")
        stock = self.stock(now_ms, 1, since_ms)
        if stock is not None:
            return stock
        if demand is None:
            return None
        return Rate(self._net(demand.flow, status, now_ms), f"demand by {demand.method}" + (" - plant flow" if status == "on" else ""))

    def starved(self, now_ms: int, draw: Rate | None, plan: Rate | None) -> Rate | None:
        """The draw while the line's pressure fails: what flows then is less than what is wanted, and nothing flows at the end."""
        wanted = [rate for rate in (plan, self.prior(now_ms)) if rate is not None]
        if not wanted:
            return draw
        most = max(wanted, key=lambda rate: rate.flow.mid)
        return Rate(larger(most.flow, draw.flow) if draw else most.flow, f"{most.method}, as the line's pressure fails")

    def _net(self, demand: Span, status: str, now_ms: int) -> Span:
        if status == "on":
            return minus(demand, self.plants.delivers(now_ms))
        could_lpm = self.plants.could_deliver_lpm(now_ms)
        return Span(max(0.0, demand.low - could_lpm), demand.mid, demand.high)

    def plan(self, now_ms: int, clock_ms: int, demand: Rate | None, draw: Rate | None) -> Rate | None:
        """The largest of the demand of one hour, of six, of this hour on the last seven days, and of the draw."""
        six = self.measured(clock_ms, 6) if clock_ms else None
        same = self.week.same_hour(now_ms)
        same_rate = Rate(same, "this hour of the last days") if same is not None else None
        rates = [
            rate for rate in (demand, six._replace(method=f"{six.method} of 6 h") if six else None, same_rate, draw) if rate is not None
        ]
        if not rates:
            return None
        flow = NOTHING
        for rate in rates:
            flow = larger(flow, rate.flow)
        low = min(rate.flow.low for rate in rates)
        return Rate(flow._replace(low=low), max(rates, key=lambda rate: rate.flow.mid).method)


def together(falls: Sequence[Fall], prior_lpm: float) -> Span | None:
    """The draw from all sources: those that fall beyond doubt, or are in use, count; the errors of all add as squares. A rise (warming, a
    fill that goes on) counts as nothing. None where the error is so large that the usual demand says more, or nothing is known yet."""
    known = [fall for fall in falls if fall.slope is not None]
    if not known or any(fall.in_use and fall.slope is None for fall in falls):
        return None
    mid = sum(max(0.0, f.slope.fall_lpm) for f in known if f.slope is not None and (f.in_use or f.slope.fall_lpm > 2 * f.se_lpm))
    se_lpm = sqrt(sum(fall.se_lpm**2 for fall in known))
    if se_lpm > max(TRUSTED_SE_LPM, TRUSTED_SE_SHARE * max(mid, prior_lpm)):
        return None
    return around(mid, 2 * se_lpm + DRIFT_SHARE * mid)


def _since(manifold: ManifoldTrack) -> int | None:
    frozen = manifold.frozen()
    return frozen.since_ms if frozen else None


def _kept_ms(fresh_ms: int) -> int:
    """Points lag a minute or two behind the samples."""
    return fresh_ms + 5 * MINUTE_MS


def _all_mean(flows: Sequence[Flow], at_ms: int, back_ms: int, since_ms: int) -> Span | None:
    means = [flow.mean(back_ms, since_ms) for flow in flows if flow.fresh(at_ms)]
    found = [mean for mean in means if mean is not None]
    return add(found) if flows and len(found) == len(flows) else None


def _all_now(flows: Sequence[Flow], at_ms: int, since_ms: int) -> Span | None:
    found = [now for flow in flows if flow.fresh(at_ms) and (now := flow.now(since_ms)) is not None]
    return add(found) if flows and len(found) == len(flows) else None
