"""A signed link: who may answer which call until when, in the link itself, so that nothing has to be kept. Pure.

`payload.mac`, both in URL-safe base64: the payload is a MessagePack array, the mac the first 128 bits of HMAC-SHA256 over it, by a key that
no one but the collector has. Who changes a letter, or makes one up, has no link.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from hashlib import sha256
from typing import Literal, TypeAlias

import msgspec

VERSION = 1
MAC_BYTES = 16
LONGEST = 1024
"""Characters of a token; a longer one is not looked at."""
CONTEXT = b"oxygrid answer link\x00"
"""So that the key signs nothing else that looks the same."""

Wrong: TypeAlias = Literal["forged", "expired"]


class Ticket(msgspec.Struct, frozen=True, array_like=True):
    """What a link says: the call by its code, the alarm it began with, the person and their address there, until when."""

    code: str
    alarm: str
    person: str
    address: str
    language: str
    expires_s: int
    version: int = VERSION


_decode = msgspec.msgpack.Decoder(Ticket).decode


def sealed(ticket: Ticket, key: bytes) -> str:
    payload = msgspec.msgpack.encode(ticket)
    return f"{_text(payload)}.{_text(_mac(payload, key))}"


def opened(token: str, key: bytes, now_s: float) -> Ticket | Wrong:
    """What the link says; `forged` for anything that this key did not seal, looked at in a time that does not depend on it."""
    if len(token) > LONGEST or not token.isascii():
        return "forged"
    first, dot, second = token.partition(".")
    try:
        payload, mac = _bytes(first), _bytes(second)
    except (Base64Error, ValueError):
        return "forged"
    if not dot or not hmac.compare_digest(mac, _mac(payload, key)) or f"{_text(payload)}.{_text(mac)}" != token:
        return "forged"
    try:
        ticket = _decode(payload)
    except msgspec.MsgspecError:
        return "forged"
    if ticket.version != VERSION:
        return "expired"
    return ticket if now_s < ticket.expires_s else "expired"


def _mac(payload: bytes, key: bytes) -> bytes:
    return hmac.digest(key, CONTEXT + payload, sha256)[:MAC_BYTES]


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
