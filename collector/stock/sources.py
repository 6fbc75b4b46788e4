"""The sources that are drawn from: banks of a manifold, tanks of liquid oxygen, stores of loose cylinders. Pure."""

from __future__ import annotations

from math import hypot
from typing import NamedTuple

import msgspec

from collector.outputs import Bounded, SourceStock, StockEvent
from collector.stock.demand import Flow, FlowState, fresh_for_ms
from collector.stock.level import Level, LevelState, Rise
from collector.stock.series import HOUR_MS, MINUTE_MS, Slope
from collector.stock.span import Span, around
from devices.assets import Bank, BankName, CylinderStore, LoxTank, Manifold
from devices.oxygen import CYLINDERS, lox_kg_from_dp, lox_litres_gas, usable_litres
from devices.signal import Value

STEP_BAR = 5.0
"""A rise that is a refill (domain reference 2.5)."""
STEP_SHARE = 0.05
"""A rise of a tank's level that is a fill, as a share of its capacity (domain reference 3.2)."""
PRESSURE_ERROR_BAR = 1.0
"""A transmitter of 250 bar at 0.4 % of its span."""
LEVEL_ERROR_SHARE = 0.01
VOLUME_ERROR = 0.01
TEMP_MEASURED_ERROR = 0.01
TEMP_ASSUMED_ERROR = 0.07
"""Share of the content that an assumed temperature may be wrong by (domain reference 2.2)."""
TEMP_KEPT_MS = HOUR_MS
WARMING_SHARE_PER_HOUR = 0.0047
"""What looks like a change of content where the temperature is not measured and drifts by 1 K/h (0.71 bar/K at 150 bar)."""
STORE_TEMP_C = 30.0
FROZEN_MS = 30 * MINUTE_MS
MIN_POINTS = 10


class Fall(NamedTuple):
    """How fast one source falls: the slope or None where there is none yet; whether it is known to feed the line; its newest point."""

    slope: Slope | None
    in_use: bool
    se_lpm: float
    last_ms: int


class Frozen(NamedTuple):
    """A bank that has not moved since then, and its litres per bar."""

    since_ms: int
    litres_per_bar: float


class BankTrack:
    """One bank of a manifold: cylinders of one type, one pressure."""

    __slots__ = ("cylinders", "level", "litres_per_bar", "residual_bar", "size_l", "temp_c", "water_l")

    def __init__(self, bank: Bank, residual_bar: float) -> None:
        kind = CYLINDERS[bank.type]
        self.cylinders = bank.cylinders
        self.water_l = bank.cylinders * kind.water_l
        self.residual_bar = residual_bar
        self.level = Level(STEP_BAR)
        self.temp_c = STORE_TEMP_C
        self.litres_per_bar = self.water_l
        self.size_l = self.litres(bank.fill_bar or kind.fill_bar, STORE_TEMP_C)

    def litres_now(self, pressure_bar: float) -> float:
        """At the temperature of the last reading."""
        return self.litres(pressure_bar, self.temp_c)

    def litres(self, pressure_bar: float, temp_c: float) -> float:
        return usable_litres(1, self.water_l, pressure_bar, temp_c, self.residual_bar)

    def content(self, temp_measured: bool) -> Span | None:
        if self.level.minutes.last_ms is None:
            return None
        litres = self.level.content_l
        share = hypot(TEMP_MEASURED_ERROR if temp_measured else TEMP_ASSUMED_ERROR, VOLUME_ERROR)
        return around(litres, hypot(share * litres, PRESSURE_ERROR_BAR * self.litres_per_bar))


class ManifoldState(msgspec.Struct, frozen=True):
    banks: dict[str, LevelState] = {}
    flow: FlowState = FlowState()
    temp_c: float = 0.0
    temp_ms: int = 0
    temp_measured: bool = False
    in_use: str = ""
    in_use_ms: int = 0
    falling: str = ""
    falling_count: int = 0


