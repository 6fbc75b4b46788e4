"""One signal over a day: a value holds until the next one, and no longer than its sensor may be silent. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from devices.signal import Value

SILENT_INTERVALS, SILENT_LEAST_MS = 3, 120_000
"""The same as the rules take for silence."""


class Span(NamedTuple):
    """From `at_ms` on, `value` held for `for_ms`."""

    at_ms: int
    for_ms: int
    value: Value


class Figures(NamedTuple):
    """Over the time in which something was known: `for_ms`. All None where nothing was."""

    for_ms: int
    low: float | None = None
    mean: float | None = None
    high: float | None = None
    first: float | None = None
    last: float | None = None


def hold_ms(interval_s: float) -> int:
    return max(round(SILENT_INTERVALS * interval_s * 1000), SILENT_LEAST_MS)


def spans(times: Sequence[int], column: Sequence[Value | None], end_ms: int, hold: int) -> Iterator[Span]:
    known = [(time, value) for time, value in zip(times, column, strict=True) if value is not None]
    for place, (time, value) in enumerate(known):
        until = known[place + 1][0] if place + 1 < len(known) else end_ms
        yield Span(time, max(0, min(until - time, hold)), value)


def figures(found: Sequence[Span]) -> Figures:
    """Means are by time."""
    numbers = [(span, float(span.value)) for span in found if not isinstance(span.value, str)]
    if not numbers:
        return Figures(0)
    total = sum(span.for_ms for span, _ in numbers)
    values = [value for _, value in numbers]
    mean = sum(value * span.for_ms for span, value in numbers) / total if total else values[-1]
    return Figures(total, min(values), mean, max(values), values[0], values[-1])


def time_in(found: Sequence[Span], wanted: Callable[[Value], bool]) -> int:
    """Milliseconds in which the value was such."""
    return sum(span.for_ms for span in found if wanted(span.value))


def while_in(found: Sequence[Span], states: Sequence[Span], wanted: frozenset[str]) -> list[Span]:
    """The parts of a curve that lie in such states. Both ascend."""
    inside = _stretches(states, wanted)
    parts: list[Span] = []
    place = 0
    for span in found:
        begin, end = span.at_ms, span.at_ms + span.for_ms
        while place < len(inside) and inside[place][1] <= begin:
            place += 1
        here = place
        while here < len(inside) and inside[here][0] < end:
            start, stop = max(begin, inside[here][0]), min(end, inside[here][1])
            if stop > start:
                parts.append(Span(start, stop - start, span.value))
            here += 1
    return parts


def _stretches(states: Sequence[Span], wanted: frozenset[str]) -> list[tuple[int, int]]:
    """From when until when such a state held; what touches is one."""
    found: list[tuple[int, int]] = []
    for state in states:
        if state.value in wanted and state.for_ms:
            end = state.at_ms + state.for_ms
            if found and found[-1][1] == state.at_ms:
                found[-1] = (found[-1][0], end)
            else:
                found.append((state.at_ms, end))
    return found


def covered_ms(times: Sequence[int], end_ms: int, hold: int) -> int:
    """How long something was heard."""
    return sum(max(0, min(after - time, hold)) for time, after in pairwise([*times, end_ms]))
