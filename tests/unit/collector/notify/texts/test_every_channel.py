"""Every rule × role × language as each way out sends it: nothing cut, nothing lost on the way."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from collector.notify.channels import mail, ntfy_body, telegram_body, webhook_body
from collector.notify.channels.pdu import submit
from collector.notify.messages import Envelope, single
from collector.notify.render import Form, with_text
from collector.notify.texts.catalogue import LANGUAGES, ROLES, Language
from collector.notify.texts.dlt import MOST, VARIABLES
from tests.unit.collector.notify.cases import AT_MS
from tests.unit.collector.notify.texts.cases import RULES, SITE, personal

LINK = "https://oxygen.example.org/a/" + "x" * 150


def envelopes(language: Language, form: Form) -> Iterator[Envelope]:
    for rule in RULES:
        for role in ROLES:
            yield single(with_text(personal(rule, language, role, link=LINK), SITE, form), AT_MS)


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
