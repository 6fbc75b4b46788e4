"""What is drawn from the stock now, what the site needs with its plants lost, and what to plan with. Pure.

A flow meter is preferred to the fall of the content wherever a fresh one is there (domain reference 2.5); where nothing is fresh, what was
measured last is held for a day with growing bounds, and follows the hours of the day where these are known; after it, and before there is
any data, the usual demand or that of the beds stands in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from collector.stock.demand import Week
from collector.stock.falls import TRUSTED_SE_LPM, TRUSTED_SE_SHARE, Fall, together
from collector.stock.flow import Flow
from collector.stock.manifold import Losses, ManifoldTrack
from collector.stock.plants import Plants
from collector.stock.series import HOUR_MS, MINUTE_MS
from collector.stock.span import Span, add, larger, minus, scaled, widened
from collector.stock.tank import TankTrack

FORGET_MS = 24 * HOUR_MS
"""A measured demand older than this yields to the usual one."""
HELD_MS = 5 * MINUTE_MS
"""What was known when the site was last heard of is for so long what is known now."""
WIDEN_PER_HOUR = 0.10
WIDEN_MOST = 0.5
LONG_MS = 90 * MINUTE_MS
"""A slope over longer than this is of another hour of the day than now."""


class Rate(NamedTuple):
    """A flow, the words for where it comes from, and over how long it was measured (None: it was not)."""

    flow: Span
    method: str
    window_ms: int | None = None


@dataclass(slots=True)
class Meters:
    """All of a site that says how much flows. `beds` is the demand that the beds lead one to expect, None without beds; `dry_ms` is when
    the site was last without any gas: what flowed then was not what was wanted."""

    manifolds: Sequence[ManifoldTrack]
    tanks: Sequence[TankTrack]
    plants: Plants
    lines: Sequence[Flow]
    week: Week
    beds: Span | None
    dry_ms: int = 0

    def prior(self, now_ms: int) -> Rate | None:
        """The demand to expect without measuring: of this hour on the last days, of all hours, of the beds, or else of the plants' size."""
        same = self.week.same_hour(now_ms)
        if same is not None:
            return Rate(same, "this hour of the last days")
        typical = self.week.typical(now_ms)
        if typical is not None:
            return Rate(typical, "the last days")
        if self.beds is not None:
            return Rate(self.beds, "beds")
        rated_lpm = self.plants.rated_lpm
        return Rate(Span(0.0, rated_lpm, rated_lpm), "rated flow of the plants") if rated_lpm else None

    def _prior_lpm(self, now_ms: int) -> float:
        prior = self.prior(now_ms)
        return prior.flow.mid if prior else 0.0

    # ---- what is measured

    def mean(self, at_ms: int, hours: int) -> Rate | None:
        """What left the stock on average within the last hour, or six: by the flow meters of the manifolds, else by the content."""
        parts: list[Span] = []
        words: list[str] = []
        believed = self.plants.status(at_ms) == "on"
        for manifold in self.manifolds:
            metered = manifold.flow.mean(hours * HOUR_MS) if manifold.flow.fresh(at_ms) else None
            fell = None
            if metered is None and _is_fresh(manifold.drawn.last_ms, manifold.fresh_ms, at_ms):
                fell = manifold.mean(hours, None if believed else manifold.frozen())
            if (part := metered or fell) is None:
                return None
            parts.append(part)
            words.append("manifold flow" if metered else "fall of the content")
        for tank in self.tanks:
            fell = tank.mean(hours) if _is_fresh(tank.level.last_ms, tank.fresh_ms, at_ms) else None
            if fell is None:
                return None
            parts.append(self._turned(fell, tank.best_span_ms if hours == 1 else 0, at_ms, HOUR_MS))
            words.append("fall of the content")
        total = add(parts)
        return Rate(total, _joined(words), hours * HOUR_MS) if parts and self._says_something(total, at_ms) else None

    def _says_something(self, flow: Span, at_ms: int) -> bool:
        """A flow with a larger error than both says less than the usual demand does."""
        half_lpm = (flow.high - flow.low) / 2
        limit_lpm = 2 * TRUSTED_SE_LPM
        if half_lpm <= max(limit_lpm, 2 * TRUSTED_SE_SHARE * flow.mid):
            return True
        return half_lpm <= 2 * TRUSTED_SE_SHARE * self._prior_lpm(at_ms)

    def fall(self, at_ms: int, since_ms: int) -> Rate | None:
        """What leaves the stock now, as far as its meters and its content tell of it since then."""
        believed = self.plants.status(at_ms) == "on"
        metered: list[Span] = []
        falls: list[Fall] = []
        for manifold in self.manifolds:
            if manifold.flow.fresh(at_ms) and (now := manifold.flow.recent(since_ms)) is not None:
                metered.append(now[0])
                continue
            fall = manifold.fall(since_ms, None if believed else manifold.frozen())
            if fall is not None and _is_fresh(fall.last_ms, manifold.fresh_ms, at_ms):
                falls.append(fall)
        for tank in self.tanks:
            fall = tank.fall(since_ms)
            if fall is not None and _is_fresh(fall.last_ms, tank.fresh_ms, at_ms):
                falls.append(fall)
        if not falls:
            return None
        fallen = together(falls, self._prior_lpm(at_ms))
        if fallen is None:
            return None
        window_ms = max(fall.slope.span_ms for fall in falls if fall.slope is not None)
        fallen = self._turned(fallen, window_ms, at_ms, 0)
        return Rate(add([*metered, fallen]), _joined(["manifold flow"] * len(metered) + ["fall of the content"]), window_ms)

    def _turned(self, flow: Span, span_ms: int, at_ms: int, wanted_ms: int) -> Span:
        """A mean over so long as one over the last `wanted_ms`, by the hours of the day; not where plants give a part of the demand."""
        if span_ms <= LONG_MS or self.plants.by_asset:
            return flow
        return scaled(flow, self.week.turn(at_ms - span_ms // 2, at_ms - wanted_ms // 2))

    # ---- what follows

    def measured(self, at_ms: int, hours: int) -> Rate | None:
        """The mean demand of the last hour, or six, as measured until then; None where it was not."""
        if self._was_dry(at_ms, hours):
            return None
        line = _mean(self.lines, at_ms, hours * HOUR_MS)
        if line is not None:
            return Rate(line, "line flow", hours * HOUR_MS)
        stock = self.mean(at_ms, hours)
        if stock is None:
            return None
        could_lpm = self.plants.could_deliver_lpm(at_ms)
        if could_lpm > 0:
            mid = max(stock.flow.mid, self._prior_lpm(at_ms))
            return Rate(Span(stock.flow.low, mid, max(mid, stock.flow.high + could_lpm)), f"{stock.method}, plant unknown", stock.window_ms)
        if not self.plants.by_asset:
            return stock
        return Rate(add([stock.flow, self.plants.mean(hours * HOUR_MS)]), f"plant flow + {stock.method}", stock.window_ms)

    def _was_dry(self, at_ms: int, hours: int) -> bool:
        """Within the last hour, or six."""
        return self.dry_ms > 0 and at_ms - self.dry_ms < hours * HOUR_MS

    def demand(self, now_ms: int, clock_ms: int) -> Rate | None:
        """The demand of the whole site in the last hour, `clock_ms` being the time of its newest data."""
        return self._held(self.measured(clock_ms, 1) if clock_ms else None, HOUR_MS // 2, now_ms, clock_ms)

    def _held(self, measured: Rate | None, lag_ms: int, now_ms: int, clock_ms: int) -> Rate | None:
        """What was measured when the site was last heard of, and of the middle of which it is; after a day the usual."""
        age_ms = max(0, now_ms - clock_ms)
        if measured is None or age_ms > FORGET_MS:
            return self.prior(now_ms) or measured
        if age_ms < HELD_MS:
            return measured
        share = min(WIDEN_MOST, WIDEN_PER_HOUR * age_ms / HOUR_MS)
        flow = widened(scaled(measured.flow, self.week.turn(clock_ms - lag_ms, now_ms)), share)
        return Rate(flow, f"{measured.method}, held", measured.window_ms)

    def latest(self, at_ms: int, feed: Rate | None = None) -> Rate | None:
        """What the site took when it was last heard of, by the last quarter of an hour where that can be told, else by the last hour;
        `feed` where it is known already."""
        line = _now(self.lines, at_ms, 0)
        if line is not None:
            return line._replace(method="line flow")
        stock = feed or self.feed(at_ms)
        status = self.plants.status(at_ms)
        if stock is None or status == "unknown":
            return self.measured(at_ms, 1)
        if status == "off":
            return stock
        return Rate(add([stock.flow, self.plants.delivers(at_ms)]), f"plant flow + {stock.method}", stock.window_ms)

    def feed_of(self, manifold: ManifoldTrack, now_ms: int) -> Rate | None:
        """What one of several sources gives to the line now."""
        metered = _now([manifold.flow], now_ms, self.plants.changed_ms)
        return metered._replace(method="manifold flow") if metered else None

    def manifolds_rest(self, now_ms: int, least_lpm: float) -> bool:
        """All that can be drawn from are manifolds, and their meters show nothing."""
        if self.tanks:
            return False
        for manifold in self.manifolds:
            flow = manifold.flow
            if not flow.minutes.values or flow.minutes.values[-1] >= least_lpm or not flow.fresh(now_ms):
                return False
        return True

    def feed(self, now_ms: int) -> Rate | None:
        """What the stock gives to the line now, None where that is not measured. A plant counts only while it is known to deliver; what it
        may deliver unseen lowers the lower bound. While a plant that has stopped still feeds the line from its product tank, this is what
        it will be in minutes."""
        status = self.plants.status(now_ms)
        since_ms = self.plants.changed_ms
        metered = _now([manifold.flow for manifold in self.manifolds], now_ms, since_ms) if not self.tanks else None
        if metered is not None and status != "off":
            return metered._replace(method="manifold flow")
        line = _now(self.lines, now_ms, 0)
        if metered is not None and not (line is not None and line.flow.mid > metered.flow.mid + line.flow.high - line.flow.mid):
            return metered._replace(method="manifold flow")
        if line is not None:
            return Rate(self._net(line.flow, status, now_ms), "line flow" if status != "on" else "line flow - plant flow", line.window_ms)
        return self.fall(now_ms, since_ms)

    def feed_held(self, now_ms: int, clock_ms: int) -> Rate | None:
        """The same where it is not measured now: from what the site took when it was last heard of."""
        demand = self._held(self.latest(clock_ms) if clock_ms else None, 0, now_ms, clock_ms)
        if demand is None:
            return None
        status = self.plants.status(now_ms)
        words = f"demand by {demand.method}" + (" - plant flow" if status == "on" else "")
        return Rate(self._net(demand.flow, status, now_ms), words, demand.window_ms)

    def starved(self, now_ms: int, draw: Rate | None, plan: Rate | None) -> Rate | None:
        """The draw while the line's pressure fails: what flows then is less than what is wanted, and nothing flows at the end."""
        wanted = [rate for rate in (plan, self.prior(now_ms)) if rate is not None]
        if not wanted:
            return draw
        most = max(wanted, key=lambda rate: rate.flow.mid)
        flow = larger(most.flow, draw.flow) if draw else most.flow
        return Rate(flow, f"{most.method}, as the line's pressure fails", most.window_ms)

    def _net(self, demand: Span, status: str, now_ms: int) -> Span:
        if status == "on":
            return minus(demand, self.plants.delivers(now_ms))
        could_lpm = self.plants.could_deliver_lpm(now_ms)
        return Span(max(0.0, demand.low - could_lpm), demand.mid, demand.high)

    def plan(self, now_ms: int, clock_ms: int, demand: Rate | None, draw: Rate | None) -> Rate | None:
        """The largest of the demand of one hour, of six, of this hour on the last seven days, and of the draw; after a site ran dry that of
        all hours in the place of what was measured."""
        six = self.measured(clock_ms, 6) if clock_ms else None
        same = self.week.same_hour(now_ms)
        usual = self.week.typical(now_ms) if self._was_dry(clock_ms, 6) else None
        found = [rate for rate in (demand, draw) if rate is not None]
        if six is not None:
            found.append(Rate(six.flow, f"{six.method} of 6 h", six.window_ms))
        if same is not None:
            found.append(Rate(same, "this hour of the last days"))
        if usual is not None:
            found.append(Rate(usual, "the last days"))
        if not found:
            return None
        most = max(found, key=_mid)
        low = min([rate.flow.low for rate in found])
        return Rate(Span(low, most.flow.mid, max([rate.flow.high for rate in found])), most.method, most.window_ms)


def _mid(rate: Rate) -> float:
    return rate.flow.mid


def with_leaks(feed: Rate | None, losses: Iterable[Losses]) -> Rate | None:
    """What leaves the stock now, to the line or out of banks that leak."""
    leaks = [each.leak for each in losses if each.leak is not None]
    return Rate(add([feed.flow, *leaks]), f"{feed.method} + leaking banks", feed.window_ms) if feed and leaks else feed


def leak_lpm(losses: Iterable[Losses]) -> float | None:
    """What banks that do not feed lose beyond doubt; None where no such bank was watched for long enough."""
    known = [decay for each in losses for decay in each.decays if decay is not None]
    return sum([decay.lpm for decay in known if decay.sure]) + 0.0 if known else None


def _is_fresh(last_ms: int | None, fresh_ms: int, at_ms: int) -> bool:
    """Points lag a minute or two behind the samples."""
    return last_ms is not None and at_ms - last_ms <= fresh_ms + 5 * MINUTE_MS


def _mean(flows: Sequence[Flow], at_ms: int, back_ms: int) -> Span | None:
    """The mean of all together where every meter is fresh."""
    means = [flow.mean(back_ms) for flow in flows if flow.fresh(at_ms)]
    found = [mean for mean in means if mean is not None]
    return add(found) if flows and len(found) == len(flows) else None


def _now(flows: Sequence[Flow], at_ms: int, since_ms: int) -> Rate | None:
    """What flows now through all together where every meter is fresh."""
    found = [now for flow in flows if flow.fresh(at_ms) and (now := flow.recent(since_ms)) is not None]
    if not found or len(found) < len(flows):
        return None
    return Rate(add(span for span, _ in found), "", max(back_ms for _, back_ms in found))


def _joined(words: Iterable[str]) -> str:
    return " + ".join(dict.fromkeys(words))
