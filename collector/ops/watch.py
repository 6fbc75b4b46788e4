"""The collector watching itself: it counts what goes by, says how it is, and answers for it (/metrics, /status, /readyz)."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from collector.evaluator import Evaluator
from collector.notify.calling import CallFigures
from collector.notify.outbox import ChannelStatus
from collector.ops import report
from collector.ops.itself import Itself
from collector.ops.metrics import Numbers, Row
from collector.ops.status import cursor_views, site_views
from collector.outputs import StateChange
from collector.ports import JournalStats, SourceStatus
from collector.records import Decoded, Point
from collector.selfwatch import Health, room_mib
from collector.version import VERSION
from collector.views import AlarmView, CursorView, StatusView
from collector.writer import WriterStats


@dataclass(frozen=True, slots=True)
class Views:
    """Where the figures of the other parts are asked for, each cheap and without waiting for a disk."""

    source: Callable[[], SourceStatus]
    journal: Callable[[], JournalStats]
    positions: Callable[[], Mapping[str, int]]
    writer: Callable[[], WriterStats]
    evaluator: Callable[[], Evaluator]
    alarms: Callable[[], list[AlarmView]]
    dropped: Callable[[], dict[str, int]]
    quarantined: Callable[[], dict[str, int]]
    notices_waiting: Callable[[], int]
    disk_problem: Callable[[], str]
    disk_free_bytes: Callable[[], int]
    channels: Callable[[], list[ChannelStatus]]
    calls: Callable[[], CallFigures]


TRACKED = 10_000
"""Batches whose way is timed; of a longer backlog the oldest are not."""


class Watch:
    """`received`, `passed` and `committed` are told what went by; the rest is asked."""

    def __init__(self, views: Views, now_ms: Callable[[], int]) -> None:
        self.numbers = Numbers()
        self._views, self._now_ms = views, now_ms
        self._done_ms: dict[str, int] = {}
        self._itself = Itself(self.numbers)
        self._histograms = {"writer": self.numbers.stored, "evaluator": self.numbers.evaluated}
        readers = views.positions()
        self._tracks: dict[str, deque[tuple[int, int, int]]] = {reader: deque(maxlen=TRACKED) for reader in readers}
        self._dropped = sum(views.dropped().values())

    def received(self, batch: Decoded) -> None:
        """A batch is on disk and acknowledged."""
        self.numbers.messages += batch.messages
        self.numbers.values += batch.values
        for track in self._tracks.values():
            track.append((batch.seq, batch.received_ms, batch.messages))

    def passed(self, reader: str, seq: int) -> None:
        """A reader has done everything up to `seq`: how long each message took from its receipt."""
        now_ms, track, histogram = self._now_ms(), self._tracks[reader], self._histograms.get(reader)
        while track and track[0][0] <= seq:
            _, received_ms, messages = track.popleft()
            if histogram is not None:
                histogram.add((now_ms - received_ms) / 1000, messages)
            self._done_ms[reader] = received_ms

    def committed(self, change: StateChange) -> None:
        for transition in change.transitions:
            self.numbers.transitions[transition.event, transition.priority] += 1

    def health(self) -> Health:
        """How the collector is, as its own alarms judge it. What was dropped counts once; strangers left off a list are no readings."""
        dropped = sum(count for where, count in self._views.dropped().items() if where != "unknown_assets")
        recently, self._dropped = dropped - self._dropped, dropped
        room = room_mib(self._views.disk_free_bytes())
        return Health(self._views.source().connected, bool(self._views.writer().failing), float(max(0, recently)), room)

    def problems(self) -> list[str]:
        """Why the collector is not ready; empty when it is."""
        source, writer = self._views.source(), self._views.writer()
        disk = self._views.disk_problem()
        found = {
            f"not connected to {source.name}: {source.problem or 'connecting'}": not source.connected,
            f"the journal can't be written, nothing is acknowledged: {disk}": bool(disk),
            f"the database takes nothing: {writer.problem}": bool(writer.failing),
        }
        return [problem for problem, is_so in found.items() if is_so]

    def status(self) -> StatusView:
        views, now_ms = self._views, self._now_ms()
        alarms = views.alarms()
        return StatusView(
            version=VERSION,
            at_ms=now_ms,
            source=views.source(),
            sites=site_views(views.evaluator(), now_ms),
            alarms=[alarm for alarm in alarms if alarm.is_open],
            quiet=[alarm for alarm in alarms if not alarm.is_open],
            cursors=self._cursors(now_ms),
            dropped=views.dropped(),
            quarantined=views.quarantined(),
        )

    def _cursors(self, now_ms: int) -> list[CursorView]:
        return cursor_views(self._views.positions(), self._views.journal().last_seq, self._done_ms, now_ms)

    def points(self) -> Iterator[Point]:
        """What the dashboards show of this moment. Nothing while the database takes nothing: what waits for it is bounded, and transitions
        of alarms must not be pushed out by what would be old when it is written."""
        views, now_ms = self._views, self._now_ms()
        if views.writer().failing:
            return
        yield from self._itself.points(self.rows(), now_ms)
        yield from report.points(views.evaluator(), views.alarms(), now_ms)

    def rows(self) -> Iterator[Row]:
        """Every metric of the moment, but the histograms."""
        views, numbers = self._views, self.numbers
        source, journal, writer = views.source(), views.journal(), views.writer()
        yield "oxygrid_info", (VERSION,), 1
        yield "oxygrid_messages_received", (), numbers.messages
        yield "oxygrid_values_received", (), numbers.values
        yield "oxygrid_values_stored", (), writer.values
        yield "oxygrid_store_retries", (), writer.kept
        yield "oxygrid_store_rejected_lines", (), writer.rejected
        yield "oxygrid_journal_bytes", (), journal.bytes
        yield "oxygrid_disk_free_bytes", (), views.disk_free_bytes()
        yield "oxygrid_notices_waiting", (), views.notices_waiting()
        yield from (("oxygrid_quarantined", (reason,), count) for reason, count in sorted(views.quarantined().items()))
        yield from (("oxygrid_dropped_messages", (where,), count) for where, count in sorted(views.dropped().items()))
        for cursor in self._cursors(self._now_ms()):
            yield "oxygrid_cursor_lag_batches", (cursor.name,), cursor.lag_batches
            yield "oxygrid_cursor_lag_seconds", (cursor.name,), cursor.lag_s
        yield from (("oxygrid_alarm_transitions", labels, count) for labels, count in sorted(numbers.transitions.items()))
        alarms = views.alarms()
        yield from (("oxygrid_alarms_open", (priority,), n) for priority, n in Counter(a.priority for a in alarms if a.is_open).items())
        yield from (("oxygrid_alarms_quiet", (state,), n) for state, n in Counter(a.state for a in alarms if not a.is_open).items())
        for channel in views.channels():
            for outcome, count in (("sent", channel.sent), ("failed", channel.failed), ("given_up", channel.given_up)):
                yield "oxygrid_notices", (channel.channel, outcome), count
            yield "oxygrid_channel_broken", (channel.channel,), int(channel.broken)
        calls = views.calls()
        yield "oxygrid_calls", ("open",), calls.open
        yield "oxygrid_calls", ("acknowledged",), calls.acknowledged
        yield "oxygrid_tells_waiting", (), calls.waiting
        yield from (("oxygrid_person_messages", (person,), count) for person, count in sorted(calls.messages.items()))
        yield from (("oxygrid_person_night_wakes", (person,), count) for person, count in sorted(calls.night_wakes.items()))
        yield "oxygrid_source_connected", (source.name,), int(source.connected)
        yield "oxygrid_source_reconnects", (source.name,), source.reconnects
        yield "oxygrid_source_deaf", (source.name,), source.deaf
        yield "oxygrid_source_sessions_lost", (source.name,), source.sessions_lost
