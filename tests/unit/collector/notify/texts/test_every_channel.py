"""Every rule × role × language as each way out sends it: nothing cut, nothing lost on the way."""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec
import pytest

from collector.notify.channels import mail, ntfy_body, telegram_body, webhook_body
from collector.notify.channels.pdu import submit
from collector.notify.messages import Envelope, single
from collector.notify.render import Form, with_text
from collector.notify.texts.catalogue import LANGUAGES, ROLES, Language, rule_text
from collector.notify.texts.dlt import MOST, VARIABLES
from collector.notify.texts.gsm7 import is_one_part
from collector.outputs import AlarmEvent
from tests.unit.collector.notify.cases import AT_MS
from tests.unit.collector.notify.texts.cases import RULES, SITE, kind_of, personal

LINK = "https://oxygen.example.org/a/" + "x" * 150


def envelopes(language: Language, form: Form, event: AlarmEvent = "raised") -> Iterator[Envelope]:
    for rule in RULES:
        for role in ROLES:
            notice = personal(rule, language, role, event, link=LINK)
            known = msgspec.structs.replace(
                notice.transition, by="आशा वर्मा" if event == "acknowledged" and language == "hi" else "Asha Verma"
            )
            yield single(with_text(msgspec.structs.replace(notice, transition=known), SITE, form), AT_MS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_mail(language: Language) -> None:
    for each in envelopes(language, "full"):
        made = mail(each, "oxygrid@example.org", ("asha@example.org",))
        assert made["Subject"] == each.subject
        assert made.get_content().replace("\r\n", "\n") == each.body


@pytest.mark.parametrize("language", LANGUAGES)
def test_pushes(language: Language) -> None:
    for each in envelopes(language, "short"):
        said = json.loads(ntfy_body(each, "asha"))
        assert (said["title"], said["message"]) == (each.subject, each.body.strip())
        assert len(json.dumps(said, ensure_ascii=False).encode()) < 4096
        text = json.loads(telegram_body(each, "4711"))["text"]
        assert text == f"{each.subject}\n\n{each.body.strip()}"
        assert all(
            len(row[0]["callback_data"].encode()) <= 64 for row in json.loads(telegram_body(each, "1"))["reply_markup"]["inline_keyboard"]
        )


@pytest.mark.parametrize("language", LANGUAGES)
def test_sms_by_modem_and_by_gateway(language: Language) -> None:
    for each in envelopes(language, "sms"):
        assert submit("+919876543210", each.body).length <= 14 + 140
        said = json.loads(webhook_body(each, {"default": "1107000000000000001"}))
        parts = said["dlt"]["variables"]
        assert list(parts) == [variable.name for variable in VARIABLES]
        assert all(0 < len(text) <= MOST for text in parts.values()), parts


@pytest.mark.parametrize("event", ["cleared", "acknowledged"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_over_or_answered_asks_for_nothing(language: Language, event: AlarmEvent) -> None:
    """No code, no link, nothing to do, and not that the pressure is failing; of one that is answered, by whom."""
    by = ("आशा" if language == "hi" else "Asha") if event == "acknowledged" else ""
    for form in ("full", "short", "sms"):
        for each in envelopes(language, form, event):
            notice = each.notices[0]
            rule = rule_text(notice.transition.rule, kind_of(notice), notice.role or "nurse", language)
            assert rule is not None
            said = f"{each.subject}\n{each.body}"
            assert "K7QX" not in said
            assert LINK not in said
            assert rule.todo not in said
            assert event == "acknowledged" or not rule.what or rule.what not in said
            assert by in each.body
            assert "reply_markup" not in json.loads(telegram_body(each, "4711"))
            if form == "sms":
                assert is_one_part(each.body)
                assert (notice.variables["code"], notice.variables["todo"]) == ("–", "–")
                assert by in notice.variables["value"]
