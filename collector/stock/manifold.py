"""A manifold: banks of cylinders that are drawn from and change over. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot
from typing import NamedTuple, TypeAlias

import msgspec

from collector.stock.bank import BankState, BankTrack, Decay, warming_lpm
from collector.stock.demand import DAY_H, LocalTime
from collector.stock.falls import SURE, Fall, best_fall, mean_fall
from collector.stock.flow import Flow, FlowState, fresh_for_ms
from collector.stock.level import Rise
from collector.stock.series import EARLY_MS, HOUR_MS, MINUTE_MS, Slope, Window, WindowState
from collector.stock.span import Span, add, around
from devices.assets import BankName, Manifold
from devices.oxygen import Isotherm
from devices.signal import Value

TEMP_KEPT_MS = HOUR_MS
FROZEN_MS = 30 * MINUTE_MS
FEEDS_LPM = 1.0
"""A flow meter that shows less says that the bank in use does not feed."""
SIGNAL_OF: dict[BankName, str] = {"a": "bank_a_bar", "b": "bank_b_bar", "reserve": "reserve_bar"}


class Refill(NamedTuple):
    """A bank whose pressure rose for good."""

    bank: BankTrack
    rise: Rise


class Changeover(NamedTuple):
    """From one bank to the other, the so-manieth of its local day."""

    before: str
    now: str
    time_ms: int
    on_day: int


Seen: TypeAlias = Refill | Changeover


class Losses(NamedTuple):
    """Of each bank, as far as it is known; and what leaks beyond doubt and is not counted as drawn already (as it is where nothing says
    which bank feeds)."""

    decays: list[Decay | None]
    leak: Span | None


class Frozen(NamedTuple):
    """A bank in use that has not moved since then."""

    bank: BankTrack
    since_ms: int


class Changeovers(msgspec.Struct, frozen=True, array_like=True):
    """How often a manifold changed over: since `since_ms`, on the local day `day`, and when last."""

    since_ms: int = 0
    total: int = 0
    day: int = 0
    on_day: int = 0
    last_ms: int | None = None


class ManifoldState(msgspec.Struct, frozen=True, array_like=True):
    banks: dict[str, BankState] = {}
    flow: FlowState = FlowState()
    drawn: WindowState = WindowState()
    drawn_l: float = 0.0
    drawn_due_ms: int = 0
    temp_c: float = 0.0
    temp_sum_c: float = 0.0
    temp_count: int = 0
    temp_ms: int = 0
    temp_measured: bool = False
    in_use: str = ""
    said_ms: int = 0
    was: str = ""
    was_ms: int = 0
    falling: str = ""
    falling_count: int = 0
    changeovers: Changeovers = Changeovers()


class ManifoldTrack:
    """The banks of one manifold. Which one feeds the line is what the manifold says, else the one that falls most.

    `drawn` is what was drawn from it, summed up minute by minute: from the bank that it says is in use, else from all. It goes on over
    change-overs, and over refills of banks that do not feed.
    """

    def __init__(self, manifold: Manifold, local: LocalTime) -> None:
        self.asset = manifold.id
        self.local = local
        self.room_temp_c = manifold.room_temp_c
        self.residual_bar = manifold.residual_bar
        self.fresh_ms = fresh_for_ms(manifold.interval_s)
        self.banks = {
            name: BankTrack(f"{manifold.id}/{name}", bank, manifold.residual_bar, manifold.interval_s)
            for name, bank in manifold.banks.items()
        }
        self._by_signal = tuple((SIGNAL_OF[name], self.banks[name]) for name in manifold.banks)
        self.flow = Flow(manifold.interval_s)
        self.drawn = Window(round(min(6 * HOUR_MS, max(HOUR_MS, 60_000 * manifold.interval_s))), code="d")
        self.drawn_l = 0.0
        self.drawn_due_ms = 0
        self.temp_c = 0.0
        self.temp_sum_c = 0.0
        self.temp_count = 0
        self.temp_ms = 0
        self.temp_measured = False
        self.in_use = ""
        self.said_ms = 0
        self.was = ""
        self.was_ms = 0
        self.falling = ""
        self.falling_count = 0
        self.changeovers = Changeovers()
        self._known: tuple[tuple[object, ...], Slope | None] = ((), None)

    # ---- taking samples

    def take(self, values: dict[str, Value], time_ms: int) -> Sequence[Seen]:
        """The refills and change-overs that it makes sure. All work but a few sums is done once a minute."""
        flow_lpm = values.get("o2_flow_lpm")
        if flow_lpm.__class__ is float:
            self.flow.observe(flow_lpm, time_ms)
        temp_c = values.get("bank_temp_c")
        if temp_c.__class__ is float:
            self.temp_sum_c += temp_c
            self.temp_count += 1
            self.temp_ms = time_ms
        full: list[BankTrack] | None = None
        for signal, bank in self._by_signal:
            pressure_bar = values.get(signal)
            if pressure_bar.__class__ is float and bank.level.take(time_ms, pressure_bar):
                full = [*(full or ()), bank]
        said = values.get("bank_in_use")
        if full is None and said == self.in_use:
            self.said_ms = time_ms
            return ()
        return self._turn(full or [], said, time_ms)

    def _turn(self, full: list[BankTrack], said: Value | None, time_ms: int) -> Sequence[Seen]:
        """The minute of these banks is full, or another bank is in use."""
        events: list[Seen] = []
        if full:
            self._set_temperature(time_ms)
            for bank in full:
                rise = bank.level.turn(bank.litres)
                if rise is not None:
                    events.append(Refill(bank, rise))
                if bank.level.cut_ms:
                    self._cut(bank)
        if said == self.in_use:
            self.said_ms = time_ms
        else:
            self._use(said, time_ms, events, infer=bool(full))
        if full and time_ms >= self.drawn_due_ms:
            self._sum_up(time_ms)
        return events

    def _use(self, said: Value | None, time_ms: int, events: list[Seen], *, infer: bool) -> None:
        """Another bank may be in use: it is said, or where nothing is, inferred."""
        before = self.in_use
        if isinstance(said, str):
            self.in_use, self.said_ms = said, time_ms
        elif infer and not self._says(time_ms):
            self._infer()
        if self.in_use != before:
            self.was, self.was_ms = before, time_ms
            if before:
                events.append(self._changed_over(before, time_ms))

    def _cut(self, bank: BankTrack) -> None:
        """The sensor of a bank was stuck: what was summed up meanwhile is nothing, if it was of this bank."""
        if bank in self._counted():
            self.drawn.cut(bank.level.cut_ms)
        bank.level.cut_ms = 0

    def _says(self, time_ms: int) -> bool:
        return self.said_ms > 0 and time_ms - self.said_ms <= self.fresh_ms

    def _set_temperature(self, time_ms: int) -> None:
        """The mean of the minute, so that its noise is not taken for gas."""
        if self.temp_count:
            self.temp_c, self.temp_sum_c, self.temp_count = self.temp_sum_c / self.temp_count, 0.0, 0
        measured = self.temp_ms > 0 and time_ms - self.temp_ms <= TEMP_KEPT_MS
        if measured != self.temp_measured:
            self.temp_measured = measured
            for bank in self.banks.values():
                bank.level.restart(time_ms)
        self._warm_banks()

    def _warm_banks(self) -> None:
        isotherm = Isotherm(self.temp_c if self.temp_measured else self.room_temp_c)
        residual_kg_m3 = isotherm.density_kg_m3(self.residual_bar)
        for bank in self.banks.values():
            bank.warm(isotherm, residual_kg_m3)

    def _changed_over(self, before: str, time_ms: int) -> Changeover:
        now, day = self.changeovers, self.local.hour(time_ms) // DAY_H
        self.changeovers = Changeovers(now.since_ms, now.total + 1, day, now.on_day + 1 if day == now.day else 1, time_ms)
        if self.in_use in self.banks:
            self.banks[self.in_use].busy_ms = time_ms
        return Changeover(before, self.in_use, time_ms, self.changeovers.on_day)

    def _sum_up(self, time_ms: int) -> None:
        """What was drawn since the last minute. A bank that was just left is counted a little longer: its median lags. While it is open
        whether a bank has been refilled or the sensor is wrong, there is no point."""
        banks, one = self.banks.values(), self.in_use if self._says(time_ms) else ""
        lately = self.was if time_ms - self.was_ms <= 3 * MINUTE_MS else one
        for bank in banks:
            if bank.level.held and (not one or bank.name in (one, lately)):
                return
        for bank in banks:
            drawn_l = bank.level.drawn_l
            if not one or bank.name in (one, lately):
                self.drawn_l += drawn_l - bank.counted_l
            bank.counted_l = drawn_l
        self.drawn.add(time_ms, -self.drawn_l)
        self.drawn_due_ms = time_ms + MINUTE_MS - EARLY_MS
        if self.changeovers.since_ms == 0:
            self.changeovers = Changeovers(time_ms)
        if self.in_use in self.banks and self._feeds(time_ms):
            self.banks[self.in_use].busy_ms = time_ms

    def _feeds(self, time_ms: int) -> bool:
        """Its flow meter says so, or it has none."""
        return not self.flow.fresh(time_ms) or not self.flow.minutes.values or self.flow.minutes.values[-1] > FEEDS_LPM

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

    # ---- asking

    @property
    def measured_ms(self) -> int | None:
        return max((bank.level.last_ms for bank in self.banks.values()), default=0) or None

    @property
    def as_of_ms(self) -> int:
        """The time of which the content of the bank in use is; of the newest, where that is not known."""
        bank = self.banks.get(self.in_use)  # type: ignore[call-overload]  # a name that is no bank's is not found
        return bank.level.content[1] if bank is not None and bank.level.minutes.times else self.measured_ms or 0

    def changeovers_on(self, now_ms: int) -> int:
        """Of the local day of that time."""
        return self.changeovers.on_day if self.local.hour(now_ms) // DAY_H == self.changeovers.day else 0

    def _counted(self) -> list[BankTrack]:
        """The banks of which `drawn` is made."""
        if self._says(self.drawn.last_ms or 0) and self.in_use in self.banks:
            return [self.banks[self.in_use]]
        return list(self.banks.values())

    def fall(self, since_ms: int, frozen: Frozen | None = None) -> Fall | None:
        """How fast it is drawn from, by what was drawn since then; of a frozen bank, by what it showed before it froze."""
        newest = self.drawn.last_ms
        if newest is None:
            return None
        banks = [frozen.bank] if frozen else self._counted()
        key = (newest, since_ms, frozen.since_ms if frozen else 0, *[(b.name, b.level.breaks[-1] if b.level.breaks else 0) for b in banks])
        if self._known[0] != key:
            breaks = sorted(broken_ms for bank in banks for broken_ms in bank.level.breaks)
            noise_l = 0.15 * hypot(*(bank.litres_per_bar for bank in banks))
            window, until_ms = (frozen.bank.level.sixes, frozen.since_ms) if frozen else (self.drawn, newest)
            self._known = (key, best_fall(window, breaks, noise_l, since_ms, until_ms))
        slope = self._known[1]
        return Fall(slope, self.in_use != "", hypot(slope.se_lpm if slope else 0.0, self._warming_lpm(banks)), newest)

    def _warming_lpm(self, banks: list[BankTrack]) -> float:
        """What a drift of the temperature looks like, one standard deviation."""
        return warming_lpm(sum(bank.level.content_l for bank in banks), self.temp_measured) / SURE

    def mean(self, hours: int, frozen: Frozen | None = None) -> Span | None:
        """What was drawn from it on average within the last hour, or six (of a frozen bank: in the time before); None where it was not
        watched for long enough."""
        newest = self.drawn.last_ms
        if newest is None:
            return None
        if frozen:
            fall = self.fall(0, frozen)
            return around(fall.slope.fall_lpm, SURE * fall.se_lpm) if fall and fall.slope else None
        if hours == 1:
            banks = self._counted()
            breaks = [broken_ms for bank in banks for broken_ms in bank.level.breaks]
            found = [mean_fall(self.drawn, breaks, newest - hours * HOUR_MS)]
        else:
            banks = list(self.banks.values())
            found = [mean_fall(bank.level.sixes, bank.level.breaks, newest - hours * HOUR_MS) for bank in banks]
        known = [(litres, minutes) for litres, minutes in filter(None, found) if minutes]
        if not known or len(known) < len(found):
            return None
        mean_lpm = sum(litres / minutes for litres, minutes in known)
        noise_lpm = 0.3 * hypot(*(bank.litres_per_bar for bank in banks)) / known[0][1]
        return around(mean_lpm, SURE * hypot(noise_lpm, self._warming_lpm(banks)) + 0.02 * max(0.0, mean_lpm))

    def losses(self) -> Losses:
        """What its banks lose while they do not feed."""
        decays, leaks = [], []
        for bank in self.banks.values():
            decay = bank.decay(self.temp_measured)
            decays.append(decay)
            leak = bank.leak(decay, self.temp_measured)
            if leak is not None:
                leaks.append(leak)
        counted = leaks and (self.flow.last_ms or self._says(self.drawn.last_ms or 0))
        return Losses(decays, add(leaks) if counted else None)

    def idle_h(self, bank: BankTrack, now_ms: int) -> float | None:
        """Hours since a bank last fed, or since the manifold is watched."""
        since_ms = max(bank.busy_ms, self.changeovers.since_ms)
        return max(0, now_ms - since_ms) / HOUR_MS if since_ms else None

    def frozen(self) -> Frozen | None:
        """The bank in use where it has shown one and the same number for so long that it is suspect, and it is not empty."""
        bank = self.banks.get(self.in_use)  # type: ignore[call-overload]  # a name that is no bank's is not found
        if bank is None or bank.level.last_ms - bank.level.frozen_ms < FROZEN_MS or bank.level.content_l < 2 * bank.litres_per_bar:
            return None
        return Frozen(bank, bank.level.frozen_ms)

    # ---- keeping

    def dump(self) -> ManifoldState:
        return ManifoldState(
            {name: bank.dump() for name, bank in self.banks.items()},
            self.flow.dump(),
            self.drawn.dump(),
            self.drawn_l,
            self.drawn_due_ms,
            self.temp_c,
            self.temp_sum_c,
            self.temp_count,
            self.temp_ms,
            self.temp_measured,
            self.in_use,
            self.said_ms,
            self.was,
            self.was_ms,
            self.falling,
            self.falling_count,
            self.changeovers,
        )

    def load(self, state: ManifoldState) -> None:
        for name, bank in self.banks.items():
            if name in state.banks:
                bank.load(state.banks[name])
        self.flow.load(state.flow)
        self.drawn.load(state.drawn)
        self.drawn_l, self.drawn_due_ms = state.drawn_l, state.drawn_due_ms
        self.temp_c, self.temp_sum_c, self.temp_count = state.temp_c, state.temp_sum_c, state.temp_count
        self.temp_ms, self.temp_measured = state.temp_ms, state.temp_measured
        self.in_use, self.said_ms, self.was, self.was_ms = state.in_use, state.said_ms, state.was, state.was_ms
        self.falling, self.falling_count = state.falling, state.falling_count
        self.changeovers = state.changeovers
        self._warm_banks()
