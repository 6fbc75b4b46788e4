"""The short ways of writing in a case file: lengths of time, and series of values. Pure.

5m10s  1h30m  2d  40s            a length of time; before a case begins there is nothing, so times are counted from its beginning
4.1x30 3.2x10                    thirty samples of 4.1, then ten of 3.2
4.1x5m                           samples of 4.1 for five minutes
4.1~3.2x20                       twenty samples in a straight line, the first 4.1 and the last 3.2
_x12                             twelve samples that are not sent
running_on_spec x30  true x2     states and contacts; a blank before the x may be
3.2x10@-6h@backfill              stamped six hours before they are sent, and marked as stored by the gateway
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from devices.signal import Value

MAX_SAMPLES = 200_000
"""Of one series: more than a month at ten seconds is more than a case can need."""

_UNITS_MS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "min": 60_000, "s": 1000, "ms": 1}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(d|h|min|ms|m|s)")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_TOKEN = re.compile(r"(?P<value>.+?)(?:x(?P<count>\d[^@]*))?(?P<marks>(?:@[^@]+)*)")
_LONE_COUNT = re.compile(r"x\d[^@]*(?:@.*)?")
_BLANK_BEFORE_X = re.compile(r"\s+(?=x\d)")


class Stamp(NamedTuple):
    """How the time of a sample is told: `shift_ms` is added to the true one, `at_ms` stands in its place, `none` leaves it out; the marks
    that a gateway or the broker adds."""

    shift_ms: int = 0
    at_ms: int | None = None
    none: bool = False
    backfill: bool = False
    retained: bool = False


TRUE_TIME = Stamp()


class Run(NamedTuple):
    """So many `samples` from `first` in a straight line to `last`; nothing is sent where `first` is None. A `span_ms` in place of the count
    is as many samples as fall into it."""

    first: Value | None
    last: Value | None
    samples: int
    span_ms: int | None
    stamp: Stamp

    def length(self, every_ms: int) -> int:
        """How many samples. Raises ValueError where the span is no multiple of the interval."""
        if self.span_ms is None:
            return self.samples
        if self.span_ms % every_ms:
            raise ValueError(f"x{written(self.span_ms)} is no whole number of intervals of {written(every_ms)}; give a count, as in 4.1x30")
        return self.span_ms // every_ms


def duration_ms(text: Any) -> int:
    """Milliseconds of `5m10s`; 0 may stand without a unit. Raises ValueError with what would be right."""
    if text == 0 and not isinstance(text, bool):
        return 0
    if not isinstance(text, str):
        raise ValueError(f"{text!r} is no length of time; write it with its unit, like 40s, 5m10s or 1h30m")
    sign, body = (-1, text[1:]) if text[:1] == "-" else (1, text.removeprefix("+"))
    total, end = 0.0, 0
    for part in _PART.finditer(body):
        if body[end : part.start()].strip():
            break
        total += float(part[1]) * _UNITS_MS[part[2]]
        end = part.end()
    if body.strip() == "0":
        return 0
    if end == 0 or body[end:].strip():
        raise ValueError(f"{text!r} is no length of time; write it like 40s, 5m10s or 1h30m")
    return sign * round(total)


def written(ms: int) -> str:
    """A length of time as people write it: 5m10s."""
    if ms < 0:
        return f"-{written(-ms)}"
    parts, rest = [], ms
    for unit in ("d", "h", "m", "s"):
        size = _UNITS_MS[unit]
        if rest >= size:
            parts.append(f"{rest // size}{unit}")
            rest %= size
    if rest:
        parts.append(f"{rest}ms")
    return "".join(parts) or "0s"


def series(text: Any) -> tuple[Run, ...]:
    """The runs of a compact series. Raises ValueError with what was found and what would be right."""
    if not isinstance(text, str):
        raise ValueError(f"found {text!r}; a series is text like '4.1x30 3.2x10'")
    runs = tuple(_run(token) for token in _tokens(text))
    if not runs:
        raise ValueError("the series is empty; write values with counts, like 4.1x30 3.2x10")
    return runs


def samples(runs: tuple[Run, ...], every_ms: int) -> Iterator[tuple[int, Value, Stamp]]:
    """(offset in ms, value, stamp) of what is sent. Raises ValueError where a span doesn't fit, or there is far too much."""
    place = 0
    for run in runs:
        count = run.length(every_ms)
        if place + count > MAX_SAMPLES:
            raise ValueError(f"more than {MAX_SAMPLES} samples; make the series shorter or the interval longer")
        first, last = run.first, run.last
        if first is not None and last is not None:
            for nth in range(count):
                yield (place + nth) * every_ms, _between(first, last, nth / max(1, count - 1)), run.stamp
        place += count


