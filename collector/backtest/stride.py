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
from collections import Counter, deque
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Literal

from collector.backtest.block import Block
from collector.backtest.memory import Mark, Memory, give
from collector.backtest.rows import Minutes, Row, Silences, is_inside, is_ragged, observation, outside, rows_of
from collector.backtest.shared import SharedStock
from collector.backtest.side import Side
from collector.outputs import StockEstimate
from collector.records import Decoded
from collector.rules.condition import Condition, Verdict
from collector.site import STOCK_EVERY_MS, SiteFold
from collector.stock import SIGNALS, SiteStock
from devices.assets import Site
from devices.kinds.catalogue import KINDS
from devices.signal import Value

Way = Literal["asleep", "dozing", "awake"]
_time = itemgetter(0)
_STOCK_SIGNALS = {kind: frozenset(name for of, name in SIGNALS if of == kind) for kind in KINDS}


class Runner:
    """One side on its way. `loud` are the minutes in which its fold looks at readings; `asleep`: what was passed over is not in it yet.
    `spent` counts minutes by how they were spent."""

    def __init__(self, side: Side, fold: SiteFold, memory: Memory, start_ms: int) -> None:
        self.side = side
        self.fold = fold
        self.loud: set[int] = set()
        self.asleep = False
        self.spent: Counter[Way] = Counter()
        self.memory = memory
        self._silences = Silences(self.fold, start_ms)
        self._joined = any(condition.parts for condition in self.fold.conditions)
        self._of_site = [Band(condition) for condition in fold.conditions if condition.rule.type != "dark"]
        self._forecasts = [
            (name, condition)
            for name, asset in self.fold.assets.items()
            for condition in asset.program.others
            if condition.rule.type == "forecast"
        ]

    def look_ahead(self, block: Block, minutes: Minutes) -> None:
        """Find the loud minutes of a block."""
        assets = {asset.asset: asset for asset in block.assets}
        self.loud = {number for number in self.loud if number >= minutes.of(block.start_ms) - 1}
        for name, asset in assets.items():
            self.loud |= outside(asset, self.fold.assets[name].program, minutes)
        self.loud |= self._silences.minutes(assets, (block.start_ms, block.end_ms), minutes)

    def may_doze(self) -> bool:
        """No alarm of an asset waits for anything, and everybody is heard: a reading that raises nothing changes nothing."""
        fold = self.fold
        return (
            not self._joined
            and fold.listening.connected
            and not fold.late.due_ms
            and not any(group.dark for group in fold.listening.states.values())
            and not any(self._waits(key) for key in fold.book.alarms)
            and not any(asset.awake or asset.state.bad_clock or asset.state.faulty for asset in fold.assets.values())
        )

    def _waits(self, key: tuple[str, str]) -> bool:
        condition = self.fold.condition(key)
        by_silence = condition is None or condition.rule.type == "dark"
        return (bool(key[0]) or by_silence) and self._is_busy(key)

    def _is_busy(self, key: tuple[str, str]) -> bool:
        return self.fold.book.awake(key) or self.fold.book.alarms[key].due_ms is not None

    def may_sleep(self) -> bool:
        """Beyond that, no alarm of the site waits for anything either."""
        return not any(self._is_busy(key) for key in self.fold.book.alarms)

    def looks_at(self) -> bool:
        """A value that was derived in this minute gets a look."""
        for (asset, name), values in self.memory.derived.items():
            watch = self.fold.assets[asset].program.watches.get(name)
            if watch is not None and not all(is_inside(watch, value) for value in values):
                return True
        return False

    def raises(self, numbers: dict[str, Value]) -> bool:
        """A number of the stock, or a trend, raises."""
        if any(band.may_raise(numbers) for band in self._of_site):
            return True
        return any(_leads_there(condition, self.memory.assets[name].values) for name, condition in self._forecasts)


class Band:
    """A rule about the numbers of the stock; where it is one number against a limit, that is asked first."""

    __slots__ = ("condition", "limit", "name", "sign")

    def __init__(self, condition: Condition) -> None:
        self.condition = condition
        simple = len(condition.thresholds) == 1 and len(condition.reads) == 1 and not condition.parts
        self.name = condition.reads[0] if simple else ""
        self.sign = condition.thresholds[0].sign if simple else 0
        self.limit = condition.thresholds[0].limit if simple else 0.0

    def may_raise(self, numbers: dict[str, Value]) -> bool:
        if self.sign:
            value = numbers.get(self.name)
            if not isinstance(value, float) or (value - self.limit) * self.sign <= 0:
                return False
        return self.condition.judge(numbers) is Verdict.RAISE


def _leads_there(condition: Condition, values: dict[str, Value]) -> bool:
    value = values.get(condition.reads[0])
    return isinstance(value, float) and any(threshold.judge(value) is Verdict.RAISE for threshold in condition.thresholds)


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
        marks = self._marks()
        self._remember(self._rows)
        for runner in self.runners:
            self._play(runner, self._rows, marks.get(id(runner.memory)), self._minutes.begin(self._next))
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

    def _minute(self, rows: Sequence[Row], end_ms: int) -> None:
        marks = self._marks()
        self._remember(rows)
        loud = self._next >= self._known_until
        for runner in self.runners:
            way = "awake" if loud else self._way(runner, end_ms)
            runner.spent[way] += 1
            if way == "asleep":
                runner.asleep = True
            elif way == "dozing":
                self._doze(runner, end_ms)
            else:
                self._play(runner, rows, marks.get(id(runner.memory)), end_ms - STOCK_EVERY_MS)
                runner.side.advance(end_ms)
        if self._takes_turns:
            self._estimate = self._shared.estimate(end_ms)

    def _way(self, runner: Runner, end_ms: int) -> Way:
        if self._next in runner.loud or runner.looks_at() or not (runner.asleep or runner.may_doze()):
            return "awake"
        raises = self._takes_turns and runner.raises(self._shared.numbers(end_ms))
        return "asleep" if (runner.asleep or runner.may_sleep()) and not raises else "dozing"

    def _play(self, runner: Runner, rows: Sequence[Row], mark: Mark | None, begin_ms: int) -> None:
        """Reading by reading, from the beginning of the minute, as it was at the mark."""
        if runner.asleep and mark is not None:
            give(runner.memory.at(mark), runner.fold)
            if self._estimate is not None:
                runner.fold.know(self._estimate)
            runner.side.evaluator.resume(begin_ms)
            runner.asleep = False
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

    def _marks(self) -> dict[int, Mark]:
        """The memories as they are now, as far as a side that sleeps may need them."""
        return {id(runner.memory): runner.memory.mark() for runner in self.runners if runner.asleep}

    def _remember(self, rows: Sequence[Row]) -> None:
        first, *others = self._memories
        observe = self._stock.observe
        for (time_ms, asset, kind, _), values in first.take(rows):
            if not _STOCK_SIGNALS[kind].isdisjoint(values):
                observe(asset, kind, values, time_ms)
        for memory in others:
            deque(memory.take(rows), maxlen=0)
