"""E-mail over SMTP: one message per notice or digest, to the channel's list or to one person."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from typing import Literal, NamedTuple

import aiosmtplib

from collector.notify.channels.base import Secret, SendError, hidden, tls, told
from collector.notify.messages import Envelope, hashed
from collector.notify.render import Form
from collector.notify.texts.line import clean_marked
from collector.outputs import Notice

log = logging.getLogger("collector.notify.channels")

GOODBYE_S = 2.0


@dataclass(frozen=True, slots=True)
class SmtpOptions:
    """`ca_file` adds to no others: with it, only its certificates are trusted."""

    host: str
    port: int
    sender: str
    to: tuple[str, ...]
    tls: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: Secret | None = field(default=None, repr=False)
    timeout_s: float = 20.0
    ca_file: str | None = None


class Attachment(NamedTuple):
    """`kind` is its media type."""

    name: str
    kind: str
    content: str | bytes


class SmtpSender:
    digests = True
    form: Form = "full"

    def __init__(self, channel_id: str, options: SmtpOptions) -> None:
        self.id = channel_id
        self.options = options

    async def send(self, envelope: Envelope) -> None:
        to = (envelope.to,) if envelope.to else self.options.to
        await self._send(mail(envelope, self.options.sender, to), to)

    async def post(self, subject: str, text: str, attachment: Attachment, to: str, key: str, at_ms: int) -> None:
        """A document to one address. `key` is the same whenever the same is sent again."""
        await self._send(letter(subject, text, attachment, (self.options.sender, to), key, at_ms), (to,))

    async def _send(self, message: EmailMessage, to: tuple[str, ...]) -> None:
        opt = self.options
        password = told(opt.password)
        try:
            client = aiosmtplib.SMTP(
                hostname=opt.host,
                port=opt.port,
                local_hostname="localhost",
                username=opt.username,
                password=password,
                timeout=opt.timeout_s,
                use_tls=opt.tls == "tls",
                start_tls=opt.tls == "starttls",
                tls_context=None if opt.tls == "none" else tls(opt.ca_file),
            )
            refused = await self._hand_over(client, message, to)
        except TimeoutError as exc:
            raise SendError(f"{self._where}: no answer within {opt.timeout_s:g} s") from exc
        except (aiosmtplib.SMTPException, OSError, ValueError) as exc:
            raise smtp_error(self._where, exc, lambda text: hidden(text, password, opt.username or "")) from exc
        for address, answer in refused.items():
            log.warning("%s: %s was refused: %s", self._where, address, hidden(f"{answer.code} {answer.message}", password))

    async def _hand_over(self, client: aiosmtplib.SMTP, message: EmailMessage, to: tuple[str, ...]) -> dict[str, aiosmtplib.SMTPResponse]:
        """The recipients that were refused while others were not. Once the mail is taken it is sent, however the goodbye goes."""
        opt = self.options
        try:
            async with asyncio.timeout(opt.timeout_s):
                await client.connect()
                refused, _ = await client.send_message(message, sender=opt.sender, recipients=list(to))
            with suppress(TimeoutError, OSError, aiosmtplib.SMTPException):
                async with asyncio.timeout(GOODBYE_S):
                    await client.quit()
        finally:
            client.close()
        return refused

    @property
    def _where(self) -> str:
        return f"mail server {self.options.host}:{self.options.port}"


def letter(subject: str, text: str, attachment: Attachment, ends: tuple[str, str], key: str, at_ms: int) -> EmailMessage:
    """A mail with a document; `ends` are sender and receiver."""
    sender, to = ends
    made = EmailMessage(policy=SMTP)
    made["From"], made["To"] = sender, to
    made["Subject"] = clean_marked(subject, 200)
    made["Date"] = formatdate(at_ms / 1000)
    made["Message-ID"] = f"<{hashed(key)}@{sender.rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(text)
    main, _, sub = attachment.kind.partition("/")
    content = attachment.content
    if isinstance(content, str) and main == "text":
        made.add_attachment(content, subtype=sub, filename=attachment.name)
    else:
        raw = content.encode() if isinstance(content, str) else content
        made.add_attachment(raw, maintype=main, subtype=sub, filename=attachment.name)
    return made


def mail(envelope: Envelope, sender: str, to: tuple[str, ...]) -> EmailMessage:
    """The same Message-ID for the same notices, so a mail that came twice is shown once; what is over answers what was raised."""
    domain = sender.rpartition("@")[2]
    made = EmailMessage(policy=SMTP)
    made["From"] = sender
    made["To"] = ", ".join(to)
    made["Subject"] = clean_marked(envelope.subject, 200)
    made["Date"] = formatdate(envelope.at_ms / 1000)
    made["Message-ID"] = f"<{hashed(envelope.key)}@{domain}>"
    raised = raised_id(envelope.notices[0]) if envelope.kind == "notice" else None
    if raised is not None:
        made["In-Reply-To"] = made["References"] = f"<{hashed(raised)}@{domain}>"
    made["Auto-Submitted"] = "auto-generated"
    if envelope.priority == "high":
        made["Importance"] = "high"
    made.set_content(envelope.body)
    return made


def raised_id(notice: Notice) -> str | None:
    """The id of the notice that said that this alarm was raised, for one that says it is over."""
    transition = notice.transition
    return f"{transition.occurrence}/raised/{notice.channel}" if transition.event == "cleared" else None


def smtp_error(where: str, exc: Exception, hide: Callable[[str], str]) -> SendError:
    """In words; a refusal of the content (5xx after DATA) is of this message only."""
    if isinstance(exc, aiosmtplib.SMTPResponseException):
        refused = isinstance(exc, aiosmtplib.SMTPDataError) and exc.code >= 500
        return SendError(f"{where} answered {hide(f'{exc.code} {exc.message}')}", only_this=refused)
    if isinstance(exc, aiosmtplib.SMTPRecipientsRefused):
        answers = "; ".join(f"{each.recipient}: {each.code} {each.message}" for each in exc.recipients)
        return SendError(f"{where} refused every recipient: {hide(answers)}")
    return SendError(f"{where}: {hide(str(exc) or type(exc).__name__)}")
