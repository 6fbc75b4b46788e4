"""The numbers of an estimate by name, as rules about a site read them. Pure."""

from __future__ import annotations

from collector.outputs import Bounded, StockEstimate
from devices.signal import Value
from devices.units import OUR_UNITS


def numbers_of(estimate: StockEstimate) -> dict[str, Value]:
    """Each known middle value under its own name; what is unknown is absent."""
    found: dict[str, Value] = {}
    for name in _FIELDS:
        value = getattr(estimate, name)
        number = value.mid if value.__class__ is Bounded else value
        if number.__class__ is float:
            found[name] = number
    return found


_FIELDS = tuple(name for name, kind in StockEstimate.__annotations__.items() if "Bounded" in str(kind) or "float" in str(kind))
"""Those that can be a number; in the order of the structure, as of all fields."""
NUMBERS: frozenset[str] = frozenset(
    name
    for name, kind in StockEstimate.__annotations__.items()
    if ("Bounded" in str(kind) or "float" in str(kind)) and name.rpartition("_")[2] in OUR_UNITS
)
"""The names that a rule of kind `site` may watch: those in a unit that a limit can have."""