def parse_stamp(text: str) -> Stamp:
    """`-6h`, `+1h`, `1970`, `none`, `backfill`, `retained`, or an RFC 3339 time. Raises ValueError."""
    if text == "backfill":
        return Stamp(backfill=True)
    if text == "retained":
        return Stamp(retained=True)
    if text == "none":
        return Stamp(none=True)
    if text == "1970":
        return Stamp(at_ms=1000)
    if text[:1] in "+-":
        return Stamp(shift_ms=duration_ms(text))
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise ValueError(f"@{text}: a stamp is @-6h, @+1h, @1970, @none, a time like @2026-01-31T08:00:00Z, @backfill or @retained")
    return Stamp(at_ms=int(at.timestamp() * 1000))


def joined(stamps: list[Stamp]) -> Stamp:
    """Several marks of one run as one. Raises ValueError where two say different times."""
    times = [stamp for stamp in stamps if stamp.shift_ms or stamp.at_ms is not None or stamp.none]
    if len(times) > 1:
        raise ValueError("two stamps at one value; one is right")
    base = times[0] if times else TRUE_TIME
    return base._replace(backfill=any(s.backfill for s in stamps), retained=any(s.retained for s in stamps))


def _tokens(text: str) -> list[str]:
    return _BLANK_BEFORE_X.sub("", text.strip()).split()


def _run(token: str) -> Run:
    if _LONE_COUNT.fullmatch(token):
        raise ValueError(f"{token!r}: there is no value before the count; write it like 4.1x30")
    match = _TOKEN.fullmatch(token)
    if match is None:
        raise ValueError(f"{token!r} is no value; write it like 4.1, 4.1x30, 4.1~3.2x20, running_on_spec x30, or _x12 for nothing")
    stamp = joined([parse_stamp(mark) for mark in match["marks"].split("@")[1:]])
    count, span_ms = _count(token, match["count"])
    first, wave, last = match["value"].partition("~")
    if first == "_" and not wave:
        return Run(None, None, count, span_ms, stamp)
    begin = _value(token, first)
    if not wave:
        return Run(begin, begin, count, span_ms, stamp)
    end = _value(token, last)
    if not (isinstance(begin, float) and isinstance(end, float)):
        raise ValueError(f"{token!r}: a straight line is between two numbers, like 4.1~3.2x20")
    if span_ms is None and count < 2:
        raise ValueError(f"{token!r}: how many samples? Write it like {match['value']}x20")
    return Run(begin, end, count, span_ms, stamp)


def _count(token: str, text: str | None) -> tuple[int, int | None]:
    if text is None:
        return 1, None
    if text.isdigit():
        if int(text) < 1:
            raise ValueError(f"{token!r}: a count is at least 1")
        return int(text), None
    try:
        span_ms = duration_ms(text)
    except ValueError as exc:
        raise ValueError(f"{token!r}: after x stands a count, or a length of time like 5m") from exc
    return 0, span_ms


def _value(token: str, text: str) -> Value:
    if text in ("true", "false"):
        return text == "true"
    if _NUMBER.fullmatch(text):
        return float(text)
    if _WORD.fullmatch(text):
        return text
    raise ValueError(f"{token!r}: {text!r} is no value; a number, the name of a state, true, false, or _ for nothing is right")


def _between(first: Value, last: Value, share: float) -> Value:
    if first == last or not (isinstance(first, float) and isinstance(last, float)):
        return first
    return round(first + (last - first) * share, 9)
