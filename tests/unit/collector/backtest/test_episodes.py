from __future__ import annotations

from collector.backtest.episodes import Episodes
from tests.unit.collector.backtest.episode import at, episode, transition


def test_an_occurrence_is_from_its_raise_to_its_end() -> None:
    episodes = Episodes(at(0))
    episodes.take([transition("raised", 5, 5, known=6)])
    episodes.take([transition("acknowledged", 7, 5, annunciate=False), transition("cleared", 9, 5)])
    (found,) = episodes.all()
    assert (found.alarm, found.raised_ms, found.ended_ms, found.told) == ("dh/line/LP-L", at(5), at(9), True)
    assert found.pages_ms == (at(6),), "somebody is called when it is known"


def test_what_was_raised_before_the_range_is_not_counted() -> None:
    episodes = Episodes(at(0))
    episodes.take([transition("raised", -1, -1), transition("realarmed", 30, -1), transition("cleared", 40, -1)])
    assert episodes.all() == []


def test_what_was_discovered_late_wakes_nobody() -> None:
    episodes = Episodes(at(0))
    episodes.take([transition("discovered_late", 5, 5)])
    assert episodes.all() == []


def test_every_call_counts_and_the_worst_priority_stays() -> None:
    episodes = Episodes(at(0))
    episodes.take([
        transition("raised", 5, 5, priority="low"),
        transition("escalated", 10, 5, priority="high"),
        transition("realarmed", 40, 5, priority="high"),
    ])  # fmt: skip
    (found,) = episodes.all()
    assert (found.priority, found.pages_ms, found.urgent) == ("high", (at(10), at(40)), True)


def test_a_suppressed_one_was_not_told_until_it_is_released() -> None:
    episodes = Episodes(at(0))
    episodes.take([transition("raised", 5, 5, annunciate=False, hidden_by="LP-LL")])
    assert [(e.told, e.hidden_by, e.pages_ms) for e in episodes.all()] == [(False, "LP-LL", ())]
    episodes.take([transition("unsuppressed", 9, 5)])
    assert [(e.told, e.pages_ms) for e in episodes.all()] == [(True, (at(9),))]


def test_low_and_info_call_nobody() -> None:
    episodes = Episodes(at(0))
    episodes.take([transition("raised", 5, 5, priority="low")])
    (found,) = episodes.all()
    assert (found.told, found.urgent, found.pages_ms) == (True, False, ())


def test_two_overlap_where_some_time_belongs_to_both() -> None:
    assert episode(0, 10).overlaps(episode(10, 20))
    assert not episode(0, 10).overlaps(episode(11, 20))
    assert episode(0).overlaps(episode(500)), "one that has not ended goes on"
