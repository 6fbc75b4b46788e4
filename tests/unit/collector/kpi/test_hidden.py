from __future__ import annotations

from collector.kpi.hidden import HiddenTimes
from collector.kpi.report import Hidden
from collector.outputs import Transition
from tests.unit.collector.kpi.cases import START_MS, at, said

HOUR = 3600.0
LINE = "line/LP-L"


def times(*transitions: Transition, until_s: float = 24 * HOUR) -> dict[str, Hidden]:
    hidden = HiddenTimes(START_MS)
    for transition in transitions:
        hidden.observe(transition)
    return {each.how: each for each in hidden.close(at(until_s))}


def test_a_shelf_lasts_until_it_ends_or_the_period_does() -> None:
    shelved = said(LINE, HOUR, "shelved", by="Asha", why="known")
    ended = said(LINE, 3 * HOUR, "unshelved", raised_s=HOUR)
    assert times(shelved, ended)["shelved"] == Hidden(how="shelved", times=1, alarms=1, hours=2.0)
    assert times(shelved)["shelved"].hours == 23.0


def test_what_changes_from_one_to_another_counts_in_both() -> None:
    found = times(said(LINE, 0, "suppressed", annunciate=False), said(LINE, HOUR, "out_of_service", by="Asha", why="repair"))
    assert [(h.how, h.times, h.hours) for h in found.values()] == [("shelved", 0, 0.0), ("suppressed", 1, 1.0), ("out_of_service", 1, 23.0)]


def test_events_while_it_is_shelved_do_not_begin_a_new_shelf() -> None:
    shelved = said(LINE, 0, "shelved", by="Asha", why="known")
    inside = [said(LINE, n * 600, event, state="shelved", annunciate=False) for n, event in ((1, "cleared"), (2, "raised"))]  # type: ignore[arg-type]
    assert (times(shelved, *inside)["shelved"].times, times(shelved, *inside)["shelved"].hours) == (1, 24.0)


def test_a_shelf_needs_a_name_and_a_reason_and_a_design_rule_needs_none() -> None:
    found = times(
        said(LINE, 0, "shelved", by="Asha", why="known"),
        said("line/LP-H", 0, "shelved", by="", why="known"),
        said("psa1/PL-DN", 0, "out_of_service", by="Asha", why=""),
        said("psa1/PU-L", 0, "suppressed", annunciate=False),
    )
    assert [(h.times, h.alarms, h.unauthorised) for h in found.values()] == [(2, 2, 1), (1, 1, 0), (1, 1, 1)]


def test_what_was_hidden_before_the_period_counts_from_its_beginning() -> None:
    hidden = HiddenTimes(START_MS)
    hidden.remember(said(LINE, -50 * HOUR, "shelved", by="Asha", why="known"))
    hidden.remember(said("line/LP-H", -50 * HOUR, "raised"))
    (shelved, *_) = hidden.close(at(2 * HOUR))
    assert (shelved.times, shelved.alarms, shelved.hours) == (0, 1, 2.0)
