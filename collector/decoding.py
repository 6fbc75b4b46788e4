"""Raw messages → observations, statuses and rejects. Pure: the same batch always gives an equal result.

All that depends on the configuration is compiled once: a topic is looked up in one table, and each kind of asset has a reader of its own
that checks types, states and ranges while it parses. The road of a good message is `Decoder.decode`, top to bottom; what is not good in
every part leaves it for `_take_pieces` and `_judge`, which find out why and keep the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isfinite
from typing import Final

import msgspec

from collector.records import CONTROL, Batch, Control, Decoded, Message, Reject, Status
from devices.assets import Site
from devices.kinds.catalogue import KINDS
from devices.payloads import native
from devices.payloads.native import MAX_BYTES, UNREADABLE, Fault, Reading, is_whole, shown
from devices.signal import Observation, Signal, Timing, Value, ValueType
from devices.units import factor

REASONS: Final[dict[str, str]] = {
    "malformed": "The payload is not JSON, or not an object with values, or not an array of such objects.",
    "no_values": "The object has no values, or the array no objects.",
    "duplicate_name": "The same name stands twice in one object.",
    "too_large": "The message is longer than 262,144 bytes, or an array of more than 12,000.",
    "unknown_topic": "The topic has not the form of a reading or a status.",
    "unknown_site": "The site in the topic is not configured.",
    "unknown_asset": "The site in the topic has no such asset.",
    "unknown_signal": "This kind of asset has no such signal.",
    "unknown_status": "The payload of a status topic is neither online nor offline.",
    "wrong_type": "The value is of another type than the signal: a string for a number, a number for a state, null, an array.",
    "not_finite": "NaN, an infinity, or a number too large to be represented.",
    "out_of_range": "The number, in the signal's own unit, is outside of what a working sensor can give.",
    "unit_unknown": "The sender's unit is not known, or measures something else than the signal.",
    "state_unknown": "The name is not one of the signal's states.",
    "text_unusable": "The text is empty, longer than 128 characters, or holds characters that can't be printed.",
    "timestamp_unusable": "The time can't be read: it is neither a number nor a date and time with a zone.",
    "too_many_faults": "The message has more than 64 faults; the others are only counted.",
}
"""Reason code → what it means. docs/reference/payload.md says what to do about each."""

MAX_FAULTS: Final = 64
SAMPLE_BYTES: Final = 512
MAX_TOPIC: Final = 256
MAX_TEXT: Final = 128

YEAR_2020_MS: Final = 1_577_836_800_000
AHEAD_MS: Final = 120_000
LATE_MS: Final = 300_000

_NO_TS, _BAD_CLOCK, _FUTURE = int(Timing.NO_TS), int(Timing.BAD_CLOCK), int(Timing.FUTURE)
_LATE, _BACKFILL, _RETAINED = int(Timing.LATE), int(Timing.BACKFILL), int(Timing.RETAINED)
_STAND_IN: Final = _NO_TS | _BAD_CLOCK | _FUTURE
_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1
_STATUS: Final = "/status"
_STATUS_WORDS: Final = {b"online": True, b"offline": False}


class Route(msgspec.Struct, frozen=True, gc=False):
    """Whose topic it is, and how to read what comes there."""

    site: str
    asset: str
    kind: str
    read: Callable[[bytes], Reading]
    read_many: Callable[[bytes], list[Reading]]
    signals: Mapping[str, Signal]


class Decoder:
    """Decodes batches for these sites. Holds nothing but its tables, which grow with the assets only; a reload makes a new one."""

    def __init__(self, sites: Sequence[Site], prefix: str = "oxygrid/v1") -> None:
        self._prefix = f"{prefix}/"
        self._sites = frozenset(site.id for site in sites)
        readers = {name: native.reader(kind.signals.values()) for name, kind in KINDS.items()}
        self._routes = {
            f"{prefix}/{site.id}/{asset.id}": Route(site.id, asset.id, asset.kind, *readers[asset.kind], KINDS[asset.kind].signals)
            for site in sites
            for asset in site.assets
        }

    def decode(self, batch: Batch) -> Decoded:
        """Events in the order of their messages; one reject for each message, object or value that could not be taken."""
        received_ms = batch.received_ms
        oldest_ms, newest_ms = max(received_ms - LATE_MS, YEAR_2020_MS), received_ms + AHEAD_MS
        route_of = self._routes.get
        work, count = _Work(received_ms), 0
        add = work.events.append
        for index, message in enumerate(batch.messages):
            topic, payload, retained = message
            route = route_of(topic)
            if route is None or len(payload) > MAX_BYTES:
                self._aside(work, index, message)
                continue
            try:
                reading = route.read(payload)
            except UNREADABLE:
                _take_array(work, route, index, message)
                continue
            ts_ms, seq, values = reading.ts, reading.seq, reading.values
            size = len(values)
            # The plain message: live, with ts, seq and values and nothing else, by the argument of native.is_whole.
            if (
                ts_ms is not None
                and seq is not None
                and size
                and not retained
                and oldest_ms <= ts_ms <= newest_ms
                and payload.count(b":") == size + 3
            ):
                add(Observation(route.site, route.asset, route.kind, ts_ms, received_ms, values, 0, seq))
                count += size
            elif is_whole(payload, (reading,)):
                work.observe(route, reading, retained)
            else:
                _take_pieces(work, route, index, message)
        return Decoded(batch.seq, received_ms, work.events, work.rejects, len(batch.messages), work.values + count)

    def _aside(self, work: _Work, index: int, message: Message) -> None:
        """A message that is not a reading: a control record, a status, too large, or nobody's."""
        topic, payload, retained = message
        route = self._routes.get(topic.removesuffix(_STATUS))
        if topic.startswith(CONTROL):
            work.events.append(Control(topic.removeprefix(CONTROL), payload, work.received_ms))
        elif topic in self._routes:
            work.reject(index, message, Fault("too_large", f"{len(payload)} bytes; at most {MAX_BYTES} belong in one message"))
        elif route is None:
            work.reject(index, message, self._unrouted(topic))
        elif (online := _STATUS_WORDS.get(payload[:32].strip().lower())) is None:
            said = shown(payload[:60].decode(errors="replace"))
            work.reject(index, message, Fault("unknown_status", f"found {said}; online or offline belongs here"))
        else:
            work.events.append(Status(route.site, route.asset, online, work.received_ms, retained))

    def _unrouted(self, topic: str) -> Fault:
        site, _, rest = topic.removeprefix(self._prefix).partition("/")
        asset = rest.removesuffix(_STATUS)
        if not topic.startswith(self._prefix) or not site or not asset or "/" in asset:
            return Fault("unknown_topic", f"{self._prefix}<site>/<asset>, or that and /status, is the form of a topic")
        if site not in self._sites:
            return Fault("unknown_site", f"site {shown(site)} is not configured")
        return Fault("unknown_asset", f"site {shown(site)} has no asset {shown(asset)}")


