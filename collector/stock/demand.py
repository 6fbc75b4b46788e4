"""How much oxygen flows: meters, plants, the medians of the last seven days, and what the beds would need. Pure."""

from __future__ import annotations

from functools import cache
from math import sqrt
from operator import mul
from statistics import fmean, median

import msgspec

from collector.stock.series import HOUR_MS, MINUTE_MS, Window, WindowState
from collector.stock.span import NOTHING, Span, add, around
from devices.assets import Beds

DELIVERING = frozenset({"running_on_spec", "standby"})
"""States in which what a plant's flow meter shows reaches the line; in stand-by it comes from the full product tank."""
QUARTER_MS = 15 * MINUTE_MS
STEP_SHARE, STEP_LPM = 0.1, 2.0
"""Two minutes in a row that differ by more than that from those before are a step, not scatter."""
FLOW_ERROR = 0.03
"""Share of the reading that a flow meter may be wrong by."""
WEEK_H = 168
FLOOR_LPM = 5.0
"""No burn below this is divided by (domain reference 2.4)."""

OCCUPANCY = 0.8
LOSS = 0.10
SHARE_ON_OXYGEN = {"ward": 0.2, "hdu": 0.5, "icu": 0.5}
FLOW_PER_PATIENT_LPM = {"ward": 10.0, "hdu": 15.0, "icu": 24.0}
"""India's norm of 3 December 2021 for ward and ICU (domain reference 4); high dependency between them. Shares are judgement."""


def beds_span(beds: Beds) -> Span | None:
    """The demand that the beds lead one to expect, to be trusted from a tenth to twice of it (domain reference 4); None without beds."""
    counts = {"ward": beds.ward, "hdu": beds.hdu, "icu": beds.icu}
    flow_lpm = sum(n * OCCUPANCY * SHARE_ON_OXYGEN[kind] * FLOW_PER_PATIENT_LPM[kind] for kind, n in counts.items()) * (1 + LOSS)
    return Span(0.1 * flow_lpm, flow_lpm, 2 * flow_lpm) if flow_lpm else None


@cache
def fresh_for_ms(interval_s: float) -> int:
    """How long a value stands for the present: three intervals, at least two minutes (domain reference 8, SN-SI)."""
    return max(120_000, round(3000 * interval_s))


class FlowState(msgspec.Struct, frozen=True):
    minutes: WindowState = WindowState()
    sixes: WindowState = WindowState()
    total_lpm: float = 0.0
    count: int = 0
    last_ms: int = 0


