"""One simulated hospital through the real decoder and evaluator: its hours left beside what the simulator's sources truly hold.

What is compared, every five simulated minutes; the truth is the simulator's own figures, never a sensor's:

    now      true usable litres in banks and tanks, over the true mean draw on them: of the last quarter of an hour, or since it last began
             or ceased. Against `connected_now_h`. Where nothing is drawn they last for ever; then no upper bound may be told.
    planned  the same litres over the true demand to plan with: the largest of the last hour's mean, the last six hours', this local hour's
             median on the last seven days (from the third on) and the draw. Against `connected_h`.
    on site  the same with the loose full cylinders. Against `on_site_h`.
    gone     when these litres are gone at the demand that truly came, with nothing refilled and no plant. Against `connected_h`.

Beside "now" the plain way: bar × litres of water (liquid: kg × 738 L), over what that sum fell by in the last hour. Where it did not fall
there is no number; that counts as wrong.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from math import inf
from statistics import fmean, median
from typing import Literal, TypeAlias

from collector.config.rulebook import default_rules
from collector.decoding import Decoder
from collector.evaluator import Evaluator
from collector.outputs import Bounded, StateChange, StockEstimate, StockEvent
from collector.records import Batch, Decoded, Message
from collector.rules.model import RuleSet
from devices.assets import LoxTank, Manifold, Site
from devices.oxygen import CYLINDERS, lox_litres_gas, usable_litres
from devices.signal import HISTORY, Observation, Value
from devices.simulator.faults import Fault, active_at
from devices.simulator.fleet import Fleet, step_ms
from devices.simulator.plant import Plant

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
EVERY_MS = 5 * MINUTE_MS
NOTHING_LPM = 5.0
"""Less is no draw (domain reference 2.4: no burn below it is divided by)."""
LEAST_H = 0.1
"""Errors are taken relative to the truth, but to no less than six minutes."""

MINUTE_H = 1 / 60

Quantity: TypeAlias = Literal["now", "planned", "on site", "gone"]
QUANTITIES: tuple[Quantity, ...] = ("now", "planned", "on site", "gone")


@dataclass(frozen=True)
class Case:
    """A site, of which the signals `without` are not measured, for so many days, and what befalls it."""

    name: str
    site: Site
    days: float
    seed: int
    start_ms: int
    faults: tuple[Fault, ...] = ()
    without: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Told:
    """One comparison. `truth_h` is infinite where nothing is drawn; `plain_h` is None where the plain way has no number."""

    at_h: float
    truth_h: float
    told: Bounded
    plain_h: float | None
    method: str

    @property
    def known(self) -> bool:
        return self.told.mid is not None

    @property
    def error(self) -> float:
        """Relative to the truth."""
        return _relative(self.told.mid, self.truth_h)

    @property
    def plain_error(self) -> float:
        return _relative(self.plain_h, self.truth_h)

    @property
    def held(self) -> bool:
        """Within the bounds, and a minute: estimates are made once a minute, and are up to a minute old when they are looked at."""
        low, high = self.told.low, self.told.high
        return low is not None and low - MINUTE_H <= self.truth_h and (high is None or self.truth_h <= high + MINUTE_H)

    @property
    def half_width(self) -> float:
        """Of the bounds, relative to the truth; infinite without an upper one."""
        low, high = self.told.low, self.told.high
        return inf if low is None or high is None else (high - low) / 2 / max(LEAST_H, self.truth_h)


def _relative(told_h: float | None, truth_h: float) -> float:
    return inf if told_h is None else abs(told_h - truth_h) / max(LEAST_H, truth_h)


@dataclass
class Ran:
    """All comparisons of a case, and the events of its stock."""

    case: Case
    told: dict[Quantity, list[Told]] = field(default_factory=lambda: {name: [] for name in QUANTITIES})
    events: list[StockEvent] = field(default_factory=list)


def run(case: Case) -> Ran:
    """Fold the whole case. Messages that leave within a step of the simulation come as they are sent, each a batch of its own."""
    fleet = Fleet([case.site], case.seed, case.start_ms, case.faults)
    evaluator, decoder, change = Evaluator([case.site], RuleSet(rules=default_rules())), Decoder([case.site]), StateChange()
    evaluator.step(decoder.decode(Batch(1, case.start_ms, [Message("$oxygrid/start", b"{}")])), change)
    every_ms = step_ms([case.site])
    truth, plain, ran = _Truth(case, every_ms), _Plain(case.site), Ran(case)
    looks: list[tuple[int, StockEstimate, float | None]] = []
    for at_ms in range(case.start_ms, case.start_ms + round(case.days * DAY_MS), every_ms):
        for emission in fleet.run(at_ms + every_ms):
            batch = Batch(evaluator.cursor + 1, max(evaluator.now_ms, emission.send_ms), [Message(emission.topic, emission.payload)])
            decoded = _without(decoder.decode(batch), case.without)
            plain.observe(decoded)
            evaluator.step(decoded, change)
        evaluator.advance(at_ms + every_ms, change)
        truth.record(at_ms + every_ms, fleet.simulated[case.site.id].plant)
        now_ms = at_ms + every_ms
        estimate = evaluator.sites[case.site.id].estimate
        if now_ms % MINUTE_MS < every_ms:
            plain.turn()
        if estimate is not None and now_ms % EVERY_MS < every_ms:
            looks.append((truth.last, estimate, plain.hours()))
        ran.events.extend(change.stock_events)
        change = StateChange()
    for index, estimate, plain_h in looks:
        truth.compare(ran, index, estimate, plain_h)
    return ran


def _without(decoded: Decoded, signals: frozenset[str]) -> Decoded:
    if signals:
        for event in decoded.events:
            if isinstance(event, Observation):
                for name in signals & event.values.keys():
                    del event.values[name]
    return decoded


class _Truth:
    """What truly was, step by step; asked when all is over, as "gone" needs what comes."""

    def __init__(self, case: Case, step_ms: int) -> None:
        self._case, self._step_ms = case, step_ms
        self._per_h = HOUR_MS // step_ms
        self._times: list[int] = []
        self._content_l: list[float] = []
        self._loose_l: list[float] = []
        self._draw_lpm: list[float] = []
        self._demand_lpm: list[float] = []
        self._began = 0
        self._beginnings: list[int] = []
        self._hours: dict[int, float] = {}
        self._used_l: list[float] = []

    @property
    def last(self) -> int:
        return len(self._times) - 1

    def record(self, now_ms: int, plant: Plant) -> None:
        active = active_at(self._case.faults, now_ms)
        leaks = active.named("leak")
        draw_lpm = plant.drawn_lpm() + sum(_lost_lpm(plant, loss) for loss in active.named("reserve_loss"))
        if self._draw_lpm and (draw_lpm > NOTHING_LPM) != (self._draw_lpm[-1] > NOTHING_LPM):
            self._began = len(self._times)
        self._times.append(now_ms)
        self._beginnings.append(self._began)
        self._draw_lpm.append(draw_lpm)
        self._demand_lpm.append(plant.wanted_lpm + sum(leak.number("leak_lpm") for leak in leaks))
        self._content_l.append(sum(plant.connected_l().values()))
        self._loose_l.append(sum(store.full * _full_l(store.type) for store in plant.stores.values()))

    def compare(self, ran: Ran, index: int, estimate: StockEstimate, plain_h: float | None) -> None:
        """Of the step `index`."""
        at_h = (self._times[index] - self._case.start_ms) / HOUR_MS
        content_l, loose_l = self._content_l[index], self._loose_l[index]
        draw_lpm = fmean(self._draw_lpm[max(self._beginnings[index], index + 1 - self._per_h // 4) : index + 1])
        plan_lpm = max(draw_lpm, self._mean(index, 1), self._mean(index, 6), self._same_hour(index))
        hours: dict[Quantity, tuple[float, Bounded]] = {
            "now": (content_l / draw_lpm / 60 if draw_lpm > NOTHING_LPM else inf, estimate.connected_now_h),
            "planned": (content_l / plan_lpm / 60, estimate.connected_h),
            "on site": ((content_l + loose_l) / plan_lpm / 60, estimate.on_site_h),
        }
        gone_h = self._gone_h(index)
        if gone_h is not None:
            hours["gone"] = (gone_h, estimate.connected_h)
        for name, (truth_h, told) in hours.items():
            ran.told[name].append(Told(at_h, truth_h, told, plain_h, estimate.method))

    def _mean(self, index: int, hours: int) -> float:
        return fmean(self._demand_lpm[max(0, index + 1 - hours * self._per_h) : index + 1])

    def _same_hour(self, index: int) -> float:
        """The median of the whole hours of this local hour of the day on the last seven days; 0 before the third."""
        hour_ms = self._times[index] // HOUR_MS * HOUR_MS
        before = [self._whole_hour(hour_ms - day * DAY_MS) for day in range(1, 8)]
        known = [lpm for lpm in before if lpm is not None]
        return median(known) if len(known) >= 3 else 0.0

    def _whole_hour(self, hour_ms: int) -> float | None:
        if hour_ms < self._case.start_ms:
            return None
        if hour_ms not in self._hours:
            first = bisect_left(self._times, hour_ms)
            self._hours[hour_ms] = fmean(self._demand_lpm[first : first + self._per_h])
        return self._hours[hour_ms]

    def _gone_h(self, index: int) -> float | None:
        """None where the case ends before."""
        if not self._used_l:
            self._used_l = list(accumulate(lpm * self._step_ms / MINUTE_MS for lpm in self._demand_lpm))
        end = bisect_left(self._used_l, self._used_l[index] + self._content_l[index])
        return (end - index) / self._per_h if end < len(self._used_l) else None


def _lost_lpm(plant: Plant, loss: Fault) -> float:
    """What leaks out of the reserve bank."""
    manifold = plant.manifolds[loss.asset]
    bank, bar = manifold.banks["reserve"], loss.number("loss_bar_per_h") / 60
    now_bar = bank.bar(manifold.temp_c)
    return bank.gas_at(now_bar, manifold.temp_c) - bank.gas_at(max(0.0, now_bar - bar), manifold.temp_c)


def _full_l(kind: str) -> float:
    """A full loose cylinder, as the simulator fills them: to 97 to 100 % at 30 °C, down to the residual pressure."""
    cylinder = CYLINDERS[kind]
    return 0.985 * usable_litres(1, cylinder.water_l, cylinder.fill_bar, 30.0, 10.0)


class _Plain:
    """bar × water volume, and what it fell by within the last hour; the last word of each sensor."""

    def __init__(self, site: Site) -> None:
        self._factors: dict[tuple[str, str], float] = {}
        for asset in site.assets:
            if isinstance(asset, Manifold):
                for name, bank in asset.banks.items():
                    signal = "reserve_bar" if name == "reserve" else f"bank_{name}_bar"
                    self._factors[asset.id, signal] = bank.cylinders * CYLINDERS[bank.type].water_l
            if isinstance(asset, LoxTank):
                self._factors[asset.id, "level_pct"] = lox_litres_gas(asset.capacity_kg / 100)
        self._last: dict[tuple[str, str], float] = {}
        self._minutes: list[float] = []

    def observe(self, decoded: Decoded) -> None:
        for event in decoded.events:
            if isinstance(event, Observation) and not event.timing & HISTORY:
                self._take(event.asset, event.values)

    def _take(self, asset: str, values: Mapping[str, Value]) -> None:
        for signal, value in values.items():
            if (asset, signal) in self._factors and isinstance(value, float):
                self._last[asset, signal] = value

    def turn(self) -> None:
        """A minute is over."""
        self._minutes.append(self._stock_l())

    def _stock_l(self) -> float:
        return sum(self._factors[key] * value for key, value in self._last.items())

    def hours(self) -> float | None:
        if len(self._minutes) <= 60:
            return None
        burn_lpm = (self._minutes[-61] - self._minutes[-1]) / 60
        return self._minutes[-1] / burn_lpm / 60 if burn_lpm > 0 else None
