"""The audit trail as a chain of hashes: what goes into it, how it is chained, and where a chain is broken. Pure.

Row n holds a body and `hash = SHA-256(hash of row n-1 || body)`; before row 1 stand 32 zero bytes. So a row that was changed, removed,
inserted or moved no longer fits what follows it. The newest rows can be cut off without a trace in what remains: the head (how many rows,
and the last hash) is kept beside them for that. Who rewrites the whole file can rewrite that too: a head that was written down elsewhere
finds it, see `Check`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import NamedTuple

import msgspec

from collector.outputs import AuditEntry, Command, TrailEntry, TrailKind
from collector.records import Control, Decoded
from devices.payloads.native import UNREADABLE

BEFORE_THE_FIRST = bytes(32)
MANY = 100
"""Broken places that are told one by one; of a file that was rewritten, each row is one."""

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(TrailEntry).decode
_canonical = msgspec.json.Encoder(order="deterministic", enc_hook=str).encode


class Head(NamedTuple):
    """The end of the chain: the number of the last row, and its hash."""

    n: int
    hash: bytes

    def __str__(self) -> str:
        return f"n={self.n} hash={self.hash.hex()}"


EMPTY = Head(0, BEFORE_THE_FIRST)


class Row(NamedTuple):
    """A row as it is kept. What stands in `body` stands in the columns beside it too, to be found by."""

    n: int
    at_ms: int
    seq: int
    nth: int
    body: bytes
    hash: bytes


class Break(NamedTuple):
    """A place where the trail is not what was written: the row, and what is wrong with it."""

    n: int
    what: str

    def __str__(self) -> str:
        return f"row {self.n}: {self.what}"


class Word(msgspec.Struct, frozen=True, omit_defaults=True):
    """The payload of the collector's own records that belong in the trail (see NOTED). Only `refused` has a command, only `count` has
    `about` and `by`."""

    what: str = ""
    rules: str = ""
    sites: str = ""
    command: Command | None = None
    refused: str = ""
    about: str = ""
    by: str = ""


NOTED: dict[str, TrailKind] = {
    "start": "start", "stop": "stop", "configuration": "configuration", "refused": "command", "count": "count",
}  # fmt: skip
"""Record of the journal → what it is in the trail. The commands that are folded enter it through the fold."""


def chain(previous: bytes, body: bytes) -> bytes:
    """The hash of the row with that body, behind the row with the hash `previous`."""
    return sha256(previous + body).digest()


def digest(configuration: object) -> str:
    """What a configuration (mappings, lists, sets, plain values) is known by in the trail, whatever the order of its sets and keys."""
    return sha256(_canonical(configuration)).hexdigest()


def head_in(text: str) -> Head | None:
    """The head that `oxygrid audit head` printed, or a log line that holds it; None where there is none."""
    found = re.search(r"\bn=([0-9]{1,18}) hash=([0-9a-fA-F]{64})\b", text)
    return Head(int(found[1]), bytes.fromhex(found[2])) if found else None


def noted(batch: Decoded) -> list[TrailEntry]:
    """What a batch's own records bring into the trail: `nth` is below zero, for those that count from zero are the fold's. They stand at
    the head of a batch, so that one with readings costs a look."""
    if not batch.events or batch.events[0].__class__ is not Control:
        return []
    return [
        _noted(event, batch.seq, index - len(batch.events))
        for index, event in enumerate(batch.events)
        if isinstance(event, Control) and event.name in NOTED
    ]


def _noted(record: Control, seq: int, nth: int) -> TrailEntry:
    word = msgspec.json.decode(record.payload, type=Word)
    return TrailEntry(
        kind=NOTED[record.name],
        at_ms=record.received_ms,
        seq=seq,
        nth=nth,
        command=word.command,
        refused=word.refused,
        what=word.what,
        rules=word.rules,
        sites=word.sites,
        about=word.about,
        by=word.by,
    )


def of_command(entry: AuditEntry) -> TrailEntry:
    return TrailEntry(
        kind="command",
        at_ms=entry.at_ms,
        seq=entry.seq,
        nth=entry.nth,
        command=entry.command,
        state=entry.state,
        refused=entry.refused,
    )


class Check:
    """Walks a trail from its oldest row to its newest: `take` each row, then `end`. `head` is where it ended, `first` the oldest row.

    `written` are heads that were written down: each must still be a row of the trail, with that hash.
    """

    def __init__(self, written: Iterable[Head] = ()) -> None:
        self.head, self.first, self.count = EMPTY, 0, 0
        self._written: dict[int, set[bytes]] = {}
        for head in written:
            self._written.setdefault(head.n, set()).add(head.hash)
        self._found: list[Break] = []
        self._eldest: Row | None = None
        self._trimmed: dict[int, str] = {}

    def take(self, row: Row) -> None:
        if len(self._found) < MANY:
            self._found += [Break(row.n, what) for what in self._wrong(row)]
        self.first = self.first or row.n
        self.count += 1
        self.head = Head(row.n, row.hash)

    def end(self, kept: Head | None) -> list[Break]:
        """Every broken place, the first MANY. `kept` is the head that was kept beside the rows."""
        found = [*self._found, *self._beginning(), *self._ending(kept), *self._not_there()]
        return sorted(found, key=lambda place: place.n)

    def _wrong(self, row: Row) -> Iterator[str]:
        last = self.head
        if row.n < 1:
            yield "no row has such a number"
        elif not self.first and row.n > 1:
            self._eldest = row  # what it is chained to stands in the entry that says so, near the end
        elif row.n != last.n + 1:
            yield f"{_rows(last.n + 1, row.n - 1)} before it missing"
        elif chain(last.hash, row.body) != row.hash:
            yield "its hash is not that of its content behind the row before it: one of them was changed, moved or put in"
        if any(written != row.hash for written in self._written.pop(row.n, ())):
            yield "its hash is not the one that was written down: the trail was rewritten"
        try:
            entry = decode(row.body)
        except UNREADABLE:
            yield "its content can't be read"
            return
        if (entry.at_ms, entry.seq, entry.nth) != row[1:4]:
            yield "its time or its place (at_ms, seq, nth) is not what its content says"
        if entry.kind == "trimmed":
            self._trimmed[entry.through] = entry.hash

    def _beginning(self) -> Iterator[Break]:
        eldest = self._eldest
        if eldest is None:
            return
        removed = self._trimmed.get(eldest.n - 1)
        if removed is None:
            yield Break(eldest.n, f"{_rows(1, eldest.n - 1)} before it missing, and no entry says that they were trimmed")
        elif chain(_bytes(removed), eldest.body) != eldest.hash:
            yield Break(eldest.n, "its hash is not that of its content behind the row that was trimmed before it")

    def _ending(self, kept: Head | None) -> Iterator[Break]:
        last = self.head
        if kept is None and last.n:
            yield Break(last.n, "no head is kept beside the trail: newer rows may have been cut off")
        elif kept is not None and kept.n > last.n:
            yield Break(last.n + 1, f"{_rows(last.n + 1, kept.n)} missing at the end; the head that was kept is {kept}")
        elif kept is not None and kept.n < last.n:
            yield Break(kept.n + 1, f"{_rows(kept.n + 1, last.n)} not written by the collector: the head that it kept is {kept}")
        elif kept is not None and kept.hash != last.hash:
            yield Break(last.n, f"its hash is not that of the head that was kept, {kept}")

    def _not_there(self) -> Iterator[Break]:
        for n in self._written:
            if n > self.head.n:
                yield Break(n, "is missing; its hash was written down")
            elif n and n < self.first:
                yield Break(n, "was trimmed since its hash was written down, and can't be compared")


def verify(rows: Iterable[Row], kept: Head | None) -> int | None:
    """The number of the first broken row; None where the chain is whole."""
    check = Check()
    for row in rows:
        check.take(row)
    return min((place.n for place in check.end(kept)), default=None)


def _rows(first: int, last: int) -> str:
    return f"row {first} is" if first == last else f"rows {first} to {last} are"


def _bytes(hexadecimal: str) -> bytes:
    try:
        return bytes.fromhex(hexadecimal)
    except ValueError:
        return b""
