"""What was truly so beside what was told: raised in time, late, missed, and alarms that nothing explains. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from bench.truth_expect import explains
from devices.simulator.faults import Fault

URGENT = frozenset({"medium", "high"})
FOR_ALL = {"ST-OF": "ST-DK"}
"""An alarm of one asset that one of the whole site stands for."""
CHAIN = 8
"""How many rules may stand above each other, at most."""


@dataclass(frozen=True, slots=True)
class TrueThing:
    """A rule's condition was truly so. It was due when it had been judged so for the rule's delay; `deadline_ms` is a minute of being so
    later, by when people must know. `fault` is the first that it was expected of."""

    asset: str
    rule: str
    fault: str
    from_ms: int
    due_ms: int
    deadline_ms: int
    until_ms: int


@dataclass(frozen=True, slots=True)
class Told:
    """People were told of an alarm, and it was open until `until_ms` (None: to the end). `routine`: its condition was truly so, and such a
    thing needs no fault. `pages` is when a person was called, first and again."""

    asset: str
    rule: str
    priority: str
    at_ms: int
    until_ms: int | None
    routine: bool = False
    pages: tuple[tuple[int, str], ...] = ()


@dataclass(slots=True)
class Line:
    """One rule's line of the table. `late` and `missed` hold what there is to say about each."""

    rule: str
    true: int = 0
    in_time: int = 0
    raised: int = 0
    routine: int = 0
    waits_s: list[float] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)

    def add(self, other: Line) -> None:
        self.true += other.true
        self.in_time += other.in_time
        self.raised += other.raised
        self.routine += other.routine
        for name in ("waits_s", "late", "missed", "unexplained"):
            getattr(self, name).extend(getattr(other, name))

    @property
    def median_s(self) -> float | None:
        return median(self.waits_s) if self.waits_s else None


def judge(
    true: Iterable[TrueThing], told: Sequence[Told], faults: Sequence[Fault], under: Mapping[str, Sequence[str]], where: str = ""
) -> dict[str, Line]:
    """A line per rule. `under` names the rules that say the same as a rule, worse; `where` goes before what is said of single cases."""
    lines: dict[str, Line] = {}
    by_place: dict[tuple[str, str], list[Told]] = {}
    for each in told:
        by_place.setdefault((each.asset, each.rule), []).append(each)
    for thing in true:
        line = lines.setdefault(thing.rule, Line(thing.rule))
        line.true += 1
        places = [(thing.asset, rule) for rule in _worse(thing.rule, under)]
        if thing.rule in FOR_ALL:
            places.append(("", FOR_ALL[thing.rule]))
        speakers = [alarm for place in places for alarm in by_place.get(place, ())]
        _judge_one(line, thing, speakers, where)
    for alarm in told:
        line = lines.setdefault(alarm.rule, Line(alarm.rule))
        line.raised += 1
        if any(explains(fault, alarm.rule, alarm.asset, alarm.at_ms) for fault in faults):
            continue
        if alarm.routine:
            line.routine += 1
        elif alarm.priority in URGENT:
            line.unexplained.append(f"{where} {alarm.asset or 'site'}/{alarm.rule} {alarm.priority} at {alarm.at_ms}")
    return lines


def _judge_one(line: Line, thing: TrueThing, speakers: Iterable[Told], where: str) -> None:
    """In time: open at some moment of the truth and known by its deadline. Late: known before the truth was over."""
    heard = [alarm for alarm in speakers if alarm.at_ms <= thing.until_ms and (alarm.until_ms is None or alarm.until_ms > thing.from_ms)]
    case = f"{where} {thing.asset or 'site'}/{thing.rule} by {thing.fault}, true {thing.from_ms}-{thing.until_ms}, due {thing.due_ms}"
    if not heard:
        line.missed.append(case)
        return
    first_ms = min(alarm.at_ms for alarm in heard)
    if first_ms > thing.deadline_ms:
        line.late.append(f"{case}, told {(first_ms - thing.deadline_ms) / 1000:.0f} s after its deadline")
    else:
        line.in_time += 1
    own = [alarm.at_ms for alarm in heard if alarm.rule == thing.rule]
    if own and min(own) >= thing.from_ms:
        line.waits_s.append((min(own) - thing.due_ms) / 1000)


def _worse(rule: str, under: Mapping[str, Sequence[str]]) -> list[str]:
    """The rule and those above it, each once."""
    found = [rule]
    for _ in range(CHAIN):
        above = [worse for each in found for worse in under.get(each, ()) if worse not in found]
        if not above:
            break
        found += dict.fromkeys(above)
    return found
