"""One stock for several folds of the same readings: what is measured does not depend on the rules. Pure."""

from __future__ import annotations

from collector.outputs import StockEstimate, StockEvent
from collector.stock import SiteStock, StockState
from collector.stock.numbers import numbers_of
from devices.signal import Value


class SharedStock(SiteStock):
    """Stands in the place of a fold's own stock: what the fold observes is left to whoever feeds the real one; each estimate is reckoned
    once for all folds."""

    def __init__(self, real: SiteStock) -> None:
        self._real = real
        self._known: dict[tuple[int, bool], StockEstimate] = {}
        self._numbers: tuple[int, dict[str, Value]] = (0, {})

    def observe(self, asset: str, kind: str, values: dict[str, Value], event_ms: int) -> list[StockEvent]:  # noqa: ARG002
        return []

    def estimate(self, now_ms: int, *, pressure_fails: bool = False) -> StockEstimate:
        key = (now_ms, pressure_fails)
        found = self._known.get(key)
        if found is None:
            if len(self._known) > 1:
                self._known.clear()
            found = self._known[key] = self._real.estimate(now_ms, pressure_fails=pressure_fails)
        return found

    def numbers(self, now_ms: int) -> dict[str, Value]:
        """Those of the estimate, as rules read them."""
        if self._numbers[0] != now_ms:
            self._numbers = (now_ms, numbers_of(self.estimate(now_ms)))
        return self._numbers[1]

    @property
    def heard_ms(self) -> int:
        return self._real.heard_ms

    def dump(self) -> StockState:
        return self._real.dump()