SIGNAL_OF: dict[BankName, str] = {"a": "bank_a_bar", "b": "bank_b_bar", "reserve": "reserve_bar"}


class ManifoldTrack:
    """The banks of one manifold. Which one feeds the line is what the manifold says, else the one that falls most."""

    def __init__(self, manifold: Manifold) -> None:
        self.asset = manifold.id
        self.room_temp_c = manifold.room_temp_c
        self.fresh_ms = fresh_for_ms(manifold.interval_s)
        self.banks = {name: BankTrack(bank, manifold.residual_bar) for name, bank in manifold.banks.items()}
        self.flow = Flow(manifold.interval_s)
        self.temp_c = 0.0
        self.temp_ms = 0
        self.temp_measured = False
        self.in_use = ""
        self.in_use_ms = 0
        self.falling = ""
        self.falling_count = 0

    def observe(self, site: str, values: dict[str, Value], time_ms: int) -> list[StockEvent]:
        self._take_temperature(values.get("bank_temp_c"), time_ms)
        flow = number(values, "o2_flow_lpm")
        if flow is not None:
            self.flow.observe(flow, time_ms)
        events: list[StockEvent] = []
        temp_c = self.temperature_c
        for name, bank in self.banks.items():
            pressure = values.get(SIGNAL_OF[name])
            if pressure.__class__ is not float:
                continue
            bank.temp_c = temp_c
            rise = bank.level.observe(time_ms, pressure, bank.litres_now)
            if rise:
                events.append(rise_event(site, self.asset, name, "refill", rise))
        said = values.get("bank_in_use")
        if said is None or said != self.in_use:
            events += self._changeover(site, said, time_ms)
        else:
            self.in_use_ms = time_ms
        return events

    @property
    def temperature_c(self) -> float:
        return self.temp_c if self.temp_measured else self.room_temp_c

    def _take_temperature(self, temp_c: Value | None, time_ms: int) -> None:
        if isinstance(temp_c, float):
            self.temp_c, self.temp_ms = temp_c, time_ms
        measured = self.temp_ms > 0 and time_ms - self.temp_ms <= TEMP_KEPT_MS
        if measured != self.temp_measured:
            self.temp_measured = measured
            for bank in self.banks.values():
                bank.level.restart(time_ms)

    def _changeover(self, site: str, said: Value | None, time_ms: int) -> list[StockEvent]:
        before = self.in_use
        if isinstance(said, str):
            self.in_use, self.in_use_ms = said, time_ms
        elif (self.in_use_ms == 0 or time_ms - self.in_use_ms > self.fresh_ms) and self._has_point_of(time_ms):
            self._infer()
        if self.in_use in (before, "") or before == "":
            return []
        source = f"{self.asset}/{self.in_use}"
        text = f"changed over from bank {before} to bank {self.in_use}"
        return [StockEvent(site=site, asset=self.asset, source=source, event="changeover", event_ms=time_ms, text=text)]

    def _has_point_of(self, time_ms: int) -> bool:
        return any(bank.level.minutes.last_ms == time_ms for bank in self.banks.values())

    def _infer(self) -> None:
        """The bank that fell most in the last ten minutes, or failing that thirty, where it was so three times running."""
        falls = {
            name: max(bank.level.fallen(10 * MINUTE_MS, 4 * MINUTE_MS), bank.level.fallen(30 * MINUTE_MS, 6 * MINUTE_MS) / 3)
            for name, bank in self.banks.items()
        }
        most = max(falls, key=lambda name: falls[name])
        if falls[most] < 0.7:
            self.falling_count = 0
            return
        self.falling_count = self.falling_count + 1 if self.falling == most else 1
        self.falling = most
        if self.falling_count >= 3:
            self.in_use = most

    def falls(self, since_ms: int, hours: int, frozen_ms: int | None = None) -> list[Fall]:
        """One Fall per bank that has points: over the last hour (or six where that is too noisy), or over six. What the bank in use shows
        after `frozen_ms` is left out."""
        seen = {name: bank for name, bank in self.banks.items() if bank.level.minutes.last_ms is not None}
        return [self._fall(bank, name == self.in_use, hours, since_ms, frozen_ms) for name, bank in seen.items()]

    def _fall(self, bank: BankTrack, in_use: bool, hours: int, since_ms: int, frozen_ms: int | None) -> Fall:
        level = bank.level
        slope = best_slope(level, 0.15 * bank.litres_per_bar, hours, since_ms, frozen_ms if in_use else None)
        warming = 0.0 if self.temp_measured else level.content_l * WARMING_SHARE_PER_HOUR / 60
        return Fall(slope, in_use, hypot(slope.se_lpm if slope else 0.0, warming), level.minutes.last_ms or 0)

    def frozen(self) -> Frozen | None:
        """The bank in use where it has shown one and the same number for so long that it is suspect, and it is not empty."""
        for name, bank in self.banks.items():
            if name != self.in_use or bank.level.last_ms - bank.level.frozen_ms < FROZEN_MS:
                continue
            if bank.level.content_l >= 2 * bank.litres_per_bar:
                return Frozen(bank.level.frozen_ms, bank.litres_per_bar)
        return None

    def sources(self) -> list[SourceStock]:
        """Each bank with the content that was measured last (not counted down since)."""
        return [self._source(name, bank) for name, bank in self.banks.items()]

    def _source(self, name: str, bank: BankTrack) -> SourceStock:
        content = bank.content(self.temp_measured)
        return SourceStock(
            source=f"{self.asset}/{name}",
            kind="bank",
            content_l=content.bounded if content else Bounded(),
            measured_ms=bank.level.last_ms or None,
            in_use=self.in_use == name,
            pressure_bar=bank.level.raw,
            cylinders=bank.cylinders,
        )

    @property
    def measured_ms(self) -> int | None:
        return max((bank.level.last_ms for bank in self.banks.values()), default=0) or None

    def dump(self) -> ManifoldState:
        banks: dict[str, LevelState] = {name: bank.level.dump() for name, bank in self.banks.items()}
        return ManifoldState(
            banks,
            self.flow.dump(),
            self.temp_c,
            self.temp_ms,
            self.temp_measured,
            self.in_use,
            self.in_use_ms,
            self.falling,
            self.falling_count,
        )

    def load(self, state: ManifoldState) -> None:
        for name, bank in self.banks.items():
            if name in state.banks:
                bank.level.load(state.banks[name])
        self.flow.load(state.flow)
        self.temp_c, self.temp_ms, self.temp_measured = state.temp_c, state.temp_ms, state.temp_measured
        self.in_use, self.in_use_ms = state.in_use, state.in_use_ms
        self.falling, self.falling_count = state.falling, state.falling_count


