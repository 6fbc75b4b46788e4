"""Mail through aiosmtpd: an SMTP server by the book, of somebody else."""

from __future__ import annotations

import email.policy
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from collector.notify.channels import SendError, SmtpOptions, SmtpSender
from collector.notify.channels.mail import Attachment
from collector.notify.messages import single
from collector.notify.render import with_text
from collector.notify.texts.catalogue import LANGUAGES, Language
from tests.servers import free_port
from tests.unit.collector.notify.cases import AT_MS, notice
from tests.unit.collector.notify.texts.cases import RULES, SITE, personal


class Mailbox:
    """Takes mail for everybody but one."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], EmailMessage]] = []

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]) -> str:
        if address.startswith("nobody"):
            return "550 there is nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        parsed = message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        self.mails.append((envelope.rcpt_tos, parsed))
        return "250 taken"


@contextmanager
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box, port = Mailbox(), free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port, enable_SMTPUTF8=True)
    controller.start()
    try:
        yield box, port
    finally:
        controller.stop()


def smtp(port: int) -> SmtpSender:
    return SmtpSender("mail", SmtpOptions("127.0.0.1", port, "oxygrid@example.org", ("ward@example.org", "nobody@example.org"), "none"))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_notice_to_a_person_arrives_whole_in_every_language(language: Language) -> None:
    told = with_text(personal(RULES[0], language, "nurse", to="asha@example.org", link="https://x.example/a/b"), SITE, "full")
    with mailbox() as (box, port):
        await smtp(port).send(single(told, AT_MS))
    ((receivers, mail),) = box.mails
    assert receivers == ["asha@example.org"]
    assert mail["Subject"] == told.subject
    assert mail.get_content().replace("\r\n", "\n") == told.body


async def test_one_who_is_refused_does_not_keep_it_from_the_others() -> None:
    with mailbox() as (box, port):
        await smtp(port).send(single(notice(), AT_MS))
        with pytest.raises(SendError, match="there is nobody of that name"):
            await smtp(port).post("a", "b", Attachment("c.csv", "text/csv", "d"), "nobody@example.org", "k", AT_MS)
    assert [receivers for receivers, _ in box.mails] == [["ward@example.org"]]


async def test_a_report_is_attached() -> None:
    with mailbox() as (box, port):
        await smtp(port).post("Rapport\nBcc: x@y", "texte é", Attachment("jour.csv", "text/csv", "a,é\r\n"), "luc@example.org", "k", AT_MS)
    ((_, mail),) = box.mails
    (attached,) = mail.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("jour.csv", "a,é\r\n")
    assert (mail["Subject"], mail["Bcc"]) == ("Rapport Bcc: x@y", None)
