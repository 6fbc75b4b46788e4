"""One page about a drill: what it says where all went well, and where it did not."""

from __future__ import annotations

import re
from html import escape

import msgspec
import pytest

from collector.calls import LAST_RESORT, SentView
from collector.notify.certificate import COLUMNS, KINDS, OUTCOMES, ROLE_WORDS, certificate, progress, verdict
from collector.notify.drill import RULE, beginning, ending
from collector.notify.render import rendered
from collector.notify.texts.catalogue import LANGUAGES, Language, word
from collector.notify.texts.direction import balanced, bare
from collector.outputs import Notice
from tests.pages import latin_words, not_translated, texts
from tests.unit.collector.notify.house import SITE, house, ms

NOON = ms("2026-03-04T12:00")
CALL = beginning(house(), SITE.id, "Dr Rao", NOON)
ENDED = msgspec.structs.replace(CALL, transition=ending(CALL.transition, "Asha", NOON + 125_000), by="Asha")
SENT = [
    SentView("asha", 0, "sms", "+91 1", NOON + 40, 1, "", "moved", NOON + 3_000),
    SentView("asha", 0, "mail", "a@x", NOON + 3_000, 1, "", "sent", NOON + 4_500),
    SentView("room", LAST_RESORT, "hook", "", NOON + 120_000, 2, "answered <500>", "", None),
]


def test_an_answered_drill() -> None:
    page = certificate(ENDED, NOON + 125_000, SENT[:2], house(), "1.2")
    assert verdict(ENDED, NOON + 125_000, SENT[:2]) == "Answered by Asha after 2 min 05 s. Every message was sent."
    text = re.sub(r"<[^>]+>", " ", page)
    for part in ("kasganj-dh", "2026-03-04 12:00:00 (IST)", "after 4.5 s", "Asha (nurse)", "failed, by another way", "Oxygrid 1.2"):
        assert part in text, part


def test_a_drill_that_nobody_answered() -> None:
    assert verdict(CALL, None, SENT) == "Nobody answered. Messages that were not sent: 1 of 3."
    page = certificate(CALL, None, SENT, house(), "1.2")
    assert "last resort" in page
    assert "waits: answered &lt;500&gt;" in page


EVERY = [
    *SENT,
    SentView("meena", 1, "sms", "+91 3", NOON + 200_000, 3, "refused", "given_up", NOON + 4_000_000, "repeat"),
    SentView("asha", 0, "mail", "a@x", NOON + 300_000, 1, "", "sent", NOON + 300_900, "again"),
    SentView("asha", 0, "mail", "a@x", NOON + 400_000, 1, "", "sent", NOON + 400_900, "over"),
    SentView("nobody", 0, "mail", "a@x", NOON + 500_000, 1, "", "sent", NOON + 500_900, "acknowledged"),
]
"""Each kind of word, role and outcome."""
NAMES = {"Asha", "Meena", "Room", "nobody", "kasganj", "dh", "up", "IST", "DRILL", "Oxygrid", "sms", "mail", "hook", "a", "x"}
SAID_BY_SERVERS = {"answered", "refused"}
SYMBOLS = {"s", "min", "h"}


def pages(language: Language) -> str:
    return certificate(ENDED, NOON + 125_000, EVERY, house(), "1.2", language) + certificate(CALL, None, SENT[:2], house(), "1.2", language)


@pytest.mark.parametrize("language", ["hi", "fr", "ar"])
def test_nothing_of_the_english_certificate_is_left_but_names(language: Language) -> None:
    assert not_translated(pages("en"), pages(language), NAMES | SYMBOLS) == ({"Site"} if language == "fr" else set())


@pytest.mark.parametrize("language", ["hi", "ar"])
def test_in_another_script_latin_letters_are_names_units_and_what_servers_said_alone(language: Language) -> None:
    assert latin_words(texts(pages(language))) - NAMES - SAID_BY_SERVERS - SYMBOLS == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_says_everything_in_the_language_that_it_is_marked_with(language: Language) -> None:
    page = pages(language)
    assert page.count(f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">') == 2
    assert balanced(page)
    shown = re.sub(r"(?s)<style>.*?</style>|<[^>]*>", "", page)
    assert "{" not in shown
    assert language != "ar" or re.search(r"[A-Za-z0-9]", bare(shown)) is None
    for english in (*COLUMNS, *KINDS.values(), *OUTCOMES.values(), *ROLE_WORDS.values()):
        assert escape(word(language, english)) in page, english
    assert escape(verdict(ENDED, NOON + 125_000, EVERY, language)) in page


def test_the_terminal_tells_what_happens() -> None:
    assert list(progress(SENT, NOON, house())) == [
        "after 3.0 s: step 1, alarm: Asha by sms: failed, by another way",
        "after 4.5 s: step 1, alarm: Asha by mail: sent",
    ]


def test_every_form_of_its_message_says_that_it_is_a_test() -> None:
    for language in ("en", "hi", "fr", "ar"):
        notice = Notice(
            id="x", channel="sms", due_ms=NOON, transition=CALL.transition, person="asha", role="nurse", language=language, topic="drill",
            code="ACD",
        )  # fmt: skip
        for form in ("full", "short", "sms"):
            text = rendered(notice, SITE, form)
            english = rendered(msgspec.structs.replace(notice, topic="alarm"), SITE, form)
            assert text.subject != english.subject, (language, form)
    assert CALL.transition.alarm == f"{SITE.id}/{RULE}"
