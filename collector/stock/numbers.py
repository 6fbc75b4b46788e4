"""The numbers of an estimate by name, as rules about a site read them. Pure."""

from __future__ import annotations

from collector.outputs import Bounded, StockEstimate
from devices.signal import Value


def numbers_of(estimate: StockEstimate) -> dict[str, Value]:
    """Each known middle value under its own name; what is unknown is absent."""
    found: dict[str, Value] = {}
    for name in estimate.__struct_fields__:
        value = getattr(estimate, name)
        number = value.mid if isinstance(value, Bounded) else value
        if isinstance(number, float):
            found[name] = number
    return found


NUMBERS: frozenset[str] = frozenset(name for name in StockEstimate.__struct_fields__ if name.endswith(("_lpm", "_h")))
"""The names that a rule of kind `site` may watch: flows and hours."""
