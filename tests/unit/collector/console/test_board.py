"""Who runs out first stands first, in the reader's words."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from collector.console.board import page_of, rows, shown, urgency
from collector.views import AlarmView, alarm_view
from devices.assets import Site
from tests.unit.collector.console.cases import SITES, raised, stock


def by_site(alarms: Iterable[AlarmView]) -> dict[str, list[AlarmView]]:
    found: dict[str, list[AlarmView]] = {}
    for alarm in sorted(alarms, key=urgency):
        found.setdefault(alarm.site, []).append(alarm)
    return found


FOUND = [Site.model_validate(each) for each in SITES]


def test_the_least_to_spare_is_first_and_what_is_unknown_after_it_by_its_alarms() -> None:
    alarms = [alarm_view(raised("c", "PU-L", "medium"))]
    assert [row.site for row in rows(FOUND, {"b": stock("b", -4.0)}, by_site(alarms), "en", "viewer")] == ["b", "c", "a"]
    assert [row.site for row in rows(FOUND, {"a": stock("a", 9.0), "b": stock("b", 8.0)}, by_site(alarms), "en", "viewer")] == [
        "b",
        "a",
        "c",
    ]


def test_what_is_wrong_is_said_in_words_the_most_urgent_first() -> None:
    alarms = [
        alarm_view(raised("a", rule, priority))
        for rule, priority in (("PU-L", "medium"), ("LP-LL", "high"), ("LP-L", "low"), ("SN-SI", "low"))
    ]
    row = rows(FOUND[:1], {}, by_site(alarms), "fr", "operator")[0]
    assert (row.priority, row.unanswered, row.more, len(row.worst)) == ("high", True, 1, 3)
    assert row.worst[0] != "a, line: pipeline pressure failing"


@pytest.mark.parametrize(
    ("role", "word"), [("operator", "bedside cylinders"), ("engineer", "reserve manifold"), ("viewer", "Phone the hospital")]
)
def test_each_role_reads_what_it_is_to_do(role: str, word: str) -> None:
    (one,) = shown([alarm_view(raised("a"))], {site.id: site for site in FOUND}, "en", role)  # type: ignore[arg-type]
    assert word in one.todo


def test_a_rule_of_their_own_speaks_for_itself() -> None:
    (one,) = shown([alarm_view(raised("a", "XX-1", text="Alpha: too warm. Open the window."))], {"a": FOUND[0]}, "hi", "operator")
    assert (one.title, one.todo) == ("Alpha: too warm", "")


def test_what_is_shelved_is_not_on_the_board() -> None:
    assert rows(FOUND[:1], {}, by_site([alarm_view(raised("a", state="shelved"))]), "en", "viewer")[0].priority is None


@pytest.mark.parametrize(("number", "size", "first", "pages"), [(1, 2, "a", 2), (2, 2, "c", 2), (99, 2, "c", 2), (0, 50, "a", 1)])
def test_pages(number: int, size: int, first: str, pages: int) -> None:
    found, count = page_of(rows(FOUND, {each: stock(each, n) for n, each in enumerate("abc")}, {}, "en", "viewer"), number, size)
    assert (found[0].site, count) == (first, pages)
