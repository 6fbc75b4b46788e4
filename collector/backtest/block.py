"""A stretch of the past as columns: per asset the times, and for each signal its values. Pure.

Readings from a database have one time, that of the measurement: it stands for the time of receipt too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from devices.kinds.catalogue import KINDS
from devices.signal import Observation, Value

_event_ms = attrgetter("event_ms")


class AssetBlock(NamedTuple):
    """`times` in ms, ascending; each column is as long, with None where the signal was not there."""

    asset: str
    kind: str
    times: Sequence[int]
    columns: Mapping[str, Sequence[Value | None]]

    def observations(self, site: str) -> Iterator[Observation]:
        names = tuple(self.columns)
        for time_ms, *values in zip(self.times, *self.columns.values(), strict=True):
            said = {name: value for name, value in zip(names, values, strict=True) if value is not None}
            yield Observation(site, self.asset, self.kind, time_ms, time_ms, said)


class Block(NamedTuple):
    """What one site said in [start, end)."""

    site: str
    start_ms: int
    end_ms: int
    assets: Sequence[AssetBlock]

    @property
    def readings(self) -> int:
        return sum(len(a.times) * len(a.columns) - sum(column.count(None) for column in a.columns.values()) for a in self.assets)

    def moments(self) -> Iterator[tuple[int, Iterable[Observation]]]:
        """What was said at each time, as the journal would give it in one batch."""
        every = [one for asset in self.assets for one in asset.observations(self.site)]
        every.sort(key=_event_ms)
        return groupby(every, key=_event_ms)


Series = tuple[Sequence[int], Sequence[Value]]
"""Times in ms, ascending, and values."""


def joined(asset: str, kind: str, signals: Mapping[str, Series]) -> AssetBlock:
    """Series of one asset as one: what has the same time belongs together. Contacts that a database keeps as numbers are contacts again;
    signals that the kind no longer has are left out."""
    known = KINDS[kind].signals
    typed = {name: (times, _typed(values, known[name].type)) for name, (times, values) in signals.items() if name in known}
    all_times = [times for times, _ in typed.values()]
    if not all_times:
        return AssetBlock(asset, kind, (), {})
    first = all_times[0]
    if all(times == first for times in all_times[1:]):
        return AssetBlock(asset, kind, first, {name: values for name, (_, values) in typed.items()})
    times = sorted(set().union(*all_times))
    place = {time_ms: n for n, time_ms in enumerate(times)}
    columns: dict[str, Sequence[Value | None]] = {}
    for name, (own, values) in typed.items():
        column: list[Value | None] = [None] * len(times)
        for time_ms, value in zip(own, values, strict=True):
            column[place[time_ms]] = value
        columns[name] = column
    return AssetBlock(asset, kind, times, columns)


def _typed(values: Sequence[Value], wanted: str) -> Sequence[Value]:
    if wanted == "boolean":
        return [bool(value) for value in values]
    if wanted in ("number", "counter") and set(map(type, values)) != {float}:
        return [float(value) for value in values if not isinstance(value, str)]
    return values
