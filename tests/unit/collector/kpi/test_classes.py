from __future__ import annotations

from collections.abc import Iterable

import pytest

from collector.kpi.classes import Classes, Finding
from collector.outputs import Transition
from tests.unit.collector.kpi.cases import START_MS, at, said, spell

DAY = 86_400.0
HOUR = 3_600.0


def feed(transitions: Iterable[Transition], until_s: float = 0.0) -> tuple[Classes, list[Finding]]:
    classes, found = Classes(), []
    for transition in sorted(transitions, key=lambda t: t.evaluated_ms):
        found += classes.due(transition.evaluated_ms)
        found += classes.observe(transition)
    return classes, found + classes.due(at(until_s))


def told(found: list[Finding]) -> list[tuple[str, str, float, float | None, int]]:
    """(class, alarm, begin s, end s, count)."""
    return [(f.kind, f.alarm, (f.begin_ms - START_MS) / 1000, f.end_ms and (f.end_ms - START_MS) / 1000, f.count) for f in found]


def spells(count: int, every_s: float, lasts_s: float) -> list[Transition]:
    return [t for n in range(count) for t in spell("line/LP-L", n * every_s, lasts_s)]


# ---- chattering ---------------------------------------------------------------------------------------------------------------


def test_three_announcements_in_a_minute_chatter_from_the_first_of_them() -> None:
    _, found = feed(spells(3, 30, 12), until_s=1000)
    assert told(found) == [("chattering", "dh/line/LP-L", 0.0, None, 3), ("chattering", "dh/line/LP-L", 0.0, 72.0, 3)]


def test_slow_telemetry_chatters_by_its_changes() -> None:
    """Every 100 s: never three in a minute, but six changes within 5 minutes."""
    _, found = feed(spells(7, 100, 40), until_s=2000)
    assert told(found) == [("chattering", "dh/line/LP-L", 0.0, None, 3), ("chattering", "dh/line/LP-L", 0.0, 640.0, 7)]


@pytest.mark.parametrize(("count", "every_s"), [(2, 20), (20, 150)])
def test_what_comes_back_more_seldom_does_not_chatter(count: int, every_s: float) -> None:
    assert feed(spells(count, every_s, 15), until_s=5000)[1] == []


def test_what_nobody_is_told_of_does_not_chatter() -> None:
    quiet = [t for n in range(9) for t in spell("line/LP-L", n * 20, 10, annunciate=False, state="suppressed")]
    assert feed(quiet, until_s=1000)[1] == []


def test_two_spells_of_chattering_are_two() -> None:
    both = spells(3, 20, 12) + [t for n in range(3) for t in spell("line/LP-L", 3000 + n * 20, 12)]
    assert [f.begin_ms for f in feed(both, until_s=9000)[1]] == [at(0), at(0), at(3000), at(3000)]


def test_a_gateway_that_delivers_late_does_not_make_a_sensor_chatter() -> None:
    """Three spells of a minute each, ten minutes apart, all known in the same second."""
    raised = [said("line/LP-L", n * 600, "raised", late_s=1300 - n * 600) for n in range(3)]
    cleared = [said("line/LP-L", n * 600 + 60, "cleared", raised_s=n * 600, late_s=1240 - n * 600) for n in range(3)]
    late = [t for pair in zip(raised, cleared, strict=True) for t in pair]
    assert feed(late, until_s=3000)[1] == []


# ---- fleeting -----------------------------------------------------------------------------------------------------------------


def test_an_alarm_of_a_few_seconds_that_does_not_come_back_is_fleeting() -> None:
    classes, found = feed(spell("line/LP-L", 0, 9), until_s=68)
    assert found == []
    assert told(classes.due(at(69))) == [("fleeting", "dh/line/LP-L", 0.0, 9.0, 1)]


@pytest.mark.parametrize(
    "transitions",
    [spell("line/LP-L", 0, 10), spell("line/LP-L", 0, 9) + spell("line/LP-L", 68, 20)],
    ids=["ten seconds", "back within a minute"],
)
def test_what_lasts_or_comes_back_is_not_fleeting(transitions: list[Transition]) -> None:
    assert feed(transitions, until_s=500)[1] == []


