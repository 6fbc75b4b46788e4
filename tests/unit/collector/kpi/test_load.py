from __future__ import annotations

from collections.abc import Sequence

from collector.kpi.load import Load
from tests.unit.collector.kpi.cases import SITE, START_MS, at, said

DAY = 86_400.0


def load(seconds: Sequence[float], until_s: float, priority: str = "medium") -> tuple[Load, dict[str, float | None]]:
    found = Load(START_MS)
    for second in seconds:
        found.announce(said("line/LP-L", second, "raised", priority=priority), SITE)
    found.close(at(until_s))
    return found, dict(found.figures(at(until_s), 2))


def test_rates_are_told_by_day_hour_ten_minutes_and_site() -> None:
    found, figures = load([n * 7200.0 for n in range(24)], 2 * DAY)
    assert (found.total, found.by_priority) == (24, {"medium": 24})
    assert [figures[name] for name in ("per_day", "per_hour", "per_site_day")] == [12.0, 0.5, 6.0]
    assert figures["per_10min"] == 12 / 144


def test_nights_are_counted_by_the_sites_clock_and_only_what_wakes_somebody() -> None:
    """START_MS is 21:30 there: of one alarm an hour, 22:30 to 06:30 are at night."""
    hours = [n * 3600.0 for n in range(24)]
    assert load(hours, DAY)[0].night_pages == 9
    assert load(hours, DAY)[1]["night_pages"] == 4.5
    assert load(hours, DAY, "low")[0].night_pages == 0


def test_busy_periods_are_shares_of_all_periods() -> None:
    """11 in one tenth of an hour and 31 in one hour, of a day's 144 and 24."""
    seconds = sorted([n * 50.0 for n in range(11)] + [7200 + n * 115.0 for n in range(31)])
    _, figures = load(seconds, DAY)
    assert figures["busy_10min_pct"] == 100 / 144
    assert figures["busy_hours_pct"] == 100 / 24
    assert figures["worst_10min"] == 11


def test_the_worst_ten_minutes_are_found_wherever_they_lie() -> None:
    """Six at the end of one tenth of an hour, six at the beginning of the next."""
    seconds = [570.0 + 5 * n for n in range(12)]
    _, figures = load(seconds, DAY)
    assert (figures["worst_10min"], figures["busy_10min_pct"]) == (12, 0)


def test_floods_are_spans_of_time() -> None:
    found, figures = load([float(n) for n in range(23)], DAY)
    assert [(flood.begin_ms, flood.end_ms, flood.size) for flood in found.floods] == [(START_MS, at(618), 23)]
    assert figures["flood_pct"] == 100 * 618 / DAY


def test_a_flood_that_goes_on_lasts_to_the_end_of_the_period() -> None:
    found, figures = load([float(n) for n in range(23)], 100)
    assert found.floods[0].end_ms is None
    assert figures["flood_pct"] == 100.0


def test_without_an_alarm_everything_is_nothing() -> None:
    assert set(load([], DAY)[1].values()) == {0.0}
