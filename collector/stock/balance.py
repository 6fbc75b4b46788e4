"""What the stock lost beside what the flow meters say: a leak between them, or a sensor that errs. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot

from collector.outputs import UNKNOWN, Bounded
from collector.stock.bank import warming_lpm
from collector.stock.falls import SURE
from collector.stock.flow import FLOW_ERROR, Flow
from collector.stock.level import Level
from collector.stock.manifold import ManifoldTrack
from collector.stock.plants import Plants
from collector.stock.series import HOUR_MS, MINUTE_MS
from collector.stock.tank import NOISE_SHARE, TankTrack
from devices.oxygen import lox_litres_gas

LEAST_MS = 2 * HOUR_MS
NOISE_BAR = 0.1
"""Standard deviation of a pressure of six minutes."""


class Balance:
    """Over the last six hours at most, since the last refill or fill; anew with each point of six minutes."""

    __slots__ = ("_flows", "_known", "_levels", "lines", "manifolds", "plants", "tanks")

    def __init__(self, manifolds: Sequence[ManifoldTrack], tanks: Sequence[TankTrack], plants: Plants, lines: Sequence[Flow]) -> None:
        self.manifolds, self.tanks, self.plants, self.lines = manifolds, tanks, plants, lines
        self._levels = [bank.level for manifold in manifolds for bank in manifold.banks.values()] + [tank.level for tank in tanks]
        self._flows = [*(manifold.flow for manifold in manifolds), *lines, *(plant.flow for plant in plants.by_asset.values())]
        self._known: tuple[tuple[int, ...], Bounded] = ((), UNKNOWN)

    def lpm(self, now_ms: int) -> Bounded:
        """Above zero: more was lost than is metered. Unknown without stock or meters, and where less than two hours are known."""
        newest = [level.sixes.last_ms or 0 for level in self._levels]
        if not newest or now_ms - min(newest) > HOUR_MS:
            return UNKNOWN
        breaks = [level.breaks[-1] if level.breaks else 0 for level in self._levels]
        key = (*newest, *breaks, *[flow.sixes.last_ms or 0 for flow in self._flows])
        if self._known[0] != key:
            self._known = (key, self._computed(self._levels))
        return self._known[1]

    def _computed(self, levels: list[Level]) -> Bounded:
        end_ms = min(level.sixes.last_ms or 0 for level in levels)
        since_ms = max(end_ms - 6 * HOUR_MS, *(level.breaks[-1] for level in levels if level.breaks), 0)
        inside = [level.sixes.times[level.sixes.between(since_ms, end_ms)] for level in levels]
        firsts_ms = [times[0] for times in inside if times]
        start_ms = max(firsts_ms, default=end_ms)
        if end_ms - start_ms < LEAST_MS or len(firsts_ms) < len(levels):
            return UNKNOWN
        metered = self._metered(start_ms, end_ms)
        falls = [_fall(level, start_ms, end_ms) for level in levels]
        if metered is None or None in falls:
            return UNKNOWN
        lost_lpm = sum(fall for fall in falls if fall is not None)
        metered_lpm, error_lpm = metered
        half_lpm = hypot(error_lpm, self._error_lpm(lost_lpm, (end_ms - start_ms) / MINUTE_MS))
        boiled_lpm = max(0.0, sum(tank.boil_off_lpm for tank in self.tanks) - max(0.0, metered_lpm))
        mid = lost_lpm - metered_lpm
        return Bounded(mid - half_lpm - boiled_lpm, mid, mid + half_lpm)

    def _metered(self, start_ms: int, end_ms: int) -> tuple[float, float] | None:
        """By the manifolds' own meters where there is no tank, else by the line less the plants; and what that may be wrong by."""
        own = [manifold.flow.between_lpm(start_ms, end_ms) for manifold in self.manifolds]
        if own and not self.tanks and None not in own:
            return _total(own, [])
        lines = [line.between_lpm(start_ms, end_ms) for line in self.lines]
        plants = [plant.flow.between_lpm(start_ms, end_ms) for plant in self.plants.by_asset.values()]
        return _total(lines, plants) if lines and None not in (*lines, *plants) else None

    def _error_lpm(self, lost_lpm: float, minutes: float) -> float:
        """Of what was lost: volume and temperature as a share of it, the noise of both ends, and the drift of the temperature (as of full
        banks)."""
        noise = [NOISE_BAR * bank.litres_per_bar for manifold in self.manifolds for bank in manifold.banks.values()]
        noise += [lox_litres_gas(NOISE_SHARE * tank.capacity_kg) for tank in self.tanks]
        shares, drifts = [0.01], [0.0]
        for manifold in self.manifolds:
            for bank in manifold.banks.values():
                shares.append(bank.error_share(manifold.temp_measured))
                drifts.append(warming_lpm(bank.size_l, manifold.temp_measured))
        return hypot(max(shares) * lost_lpm, SURE * 1.5 * hypot(*noise) / minutes, sum(drifts))


def beyond_zero(balance: Bounded) -> float | None:
    """The middle of it where zero is beyond its bounds, else 0; None where it is not known."""
    if balance.low is None or balance.mid is None or balance.high is None:
        return None
    return balance.mid if balance.low > 0 or balance.high < 0 else 0.0


def _fall(level: Level, start_ms: int, end_ms: int) -> float | None:
    place = level.sixes.between(start_ms, end_ms)
    times, values = level.sixes.times[place], level.sixes.values[place]
    return (values[0] - values[-1]) * MINUTE_MS / (times[-1] - times[0]) if len(times) > 1 else None


def _total(given: Sequence[float | None], taken: Sequence[float | None]) -> tuple[float, float]:
    plus, less = [lpm for lpm in given if lpm is not None], [lpm for lpm in taken if lpm is not None]
    return sum(plus) - sum(less), hypot(1.0, *(FLOW_ERROR * lpm for lpm in (*plus, *less)))
