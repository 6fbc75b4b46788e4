"""The fold: (state, batch, now) → (state, what changed). Pure; one function for live, restart, replay and back-test.

Time only moves forward and is that of the journal: before a batch is folded, every deadline that lies before its receipt is met, in order.
So `advance(a); advance(b)` is `advance(b)`, and a journal read again gives what it gave live. A restart loads each site's snapshot and
folds the batches behind that site's own cursor.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from collector.outputs import AlarmState, AuditEntry, Command, SiteSnapshot, StateChange, Transition
from collector.points import alarm_point
from collector.records import Control, Decoded, Status
from collector.rules.compile import Programs
from collector.rules.model import RuleSet
from collector.selfwatch import COLLECTOR_ASSET, COLLECTOR_SITE
from collector.site import DUES, SiteFold, SiteState, Wake
from devices.assets import Site
from devices.signal import Observation

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(SiteState).decode


class SourceChange(msgspec.Struct, frozen=True):
    connected: bool


class HealthWord(msgspec.Struct, frozen=True):
    """What the collector says of itself; judged like an asset of kind `collector`."""

    values: dict[str, float | bool | str]


QUIET: frozenset[AlarmState] = frozenset({"shelved", "suppressed", "out_of_service"})
"""States in which nobody is told of an alarm."""
SENSOR_FAULTS = frozenset({"out_of_range", "not_finite"})
"""Reasons of a reject that say something about the sensor, not about its sender."""


class Place(NamedTuple):
    """How far a site has been folded: the seq of the batch, and the time up to which its deadlines were met."""

    cursor: int
    at_ms: int


NOWHERE = Place(0, 0)


class Evaluator:
    """All sites. `cursor` is the seq of the last batch folded, `now_ms` the time up to which deadlines are met."""

    def __init__(self, sites: Sequence[Site], rules: RuleSet, snapshots: Iterable[SiteSnapshot] = ()) -> None:
        known = {s.site: s for s in snapshots}
        programs = Programs(rules)
        self._deadlines: list[tuple[int, str, int, str]] = []
        self.sites: dict[str, SiteFold] = {}
        places: dict[str, Place] = {}
        for site in (*sites, COLLECTOR_SITE):
            snapshot = known.get(site.id)
            state = _decode(snapshot.state) if snapshot else None
            self.sites[site.id] = SiteFold(site, programs, self._waker(site.id), state)
            places[site.id] = Place(snapshot.cursor, state.at_ms) if snapshot and state else NOWHERE
        begun = [place for place in places.values() if place.at_ms]
        self.cursor = min((place.cursor for place in begun), default=0)
        self.now_ms = min((place.at_ms for place in begun if place.cursor == self.cursor), default=0)
        self._ahead = {name: place for name, place in places.items() if place.cursor > self.cursor}
        self._asleep = {name for name, place in places.items() if not place.at_ms}
        for name in self.sites.keys() - self._ahead.keys() - self._asleep:
            self.sites[name].arm(places[name].at_ms)

    def step(self, batch: Decoded, out: StateChange) -> None:
        """Fold a batch: deadlines before it first, then its events in their order. Batches at or before `cursor` change nothing.

        What changed is added to `out`, so that several batches can be committed as one.
        """
        if batch.seq <= self.cursor:
            return
        if batch.events and batch.events[0].__class__ is Control:
            self._begin(batch)
        self._advance(batch.received_ms, out)
        sites, ahead = self.sites, self._ahead
        if batch.rejects:
            self._note_faults(batch, out)
        commands = 0
        for event in batch.events:
            if event.__class__ is Observation:
                site = sites.get(event.site)
                if site is not None and not (ahead and event.site in ahead):
                    site.observe(event, out)
            elif not isinstance(event, Observation):
                if event.__class__ is Control and event.name == "command":
                    self._command(event, batch.seq, commands, out)
                    commands += 1
                else:
                    self._other(event, out)
        self.cursor = batch.seq
        if ahead:
            self._catch_up()

    def advance(self, now_ms: int, out: StateChange) -> None:
        """Let time pass without a batch."""
        self._advance(now_ms, out)

    def reach(self, seq: int, now_ms: int, out: StateChange) -> None:
        """The same up to a batch whose events the caller gives to its site itself."""
        self._advance(now_ms, out)
        self.cursor = seq

    def next_deadline_ms(self) -> int | None:
        return self._deadlines[0][0] if self._deadlines else None

    def refusal(self, command: Command) -> str:
        """Why a command would be refused now, and what would be right; empty where it would be obeyed."""
        site = self.sites.get(command.alarm.partition("/")[0])
        return site.panel.refusal(command) if site is not None else f"there is no alarm {command.alarm!r}: no such site"

    def snapshots(self, names: Iterable[str]) -> list[SiteSnapshot]:
        """The state of these sites after the batch `cursor`."""
        return [self._snapshot(name, self._ahead.get(name, Place(self.cursor, self.now_ms))) for name in names]

    def retire(self, alarms: Iterable[Transition], now_ms: int, out: StateChange) -> None:
        """End those of the open alarms whose rule, asset or site is not configured any more, and which nothing else could end."""
        for alarm in alarms:
            site = self.sites.get(alarm.site)
            if site is None or (alarm.asset, alarm.rule) not in site.book.alarms:
                ended = msgspec.structs.replace(
                    alarm,
                    event="cleared",
                    state="normal",
                    event_ms=now_ms,
                    evaluated_ms=now_ms,
                    annunciate=alarm.state not in QUIET,
                    condition=False,
                    text=f"{alarm.alarm} is not watched any more: it was taken out of the configuration.",
                )
                out.transitions.append(ended)
                out.points.append(alarm_point(site.site if site else Site(id=alarm.site, assets=()), ended))

    # ---- inside --------------------------------------------------------------------------------------------------------------

    def _snapshot(self, name: str, place: Place) -> SiteSnapshot:
        return SiteSnapshot(name, place.cursor, _encode(self.sites[name].dump(place.at_ms)))

    def _advance(self, now_ms: int, out: StateChange) -> None:
        if self._asleep and now_ms:
            for name in self._asleep:
                self.sites[name].arm(now_ms)
            self._asleep = set()
        deadlines = self._deadlines
        while deadlines and deadlines[0][0] <= now_ms:
            due_ms, site_id, what, key = heapq.heappop(deadlines)
            self.now_ms = max(self.now_ms, due_ms)
            self.sites[site_id].due(DUES[what], key, self.now_ms, out)
        self.now_ms = max(self.now_ms, now_ms)

    def _begin(self, batch: Decoded) -> None:
        """Two records that the journal writes at the head of a batch are about the time before it. `start`: nobody listened until now, so
        nobody was silent, and no stock was looked at. `clock`: the collector's clock was ahead and has been put right; what was timed by
        it moves along."""
        names = {event.name for event in batch.events[:2] if isinstance(event, Control)}
        stepped_back = "clock" in names and batch.received_ms < self.now_ms
        if not (stepped_back or "start" in names):
            return
        self._deadlines.clear()
        for name in self.sites.keys() - self._ahead.keys():
            site = self.sites[name]
            if stepped_back:
                site.shift(batch.received_ms - self.now_ms)
            if "start" in names:
                site.heard_from(batch.received_ms, connected=True)
            site.arm(batch.received_ms)
        self._asleep = set()
        self.now_ms = batch.received_ms

    def _catch_up(self) -> None:
        """Sites whose snapshot is of the batch that was just folded take part again from here on."""
        for name in [name for name, place in self._ahead.items() if place.cursor <= self.cursor]:
            self.sites[name].arm(self._ahead.pop(name).at_ms)

    def _waker(self, site_id: str) -> Wake:
        def wake(due_ms: int, what: str, key: str) -> None:
            heapq.heappush(self._deadlines, (due_ms, site_id, DUES.index(what), key))

        return wake

    def _other(self, event: Status | Control, out: StateChange) -> None:
        if isinstance(event, Status):
            if (site := self.sites.get(event.site)) is not None and event.site not in self._ahead:
                site.status(event.asset, event.online, event.received_ms, retained=event.retained)
        elif event.name in {"start", "source"}:
            connected = event.name == "start" or msgspec.json.decode(event.payload, type=SourceChange).connected
            for name, site in self.sites.items():
                if name not in self._ahead:
                    site.heard_from(event.received_ms, connected=connected)
        elif event.name == "health":
            values = msgspec.json.decode(event.payload, type=HealthWord).values
            self.sites[COLLECTOR_SITE.id].observe(
                Observation(COLLECTOR_SITE.id, COLLECTOR_ASSET, COLLECTOR_ASSET, event.received_ms, event.received_ms, values), out
            )

    def _command(self, event: Control, seq: int, nth: int, out: StateChange) -> None:
        """Obeyed or refused, it is in the audit trail."""
        command = msgspec.json.decode(event.payload, type=Command)
        site = self.sites.get(command.alarm.partition("/")[0])
        if site is not None and site.site.id in self._ahead:
            return
        refused, state = site.command(command, event.received_ms, out) if site is not None else (self.refusal(command), "normal")
        out.audit.append(AuditEntry(at_ms=event.received_ms, seq=seq, nth=nth, command=command, state=state, refused=refused))

    def _note_faults(self, batch: Decoded, out: StateChange) -> None:
        """Numbers that were set aside because no working sensor gives them are a fact about the sensor."""
        for reject in batch.rejects:
            if reject.signal is not None and reject.reason in SENSOR_FAULTS:
                *_, site_id, asset = reject.topic.split("/")
                site = self.sites.get(site_id)
                if site is not None and site_id not in self._ahead:
                    site.faulty(asset, reject.signal, batch.received_ms, out)
