from __future__ import annotations

import re

import pytest

from dashboards.boards import BOARDS
from dashboards.render import to_json
from dashboards.words import LANGUAGES, Words, catalogue

SCRIPTS = {"hi": re.compile(r"[\u0900-\u097f]"), "ar": re.compile(r"[\u0600-\u06ff]")}
NOT_WORDS = {"none.zero"}
"""Signs and numbers, the same everywhere."""


def test_every_row_has_every_language_and_nothing_else() -> None:
    assert {key: set(row) ^ set(LANGUAGES) for key, row in catalogue().items() if set(row) != set(LANGUAGES)} == {}
    assert [key for key, row in catalogue().items() if not all(words.strip() for words in row.values())] == []


@pytest.mark.parametrize("language", SCRIPTS)
def test_it_is_written_in_its_own_script(language: str) -> None:
    rows = {key: row for key, row in catalogue().items() if key not in NOT_WORDS}
    assert [key for key, row in rows.items() if not SCRIPTS[language].search(row[language])] == []


def test_what_is_said_of_limits_names_the_same_rules_in_every_language() -> None:
    rule = re.compile(r"\b[A-Z]{2}-[A-Z0-9]{1,3}\b", re.ASCII)
    differing = {
        key: row for key, row in catalogue().items() if len({tuple(sorted(set(rule.findall(words)))) for words in row.values()}) > 1
    }
    assert differing == {}


def test_every_row_is_used() -> None:
    words = Words("en")
    for board in BOARDS:
        to_json(board, words, BOARDS)
    assert set(catalogue()) - words.used == set()


def test_a_word_that_is_missing_is_named_with_its_language() -> None:
    words = Words("fr", {"a": {"en": "a"}})
    with pytest.raises(KeyError, match="no 'a' in 'fr'"):
        words("a")


def test_keys_in_a_text_are_filled_in_and_tags_of_grafana_are_left() -> None:
    assert Words("fr", {"limit": {"fr": "limite"}}).fill("{limit} $tag_rule ${x} {A}") == "limite $tag_rule ${x} {A}"
