"""One site for a year (or less): simulated, told to the real evaluator, and judged."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import Random

import msgspec

from bench.truth_claims import CLAIMS, Scene, bank_may_read_empty
from bench.truth_expect import ROUTINE, stated_delay_s
from bench.truth_feed import Feed
from bench.truth_judge import Line, Told, judge
from bench.truth_plain import Plain
from bench.truth_plan import plan
from bench.truth_sites import site_of
from bench.truth_watch import Watch
from collector.config.rulebook import default_rules
from collector.evaluator import Evaluator
from collector.honesty import CHARACTERS
from collector.outputs import Command, CommandName, StateChange, Transition
from collector.records import Control, Decoded
from collector.rules.condition import Condition
from collector.rules.model import Rule, RuleSet
from collector.stock.numbers import NUMBERS
from devices.assets import Site
from devices.signal import HISTORY, Observation
from devices.simulator.delivery import Sent
from devices.simulator.faults import Fault
from devices.simulator.fleet import Fleet, local_hour, step_ms

DAY_MS = 86_400_000
START_MS = 1_767_225_600_000
"""1 January 2026, 0:00 UTC."""
TOGETHER_MS = 1_000
"""Messages that come within so long of the first are one batch, as in a collector."""
SEEN_AFTER_MS = 300_000
"""Somebody acknowledges five minutes after he was told, and resets what is latched when it is over."""
NIGHT = (22.0, 6.0)
ENDS = frozenset({"cleared", "reset"})
_NEARLY = {"BK-CH": bank_may_read_empty}
"""A bank that was changed over from stands just below the limit and falls no further: whether it is below is the sensor's to say."""
ROUTINE_MS = 900_000
"""How far an alarm may lie from what makes it a matter of course."""


@dataclass(frozen=True, slots=True)
class Job:
    """`thin` is the share of a year's faults (or of the days' part of it) that come."""

    number: int
    seed: int
    days: float
    thin: float = 1.0


@dataclass(slots=True)
class Outcome:
    """What one way of raising alarms did: a line per rule, how many alarms people were told of by priority, and calls at night."""

    lines: dict[str, Line] = field(default_factory=dict)
    by_priority: dict[str, int] = field(default_factory=dict)
    night_pages: int = 0

    def add(self, other: Outcome) -> None:
        for rule, line in other.lines.items():
            self.lines.setdefault(rule, Line(rule)).add(line)
        for priority, count in other.by_priority.items():
            self.by_priority[priority] = self.by_priority.get(priority, 0) + count
        self.night_pages += other.night_pages


@dataclass(slots=True)
class SiteResult:
    site: str
    days: float
    faults: int
    readings: int
    ours: Outcome
    plain: Outcome


def run(job: Job, on_day: Callable[[float], None] = lambda _: None) -> SiteResult:
    """`on_day` is told how many days are done."""
    site = site_of(job.number)
    faults = plan(site, START_MS, job.days, Random(f"{job.seed}/{site.id}/plan"), job.thin)
    return run_site(site, faults, job.seed, job.days, on_day)


def run_site(site: Site, faults: Sequence[Fault], seed: int, days: float, on_day: Callable[[float], None] = lambda _: None) -> SiteResult:
    rules = default_rules()
    life = _Life(site, faults, seed, rules)
    for now_ms in range(START_MS, START_MS + round(days * DAY_MS), life.step_ms):
        life.step(now_ms)
        if not (now_ms - START_MS) % DAY_MS:
            on_day((now_ms - START_MS) / DAY_MS)
    life.watch.close(START_MS + round(days * DAY_MS))
    life.plain.close()
    on_day(days)
    under = {rule.id: rule.under for rule in rules}
    where = f"{site.id} seed {seed}:"
    ours, plain = ([life.routine.marked(each) for each in told] for told in (life.book.told(), life.plain.told))
    true = life.watch.things
    return SiteResult(
        site.id,
        days,
        len(faults),
        life.readings,
        _outcome(ours, judge(true, ours, faults, under, where), site),
        _outcome(plain, judge(true, plain, faults, under, where), site),
    )


class _Life:
    """A site, what truly happens to it, and the two that watch over it: the evaluator, and plain thresholds."""

    def __init__(self, site: Site, faults: Sequence[Fault], seed: int, rules: tuple[Rule, ...]) -> None:
        self.step_ms = step_ms([site])
        self.readings = 0
        self._site = site
        self._fleet = Fleet([site], seed, START_MS, faults)
        self._evaluator = Evaluator([site], RuleSet(rules=rules))
        self._feed = Feed(site)
        self._simulated = self._fleet.simulated[site.id]
        self._scene = Scene(site, self._simulated.plant, self.step_ms / 1000)
        self.watch = Watch(self._scene, in_force(site, self._evaluator), self.step_ms)
        self.plain = Plain(site, rules)
        self.routine = Routine(self._scene)
        self.book = Book(site.id)
        self._seq = 0
        self._fold(Decoded(1, START_MS, [Control("start", b"{}", START_MS)], [], 1, 0))

    def step(self, now_ms: int) -> None:
        for received_ms, messages in together(self._fleet.sent(now_ms + self.step_ms)):
            decoded = self._feed.decoded(self._seq + 1, received_ms, messages)
            self.readings += decoded.values
            self._fold(decoded)
            for event in decoded.events:
                if isinstance(event, Observation) and not event.timing & HISTORY:
                    self.plain.observe(event)
        self.plain.tick(now_ms)
        self._scene.step(now_ms, now_ms - START_MS, self._simulated.hour, self._simulated.active)
        self.watch.step(now_ms, self._simulated.active)
        self.routine.step(now_ms)
        for command in self.book.due(now_ms):
            received_ms = max(self._evaluator.now_ms, now_ms)
            payload = msgspec.json.encode(command)
            self._fold(Decoded(self._seq + 1, received_ms, [Control("command", payload, received_ms)], [], 1, 0))

    def _fold(self, decoded: Decoded) -> None:
        change = StateChange()
        self._seq = decoded.seq
        self._evaluator.step(decoded, change)
        for transition in change.transitions:
            self.book.note(transition)


