from __future__ import annotations

from collector.kpi.behaviour import KEPT, Behaviour
from collector.outputs import Transition
from tests.unit.collector.kpi.cases import said, spell


def behaved(*transitions: Transition) -> Behaviour:
    behaviour = Behaviour("dh/line/LP-L")
    for transition in transitions:
        behaviour.observe(transition)
    return behaviour


def test_how_long_it_was_on_and_how_soon_it_came_back_are_told_in_the_equipments_time() -> None:
    behaviour = behaved(
        *spell("line/LP-L", 0, 40, late_s=200), *spell("line/LP-L", 100, 50), *spell("line/LP-L", 1000, 10, priority="high")
    )
    assert (behaviour.raised, behaviour.announced, behaviour.priority) == (3, 3, "high")
    assert behaviour.lasted_s == [40.0, 50.0, 10.0]
    assert behaviour.gaps_s == [60.0, 850.0]
    assert [behaviour.came_back_within(seconds) for seconds in (59, 60, 850)] == [0, 1, 2]


def test_what_nobody_was_told_of_has_no_span() -> None:
    hidden = spell("line/LP-L", 100, 50, annunciate=False, state="suppressed")
    behaviour = behaved(*spell("line/LP-L", 0, 40), *hidden, *spell("line/LP-L", 1000, 10))
    assert (behaviour.raised, behaviour.lasted_s, behaviour.gaps_s) == (2, [40.0, 10.0], [960.0])


def test_being_announced_again_is_load_and_no_new_occurrence() -> None:
    behaviour = behaved(said("line/LP-L", 0, "raised"), said("line/LP-L", 1800, "realarmed", raised_s=0))
    assert (behaviour.announced, behaviour.raised) == (2, 1)


def test_the_spans_that_are_kept_are_bounded() -> None:
    behaviour = behaved(*(t for n in range(KEPT + 10) for t in spell("line/LP-L", n * 20, 10)))
    assert (behaviour.raised, len(behaviour.gaps_s), len(behaviour.lasted_s)) == (KEPT + 10, KEPT, KEPT)
