"""Blocks of one site through several folds, in strides: minutes that are quiet for a set of rules are passed over. Pure.

It is the same fold as live. In a quiet minute (rows.py) no reading would get a further look, so only what changes without an alarm is
brought up to date: the latest values and what is derived from them (memory.py), the stock and its estimate, once for all folds. A fold that
was passed over goes on as after a restart. Three ways to spend a minute:

    asleep   no alarm waits for anything, no reading gets a look, no number of the stock raises: nothing is done
    dozing   the same of the assets, while an alarm of the site itself is pending or open: only what is due by the clock is done
    awake    reading by reading

A property test compares this with the plain fold, to the last byte of the state.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

from collector.backtest.block import Block
from collector.backtest.memory import Known, Memory, give
from collector.backtest.rows import Minutes, Row, is_ragged, observation, rows_of
from collector.backtest.runner import Runner, Way
from collector.backtest.shared import SharedStock
from collector.backtest.side import Side
from collector.outputs import StockEstimate
from collector.records import Decoded
from collector.site import STOCK_EVERY_MS
from collector.stock import SIGNALS, SiteStock
from devices.assets import Site
from devices.kinds.catalogue import KINDS

_time = itemgetter(0)
_STOCK_SIGNALS = {kind: frozenset(name for of, name in SIGNALS if of == kind) for kind in KINDS}


class Stride:
    """See the module. Nothing was folded into the sides but that the collector began, at `start_ms`."""

    def __init__(self, site: Site, sides: Sequence[Side], start_ms: int) -> None:
        self.site = site
        self._stock = SiteStock(site)
        self._shared = SharedStock(self._stock)
        self._memories: list[Memory] = []
        self.runners = [self._runner(side, start_ms) for side in sides]
        fold = self.runners[0].fold
        self._minutes, self._takes_turns = Minutes(fold.turn_ms), fold.takes_turns
        self._next = self._minutes.of(start_ms)
        self._rows: list[Row] = []
        self._columns: dict[str, tuple[str, ...] | None] = {}
        self._known_until = self._next
        self._estimate: StockEstimate | None = None

    def _runner(self, side: Side, start_ms: int) -> Runner:
        fold = side.evaluator.sites[self.site.id]
        fold.stock = self._shared
        memory = next((memory for memory in self._memories if memory.fits(fold)), None)
        if memory is None:
            memory = Memory(fold)
            self._memories.append(memory)
        return Runner(side, fold, memory, start_ms)

    def fold(self, block: Block) -> None:
        """Everything of a block but its last, unfinished minute."""
        block = block._replace(assets=[asset for asset in block.assets if asset.asset in self.runners[0].fold.assets])
        for runner in self.runners:
            runner.look_ahead(block, self._minutes)
        self._begin(block)
        self._rows += rows_of(block.assets)
        self._known_until = self._minutes.of(block.end_ms)
        self._run(self._known_until)

    def finish(self, end_ms: int) -> None:
        """What is left, up to the end."""
        self._run(self._minutes.of(end_ms))
        for runner in self.runners:
            if runner.asleep:
                self._wake(runner, runner.memory.now(), self._minutes.begin(self._next))
        self._remember(self._rows)
        for runner in self.runners:
            self._play(runner, self._rows)
            runner.side.advance(end_ms)
        self._rows = []

    def _begin(self, block: Block) -> None:
        """A memory need not look at every signal of an asset whose rows all have the same ones, also those that are left from before."""
        whole = []
        for asset in block.assets:
            names = None if is_ragged(asset) else tuple(asset.columns)
            if names is not None and self._columns.get(asset.asset, names) == names:
                whole.append(asset.asset)
            self._columns[asset.asset] = names
        for memory in self._memories:
            memory.begin(whole)

    def _run(self, until: int) -> None:
        """All minutes before that one."""
        rows, first = self._rows, 0
        while self._next < until:
            end_ms = self._minutes.begin(self._next + 1)
            last = bisect_left(rows, end_ms, first, key=_time)
            self._minute(rows[first:last], end_ms)
            first = last
            self._next += 1
        self._rows = rows[first:]

    def _minute(self, rows: list[Row], end_ms: int) -> None:
        begin_ms = end_ms - STOCK_EVERY_MS
        known_loud = [runner for runner in self.runners if self._next >= self._known_until or self._next in runner.loud]
        for runner in known_loud:
            if runner.asleep:
                self._wake(runner, runner.memory.now(), begin_ms)
        self._remember(rows)
        for runner in self.runners:
            way = "awake" if runner in known_loud else self._way(runner, end_ms)
            runner.spent[way] += 1
            if way == "asleep":
                runner.asleep = True
            elif way == "dozing":
                self._doze(runner, end_ms)
            else:
                if runner.asleep:
                    self._wake(runner, runner.memory.before(), begin_ms)
                self._play(runner, rows)
                runner.side.advance(end_ms)
        if self._takes_turns:
            self._estimate = self._shared.estimate(end_ms)

    def _way(self, runner: Runner, end_ms: int) -> Way:
        if runner.looks_at() or not (runner.asleep or runner.may_doze()):
            return "awake"
        raises = self._takes_turns and runner.raises(self._shared.numbers(end_ms))
        return "asleep" if (runner.asleep or runner.may_sleep()) and not raises else "dozing"

    def _wake(self, runner: Runner, known: Known, now_ms: int) -> None:
        """Go on after what was passed over, at the beginning of a minute."""
        give(known, runner.fold)
        if self._estimate is not None:
            runner.fold.know(self._estimate)
        runner.side.evaluator.resume(now_ms)
        runner.asleep = False

    def _play(self, runner: Runner, rows: Sequence[Row]) -> None:
        """Reading by reading."""
        for time_ms, group in groupby(rows, key=_time):
            events = [observation(row, self.site.id) for row in group]
            runner.side.step(Decoded(runner.side.evaluator.cursor + 1, time_ms, [*events], [], len(events), 0))

    def _doze(self, runner: Runner, end_ms: int) -> None:
        """Only what is due by the clock."""
        give(runner.memory.now(), runner.fold)
        if runner.asleep:
            runner.side.evaluator.resume(end_ms - 1)
            runner.asleep = False
        runner.side.advance(end_ms)

    def _remember(self, rows: list[Row]) -> None:
        first, *others = self._memories
        observe = self._stock.observe
        for (time_ms, asset, kind, _), values in first.take(rows):
            if not _STOCK_SIGNALS[kind].isdisjoint(values):
                observe(asset, kind, values, time_ms)
        for memory in others:
            deque(memory.take(rows), maxlen=0)
