"""What readings leave behind in a fold whatever its rules: the latest values, and what is derived from them. Pure.

Kept once for all folds that derive alike, and given to one of them when it goes on. It is the fold's own `AssetState` that takes and
derives.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy
from typing import NamedTuple, TypeVar

from collector.asset import AssetState
from collector.backtest.rows import Row, observation
from collector.rates import Series, Standing
from collector.rules.condition import Program
from collector.site import SiteFold
from devices.signal import Value

T = TypeVar("T")

FED = "feeding"
"""A value that the site sets, not the asset: it depends on whose rules ask for it."""


class Remembered(NamedTuple):
    """Latest values and times of an asset, and what was derived from them."""

    values: dict[str, Value]
    times: dict[str, tuple[int, int]]
    event_ms: int
    fresh_ms: int
    series: dict[str, Series] | None
    standing: dict[str, Standing] | None
    slow_ms: int


class Memory:
    """Assets as some folds know them, without alarms. `derived` is what came out of the rows that were taken last: the different values of
    each name."""

    def __init__(self, fold: SiteFold) -> None:
        self.site = fold.site.id
        self.assets = {name: AssetState(state.asset, state.program) for name, state in fold.assets.items()}
        self.derived: dict[tuple[str, str], set[Value]] = {}
        self._whole: set[str] = set()
        self._latest: dict[str, Row] = {}

    def fits(self, fold: SiteFold) -> bool:
        """The same readings leave the same behind in that fold."""
        return all(_derivation(state.program) == _derivation(fold.assets[name].program) for name, state in self.assets.items())

    def begin(self, whole: Iterable[str]) -> None:
        """A stretch begins in which every row of these assets has the same signals."""
        self._settle()
        self._whole = set(whole)

    def take(self, rows: Iterable[Row]) -> Iterator[tuple[Row, dict[str, Value]]]:
        """Each row, and its values with what is derived from them."""
        latest, assets = self._latest, self.assets
        self.derived.clear()
        for row in rows:
            time_ms, name, _, values = row
            asset = assets[name]
            if name in latest:
                asset.values.update(values)
                latest[name] = row
            else:
                asset.take(observation(row, self.site))
                if name in self._whole:
                    latest[name] = row
            if asset.derives:
                more = asset.derive(values, time_ms)
                if more is not values:
                    self._note(name, values, more)
                    values = more
            yield row, values

    def _note(self, asset: str, values: dict[str, Value], more: dict[str, Value]) -> None:
        for name in more.keys() - values.keys():
            self.derived.setdefault((asset, name), set()).add(more[name])

    def mark(self) -> Mark:
        """As it is now, to go back to."""
        changing = {name: _copied(asset) for name, asset in self.assets.items() if asset.derives or name not in self._latest}
        return Mark(changing, dict(self._latest))

    def now(self) -> dict[str, Remembered]:
        """Everything, as it is now."""
        self._settle()
        return {name: _copied(asset) for name, asset in self.assets.items()}

    def at(self, mark: Mark) -> dict[str, Remembered]:
        """Everything, as it was at the mark."""
        found = {}
        for name, asset in self.assets.items():
            known, row = mark.changing.get(name), mark.latest.get(name)
            base = known or _copied(asset)
            found[name] = base if row is None else _with(base, row)
        return found

    def _settle(self) -> None:
        """Times are noted for all rows at once."""
        for time_ms, name, _, values in self._latest.values():
            asset = self.assets[name]
            asset.times.update(dict.fromkeys(values, (time_ms, time_ms)))
            asset.state.event_ms = asset.state.fresh_ms = time_ms
        self._latest.clear()


class Mark(NamedTuple):
    """What is needed to know how a memory was: the assets that may change in every part, and the last row of each other one."""

    changing: dict[str, Remembered]
    latest: dict[str, Row]


def give(what: dict[str, Remembered], fold: SiteFold) -> None:
    """Have a fold know this, and nothing else, of its assets' readings."""
    for name, each in what.items():
        asset = fold.assets[name]
        state, fed = asset.state, asset.values.get(FED)
        asset.values.clear()
        asset.values.update(each.values)
        if fed is not None:
            asset.values[FED] = fed
        asset.times.clear()
        asset.times.update(each.times)
        state.event_ms, state.fresh_ms, state.slow_ms = each.event_ms, each.fresh_ms, each.slow_ms
        state.series, state.standing = _copies(each.series), _copies(each.standing)


def _derivation(program: Program) -> tuple[object, ...]:
    return program.rates, program.trends, program.stills, frozenset(program.standbys)


def _copied(asset: AssetState) -> Remembered:
    state = asset.state
    return Remembered(
        dict(asset.values),
        dict(asset.times),
        state.event_ms,
        state.fresh_ms,
        _copies(state.series),
        _copies(state.standing),
        state.slow_ms,
    )


def _copies(named: dict[str, T] | None) -> dict[str, T] | None:
    return None if named is None else {name: copy(each) for name, each in named.items()}


def _with(base: Remembered, row: Row) -> Remembered:
    """After that row as well, of an asset of which nothing else changes."""
    time_ms, _, _, values = row
    times = dict.fromkeys(values, (time_ms, time_ms))
    return base._replace(values={**base.values, **values}, times={**base.times, **times}, event_ms=time_ms, fresh_ms=time_ms)
