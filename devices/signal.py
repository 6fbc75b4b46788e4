"""The words every other module speaks: what a signal is, and what one asset said about one instant.

Pure. Times are Unix milliseconds (`_ms`); every float that is a quantity carries its unit in the signal's name.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Literal, TypeAlias

import msgspec

Value: TypeAlias = float | bool | str
"""A number (always `float` after decoding), a contact, or the name of a state."""

ValueType: TypeAlias = Literal["number", "counter", "boolean", "state", "text"]
"""`counter` is a number that only grows (hours, kWh); `state` is one of a closed set of names; `text` is free (a firmware version)."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One measurement point of a kind of asset.

    `unit` is a name of `devices.units`; `sane` is the range outside of which a number is a sensor fault (inclusive, in `unit`);
    `normal` is where it should be, for displays; `states` are the allowed names of a `state` signal.
    """

    name: str
    type: ValueType
    unit: str = ""
    sane: tuple[float, float] = (float("-inf"), float("inf"))
    normal: tuple[float, float] | None = None
    states: frozenset[str] = frozenset()
    text: str = ""


class Quality(IntEnum):
    """How far a latest value can be trusted; OPC UA's three classes, with the reasons this trade needs.

    SUSPECT: it moved as the true value can't, its scatter is not its own, or something else contradicts it. STUCK: it repeats its last
    value. CLOCK_BAD: the value may be right, its time is not.
    """

    GOOD = 0
    SUSPECT = 1
    OUT_OF_RANGE = 2
    STALE = 3
    UNKNOWN = 4
    STUCK = 5
    CLOCK_BAD = 6


class Timing(IntFlag):
    """What is to be known about the two times of an observation. `LIVE` (0) is the ordinary case."""

    LIVE = 0
    NO_TS = 1  # the sender gave no time: the time of receipt stands in
    BAD_CLOCK = 2  # the sender's time is before 2020: the time of receipt stands in
    FUTURE = 4  # the sender's time is more than 120 s ahead: clamped to the time of receipt
    LATE = 8  # older than five minutes at receipt
    BACKFILL = 16  # the sender says it was stored while offline
    RETAINED = 32  # delivered by the broker from its memory

    @property
    def is_history(self) -> bool:
        """True when the observation is stored, but raises and clears nothing and proves no freshness."""
        return bool(self & (Timing.LATE | Timing.BACKFILL | Timing.RETAINED))


HISTORY = int(Timing.LATE | Timing.BACKFILL | Timing.RETAINED)
"""`Timing.is_history` as a bare mask, for the hot path."""


class Observation(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What one asset said about one instant: one or more signals with the same two times.

    `values` are finite, known to the kind, inside their sane range and in the unit of the signal's name.
    `tie` counts the observations of one asset within one batch that share a time of receipt for want of their own (0 for the first), so
    that none overwrites another. `timing` is the integer of a `Timing`; `raw_ts_ms` is what the sender claimed where `event_ms` differs.
    """

    site: str
    asset: str
    kind: str
    event_ms: int
    received_ms: int
    values: dict[str, Value]
    timing: int = 0
    seq: int | None = None
    tie: int = 0
    raw_ts_ms: int | None = None
