"""One level that is drawn from and filled up: a bank's pressure, a tank's mass. Cleaned, watched for refills, summed up. Pure.

Samples are gathered for a minute; their median is a point, and all work is done then. A point that lies more than `step` away from where
the level was is held back: three in a row on the same side are a step (a refill, a swap, a valve), fewer are outliers and are dropped.
Where the level was: for a rise the median of 15 to 5 minutes before (domain reference 2.5), for a fall the last three points, with room for
a level that falls fast. Everything is judged by time, not by count of samples, but for the three in a row, so senders of any interval are
treated alike.

`drawn_l` sums up what the level fell by, steps left out: a curve without jumps, so that a slope can be taken over refills and swaps.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable
from itertools import pairwise
from math import inf
from statistics import median
from typing import NamedTuple

import msgspec

from collector.stock.series import EARLY_MS, HOUR_MS, MINUTE_MS, Window, WindowState

CONFIRM = 3
CREEP = 0.3
"""A fill goes on while the level rises by that part of a step within the time that it takes to settle."""
FALL_GAP_MS = 10 * MINUTE_MS
SIX_MS = 6 * MINUTE_MS
BEFORE_MS = 15 * MINUTE_MS
LOOK_BACK_MS = 36 * MINUTE_MS
SLACK_MS = 12 * MINUTE_MS
LOOK_BACK_SAMPLES = 6
"""Of a slow sender; less is not enough to tell a refill from an outlier."""
MAX_BREAKS = 32
MAX_BUCKET = 16


class Sample(NamedTuple):
    """`raw` is what the sensor said (bar, kg), `litres` the usable content that follows from it."""

    time_ms: int
    raw: float
    litres: float


class Rise(NamedTuple):
    """A refill that has been seen: when it began, and what there was before and after it."""

    start_ms: int
    before_l: float
    after_l: float
    before_raw: float
    after_raw: float


class Filling(msgspec.Struct, frozen=True, array_like=True):
    """A fill that goes on: `top_raw` was reached at `top_ms`."""

    start_ms: int
    before_l: float
    before_raw: float
    top_raw: float
    top_ms: int


class LevelState(msgspec.Struct, frozen=True, array_like=True):
    """Everything a Level remembers."""

    minutes: WindowState = WindowState()
    raws: bytes = b""
    sixes: WindowState = WindowState()
    bucket: list[float] = []
    held: list[Sample] = []
    breaks: list[int] = []
    last_ms: int = 0
    last_raw: float = 0.0
    frozen_ms: int = 0
    stuck_ms: int = 0
    filling: Filling | None = None
    drawn_l: float = 0.0
    due_ms: int = 0
    six_due_ms: int = 0


class Points(Window):
    """A window of litres with what the sensor said beside them. Old points are taken out by the dozen."""

    __slots__ = ("raws",)

    def __init__(self, span_ms: int) -> None:
        super().__init__(span_ms)
        self.raws = array("f")

    def trim(self) -> None:
        """Take out what is too old, or too much."""
        old = max(len(self.times) - self.limit, bisect_left(self.times, self.times[-1] - self.span_ms))
        del self.times[:old], self.values[:old], self.raws[:old]


class Level:
    """`step` is the least rise of `raw` that is a refill. A refill that takes `settle_ms` without rising further is over; after it the
    level rests for `rest_ms` (a tank that has just been filled; a bank needs it not): what it falls by then says nothing.

    `frozen_ms`: since when the sensor has shown one and the same. `cut_ms`: it was stuck since then, as a step down has just shown; whoever
    keeps a curve of his own takes out what came since, and sets it to 0.
    """

    __slots__ = (
        "_content",
        "_floor",
        "breaks",
        "bucket",
        "cut_ms",
        "drawn_l",
        "due_ms",
        "filling",
        "frozen_ms",
        "held",
        "last_ms",
        "last_raw",
        "minutes",
        "rest_ms",
        "settle_ms",
        "six_due_ms",
        "sixes",
        "step",
        "stuck_ms",
    )

    def __init__(self, step: float, interval_s: float = 10.0, settle_ms: int = 2 * MINUTE_MS, rest_ms: int = 0) -> None:
        self.step = step
        self.settle_ms = settle_ms
        self.rest_ms = rest_ms
        self.minutes = Points(max(LOOK_BACK_MS, round(LOOK_BACK_SAMPLES * 1000 * interval_s)))
        self.sixes = Window(6 * HOUR_MS, code="d")
        self.bucket: list[float] = []
        self.held: list[Sample] = []
        self.breaks: list[int] = []
        self.last_ms = 0
        self.last_raw = 0.0
        self.frozen_ms = 0
        self.stuck_ms = 0
        self.cut_ms = 0
        self.filling: Filling | None = None
        self.drawn_l = 0.0
        self.six_due_ms = 0
        self.due_ms = 0
        self._content: tuple[float, int] | None = None
        self._floor = inf

    # ---- taking samples

    def observe(self, time_ms: int, raw: float, litres_of: Callable[[float], float]) -> Rise | None:
        """Take a sample later than the last one; earlier ones are left out. `litres_of` is asked once a minute, for the median.

        A refill is returned once, when it is sure.
        """
        return self.turn(litres_of) if self.take(time_ms, raw) else None

    def take(self, time_ms: int, raw: float) -> bool:
        """Put a sample to the others of its minute; true when the minute is full, and `turn` is due."""
        if time_ms <= self.last_ms:
            return False
        self.last_ms = time_ms
        bucket = self.bucket
        if len(bucket) < MAX_BUCKET:
            bucket.append(raw)
        else:  # a fast sender: every new sample takes the place of an old one, so that the whole minute has its say
            bucket[time_ms // 1000 % MAX_BUCKET] = raw
        return time_ms >= self.due_ms

    def turn(self, litres_of: Callable[[float], float]) -> Rise | None:
        """Make a point of the minute."""
        bucket, self.bucket = self.bucket, []
        bucket.sort()
        time_ms, middle = self.last_ms, bucket[len(bucket) // 2]
        if bucket[0] != self.last_raw or bucket[-1] != self.last_raw:
            if time_ms - self.frozen_ms > FALL_GAP_MS:
                self.stuck_ms = self.frozen_ms  # until another point is kept: it moved on from where it was
            self.frozen_ms, self.last_raw = time_ms, bucket[-1]
        self.due_ms = time_ms + MINUTE_MS - EARLY_MS
        self._content = None
        raws = self.minutes.raws
        if middle - self._floor <= self.step and not self.held and (not raws or max(raws[-CONFIRM:]) - middle <= self.step):
            self._keep(time_ms, middle, litres_of(middle))  # no median of before can lie further away
            return self._settled(time_ms, middle) if self.filling is not None else None
        return self._take(Sample(time_ms, middle, litres_of(middle)))

    def restart(self, time_ms: int) -> None:
        """What is measured from here on can't be compared with what was before (another way to get the temperature)."""
        self._break(time_ms)
        self.held = []
        self._content = None

    def _take(self, point: Sample) -> Rise | None:
        side = self._side(point)
        if side == 0:
            self.held = []
            self._keep(*point)
            return self._settled(point.time_ms, point.raw) if self.filling is not None else None
        was = median(self.minutes.raws[self._segment()][-CONFIRM:])
        self.held = [held for held in self.held if (held.raw > was) == (side > 0)]
        self.held.append(point)
        if len(self.held) < CONFIRM:
            return None
        return self._stepped(side)

    def _side(self, point: Sample) -> int:
        """1: far above where the level was, -1: far below, 0: where it may be."""
        place = self._segment()
        times, raws = self.minutes.times[place], self.minutes.raws[place]
        if len(times) < CONFIRM:
            return 0
        if point.raw - self._before(point.time_ms, place) > self.step:
            return 1
        if point.time_ms - times[-1] > FALL_GAP_MS + MINUTE_MS * len(self.held):
            return 0
        usual = median([abs(b - a) for a, b in pairwise(raws[-12:])])
        return -1 if median(raws[-CONFIRM:]) - point.raw > max(self.step, 6 * usual) else 0

    def _before(self, time_ms: int, segment: slice) -> float:
        """The level some minutes ago: median of 15 to 5 minutes before the first held point, else of the last points there are."""
        start = self.held[0].time_ms if self.held else time_ms
        place = self.minutes.between(start - BEFORE_MS, start - 5 * MINUTE_MS)
        raws = self.minutes.raws[max(place.start, segment.start) : place.stop] or self.minutes.raws[segment][-5:]
        return median(raws)

    def _segment(self) -> slice:
        """The points since the last break."""
        newest = self.minutes.last_ms or 0
        begin = next((b for b in reversed(self.breaks) if b <= newest), 0)
        return self.minutes.between(begin, newest)

    def _stepped(self, side: int) -> Rise | None:
        last, after = self.held[-1], _middle(self.held)
        start_ms, before_l, before_raw = self._foot() if side > 0 else (0, 0.0, 0.0)
        if side < 0 and self.stuck_ms:  # what it falls by now was drawn meanwhile, nobody knows when
            self.cut_ms, self.stuck_ms = self.stuck_ms, 0
            self.sixes.cut(self.cut_ms)
        self.held = []
        self._break(last.time_ms)
        self._keep(*after)
        if side < 0:
            return None
        if self.filling is None:
            self.filling = Filling(start_ms, before_l, before_raw, after.raw, last.time_ms)
        else:
            self.filling = msgspec.structs.replace(self.filling, top_raw=after.raw, top_ms=last.time_ms)
        return None

    def _foot(self) -> tuple[int, float, float]:
        """Where a rise that is sure now began, in time, litres and the sensor's unit: at the first held point, or, where the level crept up
        to it, at the last low one of the quarter of an hour before. What it crept was taken for a negative draw; that is put right."""
        minutes, last = self.minutes, len(self.minutes.raws) - 1
        start_ms = self.held[0].time_ms
        first = min(last, max(self._segment().start, minutes.between(start_ms - BEFORE_MS, start_ms).start))
        lowest = min(minutes.raws[first:])
        low = max(index for index in range(first, last + 1) if minutes.raws[index] <= lowest + self.step / 10)
        if low < last and self.filling is None:
            start_ms = minutes.times[low]
            self.drawn_l += minutes.values[last] - minutes.values[low]
            self.sixes.cut(start_ms - SIX_MS // 2)
        around = slice(max(first, low - 2), low + 1)
        return start_ms, median(minutes.values[around]), median(minutes.raws[around])

    def _settled(self, time_ms: int, raw: float) -> Rise | None:
        """A fill that goes on is over when the level has not risen for `settle_ms`."""
        fill = self.filling
        if fill is None:
            return None
        if raw > fill.top_raw + CREEP * self.step:
            self.filling = msgspec.structs.replace(fill, top_raw=raw, top_ms=time_ms)
            return None
        if time_ms - fill.top_ms < self.settle_ms - EARLY_MS:
            return None
        self.filling = None
        if self.rest_ms:
            self._break(time_ms + self.rest_ms)
        return Rise(fill.start_ms, fill.before_l, self.content_l, fill.before_raw, self.raw or raw)

    def _keep(self, time_ms: int, raw: float, litres: float) -> None:
        minutes = self.minutes
        times, values, raws = minutes.times, minutes.values, minutes.raws
        before_ms, before_l = (times[-1], values[-1]) if times else (0, 0.0)
        times.append(time_ms)
        values.append(litres)
        raws.append(raw)
        self._floor = min(self._floor, raws[-1])
        if self.stuck_ms and raws[-1] != raws[-2:][0]:
            self.stuck_ms = 0
        if len(times) >= minutes.limit or times[0] < time_ms - minutes.span_ms - SLACK_MS:
            minutes.trim()
            self._floor = min(raws)
        if not before_ms or self.filling is not None or (self.breaks and self.breaks[-1] > before_ms):
            return
        self.drawn_l += before_l - values[-1]
        if time_ms >= self.six_due_ms:
            self._sum_up(time_ms)

    def _sum_up(self, time_ms: int) -> None:
        """A point of six minutes of the curve without jumps."""
        self.six_due_ms = time_ms + SIX_MS - EARLY_MS
        minutes = self.minutes
        first = max(bisect_left(minutes.times, time_ms - SIX_MS + EARLY_MS), self._segment().start)
        times, values = minutes.times[first:], minutes.values[first:]
        middle = sorted(values)[1:-1] if len(values) > 4 else values  # the mean of these says more than their median does
        self.sixes.add(sum(times) // len(times), sum(middle) / len(middle) - values[-1] - self.drawn_l)

    def _break(self, time_ms: int) -> None:
        self.breaks = [b for b in [*self.breaks, time_ms] if b > time_ms - 7 * HOUR_MS][-MAX_BREAKS:]

    # ---- asking

    @property
    def content(self) -> tuple[float, int]:
        """The level now in litres, and as of when: the median of the last points of the last five minutes; (0, 0) before the first."""
        if self._content is None:
            self._content = self._computed_content()
        return self._content

    def _computed_content(self) -> tuple[float, int]:
        minutes = self.minutes
        if not minutes.times:
            return 0.0, 0
        newest = minutes.times[-1]
        first = bisect_left(minutes.times, newest - 5 * MINUTE_MS)
        if self.breaks and self.breaks[-1] > minutes.times[first]:
            first = max(first, self._segment().start)
        last = minutes.values[first:]
        return median(last), minutes.times[first + len(last) // 2]

    @property
    def content_l(self) -> float:
        return self.content[0]

    @property
    def raw(self) -> float | None:
        """The same in the sensor's unit."""
        last = sorted(self.minutes.raws[-CONFIRM:])
        return (last[len(last) // 2] + last[(len(last) - 1) // 2]) / 2 if last else None

    def fallen(self, back_ms: int, width_ms: int) -> float:
        """How far `raw` fell from the time around `back_ms` ago to now; 0 where that is not known or a refill lies between."""
        newest = self.minutes.last_ms
        if newest is None or (self.breaks and self.breaks[-1] > newest - back_ms):
            return 0.0
        then = self.minutes.raws[self.minutes.between(newest - back_ms, newest - back_ms + width_ms)]
        now = self.minutes.raws[self.minutes.between(newest - width_ms, newest)]
        return median(then) - median(now) if then and now else 0.0

    # ---- keeping

    def dump(self) -> LevelState:
        return LevelState(
            self.minutes.dump(),
            self.minutes.raws.tobytes(),
            self.sixes.dump(),
            list(self.bucket),
            list(self.held),
            list(self.breaks),
            self.last_ms,
            self.last_raw,
            self.frozen_ms,
            self.stuck_ms,
            self.filling,
            self.drawn_l,
            self.due_ms,
            self.six_due_ms,
        )

    def load(self, state: LevelState) -> None:
        self.minutes.load(state.minutes)
        del self.minutes.raws[:]
        self.minutes.raws.frombytes(state.raws)
        self.sixes.load(state.sixes)
        self.bucket, self.held, self.breaks = list(state.bucket), list(state.held), list(state.breaks)
        self.last_ms, self.last_raw = state.last_ms, state.last_raw
        self.frozen_ms, self.stuck_ms = state.frozen_ms, state.stuck_ms
        self.filling = state.filling
        self.drawn_l, self.six_due_ms = state.drawn_l, state.six_due_ms
        self.due_ms = state.due_ms
        self._floor = min(self.minutes.raws, default=inf)
        self._content = None


def _middle(samples: list[Sample]) -> Sample:
    """The sample of the median raw value, at the time of the last one."""
    ordered = sorted(samples, key=lambda sample: sample.raw)
    middle = ordered[len(ordered) // 2]
    return Sample(samples[-1].time_ms, middle.raw, middle.litres)
