"""What the truth run found, as tables: rule by rule, and beside it the same rules as plain thresholds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

from bench.truth_expect import EXPECTED
from bench.truth_judge import Line
from bench.truth_run import Outcome, SiteResult

DAYS_PER_MONTH = 365 / 12
BAR_PER_MONTH = 1.0
"""Alarms of priority medium or high that nothing explains, per site and month, at most."""
SHOWN_CASES = 12


@dataclass(slots=True)
class Total:
    """All sites together."""

    days: float = 0.0
    faults: int = 0
    readings: int = 0
    sites: int = 0
    ours: Outcome = field(default_factory=Outcome)
    plain: Outcome = field(default_factory=Outcome)

    def add(self, result: SiteResult) -> None:
        self.days += result.days
        self.faults += result.faults
        self.readings += result.readings
        self.sites += 1
        self.ours.add(result.ours)
        self.plain.add(result.plain)

    @property
    def months(self) -> float:
        return self.days / DAYS_PER_MONTH


PLAIN = ("in time", "late or missed", "raised", "unexplained")
HEADER = ("rule", "true", "in time", "late", "missed", "median", "worst", "routine", "unexplained", "plain:", *PLAIN)
KEY = """\
true         a rule's condition truly held, by the simulator's own state, for the rule's stated delay (at least one reading interval) and a
             minute
in time      people knew by then; late: later, but before it was over; missed: not at all
median       seconds from the stated delay to the alarm, and the worst; + 60 s is the bar. Less than 0: the limit is crossed a little before
             the truth is beyond it by all that a sensor may be wrong by
routine      alarms without a fault whose condition was truly so: a bank is empty, it is time to order
unexplained  alarms of priority medium or high that neither a fault nor routine explains, per site and month
plain        the same data under the same limits without delay, hysteresis, gates or suppression; raised: each time a limit is crossed"""


def report(total: Total, not_in_force: Iterable[str]) -> str:
    """Everything that the run has to say, as plain text; tables are aligned, and are Markdown as well."""
    rows = [HEADER, *(_row(rule, total) for rule in sorted(total.ours.lines.keys() | total.plain.lines.keys())), _sum(total)]
    parts = [
        _intro(total),
        _aligned(rows),
        _aligned(_summary(total)),
        _absent(not_in_force),
        _cases("missed", [case for line in total.ours.lines.values() for case in line.missed]),
        _cases("late", [case for line in total.ours.lines.values() for case in line.late]),
        _cases("unexplained", [case for line in total.ours.lines.values() for case in line.unexplained]),
    ]
    return "\n\n".join(part for part in parts if part)


def _intro(total: Total) -> str:
    what = f"{total.days / 365:.1f} site-years of {total.sites} sites, {total.faults} faults, {total.readings:,} readings."
    return f"{what} Physics in steps of 30 s;\nlines, plants and manifolds are read every 30 s, all else every 60 s.\n\n{KEY}"


def _row(rule: str, total: Total) -> tuple[str, ...]:
    ours, plain = total.ours.lines.get(rule, Line(rule)), total.plain.lines.get(rule, Line(rule))
    waits = sorted(ours.waits_s)
    return (
        rule,
        str(ours.true),
        str(ours.in_time),
        str(len(ours.late)),
        str(len(ours.missed)),
        f"{median(waits):+.0f} s" if waits else "",
        f"{waits[-1]:+.0f} s" if waits else "",
        str(ours.routine),
        _per_month(len(ours.unexplained), total),
        "",
        str(plain.in_time),
        str(len(plain.missed) + len(plain.late)),
        str(plain.raised),
        _per_month(len(plain.unexplained), total),
    )


def _sum(total: Total) -> tuple[str, ...]:
    merged = Line("all")
    for line in total.ours.lines.values():
        merged.add(line)
    plain = Line("all")
    for line in total.plain.lines.values():
        plain.add(line)
    return _row("all", Total(total.days, ours=Outcome({"all": merged}), plain=Outcome({"all": plain})))


def _summary(total: Total) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("per site", "rules", "plain thresholds")]
    for label, of in (
        ("alarms a month", lambda o: f"{sum(o.by_priority.values()) / total.months:.1f}"),
        ("high / medium / low / info, %", _split),
        ("calls a night (22-6 h) for medium or high", lambda o: f"{o.night_pages / total.days:.2f}"),
        ("unexplained medium or high, a month", lambda o: f"{_unexplained(o) / total.months:.2f}"),
    ):
        rows.append((label, of(total.ours), of(total.plain)))
    verdict = "met" if _unexplained(total.ours) / total.months <= BAR_PER_MONTH else "MISSED"
    late = sum(len(line.late) + len(line.missed) for line in total.ours.lines.values())
    rows.append((f"bar: at most {BAR_PER_MONTH:g} unexplained a month", verdict, ""))
    rows.append(("bar: every fault that has a rule in time", "met" if not late else f"MISSED ({late} late or missed)", ""))
    return rows


def _split(outcome: Outcome) -> str:
    whole = sum(outcome.by_priority.values()) or 1
    return " / ".join(f"{100 * outcome.by_priority.get(priority, 0) / whole:.0f}" for priority in ("high", "medium", "low", "info"))


def _unexplained(outcome: Outcome) -> int:
    return sum(len(line.unexplained) for line in outcome.lines.values())


def _absent(not_in_force: Iterable[str]) -> str:
    absent = sorted(not_in_force)
    without = sorted(fault for fault, rules in EXPECTED.items() if not set(rules) - set(absent))
    lines = [f"Rule not in force: {', '.join(absent)}."] if absent else []
    return "\n".join([*lines, f"Faults that no rule in force is made for: {', '.join(without)}."])


def _cases(what: str, cases: Sequence[str]) -> str:
    if not cases:
        return ""
    more = [f"  … and {len(cases) - SHOWN_CASES} more (--cases FILE has them all)"] if len(cases) > SHOWN_CASES else []
    return "\n".join([f"{what}: {len(cases)}", *(f"  {case}" for case in cases[:SHOWN_CASES]), *more])


def _per_month(count: int, total: Total) -> str:
    return f"{count / total.months:.2f}" if count else "0"


def _aligned(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)
