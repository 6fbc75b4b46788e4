"""A case → what happens when: messages as gateways and the collector itself would send them, and the times at which to look. Pure.

Nothing is left out of the way of a reading: messages are bytes with a topic, for the real decoder. What is sent while the collector is
stopped or has lost the broker comes when it is back, as the broker's queue would give it.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from collector.cases.model import COMMANDS, Case, Event, Series
from collector.cases.notation import TRUE_TIME, Stamp, samples
from collector.config.problems import Problem
from collector.outputs import Command
from collector.records import CONTROL, Message
from collector.selfwatch import COLLECTOR_ASSET, COLLECTOR_SITE
from devices.assets import Site
from devices.signal import Value

PREFIX = "oxygrid/v1"
START = Message(f"{CONTROL}start", b"{}")


class Said(NamedTuple):
    """What one asset says in one message, sent `at_ms` from the beginning, measured at `measured_ms`."""

    at_ms: int
    measured_ms: int
    asset: str
    values: dict[str, Value]
    stamp: Stamp


class Instant(NamedTuple):
    """What comes at one time, in its order. `restart`: before it the collector is started anew from what it had saved."""

    at_ms: int
    messages: list[Message]
    restart: bool


class Script(NamedTuple):
    """Times are from the beginning of the case; `begin_ms` is when that is. In the spans `stopped` no collector runs."""

    begin_ms: int
    instants: list[Instant]
    said: list[Said]
    stopped: list[tuple[int, int]]


def script_of(case: Case, site: Site, interval_ms: int | None, begin_ms: int) -> Script:
    """What happens in a case. Raises ScriptError with every series that makes no sense."""
    said = sorted(_all_said(case, site, interval_ms), key=lambda one: one.at_ms)
    waits = _Waits(case.events)
    pending: list[tuple[int, int, int, Message]] = [(0, 0, 0, START)]
    order = 0
    for one in said:
        order += 1
        pending.append((waits.until(one.at_ms), 2, order, _message(one, site.id, begin_ms)))
    for event in case.events:
        order += 1
        for message in _event_messages(event, site.id):
            heard_ms = event.at if event.verb == "broker" or event.verb in COMMANDS else waits.until(event.at)
            pending.append((heard_ms, 1 if event.verb == "broker" else 3, order, message))
    restarts = set(waits.restarts)
    pending += [(at_ms, 0, 0, START) for at_ms in restarts]
    heapq.heapify(pending)
    return Script(begin_ms, list(_instants(pending, restarts)), said, waits.spans["collector"])


class ScriptError(Exception):
    """`problems` with their places within the case."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(problem.text for problem in problems))
        self.problems = problems


def _instants(pending: list[tuple[int, int, int, Message]], restarts: set[int]) -> Iterator[Instant]:
    while pending and pending[0][0] < NEVER:
        at_ms = pending[0][0]
        messages = []
        while pending and pending[0][0] == at_ms:
            messages.append(heapq.heappop(pending)[3])
        yield Instant(at_ms, messages, at_ms in restarts)


class _Waits:
    """The times in which nothing is heard, and what is sent waits at the broker. `restarts`: when the collector begins again."""

    def __init__(self, events: Iterable[Event]) -> None:
        self.restarts: list[int] = []
        self.spans: dict[str, list[tuple[int, int]]] = {"broker": [], "collector": []}
        since: dict[str, int] = {}
        for event in sorted(events, key=lambda event: event.at):
            if event.broker == "lost" or event.collector == "stops":
                since.setdefault(event.verb, event.at)
            elif event.verb in self.spans:
                begun_ms = since.pop(event.verb, None)
                self.spans[event.verb] += [(begun_ms, event.at)] if begun_ms is not None else []
                self.restarts += [event.at] if event.verb == "collector" else []
        for verb, begun_ms in since.items():
            self.spans[verb].append((begun_ms, NEVER))

    def until(self, at_ms: int) -> int:
        """When what is sent at that time is heard."""
        spans = [*self.spans["broker"], *self.spans["collector"]]
        while (later := max((end for start, end in spans if start <= at_ms < end), default=at_ms)) > at_ms:
            at_ms = later
        return at_ms


