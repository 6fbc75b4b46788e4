"""Banks that change over, are exchanged, rest and leak."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field

import msgspec
import pytest

from collector.outputs import SourceStock, StockEstimate, StockEvent
from collector.stock import SiteStock, StockState
from devices.oxygen import pressure_for_litres
from devices.signal import Value
from tests.unit.collector.stock.cases import HOUR_MS, MINUTE_MS, START_MS, site

BANK = {"cylinders": 10, "type": "in-d"}
MANIFOLD = {"id": "m", "kind": "manifold", "interval_s": 60, "banks": {"a": BANK, "b": BANK, "reserve": BANK}}
FULL_L = 64_800.0


@dataclass
class Room:
    """Three banks of ten D cylinders in a room that swings by ±4 °C a day; a sample a minute, σ 0.2 bar."""

    where: dict[str, object] = field(default_factory=dict)
    litres: dict[str, float] = field(default_factory=lambda: {"a": FULL_L, "b": FULL_L, "reserve": FULL_L})
    in_use: str = "a"
    metered_lpm: float | None = None
    says: bool = True
    with_temp: bool = True
    minute: int = 0
    events: list[StockEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stock = SiteStock(site(MANIFOLD, **self.where))
        self.random = random.Random(5)

    @property
    def now_ms(self) -> int:
        return START_MS + self.minute * MINUTE_MS

    def pass_minutes(self, minutes: int, draw_lpm: float = 0.0, **leaks_lpm: float) -> None:
        for _ in range(minutes):
            self.minute += 1
            self.litres[self.in_use] -= draw_lpm
            for bank, lpm in leaks_lpm.items():
                self.litres[bank] -= lpm
            if self.litres["a"] < 500 and self.in_use == "a":
                self.in_use = "b"
            self.events += self.stock.observe("m", "manifold", self.values(), self.now_ms)

    def values(self) -> dict[str, Value]:
        temp_c = 30 + 4 * math.sin(2 * math.pi * self.minute / 1440)
        found: dict[str, Value] = {
            "reserve_bar" if name == "reserve" else f"bank_{name}_bar": pressure_for_litres(10, 46.7, litres, temp_c, 10)
            + self.random.gauss(0, 0.2)
            for name, litres in self.litres.items()
        }
        if self.says:
            found["bank_in_use"] = self.in_use
        if self.with_temp:
            found["bank_temp_c"] = temp_c
        if self.metered_lpm is not None:
            found["o2_flow_lpm"] = self.metered_lpm
        return found

    def estimate(self) -> StockEstimate:
        return self.stock.estimate(self.now_ms)

    def source(self, name: str) -> SourceStock:
        return next(source for source in self.estimate().sources if source.source == f"m/{name}")


def mid(value: float | None) -> float:
    assert value is not None
    return value


@pytest.mark.parametrize("says", [True, False], ids=["it says which bank", "it does not"])
def test_a_changeover_does_not_disturb_the_burn(says: bool) -> None:
    room = Room(litres={"a": 12_000.0, "b": FULL_L, "reserve": FULL_L}, says=says)
    burns = []
    for _ in range(36):
        room.pass_minutes(5, 100.0)
        if room.minute >= 60:
            burns.append(mid(room.estimate().burn_lpm.mid))
    assert room.in_use == "b"
    assert min(burns) > 90
    assert max(burns) < 110


def test_a_refill_of_an_idle_bank_does_not_either() -> None:
    room = Room(litres={"a": 40_000.0, "b": 2_000.0, "reserve": FULL_L})
    room.pass_minutes(70, 100.0)
    room.litres["b"] = FULL_L
    for _ in range(8):
        room.pass_minutes(5, 100.0)
        assert mid(room.estimate().burn_lpm.mid) == pytest.approx(100, rel=0.08)
    assert [event.event for event in room.events] == ["refill"]


# ---- what a bank loses while it rests


@pytest.mark.parametrize(("metered", "says"), [(100.0, True), (100.0, False), (None, True)])
def test_a_leak_of_the_reserve_is_found_and_its_size_is_told(metered: float | None, says: bool) -> None:
    room = Room(litres={"a": FULL_L, "b": FULL_L, "reserve": FULL_L}, metered_lpm=metered, says=says)
    room.pass_minutes(300, 100.0, reserve=12.0)
    reserve = room.source("reserve")
    assert mid(reserve.decay_lpm.low) <= 12 <= mid(reserve.decay_lpm.high)
    assert reserve.decay_sure
    assert reserve.decay_bar_h == pytest.approx(12 * 60 / 467, rel=0.25)
    assert room.estimate().leak_lpm == pytest.approx(12, rel=0.15)
    assert mid(room.estimate().burn_lpm.mid) == pytest.approx(112, rel=0.05)
    assert "leaking banks" in room.estimate().burn_method


@pytest.mark.parametrize("with_temp", [True, False], ids=["temperature is measured", "is not"])
def test_a_tight_bank_in_a_room_that_warms_and_cools_is_no_leak(with_temp: bool) -> None:
    """Without a thermometer 4 °C a day look like a bar an hour: that is within the error then."""
    room = Room(metered_lpm=100.0, with_temp=with_temp)
    room.litres["a"] = 3 * FULL_L / 4
    for _ in range(28):
        room.pass_minutes(15, 0.0 if room.litres["a"] < 5000 else 100.0)
        for name in ("b", "reserve"):
            assert not room.source(name).decay_sure
    decay = room.source("reserve").decay_lpm
    assert mid(decay.low) <= 0 <= mid(decay.high)
    assert room.estimate().leak_lpm == 0.0


def test_the_bank_that_feeds_has_no_decay_and_half_an_hour_is_needed() -> None:
    room = Room(metered_lpm=100.0)
    room.pass_minutes(80, 100.0)
    assert room.source("reserve").decay_lpm.mid is None
    room.pass_minutes(60, 100.0)
    assert room.source("reserve").decay_lpm.mid is not None
    assert room.source("a").decay_lpm.mid is None
    assert room.source("a").burn_lpm.mid == pytest.approx(100)
    assert (room.source("a").burn_method, room.source("a").burn_window_s) == ("manifold flow", 900)
    assert room.source("reserve").burn_method == "fall while idle"


def test_a_leak_that_begins_is_told_within_the_hour() -> None:
    room = Room(metered_lpm=100.0)
    room.pass_minutes(400, 100.0)
    room.pass_minutes(55, 100.0, reserve=40.0)
    assert room.source("reserve").decay_sure
    assert mid(room.source("reserve").decay_lpm.mid) == pytest.approx(40, rel=0.25)


def test_after_an_exchange_the_leak_goes_on_in_the_hours_left_but_not_in_the_verdict() -> None:
    room = Room(metered_lpm=100.0)
    room.pass_minutes(300, 100.0, reserve=40.0)
    room.litres["reserve"] = FULL_L
    room.pass_minutes(30, 100.0, reserve=40.0)
    assert room.source("reserve").decay_lpm.mid is None
    burn = room.estimate().burn_lpm
    assert mid(burn.mid) == pytest.approx(140, rel=0.05)
    assert mid(burn.low) < 110, "the leak may have been in a cylinder that is gone"


# ---- changeovers


def test_changeovers_are_counted_by_the_day_of_the_site() -> None:
    room = Room(where={"timezone": "Asia/Kolkata"}, metered_lpm=100.0)
    room.pass_minutes(1, 100.0)
    for bank in ("b", "reserve", "a"):
        room.in_use = bank
        room.pass_minutes(10, 100.0)
    (counted,) = room.estimate().manifolds
    assert (counted.manifold, counted.changeovers, counted.changeovers_today) == ("m", 3, 3)
    assert counted.last_changeover_ms == START_MS + 22 * MINUTE_MS
    assert [event.text for event in room.events][-1] == "changed over from bank reserve to bank a, number 3 today"
    until_midnight = 24 * 60 - (room.now_ms // MINUTE_MS + 330) % (24 * 60)
    room.pass_minutes(until_midnight + 1, 20.0)
    (counted,) = room.estimate().manifolds
    assert (counted.changeovers, counted.changeovers_today) == (3, 0)


def test_since_when_the_reserve_was_not_exercised() -> None:
    room = Room(metered_lpm=10.0)
    room.pass_minutes(2880, 0.01)
    assert room.estimate().reserve_idle_h == pytest.approx(48.0, abs=0.1)
    room.in_use = "reserve"
    room.pass_minutes(5, 10.0)
    room.in_use = "a"
    room.pass_minutes(1440, 0.01)
    assert room.estimate().reserve_idle_h == pytest.approx(24.0, abs=0.1)
    assert room.source("a").idle_h == pytest.approx(0, abs=0.1)
    assert room.source("b").idle_h == pytest.approx(72.1, abs=0.2)


def test_a_bank_in_use_whose_meter_shows_nothing_does_not_feed() -> None:
    """The duty bank of a hospital that lives on its plant rests, whatever the manifold says."""
    room = Room(metered_lpm=0.0)
    room.pass_minutes(300)
    assert room.source("a").idle_h == pytest.approx(5, abs=0.05)
    assert room.source("a").decay_lpm.mid is not None


@pytest.mark.parametrize("at_minute", [40, 130, 260])
def test_a_restart_changes_nothing(at_minute: int) -> None:
    room = Room(litres={"a": 20_000.0, "b": FULL_L, "reserve": FULL_L})
    room.pass_minutes(at_minute, 100.0, reserve=12.0)
    kept = msgspec.msgpack.decode(msgspec.msgpack.encode(room.stock.dump()), type=StockState)
    again = SiteStock(site(MANIFOLD), kept)
    for _ in range(150):
        room.pass_minutes(0)
        room.minute += 1
        room.litres[room.in_use] -= 100
        values = room.values()
        assert again.observe("m", "manifold", dict(values), room.now_ms) == room.stock.observe("m", "manifold", values, room.now_ms)
        assert again.estimate(room.now_ms) == room.stock.estimate(room.now_ms)
    assert room.now_ms == START_MS + (at_minute + 150) * MINUTE_MS


def test_hours_of_each_source_add_up() -> None:
    room = Room(metered_lpm=100.0)
    room.pass_minutes(60, 100.0)
    estimate = room.estimate()
    parts = [mid(source.now_h.mid) for source in estimate.sources]
    assert sum(parts) == pytest.approx(mid(estimate.connected_now_h.mid), rel=0.01)
    assert HOUR_MS == 60 * MINUTE_MS
