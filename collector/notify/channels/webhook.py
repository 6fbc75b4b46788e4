"""A webhook: the documented JSON by HTTP POST, one alarm or many; to an SMS gateway also the template and its variables (India's DLT)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from collector.notify.channels.base import Secret, told
from collector.notify.channels.http import post
from collector.notify.messages import Envelope
from collector.notify.render import Form
from collector.outputs import Notice, Transition

VERSION = 1


@dataclass(frozen=True, slots=True)
class WebhookOptions:
    """`dlt`: rule (or `default`) → id of the template that the operator registered."""

    url: Secret = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    secret_headers: Mapping[str, Secret] = field(default_factory=dict, repr=False)
    timeout_s: float = 10.0
    ca_file: str | None = None
    form: Form = "full"
    dlt: Mapping[str, str] = field(default_factory=dict)


class WebhookSender:
    """An SMS holds one alarm: no digests in that form."""

    def __init__(self, channel_id: str, options: WebhookOptions) -> None:
        self.id = channel_id
        self.options = options
        self.form = options.form
        self.digests = options.form != "sms"

    async def send(self, envelope: Envelope) -> None:
        opt = self.options
        url = told(opt.url) or ""
        await post(
            "webhook",
            url,
            webhook_body(envelope, opt.dlt),
            self._headers(envelope),
            timeout_s=opt.timeout_s,
            ca_file=opt.ca_file,
        )

    def _headers(self, envelope: Envelope) -> dict[str, str]:
        secret = {name: told(value) or "" for name, value in self.options.secret_headers.items()}
        return {
            **self.options.headers,
            **secret,
            "Content-Type": "application/json",
            "User-Agent": "oxygrid",
            "Idempotency-Key": envelope.key,
        }


def webhook_body(envelope: Envelope, dlt: Mapping[str, str] | None = None) -> bytes:
    """The documented JSON (docs/reference/notices.md): always the same shape, one alarm or many."""
    first = envelope.notices[0]
    more: dict[str, Any] = {}
    if first.role:
        more = {"to": envelope.to, "person": first.person}
        template = (dlt or {}).get(first.transition.rule) or (dlt or {}).get("default")
        if template and first.variables:
            more["dlt"] = {"template_id": template, "variables": first.variables}
    return msgspec.json.encode(
        {
            "version": VERSION,
            "id": envelope.key,
            "kind": envelope.kind,
            "priority": envelope.priority,
            "subject": envelope.subject,
            "text": envelope.body,
            "sent_ms": envelope.at_ms,
            "alarms": [_alarm(notice, each) for notice in envelope.notices for each in (notice.transition, *notice.also)],
            **more,
        }
    )


def _alarm(notice: Notice, t: Transition) -> dict[str, Any]:
    return {
        "notice": notice.id, "alarm": t.alarm, "occurrence": t.occurrence, "site": t.site, "asset": t.asset or None, "rule": t.rule,
        "event": t.event, "state": t.state, "priority": t.priority, "raised_ms": t.raised_ms, "event_ms": t.event_ms,
        "evaluated_ms": t.evaluated_ms, "value": t.value, "limit": t.limit, "unit": t.unit, "text": t.text,
    }  # fmt: skip
