"""The report as one screen of text that a nurse in charge can read: the judgement first, then what to mend. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from collector.commands.tables import columns, span
from collector.kpi.classes import Finding
from collector.kpi.points import finding_text
from collector.kpi.report import Hidden, KpiReport, Offender, Response
from collector.kpi.targets import BY_ID, Figure

SHORT = (
    "per_day",
    "per_site_day",
    "night_pages",
    "worst_10min",
    "flood_pct",
    "top10_pct",
    "top_per_day",
    "chattering",
    "fleeting",
    "standing",
    "high_pct",
    "response_high_min",
    "response_medium_min",
    "left_alone",
    "unauthorised",
)
"""The figures on the screen; all of them are in the JSON."""
ROWS = 5
HOW = {"shelved": "shelved", "suppressed": "suppressed by design", "out_of_service": "out of service"}


def report_lines(report: KpiReport, zone: ZoneInfo) -> Iterator[str]:
    """Verdicts, worst offenders with what to do, floods, what stands, what nobody answers, what was kept quiet."""
    began, ended = (_day(at_ms, zone) for at_ms in (report.since_ms, report.until_ms))
    sites = f"{report.sites} site{'' if report.sites == 1 else 's'}"
    yield f"Alarms of {report.scope} ({sites}), {began} to {ended}, {report.days:g} days: {_summary(report)}"
    yield from (f"  {note}" for note in report.notes)
    yield ""
    figures = {figure.id: figure for figure in report.figures}
    yield from columns([_figure(figures[name]) for name in SHORT if name in figures])
    yield from _worst(report.offenders)
    yield from _floods(report, zone)
    standing = [
        (
            f"  {each.alarm}",
            each.priority,
            span(each.hours * 3600),
            f"acknowledged by {each.acknowledged_by}" if each.acknowledged_by else "not acknowledged",
        )
        for each in report.standing
    ]
    yield from _section("on for more than 24 h: mend it, take it out of service with a date, or change its limit", standing)
    alone = [(f"  {each.alarm}", each.priority, span(each.hours * 3600)) for each in report.left_alone]
    yield from _section("nobody answers", alone)
    yield from ("", *_answers(report.responses), *_kept_quiet(report.hidden))


def _summary(report: KpiReport) -> str:
    counts = report.counts
    split = f"{counts.high} high, {counts.medium} medium, {counts.low} low"
    late = f"; {counts.discovered_late} discovered late" if counts.discovered_late else ""
    return f"{counts.annunciated} alarms ({split}), {counts.night_pages} of them woke somebody at night{late}"


def _figure(figure: Figure) -> tuple[str, ...]:
    value = "unknown" if figure.value is None else _value(figure.value, figure.unit)
    at_least = BY_ID[figure.id].more_is_better
    target = f"target {'at least' if at_least else 'at most'} {figure.good:g}"
    if figure.manageable != figure.good:
        target += f", manageable to {figure.manageable:g}"
    return f"  {figure.verdict}", figure.text, value, target


def _value(value: float, unit: str) -> str:
    return span(60 * value) if unit == "min" else f"{value:.0f} {unit}" if unit and value >= 10 else f"{value:.3g} {unit}".rstrip()


def _worst(offenders: list[Offender]) -> Iterator[str]:
    rows = [(f"  {each.announced} ×", each.alarm, each.priority, each.advice) for each in offenders[:ROWS]]
    yield from _section("most frequent", rows)


def _floods(report: KpiReport, zone: ZoneInfo) -> Iterator[str]:
    rows = [(f"  {_minute(flood.begin_ms, zone)}", _flood(flood)) for flood in report.floods[:ROWS]]
    yield from _section(f"floods: {report.flood_count}", rows)


def _flood(flood: Finding) -> str:
    return finding_text(flood)


def _answers(responses: list[Response]) -> Iterator[str]:
    for each in responses:
        took = ""
        if each.median_s is not None and each.p90_s is not None and each.worst_s is not None:
            took = f": median {span(each.median_s)}, nine in ten within {span(each.p90_s)}, longest {span(each.worst_s)}"
        never = each.missed + each.left_alone
        if each.answered or never:
            yield f"{each.priority}: {each.answered} answered, {never} never{took}"


def _kept_quiet(hidden: list[Hidden]) -> Iterator[str]:
    for each in hidden:
        if each.times or each.alarms:
            bare = f", {each.unauthorised} without a name or a reason" if each.unauthorised else ""
            yield f"{HOW[each.how]}: {each.times} ×, {each.alarms} different alarms, {span(each.hours * 3600)} altogether{bare}"


def _section(title: str, rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    if rows:
        yield from ("", title)
        yield from columns(rows[:ROWS])
        if len(rows) > ROWS:
            yield f"  … and {len(rows) - ROWS} more (--json has them all)"


def _day(at_ms: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(at_ms / 1000, zone).strftime("%Y-%m-%d")


def _minute(at_ms: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(at_ms / 1000, zone).strftime("%Y-%m-%d %H:%M")