class _Work:
    """What becomes of one batch. `ties` counts, by asset, the observations that have the time of receipt for want of their own."""

    __slots__ = ("events", "received_ms", "rejects", "ties", "values")

    def __init__(self, received_ms: int) -> None:
        self.received_ms = received_ms
        self.events: list[Observation | Status | Control] = []
        self.rejects: list[Reject] = []
        self.ties: dict[tuple[str, str], int] = {}
        self.values = 0

    def observe(self, route: Route, reading: Reading, retained: bool) -> None:
        event_ms, timing, raw_ts_ms = place_in_time(reading.ts, self.received_ms)
        if reading.backfill:
            timing |= _BACKFILL
        if retained:
            timing |= _RETAINED
        tie = 0
        if timing & _STAND_IN:
            key = (route.site, route.asset)
            tie = self.ties.get(key, 0)
            self.ties[key] = tie + 1
        site, asset, kind = route.site, route.asset, route.kind
        observation = Observation(site, asset, kind, event_ms, self.received_ms, reading.values, timing, reading.seq, tie, raw_ts_ms)
        self.events.append(observation)
        self.values += len(reading.values)

    def reject(self, index: int, message: Message, fault: Fault) -> None:
        sample = message.payload[:SAMPLE_BYTES]
        self.rejects.append(Reject(index, message.topic[:MAX_TOPIC], fault.reason, fault.detail, _safe(fault.name), sample))


def place_in_time(ts_ms: int | None, received_ms: int) -> tuple[int, int, int | None]:
    """(event_ms, timing, raw_ts_ms) for what the sender claims (domain reference, clock and delivery faults)."""
    if ts_ms is None:
        return received_ms, _NO_TS, None
    if ts_ms < YEAR_2020_MS:
        return received_ms, _BAD_CLOCK, max(ts_ms, _INT64_MIN)
    if ts_ms > received_ms + AHEAD_MS:
        return received_ms, _FUTURE, min(ts_ms, _INT64_MAX)
    return ts_ms, _LATE if ts_ms < received_ms - LATE_MS else 0, None


