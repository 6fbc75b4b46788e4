"""What is told by the day: gaps a week ahead, and that all is well, each once."""

from __future__ import annotations

from typing import Any

from collector.notify.daily import Daily, gaps
from collector.notify.exchange import Exchange
from collector.outputs import Notice
from tests.unit.collector.notify.cases import transition
from tests.unit.collector.notify.house import house, ms

HOUR = 3_600_000
HOLE = {"swaps": [{"date": "2026-03-09", "shift": "day", "out": "asha"}]}


def over_a_day(text: str, **parts: Any) -> list[Notice]:
    """Asked each ten minutes, from that time on."""
    whole = house(**parts)
    daily, exchange, begin = Daily(whole), Exchange(whole), ms(text)
    exchange.hear([transition()], begin)
    times = [begin + minute * 60_000 for minute in range(0, 24 * 60, 10)]
    return [notice for at_ms in times if daily.is_time(at_ms) for notice in daily.notices(at_ms, {"kasganj-dh": len(exchange.calls)})]


def test_a_minute_is_looked_at_once() -> None:
    daily, begin = Daily(house()), ms("2026-03-04T12:00")
    times = [0, 30_000, 59_999, 60_000, 61_000, -3_600_000]
    assert [daily.is_time(begin + at_ms) for at_ms in times] == [True, False, False, True, False, True]


def test_a_gap_is_told_to_the_last_resort_each_day_from_a_week_before() -> None:
    assert over_a_day("2026-02-28T10:00", roster=HOLE) == []
    told = over_a_day("2026-03-04T07:00", roster=HOLE)
    assert [(notice.person, notice.topic, notice.transition.evaluated_ms) for notice in told] == [
        ("room", "gap", ms("2026-03-04T09:00")),
        ("meena", "gap", ms("2026-03-04T09:00")),
    ]
    assert told[0].facts == {"roster": "nurses", "from": "2026-03-09 08:00", "until": "2026-03-09 20:00"}
    assert told[0].id == "gap/nurses@" + str(ms("2026-03-09T08:00")) + "/2026-03-04/room"


def test_a_start_at_noon_does_not_wait_and_does_not_tell_of_the_morning() -> None:
    assert [notice.topic for notice in over_a_day("2026-03-04T12:00", roster=HOLE)] == ["gap", "gap"]


def test_all_is_well_once_a_day() -> None:
    well = {"all_is_well": {"at": "08:00", "tell": ["chiefs"]}}
    told = over_a_day("2026-03-04T00:00", settings=well)
    assert [(notice.person, notice.facts, notice.transition.evaluated_ms) for notice in told] == [
        ("room", {"sites": "1", "open": "1"}, ms("2026-03-04T08:00")),
        ("meena", {"sites": "1", "open": "1"}, ms("2026-03-04T08:00")),
    ]


def test_a_roster_without_a_hole_has_no_gap() -> None:
    assert gaps(house(), ms("2026-01-01T00:00"), ms("2026-01-15T00:00")) == []
    (gap,) = gaps(house(roster=HOLE), ms("2026-03-09T00:00"), ms("2026-03-15T00:00"))
    assert (gap.roster, gap.site.id, gap.chain.id, gap.watch.shifts) == ("nurses", "kasganj-dh", "all", ("day",))