class TankTrack:
    """A tank of liquid oxygen. Its level is a mass, however it is reported."""

    def __init__(self, tank: LoxTank) -> None:
        self.asset = tank.id
        self.capacity_kg = tank.capacity_kg
        self.area_m2 = tank.area_m2
        self.heel_kg = tank.capacity_kg * tank.heel_pct / 100
        self.fresh_ms = fresh_for_ms(tank.interval_s)
        self.level = Level(STEP_SHARE * tank.capacity_kg, settle_ms=10 * MINUTE_MS, rest_ms=30 * MINUTE_MS)

    def observe(self, site: str, values: dict[str, Value], time_ms: int) -> list[StockEvent]:
        kg = self._kg(values)
        if kg is None:
            return []
        rise = self.level.observe(time_ms, kg, self.litres)
        return [rise_event(site, self.asset, "", "fill", rise)] if rise else []

    def _kg(self, values: dict[str, Value]) -> float | None:
        kg, pct, dp = number(values, "level_kg"), number(values, "level_pct"), number(values, "level_dp_mbar")
        if kg is not None:
            return max(0.0, kg)
        if pct is not None:
            return max(0.0, pct) / 100 * self.capacity_kg
        return lox_kg_from_dp(dp, self.area_m2) if dp is not None and self.area_m2 is not None else None

    def litres(self, kg: float) -> float:
        return lox_litres_gas(max(0.0, kg - self.heel_kg))

    @property
    def size_l(self) -> float:
        return self.litres(self.capacity_kg)

    def content(self) -> Span | None:
        if self.level.minutes.last_ms is None:
            return None
        return around(self.level.content_l, lox_litres_gas(LEVEL_ERROR_SHARE * self.capacity_kg))

    def fall(self, since_ms: int, hours: int) -> Fall | None:
        newest = self.level.minutes.last_ms
        if newest is None:
            return None
        slope = best_slope(self.level, lox_litres_gas(0.001 * self.capacity_kg), hours, since_ms)
        return Fall(slope, False, slope.se_lpm if slope else 0.0, newest)

    @property
    def measured_ms(self) -> int | None:
        return self.level.last_ms or None

    def source(self) -> SourceStock:
        content = self.content()
        return SourceStock(self.asset, "lox", content.bounded if content else Bounded(), self.measured_ms)


