"""A store of loose cylinders: counts, deliveries, and what pressure they turned out to have once they hung on a bank. Pure.

A delivery is a count of full cylinders that rises. What came is seen only later, when cylinders of it hang on a bank: the bank's pressure
is theirs. Which cylinders were hung is not known; the oldest are taken to go first. A fall of the count and a refill of a bank of the same
type within two hours of each other are one thing, an exchange; a fall that no refill explains went to the wards, and shows no pressure.
"""

from __future__ import annotations

import msgspec

from collector.outputs import StockEvent
from collector.stock.bank import STORE_TEMP_C, TEMP_ASSUMED_ERROR
from collector.stock.exchange import Exchange
from collector.stock.flow import number
from collector.stock.series import HOUR_MS
from collector.stock.span import Span, around
from devices.assets import CylinderStore
from devices.oxygen import CYLINDERS, usable_litres
from devices.signal import Value

TOGETHER_MS = 2 * HOUR_MS
MAX_LOTS = 6
MAX_OPEN = 6


class Seen(msgspec.Struct, frozen=True, array_like=True):
    """So many cylinders of a delivery as they showed on a bank: their pressure, and whether that is full as far as one can say."""

    time_ms: int
    count: int
    pressure_bar: float
    full: bool


class Lot(msgspec.Struct, frozen=True, array_like=True):
    """A delivery: how many were counted, how many of them are still in the store, what was seen of the others, how many went unseen."""

    time_ms: int
    claimed: int
    left: int
    seen: list[Seen] = []
    unseen: int = 0


class Taken(msgspec.Struct, frozen=True, array_like=True):
    """A fall of the count that no refill explains yet."""

    time_ms: int
    count: int


class StoreState(msgspec.Struct, frozen=True, array_like=True):
    full: int | None = None
    measured_ms: int | None = None
    older: int = 0
    lots: list[Lot] = []
    taken: list[Taken] = []
    hung: list[Exchange] = []


