"""From the changes of alarms to their occurrences: when each was raised, how it ended, and how often people were told. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from collector.outputs import PRIORITIES, AlarmEvent, Priority, Transition
from devices.signal import Value

PAGING: frozenset[AlarmEvent] = frozenset({"raised", "realarmed", "escalated", "unsuppressed", "unshelved", "returned_to_service"})
"""Events that call somebody, where they are annunciated."""
PAGED = PRIORITIES.index("medium")
"""What is medium or high wakes a person; low and info wait for the morning."""


class Episode(msgspec.Struct, frozen=True, kw_only=True):
    """One occurrence of an alarm. `raised_ms` and `ended_ms` (None: not within the range) are by the equipment's time. `told`: people were
    told of it; `pages_ms` are the times at which somebody was called (medium and high alone). `hidden_by` is what suppressed it."""

    alarm: str
    site: str
    asset: str
    rule: str
    priority: Priority
    raised_ms: int
    ended_ms: int | None = None
    value: Value | None = None
    limit: float | None = None
    unit: str = ""
    told: bool = True
    hidden_by: str = ""
    pages_ms: tuple[int, ...] = ()
    occurrence: str = ""

    @property
    def urgent(self) -> bool:
        return PRIORITIES.index(self.priority) >= PAGED

    def overlaps(self, other: Episode) -> bool:
        """Some time belongs to both."""
        end, others_end = _end(self.ended_ms), _end(other.ended_ms)
        return self.raised_ms <= others_end and other.raised_ms <= end


def _end(ended_ms: int | None) -> int:
    return 1 << 62 if ended_ms is None else ended_ms


class Episodes:
    """Takes transitions in their order. What was raised before `from_ms` (while the evaluator warms up) is not counted."""

    def __init__(self, from_ms: int) -> None:
        self._from_ms = from_ms
        self._open: dict[str, Episode] = {}

    def take(self, transitions: Iterable[Transition]) -> None:
        for transition in transitions:
            if transition.event == "discovered_late" or transition.raised_ms < self._from_ms:
                continue
            known = self._open.get(transition.occurrence)
            if known is None:
                if transition.event != "raised":
                    continue
                known = _begun(transition)
            self._open[transition.occurrence] = _with(known, transition)

    def all(self) -> list[Episode]:
        """By the time they were raised."""
        return sorted(self._open.values(), key=lambda episode: (episode.raised_ms, episode.alarm))


def _begun(raised: Transition) -> Episode:
    return Episode(
        alarm=raised.alarm,
        site=raised.site,
        asset=raised.asset,
        rule=raised.rule,
        priority=raised.priority,
        raised_ms=raised.event_ms,
        value=raised.value,
        limit=raised.limit,
        unit=raised.unit,
        told=False,
        hidden_by=raised.hidden_by,
        occurrence=raised.occurrence,
    )


def _with(episode: Episode, change: Transition) -> Episode:
    is_page = change.annunciate and change.event in PAGING
    worst = max(episode.priority, change.priority, key=PRIORITIES.index)
    pages = (*episode.pages_ms, change.evaluated_ms) if is_page and PRIORITIES.index(change.priority) >= PAGED else episode.pages_ms
    return msgspec.structs.replace(
        episode,
        priority=worst,
        ended_ms=change.event_ms if change.event in {"cleared", "latched"} else episode.ended_ms,
        told=episode.told or is_page,
        hidden_by=change.hidden_by or episode.hidden_by,
        pages_ms=pages,
    )
