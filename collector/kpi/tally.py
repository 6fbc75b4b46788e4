"""The transitions of a period, folded into one report. Pure; memory grows with the different alarms, not with the transitions.

tally = Tally(sites, since_ms)
for transition in before:  tally.remember(transition)     the last one of each alarm that was not normal when the period began
for transition in period:  tally.add(transition)          in the order of their evaluation
report = tally.report("district kasganj", until_ms, delays_of)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from math import ceil
from statistics import median

from collector.kpi.advice import Delays, advice, longer_off_delay
from collector.kpi.behaviour import Behaviour
from collector.kpi.classes import STANDING_MS, Classes, Finding
from collector.kpi.counted import DAY_MS, HOUR_MS, is_alarm, is_announced
from collector.kpi.hidden import HiddenTimes
from collector.kpi.load import Load
from collector.kpi.report import Counts, Hidden, KpiReport, LeftAlone, Offender, Response, Standing
from collector.kpi.targets import FEW, MANY, RELIABLE_DAYS, judged
from collector.kpi.waits import Answer, Waits
from collector.outputs import Priority, Transition
from devices.assets import Site

TOP = 10
FLOODS_SHOWN = 10
ORDER: tuple[Priority, ...] = ("high", "medium", "low")

DelaysOf = Callable[[str], Delays | None]
"""Alarm → the delays of its rule, None where that is not known."""


class Tally:
    """See the module. `sites` are all of those that the operator has, also those without an alarm."""

    def __init__(self, sites: Mapping[str, Site], since_ms: int) -> None:
        self._sites = sites
        self._since_ms = since_ms
        self._load = Load(since_ms)
        self._classes = Classes()
        self._waits = Waits()
        self._hidden = HiddenTimes(since_ms)
        self._behaviours: dict[str, Behaviour] = {}
        self._answers: dict[Priority, list[float]] = {priority: [] for priority in ORDER}
        self._missed: Counter[Priority] = Counter()
        self._stood: list[tuple[int, int | None]] = []
        self._acknowledged: dict[str, str] = {}
        self._late = 0

    def remember(self, transition: Transition) -> None:
        """The last transition of an alarm before the period."""
        self._classes.remember(transition)
        self._waits.remember(transition)
        self._hidden.remember(transition)
        self._acknowledge(transition)

    def add(self, transition: Transition) -> None:
        """One transition of the period."""
        self._late += transition.event == "discovered_late"
        if not is_alarm(transition):
            return
        self._note(self._classes.due(transition.evaluated_ms))
        if is_announced(transition):
            self._load.announce(transition, self._sites.get(transition.site))
        self._behaviour(transition.alarm).observe(transition)
        self._answered(self._waits.observe(transition))
        self._hidden.observe(transition)
        self._acknowledge(transition)
        self._note(self._classes.observe(transition))

    def report(self, scope: str, until_ms: int, delays_of: DelaysOf = lambda _alarm: None) -> KpiReport:
        """The period ends at `until_ms`, later than it began; nothing is added any more."""
        self._note(self._classes.due(until_ms))
        self._load.close(until_ms)
        hidden = self._hidden.close(until_ms)
        days = (until_ms - self._since_ms) / DAY_MS
        floods = sorted(self._load.floods, key=lambda flood: -flood.size)
        return KpiReport(
            scope=scope,
            sites=len(self._sites),
            since_ms=self._since_ms,
            until_ms=until_ms,
            days=round(days, 2),
            counts=self._counts(),
            figures=judged(self._figures(until_ms, hidden)),
            responses=[self._response(priority, until_ms) for priority in ORDER],
            floods=[
                Finding(kind="flood", site="", begin_ms=f.begin_ms, end_ms=f.end_ms, count=f.size, mostly=f.mostly, share=f.share)
                for f in floods[:FLOODS_SHOWN]
            ],
            flood_count=len(floods),
            offenders=[self._offender(each, delays_of(each.alarm)) for each in self._worst()],
            standing=self._standing(until_ms),
            left_alone=self._left_alone(until_ms),
            hidden=hidden,
            notes=_notes(days),
        )

    # ---- folding -------------------------------------------------------------------------------------------------------------

    def _behaviour(self, alarm: str) -> Behaviour:
        found = self._behaviours.get(alarm)
        if found is None:
            found = self._behaviours[alarm] = Behaviour(alarm)
        return found

    def _note(self, findings: list[Finding]) -> None:
        for finding in findings:
            if finding.kind == "chattering" and finding.end_ms is None:
                self._behaviour(finding.alarm).chattering += 1
            elif finding.kind == "fleeting":
                self._behaviour(finding.alarm).fleeting += 1
            elif finding.kind == "standing" and finding.end_ms is not None:
                self._stood.append((finding.begin_ms, finding.end_ms))

    def _answered(self, answer: Answer | None) -> None:
        if answer is None or answer.priority not in self._answers:
            return
        if answer.missed:
            self._missed[answer.priority] += 1
        else:
            self._answers[answer.priority].append(answer.took_ms / 1000)
            self._behaviour(answer.alarm).answered += 1

    def _acknowledge(self, transition: Transition) -> None:
        """Who acknowledged what is open: of an alarm from before the period, where its last transition says so."""
        if transition.event == "acknowledged":
            self._acknowledged[transition.alarm] = transition.by
        elif is_announced(transition) or transition.state == "normal":
            self._acknowledged.pop(transition.alarm, None)

    # ---- telling -------------------------------------------------------------------------------------------------------------

    def _worst(self) -> list[Behaviour]:
        ordered = sorted(self._behaviours.values(), key=lambda each: (-each.announced, each.alarm))
        return [each for each in ordered[:TOP] if each.announced]

    def _counts(self) -> Counts:
        each = self._behaviours.values()
        return Counts(
            annunciated=self._load.total,
            different=sum(b.announced > 0 for b in each),
            high=self._load.by_priority["high"],
            medium=self._load.by_priority["medium"],
            low=self._load.by_priority["low"],
            night_pages=self._load.night_pages,
            chattering=sum(b.chattering > 0 for b in each),
            fleeting=sum(b.fleeting > 0 for b in each),
            discovered_late=self._late,
        )

    def _figures(self, until_ms: int, hidden: list[Hidden]) -> list[tuple[str, float | None]]:
        counts, sites = self._counts(), max(1, len(self._sites))
        total, days = counts.annunciated, (until_ms - self._since_ms) / DAY_MS
        figures = self._load.figures(until_ms, sites)
        worst = self._worst()
        if counts.different >= MANY:
            figures.append(("top10_pct", 100 * sum(each.announced for each in worst) / total))
        else:
            figures.append(("top_per_day", worst[0].announced / days if worst else 0.0))
        figures += [("chattering", counts.chattering / sites), ("fleeting", counts.fleeting / sites)]
        figures.append(("standing", self._most_standing(until_ms)))
        for priority in ORDER:
            figures.append((f"{priority}_pct", 100 * self._load.by_priority[priority] / total if total >= FEW else None))
            answers = self._answers[priority]
            figures.append((f"response_{priority}_min", median(answers) / 60 if answers else None))
        figures.append(("left_alone", len(self._waits.left_alone(until_ms))))
        figures.append(("unauthorised", sum(each.unauthorised for each in hidden)))
        return figures

    def _most_standing(self, until_ms: int) -> int:
        """On the worst of the period's days: alarms that had been on for more than 24 h."""
        spans = [*self._stood, *((f.begin_ms, None) for f in self._classes.current() if f.kind == "standing")]
        days = ceil((until_ms - self._since_ms) / DAY_MS)
        per_day = [0] * days
        for begin_ms, end_ms in spans:
            first = max(0, (begin_ms + STANDING_MS - self._since_ms) // DAY_MS)
            last = days - 1 if end_ms is None else min(days - 1, (end_ms - self._since_ms) // DAY_MS)
            for day in range(first, last + 1):
                per_day[day] += 1
        return max(per_day)

    def _response(self, priority: Priority, until_ms: int) -> Response:
        took_s = sorted(self._answers[priority])
        alone = sum(self._waits.open[name].priority == priority for name in self._waits.left_alone(until_ms))
        missed = self._missed[priority]
        if not took_s:
            return Response(priority=priority, answered=0, left_alone=alone, missed=missed)
        return Response(
            priority=priority,
            answered=len(took_s),
            median_s=median(took_s),
            p90_s=took_s[ceil(0.9 * len(took_s)) - 1],
            worst_s=took_s[-1],
            left_alone=alone,
            missed=missed,
        )

    def _offender(self, each: Behaviour, delays: Delays | None) -> Offender:
        longer = longer_off_delay(each)
        return Offender(
            alarm=each.alarm,
            priority=each.priority,
            nature=each.nature,
            announced=each.announced,
            share=round(each.announced / self._load.total, 3),
            came_back=each.came_back_within(300),
            chattering=each.chattering,
            fleeting=each.fleeting,
            answered=each.answered,
            median_on_s=median(each.lasted_s) if each.lasted_s else None,
            longer_off_s=longer.by_s if longer else None,
            merges=longer.merges if longer else 0,
            advice=advice(each, delays),
        )

    def _standing(self, until_ms: int) -> list[Standing]:
        found = []
        for name in self._classes.standing():
            track = self._classes.tracks[name]
            hours = round((until_ms - track.raised_ms) / HOUR_MS, 1)
            by = self._acknowledged.get(name, "")
            found.append(Standing(alarm=name, priority=track.priority, since_ms=track.raised_ms, hours=hours, acknowledged_by=by))
        return sorted(found, key=lambda each: each.since_ms)

    def _left_alone(self, until_ms: int) -> list[LeftAlone]:
        waits = [(name, self._waits.open[name]) for name in self._waits.left_alone(until_ms)]
        waits.sort(key=lambda item: item[1].since_ms)
        return [LeftAlone(alarm=n, priority=w.priority, hours=round((until_ms - w.since_ms) / HOUR_MS, 2)) for n, w in waits]


def _notes(days: float) -> list[str]:
    return [] if days >= RELIABLE_DAYS else [f"{days:.3g} days of data: the targets are meant for {RELIABLE_DAYS:.0f} days or more"]
