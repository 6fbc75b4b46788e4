"""The ways out: the log, e-mail, and a JSON webhook. Each sends one envelope or raises SendError in words without secrets.

Every wait is bounded by the channel's time-out. TLS certificates are always verified. Secrets are read when they are used.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from http import HTTPStatus
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

import aiohttp
import aiosmtplib
import msgspec

from collector.config.notify import LogChannel, SmtpChannel, WebhookChannel
from collector.config.secret import read_secret
from collector.errors import OxygridError, UserError
from collector.notify.messages import Envelope, hashed
from collector.notify.render import Form
from collector.notify.texts.line import clean, clean_marked
from collector.outgoing import tls_context
from collector.outputs import AlarmEvent, Notice

log = logging.getLogger(__name__)

VERSION = 1
GOODBYE_S = 2.0
Secret = Callable[[], str]
"""Gives the secret at the moment of use; raises UserError."""


class SendError(OxygridError):
    """The envelope was not taken. `only_this`: the receiver works, but refuses this message; others may go through."""

    def __init__(self, text: str, *, only_this: bool = False, wait_s: float = 0.0) -> None:
        super().__init__(text)
        self.only_this = only_this
        self.wait_s = wait_s


class Channel(Protocol):
    """`digests`: more than a few waiting notices may be sent as one message. `form`: what a text for a person may look like."""

    @property
    def id(self) -> str: ...
    @property
    def digests(self) -> bool: ...
    @property
    def form(self) -> Form: ...

    async def send(self, envelope: Envelope) -> None: ...


# ---- the log

ALARMING: frozenset[AlarmEvent] = frozenset({"raised", "realarmed", "escalated", "unshelved", "unsuppressed", "returned_to_service"})
LEVELS = {"high": logging.ERROR, "medium": logging.WARNING, "low": logging.INFO, "info": logging.INFO}


class LogSender:
    """One line per notice; what was discovered late, or is over, is information whatever its priority."""

    digests = False
    form: Form = "short"

    def __init__(self, channel_id: str) -> None:
        self.id = channel_id

    async def send(self, envelope: Envelope) -> None:
        for notice in envelope.notices:
            transition = notice.transition
            level = LEVELS[transition.priority] if transition.event in ALARMING else logging.INFO
            line = f"to {notice.to or notice.person}: {notice.subject}" if notice.role else notice.subject
            log.log(level, "%s", line, extra={"alarm": transition.alarm, "occurrence": transition.occurrence})


# ---- e-mail


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


class SmtpSender:
    digests = True
    form: Form = "full"

    def __init__(self, channel_id: str, options: SmtpOptions) -> None:
        self.id = channel_id
        self.options = options

    async def send(self, envelope: Envelope) -> None:
        opt = self.options
        password = _secret(opt.password)
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
                tls_context=None if opt.tls == "none" else _tls(opt.ca_file),
            )
            refused = await self._hand_over(client, envelope)
        except TimeoutError as exc:
            raise SendError(f"{self._where}: no answer within {opt.timeout_s:g} s") from exc
        except (aiosmtplib.SMTPException, OSError, ValueError) as exc:
            raise smtp_error(self._where, exc, lambda text: _hidden(text, password, opt.username or "")) from exc
        for address, answer in refused.items():
            log.warning("%s: %s was refused: %s", self._where, address, _hidden(f"{answer.code} {answer.message}", password))

    async def _hand_over(self, client: aiosmtplib.SMTP, envelope: Envelope) -> dict[str, aiosmtplib.SMTPResponse]:
        """The recipients that were refused while others were not. Once the mail is taken it is sent, however the goodbye goes."""
        opt = self.options
        try:
            async with asyncio.timeout(opt.timeout_s):
                await client.connect()
                to = (envelope.to,) if envelope.to else opt.to
                refused, _ = await client.send_message(mail(envelope, opt.sender, to), sender=opt.sender, recipients=list(to))
            with suppress(TimeoutError, OSError, aiosmtplib.SMTPException):
                async with asyncio.timeout(GOODBYE_S):
                    await client.quit()
        finally:
            client.close()
        return refused

    @property
    def _where(self) -> str:
        return f"mail server {self.options.host}:{self.options.port}"


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


# ---- webhook


@dataclass(frozen=True, slots=True)
class WebhookOptions:
    url: Secret = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    secret_headers: Mapping[str, Secret] = field(default_factory=dict, repr=False)
    timeout_s: float = 10.0
    ca_file: str | None = None


ONLY_THIS = frozenset({400, 413, 415, 422})
"""Answers that speak of the message; all others speak of the receiver or the way to it."""


class WebhookSender:
    digests = True
    form: Form = "full"

    def __init__(self, channel_id: str, options: WebhookOptions) -> None:
        self.id = channel_id
        self.options = options

    async def send(self, envelope: Envelope) -> None:
        url = _secret(self.options.url) or ""
        headers = self._headers(envelope)
        where = f"webhook {_origin(url)}"
        timeout = aiohttp.ClientTimeout(total=self.options.timeout_s)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(
                    url, data=webhook_body(envelope), headers=headers, allow_redirects=False, ssl=_tls(self.options.ca_file)
                ) as answer,
            ):
                status, wait = answer.status, answer.headers.get("Retry-After", "")
        except TimeoutError as exc:
            raise SendError(f"{where}: no answer within {self.options.timeout_s:g} s") from exc
        except (aiohttp.ClientError, OSError, ValueError) as exc:
            raise SendError(f"{where}: {_reason(exc)}") from exc
        if not 200 <= status < 300:
            raise SendError(f"{where} answered {status} {_phrase(status)}".rstrip(), only_this=status in ONLY_THIS, wait_s=_wait_s(wait))

    def _headers(self, envelope: Envelope) -> dict[str, str]:
        secret = {name: _secret(value) or "" for name, value in self.options.secret_headers.items()}
        return {
            **self.options.headers,
            **secret,
            "Content-Type": "application/json",
            "User-Agent": "oxygrid",
            "Idempotency-Key": envelope.key,
        }


def webhook_body(envelope: Envelope) -> bytes:
    """The documented JSON (docs/reference/notices.md): always the same shape, one alarm or many."""
    person = {"to": envelope.to, "person": envelope.notices[0].person} if envelope.notices[0].role else {}
    return msgspec.json.encode(
        {
            "version": VERSION,
            "id": envelope.key,
            "kind": envelope.kind,
            "priority": envelope.priority,
            "subject": envelope.subject,
            "text": envelope.body,
            "sent_ms": envelope.at_ms,
            "alarms": [_alarm(notice) for notice in envelope.notices],
            **person,
        }
    )


def _alarm(notice: Notice) -> dict[str, Any]:
    t = notice.transition
    return {
        "notice": notice.id, "alarm": t.alarm, "occurrence": t.occurrence, "site": t.site, "asset": t.asset or None, "rule": t.rule,
        "event": t.event, "state": t.state, "priority": t.priority, "raised_ms": t.raised_ms, "event_ms": t.event_ms,
        "evaluated_ms": t.evaluated_ms, "value": t.value, "limit": t.limit, "unit": t.unit, "text": t.text,
    }  # fmt: skip


def _origin(url: str) -> str:
    """Scheme, host and port: the path and query of a chat hook are its secret. Says so where it is no address."""
    try:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
    except ValueError:
        return "(the URL is not valid)"
    return origin if parts.hostname else "(the URL has no host)"


def _reason(exc: Exception) -> str:
    """The kind of failure and the system's words, never aiohttp's own, which may hold the address."""
    inner = getattr(exc, "os_error", exc)
    words = inner.strerror if isinstance(inner, OSError) and inner.strerror else ""
    return f"{type(exc).__name__}: {words}" if words else type(exc).__name__


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""


def _wait_s(header: str) -> float:
    """Retry-After in seconds, at most an hour; 0 where it is absent or a date."""
    return min(3600.0, float(header)) if header.isascii() and header.isdigit() and len(header) < 9 else 0.0


# ---- common


def channel_of(channel: LogChannel | SmtpChannel | WebhookChannel) -> Channel:
    """The channel that the configuration describes."""
    if isinstance(channel, LogChannel):
        return LogSender(channel.id)
    if isinstance(channel, SmtpChannel):
        password = _source(channel.password_file) if channel.password_file else None
        return SmtpSender(
            channel.id,
            SmtpOptions(
                channel.host,
                channel.port,
                channel.sender,
                channel.to,
                channel.tls,
                channel.username,
                password,
                channel.timeout_s,
                channel.ca_file,
            ),
        )
    url = _source(channel.url_file) if channel.url_file else _fixed(channel.url or "")
    headers = {name: _source(source) for name, source in channel.secret_headers.items()}
    return WebhookSender(channel.id, WebhookOptions(url, channel.headers, headers, channel.timeout_s, channel.ca_file))


def _source(source: str) -> Secret:
    return lambda: read_secret(source)


def _fixed(text: str) -> Secret:
    return lambda: text


def _tls(ca_file: str | None) -> ssl.SSLContext:
    try:
        return tls_context(ca_file)
    except UserError as exc:
        raise SendError(str(exc)) from exc


def _secret(secret: Secret | None) -> str | None:
    try:
        return secret() if secret is not None else None
    except UserError as exc:
        raise SendError(str(exc)) from exc


def _hidden(text: str, secret: str | None, username: str = "") -> str:
    """One line of the receiver's words, without the secret should it repeat it, be it as it was sent (RFC 4954: in base64)."""
    if secret:
        sent = [b64encode(each.encode()).decode() for each in (secret, f"\0{username}\0{secret}")]
        for each in sorted((secret, *sent), key=len, reverse=True):
            text = text.replace(each, "***")
    return clean(text, 300)