def in_force(site: Site, evaluator: Evaluator) -> dict[tuple[str, str], float]:
    """(asset, rule) → stated delay, for every rule that has a claim and that the evaluator judges there."""
    found: dict[tuple[str, str], float] = {}
    assets = {asset.id: asset for asset in site.assets}
    for name, kind in [("", "site"), *((asset.id, asset.kind) for asset in site.assets)]:
        for of_kind, rule_id in CLAIMS:
            condition = evaluator.sites[site.id].condition((name, rule_id)) if of_kind == kind else None
            if condition is not None and _can_speak(condition, kind):
                found[name, rule_id] = stated_delay_s(condition.rule, assets.get(name), site)
    return found


def _can_speak(condition: Condition, kind: str) -> bool:
    """Not a rule whose numbers nobody reckons, or that watches no sensor of this kind."""
    if condition.rule.kind == "site" and condition.test.type in {"above", "below", "compare"}:
        return set(condition.test.signals) <= NUMBERS
    return condition.test.type != "stuck" or bool(condition.test.signals) or kind in CHARACTERS


def together(messages: Iterator[Sent]) -> Iterator[tuple[int, list[Sent]]]:
    """Batches, with the time of receipt of each: that of its last message."""
    batch: list[Sent] = []
    for sent in messages:
        if batch and sent.send_ms > batch[0].send_ms + TOGETHER_MS:
            yield batch[-1].send_ms, batch
            batch = []
        batch.append(sent)
    if batch:
        yield batch[-1].send_ms, batch


class Routine:
    """When the conditions of ROUTINE were truly so."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        kinds = [("", "site"), *((asset.id, asset.kind) for asset in scene.site.assets)]
        self._claims = [
            (name, rule, _NEARLY.get(rule, CLAIMS[kind, rule]))
            for name, kind in kinds
            for rule in sorted(ROUTINE)
            if (kind, rule) in CLAIMS
        ]
        self._spans: dict[tuple[str, str], list[list[int]]] = {(name, rule): [] for name, rule, _ in self._claims}

    def step(self, now_ms: int) -> None:
        """Looks every few minutes."""
        if now_ms % (ROUTINE_MS // 3):
            return
        for name, rule, claim in self._claims:
            if claim(self._scene, name):
                spans = self._spans[name, rule]
                if spans and now_ms - spans[-1][1] <= ROUTINE_MS:
                    spans[-1][1] = now_ms
                else:
                    spans.append([now_ms, now_ms])

    def marked(self, told: Told) -> Told:
        """The same, `routine` where the condition was so then, or a little later: an alarm may come a little before the truth is sure."""
        spans = self._spans.get((told.asset, told.rule), ())
        return replace(told, routine=any(a - ROUTINE_MS <= told.at_ms <= b + ROUTINE_MS for a, b in spans))


@dataclass(slots=True)
class _Open:
    asset: str
    rule: str
    priority: str
    at_ms: int
    pages: list[tuple[int, str]]

    def told(self, until_ms: int | None) -> Told:
        return Told(self.asset, self.rule, self.priority, self.at_ms, until_ms, pages=tuple(self.pages))


class Book:
    """What people were told, and what they answer: they acknowledge after a while, and reset what is latched when it is over."""

    def __init__(self, site: str) -> None:
        self._site = site
        self._open: dict[str, _Open] = {}
        self._told: list[Told] = []
        self._answers: list[tuple[int, int, Command]] = []
        self._answered = 0

    def note(self, transition: Transition) -> None:
        if transition.site != self._site:
            return
        if transition.event in ENDS:
            if transition.occurrence in self._open:
                self._told.append(self._open.pop(transition.occurrence).told(transition.evaluated_ms))
        elif transition.event == "latched":
            self._answer(transition, "reset")
        elif transition.annunciate:
            self._page(transition)

    def due(self, now_ms: int) -> Iterator[Command]:
        """The answers whose time has come."""
        while self._answers and self._answers[0][0] <= now_ms:
            yield heapq.heappop(self._answers)[2]

    def told(self) -> list[Told]:
        """All that people were told; what is still open has no end."""
        return self._told + [each.told(None) for each in self._open.values()]

    def _page(self, transition: Transition) -> None:
        at_ms, priority = transition.evaluated_ms, transition.priority
        new = _Open(transition.asset, transition.rule, priority, at_ms, [])
        self._open.setdefault(transition.occurrence, new).pages.append((at_ms, priority))
        self._answer(transition, "ack")

    def _answer(self, transition: Transition, command: CommandName) -> None:
        self._answered += 1
        answer = Command(command=command, alarm=transition.alarm, by="the truth run")
        heapq.heappush(self._answers, (transition.evaluated_ms + SEEN_AFTER_MS, self._answered, answer))


def _outcome(told: Sequence[Told], lines: dict[str, Line], site: Site) -> Outcome:
    by_priority: dict[str, int] = {}
    night_pages = 0
    for alarm in told:
        by_priority[alarm.priority] = by_priority.get(alarm.priority, 0) + 1
        night_pages += sum(_is_night(at_ms, site) for at_ms, priority in alarm.pages if priority in {"medium", "high"})
    return Outcome(lines, by_priority, night_pages)


def _is_night(at_ms: int, site: Site) -> bool:
    hour = local_hour(at_ms, site.zone)
    return hour >= NIGHT[0] or hour < NIGHT[1]
