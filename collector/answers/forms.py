"""What gateways send when somebody replies: a form or JSON, with the names that each of them likes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import msgspec

FROM = ("from", "sender", "msisdn", "mobile", "number", "phone", "source", "waid", "originator")
TEXT = ("text", "body", "message", "content", "msg", "comments")
SCHEMES = ("whatsapp:", "tel:", "sms:", "signal:")
"""What some put before a number."""
LONGEST = 1000


class Said(NamedTuple):
    address: str
    text: str


class Pressed(NamedTuple):
    """A button, or a message, in Telegram. `id` is empty for a message."""

    id: str
    address: str
    text: str


def said(body: bytes, content_type: str) -> Said | None:
    """Who says what; None where that is not in it."""
    data = _flat(body, content_type)
    address = next((data[name] for name in FROM if data.get(name)), "")
    text = next((data[name] for name in TEXT if data.get(name)), "")
    return Said(address_of(address), text[:LONGEST]) if address and text else None


def pressed(body: bytes) -> Pressed | None:
    """Of an update of the Bot API, a pressed button or a text; None for everything else."""
    try:
        update: Any = msgspec.json.decode(body)
    except msgspec.MsgspecError:
        return None
    if not isinstance(update, dict):
        return None
    query, message = update.get("callback_query"), update.get("message")
    if isinstance(query, dict):
        chat = _inner(query, "message", "chat", "id")
        return _pressed(query.get("id"), chat, query.get("data"))
    if isinstance(message, dict):
        return _pressed("", _inner(message, "chat", "id"), message.get("text"))
    return None


def address_of(text: str) -> str:
    """A number as it is written in the configuration: without what some put before it."""
    text = text.strip()[:254]
    for scheme in SCHEMES:
        text = text.removeprefix(scheme)
    return text


def _pressed(query_id: Any, chat: Any, text: Any) -> Pressed | None:
    if not isinstance(chat, int | str) or not isinstance(text, str) or not isinstance(query_id, str):
        return None
    return Pressed(query_id[:100], str(chat)[:64], text[:LONGEST])


def _inner(data: Mapping[str, Any], *names: str) -> Any:
    found: Any = data
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _flat(body: bytes, content_type: str) -> dict[str, str]:
    """The top level, names in lower case."""
    if content_type == "application/json":
        try:
            data: Any = msgspec.json.decode(body)
        except msgspec.MsgspecError:
            return {}
        pairs = data.items() if isinstance(data, dict) else ()
        return {str(name).lower(): str(value) for name, value in pairs if isinstance(value, str | int)}
    try:
        fields = parse_qs(body.decode(), max_num_fields=100)
    except ValueError:
        return {}
    return {name.lower(): values[0] for name, values in fields.items()}
