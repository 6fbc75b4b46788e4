"""The channel that a part of the configuration describes: one function per kind, and a table of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from collector.config.notify import (
    AppriseChannel,
    GsmChannel,
    LogChannel,
    NtfyChannel,
    SmtpChannel,
    TelegramChannel,
    WebhookChannel,
)
from collector.config.notify import Channel as Configured
from collector.notify.channels.base import Channel, Secret, fixed, from_source
from collector.notify.channels.by_apprise import AppriseOptions, AppriseSender
from collector.notify.channels.gsm import GsmOptions, GsmSender
from collector.notify.channels.log import LogSender
from collector.notify.channels.mail import SmtpOptions, SmtpSender
from collector.notify.channels.ntfy import NtfyOptions, NtfySender
from collector.notify.channels.telegram import TelegramOptions, TelegramSender
from collector.notify.channels.webhook import WebhookOptions, WebhookSender


def channel_of(channel: Configured) -> Channel:
    return _KINDS[type(channel)](channel)


def _smtp(given: SmtpChannel) -> Channel:
    options = SmtpOptions(
        host=given.host,
        port=given.port,
        sender=given.sender,
        to=given.to,
        tls=given.tls,
        username=given.username,
        password=_secret(given.password_file),
        timeout_s=given.timeout_s,
        ca_file=given.ca_file,
    )
    return SmtpSender(given.id, options)


def _webhook(given: WebhookChannel) -> Channel:
    options = WebhookOptions(
        url=_secret(given.url_file) or fixed(given.url or ""),
        headers=given.headers,
        secret_headers={name: from_source(source) for name, source in given.secret_headers.items()},
        timeout_s=given.timeout_s,
        ca_file=given.ca_file,
        form=given.form,
        dlt=given.dlt,
    )
    return WebhookSender(given.id, options)


def _ntfy(given: NtfyChannel) -> Channel:
    topic = _secret(given.topic_file) or (fixed(given.topic) if given.topic else None)
    return NtfySender(given.id, NtfyOptions(given.url, topic, _secret(given.token_file), given.timeout_s, given.ca_file))


def _telegram(given: TelegramChannel) -> Channel:
    return TelegramSender(given.id, TelegramOptions(from_source(given.token_file), given.chat, given.url, given.timeout_s, given.ca_file))


def _apprise(given: AppriseChannel) -> Channel:
    return AppriseSender(given.id, AppriseOptions(from_source(given.url_file), given.form, given.timeout_s))


def _gsm(given: GsmChannel) -> Channel:
    return GsmSender(given.id, GsmOptions(given.device, given.speed, given.to, _secret(given.pin_file), given.timeout_s))


def _log(given: LogChannel) -> Channel:
    return LogSender(given.id)


def _secret(source: str | None) -> Secret | None:
    return from_source(source) if source else None


_KINDS: dict[type, Callable[[Any], Channel]] = {
    LogChannel: _log,
    SmtpChannel: _smtp,
    WebhookChannel: _webhook,
    NtfyChannel: _ntfy,
    TelegramChannel: _telegram,
    AppriseChannel: _apprise,
    GsmChannel: _gsm,
}
