"""A message that tells of several alarms says how many, and names them; an SMS stays one part."""

from __future__ import annotations

import pytest

from collector.notify.render import Form, rendered
from collector.notify.texts.direction import balanced
from collector.notify.texts.gsm7 import is_one_part
from collector.notify.texts.others import LINES
from collector.outputs import Notice, Topic
from tests.unit.collector.notify.texts.cases import RULES, SITE, personal

LANGUAGES = ("en", "hi", "fr", "ar")


def grown(language: str, count: int = 12, topic: Topic = "alarm") -> Notice:
    also = tuple(personal(rule, language, "nurse").transition for rule in RULES[1 : min(count, 20) + 1])
    return personal(RULES[0], language, "nurse", also=also, topic=topic, facts={"alarms": str(count + 1), "sites": "kasganj-dh"})


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", ["full", "short", "sms"])
def test_how_many_and_which(language: str, form: Form) -> None:
    text = rendered(grown(language), SITE, form)
    assert "+12" in text.subject
    assert balanced(text.subject)
    if form == "sms":
        assert is_one_part(text.body)
    else:
        assert sum("+ " in each for each in text.body.splitlines()) == 12
        assert all(balanced(each) for each in text.body.splitlines())


def test_a_summary_lists_what_waited() -> None:
    text = rendered(grown("en", topic="summary"), SITE, "full")
    assert text.subject == "13 more alarms in the last hour: kasganj-dh"
    assert len(text.body.splitlines()) == 14


def test_what_is_not_listed_is_counted() -> None:
    assert rendered(grown("en", 50), SITE, "full").body.splitlines()[-1] == "… +30"
    assert LINES == 100


def test_one_alarm_is_one_alarm() -> None:
    assert "+" not in rendered(personal(RULES[0], "en", "nurse", facts={"alarms": "1"}), SITE, "full").subject
