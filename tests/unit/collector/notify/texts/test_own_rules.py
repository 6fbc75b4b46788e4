"""What the operator wrote is told in the operator's words: rules of their own, and messages and responses that they changed."""

from __future__ import annotations

import msgspec
import pytest

from collector.notify.render import rendered
from collector.notify.texts.catalogue import LANGUAGES, Language, rule_text
from collector.notify.texts.direction import balanced
from collector.outputs import Notice
from tests.unit.collector.notify.texts.cases import RULES, SITE, personal

LP_LL = RULES[0]
WHERE, SINCE = "Joint District Hospital, line", "since 2025-11-24 21:30."
OWN = f"{WHERE}: ward 3 is cold (3.1 bar, limit 3.28) {SINCE} Close the window. Tell Ravi."


def told(language: Language, text: str, rule: str = "LP-LL") -> Notice:
    notice = personal(LP_LL, language, "nurse", value=3.1, unit="bar")
    return msgspec.structs.replace(notice, transition=msgspec.structs.replace(notice.transition, rule=rule, text=text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_rule_of_their_own(language: Language) -> None:
    notice = told(language, OWN, "MY-1")
    subject, body = rendered(notice, SITE, "full")
    assert "ward 3 is cold" in subject
    assert "Close the window. Tell Ravi." in body
    assert "3.1 bar" in body
    assert balanced(subject + body)
    assert "ward 3 is cold" in rendered(notice, SITE, "sms").body


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_response_of_their_own_under_the_title_in_the_language(language: Language) -> None:
    text = rule_text(LP_LL.id, LP_LL.kind, "nurse", language)
    assert text is not None
    subject, body = rendered(told(language, f"{WHERE}: {LP_LL.message} (3.1 bar, limit 3.28) {SINCE} Ring 112."), SITE, "short")
    assert text.title in subject
    assert "Ring 112." in body
    assert text.todo not in body


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_message_of_their_own(language: Language) -> None:
    subject, _ = rendered(told(language, OWN), SITE, "short")
    assert "ward 3 is cold" in subject


@pytest.mark.parametrize(
    "text",
    [
        f"{WHERE}: ward 3 is cold is over (3.1 bar, limit 3.28) {SINCE}",
        f"{WHERE}: more urgent now: ward 3 is cold (3.1 bar, limit 3.28) {SINCE} Close the window.",
        f"{WHERE}: still: ward 3 is cold (3.1 bar, limit 3.28) (the sensor is suspect: read the gauge by eye) {SINCE} Close the window.",
    ],
)
def test_what_the_line_says_beside_the_message_is_no_part_of_it(text: str) -> None:
    subject, _ = rendered(told("en", text, "MY-1"), SITE, "full")
    assert subject == "ALARM: Joint District Hospital, Main line: ward 3 is cold (3.1 bar)"


@pytest.mark.parametrize("text", ["", "nonsense", ": (", f"x {SINCE}", "a: b: c since 2025-11-24 21:30. d"])
def test_a_text_of_another_make_does_no_harm(text: str) -> None:
    for rule in ("LP-LL", "MY-1"):
        subject, body = rendered(told("en", text, rule), SITE, "full")
        assert subject
        assert body
