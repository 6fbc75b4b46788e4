"""Runs a case: its messages go through the real decoder and evaluator in virtual time; at each look the alarms are compared. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from collector.cases.model import Expectation, Shown
from collector.cases.notation import written
from collector.cases.prepare import Prepared
from collector.cases.result import Difference
from collector.cases.script import NEVER, Instant, full_name, short_name
from collector.decoding import Decoder
from collector.evaluator import Evaluator
from collector.outputs import AuditEntry, StateChange, Transition
from collector.records import Batch, Decoded


@dataclass(slots=True)
class Look:
    """An expectation that was not met, and the evaluator at that moment."""

    number: int
    at_ms: int
    differences: list[Difference]


@dataclass(slots=True)
class Trial:
    """A case as it runs. `told` is every transition; `shown` the last one of each alarm that is not normal, as people see it."""

    prepared: Prepared
    evaluator: Evaluator
    told: list[Transition] = field(default_factory=list)
    audit: list[AuditEntry] = field(default_factory=list)
    rejects: list[tuple[int, str]] = field(default_factory=list)
    shown: dict[str, Transition] = field(default_factory=dict)

    def take(self, change: StateChange) -> None:
        self.told += change.transitions
        self.audit += change.audit
        for transition in change.transitions:
            if transition.event == "discovered_late":
                continue
            name = short_name(transition.alarm)
            if transition.state == "normal":
                self.shown.pop(name, None)
            else:
                self.shown[name] = transition

    def ms(self, at_ms: int) -> int:
        """A time as the case counts it."""
        return at_ms - self.prepared.script.begin_ms


Why = Callable[[Trial, str, int], list[str]]
"""(the case as it stands, an alarm, the time): what led to it, in sentences."""


def run(prepared: Prepared, why: Why, on_failure: Callable[[Trial, Look], None]) -> Trial:
    """Play the case. `on_failure` is told of each expectation that is not met, while everything is still as it was then."""
    case, script = prepared.case, prepared.script
    trial = Trial(prepared, _evaluator(prepared))
    looks = sorted((_look_ms(e, script.instants), number) for number, e in enumerate(case.expect))
    instants = iter([*script.instants, Instant(NEVER, [], restart=False)])
    decoder = Decoder([prepared.site])
    seq, instant = 0, next(instants)
    for at_ms, number in looks:
        while instant.at_ms <= at_ms:
            seq += 1
            _play(trial, decoder, instant, seq)
            instant = next(instants)
        _wait(trial, at_ms)
        differences = _judge(trial, case.expect[number], at_ms, why)
        if differences:
            on_failure(trial, Look(number, at_ms, differences))
    return trial


def _evaluator(prepared: Prepared) -> Evaluator:
    return Evaluator([prepared.site], prepared.rules)


def _play(trial: Trial, decoder: Decoder, instant: Instant, seq: int) -> None:
    at_ms = trial.prepared.script.begin_ms + instant.at_ms
    if instant.restart:
        _wait(trial, instant.at_ms - 1)
        snapshots = trial.evaluator.snapshots(trial.evaluator.sites)
        trial.evaluator = Evaluator([trial.prepared.site], trial.prepared.rules, snapshots)
    decoded: Decoded = decoder.decode(Batch(seq, at_ms, instant.messages))
    trial.rejects += [(instant.at_ms, f"{reject.topic.rpartition('/')[2]}: {reject.reason}: {reject.detail}") for reject in decoded.rejects]
    change = StateChange()
    trial.evaluator.step(decoded, change)
    trial.take(change)


def _wait(trial: Trial, at_ms: int) -> None:
    """Time passes without a message, but not for a collector that is stopped."""
    until_ms = min((since for since, end in trial.prepared.script.stopped if since <= at_ms < end), default=at_ms)
    change = StateChange()
    trial.evaluator.advance(trial.prepared.script.begin_ms + until_ms, change)
    trial.take(change)


def _look_ms(expectation: Expectation, instants: Iterable[Instant]) -> int:
    """When it is known whether it is met."""
    if expectation.at is not None:
        return expectation.at
    if expectation.between is not None:
        return expectation.between[1]
    return max((instant.at_ms for instant in instants), default=0)


def _judge(trial: Trial, expectation: Expectation, at_ms: int, why: Why) -> list[Difference]:
    if expectation.alarms is not None:
        return _picture(trial, expectation, at_ms, why)
    if expectation.refused is not None:
        return _refusal(trial, expectation, at_ms)
    return _happening(trial, expectation, at_ms, why)


def _picture(trial: Trial, expectation: Expectation, at_ms: int, why: Why) -> list[Difference]:
    """Every alarm that is not normal is named, and every one that is named is as it should be."""
    expected = expectation.alarms or {}
    looked_at = {name for name in trial.shown if not expectation.only or _is_among(name, expectation.only)} | expected.keys()
    found: list[Difference] = []
    for name in sorted(looked_at):
        is_shown, should = _words(trial.shown.get(name), expected.get(name)), expected.get(name)
        wanted = "normal" if should is None else _wanted(should)
        if is_shown != wanted:
            found.append(Difference(name, wanted, is_shown, why(trial, name, at_ms)))
    return found


def _is_among(name: str, only: tuple[str, ...]) -> bool:
    return any(name == each or name.rpartition("/")[2] == each for each in only)


def _words(shown: Transition | None, should: Shown | None) -> str:
    """How the alarm is shown, in the words in which it is expected."""
    if shown is None:
        return "normal"
    return f"{shown.state} {shown.priority}" if should is not None and should.priority else shown.state


def _wanted(should: Shown) -> str:
    return f"{should.state} {should.priority}" if should.priority else should.state


def _happening(trial: Trial, expectation: Expectation, at_ms: int, why: Why) -> list[Difference]:
    first, last = expectation.between or ((expectation.at, expectation.at) if expectation.at is not None else (0, at_ms))
    of_it = [t for t in trial.told if short_name(t.alarm) == expectation.alarm and t.event == expectation.event]
    inside = [t for t in of_it if first <= trial.ms(t.evaluated_ms) <= last]
    if expectation.happened is not None:
        inside = [t for t in inside if trial.ms(t.event_ms) == expectation.happened]
    if not inside if expectation.absent else len(inside) == (expectation.times or max(1, len(inside))):
        return []
    when = f"at {written(first)}" if first == last else f"from {written(first)} to {written(last)}"
    often = "never " if expectation.absent else f"{expectation.times} times " if expectation.times else ""
    happened = "" if expectation.happened is None else f", happened at {written(expectation.happened)}"
    found = ", ".join(_told(trial, t) for t in (inside if expectation.absent else of_it)) or f"never {expectation.event}"
    name = expectation.alarm
    return [Difference(name, f"{often}{expectation.event} {when}{happened}", found, why(trial, name, at_ms))]


def _told(trial: Trial, transition: Transition) -> str:
    known_ms, event_ms = trial.ms(transition.evaluated_ms), trial.ms(transition.event_ms)
    return f"{transition.event} at {written(known_ms)}" + ("" if known_ms == event_ms else f" (happened at {written(event_ms)})")


def _refusal(trial: Trial, expectation: Expectation, at_ms: int) -> list[Difference]:
    verb, _, name = (expectation.refused or "").partition(" ")
    alarm = full_name(trial.prepared.site.id, name)
    first, last = expectation.between or (at_ms, at_ms)
    of_it = [e for e in trial.audit if (e.command.command, e.command.alarm) == (verb, alarm) and first <= trial.ms(e.at_ms) <= last]
    if any(entry.refused for entry in of_it):
        return []
    return [Difference(name, f"{verb} refused", f"{verb} done" if of_it else f"no {verb} at that time")]
