from __future__ import annotations

import pytest

from bench.truth import jobs, quick_jobs
from bench.truth_run import SEEN_AFTER_MS, Book, together
from bench.truth_sites import SITES
from collector.outputs import AlarmEvent, AlarmState, Priority, Transition
from devices.gateway.emission import Link
from devices.simulator.delivery import Sent

LINK = Link("hospital", None, ("line",))


def transition(event: AlarmEvent, at_ms: int, *, annunciate: bool = True, raised_ms: int = 0, priority: Priority = "medium") -> Transition:
    state: AlarmState = "normal" if event in {"cleared", "reset"} else "unacknowledged"
    return Transition(
        occurrence=f"hospital/line/LP-L@{raised_ms}",
        site="hospital",
        asset="line",
        rule="LP-L",
        event=event,
        state=state,
        priority=priority,
        event_ms=at_ms,
        evaluated_ms=at_ms,
        raised_ms=raised_ms,
        text="",
        annunciate=annunciate,
    )


def book(*transitions: Transition) -> Book:
    found = Book("hospital")
    for each in transitions:
        found.note(each)
    return found


def test_messages_within_a_second_of_the_first_are_one_batch() -> None:
    sent = [Sent(at_ms, LINK, "line") for at_ms in (0, 400, 1000, 1001, 2001, 9000)]
    assert [(at_ms, len(batch)) for at_ms, batch in together(iter(sent))] == [(1000, 3), (2001, 2), (9000, 1)]


def test_only_what_is_annunciated_is_told() -> None:
    assert book(transition("raised", 5, annunciate=False), transition("cleared", 90)).told() == []
    (alarm,) = book(transition("raised", 5, annunciate=False), transition("unsuppressed", 60), transition("cleared", 90)).told()
    assert (alarm.at_ms, alarm.until_ms) == (60, 90)


def test_an_alarm_is_told_once_and_its_calls_are_counted() -> None:
    calls = [transition("raised", 5), transition("escalated", 60, priority="high"), transition("realarmed", 90, priority="high")]
    (alarm,) = book(*calls).told()
    assert (alarm.at_ms, alarm.priority, alarm.until_ms) == (5, "medium", None)
    assert alarm.pages == ((5, "medium"), (60, "high"), (90, "high"))


def test_a_second_occurrence_is_another_alarm() -> None:
    found = book(transition("raised", 5), transition("cleared", 60), transition("raised", 900, raised_ms=900)).told()
    assert [(alarm.at_ms, alarm.until_ms) for alarm in found] == [(5, 60), (900, None)]


def test_somebody_acknowledges_and_resets_after_a_while() -> None:
    found = book(transition("raised", 5), transition("latched", 60))
    assert list(found.due(4 + SEEN_AFTER_MS)) == []
    assert [command.command for command in found.due(60 + SEEN_AFTER_MS)] == ["ack", "reset"]
    assert list(found.due(10**9)) == []


@pytest.mark.parametrize(("site_years", "days"), [(2.0, [365, 365]), (0.25, [91]), (1.01, [365, 4]), (0.0, [])])
def test_a_job_for_each_site_and_year_with_a_seed_of_its_own(site_years: float, days: list[float]) -> None:
    found = jobs(site_years, 7)
    assert [job.days for job in found] == days
    assert [job.seed for job in found] == [7 + number for number in range(len(days))]


def test_a_quick_run_has_every_make_up() -> None:
    assert len({job.number for job in quick_jobs(1)}) == len(SITES)
