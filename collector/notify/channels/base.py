"""What every way out has in common: what it is, how it fails, and how it keeps its secrets to itself."""

from __future__ import annotations

import ssl
from base64 import b64encode
from collections.abc import Callable
from typing import Protocol

from collector.config.secret import read_secret
from collector.errors import OxygridError, UserError
from collector.notify.messages import Envelope
from collector.notify.render import Form
from collector.notify.texts.line import clean
from collector.outgoing import tls_context

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


def from_source(source: str) -> Secret:
    return lambda: read_secret(source)


def fixed(text: str) -> Secret:
    return lambda: text


def tls(ca_file: str | None) -> ssl.SSLContext:
    try:
        return tls_context(ca_file)
    except UserError as exc:
        raise SendError(str(exc)) from exc


def told(secret: Secret | None) -> str | None:
    """The secret itself; None where there is none to tell."""
    try:
        return secret() if secret is not None else None
    except UserError as exc:
        raise SendError(str(exc)) from exc


def hidden(text: str, secret: str | None, username: str = "") -> str:
    """One line of the receiver's words, without the secret should it repeat it, be it as it was sent (RFC 4954: in base64)."""
    if secret:
        sent = [b64encode(each.encode()).decode() for each in (secret, f"\0{username}\0{secret}")]
        for each in sorted((secret, *sent), key=len, reverse=True):
            text = text.replace(each, "***")
    return clean(text, 300)
