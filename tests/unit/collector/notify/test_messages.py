from __future__ import annotations

import unicodedata
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from collector.notify.messages import DIGEST_LINES, WORDS, digest, key_of, message, single, together
from collector.notify.texts.line import clean
from collector.outputs import AlarmEvent
from tests.unit.collector.notify.cases import AT_MS, SITE, notice, transition


def test_a_message_in_full() -> None:
    text = message(transition(), SITE)
    assert text.subject == "[high] ALARM: Joint District Hospital, line: pipeline pressure failing (3.10 bar, limit 3.28)"
    assert text.body.splitlines() == [
        "Joint District Hospital, line: pipeline pressure failing (3.10 bar, limit 3.28). Switch to the reserve manifold",
        "",
        "Priority: high",
        "Site: Joint District Hospital (kasganj-dh)",
        "Asset: line",
        "Rule: LP-LL",
        "Raised: 2025-11-24 21:30:00 (IST)",
        "Known to the collector: 2025-11-24 21:30:00 (IST)",
        "Reference: kasganj-dh/line/LP-LL@1764000000000",
        "",
        "This message is information only. The wired alarm panel of the pipeline comes first.",
    ]


def test_every_event_has_its_word() -> None:
    assert WORDS["en"].keys() >= set(get_args(AlarmEvent))
    assert message(transition("returned_to_service"), SITE).subject.startswith("[high] ALARM, back in service: Joint District Hospital")


def test_what_is_over_says_when_it_began_and_ended() -> None:
    body = message(transition("cleared"), SITE).body
    assert "Raised: 2025-11-24 21:30:00 (IST)" in body
    assert "Over: 2025-11-24 21:33:00 (IST)" in body


def test_an_unknown_language_is_english() -> None:
    assert message(transition(), SITE, "xx") == message(transition(), SITE, "en")


def test_raised_and_over_in_one() -> None:
    raised, cleared = notice("raised"), notice("cleared")
    both = together(raised, cleared, AT_MS)
    assert both.subject.startswith("[high] raised and over: Joint District Hospital")
    assert raised.body in both.body
    assert cleared.body in both.body
    assert both.notices == (raised, cleared)


def test_a_digest_has_the_highest_first_and_a_bound() -> None:
    many = [notice(rule=f"R-{i}", priority="low") for i in range(DIGEST_LINES + 20)] + [notice(rule="LP-LL", priority="high")]
    made = digest(many, AT_MS)
    lines = made.body.splitlines()
    assert made.subject == f"{len(many)} notices, highest priority high: kasganj-dh"
    assert lines[0].startswith("[high]")
    assert lines[DIGEST_LINES] == "… and 21 more"
    assert len(made.notices) == len(many)


def test_a_key_is_the_same_for_the_same_notices() -> None:
    a, b, c = notice(rule="A"), notice(rule="B"), notice(rule="C")
    assert key_of([a, b]) == key_of([b, a]) != key_of([a, c])
    assert single(a, AT_MS).key == single(a, AT_MS + 1).key == a.id


@given(st.text(), st.integers(2, 300))
def test_clean_is_one_visible_line_within_its_length(text: str, most: int) -> None:
    cleaned = clean(text, most)
    assert len(cleaned) <= most
    assert cleaned == clean(cleaned, most)
    assert not any(unicodedata.category(char) in ("Cc", "Zl", "Zp", "Cs") for char in cleaned)


def test_clean_keeps_the_joiners_of_indian_scripts() -> None:
    assert clean("क्\u200dष", 10) == "क्\u200dष"
    assert clean("a\r\nBcc: x@y\u202e", 100) == "a Bcc: x@y"


@given(st.text(), st.text())
def test_no_text_puts_a_line_break_into_a_subject(text: str, unit: str) -> None:
    made = message(transition(text=text, unit=unit), SITE)
    assert made.subject.splitlines() in ([made.subject], [])
