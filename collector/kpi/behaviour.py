"""How one alarm behaved over a period: how often it was announced, how soon it came back, how long it was on. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from collector.kpi.counted import is_announced
from collector.outputs import Nature, Priority, Transition

KEPT = 10_000
"""Spans kept of one alarm: what so many say of it, more would not change."""


@dataclass(slots=True)
class Behaviour:
    """`gaps_s`: from the end of one occurrence to the next one, in the equipment's time; `lasted_s`: from an announcement to its end."""

    alarm: str
    priority: Priority = "low"
    nature: Nature = "process"
    announced: int = 0
    raised: int = 0
    chattering: int = 0
    fleeting: int = 0
    answered: int = 0
    gaps_s: list[float] = field(default_factory=list)
    lasted_s: list[float] = field(default_factory=list)
    _told_ms: int = 0
    _over_ms: int = 0

    def observe(self, transition: Transition) -> None:
        if is_announced(transition):
            self.announced += 1
            self.priority, self.nature = transition.priority, transition.nature
        if transition.event == "raised":
            self._begins(transition)
        elif transition.event in {"cleared", "latched"}:
            self._ends(transition.event_ms)

    def came_back_within(self, seconds: float) -> int:
        """How many were announced within so long after the one before was over."""
        return sum(gap_s <= seconds for gap_s in self.gaps_s)

    def _begins(self, transition: Transition) -> None:
        self._told_ms = transition.event_ms if transition.annunciate else 0
        if not transition.annunciate:
            return
        self.raised += 1
        if self._over_ms and len(self.gaps_s) < KEPT:
            self.gaps_s.append(max(0, transition.event_ms - self._over_ms) / 1000)

    def _ends(self, event_ms: int) -> None:
        if self._told_ms:
            self._over_ms = event_ms
            if len(self.lasted_s) < KEPT:
                self.lasted_s.append(max(0, event_ms - self._told_ms) / 1000)
        self._told_ms = 0
