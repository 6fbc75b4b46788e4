"""A kind of asset: its name and the signals it may send. Pure.

Sane ranges are inclusive and in the unit of the signal's name. They end a little below zero wherever a transmitter's live zero may drift:
4–20 mA is a measurement down to 3.8 mA (NAMUR NE 43), which is −1.25 % of its span. So a line that lost its pressure and reads −0.05 bar
stays a measurement, and its alarm is raised; what gateways send for "no value" (−999, −32768, 65535) stays outside.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from devices.signal import Signal
from devices.units import OUR_UNITS


@dataclass(frozen=True, slots=True)
class Kind:
    """`signals` by name, in the order in which people want to read them. Not to be changed: every reader shares it."""

    name: str
    text: str
    signals: dict[str, Signal]


def kind(name: str, text: str, *signals: Signal) -> Kind:
    """Raises ValueError where two signals have the same name."""
    by_name = {signal.name: signal for signal in signals}
    if len(by_name) != len(signals):
        raise ValueError(f"kind {name!r} has two signals of the same name")
    return Kind(name, text, by_name)


def number(name: str, text: str, sane: tuple[float, float], normal: tuple[float, float] | None = None) -> Signal:
    """A measured quantity; its unit is the last part of its name."""
    return Signal(name, "number", unit_of(name), _checked(name, sane, normal), normal, text=text)


def counter(name: str, text: str, top: float) -> Signal:
    """A number that only grows, from 0; a smaller value than the last one means that it was reset or replaced."""
    return Signal(name, "counter", unit_of(name), _checked(name, (0, top), None), text=text)


def code(name: str, text: str, top: float, normal: tuple[float, float] | None = None) -> Signal:
    """A number that names something, e.g. a fault in its maker's manual: it has no unit."""
    return Signal(name, "number", "", _checked(name, (0, top), normal), normal, text=text)


def contact(name: str, text: str) -> Signal:
    return Signal(name, "boolean", text=text)


def state(name: str, text: str, *states: str) -> Signal:
    return Signal(name, "state", states=frozenset(states), text=text)


def free_text(name: str, text: str) -> Signal:
    return Signal(name, "text", text=text)


def unit_of(name: str) -> str:
    """The unit that a signal's name ends with; ValueError where it ends with none."""
    unit = name.rpartition("_")[2]
    if unit not in OUR_UNITS:
        raise ValueError(f"the name {name!r} ends with no unit; known: {', '.join(OUR_UNITS)}")
    return unit


def _checked(name: str, sane: tuple[float, float], normal: tuple[float, float] | None) -> tuple[float, float]:
    low, high = sane
    inner_low, inner_high = normal or sane
    if not (math.isfinite(low) and math.isfinite(high) and low <= inner_low <= inner_high <= high and low < high):
        raise ValueError(f"{name}: the sane range {sane} must be finite, ascending and contain the normal range {normal}")
    return sane