class StoreState(msgspec.Struct, frozen=True):
    full: int | None = None
    measured_ms: int | None = None


class StoreTrack:
    """Loose full cylinders of one type."""

    def __init__(self, store: CylinderStore, residual_bar: float) -> None:
        kind = CYLINDERS[store.type]
        self.asset = store.id
        self.each_l = usable_litres(1, kind.water_l, kind.fill_bar, STORE_TEMP_C, residual_bar)
        self.declared = store.full
        self.state = StoreState()

    def observe(self, values: dict[str, Value], time_ms: int) -> None:
        full = number(values, "full_count")
        if full is not None and time_ms > (self.state.measured_ms or 0):
            self.state = StoreState(max(0, round(full)), time_ms)

    @property
    def full(self) -> int | None:
        return self.declared if self.state.full is None else self.state.full

    def content(self) -> Span | None:
        return None if self.full is None else around(self.full * self.each_l, TEMP_ASSUMED_ERROR * self.full * self.each_l)

    def source(self) -> SourceStock:
        content = self.content()
        return SourceStock(self.asset, "store", content.bounded if content else Bounded(), self.state.measured_ms, cylinders=self.full)


def best_slope(level: Level, noise_l: float, hours: int, since_ms: int, until_ms: int | None = None) -> Slope | None:
    """Over one hour where its error is at most 5 L/min or a tenth of it, else over six hours where that is surer; None under ten points."""
    hour = None if hours > 1 else _enough(level.slope(level.minutes, noise_l, since_ms, until_ms))
    if hour is not None and hour.se_lpm <= max(5.0, 0.1 * abs(hour.fall_lpm)):
        return hour
    six = _enough(level.slope(level.sixes, noise_l, since_ms, until_ms))
    return min((slope for slope in (hour, six) if slope is not None), key=lambda slope: slope.se_lpm, default=None)


def _enough(slope: Slope | None) -> Slope | None:
    return slope if slope is not None and slope.points >= MIN_POINTS else None


def rise_event(site: str, asset: str, part: str, event: str, rise: Rise) -> StockEvent:
    litres = max(0.0, rise.after_l - rise.before_l)
    source = f"{asset}/{part}" if part else asset
    return StockEvent(
        site=site,
        asset=asset,
        source=source,
        event="fill" if event == "fill" else "refill",
        event_ms=rise.start_ms,
        litres=litres,
        text=f"{source}: {event} of {litres:.0f} L",
    )


def number(values: dict[str, Value], signal: str) -> float | None:
    """The value of a signal where it is there and a number."""
    value = values.get(signal)
    if value.__class__ is float:
        return value
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