NEVER = 1 << 60


def _all_said(case: Case, site: Site, interval_ms: int | None) -> list[Said]:
    intervals = {asset.id: round(asset.interval_s * 1000) for asset in (*site.assets, *COLLECTOR_SITE.assets)}
    problems: list[Problem] = []
    by_message: dict[tuple[int, int, str, Stamp], dict[str, Value]] = {}
    for path, parts in case.series.items():
        asset, _, signal = path.partition("/")
        for place, part in enumerate(parts):
            every_ms = part.every or interval_ms or intervals[asset]
            try:
                for at_ms, measured_ms, value, stamp in _samples(part, every_ms):
                    by_message.setdefault((at_ms, measured_ms, asset, stamp), {})[signal] = value
            except ValueError as exc:
                problems.append(Problem(("series", path, place), str(exc)))
    if problems:
        raise ScriptError(problems)
    return [Said(at, measured, asset, values, stamp) for (at, measured, asset, stamp), values in by_message.items()]


def _samples(part: Series, every_ms: int) -> Iterator[tuple[int, int, Value, Stamp]]:
    for offset_ms, value, own in samples(part.values, every_ms):
        stamp = own
        if part.stamp is not None and own._replace(backfill=False, retained=False) == TRUE_TIME:
            stamp = part.stamp._replace(backfill=own.backfill, retained=own.retained)
        stamp = stamp._replace(backfill=stamp.backfill or part.backfill, retained=stamp.retained or part.retained)
        measured_ms = part.start + offset_ms
        if part.sent is not None and part.sent < measured_ms:
            raise ValueError("sent: before it was measured; it should be at or after the last sample")
        yield measured_ms if part.sent is None else part.sent, measured_ms, value, stamp


def _message(said: Said, site: str, begin_ms: int) -> Message:
    if said.asset == COLLECTOR_ASSET:
        return Message(f"{CONTROL}health", json.dumps({"values": said.values}).encode())
    body: dict[str, object] = {"values": said.values}
    if not said.stamp.none:
        true_ms = begin_ms + said.measured_ms + said.stamp.shift_ms
        body = {"ts": true_ms if said.stamp.at_ms is None else said.stamp.at_ms, **body}
    if said.stamp.backfill:
        body["backfill"] = True
    return Message(f"{PREFIX}/{site}/{said.asset}", json.dumps(body).encode(), said.stamp.retained)


def _event_messages(event: Event, site: str) -> list[Message]:
    match event.verb:
        case "collector":
            return []
        case "broker":
            return [Message(f"{CONTROL}source", json.dumps({"connected": event.broker == "back"}).encode())]
        case "online" | "offline":
            return [Message(f"{PREFIX}/{site}/{event.object}/status", event.verb.encode(), event.retained)]
    name = next(name for name in COMMANDS if name == event.verb)
    whole = full_name(site, event.object)
    command = Command(name, whole, event.by, event.why, event.minutes, event.one_shot)
    return [Message(f"{CONTROL}command", msgspec.json.encode(command))]


def full_name(site: str, alarm: str) -> str:
    """`line/LP-LL` of a case → `site/line/LP-LL`; the collector's own alarms are of its own site."""
    return f"{COLLECTOR_SITE.id}/{alarm}" if alarm.startswith(f"{COLLECTOR_ASSET}/") else f"{site}/{alarm}"


def short_name(alarm: str) -> str:
    return alarm.partition("/")[2]


def told_as(values: Mapping[str, Value]) -> str:
    """Values as people read them."""
    return ", ".join(f"{name} {value:.6g}" if isinstance(value, float) else f"{name} {value}" for name, value in values.items())
