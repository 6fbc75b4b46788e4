"""How much oxygen the beds of a hospital draw, hour by hour.

Flows per patient are the Indian planning norms (10 L/min outside intensive care, 24 L/min inside: answer in the Lok Sabha,
3 December 2021); occupancy, shares on oxygen and the shape of the day are judgements for an ordinary season, not an epidemic.
"""

from __future__ import annotations

import math
from random import Random

from devices.assets import Beds

OCCUPANCY = 0.65
LOSS = 0.10
LEAST_LPM = 5.0
NORMS: dict[str, tuple[float, float]] = {"ward": (10.0, 0.10), "hdu": (15.0, 0.50), "icu": (24.0, 0.40)}
"""Kind of bed → L/min per patient on oxygen, share of the patients who are."""

_SHAPE = (
    0.84,
    0.82,
    0.80,
    0.80,
    0.82,
    0.88,
    0.96,
    1.04,
    1.12,
    1.17,
    1.19,
    1.18,
    1.14,
    1.09,
    1.06,
    1.05,
    1.06,
    1.08,
    1.09,
    1.07,
    1.03,
    0.98,
    0.91,
    0.83,
)
"""Draw at each full hour of local time, as a share of the day's mean: rounds and theatre lists in the morning, quiet nights."""


def expected_lpm(beds: Beds) -> float:
    """Mean draw over a day: beds × occupancy × share on oxygen × flow × (1 + loss), L/min."""
    patients = sum(getattr(beds, kind) * share * lpm for kind, (lpm, share) in NORMS.items())
    return max(LEAST_LPM, float(patients * OCCUPANCY * (1 + LOSS)))


def shape(hour: float) -> float:
    """The day's curve between its full hours; `hour` of local time, 0 ≤ hour < 24."""
    first = int(hour) % 24
    part = hour - int(hour)
    return _SHAPE[first] * (1 - part) + _SHAPE[(first + 1) % 24] * part


class Demand:
    """The draw of a site: the day's curve × a slow walk of the wards × the flicker of single flow meters being opened and closed."""

    def __init__(self, beds: Beds, rng: Random) -> None:
        self.mean_lpm = expected_lpm(beds)
        self._rng = rng
        self._wards = _Walk(tau_s=6 * 3600, sigma=0.05, bound=0.12)
        self._taps = _Walk(tau_s=120, sigma=0.015, bound=0.04)

    def step(self, dt_s: float, hour: float) -> float:
        """L/min drawn by the patients during the next `dt_s`."""
        slow = self._wards.step(dt_s, self._rng)
        quick = self._taps.step(dt_s, self._rng)
        return self.mean_lpm * shape(hour) * (1 + slow) * (1 + quick)


class _Walk:
    """A random walk that is drawn back to zero (Ornstein–Uhlenbeck), within ± bound; `sigma` is its standing deviation."""

    def __init__(self, tau_s: float, sigma: float, bound: float) -> None:
        self._tau_s, self._sigma, self._bound = tau_s, sigma, bound
        self._at = 0.0

    def step(self, dt_s: float, rng: Random) -> float:
        keep = math.exp(-dt_s / self._tau_s)
        spread = self._sigma * math.sqrt(1 - keep * keep)
        self._at = min(self._bound, max(-self._bound, self._at * keep + rng.gauss(0.0, spread)))
        return self._at
