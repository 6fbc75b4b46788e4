"""Everything else through apprise, an extra: MSG91, WhatsApp, Telegram, Twilio, Signal, Matrix and some hundred more, an address each.

The library blocks, so each message has a thread of its own; its words are not passed on, for they may hold the address and its secrets.
"""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from collector.notify.channels.base import Secret, SendError, told
from collector.notify.channels.log import ALARMING
from collector.notify.messages import Envelope
from collector.notify.render import Form

PLACE = "{to}"
_CODE = re.compile(r"error=(\d{3})\b")
_ONLY_THIS = frozenset({"400", "413", "422"})


@dataclass(frozen=True, slots=True)
class AppriseOptions:
    """`url`: an address as apprise writes it, `{to}` where that of the person goes."""

    url: Secret = field(repr=False)
    form: Form = "short"
    timeout_s: float = 20.0


class AppriseSender:
    def __init__(self, channel_id: str, options: AppriseOptions) -> None:
        self.id = channel_id
        self.options = options
        self.form = options.form
        self.digests = options.form != "sms"

    async def send(self, envelope: Envelope) -> None:
        url = told(self.options.url) or ""
        if PLACE in url and not envelope.to:
            raise SendError(f"channel {self.id} is for people: its address needs {PLACE}, and this notice goes to nobody", only_this=True)
        scheme = url.partition(":")[0]
        try:
            async with asyncio.timeout(self.options.timeout_s):
                said = await asyncio.to_thread(_notify, url.replace(PLACE, quote(envelope.to, safe="")), envelope, self.form)
        except TimeoutError as exc:
            raise SendError(f"apprise {scheme}: no answer within {self.options.timeout_s:g} s") from exc
        if said is not None:
            code = said[1]
            answered = f"answered {code}" if code else "did not take it"
            raise SendError(f"apprise {scheme}: {said[0] or f'the service {answered}'}", only_this=code in _ONLY_THIS)


def _notify(url: str, envelope: Envelope, form: Form) -> tuple[str, str] | None:
    """None where it was taken; else what is wrong, in words without secrets, and the HTTP status where one was said."""
    try:
        import apprise
    except ImportError:
        return "the package apprise is not installed; `pip install apprise` into the collector's environment", ""
    sender = apprise.Apprise()
    if not sender.add(url):
        return "apprise does not know such an address; see https://github.com/caronc/apprise/wiki", ""
    capture: Any = apprise.LogCapture
    with capture(level=logging.WARNING) as log:
        if sender.notify(**_message(apprise, envelope, form)):
            return None
        found = _CODE.search(log.getvalue())
    return "", found[1] if found else ""


def _message(apprise: Any, envelope: Envelope, form: Form) -> dict[str, Any]:
    alarming = any(notice.transition.event in ALARMING for notice in envelope.notices)
    kinds = apprise.NotifyType
    kind = {"high": kinds.FAILURE, "medium": kinds.WARNING}.get(envelope.priority, kinds.INFO) if alarming else kinds.SUCCESS
    title = "" if form == "sms" else envelope.subject
    return {
        "body": envelope.body,
        "title": title,
        "notify_type": kind,
        "body_format": apprise.NotifyFormat.TEXT,
        "interpret_escapes": False,
    }
