from __future__ import annotations

import pytest

from collector.notify.decide import decide, notices
from tests.unit.collector.notify.cases import SITE, Filter, transition

CASES = [
    ("raised", "high", Filter(), "told"),
    ("cleared", "high", Filter(), "told"),
    ("raised", "low", Filter(min_priority="low"), "told"),
    ("raised", "low", Filter(min_priority="medium"), "below"),
    ("raised", "info", Filter(min_priority="info"), "told"),
    ("cleared", "medium", Filter(min_priority="high"), "below"),
    ("raised", "high", Filter(sites=("kasganj-dh",)), "told"),
    ("raised", "high", Filter(sites=("elsewhere",)), "elsewhere"),
    *((event, "high", Filter(), "told") for event in ("realarmed", "escalated", "unshelved", "unsuppressed", "returned_to_service")),
    ("acknowledged", "high", Filter(), "not_news"),
    ("discovered_late", "high", Filter(), "late"),
    ("discovered_late", "high", Filter(kind="webhook"), "late"),
    ("discovered_late", "high", Filter(kind="log"), "told"),
    ("discovered_late", "low", Filter(kind="log", min_priority="high"), "below"),
]


@pytest.mark.parametrize("kind", ["smtp", "log"])
@pytest.mark.parametrize("event", ["raised", "cleared", "shelved", "suppressed", "out_of_service", "unshelved", "latched"])
def test_what_is_kept_quiet_is_told_to_nobody(event: str, kind: str) -> None:
    (decision,) = decide(transition(event, annunciate=False), [Filter(kind=kind)], SITE)
    assert (decision.reason, decision.notice) == ("quiet", None)


@pytest.mark.parametrize(("event", "priority", "channel", "reason"), CASES)
def test_who_is_told_and_why_not(event: str, priority: str, channel: Filter, reason: str) -> None:
    (decision,) = decide(transition(event, priority=priority), [channel], SITE)
    assert (decision.reason, decision.notice is not None) == (reason, reason == "told")


def test_one_notice_per_transition_and_channel_with_an_id_of_its_own() -> None:
    transitions = [transition("raised"), transition("cleared"), transition("raised", rule="PU-LL")]
    made = notices(transitions, [Filter(id="mail"), Filter(id="hook", kind="webhook")], {SITE.id: SITE})
    assert len({notice.id for notice in made}) == 6
    assert made == notices(transitions, [Filter(id="mail"), Filter(id="hook", kind="webhook")], {SITE.id: SITE})
    assert made[0].id == f"{transitions[0].id}/mail"
    assert made[0].due_ms == transitions[0].evaluated_ms


def test_a_site_that_is_gone_from_the_configuration_is_still_told() -> None:
    (made,) = notices([transition()], [Filter()], {})
    assert "kasganj-dh" in made.body
    assert "(UTC)" in made.body
