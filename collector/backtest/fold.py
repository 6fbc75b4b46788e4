"""The same readings through the old and the new rules: the fold of the running collector, twice over one stream. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from collector.backtest.block import Block
from collector.backtest.side import Side
from collector.backtest.stride import Stride
from collector.records import Control, Decoded


def fold(sides: Sequence[Side], items: Iterable[Decoded | Block], span_ms: tuple[int, int], seen: Callable[[int, int], None]) -> None:
    """Fold everything into every side, from the beginning to the end of the span. `seen` is told how far it is (ms) and how many readings
    that was. Blocks are of one site; they are folded plainly, not in strides (`begin`), until those are proven to be the same."""
    begun = False
    for item in items:
        if isinstance(item, Decoded):
            for side in sides:
                side.step(item)
            seen(item.received_ms, item.values)
            continue
        if not begun:
            begun = True
            begin(sides, item.site, span_ms[0])
        _plainly(sides, item)
        seen(item.end_ms, item.readings)
    for side in sides:
        side.advance(span_ms[1])


def begin(sides: Sequence[Side], site: str, start_ms: int) -> Stride | None:
    """The collector begins; None where there can be no strides."""
    for side in sides:
        side.step(Decoded(1, start_ms, [Control("start", b"{}", start_ms)], [], 1, 0))
    folds = [side.evaluator.sites[site] for side in sides]
    if any(condition.parts for fold in folds for condition in fold.conditions):
        return None
    return Stride(folds[0].site, sides, start_ms)


def _plainly(sides: Sequence[Side], block: Block) -> None:
    for batch in block.batches(sides[0].evaluator.cursor + 1):
        for side in sides:
            side.step(batch)
