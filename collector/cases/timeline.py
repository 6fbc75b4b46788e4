"""What came before a look, as lines: what was said (equal messages in a row are one line), what else happened, what was told. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from collector.cases.model import COMMANDS, Event
from collector.cases.notation import TRUE_TIME, written
from collector.cases.run import Trial
from collector.cases.script import Said, short_name, told_as
from collector.outputs import Transition

LINES = 14


class Entry(NamedTuple):
    """Something that was so from `at_ms` to `last_ms` (of the case)."""

    at_ms: int
    last_ms: int
    text: str


def timeline(trial: Trial, at_ms: int, assets: Collection[str]) -> list[str]:
    """The last lines up to `at_ms`: of what was said only by these assets (all where there are none)."""
    case = trial.prepared.case
    others = [
        *(_happened(event) for event in case.events if event.at <= at_ms),
        *(Entry(at, at, f"! {text}") for at, text in trial.rejects if at <= at_ms),
        *(_changed(trial, transition) for transition in trial.told if trial.ms(transition.evaluated_ms) <= at_ms),
    ]
    said = [one for one in trial.prepared.script.said if one.at_ms <= at_ms and (not assets or one.asset in assets)]
    entries = sorted([*_messages(said, sorted(entry.at_ms for entry in others)), *others], key=lambda entry: entry.last_ms)
    left_out = [f"… {len(entries) - LINES} earlier lines"] if len(entries) > LINES else []
    return left_out + [_line(entry) for entry in entries[-LINES:]]


def _line(entry: Entry) -> str:
    span = written(entry.at_ms) if entry.at_ms == entry.last_ms else f"{written(entry.at_ms)} – {written(entry.last_ms)}"
    return f"{span:<18} {entry.text}"


def _messages(said: Iterable[Said], breaks: Sequence[int]) -> Iterator[Entry]:
    """Each asset's messages; those that say the same one after another, with nothing else between, as one entry."""
    runs: dict[str, tuple[int, int, int, tuple[str, int]]] = {}
    for one in said:
        what = (f"{one.asset}: {told_as(one.values)}{_how(one)}", bisect_left(breaks, one.at_ms))
        first_ms, _, count, before = runs.get(one.asset, (one.at_ms, one.at_ms, 0, what))
        if before != what:
            yield _entry(*runs[one.asset])
            first_ms, count = one.at_ms, 0
        runs[one.asset] = (first_ms, one.at_ms, count + 1, what)
    for each in runs.values():
        yield _entry(*each)


def _entry(first_ms: int, last_ms: int, count: int, what: tuple[str, int]) -> Entry:
    text = what[0]
    return Entry(first_ms, last_ms, text if count == 1 else f"{text}  ({count} times)")


def _how(one: Said) -> str:
    """What is not as usual about a message."""
    stamp, words = one.stamp, []
    if stamp.none:
        words.append("without stamp")
    elif stamp != TRUE_TIME and stamp.at_ms is not None:
        words.append("with a wrong stamp")
    elif stamp.shift_ms:
        words.append(f"stamped {written(stamp.shift_ms) if stamp.shift_ms < 0 else '+' + written(stamp.shift_ms)}")
    if one.measured_ms != one.at_ms:
        words.append(f"measured at {written(one.measured_ms)}")
    words += ["backfill"] if stamp.backfill else []
    words += ["retained"] if stamp.retained else []
    return f"  [{', '.join(words)}]" if words else ""


def _happened(event: Event) -> Entry:
    by = f" by {event.by}" if event.verb in COMMANDS else ""
    return Entry(event.at, event.at, f"» {event.verb} {event.object}{by}")


def _changed(trial: Trial, transition: Transition) -> Entry:
    at_ms, event_ms = trial.ms(transition.evaluated_ms), trial.ms(transition.event_ms)
    happened = "" if at_ms == event_ms else f" (happened at {written(event_ms)})"
    is_shown = "" if transition.event == transition.state else f", now {transition.state}"
    return Entry(at_ms, at_ms, f"* {short_name(transition.alarm)} {transition.event}{is_shown}{happened}")
