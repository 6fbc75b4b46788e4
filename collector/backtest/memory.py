"""What readings leave behind in a fold whatever its rules: the latest values, and what is derived from them. Pure.

Kept once for all folds that derive alike, and given to one of them when it goes on. It is the fold's own `AssetState` that takes, derives
and is copied.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from collector.asset import AssetSnapshot, AssetState
from collector.backtest.rows import Row, observation
from collector.rules.condition import Program
from collector.site import SiteFold
from devices.signal import Value

FED = "feeding"
"""A value that the site sets, not the asset: it depends on whose rules ask for it."""

KEPT_ROWS = 2_000
"""Rows after which a new copy is kept, to go back to."""

Known = dict[str, AssetSnapshot]
"""Asset → everything that is known of it; nobody else's."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(AssetSnapshot).decode


class Memory:
    """Assets as some folds know them, without alarms. `derived` is what came out of the rows that were taken last: the different values of
    each name."""

    def __init__(self, fold: SiteFold) -> None:
        self.site = fold.site.id
        self.assets = {name: AssetState(state.asset, state.program) for name, state in fold.assets.items()}
        self.derived: dict[tuple[str, str], set[Value]] = {}
        self._whole: frozenset[str] = frozenset()
        self._latest: dict[str, Row] = {}
        self._kept: dict[str, bytes] = {}
        self._since: list[Row] = []
        self._last = 0

    def fits(self, fold: SiteFold) -> bool:
        """The same readings leave the same behind in that fold."""
        return all(_derivation(state.program) == _derivation(fold.assets[name].program) for name, state in self.assets.items())

    def begin(self, whole: Iterable[str]) -> None:
        """A stretch begins in which every row of these assets has the same signals."""
        self._keep()
        self._whole = frozenset(whole)

    def take(self, rows: list[Row]) -> Iterator[tuple[Row, dict[str, Value]]]:
        """Each row, and its values with what is derived from them."""
        if len(self._since) > KEPT_ROWS:
            self._keep()
        self._since += rows
        self._last = len(rows)
        self.derived.clear()
        return self._taken(rows)

    def now(self) -> Known:
        """Everything."""
        self._settle()
        return {name: _decode(_encode(asset.snapshot())) for name, asset in self.assets.items()}

    def before(self) -> Known:
        """Everything, as it was before the rows that were taken last."""
        again = Memory.__new__(Memory)
        again.site, again.derived, again._whole, again._latest = self.site, {}, self._whole, {}
        again.assets = {name: AssetState(state.asset, state.program, _decode(self._kept[name])) for name, state in self.assets.items()}
        for _ in again._taken(self._since[: len(self._since) - self._last]):
            pass
        return again.now()

    def _taken(self, rows: Iterable[Row]) -> Iterator[tuple[Row, dict[str, Value]]]:
        latest, assets, whole = self._latest, self.assets, self._whole
        for row in rows:
            time_ms, name, _, values = row
            asset = assets[name]
            if name not in latest:
                asset.take(observation(row, self.site))
                if name in whole:
                    latest[name] = row
            else:
                asset.values.update(values)
                latest[name] = row
                if asset.looks_slowly and time_ms >= asset.state.slow_ms:
                    _settle(asset, row)
            if asset.derives:
                more = asset.derive(values, time_ms)
                if more is not values:
                    self._note(name, values, more)
                    values = more
            yield row, values

    def _note(self, asset: str, values: dict[str, Value], more: dict[str, Value]) -> None:
        for name in more.keys() - values.keys():
            self.derived.setdefault((asset, name), set()).add(more[name])

    def _keep(self) -> None:
        self._settle()
        self._kept = {name: _encode(asset.snapshot()) for name, asset in self.assets.items()}
        self._since = []

    def _settle(self) -> None:
        """Times are noted for many rows at once."""
        for row in self._latest.values():
            _settle(self.assets[row[1]], row)
        self._latest.clear()


def give(known: Known, fold: SiteFold) -> None:
    """Have a fold know this, and nothing else, of its assets' readings."""
    for name, state in known.items():
        asset = fold.assets[name]
        fed = asset.values.get(FED)
        asset.load(state)
        if fed is not None:
            asset.values[FED] = fed


def _settle(asset: AssetState, row: Row) -> None:
    time_ms, _, _, values = row
    asset.times.update(dict.fromkeys(values, (time_ms, time_ms)))
    asset.state.event_ms = asset.state.fresh_ms = time_ms


def _derivation(program: Program) -> tuple[object, ...]:
    return program.rates, program.trends, program.stills, frozenset(program.standbys), program.honesty
