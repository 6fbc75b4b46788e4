"""Notices to persons: each address its own messages, the newest word on an alarm, and a text when it is sent."""

from __future__ import annotations

from typing import Any

import msgspec

from collector.notify.planning import DIGEST_OVER, plan
from collector.notify.render import rendered, with_text
from collector.outputs import Notice
from tests.unit.collector.notify.cases import AT_MS, SITE, transition


def told(event: str = "raised", person: str = "asha", step: int = 0, rule: str = "LP-LL", **more: Any) -> Notice:
    given = transition(event, rule)
    values = {"id": f"{given.id}/{person}/{step}", "channel": "mail", "due_ms": AT_MS, "transition": given, "person": person}
    return Notice(**{**values, "to": f"{person}@example.org", "role": "nurse", "step": step, **more})


def finished(notice: Notice) -> Notice:
    return with_text(notice, SITE, "full")


def test_each_address_gets_its_own_message() -> None:
    notices = [told(person="asha"), told(person="ravi")]
    envelopes = plan(notices, notices, AT_MS, True, finished)
    assert sorted(envelope.to for envelope in envelopes) == ["asha@example.org", "ravi@example.org"]
    assert {envelope.subject for envelope in envelopes} == {rendered(notices[0], SITE, "full").subject}


def test_two_without_an_address_are_two_people() -> None:
    notices = [told(person="asha", to=""), told(person="ravi", to=""), told(person="", to="", role="")]
    envelopes = plan(notices, notices, AT_MS, True, finished)
    assert sorted(notice.person for envelope in envelopes for notice in envelope.notices) == ["", "asha", "ravi"]
    assert [envelope.covers for envelope in envelopes] == [()] * 3


def test_the_newest_word_covers_what_waits() -> None:
    notices = [told(step=0), told(step=1), told(step=2)]
    (envelope,) = plan(notices[-1:], notices, AT_MS, True, finished)
    assert [notice.id for notice in envelope.notices] == [notices[2].id]
    assert envelope.covers == (notices[0].id, notices[1].id)


def test_what_is_over_before_it_was_told_is_one_message() -> None:
    notices = [told(step=0), told(step=1), told("cleared", step=1)]
    (envelope,) = plan(notices, notices, AT_MS, True, finished)
    assert envelope.kind == "raised_and_cleared"
    assert (envelope.to, envelope.covers) == ("asha@example.org", (notices[0].id,))


def test_a_digest_is_of_one_address() -> None:
    notices = [told(person=person, rule=f"R{n}") for person in ("asha", "ravi") for n in range(DIGEST_OVER + 1)]
    envelopes = plan(notices, notices, AT_MS, True, finished)
    assert [(envelope.kind, len({notice.to for notice in envelope.notices})) for envelope in envelopes] == [("digest", 1)] * 2


def test_a_text_is_made_once_and_a_given_one_stays() -> None:
    assert with_text(told(), SITE, "full").subject == "ALARM: Joint District Hospital, line: Pipeline pressure failing (3.1 bar)"
    given = told(subject="as it is", body="as it is")
    assert with_text(given, SITE, "full") is given


def test_a_drill_says_that_it_is_a_test() -> None:
    text = rendered(msgspec.structs.replace(told(), topic="drill"), SITE, "full")
    assert text.subject.startswith("TEST ")
    assert text.body.startswith("TEST ")


def test_what_is_about_no_alarm_tells_its_facts() -> None:
    gap = msgspec.structs.replace(told(), topic="gap", facts={"roster": "nurses", "from": "Mon 20:00"})
    assert rendered(gap, SITE, "full").subject == "Nobody is on duty: nurses, Mon 20:00 to –"
