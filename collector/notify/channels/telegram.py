"""Telegram by its Bot API: a message with two buttons whose answer comes back to `answers` (core.telegram.org/bots/api)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from collector.calls import ON_IT_MINUTES
from collector.notify.channels.base import Secret, SendError, told
from collector.notify.channels.http import post
from collector.notify.messages import Envelope
from collector.notify.render import Form
from collector.notify.texts.catalogue import language_of, word

TEXT_MOST = 4000
"""Characters of a message (the API takes 4096)."""


@dataclass(frozen=True, slots=True)
class TelegramOptions:
    """`chat`: id of the chat for notices to nobody in person."""

    token: Secret = field(repr=False)
    chat: str = ""
    url: str = "https://api.telegram.org"
    timeout_s: float = 10.0
    ca_file: str | None = None


class TelegramSender:
    digests = True
    form: Form = "short"

    def __init__(self, channel_id: str, options: TelegramOptions) -> None:
        self.id = channel_id
        self.options = options

    async def send(self, envelope: Envelope) -> None:
        opt = self.options
        chat = envelope.to or opt.chat
        if not chat:
            raise SendError(f"channel {self.id} has no chat for this notice; give it one, or the person an address", only_this=True)
        url = f"{opt.url}/bot{told(opt.token)}/sendMessage"
        headers = {"Content-Type": "application/json", "User-Agent": "oxygrid"}
        await post("Telegram", url, telegram_body(envelope, chat), headers, timeout_s=opt.timeout_s, ca_file=opt.ca_file)


def telegram_body(envelope: Envelope, chat: str) -> bytes:
    """A button carries what was pressed and the notice's code, as somebody would type it."""
    text = f"{envelope.subject}\n\n{envelope.body.strip()}"
    body: dict[str, Any] = {
        "chat_id": chat,
        "text": text[:TEXT_MOST],
        "link_preview_options": {"is_disabled": True},
        "disable_notification": envelope.priority in {"low", "info"},
    }
    first = envelope.notices[0]
    if first.code and len(envelope.notices) == 1:
        language = language_of(first.language)
        on_it = word(language, "I'm on it, {minutes} minutes").format(minutes=ON_IT_MINUTES)
        buttons = {first.code: word(language, "I know about it"), f"{first.code} {ON_IT_MINUTES}": on_it}
        body["reply_markup"] = {"inline_keyboard": [[{"text": label, "callback_data": data}] for data, label in buttons.items()]}
    return msgspec.json.encode(body)
