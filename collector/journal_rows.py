"""A batch as one row of the journal: its body in bytes, and which rows may go. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from collector.records import Message

DAY_MS = 86_400_000
READ_BYTES = 8 * 2**20  # of bodies in one read, unless one alone is larger

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Message]).decode


def encode_body(messages: Sequence[Message]) -> tuple[bytes, int]:
    """The body and its CRC-32.

    Measured on messages of 125 bytes: rows 0.11 µs to write and 0.34 µs to read per message, columns 0.29 and 0.69; zlib level 1 would
    add 0.47 µs to make it 17 times smaller, and a CPU is dearer here than a disk that is bounded anyway.
    """
    body = _encode(messages)
    return body, zlib.crc32(body)


def decode_body(body: bytes, crc: int | None) -> list[Message] | None:
    """The messages, or None where the body is not what was written."""
    if crc is None or zlib.crc32(body) != crc:
        return None
    try:
        return _decode(body)
    except msgspec.DecodeError:
        return None


class Bounds(NamedTuple):
    """How much is kept: bytes at most, age at most, and how long what every cursor has read stays for replay."""

    max_bytes: int
    max_age_ms: int
    keep_ms: int


class Row(NamedTuple):
    seq: int
    received_ms: int
    messages: int
    bytes: int


class Step(NamedTuple):
    """The last step back of the clock: the batch that was first stamped anew, and with what. Older rows are at least as old as that."""

    seq: int
    received_ms: int


class Removal(NamedTuple):
    """What a removal takes: every row up to `upto`. `batches` and `messages` count only what some cursor had not read."""

    upto: int = 0
    rows: int = 0
    bytes: int = 0
    batches: int = 0
    messages: int = 0


def removal(oldest: Iterable[Row], bounds: Bounds, slowest: int, now_ms: int, *, excess_bytes: int, step: Step | None = None) -> Removal:
    """Which of the oldest rows go: always a prefix. `slowest`: what every cursor has read; `excess_bytes`: how much must be freed."""
    taken = Removal()
    for row in oldest:
        read = row.seq <= slowest
        age_ms = now_ms - (min(row.received_ms, step.received_ms) if step is not None and row.seq < step.seq else row.received_ms)
        if taken.bytes >= excess_bytes and age_ms <= (min(bounds.keep_ms, bounds.max_age_ms) if read else bounds.max_age_ms):
            break
        taken = Removal(
            row.seq, taken.rows + 1, taken.bytes + row.bytes, taken.batches + (not read), taken.messages + (0 if read else row.messages)
        )
    return taken
