"""What is measured is the same whatever the rules are: several folds of the same readings share it. Pure.

The first fold takes each reading, derives from it and tells the stock; the others only judge. So their assets know the same values, as the
same objects, where their rules ask for the same to be derived; and all have one stock.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from collector.asset import AssetState
from collector.outputs import StateChange, StockEstimate, StockEvent
from collector.site import SiteFold
from collector.stock import SiteStock, StockState
from devices.signal import Observation, Value


class SharedStock(SiteStock):
    """Stands in the place of a fold's own stock. Only one of the folds `tells` the real one what it observes; the estimate of a minute is
    reckoned once for all of them."""

    def __init__(self, real: SiteStock, known: dict[tuple[int, bool], StockEstimate], *, tells: bool) -> None:
        self._real, self._known, self._tells = real, known, tells

    def observe(self, asset: str, kind: str, values: dict[str, Value], event_ms: int) -> list[StockEvent]:
        return self._real.observe(asset, kind, values, event_ms) if self._tells else []

    def estimate(self, now_ms: int, *, pressure_fails: bool = False) -> StockEstimate:
        key = (now_ms, pressure_fails)
        found = self._known.get(key)
        if found is None:
            if len(self._known) > 1:
                self._known.clear()
            found = self._known[key] = self._real.estimate(now_ms, pressure_fails=pressure_fails)
        return found

    @property
    def heard_ms(self) -> int:
        return self._real.heard_ms

    def dump(self) -> StockState:
        return self._real.dump()


class Shared:
    """The folds of one site. From now on they are told of readings by `hear` alone."""

    def __init__(self, folds: Sequence[SiteFold]) -> None:
        first = self._first = folds[0]
        real, known = first.stock, dict[tuple[int, bool], StockEstimate]()
        for number, fold in enumerate(folds):
            fold.stock = SharedStock(real, known, tells=number == 0)
        self._others = [(fold, {name: a for name, a in fold.assets.items() if _share(first.assets[name], a)}) for fold in folds[1:]]

    def hear(self, observations: Iterable[Observation], outs: Sequence[StateChange]) -> None:
        """Readings of one time, live; each fold has come to that time."""
        first, out = self._first, outs[0]
        for obs in observations:
            news = first.observe(obs, out)
            for number, (fold, alike) in enumerate(self._others, start=1):
                asset = alike.get(obs.asset)
                if asset is None:
                    fold.observe(obs, outs[number])
                elif news:
                    fold.judge(asset, obs, news, outs[number])


def _share(first: AssetState, other: AssetState) -> bool:
    """Whether the other knows what the first knows from now on: where its rules ask for the same."""
    if _derived(first) != _derived(other):
        return False
    other.state, other.values, other.times, other.honesty = first.state, first.values, first.times, first.honesty
    return True


def _derived(asset: AssetState) -> tuple[object, ...]:
    program = asset.program
    return program.rates, program.trends, program.stills, program.standbys, program.honesty
