"""One stock for several folds of the same readings: what is measured does not depend on the rules. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from collector.outputs import StockEstimate, StockEvent
from collector.site import SiteFold
from collector.stock import SiteStock, StockState
from devices.signal import Value


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


def share_stock(folds: Sequence[SiteFold]) -> None:
    """Have all folds of one site share the stock of the first, which must be stepped before the others."""
    real, known = folds[0].stock, dict[tuple[int, bool], StockEstimate]()
    for number, fold in enumerate(folds):
        fold.stock = SharedStock(real, known, tells=number == 0)
