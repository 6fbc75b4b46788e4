"""One set of rules at work in a backtest: an evaluator, and the occurrences that come of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from collector.backtest.episodes import Episodes
from collector.evaluator import Evaluator
from collector.outputs import StateChange
from collector.records import Decoded
from collector.rules.model import RuleSet
from devices.assets import Site

T = TypeVar("T")


class Nowhere(list[T]):
    """Whatever goes in is gone, and what is still to be made is never made."""

    def append(self, _: T, /) -> None: ...
    def extend(self, _: Iterable[T], /) -> None: ...


class Side:
    """One set of rules at work. What was raised before `from_ms` is not counted."""

    def __init__(self, sites: Sequence[Site], rules: RuleSet, from_ms: int) -> None:
        self.evaluator = Evaluator(sites, rules)
        self.episodes = Episodes(from_ms)
        self.change = StateChange(points=Nowhere(), stock=Nowhere(), stock_events=Nowhere())
        """What came of the latest step."""

    def step(self, batch: Decoded) -> None:
        self.evaluator.step(batch, self.change)
        self.keep()

    def advance(self, now_ms: int) -> None:
        self.evaluator.advance(now_ms, self.change)
        self.keep()

    def keep(self) -> None:
        """Keep the alarms; estimates and points are nothing to a backtest."""
        change = self.change
        if change.transitions:
            self.episodes.take(change.transitions)
            change.transitions.clear()
            change.audit.clear()
