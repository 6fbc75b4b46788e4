"""The same readings through the old and the new rules: the fold of the running collector, twice over one stream. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from collector.backtest.block import Block
from collector.backtest.shared import Shared
from collector.backtest.side import Side
from collector.evaluator import Evaluator
from collector.records import Control, Decoded

NEVER_MS = 2**62


def fold(sides: Sequence[Side], items: Iterable[Decoded | Block], span_ms: tuple[int, int], seen: Callable[[int, int], None]) -> None:
    """Fold everything into every side, from the beginning to the end of the span. `seen` is told how far it is (ms) and how many readings
    that was. Blocks are of one site, and all sides share what is measured there; before the first of them the collector begins."""
    shared: Shared | None = None
    for item in items:
        if isinstance(item, Decoded):
            for side in sides:
                side.step(item)
            seen(item.received_ms, item.values)
            continue
        if shared is None:
            for side in sides:
                side.step(Decoded(1, span_ms[0], [Control("start", b"{}", span_ms[0])], [], 1, 0))
            shared = Shared([side.evaluator.sites[item.site] for side in sides])
        _take(sides, shared, item)
        seen(item.end_ms, item.readings)
    for side in sides:
        side.advance(span_ms[1])


def _take(sides: Sequence[Side], shared: Shared, block: Block) -> None:
    """All sides come to each time that is due before any of them goes on: what is known then is the same for all."""
    evaluators, changes = [side.evaluator for side in sides], [side.change for side in sides]
    seq, due_ms = evaluators[0].cursor, _soonest(evaluators)
    for time_ms, observations in block.moments():
        while due_ms <= time_ms:
            for side in sides:
                if side.evaluator.next_deadline_ms() == due_ms:
                    side.advance(due_ms)
            due_ms = _soonest(evaluators)
        seq += 1
        for evaluator, change in zip(evaluators, changes, strict=True):
            evaluator.reach(seq, time_ms, change)
        shared.hear(observations, changes)
        for side in sides:
            if side.change.transitions:
                side.keep()
        due_ms = _soonest(evaluators)


def _soonest(evaluators: Sequence[Evaluator]) -> int:
    """When the first of them has something to do by the clock alone."""
    soonest_ms = NEVER_MS
    for evaluator in evaluators:
        due_ms = evaluator.next_deadline_ms()
        if due_ms is not None and due_ms < soonest_ms:
            soonest_ms = due_ms
    return soonest_ms
