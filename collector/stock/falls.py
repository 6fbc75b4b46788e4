"""How fast sources fall, and over what time that is best looked at. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot, sqrt
from statistics import median
from typing import NamedTuple

from collector.stock.series import HOUR_MS, MINUTE_MS, Slope, Window, fit
from collector.stock.span import Span, around

MIN_POINTS = 10
SPANS_MS = tuple(round(hours * HOUR_MS) for hours in (0.25, 0.5, 1, 2, 3, 4, 6))
DRIFT_LEAST, DRIFT_PER_HOUR = 0.01, 0.025
"""Standard deviation of a hospital's demand from its own mean of the last time, as a share of it, for no time and for each hour of it:
simulated hospitals (bench/hours.py) move by 2.3 % an hour."""
SURE = 1.645
"""Standard deviations on both sides that hold nine in ten of a normal distribution."""
TRUSTED_SE_LPM = 10.0
TRUSTED_SE_SHARE = 0.25
"""A slope with a larger error than both says less than the usual demand does."""


class Fall(NamedTuple):
    """How fast one source falls: the slope, or None where there is none yet; whether it is known to feed the line; its newest point."""

    slope: Slope | None
    in_use: bool
    se_lpm: float
    last_ms: int


def drift_share(span_ms: float) -> float:
    """How much the demand may have moved, one standard deviation, against its mean over so long."""
    return DRIFT_LEAST + DRIFT_PER_HOUR * span_ms / HOUR_MS


def best_fall(window: Window, breaks: Sequence[int], noise_l: float, since_ms: int, until_ms: int) -> Slope | None:
    """The slope over the time in which noise and the drift of the demand together do the least harm; None under ten points.

    What the noise does is known before the fit: sigma * sqrt(12 / n^3) / dt, sigma from the second differences of the points.
    """
    place = window.between(max(since_ms, until_ms - SPANS_MS[-1]), until_ms)
    count = place.stop - place.start
    if count < MIN_POINTS:
        return None
    times, values = window.times[place], window.values[place]
    sigma_l = max(noise_l, _scatter(values[-30:]))
    fall_lpm = abs(values[0] - values[-1]) * MINUTE_MS / (times[-1] - times[0])
    best_ms, least = times[0], float("inf")
    for span_ms in SPANS_MS:
        start = max(0, window.between(times[-1] - span_ms, until_ms).start - place.start)
        points, took_ms = count - start, times[-1] - times[start]
        if points >= MIN_POINTS:
            se_lpm = sigma_l * sqrt(12 / points) / (took_ms / MINUTE_MS)
            harm = hypot(se_lpm, drift_share(took_ms) * fall_lpm)
            if harm < least:
                best_ms, least = times[start], harm
        if start == 0:
            break
    return fit(window, breaks, noise_l, best_ms, until_ms)


def _scatter(values: Sequence[float]) -> float:
    """Standard deviation of white noise upon any smooth curve."""
    bends = [abs(a - 2 * b + c) for a, b, c in zip(values, values[1:], values[2:], strict=False)]
    return 1.4826 * median(bends) / sqrt(6)


def mean_fall(window: Window, breaks: Sequence[int], since_ms: int) -> tuple[float, float] | None:
    """What it fell by since then, litres, and within how many minutes, the gaps at breaks left out; None under ten points."""
    place = window.between(since_ms, window.last_ms or 0)
    if place.stop - place.start < MIN_POINTS:
        return None
    times = window.times[place]
    gaps_ms = 0
    for broken_ms in breaks:
        if times[0] < broken_ms <= times[-1]:
            after = window.between(broken_ms, broken_ms).start
            gaps_ms += window.times[after] - window.times[after - 1]
    return window.values[place.start] - window.values[place.stop - 1], (times[-1] - times[0] - gaps_ms) / MINUTE_MS


def together(falls: Sequence[Fall], prior_lpm: float) -> Span | None:
    """The draw from all sources: those that fall beyond doubt, or are in use, count; the errors of all add as squares. A rise (warming, a
    fill that goes on) counts as nothing. None where the error is so large that the usual demand says more, or nothing is known yet."""
    known = [fall for fall in falls if fall.slope is not None]
    if not known or any(fall.in_use and fall.slope is None for fall in falls):
        return None
    counted = [f.slope for f in known if f.slope is not None and (f.in_use or f.slope.fall_lpm > 2 * f.se_lpm)]
    mid = sum(max(0.0, slope.fall_lpm) for slope in counted)
    se_lpm = sqrt(sum(fall.se_lpm**2 for fall in known))
    if se_lpm > max(TRUSTED_SE_LPM, TRUSTED_SE_SHARE * max(mid, prior_lpm)):
        return None
    longest_ms = max((slope.span_ms for slope in counted), default=0)
    return around(mid, SURE * hypot(se_lpm, drift_share(longest_ms) * mid))
