from __future__ import annotations

import pytest

from collector.backtest.compare import Fate, by_priority, by_rule, pairs
from collector.backtest.episodes import Episode
from tests.unit.collector.backtest.episode import episode

Told = tuple[Fate, str, int]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ([], [], []),
        ([episode(0, 5)], [episode(0, 5)], [("same", "LP-L", 0)]),
        ([episode(0, 5)], [episode(2, 5)], [("moved", "LP-L", 120)]),
        ([episode(2, 5)], [episode(0, 5)], [("moved", "LP-L", -120)]),
        ([episode(0, 5)], [episode(0, 5, priority="low")], [("changed", "LP-L", 0)]),
        ([episode(0, 5)], [], [("lost", "LP-L", 0)]),
        ([], [episode(0, 5)], [("gained", "LP-L", 0)]),
        ([episode(0, 1)], [episode(10, 11)], [("moved", "LP-L", 600)]),
        ([episode(0, 1)], [episode(16.1, 17)], [("lost", "LP-L", 0), ("gained", "LP-L", 0)]),
        ([episode(0, 60)], [episode(0, 5), episode(20, 60)], [("same", "LP-L", 0), ("gained", "LP-L", 0)]),
        ([episode(0, 5), episode(20, 60)], [episode(0, 60)], [("same", "LP-L", 0), ("lost", "LP-L", 0)]),
        ([episode(0, 5)], [episode(0, 5, "dh/line/LP-LL")], [("lost", "LP-L", 0), ("gained", "LP-LL", 0)]),
        ([episode(0, 5)], [episode(0, 5, told=False)], [("lost", "LP-L", 0)]),
        ([episode(0, 5, told=False)], [episode(0, 5)], [("gained", "LP-L", 0)]),
        ([episode(0), episode(100)], [episode(100)], [("moved", "LP-L", 6000), ("lost", "LP-L", 0)]),
    ],
)  # fmt: skip
def test_old_and_new_side_by_side(old: list[Episode], new: list[Episode], found: list[Told]) -> None:
    assert [(pair.fate, pair.one.rule, pair.later_ms // 1000) for pair in pairs(old, new)] == found


def test_what_is_lost_says_what_was_told_instead_and_what_suppressed_it() -> None:
    new = [episode(1, 4, "dh/line/LP-LL", "high"), episode(0, 5, told=False, hidden_by="LP-LL"), episode(0, 5, "dh/psa/PU-L")]
    (lost,) = [pair for pair in pairs([episode(0, 5)], new) if pair.fate == "lost"]
    assert (lost.instead, lost.hidden_by, lost.is_missed) == (("dh/line/LP-LL",), "LP-LL", True)


def test_a_low_one_that_is_lost_is_no_event_missed() -> None:
    assert [pair.is_missed for pair in pairs([episode(0, 5, priority="low"), episode(90, 95)], [])] == [False, True]


def test_they_stand_in_the_order_of_time() -> None:
    old, new = [episode(50, 55), episode(0, 5, "dh/psa/PU-L")], [episode(20, 21, "dh/man/BK-CH")]
    assert [pair.one.rule for pair in pairs(old, new)] == ["PU-L", "BK-CH", "LP-L"]


def test_counts_by_rule_and_by_priority() -> None:
    old = [episode(0, 5), episode(100, 105), episode(200, 205), episode(0, 5, "dh/psa/PU-LL", "high")]
    new = [episode(1, 5), episode(200, 205), episode(300, 305, "dh/man/BK-CH", "low")]
    found = pairs(old, new)
    assert [(c.rule, c.old, c.new, c.lost, c.gained, c.moved) for c in by_rule(found)] == [
        ("LP-L", 3, 2, 1, 0, 1), ("BK-CH", 0, 1, 0, 1, 0), ("PU-LL", 1, 0, 1, 0, 0),
    ]  # fmt: skip
    assert by_priority(found) == {"high": (1, 0), "medium": (3, 2), "low": (0, 1), "info": (0, 0)}