def test_what_chatters_is_not_called_fleeting_as_well() -> None:
    assert {f.kind for f in feed(spells(4, 12, 5), until_s=900)[1]} == {"chattering"}


# ---- standing -----------------------------------------------------------------------------------------------------------------


def test_an_alarm_stands_after_a_day_until_it_is_over() -> None:
    classes, found = feed([said("line/LP-L", 0, "raised"), said("line/LP-L", 600, "acknowledged", raised_s=0, by="Asha")], DAY - 1)
    assert found == []
    assert told(classes.due(at(DAY))) == [("standing", "dh/line/LP-L", 0.0, None, 1)]
    assert classes.standing() == ["dh/line/LP-L"]
    over = classes.observe(said("line/LP-L", 2 * DAY, "cleared", raised_s=0, state="normal"))
    assert told(over) == [("standing", "dh/line/LP-L", 0.0, 2 * DAY, 1)]


def test_what_is_shelved_does_not_stand_until_it_is_back_on_the_list() -> None:
    shelf = [said("line/LP-L", 0, "raised"), said("line/LP-L", 20 * HOUR, "shelved", raised_s=0, by="Asha", why="valve")]
    classes, found = feed(shelf, 30 * HOUR)
    assert found == []
    back = classes.observe(said("line/LP-L", 30 * HOUR, "unshelved", raised_s=0))
    assert told(back) == [("standing", "dh/line/LP-L", 0.0, None, 1)]


def test_a_standing_alarm_that_is_taken_out_of_service_stands_no_more() -> None:
    classes, _ = feed([said("line/LP-L", 0, "raised")], 25 * HOUR)
    out = classes.observe(said("line/LP-L", 26 * HOUR, "out_of_service", raised_s=0, by="Asha", why="new sensor"))
    assert told(out) == [("standing", "dh/line/LP-L", 0.0, 26 * HOUR, 1)]


def test_an_alarm_from_before_is_remembered_and_counts_for_nothing_else() -> None:
    classes = Classes()
    classes.remember(said("line/LP-L", 0, "acknowledged", raised_s=-2 * DAY))
    classes.remember(said("line/LP-H", 0, "cleared", state="normal"))
    classes.remember(said("line/CK-BD", 0, "raised", priority="info"))
    assert told(classes.due(at(0))) == [("standing", "dh/line/LP-L", -2 * DAY, None, 1)]
    assert list(classes.tracks) == ["dh/line/LP-L"]


# ---- memory and time ----------------------------------------------------------------------------------------------------------


def test_nothing_is_kept_of_what_is_normal_and_quiet() -> None:
    transitions = [*spells(5, 20, 12), said("line/LP-L", 200, "acknowledged", raised_s=80, state="normal", by="Asha")]
    classes, _ = feed(transitions, until_s=3000)
    assert (classes.tracks, classes.due_ms) == ({}, 0)


def test_ten_thousand_alarms_at_once_have_one_entry_each() -> None:
    classes, _ = feed([said(f"a{n}/R", 0, "raised") for n in range(10_000)])
    assert len(classes.agenda) == 10_000
    classes.due(at(DAY + 1))
    assert len(classes.standing()) == 10_000
    assert classes.agenda == []


def test_what_goes_on_can_be_asked_for() -> None:
    classes, _ = feed([said("psa1/PL-DN", -2 * DAY, "raised"), *spells(3, 20, 12)])
    classes.due(at(60))
    assert [(f.kind, f.alarm) for f in classes.current()] == [("chattering", "dh/line/LP-L"), ("standing", "dh/psa1/PL-DN")]


def test_when_the_clock_is_put_back_what_is_due_moves_along() -> None:
    classes, _ = feed(spell("line/LP-L", 0, 9))
    classes.shift(-3600_000)
    assert classes.due_ms == at(69 - 3600)
    assert [f.kind for f in classes.due(at(69 - 3600))] == ["fleeting"]
