"""Loose cylinders of one type: taken for beds and banks, brought back full by a supplier after the site's lead time."""

from __future__ import annotations

from random import Random

from devices.assets import CylinderStore
from devices.signal import Value

USED_PER_DAY = 0.03
"""Share of the store that goes to beds and ambulances in a day."""
ORDER_AT = 0.35
"""Share of empty cylinders at which the supplier is called."""


class Store:
    """Counts only: `full` and `empty`. Cylinders that hang on a bank are in neither."""

    def __init__(self, asset: CylinderStore, rng: Random) -> None:
        self.type = asset.type
        self.full = 20 if asset.full is None else asset.full
        self.empty = 0
        self._rng = rng
        self._lorry_ms: int | None = None

    def take(self, wanted: int) -> int:
        """Full cylinders for a bank; as many empty ones come back."""
        taken = min(wanted, self.full)
        self.full -= taken
        self.empty += taken
        return taken

    def use(self, dt_s: float) -> None:
        """The wards take one now and then."""
        if self._rng.random() < (self.full + self.empty) * USED_PER_DAY * dt_s / 86_400:
            self.take(1)

    def run_out(self) -> None:
        self.take(self.full)

    def deliver(self, now_ms: int, lead_ms: int) -> None:
        """Call the supplier when many are empty; after the lead time all of them are full again."""
        if self._lorry_ms is None:
            if self.empty > ORDER_AT * (self.full + self.empty):
                self._lorry_ms = now_ms + lead_ms
        elif now_ms >= self._lorry_ms:
            self._arrive()

    def _arrive(self) -> None:
        self.full, self.empty, self._lorry_ms = self.full + self.empty, 0, None

    def rescue(self) -> None:
        """The delivery that ends a shortage comes at once."""
        self._arrive()

    def read(self) -> dict[str, Value]:
        return {"full_count": float(self.full), "empty_count": float(self.empty)}
