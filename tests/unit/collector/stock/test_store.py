"""Counts of loose cylinders, deliveries, and what these turned out to be."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
import pytest

from collector.outputs import StockEvent
from collector.stock.exchange import Exchange
from collector.stock.store import StoreState, StoreTrack
from devices.assets import CylinderStore
from devices.oxygen import CYLINDERS, usable_litres
from tests.unit.collector.stock.cases import HOUR_MS, MINUTE_MS, START_MS

KIND = CYLINDERS["in-d"]


def exchange(at_ms: int, cylinders: int, bar: float, before_bar: float = 11.0) -> Exchange:
    """So many D cylinders on a bank that rose from one pressure to another, at 30 °C."""
    before_l, after_l, full_l = (usable_litres(cylinders, KIND.water_l, each, 30, 10) for each in (before_bar, bar, 150))
    return Exchange(at_ms, cylinders, before_l, after_l, full_l, 0.02 * after_l, bar, cylinders * KIND.water_l, 10.0)


@dataclass
class Book:
    """A store, and what it said."""

    store: StoreTrack = field(default_factory=lambda: StoreTrack(CylinderStore(id="st", kind="cylinder_store", type="in-d"), 10))
    events: list[StockEvent] = field(default_factory=list)

    def count(self, minute: int, full: int) -> None:
        self.events += self.store.observe("s", {"full_count": float(full)}, START_MS + minute * MINUTE_MS)

    def hang(self, minute: int, cylinders: int, bar: float, before_bar: float = 11.0) -> int | None:
        counted, events = self.store.hang("s", exchange(START_MS + minute * MINUTE_MS, cylinders, bar, before_bar))
        self.events += events
        return counted

    @property
    def said(self) -> list[str]:
        return [event.text for event in self.events]

    def restart(self) -> None:
        kept = msgspec.msgpack.encode(self.store.state)
        self.store.state = msgspec.msgpack.decode(kept, type=StoreState)


@pytest.mark.parametrize("restarts", [False, True])
def test_a_delivery_of_twelve_of_which_three_are_short(restarts: bool) -> None:
    book = Book()
    book.count(0, 4)
    book.count(10, 16)
    book.count(20, 12)
    assert book.hang(20, 4, 149) == 4, "the old ones go first"
    for minute, full, cylinders, bar in ((300, 3, 9, 148.0), (600, 0, 3, 110.0)):
        if restarts:
            book.restart()
        book.count(minute, full)
        assert book.hang(minute, cylinders, bar) == cylinders
    assert book.said == ["delivery of 12: +77,761 L if all are full, 16 full ones now", "delivery of 12: 9 seen full, 3 at 110 bar"]
    checked = book.events[-1]
    assert (checked.event, checked.cylinders, checked.expected_cylinders, checked.short) == ("delivery_checked", 9, 12, True)
    assert (checked.event_ms, checked.seen_ms, checked.pressure_bar) == (START_MS + 10 * MINUTE_MS, START_MS + 600 * MINUTE_MS, 110)


def test_the_count_may_come_after_the_exchange() -> None:
    book = Book()
    book.count(0, 0)
    book.count(10, 12)
    assert book.hang(100, 12, 110) is None
    book.count(130, 0)
    assert book.said[-1] == "delivery of 12: 12 at 110 bar"


def test_what_goes_to_the_wards_is_not_seen() -> None:
    book = Book()
    book.count(0, 0)
    book.count(10, 12)
    book.count(60, 10)
    book.count(400, 0)
    book.hang(400, 10, 149)
    assert book.said[-1] == "delivery of 12: 10 seen full, 2 not seen on a bank"


def test_a_fall_and_a_refill_that_are_hours_apart_have_nothing_to_do_with_each_other() -> None:
    book = Book()
    book.count(0, 0)
    book.count(10, 12)
    book.count(60, 0)
    assert book.hang(60 + 121, 12, 110) is None
    book.count(60 + 122, 0)
    assert len(book.events) == 1


def test_a_delivery_that_nobody_saw_on_a_bank_is_not_said_to_be_checked() -> None:
    book = Book()
    book.count(0, 0)
    book.count(10, 3)
    book.count(60, 0)
    book.count(600, 0)
    assert [event.event for event in book.events] == ["delivery"]


def test_cylinders_that_share_a_bank_with_old_ones_are_seen_through_the_mixture() -> None:
    """Four of twelve exchanged for full ones, the others at 40 bar: the bank shows 77 bar, the four had 150."""
    mixed = exchange(START_MS, 12, 76.5, before_bar=40)
    assert mixed.worth == pytest.approx(4, abs=0.1)
    assert mixed.bar(4) == pytest.approx(150, abs=3)
    assert mixed.is_full(4)
    assert not mixed.is_full(12)
    assert mixed.bar(12) == 76.5
    book = Book()
    book.count(0, 0)
    book.count(10, 4)
    book.count(60, 0)
    assert book.hang(60, 12, 76.5, before_bar=40) == 4
    assert book.said[-1] == "delivery of 4: 4 seen full"


def test_two_deliveries_are_told_apart_by_their_age() -> None:
    book = Book()
    book.count(0, 0)
    book.count(10, 6)
    book.count(500, 12)
    book.count(900, 4)
    book.hang(900, 8, 149)
    assert book.said[-1] == "delivery of 6: 6 seen full"
    book.count(1500, 0)
    book.hang(1500, 4, 100)
    assert book.said[-1] == "delivery of 6: 2 seen full, 4 at 100 bar"
    assert len({event.id for event in book.events}) == len(book.events) == 4


def test_what_is_remembered_is_bounded() -> None:
    book = Book()
    sizes = []
    for n in range(200):
        book.count(2 * n, 10 * n)
        book.hang(2 * n, 3, 149)
        sizes.append(len(msgspec.msgpack.encode(book.store.state)))
    for n in range(200):
        book.count(400 + n, 2000 - 3 * n)
        sizes.append(len(msgspec.msgpack.encode(book.store.state)))
    assert max(sizes) < 2_000


@pytest.mark.parametrize(("bar", "full"), [(150.0, True), (144.0, True), (138.0, False), (110.0, False)])
def test_full_is_judged_with_the_error_of_the_sensors(bar: float, full: bool) -> None:
    assert exchange(START_MS, 12, bar).is_full(12) is full


def test_old_counts_are_left_out() -> None:
    book = Book()
    book.count(10, 5)
    book.count(5, 9)
    assert (book.store.full, book.events) == (5, [])
    assert HOUR_MS == 60 * MINUTE_MS
