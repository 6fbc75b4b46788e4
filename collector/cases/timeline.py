"""What came before a look, as lines: what was said (equal messages in a row are one line), what else happened, what became of the alarms. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
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
    said = [one for one in trial.prepared.script.said if one.at_ms <= at_ms and (not assets or one.asset in assets)]
    entries = [
        *_messages(said),
        *(_happened(event) for event in case.events if event.at <= at_ms),
        *(Entry(at, at, f"! {text}") for at, text in trial.rejects if at <= at_ms),
        *(_changed(trial, transition) for transition in trial.told if trial.ms(transition.evaluated_ms) <= at_ms),
    ]
    entries.sort(key=lambda entry: entry.last_ms)
    left_out = [f"… {len(entries) - LINES} earlier lines"] if len(entries) > LINES else []
    return left_out + [_line(entry) for entry in entries[-LINES:]]


def _line(entry: Entry) -> str:
    span = written(entry.at_ms) if entry.at_ms == entry.last_ms else f"{written(entry.at_ms)} – {written(entry.last_ms)}"
    return f"{span:<18} {entry.text}"


def _messages(said: Iterable[Said]) -> Iterator[Entry]:
    """Each asset's messages; those that say the same one after another as one entry."""
    open_ones: dict[str, tuple[int, int, int, str]] = {}
    for one in said:
        text = f"{one.asset}: {told_as(one.values)}{_how(one)}"
        first_ms, _, count, before = open_ones.get(one.asset, (one.at_ms, one.at_ms, 0, text))
        if before != text:
            yield _entry(*open_ones[one.asset])
            first_ms, count = one.at_ms, 0
        open_ones[one.asset] = (first_ms, one.at_ms, count + 1, text)
    for each in open_ones.values():
        yield _entry(*each)


def _entry(first_ms: int, last_ms: int, count: int, text: str) -> Entry:
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