def _take_array(work: _Work, route: Route, index: int, message: Message) -> None:
    """An array of good objects; else its pieces."""
    payload = message.payload
    try:
        readings = route.read_many(payload)
    except UNREADABLE:
        readings = []
    if is_whole(payload, readings):
        for reading in readings:
            work.observe(route, reading, message.retained)
    else:
        _take_pieces(work, route, index, message)


def _take_pieces(work: _Work, route: Route, index: int, message: Message) -> None:
    """Each value on its own: slow, and thorough."""
    faults = 0
    for found in _judge(route, native.salvage(message.payload)):
        if isinstance(found, Reading):
            work.observe(route, found, message.retained)
        else:
            faults += 1
            if faults <= MAX_FAULTS:
                work.reject(index, message, found)
    if faults > MAX_FAULTS:
        work.reject(index, message, Fault("too_many_faults", f"{faults - MAX_FAULTS} more faults in this message"))


def _judge(route: Route, salvaged: Iterator[Reading | Fault]) -> Iterator[Reading | Fault]:
    """Holds what was salvaged against the signals of the kind: faults as they are found, readings with nothing but good values."""
    for reading in salvaged:
        if isinstance(reading, Fault):
            yield reading
            continue
        units = reading.units or {}
        values: dict[str, Value] = {}
        for name, value in reading.values.items():
            signal = route.signals.get(name)
            if signal is None:
                yield Fault("unknown_signal", f"a {route.kind} has no signal {shown(name)}", name)
                continue
            verdict = _verdict(signal, value, units.get(name))
            if isinstance(verdict, Fault):
                yield verdict
            else:
                values[name] = verdict
        if values:
            yield msgspec.structs.replace(reading, values=values)


def _verdict(signal: Signal, value: Value, unit: str | None) -> Value | Fault:
    """The value in our own unit, or what is wrong with it."""
    scale, offset = 1.0, 0.0
    if unit:
        try:
            scale, offset = factor(unit, signal.unit)
        except ValueError as error:
            return Fault("unit_unknown", str(error), signal.name)
    if isinstance(value, float) and signal.type in _NUMBERS:
        return _number(signal, value * scale + offset)
    return _OTHERS[signal.type](signal, value)


def _number(signal: Signal, value: float) -> Value | Fault:
    low, high = signal.sane
    if not isfinite(value):
        return Fault("not_finite", "too large a number in the signal's unit", signal.name)
    if not low <= value <= high:
        return Fault("out_of_range", f"{value:.6g} {signal.unit} is outside of {low:g} … {high:g}", signal.name)
    return value


def _contact(signal: Signal, value: Value) -> Value | Fault:
    """True or false; many controllers say 1 and 0."""
    if isinstance(value, str) or value not in (0, 1):
        return Fault("wrong_type", f"found {shown(value)}; true or false belongs here", signal.name)
    return bool(value)


def _state(signal: Signal, value: Value) -> Value | Fault:
    if value in signal.states:
        return value
    reason = "state_unknown" if isinstance(value, str) else "wrong_type"
    return Fault(reason, f"found {shown(value)}; one of {', '.join(sorted(signal.states))} belongs here", signal.name)


def _text(signal: Signal, value: Value) -> Value | Fault:
    if not isinstance(value, str):
        return Fault("wrong_type", f"found {shown(value)}; a text belongs here", signal.name)
    if not 0 < len(value) <= MAX_TEXT or not value.isprintable():
        return Fault("text_unusable", f"found {shown(value)}; 1 to {MAX_TEXT} printable characters belong here", signal.name)
    return value


def _no_number(signal: Signal, value: Value) -> Value | Fault:
    return Fault("wrong_type", f"found {shown(value)}; a number belongs here", signal.name)


_NUMBERS: Final = frozenset({"number", "counter"})
_OTHERS: Final[dict[ValueType, Callable[[Signal, Value], Value | Fault]]] = {
    "number": _no_number,
    "counter": _no_number,
    "boolean": _contact,
    "state": _state,
    "text": _text,
}


def _safe(name: str | None) -> str | None:
    """A name as any log and database can hold it."""
    return name if name is None or (len(name) <= 64 and name.isprintable()) else shown(name)
