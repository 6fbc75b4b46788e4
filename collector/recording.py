"""Recorded messages as lines of JSON: what `oxygrid record` writes and `oxygrid replay` reads. Pure.

    {"received_ms": 1764000000123, "topic": "oxygrid/v1/kasganj-dh/line", "payload": "{…}", "retained": false}

A payload that is no UTF-8 text stands base64-encoded under `payload_base64` instead. The collector's own records (topics that begin with
`$oxygrid/`) are lines like all others.
"""

from __future__ import annotations

import msgspec

from collector.errors import UserError
from collector.records import Message


class _Line(msgspec.Struct, omit_defaults=True):
    received_ms: int
    topic: str
    payload: str | None = None
    payload_base64: bytes | None = None
    retained: bool = False


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Line)


def to_line(received_ms: int, message: Message) -> str:
    """One line, without its line feed."""
    try:
        line = _Line(received_ms, message.topic, payload=message.payload.decode(), retained=message.retained)
    except UnicodeDecodeError:
        line = _Line(received_ms, message.topic, payload_base64=message.payload, retained=message.retained)
    return _encoder.encode(line).decode()


def from_line(text: str, where: str = "line") -> tuple[int, Message]:
    """(received_ms, message). Raises UserError, naming `where`, for what is no such line."""
    try:
        line = _decoder.decode(text)
    except (msgspec.MsgspecError, UnicodeError) as exc:
        raise UserError(f"{where}: {exc}; one JSON object with received_ms, topic, payload, retained is right") from exc
    if (line.payload is None) == (line.payload_base64 is None):
        raise UserError(f"{where}: exactly one of payload and payload_base64 is right")
    payload = line.payload.encode() if line.payload is not None else line.payload_base64 or b""
    return line.received_ms, Message(line.topic, payload, line.retained)