class Flow:
    """A flow: means of a minute over the last hour, of six minutes over the last six hours."""

    __slots__ = ("count", "fresh_ms", "last_ms", "minutes", "sixes", "total_lpm")

    def __init__(self, interval_s: float) -> None:
        self.fresh_ms = fresh_for_ms(interval_s)
        self.minutes = Window(HOUR_MS)
        self.sixes = Window(6 * HOUR_MS)
        self.total_lpm = 0.0
        self.count = 0
        self.last_ms = 0

    def observe(self, flow_lpm: float, time_ms: int) -> None:
        if time_ms <= self.last_ms:
            return
        self.last_ms = time_ms
        self.total_lpm += max(0.0, flow_lpm)
        self.count += 1
        newest = self.minutes.last_ms
        if newest is not None and time_ms - newest < MINUTE_MS - 5_000:
            return
        self.minutes.add(time_ms, self.total_lpm / self.count, 0.0)
        self.total_lpm, self.count = 0.0, 0
        newest = self.sixes.last_ms
        if newest is None or time_ms - newest >= 6 * MINUTE_MS - 5_000:
            place = self.minutes.between(time_ms - 6 * MINUTE_MS + 5_000, time_ms)
            self.sixes.add(time_ms, fmean(self.minutes.values[place]), 0.0)

    def fresh(self, now_ms: int) -> bool:
        return self.last_ms > 0 and now_ms - self.last_ms <= self.fresh_ms

    def mean(self, back_ms: int, since_ms: int = 0) -> Span | None:
        """The mean of the last `back_ms` of what was measured, but nothing from before `since_ms`; None where there is nothing."""
        window = self.minutes if back_ms <= HOUR_MS else self.sixes
        place = window.between(max(since_ms, self.last_ms - back_ms), self.last_ms)
        values = window.values[place]
        if not values:
            return None
        mean_lpm = fmean(values)
        variance = max(0.0, sum(map(mul, values, values)) / len(values) - mean_lpm**2)  # statistics.pstdev is a hundred times slower
        scatter_lpm = 2 * sqrt(variance / max(1.0, len(values) / 3))
        return around(mean_lpm, FLOW_ERROR * mean_lpm + scatter_lpm + 1.0)

    def now(self, since_ms: int = 0) -> Span | None:
        """What flows now: the mean of the last quarter of an hour, or, where its last two minutes tell of a step, of these alone."""
        place = self.minutes.between(max(since_ms, self.last_ms - QUARTER_MS), self.last_ms)
        values = self.minutes.values[place]
        if len(values) > 2:
            before, after = fmean(values[:-2]), values[-2:]
            margin = STEP_SHARE * max(before, *after) + STEP_LPM
            if min(after) > before + margin or max(after) < before - margin:
                return self.mean(self.last_ms - self.minutes.times[place.stop - 2], since_ms)
        return self.mean(QUARTER_MS, since_ms)

    def dump(self) -> FlowState:
        return FlowState(self.minutes.dump(), self.sixes.dump(), self.total_lpm, self.count, self.last_ms)

    def load(self, state: FlowState) -> None:
        self.minutes.load(state.minutes)
        self.sixes.load(state.sixes)
        self.total_lpm, self.count, self.last_ms = state.total_lpm, state.count, state.last_ms


class PlantState(msgspec.Struct, frozen=True):
    flow: FlowState = FlowState()
    state: str = ""
    state_ms: int = 0
    changed_ms: int = 0


class Plant:
    """A PSA plant: only what it delivers counts; in all other states its flow is nothing (it vents, or stands)."""

    __slots__ = ("changed_ms", "flow", "rated_lpm", "state", "state_ms")

    def __init__(self, rated_lpm: float, interval_s: float) -> None:
        self.rated_lpm = rated_lpm
        self.flow = Flow(interval_s)
        self.state = ""
        self.state_ms = 0
        self.changed_ms = 0

    def observe(self, state: str | None, flow_lpm: float | None, time_ms: int) -> bool:
        """True when the plant began or ceased to deliver."""
        if time_ms <= self.state_ms:
            return False
        was = self.state
        self.state = state or self.state
        self.state_ms = time_ms
        changed = (was in DELIVERING) != (self.state in DELIVERING) or (was == "" and self.state != "")
        if changed:
            self.changed_ms = time_ms
        if self.state and self.state not in DELIVERING:
            self.flow.observe(0.0, time_ms)
        elif self.state and flow_lpm is not None:
            self.flow.observe(flow_lpm, time_ms)
        return changed and was != ""

    def status(self, now_ms: int) -> str:
        """on, off, or unknown: nothing heard, no state ever sent, or running without a flow."""
        if not self.state or now_ms - self.state_ms > self.flow.fresh_ms:
            return "unknown"
        if self.state not in DELIVERING:
            return "off"
        return "on" if self.flow.fresh(now_ms) else "unknown"

    def delivers(self, back_ms: int) -> Span:
        """What it gives now (or gave last), from the last `back_ms` since it began to."""
        return self.flow.mean(back_ms, self.changed_ms) or NOTHING

    def dump(self) -> PlantState:
        return PlantState(self.flow.dump(), self.state, self.state_ms, self.changed_ms)

    def load(self, state: PlantState) -> None:
        self.flow.load(state.flow)
        self.state, self.state_ms, self.changed_ms = state.state, state.state_ms, state.changed_ms


