"""The same readings through the old and the new rules: the fold of the running collector, twice over one stream. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from collector.backtest.block import Block
from collector.backtest.episodes import Episode, Episodes
from collector.evaluator import Evaluator
from collector.outputs import StateChange
from collector.records import Control, Decoded
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


def fold(sides: Sequence[Side], items: Iterable[Decoded | Block], span_ms: tuple[int, int], seen: Callable[[int, int], None]) -> None:
    """Fold everything into every side, from the beginning to the end of the span. `seen` is told how far it is (ms) and how many readings
    that was."""
    seq = 0
    for item in items:
        if isinstance(item, Decoded):
            seq = item.seq
            for side in sides:
                side.step(item)
            seen(item.received_ms, item.values)
            continue
        if not seq:
            seq = 1
            start = Control("start", b"{}", span_ms[0])
            for side in sides:
                side.step(Decoded(seq, span_ms[0], [start], [], 1, 0))
        for batch in item.batches(seq + 1):
            seq = batch.seq
            for side in sides:
                side.step(batch)
        seen(item.end_ms, item.readings)
    for side in sides:
        side.advance(span_ms[1])


def episodes(sides: Iterable[Side]) -> list[list[Episode]]:
    return [side.episodes.all() for side in sides]
