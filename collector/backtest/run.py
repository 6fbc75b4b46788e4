"""A backtest from beginning to end: choose the source, fold, compare."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from collector.backtest.compare import Pair, by_priority, by_rule, pairs
from collector.backtest.episodes import Episode, Episodes
from collector.backtest.fold import fold
from collector.backtest.pages import pages
from collector.backtest.past import Past
from collector.backtest.report import BacktestReport, SiteReport
from collector.backtest.side import Side
from collector.cases.notation import written
from collector.errors import UserError
from collector.outputs import Transition
from collector.rules.model import RuleSet
from devices.assets import Site


class Question(NamedTuple):
    """What is asked: which sites, from when to when (ms), how long to warm up, the two sets of rules. `recorded`: the old side is what is
    on record, not the old rules."""

    sites: Sequence[Site]
    from_ms: int
    to_ms: int
    warm_up_ms: int
    old: RuleSet
    new: RuleSet
    recorded: Sequence[Transition] | None = None


class Progress(NamedTuple):
    """How far it is: a share of the whole, and readings so far."""

    share: float
    readings: int


def backtest(question: Question, past: Past, tell: Callable[[Progress], None]) -> BacktestReport:
    """Raises UserError where there is nothing to fold."""
    begins_ms, ends_ms = _span(question, past)
    start_ms, end_ms = max(question.from_ms - question.warm_up_ms, begins_ms), min(question.to_ms, ends_ms + SETTLE_MS)
    parts = past.parts(question.sites)
    old: list[Episode] = [] if question.recorded is None else _on_record(question)
    new: list[Episode] = []
    readings = 0
    for number, sites in enumerate(parts):
        rules = [question.new] if question.recorded is not None else [question.old, question.new]
        sides = [Side(sites, each, question.from_ms) for each in rules]

        def seen(at_ms: int, count: int, done: int = number) -> None:
            nonlocal readings
            readings += count
            tell(Progress((done + (at_ms - start_ms) / max(1, end_ms - start_ms)) / len(parts), readings))

        with _no_collection():
            fold(sides, past.read(sites, start_ms, end_ms), (start_ms, end_ms), seen)
        new += sides[-1].episodes.all()
        old += sides[0].episodes.all() if question.recorded is None else []
    found = pairs(_within(old, question), _within(new, question))
    return BacktestReport(
        source=past.name,
        against="the rules in force" if question.recorded is None else "what is on record",
        from_ms=question.from_ms,
        to_ms=question.to_ms,
        warm_up_ms=question.from_ms - start_ms if start_ms < question.from_ms else 0,
        begins_ms=begins_ms,
        readings=readings,
        sites=[_site(site, found, old, new, question) for site in question.sites],
        notes=list(_notes(question, past, start_ms, ends_ms)),
    )


@contextmanager
def _no_collection() -> Iterator[None]:
    """Rows are made by the million and none of them is in a cycle: looking for cycles among them would take longer than making them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


SETTLE_MS = 600_000
"""Time that passes after the last reading there is, so that what is silent then is said."""


def _span(question: Question, past: Past) -> tuple[int, int]:
    span = past.span_ms(question.sites)
    if span is None or span[0] >= question.to_ms or span[1] < question.from_ms:
        there = "holds nothing of these sites" if span is None else "holds nothing of that time"
        raise UserError(f"the {past.name} {there}; choose another range, or another --source")
    return span


def _on_record(question: Question) -> list[Episode]:
    names = {site.id for site in question.sites}
    episodes = Episodes(question.from_ms)
    episodes.take(t for t in question.recorded or () if t.site in names)
    return episodes.all()


def _within(episodes: Iterable[Episode], question: Question) -> list[Episode]:
    return [episode for episode in episodes if question.from_ms <= episode.raised_ms < question.to_ms]


def _site(site: Site, found: Iterable[Pair], old: Iterable[Episode], new: Iterable[Episode], question: Question) -> SiteReport:
    own = [pair for pair in found if pair.one.site == site.id]
    span = (question.from_ms, question.to_ms, site.zone)
    return SiteReport(
        site=site.id,
        timezone=site.timezone,
        old_pages=pages((e for e in old if e.site == site.id), *span),
        new_pages=pages((e for e in new if e.site == site.id), *span),
        priorities=by_priority(own),
        rules=by_rule(own),
        alarms=own,
        missed=[pair for pair in own if pair.is_missed],
    )


def _notes(question: Question, past: Past, start_ms: int, ends_ms: int) -> Iterable[str]:
    if start_ms > question.from_ms:
        yield f"the {past.name} begins {written(start_ms - question.from_ms)} after --from; before that nothing is compared"
    elif start_ms > question.from_ms - question.warm_up_ms:
        yield f"the warm-up is {written(question.from_ms - start_ms)}: the {past.name} does not reach back further"
    if ends_ms < question.to_ms - SETTLE_MS:
        yield f"the {past.name} ends {written((question.to_ms - ends_ms) // 1000 * 1000)} before --to"
    if not past.has_receipt:
        yield f"the {past.name} holds readings alone: what came late is judged as if it had come at once, and nobody acknowledges"
