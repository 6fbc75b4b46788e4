"""Every rule × role × language × form: complete, within its length, no placeholder left, ids and numbers isolated in Arabic."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import get_args

import polib
import pytest

from collector.notify.render import ABOUT, Form, rendered
from collector.notify.texts.catalogue import LANGUAGES, ROLES, TITLE_MOST, Language, english, rule_text, word
from collector.notify.texts.direction import balanced, bare, is_rtl
from collector.notify.texts.gsm7 import folded, is_one_part, septets
from collector.outputs import Notice
from devices.assets import Site
from scripts import texts as book
from tests.unit.collector.notify.texts.cases import BARE, EVENTS, RULES, SITE, kind_of, personal

FORMS: tuple[Form, ...] = get_args(Form)
LINK = "https://oxygen.example.org/a/" + "x" * 150
SCRIPTS = {
    "hi": re.compile(r"[\u0900-\u097f]"),
    "ar": re.compile(r"[\u0600-\u06ff]"),
    "fr": re.compile(r"[A-Za-z]"),
    "en": re.compile(r"[A-Za-z]"),
}


def notices(language: Language) -> Iterator[Notice]:
    for rule in RULES:
        for role in ROLES:
            for event in EVENTS if role == "nurse" else EVENTS[:2]:
                yield personal(rule, language, role, event, link=LINK)


def test_every_default_rule_has_its_own_words_and_no_words_are_for_no_rule() -> None:
    wanted = {(rule.id, rule.kind) for rule in RULES}
    assert [each for each in wanted if rule_text(*each, "nurse", "en") is None] == []
    known = {rule.id for rule in RULES} | {f"{rule.id}/{rule.kind}" for rule in RULES}
    assert set(english()) - known == set()


def test_titles_are_short() -> None:
    assert {name: said["title"] for name, said in english().items() if len(said["title"]) > TITLE_MOST} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_mail_and_a_push_say_everything(language: Language) -> None:
    for notice in notices(language):
        text = rule_text(notice.transition.rule, kind_of(notice), notice.role or "nurse", language)
        assert text is not None
        for form in FORMS[:2]:
            subject, body = rendered(notice, SITE, form)
            assert text.title in subject
            assert (text.todo in body) == (notice.transition.event not in {"cleared"})
            assert form == "short" or (text.what in body) == (notice.transition.event not in {"cleared", "latched"})
            assert notice.transition.value is None or "1235 L/min" in body
            asks = notice.transition.event != "cleared"
            assert (LINK in body and "K7QX" in body and "Asha Verma" in body) == asks
            assert "4" in body
            assert (notice.transition.occurrence in body) == (form == "full")
            _is_clean(f"{subject}\n{body}", language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("site", [SITE, BARE, None])
def test_an_sms_is_one_part_and_keeps_what_counts(language: Language, site: Site | None) -> None:
    for notice in notices(language):
        text = rendered(notice, site, "sms").body
        assert is_one_part(text), text
        assert notice.transition.value is None or "1235 L/min" in text
        assert ("K7QX" in text) == (notice.transition.event != "cleared")
        assert "4 h" in text
        assert text.partition(":")[0].strip()
        assert language in {"hi", "ar"} or septets(text) is not None, text
        assert "\n" not in text
        _is_clean(text, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_sms_says_what_is_wrong_whole_where_the_site_has_a_usual_name(language: Language) -> None:
    cut = []
    for rule in RULES:
        notice = personal(rule, language, "nurse", unit="bar", value=3.05)
        if _title(notice, language) not in rendered(notice, SITE, "sms").body:
            cut.append(rendered(notice, SITE, "sms").body)
    assert cut == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("topic", sorted(ABOUT))
def test_what_is_about_no_single_alarm(language: Language, topic: str) -> None:
    facts = {"alarms": "12", "sites": "kasganj-dh, mathura-dh", "roster": "engineers", "from": "20:00", "until": "08:00", "open": "3"}
    notice = personal(RULES[0], language, "nurse", topic=topic, facts=facts)
    for form in FORMS:
        subject, body = rendered(notice, SITE, form)
        assert "{" not in subject + body
        assert form != "sms" or is_one_part(body)
        _is_clean(body, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_drill_is_marked_and_asks_nobody_to_touch_the_oxygen(language: Language) -> None:
    notice = personal(RULES[0], language, "nurse", topic="drill")
    todo = rule_text(RULES[0].id, RULES[0].kind, "nurse", language)
    assert todo is not None
    for form in FORMS:
        subject, body = rendered(notice, SITE, form)
        assert word(language, "TEST") in subject
        assert todo.todo not in body


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_the_translation_is_whole_and_the_compiled_one_agrees(language: Language) -> None:
    po = book.catalogue(language)
    mo = polib.mofile(str(book.LOCALE / language / "LC_MESSAGES" / "oxygrid.mo"))
    assert [entry.msgid for entry in po.untranslated_entries()] == []
    assert {e.msgid: (e.msgstr, e.msgstr_plural) for e in po} == {e.msgid: (e.msgstr, e.msgstr_plural) for e in mo}
    wanted = {each[0] for each in book.texts()}
    assert {entry.msgid for entry in po} == wanted
    for entry in po:
        for said in [entry.msgstr, *entry.msgstr_plural.values()]:
            assert not said or set(re.findall(r"\{\w+\}", said)) == set(re.findall(r"\{\w+\}", entry.msgid)), said
            assert not re.search(r"[٠-٩۰-۹०-९]", said), said
    assert po.metadata["Plural-Forms"].startswith("nplurals=6" if language == "ar" else "nplurals=2")


def _title(notice: Notice, language: Language) -> str:
    text = rule_text(notice.transition.rule, kind_of(notice), "nurse", language)
    assert text is not None
    return folded(text.title)


def _is_clean(text: str, language: Language) -> None:
    assert "{" not in text, text
    assert "None" not in text, text
    assert SCRIPTS[language].search(text), text
    assert balanced(text), text
    assert not re.search(r"[٠-٩۰-۹०-९]", text), text
    if is_rtl(language):
        assert not re.search(r"[A-Za-z0-9]", bare(text)), text
