"""Every answer gets clear words in the language of who gave it, and does what it should or nothing."""

from __future__ import annotations

import pytest

from collector.answers import page
from collector.answers.desk import Known
from collector.answers.forms import Pressed, Said, pressed, said
from collector.answers.limits import EACH_PER_MINUTE, REMEMBERED, Limits
from collector.answers.words import Reply
from collector.clerk import LATER, Answer
from collector.notify.texts.catalogue import LANGUAGES, Language
from collector.notify.texts.direction import balanced
from collector.outputs import Command
from tests.unit.collector.answers.cases import ALARM, NUMBERS, PEOPLE, desk

BOTH = (ALARM, "kasganj-dh/AU-06")

REPLIES = [
    ("K7Q", 0.0, ""),
    ("k7q", 0.0, ""),
    ("ok K7Q thanks", 0.0, ""),
    ("K7Q 30", 30.0, "on it, 30 minutes"),
    ("30 min, K7Q", 30.0, "on it, 30 minutes"),
    ("हाँ K7Q 45", 45.0, "on it, 45 minutes"),
    ("K7Q 999", 0.0, ""),
    ("K7Q.", 0.0, ""),
]


@pytest.mark.parametrize(("text", "minutes", "why"), REPLIES)
async def test_a_reply_with_the_code_acknowledges_all_that_the_message_told(text: str, minutes: float, why: str) -> None:
    counter, clerk = desk()
    reply = await counter.by_text(text, "+912")
    assert reply.done
    assert clerk.commands == [Command("ack", alarm, "Ravi", why, minutes) for alarm in BOTH]
    assert "Joint District Hospital: Pipeline pressure failing" in reply.text


@pytest.mark.parametrize(
    ("text", "number", "expected"),
    [
        ("OVR", "+912", "This alarm is over. There is nothing to answer: Joint District Hospital: Pipeline pressure failing."),
        ("ANS", "+912", "Somebody has answered already: Ravi (Joint District Hospital: Pipeline pressure failing)."),
        ("K7Q", "+999", "This link or code is not yours, or it has been changed. Nothing was done."),
        ("ZZZ", "+912", "No open alarm has this code. Send back the code of the newest message."),
        ("yes", "+912", "No open alarm has this code. Send back the code of the newest message."),
        ("ok", "+912", "There is no code in your message. Send back the code alone, for example K7R."),
        ("", "+912", "There is no code in your message. Send back the code alone, for example K7R."),
    ],
)
async def test_what_can_not_be_answered(text: str, number: str, expected: str) -> None:
    counter, clerk = desk()
    reply = await counter.by_text(text, number)
    assert reply == Reply(expected, "en")
    assert clerk.commands == []


async def test_a_second_answer_is_told_who_was_first() -> None:
    counter, clerk = desk()
    assert (await counter.by_code("K7Q", "+911", "asha", "ack")).done
    again = await counter.by_code("K7Q", "+912", "ravi", "ack")
    assert not again.done
    assert "Asha Verma" in again.text
    assert len(clerk.commands) == len(BOTH)


async def test_a_link_is_its_persons_alone() -> None:
    counter, clerk = desk()
    reply = await counter.by_code("K7Q", "+911", "ravi", "ack")
    assert "not yours" in reply.text
    assert clerk.commands == []


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (Answer(taken=False, text="no such alarm is open"), "Nothing was done: no such alarm is open"),
        (Answer(taken=True, text=LATER), "It is taken, and will be done in its turn"),
    ],
)
async def test_what_the_clerk_says(answer: Answer, text: str) -> None:
    counter, _ = desk(answer)
    reply = await counter.by_text("K7Q", "+912")
    assert reply.text.startswith(text)
    assert reply.done == answer.taken


@pytest.mark.parametrize("person", sorted(PEOPLE))
async def test_everybody_is_answered_in_their_language(person: str) -> None:
    for text in ("K7Q", "OVR", "ANS", "ZZZ", "-"):
        counter, _ = desk()
        reply = await counter.by_text(text, NUMBERS[person])
        assert reply.language == PEOPLE[person].language
        assert balanced(reply.text)
        assert "{" not in reply.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_small_safe_and_runs_its_languages_way(language: Language) -> None:
    shown = page.question("<b>Hospital</b>: 'x'", '<script>alert("a")</script>', language)
    assert len(shown.encode()) < 5_000
    assert f'lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in shown
    assert "<script" not in shown
    assert "&lt;b&gt;Hospital" in shown
    assert shown.count("<button") == 2
    answered = page.answer(Reply("<i>done</i>", language, done=True))
    assert "<i>" not in answered
    assert len(answered.encode()) < 5_000


SAID = [
    (b"from=%2B911&text=K7Q", "application/x-www-form-urlencoded", Said("+911", "K7Q")),
    (b"From=whatsapp%3A%2B911&Body=K7Q+30", "application/x-www-form-urlencoded", Said("+911", "K7Q 30")),
    (b'{"sender": "+911", "message": "K7Q"}', "application/json", Said("+911", "K7Q")),
    (b'{"mobile": 919876543210, "content": "K7Q"}', "application/json", Said("919876543210", "K7Q")),
    (b'{"from": "+911"}', "application/json", None),
    (b'{"from": {"a": 1}, "text": "x"}', "application/json", None),
    (b"[1]", "application/json", None),
    (b"{", "application/json", None),
    (b"\xff\xfe", "application/x-www-form-urlencoded", None),
    (b"&".join(b"a=1" for _ in range(200)), "application/x-www-form-urlencoded", None),
    (b"", "text/plain", None),
]


@pytest.mark.parametrize(("body", "kind", "expected"), SAID, ids=range(len(SAID)))
def test_what_gateways_send(body: bytes, kind: str, expected: Said | None) -> None:
    assert said(body, kind) == expected


PRESSED = [
    (b'{"callback_query": {"id": "9", "data": "K7Q 30", "message": {"chat": {"id": -47}}}}', Pressed("9", "-47", "K7Q 30")),
    (b'{"message": {"chat": {"id": 47}, "text": "K7Q"}}', Pressed("", "47", "K7Q")),
    (b'{"message": {"chat": {"id": 47}, "photo": []}}', None),
    (b'{"callback_query": {"id": "9", "message": null}}', None),
    (b'{"edited_message": {}}', None),
    (b"[]", None),
    (b"{", None),
]


@pytest.mark.parametrize(("body", "expected"), PRESSED, ids=range(len(PRESSED)))
def test_what_telegram_sends(body: bytes, expected: Pressed | None) -> None:
    assert pressed(body) == expected


def test_so_many_a_minute() -> None:
    limits = Limits()
    assert [limits.allowed("a", 0) for _ in range(EACH_PER_MINUTE + 1)] == [True] * EACH_PER_MINUTE + [False]
    assert limits.allowed("b", 0)
    assert limits.allowed("a", 60_000)
    assert [Limits(5, 3).allowed(str(n), 0) for n in range(1)] == [True]
    few = Limits(5, 3)
    assert [few.allowed(str(n), 0) for n in range(5)] == [True, True, True, False, False]


def test_limits_are_bounded() -> None:
    limits = Limits(1, 10**6)
    for n in range(REMEMBERED + 10):
        limits.allowed(str(n), n)
    assert len(limits._rates) == REMEMBERED


def test_a_stranger_is_greeted_without_a_name() -> None:
    assert desk()[0].who("nobody", "+999") == Known("", "en")
