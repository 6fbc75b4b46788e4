from __future__ import annotations

import email
import email.policy
import json

import aiosmtplib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.config.notify import LogChannel, SmtpChannel, WebhookChannel
from collector.notify.channels import (
    LogSender,
    SmtpOptions,
    SmtpSender,
    WebhookOptions,
    WebhookSender,
    channel_of,
    mail,
    smtp_error,
    webhook_body,
)
from collector.notify.messages import digest, single, together
from tests.unit.collector.notify.cases import AT_MS, notice, transition


def sent(text: bytes) -> email.message.EmailMessage:
    return email.message_from_bytes(text, policy=email.policy.default)


def test_a_mail_as_it_goes_out() -> None:
    made = sent(bytes(mail(single(notice(), AT_MS), "oxygrid@example.org", ("a@example.org", "b@example.org"))))
    assert made["From"] == "oxygrid@example.org"
    assert made["To"] == "a@example.org, b@example.org"
    assert made["Subject"] == notice().subject
    assert made["Importance"] == "high"
    assert made["Auto-Submitted"] == "auto-generated"
    assert made["Date"] == "Mon, 24 Nov 2025 16:00:00 -0000"
    assert made.get_content().splitlines() == notice().body.splitlines()


def test_the_mail_of_the_end_answers_that_of_the_beginning() -> None:
    raised = mail(single(notice("raised"), AT_MS), "o@example.org", ("a@example.org",))
    cleared = mail(single(notice("cleared"), AT_MS), "o@example.org", ("a@example.org",))
    assert cleared["In-Reply-To"] == raised["Message-ID"] != cleared["Message-ID"]
    assert mail(single(notice("raised"), AT_MS + 9), "o@example.org", ("a@example.org",))["Message-ID"] == raised["Message-ID"]
    assert "In-Reply-To" not in raised


@given(st.text())
def test_no_name_makes_a_header(text: str) -> None:
    made = single(notice(text=f"{text}\r\nBcc: thief@example.org\r\n\r\n{text}"), AT_MS)
    parsed = sent(bytes(mail(made, "o@example.org", ("a@example.org",))))
    assert sorted(parsed.keys()) == sorted(
        [
            "From",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "Auto-Submitted",
            "Importance",
            "Content-Type",
            "Content-Transfer-Encoding",
            "MIME-Version",
        ]
    )


def test_the_json_of_a_webhook() -> None:
    body = json.loads(webhook_body(single(notice(), AT_MS)))
    assert {key: body[key] for key in ("version", "id", "kind", "priority", "subject", "sent_ms")} == {
        "version": 1,
        "id": notice().id,
        "kind": "notice",
        "priority": "high",
        "subject": notice().subject,
        "sent_ms": AT_MS,
    }
    assert body["alarms"] == [
        {
            "notice": notice().id,
            "alarm": "kasganj-dh/line/LP-LL",
            "occurrence": f"kasganj-dh/line/LP-LL@{AT_MS}",
            "site": "kasganj-dh",
            "asset": "line",
            "rule": "LP-LL",
            "event": "raised",
            "state": "unacknowledged",
            "priority": "high",
            "raised_ms": AT_MS,
            "event_ms": AT_MS,
            "evaluated_ms": AT_MS + 250,
            "value": 3.1,
            "limit": 3.28,
            "unit": "bar",
            "text": transition().text,
        }
    ]


def test_one_shape_for_one_alarm_and_for_many() -> None:
    bodies = [
        json.loads(webhook_body(envelope))
        for envelope in (
            single(notice(), AT_MS),
            together(notice(), notice("cleared"), AT_MS),
            digest([notice(rule="A"), notice(rule="B")], AT_MS),
        )
    ]
    assert [body["kind"] for body in bodies] == ["notice", "raised_and_cleared", "digest"]
    assert [len(body["alarms"]) for body in bodies] == [1, 2, 2]
    assert len({tuple(body) for body in bodies}) == 1


ERRORS = [
    (aiosmtplib.SMTPDataError(554, "too much\nspam"), "m answered 554 too much spam", True),
    (aiosmtplib.SMTPDataError(451, "later"), "m answered 451 later", False),
    (aiosmtplib.SMTPAuthenticationError(535, "bad hunter2"), "m answered 535 bad ***", False),
    (
        aiosmtplib.SMTPRecipientsRefused([aiosmtplib.SMTPRecipientRefused(550, "who?", "a@b")]),
        "m refused every recipient: a@b: 550 who?",
        False,
    ),
    (OSError(111, "Connection refused"), "m: [Errno 111] Connection refused", False),
]


@pytest.mark.parametrize(("exc", "text", "only_this"), ERRORS)
def test_errors_of_a_mail_server_in_words(exc: Exception, text: str, only_this: bool) -> None:
    made = smtp_error("m", exc, lambda words: words.replace("hunter2", "***").replace("\n", " "))
    assert (str(made), made.only_this) == (text, only_this)


def test_options_never_print_a_secret() -> None:
    options = [
        SmtpOptions("h", 25, "a@b", ("c@d",), password=lambda: "hunter2"),
        WebhookOptions(lambda: "https://h/hunter2", secret_headers={"A": lambda: "hunter2"}),
    ]
    assert "hunter2" not in repr(options)
    assert "lambda" not in repr(options)


def test_a_channel_for_each_kind_of_the_configuration() -> None:
    smtp = SmtpChannel.model_validate({"id": "m", "kind": "smtp", "host": "h", "port": 465, "tls": "tls", "from": "a@b", "to": ["c@d"]})
    hook = WebhookChannel(id="w", kind="webhook", url="https://h/x", headers={"A": "b"}, timeout_s=3)
    made = [channel_of(channel) for channel in (LogChannel(id="l", kind="log"), smtp, hook)]
    assert [channel.id for channel in made] == ["l", "m", "w"]
    assert [channel.digests for channel in made] == [False, True, True]
    assert isinstance(made[0], LogSender)
    assert isinstance(made[1], SmtpSender)
    assert (made[1].options.tls, made[1].options.to, made[1].options.password) == ("tls", ("c@d",), None)
    assert isinstance(made[2], WebhookSender)
    assert (made[2].options.url(), made[2].options.timeout_s) == ("https://h/x", 3)