class Plants:
    """All plants of a site together."""

    __slots__ = ("by_asset",)

    def __init__(self, by_asset: dict[str, Plant]) -> None:
        self.by_asset = by_asset

    def status(self, now_ms: int) -> str:
        """unknown where any plant is; on where at least one delivers; off else (also where there is none)."""
        seen = {plant.status(now_ms) for plant in self.by_asset.values()}
        return next((word for word in ("unknown", "on") if word in seen), "off")

    def delivers(self, now_ms: int) -> Span:
        """What the plants that are known to deliver give now."""
        return add(plant.delivers(5 * MINUTE_MS) for plant in self.by_asset.values() if plant.status(now_ms) == "on")

    def could_deliver_lpm(self, now_ms: int) -> float:
        """What the plants that nothing is known of may be giving besides."""
        unknown = [plant for plant in self.by_asset.values() if plant.status(now_ms) == "unknown" and plant.state in {"", *DELIVERING}]
        return sum(plant.delivers(5 * MINUTE_MS).high or plant.rated_lpm for plant in unknown)

    def mean(self, back_ms: int) -> Span:
        """What the plants gave on average over the last hour, or six."""
        means = [plant.flow.mean(back_ms) for plant in self.by_asset.values()]
        return add(mean for mean in means if mean is not None)

    @property
    def changed_ms(self) -> int:
        """When a plant last began or ceased to deliver: the draw on the stock before it says nothing about now."""
        return max((plant.changed_ms for plant in self.by_asset.values()), default=0)


class Week:
    """The demand of each of the last 168 hours."""

    __slots__ = ("_known", "window")

    def __init__(self) -> None:
        self.window = Window((WEEK_H - 1) * HOUR_MS, WEEK_H)
        self._known: tuple[tuple[int, int | None], Span | None, Span | None] = ((-1, None), None, None)

    def record(self, hour_ms: int, demand_lpm: float) -> None:
        self.window.add(hour_ms, demand_lpm, 0.0)

    def _recent(self, now_ms: int) -> list[tuple[int, float]]:
        place = self.window.between(now_ms - WEEK_H * HOUR_MS, now_ms)
        return list(zip(self.window.times[place], self.window.values[place], strict=True))

    def _look(self, now_ms: int) -> tuple[tuple[int, int | None], Span | None, Span | None]:
        """Computed once for the hours that are in the window; they lie on whole hours."""
        key = (now_ms // HOUR_MS, self.window.last_ms)
        if self._known[0] != key:
            hour_ms = key[0] * HOUR_MS
            self._known = (key, self._same_hour(hour_ms), self._typical(hour_ms))
        return self._known

    def same_hour(self, now_ms: int) -> Span | None:
        return self._look(now_ms)[1]

    def typical(self, now_ms: int) -> Span | None:
        return self._look(now_ms)[2]

    def _same_hour(self, now_ms: int) -> Span | None:
        """Median of this hour of the day in the last seven days, and the least and most of them; None under three days."""
        hour = now_ms // HOUR_MS % 24
        flows = [lpm for time_ms, lpm in self._recent(now_ms) if time_ms // HOUR_MS % 24 == hour]
        return Span(min(flows), median(flows), max(flows)) if len(flows) >= 3 else None

    def _typical(self, now_ms: int) -> Span | None:
        """Median of all hours, from half of the least to one and a half of the most."""
        flows = [lpm for _, lpm in self._recent(now_ms)]
        return Span(0.5 * min(flows), median(flows), 1.5 * max(flows)) if flows else None

    def floor_lpm(self, now_ms: int) -> float:
        """max(5 L/min, a tenth of the median of seven days) (domain reference 2.4)."""
        typical = self.typical(now_ms)
        return max(FLOOR_LPM, 0.1 * typical.mid) if typical else FLOOR_LPM
