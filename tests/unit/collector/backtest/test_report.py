"""What is printed, whole, for a small backtest."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from collector.backtest.compare import by_priority, by_rule, pairs
from collector.backtest.episodes import Episode
from collector.backtest.pages import pages
from collector.backtest.report import BacktestReport, SiteReport, lines
from tests.unit.collector.backtest.episode import at, episode

H = 60


def report(old: list[Episode], new: list[Episode]) -> BacktestReport:
    found, zone = pairs(old, new), ZoneInfo("Asia/Kolkata")
    site = SiteReport(
        site="dh",
        timezone="Asia/Kolkata",
        old_pages=pages(old, at(0), at(48 * H), zone),
        new_pages=pages(new, at(0), at(48 * H), zone),
        priorities=by_priority(found),
        rules=by_rule(found),
        alarms=found,
        missed=[pair for pair in found if pair.is_missed],
    )
    return BacktestReport(
        source="journal", against="the rules in force", from_ms=at(0), to_ms=at(48 * H), warm_up_ms=0, begins_ms=at(0), readings=5,
        sites=[site], notes=["the warm-up is 0s"],
    )  # fmt: skip


def test_all_of_it() -> None:
    old = [episode(5 * H, 5 * H + 2), episode(6 * H, 6 * H + 2), episode(7 * H, 8 * H, "dh/psa/PU-L", "low"), episode(30 * H, 31 * H)]
    new = [episode(5 * H, 5 * H + 2), episode(7 * H + 1, 8 * H, "dh/psa/PU-L", "low"), episode(33 * H, None, "dh/psa/PL-DN")]
    assert list(lines(report(old, new), every_row=False)) == [
        "note: the warm-up is 0s",
        "dh: 2026-01-05 17:30 to 2026-01-07 17:30 (Asia/Kolkata), from the journal",
        "old: the rules in force; new: the rules that are tried",
        "",
        "                 old   new",
        "  alarms told    4     3     2 lost, 1 gained, 1 moved, 1 same",
        "    medium       3     2",
        "    low          1     1",
        "  pages a night  1.50  1.00  worst night 2 → 1; 2 nights, 22:00 to 07:00",
        "  pages a day    1.50  1.00  3 → 2 calls, medium and high",
        "",
        "  rule   old  new  lost  gained  moved",
        "  LP-L   3    1    2     0       0",
        "  PL-DN  0    1    0     1       0",
        "  PU-L   1    1    0     0       1",
        "",
        "events missed (medium and high, told by the old rules alone): 2",
        "  2026-01-05 23:30 2m  dh/line/LP-L  medium  (3.5 bar, limit 3.6)",
        "  2026-01-06 23:30 1h  dh/line/LP-L  medium  (3.5 bar, limit 3.6)",
        "",
        "side by side, without what is the same",
        "  old                  new                               alarm",
        "  2026-01-05 23:30 2m  –                       LOST      dh/line/LP-L medium",
        "  2026-01-06 00:30 1h  2026-01-06 00:31 59m    1m later  dh/psa/PU-L low",
        "  2026-01-06 23:30 1h  –                       LOST      dh/line/LP-L medium",
        "  –                    2026-01-07 02:30 stays  GAINED    dh/psa/PL-DN medium",
        "",
    ]


def test_nothing_missed_is_said_and_every_row_is_shown_where_that_is_asked_for() -> None:
    shown = list(lines(report([episode(0, 5)], [episode(0, 5)]), every_row=True))
    assert "events missed (medium and high, told by the old rules alone): none" in shown
    assert "side by side" in shown
    assert not any(line.startswith("side by side") for line in lines(report([episode(0, 5)], [episode(0, 5)]), every_row=False))


def test_what_was_told_instead_is_named() -> None:
    old = [episode(0, 5)]
    new = [episode(0, 5, told=False, hidden_by="LP-LL"), episode(0, 5, "dh/line/LP-LL", "high")]
    assert "  2026-01-05 17:30 5m  dh/line/LP-L  medium  (3.5 bar, limit 3.6), suppressed by LP-LL" in list(
        lines(report(old, new), every_row=False)
    )
    assert any(line.endswith(", but told: dh/line/LP-LL") for line in lines(report(old, new[1:]), every_row=False))


def test_a_long_table_is_cut() -> None:
    old = [episode(n * 30, n * 30 + 5) for n in range(90)]
    shown = list(lines(report(old, []), every_row=False))
    assert "  … and 30 more; --all shows them" in shown
    assert not any("--all" in line for line in lines(report(old, []), every_row=True))
