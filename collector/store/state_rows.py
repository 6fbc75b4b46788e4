"""The rows of the state store that are no values of the evaluator, its bounds, and what can be read out of a reject. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from collector.outputs import Notice
from collector.records import Reject
from devices.payloads.native import UNREADABLE

WINDOW_MS = 900_000
_UNKNOWN = frozenset({"unknown_site", "unknown_asset"})
_SIGNALS = 64


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows of each kind are kept; the oldest go first, and what is lost by that is counted (of `audit`, an entry says so)."""

    transitions: int = 1_000_000
    transitions_ms: int = 5 * 366 * 86_400_000
    audit: int = 1_000_000
    notices: int = 200_000
    exports: int = 500_000
    stock_events: int = 100_000
    quarantine: int = 10_000
    unknown_assets: int = 1_000
    rejected_lines: int = 1_000


class DueNotice(msgspec.Struct, frozen=True):
    """A notice to be sent. `attempts` is how often it was tried, `error` what came of the last try."""

    notice: Notice
    attempts: int = 0
    error: str = ""


class Quarantined(msgspec.Struct, frozen=True):
    """A reject as it is kept; `seq` and `index` are its batch and its message's place in it."""

    seq: int
    index: int
    at_ms: int
    topic: str
    reason: str
    detail: str
    signal: str | None
    sample: bytes


class UnknownAsset(msgspec.Struct, frozen=True):
    """What publishes and is not in the configuration. `count` is the number of its messages, `signals` the names it was seen to send."""

    site: str
    asset: str
    topic: str
    first_ms: int
    last_ms: int
    count: int
    sample: bytes
    signals: list[str]

    @property
    def hint(self) -> str:
        """The lines of configuration that would take it in; the kind is for a person to say."""
        sends = f"  # sends {', '.join(self.signals)}" if self.signals else ""
        return f"under assets of site {self.site}: - {{id: {self.asset}, kind: …}}{sends}"


class Key(NamedTuple):
    """What a reject is known by. `nth` counts the rejects of one message and signal, so that an array of bad objects loses none."""

    seq: int
    message: int
    signal: str
    nth: int


class DirtyWindow(NamedTuple):
    """A 15-minute window to be rolled up. `mark` counts how often it got new data: done means done with that."""

    kind: str
    site: str
    window_ms: int
    mark: int = 0


def keyed(seq: int, rejects: Sequence[Reject]) -> list[tuple[Key, Reject]]:
    seen: dict[tuple[int, str], int] = {}
    found = []
    for reject in rejects:
        place = (reject.index, reject.signal or "")
        seen[place] = nth = seen.get(place, -1) + 1
        found.append((Key(seq, *place, nth), reject))
    return found


def unknown_asset(reject: Reject, at_ms: int) -> UnknownAsset | None:
    """The unknown asset that a reject tells of; None for any other reason."""
    parts = reject.topic.removesuffix("/status").rsplit("/", 2)
    if reject.reason not in _UNKNOWN or len(parts) < 2:
        return None
    return UnknownAsset(parts[-2], parts[-1], reject.topic, at_ms, at_ms, 1, reject.sample, _signals(reject.sample))


def merged(old: UnknownAsset, new: UnknownAsset) -> UnknownAsset:
    signals = sorted({*old.signals, *new.signals})[:_SIGNALS]
    first_ms, last_ms = min(old.first_ms, new.first_ms), max(old.last_ms, new.last_ms)
    return UnknownAsset(old.site, old.asset, new.topic, first_ms, last_ms, old.count + new.count, new.sample or old.sample, signals)


def _signals(sample: bytes) -> list[str]:
    """The names under `values` of a native payload, where the sample holds all of it."""
    try:
        payload: Any = msgspec.json.decode(sample)
    except UNREADABLE:
        return []
    first = payload[0] if isinstance(payload, list) and payload else payload
    values = first.get("values") if isinstance(first, dict) else None
    return sorted(values)[:_SIGNALS] if isinstance(values, dict) else []
