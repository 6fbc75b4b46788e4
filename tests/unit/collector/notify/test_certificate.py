"""One page about a drill: what it says where all went well, and where it did not."""

from __future__ import annotations

import re

import msgspec

from collector.calls import LAST_RESORT, SentView
from collector.notify.certificate import certificate, progress, verdict
from collector.notify.drill import RULE, beginning, ending
from collector.notify.render import rendered
from collector.outputs import Notice
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
    assert verdict(ENDED, NOON + 125_000, SENT[:2]) == "Answered by Asha after 2 min 05 s; every message was sent."
    text = re.sub(r"<[^>]+>", " ", page)
    for part in ("kasganj-dh", "2026-03-04 12:00:00 (IST)", "after 4.5 s", "Asha (nurse)", "failed, by another way", "Oxygrid 1.2"):
        assert part in text, part


def test_a_drill_that_nobody_answered() -> None:
    assert verdict(CALL, None, SENT) == "Nobody answered; 1 of 3 messages were not sent."
    page = certificate(CALL, None, SENT, house(), "1.2")
    assert "last resort" in page
    assert "waits: answered &lt;500&gt;" in page


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