class StoreTrack:
    """Loose full cylinders of one type. `older` of them were there before the deliveries in `lots`."""

    def __init__(self, store: CylinderStore, residual_bar: float) -> None:
        kind = CYLINDERS[store.type]
        self.asset = store.id
        self.type = store.type
        self.each_l = usable_litres(1, kind.water_l, kind.fill_bar, STORE_TEMP_C, residual_bar)
        self.declared = store.full
        self.state = StoreState()

    @property
    def full(self) -> int | None:
        return self.declared if self.state.full is None else self.state.full

    @property
    def measured_ms(self) -> int | None:
        return self.state.measured_ms

    def content(self) -> Span | None:
        full = self.full
        return None if full is None else around(full * self.each_l, TEMP_ASSUMED_ERROR * full * self.each_l)

    # ---- what happens

    def observe(self, site: str, values: dict[str, Value], time_ms: int) -> list[StockEvent]:
        """A count. Returns the delivery that it tells of, and deliveries of which all is known now."""
        counted = number(values, "full_count")
        if counted is None or time_ms <= (self.state.measured_ms or 0):
            return []
        full, before = max(0, round(counted)), self.state.full
        self.state = msgspec.structs.replace(self.state, full=full, measured_ms=time_ms)
        if before is None:
            self.state = msgspec.structs.replace(self.state, older=full)
            return []
        events = self._forget(site, time_ms)
        if full > before:
            return [*events, self._delivered(site, full - before, time_ms)]
        return events + self._fell(site, before - full, time_ms)

    def hang(self, site: str, hung: Exchange) -> tuple[int | None, list[StockEvent]]:
        """A bank of this type was refilled, at the time and with at most the cylinders of `hung`. Returns how many the count fell by with
        it (None: not known yet), and deliveries of which all is known now."""
        taken = max((t for t in self.state.taken if abs(t.time_ms - hung.time_ms) <= TOGETHER_MS), key=lambda t: t.count, default=None)
        if taken is None:
            self.state = msgspec.structs.replace(self.state, hung=[*self.state.hung, hung][-MAX_OPEN:])
            return None, []
        count = min(taken.count, hung.cylinders)
        rest = [Taken(taken.time_ms, taken.count - count)] if taken.count > count else []
        others = [t for t in self.state.taken if t is not taken]
        self.state = msgspec.structs.replace(self.state, taken=[*others, *rest])
        return count, self._use(site, count, hung)

    # ---- inside

    def _delivered(self, site: str, count: int, time_ms: int) -> StockEvent:
        lots = [*self.state.lots, Lot(time_ms, count, count)]
        older = self.state.older + sum(lot.left for lot in lots[:-MAX_LOTS])
        self.state = msgspec.structs.replace(self.state, lots=lots[-MAX_LOTS:], older=older)
        return StockEvent(
            site=site,
            asset=self.asset,
            source=self.asset,
            event="delivery",
            event_ms=time_ms,
            litres=count * self.each_l,
            text=f"delivery of {count}: +{count * self.each_l:,.0f} L if all are full, {self.state.full} full ones now",
            expected_cylinders=count,
        )

    def _fell(self, site: str, count: int, time_ms: int) -> list[StockEvent]:
        events: list[StockEvent] = []
        for hung in [h for h in self.state.hung if abs(h.time_ms - time_ms) <= TOGETHER_MS]:
            if count:
                used = min(count, hung.cylinders)
                count -= used
                self.state = msgspec.structs.replace(self.state, hung=[h for h in self.state.hung if h is not hung])
                events += self._use(site, used, hung)
        if count:
            self.state = msgspec.structs.replace(self.state, taken=[*self.state.taken, Taken(time_ms, count)])
        too_many = self.state.taken[:-MAX_OPEN]
        self.state = msgspec.structs.replace(self.state, taken=self.state.taken[-MAX_OPEN:])
        return events + [event for t in too_many for event in self._use(site, t.count, None)]

    def _forget(self, site: str, now_ms: int) -> list[StockEvent]:
        """What no other half was found of in time."""
        old = [t for t in self.state.taken if now_ms - t.time_ms > TOGETHER_MS]
        self.state = msgspec.structs.replace(
            self.state,
            taken=[t for t in self.state.taken if now_ms - t.time_ms <= TOGETHER_MS],
            hung=[h for h in self.state.hung if now_ms - h.time_ms <= TOGETHER_MS],
        )
        return [event for t in old for event in self._use(site, t.count, None)]

    def _use(self, site: str, count: int, hung: Exchange | None) -> list[StockEvent]:
        """So many left the store, the oldest first, and were seen on this bank (None: nobody saw)."""
        seen = Seen(hung.time_ms, count, hung.bar(count), hung.is_full(count)) if hung else None
        older = min(self.state.older, count)
        count -= older
        lots: list[Lot] = []
        done: list[Lot] = []
        for lot in self.state.lots:
            used = min(lot.left, count)
            count -= used
            if used and seen:
                lot = msgspec.structs.replace(lot, left=lot.left - used, seen=[*lot.seen, msgspec.structs.replace(seen, count=used)])
            elif used:
                lot = msgspec.structs.replace(lot, left=lot.left - used, unseen=lot.unseen + used)
            (lots if lot.left else done).append(lot)
        self.state = msgspec.structs.replace(self.state, older=self.state.older - older, lots=lots)
        return [self._checked(site, lot) for lot in done if lot.seen]

    def _checked(self, site: str, lot: Lot) -> StockEvent:
        full, poor = sum(seen.count for seen in lot.seen if seen.full), [seen for seen in lot.seen if not seen.full]
        parts = [f"{full} seen full"] if full else []
        parts += [f"{seen.count} at {seen.pressure_bar:.0f} bar" for seen in poor]
        parts += [f"{lot.unseen} not seen on a bank"] if lot.unseen else []
        return StockEvent(
            site=site,
            asset=self.asset,
            source=self.asset,
            event="delivery_checked",
            event_ms=lot.time_ms,
            text=f"delivery of {lot.claimed}: {', '.join(parts)}",
            cylinders=float(full),
            expected_cylinders=lot.claimed,
            pressure_bar=round(min(seen.pressure_bar for seen in lot.seen), 1),
            short=bool(poor),
            seen_ms=lot.seen[-1].time_ms,
        )
