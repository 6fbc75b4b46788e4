"""One bank of a manifold: what its pressure says of its content, and what it loses while it does not feed. Pure."""

from __future__ import annotations

from math import hypot
from typing import NamedTuple

import msgspec

from collector.stock.falls import SURE
from collector.stock.level import Level, LevelState
from collector.stock.series import HOUR_MS, Slope, line
from collector.stock.span import NOTHING, Span, around
from devices.assets import Bank
from devices.oxygen import CYLINDERS, REFERENCE_DENSITY_KG_M3, Isotherm, usable_litres

STEP_BAR = 5.0
"""A rise that is a refill (domain reference 2.5)."""
PRESSURE_ERROR_BAR = 1.0
"""A transmitter of 250 bar at 0.4 % of its span."""
VOLUME_ERROR = 0.01
TEMP_MEASURED_ERROR = 0.01
TEMP_ASSUMED_ERROR = 0.07
"""Share of the content that an assumed temperature may be wrong by (domain reference 2.2)."""
WARMING_SHARE_PER_HOUR = 0.0047
"""What looks like a change of content where the temperature is not measured and drifts by 1 K/h (0.71 bar/K at 150 bar)."""
LAG_SHARE_PER_HOUR = 0.2 * WARMING_SHARE_PER_HOUR
"""The same where it is measured: the gas follows the room with a lag, by some 0.2 K/h at the steepest of the day."""
STORE_TEMP_C = 30.0
SETTLED_MS = HOUR_MS
"""Cylinders that were just hung, or just drawn from, have not the temperature of the room yet."""
DECAY_SPANS_MS = (HOUR_MS // 2, HOUR_MS, 2 * HOUR_MS, 6 * HOUR_MS)
DECAY_POINTS = 5


def warming_lpm(content_l: float, temp_measured: bool) -> float:
    """What a drift of the temperature may look like."""
    return content_l / 60 * (LAG_SHARE_PER_HOUR if temp_measured else WARMING_SHARE_PER_HOUR)


class Decay(NamedTuple):
    """What a bank loses while it is idle: L/min with the half width of its bounds, and bar/h, over so long. Negative: it seems to gain."""

    lpm: float
    error_lpm: float
    bar_h: float
    span_ms: int

    @property
    def sure(self) -> bool:
        """Beyond doubt: it is looked at ten times an hour for years, so once in a thousand is the most that it may err."""
        return self.lpm > 2 * self.error_lpm


class BankState(msgspec.Struct, frozen=True, array_like=True):
    level: LevelState = LevelState()
    busy_ms: int = 0
    counted_l: float = 0.0


class BankTrack:
    """One bank of a manifold: cylinders of one type, one pressure. `busy_ms`: when it last fed the line."""

    __slots__ = (
        "_content",
        "_decay",
        "_density",
        "_residual_kg_m3",
        "busy_ms",
        "counted_l",
        "cylinders",
        "fill_bar",
        "level",
        "litres_per_bar",
        "name",
        "residual_bar",
        "size_l",
        "source",
        "type",
        "water_l",
    )  # fmt: skip

    def __init__(self, source: str, bank: Bank, residual_bar: float, interval_s: float) -> None:
        kind = CYLINDERS[bank.type]
        self.source = source
        self.name = source.rpartition("/")[2]
        self.type = bank.type
        self.cylinders = bank.cylinders
        self.water_l = bank.cylinders * kind.water_l
        self.fill_bar = bank.fill_bar or kind.fill_bar
        self.residual_bar = residual_bar
        self.level = Level(STEP_BAR, interval_s)
        self.litres_per_bar = self.water_l
        self.busy_ms = 0
        self.counted_l = 0.0
        self.size_l = usable_litres(1, self.water_l, self.fill_bar, STORE_TEMP_C, residual_bar)
        self._content: tuple[tuple[float, int], bool, Span] = ((0.0, 0), False, NOTHING)
        self._decay: tuple[tuple[int, int], Decay | None] = ((0, 0), None)
        isotherm = Isotherm(STORE_TEMP_C)
        self.warm(isotherm, isotherm.density_kg_m3(residual_bar))

    def warm(self, isotherm: Isotherm, residual_kg_m3: float) -> None:
        """The temperature of this minute, and the density that is left at the residual pressure then."""
        self._density, self._residual_kg_m3 = isotherm.density_kg_m3, residual_kg_m3

    def litres(self, pressure_bar: float) -> float:
        """`usable_litres` at the temperature of the last minute."""
        gained = self._density(pressure_bar) - self._residual_kg_m3
        return self.water_l * gained / REFERENCE_DENSITY_KG_M3 if gained > 0 else 0.0

    def content(self, temp_measured: bool) -> Span | None:
        content = self.level.content
        litres, as_of_ms = content
        if not as_of_ms:
            return None
        if self._content[0] is not content or self._content[1] != temp_measured:
            error_l = hypot(self.error_share(temp_measured) * litres, PRESSURE_ERROR_BAR * self.litres_per_bar)
            self._content = (content, temp_measured, around(litres, error_l))
        return self._content[2]

    @staticmethod
    def error_share(temp_measured: bool) -> float:
        return hypot(TEMP_MEASURED_ERROR if temp_measured else TEMP_ASSUMED_ERROR, VOLUME_ERROR)

    def decay(self, temp_measured: bool) -> Decay | None:
        """Over up to six hours, from an hour after it last fed or was last exchanged; None where less is known than half an hour."""
        level = self.level
        times, breaks = level.sixes.times, level.breaks
        newest, broken_ms = times[-1] if times else 0, breaks[-1] if breaks else 0
        key = (newest, broken_ms if broken_ms > self.busy_ms else self.busy_ms)
        if self._decay[0] != key:
            self._decay = (key, self._decay_between(key[1] + SETTLED_MS, newest, temp_measured))
        return self._decay[1]

    def leak(self, decay: Decay | None, temp_measured: bool) -> Span | None:
        """What it loses beyond doubt. For a while after an exchange, what it lost before: it was a cylinder that leaked, or a pipe."""
        if decay is not None:
            return around(decay.lpm, decay.error_lpm) if decay.sure else None
        before_ms, broken_ms = ([0, *self.level.breaks])[-2:] if self.level.breaks else (0, 0)
        if self.level.last_ms - broken_ms > SETTLED_MS + DECAY_SPANS_MS[0] or self.busy_ms > broken_ms:
            return None
        before = self._decay_between(max(self.busy_ms, before_ms) + SETTLED_MS, broken_ms, temp_measured)
        return Span(0.0, before.lpm, before.lpm + before.error_lpm) if before is not None and before.sure else None

    def _decay_between(self, since_ms: int, until_ms: int, temp_measured: bool) -> Decay | None:
        slope = self._idle_slope(since_ms, until_ms) if since_ms < until_ms else None
        return self._decay_of(slope, temp_measured) if slope else None

    def _idle_slope(self, since_ms: int, until_ms: int) -> Slope | None:
        """The longest time says most, as long as it does not contradict the shorter ones: where it does, something has changed since."""
        chosen: Slope | None = None
        for span_ms in DECAY_SPANS_MS:
            slope = line(self.level.sixes, 0.05 * self.litres_per_bar, max(since_ms, until_ms - span_ms), until_ms)
            if slope is None or slope.points < DECAY_POINTS:
                continue
            if chosen is not None and abs(slope.fall_lpm - chosen.fall_lpm) > 2 * _error_lpm(chosen) + 1.0:
                break
            chosen = slope
        return chosen

    def _decay_of(self, slope: Slope, temp_measured: bool) -> Decay:
        """By the points of the slope alone, so that it is the same whenever it is asked for; the temperature drifts as for a full bank."""
        error_lpm = hypot(_error_lpm(slope), warming_lpm(self.size_l, temp_measured))
        per_bar_l = self.size_l / (self.fill_bar - self.residual_bar) if self.fill_bar > self.residual_bar else self.litres_per_bar
        return Decay(slope.fall_lpm, error_lpm, slope.fall_lpm * 60 / per_bar_l, slope.span_ms)

    def dump(self) -> BankState:
        return BankState(self.level.dump(), self.busy_ms, self.counted_l)

    def load(self, state: BankState) -> None:
        self.level.load(state.level)
        self.busy_ms, self.counted_l = state.busy_ms, state.counted_l


def _error_lpm(slope: Slope) -> float:
    """Half of the interval that holds nine in ten, by Student's t of so many points (to 3 %, from five on)."""
    return SURE * (1 + 1.3 / (slope.points - 2)) * slope.se_lpm
