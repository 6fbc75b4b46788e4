"""Two lists of occurrences, old and new, side by side: what is the same, what moved in time, what is gained and what is lost. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

import msgspec

from collector.backtest.episodes import Episode
from collector.outputs import PRIORITIES, Priority

Fate = Literal["same", "moved", "changed", "gained", "lost"]
"""`moved`: raised at another time; `changed`: of another priority."""

NEAR_MS = 900_000
"""Two occurrences of one alarm that don't overlap are still one where they begin within a quarter of an hour."""
SAME_MS = 1000


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """One occurrence as the old and as the new rules have it. `later_ms`: how much later the new ones raise it (negative: earlier). Of one
    that is lost, `instead` names the alarms that the new rules told of the same asset at that time, and `hidden_by` what suppressed it."""

    fate: Fate
    alarm: str
    old: Episode | None = None
    new: Episode | None = None
    later_ms: int = 0
    instead: tuple[str, ...] = ()
    hidden_by: str = ""

    @property
    def one(self) -> Episode:
        """Either."""
        found = self.old or self.new
        assert found is not None
        return found

    @property
    def at_ms(self) -> int:
        return self.one.raised_ms

    @property
    def is_missed(self) -> bool:
        """Somebody should have come, and with the new rules nobody is called."""
        return self.fate == "lost" and self.one.urgent


class RuleCount(msgspec.Struct, frozen=True):
    """How often a rule was told of."""

    rule: str
    old: int
    new: int
    lost: int
    gained: int
    moved: int


def pairs(old: Iterable[Episode], new: Iterable[Episode]) -> list[Pair]:
    """Every occurrence that people were told of by either, in the order of time."""
    all_new = list(new)
    by_alarm: dict[str, tuple[list[Episode], list[Episode]]] = defaultdict(lambda: ([], []))
    for side, episodes in enumerate((old, all_new)):
        for episode in episodes:
            if episode.told:
                by_alarm[episode.alarm][side].append(episode)
    found = [pair for olds, news in by_alarm.values() for pair in _matched(olds, news)]
    by_asset: dict[tuple[str, str], list[Episode]] = defaultdict(list)
    for episode in all_new:
        by_asset[episode.site, episode.asset].append(episode)
    explained = [_explained(pair, by_asset[pair.one.site, pair.one.asset]) if pair.fate == "lost" else pair for pair in found]
    return sorted(explained, key=lambda pair: (pair.at_ms, pair.alarm))


def _matched(olds: Sequence[Episode], news: Sequence[Episode]) -> Iterator[Pair]:
    """Of one alarm: an old and a new one belong together where they overlap, and, of those that are left, where they begin near each
    other."""
    overlapping, olds, news = _together(olds, news, Episode.overlaps)
    near, olds, news = _together(olds, news, lambda old, new: abs(old.raised_ms - new.raised_ms) <= NEAR_MS)
    for old, new in (*overlapping, *near):
        later_ms = new.raised_ms - old.raised_ms
        fate: Fate = "moved" if abs(later_ms) > SAME_MS else "changed" if old.priority != new.priority else "same"
        yield Pair(fate=fate, alarm=old.alarm, old=old, new=new, later_ms=later_ms)
    yield from (Pair(fate="lost", alarm=old.alarm, old=old) for old in olds)
    yield from (Pair(fate="gained", alarm=new.alarm, new=new) for new in news)


Pairs = list[tuple[Episode, Episode]]


def _together(
    olds: Sequence[Episode], news: Sequence[Episode], belong: Callable[[Episode, Episode], bool]
) -> tuple[Pairs, list[Episode], list[Episode]]:
    """Those that belong together, and what is left of both; all in the order of time."""
    found: Pairs = []
    left_old, left_new = [], []
    left, right = 0, 0
    while left < len(olds) and right < len(news):
        old, new = olds[left], news[right]
        if belong(old, new):
            found.append((old, new))
            left, right = left + 1, right + 1
        elif old.raised_ms <= new.raised_ms:
            left_old.append(old)
            left += 1
        else:
            left_new.append(new)
            right += 1
    return found, [*left_old, *olds[left:]], [*left_new, *news[right:]]


def _explained(pair: Pair, of_asset: Iterable[Episode]) -> Pair:
    meanwhile = [episode for episode in of_asset if episode.overlaps(pair.one)]
    instead = sorted({episode.alarm for episode in meanwhile if episode.told and episode.alarm != pair.alarm})
    hidden_by = next((episode.hidden_by for episode in meanwhile if not episode.told and episode.alarm == pair.alarm), "")
    return msgspec.structs.replace(pair, instead=tuple(instead), hidden_by=hidden_by)


def by_rule(found: Iterable[Pair]) -> list[RuleCount]:
    """The counts of each rule, the most frequent first."""
    of_rule: dict[str, list[Pair]] = defaultdict(list)
    for pair in found:
        of_rule[pair.one.rule].append(pair)
    counts = [
        RuleCount(
            rule,
            sum(pair.old is not None for pair in group),
            sum(pair.new is not None for pair in group),
            sum(pair.fate == "lost" for pair in group),
            sum(pair.fate == "gained" for pair in group),
            sum(pair.fate == "moved" for pair in group),
        )
        for rule, group in of_rule.items()
    ]
    return sorted(counts, key=lambda count: (-max(count.old, count.new), count.rule))


def by_priority(found: Iterable[Pair]) -> dict[Priority, tuple[int, int]]:
    """Priority → how many the old and the new rules told of, the highest first."""
    counts: dict[Priority, list[int]] = {priority: [0, 0] for priority in reversed(PRIORITIES)}
    for pair in found:
        for side, episode in enumerate((pair.old, pair.new)):
            if episode is not None:
                counts[episode.priority][side] += 1
    return {priority: (old, new) for priority, (old, new) in counts.items()}
