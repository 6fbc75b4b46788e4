"""Subjects of NATS: the MQTT topic that one stands for, and the numbers in the reply subject of a delivered message. Pure."""

from __future__ import annotations

from typing import NamedTuple


class Position(NamedTuple):
    stream: int
    consumer: int


def topic_of(subject: str) -> str:
    """The MQTT topic of a NATS subject, as the server itself maps them: `.` is `/`, `//` is `.`, `/.` and a final `/` are empty levels."""
    if "/" not in subject:
        return subject.replace(".", "/")
    parts, i = [], 0
    while i < len(subject):
        pair = subject[i : i + 2]
        if pair in ("//", "/.", "/"):
            parts.append({"//": ".", "/.": "/", "/": ""}[pair])
            i += 2
        else:
            parts.append("/" if subject[i] == "." else subject[i])
            i += 1
    return "".join(parts)


def position_of(reply: str) -> Position:
    """The sequence numbers in the reply subject of a delivered message (of 9 parts, or of 11 and more since nats-server 2.3)."""
    parts = reply.split(".")
    at = 5 if len(parts) == 9 else 7
    return Position(int(parts[at]), int(parts[at + 1]))
