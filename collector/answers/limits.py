"""How often somebody may answer: a bound for each of them and one for all. Pure.

So nobody guesses codes, and nobody who tries keeps the others out for longer than a minute.
"""

from __future__ import annotations

from collections import OrderedDict

from collector.notify.health import Rate

EACH_PER_MINUTE, ALL_PER_MINUTE = 20, 600
REMEMBERED = 2_000
"""So many at a time; who was not heard longest is forgotten."""


class Limits:
    def __init__(self, each: int = EACH_PER_MINUTE, everybody: int = ALL_PER_MINUTE) -> None:
        self._each = each
        self._all = Rate(everybody)
        self._rates: OrderedDict[str, Rate] = OrderedDict()

    def allowed(self, who: str, now_ms: int) -> bool:
        """Whether they may now; counts it where they may."""
        rate = self._rates.setdefault(who, Rate(self._each))
        self._rates.move_to_end(who)
        if len(self._rates) > REMEMBERED:
            self._rates.popitem(last=False)
        if rate.wait_s(now_ms) or self._all.wait_s(now_ms):
            return False
        rate.took(now_ms)
        self._all.took(now_ms)
        return True
