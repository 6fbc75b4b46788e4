"""ntfy, a push service that a hospital can run itself: JSON by HTTP POST, with priority, tags, and buttons that answer.

The shape is that of docs.ntfy.sh/publish.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from collector.calls import ON_IT_MINUTES
from collector.notify.channels.base import Secret, SendError, told
from collector.notify.channels.http import post
from collector.notify.channels.log import ALARMING
from collector.notify.messages import Envelope
from collector.notify.render import Form
from collector.notify.texts.catalogue import language_of, word
from collector.notify.texts.direction import isolate
from collector.outputs import Notice

MESSAGE_MOST = 3500
"""Bytes of a message; beyond 4096 ntfy makes a file of it."""
PRIORITIES = {"high": 5, "medium": 4, "low": 3, "info": 2}
TAGS = {"high": "rotating_light", "medium": "warning", "low": "information_source", "info": "information_source"}
OVER, OVER_TAG = 2, "white_check_mark"


@dataclass(frozen=True, slots=True)
class NtfyOptions:
    """`topic`: where notices to nobody in person go; who knows a topic reads it, so it is a secret like a password."""

    url: str
    topic: Secret | None = field(default=None, repr=False)
    token: Secret | None = field(default=None, repr=False)
    timeout_s: float = 10.0
    ca_file: str | None = None


class NtfySender:
    digests = True
    form: Form = "short"

    def __init__(self, channel_id: str, options: NtfyOptions) -> None:
        self.id = channel_id
        self.options = options

    async def send(self, envelope: Envelope) -> None:
        opt = self.options
        topic = envelope.to or told(opt.topic) or ""
        if not topic:
            raise SendError(f"channel {self.id} has no topic for this notice; give it one, or the person an address", only_this=True)
        headers = {"Content-Type": "application/json", "User-Agent": "oxygrid"}
        token = told(opt.token)
        if token:
            headers["Authorization"] = f"Bearer {token}"
        await post("ntfy", opt.url, ntfy_body(envelope, topic), headers, timeout_s=opt.timeout_s, ca_file=opt.ca_file)


def ntfy_body(envelope: Envelope, topic: str) -> bytes:
    alarming = any(notice.transition.event in ALARMING for notice in envelope.notices)
    body: dict[str, Any] = {
        "topic": topic,
        "title": envelope.subject,
        "message": _bounded(envelope.body.strip()),
        "priority": PRIORITIES[envelope.priority] if alarming else OVER,
        "tags": [TAGS[envelope.priority] if alarming else OVER_TAG],
    }
    first = envelope.notices[0]
    if first.link and len(envelope.notices) == 1:
        body["click"] = first.link
        body["actions"] = _actions(first)
    return msgspec.json.encode(body)


def _actions(notice: Notice) -> list[dict[str, Any]]:
    """Two buttons that answer at once: a POST, which no scanner of links makes."""
    language = language_of(notice.language)
    minutes = isolate(str(ON_IT_MINUTES), language)
    labels = {"ack": word(language, "I know about it"), "on_it": word(language, "I'm on it, {minutes} minutes").format(minutes=minutes)}
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    return [
        {"action": "http", "label": label, "url": notice.link, "method": "POST", "headers": form, "body": f"do={name}", "clear": True}
        for name, label in labels.items()
    ]


def _bounded(text: str) -> str:
    data = text.encode()
    return text if len(data) <= MESSAGE_MOST else data[:MESSAGE_MOST].decode(errors="ignore") + "…"
