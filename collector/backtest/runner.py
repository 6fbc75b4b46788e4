"""One side of a backtest on its way, and in which minutes its fold may be passed over. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from collector.backtest.block import Block
from collector.backtest.memory import Memory
from collector.backtest.rows import Minutes, Silences, is_inside, outside
from collector.backtest.side import Side
from collector.rules.condition import Condition, Verdict
from collector.site import SiteFold
from devices.signal import Value

Way = Literal["asleep", "dozing", "awake"]
"""How a minute is spent; stride.py says what that means."""


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
        self._of_site = Bands([condition for condition in fold.conditions if condition.rule.type != "dark"])
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
            fold.listening.connected
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
        return self._of_site.raises(numbers) or any(
            _leads_there(condition, self.memory.assets[name].values) for name, condition in self._forecasts
        )


class Bands:
    """The rules about the numbers of the stock: the band of each number in which none raises; where one is outside, or the rule is about
    more than a number and a limit, the rule itself is asked."""

    def __init__(self, conditions: Sequence[Condition]) -> None:
        plain = [c for c in conditions if len(c.thresholds) == len(c.reads) == 1 and not c.parts]
        self._others = [condition for condition in conditions if condition not in plain]
        self._plain: dict[str, tuple[float, float, list[Condition]]] = {}
        for condition in plain:
            low, high, among = self._plain.get(condition.reads[0], (float("-inf"), float("inf"), []))
            threshold = condition.thresholds[0]
            low, high = (max(low, threshold.limit), high) if threshold.sign < 0 else (low, min(high, threshold.limit))
            self._plain[condition.reads[0]] = (low, high, [*among, condition])

    def raises(self, numbers: dict[str, Value]) -> bool:
        for name, (low, high, conditions) in self._plain.items():
            value = numbers.get(name)
            if value.__class__ is float and not low <= value <= high and _any_raises(conditions, numbers):
                return True
        return _any_raises(self._others, numbers)


def _any_raises(conditions: Sequence[Condition], numbers: dict[str, Value]) -> bool:
    return any(condition.judge(numbers) is Verdict.RAISE for condition in conditions)


def _leads_there(condition: Condition, values: dict[str, Value]) -> bool:
    value = values.get(condition.reads[0])
    return isinstance(value, float) and any(threshold.judge(value) is Verdict.RAISE for threshold in condition.thresholds)
