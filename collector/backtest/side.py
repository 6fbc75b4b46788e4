"""One set of rules at work in a backtest: an evaluator, and the occurrences that come of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from collector.backtest.episodes import Episodes
from collector.evaluator import Evaluator
from collector.outputs import StateChange
from collector.records import Decoded
from collector.rules.model import RuleSet
from devices.assets import Site


class Side:
    """One set of rules at work. What was raised before `from_ms` is not counted."""

    def __init__(self, sites: Sequence[Site], rules: RuleSet, from_ms: int) -> None:
        self.evaluator = Evaluator(sites, rules)
        self.episodes = Episodes(from_ms)
        self._change = StateChange()

    def step(self, batch: Decoded) -> None:
        self.evaluator.step(batch, self._change)
        self.keep()

    def advance(self, now_ms: int) -> None:
        self.evaluator.advance(now_ms, self._change)
        self.keep()

    def keep(self) -> None:
        """Keep the alarms; estimates and points are nothing to a backtest."""
        change = self._change
        if change.transitions:
            self.episodes.take(change.transitions)
            change.transitions.clear()
            change.points.clear()
            change.audit.clear()
        if change.stock:
            change.stock.clear()
            change.points.clear()
        if change.stock_events:
            change.stock_events.clear()
            change.points.clear()
