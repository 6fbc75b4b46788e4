"""One level that is drawn from and filled up: a bank's pressure, a tank's mass. Cleaned, watched for refills, kept for the slope. Pure.

Samples are gathered for a minute; their median is a point. A point that lies more than `step` away from where the level was is held back:
three in a row on the same side are a step (a refill, a swap, a valve), fewer are outliers and are dropped. Where the level was: for a
rise the median of 15 to 5 minutes before (domain reference 2.5), for a fall the last three points, with room for a level that falls fast.
Everything is judged by time, not by count of samples, but for the three in a row, so senders of any interval are treated alike.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from statistics import median
from typing import NamedTuple

import msgspec

from collector.stock.series import HOUR_MS, MINUTE_MS, Slope, Window, WindowState, fit

CONFIRM = 3
FALL_GAP_MS = 10 * MINUTE_MS
EARLY_MS = 5_000
"""A sender of one sample a minute is never quite on time."""
MAX_BREAKS = 32
MAX_BUCKET = 16


class Sample(NamedTuple):
    """`raw` is what the sensor said (bar, kg), `litres` the usable content that follows from it."""

    time_ms: int
    raw: float
    litres: float


class Rise(NamedTuple):
    """A refill that has been seen: when it began, and the litres before and after it."""

    start_ms: int
    before_l: float
    after_l: float


class Filling(msgspec.Struct, frozen=True, array_like=True):
    """A fill that goes on: `top_raw` was reached at `top_ms`."""

    start_ms: int
    before_l: float
    top_raw: float
    top_ms: int


class LevelState(msgspec.Struct, frozen=True):
    """Everything a Level remembers."""

    minutes: WindowState = WindowState()
    sixes: WindowState = WindowState()
    bucket: list[float] = []
    held: list[Sample] = []
    breaks: list[int] = []
    last_ms: int = 0
    last_raw: float = 0.0
    frozen_ms: int = 0
    filling: Filling | None = None
    rest_until_ms: int = 0


class Level:
    """`step` is the least rise of `raw` that is a refill. A refill that takes `settle_ms` without rising further is over; after it the
    slope rests for `rest_ms` (a tank that has just been filled settles; a bank needs neither)."""

    __slots__ = (
        "_content",
        "_fits",
        "breaks",
        "bucket",
        "filling",
        "frozen_ms",
        "held",
        "last_ms",
        "last_raw",
        "minutes",
        "rest_ms",
        "rest_until_ms",
        "settle_ms",
        "sixes",
        "step",
    )

    def __init__(self, step: float, settle_ms: int = 0, rest_ms: int = 0) -> None:
        self.step = step
        self.settle_ms = settle_ms
        self.rest_ms = rest_ms
        self.minutes = Window(HOUR_MS)
        self.sixes = Window(6 * HOUR_MS)
        self.bucket: list[float] = []
        self.held: list[Sample] = []
        self.breaks: list[int] = []
        self.last_ms = 0
        self.last_raw = 0.0
        self.frozen_ms = 0
        self.filling: Filling | None = None
        self.rest_until_ms = 0
        self._content: tuple[tuple[int, int], float] = ((0, 0), 0.0)
        self._fits: dict[tuple[int, int, int | None], tuple[int, Slope | None]] = {}

    # ---- taking samples

    def observe(self, time_ms: int, raw: float, litres_of: Callable[[float], float]) -> Rise | None:
        """Take a sample later than the last one; earlier ones are left out. `litres_of` is asked once a minute, for the median.

        A refill is returned once, when it is sure.
        """
        if time_ms <= self.last_ms:
            return None
        if raw != self.last_raw:
            self.frozen_ms = time_ms
        self.last_ms, self.last_raw = time_ms, raw
        if len(self.bucket) < MAX_BUCKET:
            self.bucket.append(raw)
        else:  # a fast sender: every new sample takes the place of an old one, so that the whole minute has its say
            self.bucket[time_ms // 1000 % MAX_BUCKET] = raw
        times = self.minutes.times
        if times and time_ms - (self.held[-1].time_ms if self.held else times[-1]) < MINUTE_MS - EARLY_MS:
            return None
        middle = sorted(self.bucket)[len(self.bucket) // 2]
        self.bucket = []
        return self._take(Sample(time_ms, middle, litres_of(middle)))

    def restart(self, time_ms: int) -> None:
        """What is measured from here on can't be compared with what was before (another way to get the temperature)."""
        self._break(time_ms)
        self.held = []

    def _take(self, point: Sample) -> Rise | None:
        side = self._side(point)
        if side == 0:
            self.held = []
            self._keep(point)
            return self._settled(point)
        was = median(self.minutes.raws[self._segment()][-CONFIRM:])
        self.held = [held for held in self.held if (held.raw > was) == (side > 0)]
        self.held.append(point)
        if len(self.held) < CONFIRM:
            return None
        return self._stepped(side)

    def _side(self, point: Sample) -> int:
        """1: far above where the level was, -1: far below, 0: where it may be."""
        raws = self.minutes.raws
        if raws and point.raw - min(raws) <= self.step and max(raws[-CONFIRM:]) - point.raw <= self.step:
            return 0  # no median below can lie further away
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
        place = self.minutes.between(start - 15 * MINUTE_MS, start - 5 * MINUTE_MS)
        raws = self.minutes.raws[max(place.start, segment.start) : place.stop] or self.minutes.raws[segment][-5:]
        return median(raws)

    def _segment(self) -> slice:
        """The points since the last break."""
        newest = self.minutes.last_ms or 0
        begin = next((b for b in reversed(self.breaks) if b <= newest), 0)
        return self.minutes.between(begin, newest)

    def _stepped(self, side: int) -> Rise | None:
        first, last = self.held[0], self.held[-1]
        before_l = self.content_l
        after = _middle(self.held)
        self.held = []
        self._break(last.time_ms)
        self._keep(after)
        if side < 0:
            return None
        if self.settle_ms == 0:
            return Rise(first.time_ms, before_l, after.litres)
        if self.filling is None:
            self.filling = Filling(first.time_ms, before_l, after.raw, last.time_ms)
        else:
            self.filling = Filling(self.filling.start_ms, self.filling.before_l, after.raw, last.time_ms)
        return None

    def _settled(self, point: Sample) -> Rise | None:
        """A fill that goes on is over when the level has not risen for `settle_ms`."""
        if self.filling is None:
            return None
        fill = self.filling
        if point.raw > fill.top_raw + self.step / 5:
            self.filling = Filling(fill.start_ms, fill.before_l, point.raw, point.time_ms)
            return None
        if point.time_ms - fill.top_ms < self.settle_ms:
            return None
        self.filling = None
        self.rest_until_ms = point.time_ms + self.rest_ms
        self._break(self.rest_until_ms)
        return Rise(fill.start_ms, fill.before_l, self.content_l)

    def _keep(self, point: Sample) -> None:
        self.minutes.add(point.time_ms, point.litres, point.raw)
        newest = self.sixes.last_ms
        if newest is not None and point.time_ms - newest < 6 * MINUTE_MS - EARLY_MS:
            return
        place = self.minutes.between(point.time_ms - 6 * MINUTE_MS + EARLY_MS, point.time_ms)
        place = slice(max(place.start, self._segment().start), place.stop)
        times = self.minutes.times[place]
        self.sixes.add(times[len(times) // 2], median(self.minutes.values[place]), median(self.minutes.raws[place]))

    def _break(self, time_ms: int) -> None:
        self.breaks = [b for b in [*self.breaks, time_ms] if b > time_ms - 7 * HOUR_MS][-MAX_BREAKS:]

    # ---- asking

    @property
    def content_l(self) -> float:
        """The level now in litres: the median of the last points of the last five minutes; 0 before the first point."""
        newest = self.minutes.last_ms
        if newest is None:
            return 0.0
        at = (newest, self.breaks[-1] if self.breaks else 0)
        if self._content[0] != at:
            first = max(self._segment().start, self.minutes.between(newest - 5 * MINUTE_MS, newest).start)
            self._content = (at, median(self.minutes.values[first:]))
        return self._content[1]

    @property
    def raw(self) -> float | None:
        """The same in the sensor's unit."""
        return median(self.minutes.raws[-CONFIRM:]) if self.minutes.raws else None

    def slope(self, window: Window, noise_l: float, since_ms: int, until_ms: int | None = None) -> Slope | None:
        """The fall of the litres over the points of one of the two windows between the two times; remembered until a point is added."""
        newest = window.last_ms
        if newest is None or self.filling is not None or newest < self.rest_until_ms:
            return None
        key = (window.span_ms, since_ms, until_ms)
        known = self._fits.get(key)
        if known is None or known[0] != newest:
            if len(self._fits) > 8:
                self._fits.clear()
            known = self._fits[key] = (newest, fit(window, self.breaks, noise_l, since_ms, until_ms or newest))
        return known[1]

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
            self.sixes.dump(),
            list(self.bucket),
            list(self.held),
            list(self.breaks),
            self.last_ms,
            self.last_raw,
            self.frozen_ms,
            self.filling,
            self.rest_until_ms,
        )

    def load(self, state: LevelState) -> Level:
        self.minutes.load(state.minutes)
        self.sixes.load(state.sixes)
        self.bucket, self.held, self.breaks = list(state.bucket), list(state.held), list(state.breaks)
        self.last_ms, self.last_raw, self.frozen_ms = state.last_ms, state.last_raw, state.frozen_ms
        self.filling, self.rest_until_ms = state.filling, state.rest_until_ms
        return self


def _middle(samples: list[Sample]) -> Sample:
    """The sample of the median raw value, at the time of the last one."""
    ordered = sorted(samples, key=lambda sample: sample.raw)
    middle = ordered[len(ordered) // 2]
    return Sample(samples[-1].time_ms, middle.raw, middle.litres)
