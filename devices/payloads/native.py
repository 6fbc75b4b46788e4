"""Bytes ⇄ readings of the native payload, version 1 (docs/reference/payload.md). Pure.

Two ways in. `reader` makes decoders for one kind of asset that take only what is right in every part; they run in C and carry the load.
`salvage` is patient: it says what is wrong with a payload, and gives back every reading and every value that is not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Annotated, Any, Literal, NamedTuple, TypedDict

import msgspec

from devices.signal import Signal, Value

MAX_BYTES = 256 * 1024
"""The longest message: whatever is longer is neither read nor sent."""

MAX_OBJECTS = 12_000
"""More objects with a value each than MAX_BYTES can hold."""

UNREADABLE = (ValueError, RecursionError)
"""What a decoder raises: msgspec.DecodeError, UnicodeDecodeError and JSONDecodeError are ValueErrors; too deep a nesting is the other."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_INT64 = 2**63 - 1
_TYPED_DICT: Any = TypedDict
_Zoned = Annotated[datetime, msgspec.Meta(tz=True)]


class Reading(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One object of the payload: what one asset said about one instant. `ts` is in Unix milliseconds; None stands for what was not said."""

    ts: int | None = None
    seq: Annotated[int, msgspec.Meta(ge=0, le=_INT64)] | None = None
    values: dict[str, Value]
    units: dict[str, str] | None = None
    backfill: bool | None = None


_MEMBERS = frozenset(Reading.__struct_fields__)


class Fault(NamedTuple):
    """What is wrong with one object (`name` is None), or with one value or member of it. `reason` is a code of the reference page."""

    reason: str
    detail: str
    name: str | None = None


def encode(readings: Reading | Sequence[Reading]) -> bytes:
    """The payload for one reading or a batch; ValueError where no collector would take it: empty, not finite, or too long."""
    batch = [readings] if isinstance(readings, Reading) else readings
    if not batch or not all(reading.values for reading in batch):
        raise ValueError("a payload without values says nothing; leave it out")
    for reading in batch:
        for name, value in reading.values.items():
            if isinstance(value, float) and not isfinite(value):
                raise ValueError(f"{name} is {value}, which JSON can't say; leave it out")
    payload = msgspec.json.encode(readings)
    if len(payload) > MAX_BYTES:
        raise ValueError(f"{len(payload)} bytes are more than the {MAX_BYTES} of one message; split the batch")
    return payload


class Reader(NamedTuple):
    """Decoders for one kind of asset: of one object, and of an array. Both raise one of UNREADABLE for what is not right in every part.

    They pass over names that they do not know, and over all but the last of equal names: `is_whole` tells. All numbers come out as floats.
    """

    one: Callable[[bytes], Reading]
    many: Callable[[bytes], list[Reading]]


def reader(signals: Iterable[Signal]) -> Reader:
    """Decoders that take numbers in their sane ranges, known states, true and false, and nothing else. Texts are left to `salvage`."""
    values = _TYPED_DICT("values", {signal.name: _type_of(signal) for signal in signals if signal.type != "text"}, total=False)
    one: Any = msgspec.defstruct("KindReading", [("values", values)], bases=(Reading,), frozen=True, kw_only=True, gc=False)
    return Reader(msgspec.json.Decoder(one).decode, msgspec.json.Decoder(list[one]).decode)


def is_whole(payload: bytes, readings: Sequence[Reading]) -> bool:
    """Whether `readings` are all that the payload says; never true where a reader passed something over, or where `units` are given.

    In JSON every name is followed by one colon, and other colons stand in strings only. So there are at least as many colons as names, and
    when there are only as many as the names that the reader took, it took them all, and none stood twice.
    """
    return payload.count(b":") == sum(map(_names, readings)) > 0


def _names(reading: Reading) -> int:
    if not reading.values:
        return 0  # never enough: an object without values is for `salvage` to explain
    return 1 + len(reading.values) + (reading.ts is not None) + (reading.seq is not None) + (reading.backfill is not None)


def _type_of(signal: Signal) -> object:
    if signal.type == "boolean":
        return bool
    if signal.type == "state":
        return Literal[tuple(sorted(signal.states))]
    low, high = signal.sane
    return Annotated[float, msgspec.Meta(ge=low if isfinite(low) else None, le=high if isfinite(high) else None)]


def salvage(payload: bytes) -> Iterator[Reading | Fault]:
    """Every reading that can be had, each after the faults found in it. Lazy: the caller bounds what it keeps.

    The values are numbers (finite floats), booleans and strings; whether they fit their signals is for the caller to judge.
    """
    try:
        sent = _PATIENT.decode(payload.decode())
    except UNREADABLE as error:
        yield Fault("malformed", f"not JSON: {error}" if payload.strip() else "an empty payload; a JSON object belongs here")
        return
    if not isinstance(sent, list):
        yield from _salvage_object(sent)
        return
    if not sent:
        yield Fault("no_values", "an empty array; one or more objects with values belong in it")
    if len(sent) > MAX_OBJECTS:
        yield Fault("too_large", f"an array of {len(sent)}; at most {MAX_OBJECTS} objects belong in one message")
        return
    for place, item in enumerate(sent):
        for found in _salvage_object(item):
            yield Fault(found.reason, f"object {place}: {found.detail}", found.name) if isinstance(found, Fault) else found


def shown(sent: object) -> str:
    """What a stranger sent, as a text for people quotes it: short, printable, on one line."""
    if isinstance(sent, bool | None):
        return json.dumps(sent)
    if isinstance(sent, list | dict):
        return "an array" if isinstance(sent, list) else "an object"
    return repr(sent[:60]) + "…" * (len(sent) > 60) if isinstance(sent, str) else repr(sent)


class _Object(dict[str, Any]):
    """An object of JSON that remembers which of its names stood more than once."""

    twice: frozenset[str] = frozenset()


def _object_of(pairs: list[tuple[str, Any]]) -> _Object:
    made = _Object(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        made.twice = frozenset(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
    return made


def _integer(digits: str) -> int | float:
    """An integer of JSON. One that no counter or clock reaches is read as a float, which may be infinite but takes no time to read."""
    return int(digits) if len(digits) <= 20 else float(digits)


_PATIENT = json.JSONDecoder(parse_int=_integer, object_pairs_hook=_object_of)
"""Takes NaN and infinities too, so that they lose nothing but their value."""


def _salvage_object(sent: object) -> Iterator[Reading | Fault]:
    if not isinstance(sent, _Object):
        yield Fault("malformed", f"found {shown(sent)}; an object with values belongs here")
        return
    fatal = _fatal_fault(sent)
    if fatal:
        yield fatal
        return
    yield from _member_faults(sent)
    sent_values: _Object = sent["values"]
    units = sent.get("units") or {}
    values: dict[str, Value] = {}
    for name, value in sent_values.items():
        plain = isinstance(value, str | bool) or (isinstance(value, float | int) and isfinite(value))
        unit = units.get(name)
        if plain and name not in sent_values.twice and isinstance(unit, str | None):
            values[name] = float(value) if type(value) is int else value
        else:
            yield _value_fault(name, value, unit, name in sent_values.twice)
    if values:
        yield Reading(
            ts=_timestamp(sent.get("ts")),
            seq=_counted(sent.get("seq")),
            values=values,
            units={name: units[name] for name in values if units.get(name) is not None} or None,
            backfill=_flag(sent.get("backfill")),
        )


def _fatal_fault(sent: _Object) -> Fault | None:
    """What makes the whole object useless, if anything does."""
    values, units = sent.get("values"), sent.get("units")
    if sent.twice & _MEMBERS:
        return Fault("duplicate_name", f"{', '.join(sorted(sent.twice & _MEMBERS))} stands twice in the object; once is right")
    if values is None or values == {}:
        return Fault("no_values", "no values; at least one signal belongs in them")
    if not isinstance(values, _Object):
        return Fault("malformed", f"values is {shown(values)}; an object of signals and their values belongs here")
    if not isinstance(units, _Object | None) or (units and units.twice):
        return Fault("unit_unknown", f"units is {shown(units)}; an object of signals and their units, each once, belongs here")
    try:
        _timestamp(sent.get("ts"))
    except ValueError:
        right = "Unix milliseconds, or date and time with the zone (2026-01-31T08:00:00Z), belong here"
        return Fault("timestamp_unusable", f"ts is {shown(sent['ts'])}; {right}")
    return None


def _member_faults(sent: _Object) -> Iterator[Fault]:
    """Members that are ignored because they make no sense; the values stay."""
    seq, backfill = sent.get("seq"), sent.get("backfill")
    if seq is not None and _counted(seq) is None:
        yield Fault("wrong_type", f"seq is {shown(seq)}; a whole number from 0 up belongs here; ignored", "seq")
    if backfill is not None and _flag(backfill) is None:
        yield Fault("wrong_type", f"backfill is {shown(backfill)}; true or false belongs here; ignored", "backfill")


def _value_fault(name: str, value: object, unit: object, twice: bool) -> Fault:
    if twice:
        return Fault("duplicate_name", "stands twice in one object; once is right", name)
    if isinstance(value, float) and not isfinite(value):
        return Fault("not_finite", f"{shown(value)} is no measurement; leave out what has no value", name)
    if value is None or isinstance(value, list | dict):
        right = "a number, true, false or a string belongs here; leave out what has no value"
        return Fault("wrong_type", f"found {shown(value)}; {right}", name)
    return Fault("unit_unknown", f"its unit is {shown(unit)}; the name of a unit belongs here", name)


def _timestamp(ts: object) -> int | None:
    """Unix milliseconds, rounded down; None where no time is given. ValueError where one is given that can't be read."""
    if isinstance(ts, str):
        return (msgspec.convert(ts, _Zoned) - _EPOCH) // _MILLISECOND
    if ts is None:
        return None
    if isinstance(ts, bool) or not isinstance(ts, int | float) or not isfinite(ts):
        raise ValueError("no time")
    return int(ts)


def _counted(seq: object) -> int | None:
    """A sequence number, or None where it is none; 5.0 is 5."""
    if isinstance(seq, bool) or not isinstance(seq, int | float) or not 0 <= seq <= _INT64 or seq != int(seq):
        return None
    return int(seq)


def _flag(backfill: object) -> bool | None:
    """True or false, also said as 1 or 0; None where it is neither."""
    return bool(backfill) if isinstance(backfill, bool | int | float) and backfill in (0, 1) else None
