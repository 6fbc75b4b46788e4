"""The daily report in the language of its reader; as CSV and JSON it is the same in each."""

from __future__ import annotations

import re
from html import escape

import msgspec
import pytest

from collector.notify.texts.catalogue import LANGUAGES, Language, word
from collector.notify.texts.direction import balanced, bare
from collector.reports import levels
from collector.reports.fields import BLOCKS, FIELDS, NAMES
from collector.reports.formats import OVERVIEW, as_html, written
from tests.pages import latin_words, not_translated, texts
from tests.unit.collector.reports.cases import DATE, day, site

HOSPITAL = "Joint District Hospital"
KEPT = {*NAMES, *HOSPITAL.split(), "Kasganj", "Etah", "Uttar", "Pradesh"}
SYMBOLS = {"L", "min", "m³", "kg", "bar", "h", "UTC", "CSV", "JSON", "HTML"}
"""That no language translates."""
ABBREVIATIONS = {"hi": {"HDU", "ICU"}, "ar": set[str]()}
TRANSLATED: tuple[Language, ...] = ("hi", "fr", "ar")
SITES = [site("a"), site("b", "Etah"), site("c", "", "")]


def pages(language: Language) -> str:
    """Every field is known, at every level, with and without the details of each row."""
    days = [day(each.id, each.district, each.region) for each in SITES]
    full = [msgspec.structs.replace(each, values={name: 1.5 if v is None else v for name, v in each.values.items()}) for each in days]
    named = [levels.named(levels.rows(full, level), SITES, language) for level in levels.LEVELS]
    return "".join([*(as_html(rows, language) for rows in named), as_html(named[0], language, details_most=1), as_html([], language)])


@pytest.mark.parametrize("language", TRANSLATED)
def test_nothing_of_the_english_page_is_left_but_names_and_fields(language: Language) -> None:
    assert not_translated(pages("en"), pages(language), KEPT | SYMBOLS) == set()


@pytest.mark.parametrize("language", ["hi", "ar"])
def test_in_another_script_latin_letters_are_names_fields_and_units_alone(language: Language) -> None:
    assert latin_words(texts(pages(language))) - KEPT - SYMBOLS - ABBREVIATIONS[language] == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_says_every_field_and_title_in_the_language_that_it_is_marked_with(language: Language) -> None:
    page = pages(language)
    assert page.count(f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">') == len(levels.LEVELS) + 2
    assert balanced(page)
    assert "{" not in re.sub(r"(?s)<style>.*?</style>", "", page)
    assert not re.search(r"[٠-٩۰-۹०-९]", page)
    for english in [*BLOCKS.values(), *(title for _, title in OVERVIEW), *(field.meaning for field in FIELDS)]:
        assert escape(word(language, english)) in page, english


def test_in_arabic_every_id_number_and_unit_is_isolated() -> None:
    shown = re.sub(r"(?s)<style>.*?</style>|<[^>]*>", "", pages("ar"))
    assert re.search(r"[A-Za-z0-9]", bare(shown)) is None


def test_hospitals_have_the_name_of_the_language() -> None:
    rows = levels.rows([day("a")], "site")
    assert "संयुक्त जिला चिकित्सालय" in written(rows, "html", "hi", SITES)
    assert HOSPITAL in written(rows, "html", "fr", SITES)
    assert [row.name for row in levels.named(levels.rows([day("a", "", "")], "region"), SITES, "fr")] == ["(non déclaré)"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_csv_and_json_are_the_same_in_every_language(language: Language) -> None:
    rows = levels.rows([day("a"), day("c", "", "")], "site")
    assert written(rows, "csv", language, SITES) == written(rows, "csv")
    assert written(rows, "json", language, SITES) == written(rows, "json")
    assert (HOSPITAL in written(rows, "csv", language, SITES), DATE in written(rows, "json")) == (True, True)
