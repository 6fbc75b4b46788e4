from __future__ import annotations

import pytest

from collector.kpi.waits import Answer, Waits
from collector.outputs import Transition
from tests.unit.collector.kpi.cases import START_MS, at, said


def answers(*transitions: Transition) -> tuple[Waits, list[Answer]]:
    waits = Waits()
    return waits, [answer for t in transitions if (answer := waits.observe(t)) is not None]


RAISED = said("line/LP-L", 0, "raised")


@pytest.mark.parametrize(
    "answer",
    [
        said("line/LP-L", 240, "acknowledged", raised_s=0, by="Asha"),
        said("line/LP-L", 240, "shelved", raised_s=0, by="Asha", why="known"),
        said("line/LP-L", 240, "out_of_service", raised_s=0, by="Asha", why="repair"),
    ],
    ids=lambda t: t.event,
)
def test_whoever_takes_note_has_answered(answer: Transition) -> None:
    waits, found = answers(RAISED, answer)
    assert found == [Answer("dh/line/LP-L", "medium", 240_000, "Asha")]
    assert waits.open == {}


@pytest.mark.parametrize(
    "end",
    [
        said("line/LP-L", 240, "cleared", raised_s=0, state="normal"),
        said("line/LP-L", 240, "suppressed", raised_s=0, annunciate=False),
    ],
    ids=["its rule asks for no acknowledgement", "suppressed by design"],
)
def test_what_ends_without_anybody_is_no_answer(end: Transition) -> None:
    waits, found = answers(RAISED, end)
    assert (waits.open, found) == ({}, [])


def test_the_time_runs_from_the_first_announcement() -> None:
    back = [said("line/LP-L", 60, "cleared", raised_s=0), said("line/LP-L", 600, "raised")]
    _, found = answers(RAISED, *back, said("line/LP-L", 660, "acknowledged", raised_s=600, by="Asha"))
    assert [answer.took_ms for answer in found] == [660_000]


def test_what_comes_back_hours_later_is_another_call_and_the_first_was_missed() -> None:
    back = [said("line/LP-L", 60, "cleared", raised_s=0), said("line/LP-L", 7200, "raised", priority="high")]
    _, found = answers(RAISED, *back, said("line/LP-L", 7260, "acknowledged", raised_s=7200, by="Asha"))
    assert [(answer.missed, answer.priority, answer.took_ms) for answer in found] == [(True, "medium", 7_200_000), (False, "high", 60_000)]


def test_a_realarm_asks_anew() -> None:
    acked = said("line/LP-L", 60, "acknowledged", raised_s=0, by="Asha")
    again = [said("line/LP-L", 1860, "realarmed", raised_s=0), said("line/LP-L", 1900, "acknowledged", raised_s=0, by="Ravi")]
    assert [(a.took_ms, a.by) for a in answers(RAISED, acked, *again)[1]] == [(60_000, "Asha"), (40_000, "Ravi")]


@pytest.mark.parametrize(("priority", "minutes"), [("high", 15), ("medium", 60), ("low", 1440)])
def test_an_alarm_is_left_alone_after_the_time_of_its_priority(priority: str, minutes: int) -> None:
    waits, _ = answers(said("line/LP-L", 0, "raised", priority=priority))
    assert waits.left_alone(at(minutes * 60)) == []
    assert waits.left_alone(at(minutes * 60) + 1) == ["dh/line/LP-L"]


def test_what_waited_before_goes_on_waiting() -> None:
    waits = Waits()
    waits.remember(said("line/LP-L", 0, "cleared", raised_s=-600))
    waits.remember(said("psa1/PL-DN", 0, "acknowledged", raised_s=-600))
    waits.remember(said("psa1/CK-BD", 0, "raised", priority="info"))
    assert {name: wait.since_ms for name, wait in waits.open.items()} == {"dh/line/LP-L": START_MS - 600_000}


def test_what_late_data_shows_changes_nothing() -> None:
    waits, found = answers(RAISED, said("line/LP-L", 240, "discovered_late", raised_s=100))
    assert (list(waits.open), found) == (["dh/line/LP-L"], [])


def test_waits_move_along_with_the_clock() -> None:
    waits, _ = answers(RAISED)
    waits.shift(-5000)
    assert waits.open["dh/line/LP-L"].since_ms == START_MS - 5000
