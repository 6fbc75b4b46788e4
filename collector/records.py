"""The values that travel the way of a reading: raw message → batch → decoded batch. Pure; no behaviour beyond being values.

A batch is what one fsync made durable. Its `seq` is its place in the journal (1, 2, 3 …), its `received_ms` grows strictly with `seq`, so a
journal read again gives the same times and the same order as it gave live.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from devices.signal import Observation, Value

CONTROL = "$oxygrid/"
"""Topics of the collector's own records in the journal. No wildcard of MQTT matches a topic that begins with `$`, so no gateway can forge
one.

`$oxygrid/start`: the collector began; `$oxygrid/source`: a session with the broker began or ended, payload {"connected": bool};
`$oxygrid/command`: an operator's command. These are folded by the evaluator like readings are. `$oxygrid/stop`, `$oxygrid/configuration`
(other rules or sites are in force), `$oxygrid/refused` (a command that could not be done) and `$oxygrid/count` (who counted the cylinders
of which store; the reading stands behind it in the batch) are for the audit trail alone.
"""


class Message(NamedTuple):
    """One message as it came."""

    topic: str
    payload: bytes
    retained: bool = False


class Batch(msgspec.Struct, frozen=True, gc=False):
    """Messages made durable together."""

    seq: int
    received_ms: int
    messages: list[Message]


class Reject(msgspec.Struct, frozen=True, gc=False):
    """What could not be taken, and why: the whole message (`signal` is None) or one value of it.

    `index` is the message's place in its batch; `reason` is a code of `collector.decoding.REASONS`; `detail` says what was found and what
    would be right; `sample` is the beginning of the payload (at most 512 bytes).
    """

    index: int
    topic: str
    reason: str
    detail: str
    signal: str | None = None
    sample: bytes = b""


class Status(msgspec.Struct, frozen=True, gc=False):
    """A gateway's or asset's own word that it is there: the retained `…/status` topic, or its last will."""

    site: str
    asset: str
    online: bool
    received_ms: int
    retained: bool


class Control(msgspec.Struct, frozen=True, gc=False):
    """A record of the collector's own (see CONTROL): `name` is what follows the prefix, `payload` its JSON."""

    name: str
    payload: bytes
    received_ms: int


class Decoded(msgspec.Struct, frozen=True, gc=False):
    """A batch, decoded. `events` keeps the order of the messages among observations, statuses and control records."""

    seq: int
    received_ms: int
    events: list[Observation | Status | Control]
    rejects: list[Reject]
    messages: int
    values: int


class Point(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A derived row for the store: an alarm transition, a stock estimate, a quarantined value, a self-measurement."""

    measurement: str
    tags: dict[str, str]
    fields: dict[str, Value | int]
    time_ms: int
