"""The same readings through the old and the new rules: the fold of the running collector, twice over one stream. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from collector.backtest.block import Block
from collector.backtest.shared import share_stock
from collector.backtest.side import Side
from collector.records import Control, Decoded


def fold(sides: Sequence[Side], items: Iterable[Decoded | Block], span_ms: tuple[int, int], seen: Callable[[int, int], None]) -> None:
    """Fold everything into every side, from the beginning to the end of the span. `seen` is told how far it is (ms) and how many readings
    that was. Blocks are of one site, which all sides share the stock of; before the first of them the collector begins."""
    begun = False
    for item in items:
        if isinstance(item, Decoded):
            for side in sides:
                side.step(item)
            seen(item.received_ms, item.values)
            continue
        if not begun:
            begun = True
            for side in sides:
                side.step(Decoded(1, span_ms[0], [Control("start", b"{}", span_ms[0])], [], 1, 0))
            share_stock([side.evaluator.sites[item.site] for side in sides])
        _take(sides, item)
        seen(item.end_ms, item.readings)
    for side in sides:
        side.advance(span_ms[1])


def _take(sides: Sequence[Side], block: Block) -> None:
    """All sides come to a time before the first of them hears what was said then: what is estimated until then is the same for all."""
    for batch in block.batches(sides[0].evaluator.cursor + 1):
        for side in sides[1:]:
            due_ms = side.evaluator.next_deadline_ms()
            if due_ms is not None and due_ms <= batch.received_ms:
                side.advance(batch.received_ms)
        for side in sides:
            side.step(batch)
