"""What a backtest found: plain values as `--json` prints them, and lines for people. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from collector.backtest.compare import Pair, RuleCount
from collector.backtest.episodes import Episode
from collector.backtest.pages import Pages
from collector.cases.notation import written
from collector.outputs import Priority

ROWS = 60
"""So many rows of the table side by side are shown; --all shows every one."""


class SiteReport(msgspec.Struct, frozen=True, kw_only=True):
    """One site. `priorities` is priority to how many alarms were told of: old, new. `missed` are those of priority medium or high that only
    the old rules told of."""

    site: str
    timezone: str
    old_pages: Pages
    new_pages: Pages
    priorities: dict[Priority, tuple[int, int]]
    rules: list[RuleCount]
    alarms: list[Pair]
    missed: list[Pair]


class BacktestReport(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. Alarms are counted that were raised in [from, to); `warm_up_ms` before it was folded without counting; `begins_ms` is
    when the data begins. `against` says what the old side is: the rules in force, or what is on record."""

    source: str
    against: str
    from_ms: int
    to_ms: int
    warm_up_ms: int
    begins_ms: int
    readings: int
    sites: list[SiteReport]
    notes: list[str] = []


def lines(report: BacktestReport, *, every_row: bool) -> Iterator[str]:
    """Everything, for people. Times are of the site."""
    for note in report.notes:
        yield f"note: {note}"
    for site in report.sites:
        yield from _site(report, site, every_row=every_row)


def _site(report: BacktestReport, site: SiteReport, *, every_row: bool) -> Iterator[str]:
    zone = ZoneInfo(site.timezone)
    yield f"{site.site}: {_day(report.from_ms, zone)} to {_day(report.to_ms, zone)} ({site.timezone}), from the {report.source}"
    yield f"old: {report.against}; new: the rules that are tried"
    yield ""
    yield from _sums(site)
    yield ""
    if site.rules:
        rows = [(r.rule, *(str(n) for n in (r.old, r.new, r.lost, r.gained, r.moved))) for r in site.rules]
        yield from _table([("rule", "old", "new", "lost", "gained", "moved"), *rows])
        yield ""
    yield from _missed(site, zone)
    different = [pair for pair in site.alarms if every_row or pair.fate != "same"]
    if different:
        shown = different if every_row else different[:ROWS]
        yield "side by side" if every_row else "side by side, without what is the same"
        yield from _table([("old", "new", "", "alarm"), *(_row(pair, zone) for pair in shown)])
        if len(shown) < len(different):
            yield f"  … and {len(different) - len(shown)} more; --all shows them"
        yield ""


def _sums(site: SiteReport) -> Iterator[str]:
    fates = [pair.fate for pair in site.alarms]
    told = ", ".join(f"{fates.count(fate)} {fate}" for fate in ("lost", "gained", "moved", "changed", "same") if fates.count(fate))
    old, new = (sum(counts[side] for counts in site.priorities.values()) for side in (0, 1))
    rows = [("", "old", "new", ""), ("alarms told", str(old), str(new), told)]
    rows += [(f"  {priority}", str(a), str(b), "") for priority, (a, b) in site.priorities.items() if a or b]
    before, after = site.old_pages, site.new_pages
    worst = f"worst night {before.worst_night} → {after.worst_night}; {before.nights} nights, 22:00 to 07:00"
    rows.append(("pages a night", f"{before.per_night:.2f}", f"{after.per_night:.2f}", worst))
    rows.append(("pages a day", f"{before.per_day:.2f}", f"{after.per_day:.2f}", f"{before.total} → {after.total} calls, medium and high"))
    return _table(rows)


def _missed(site: SiteReport, zone: ZoneInfo) -> Iterator[str]:
    if not site.missed:
        yield "events missed (medium and high, told by the old rules alone): none"
        yield ""
        return
    yield f"events missed (medium and high, told by the old rules alone): {len(site.missed)}"
    for pair in site.missed:
        yield f"  {_span(pair.old, zone)}  {pair.alarm}  {pair.one.priority}{_number(pair.one)}{_instead(pair)}"
    yield ""


def _row(pair: Pair, zone: ZoneInfo) -> tuple[str, str, str, str]:
    what = {
        "same": "",
        "moved": f"{written(abs(pair.later_ms))} {'later' if pair.later_ms > 0 else 'earlier'}",
        "changed": f"{pair.old.priority if pair.old else ''} → {pair.new.priority if pair.new else ''}",
        "gained": "GAINED",
        "lost": "LOST",
    }[pair.fate]
    return _span(pair.old, zone), _span(pair.new, zone), what, f"{pair.alarm} {pair.one.priority}{_instead(pair)}"


def _instead(pair: Pair) -> str:
    if pair.hidden_by:
        return f", suppressed by {pair.hidden_by}"
    return f", but told: {', '.join(pair.instead)}" if pair.instead else ""


def _number(episode: Episode) -> str:
    if not isinstance(episode.value, float):
        return ""
    limit = "" if episode.limit is None else f", limit {episode.limit:.4g}"
    return f"  ({episode.value:.4g} {episode.unit}{limit})"


def _span(episode: Episode | None, zone: ZoneInfo) -> str:
    if episode is None:
        return "–"
    lasted = "stays" if episode.ended_ms is None else written((episode.ended_ms - episode.raised_ms) // 1000 * 1000)
    return f"{_day(episode.raised_ms, zone)} {lasted}"


def _day(at_ms: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(at_ms / 1000, zone).strftime("%Y-%m-%d %H:%M")


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield ("  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))).rstrip()
