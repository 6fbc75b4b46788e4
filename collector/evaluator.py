"""The fold: (state, batch, now) → (state, what changed). Pure; one function for live, restart, replay and back-test.

Time only moves forward and is that of the journal: before a batch is folded, every deadline that lies before its receipt is met, in order.
So `advance(a); advance(b)` is `advance(b)`, and a journal read again gives what it gave live. A restart loads each site's snapshot and
folds the batches behind that site's own cursor.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence

import msgspec

from collector.outputs import SiteSnapshot, StateChange
from collector.records import Control, Decoded, Status
from collector.rules.compile import Programs
from collector.rules.model import RuleSet
from collector.selfwatch import COLLECTOR_ASSET, COLLECTOR_SITE
from collector.site import SiteFold, SiteState, Wake
from devices.assets import Site
from devices.signal import Observation

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(SiteState).decode


class Command(msgspec.Struct, frozen=True):
    """An operator's command, as it stands in the journal. `alarm` is `site/asset/rule` (`site/rule` for one of the whole site)."""

    command: str
    alarm: str
    by: str = ""


class SourceChange(msgspec.Struct, frozen=True):
    connected: bool


class HealthWord(msgspec.Struct, frozen=True):
    """What the collector says of itself; judged like an asset of kind `collector`."""

    values: dict[str, float | bool | str]


class Evaluator:
    """All sites. `cursor` is the seq of the last batch folded, `now_ms` the time up to which deadlines are met."""

    def __init__(self, sites: Sequence[Site], rules: RuleSet, snapshots: Iterable[SiteSnapshot] = ()) -> None:
        known = {s.site: s for s in snapshots}
        programs = Programs(rules)
        self.now_ms = 0
        self._deadlines: list[tuple[int, int, str, str, str]] = []
        self._armed = False
        self._count = 0
        self.sites: dict[str, SiteFold] = {}
        self._cursors: dict[str, int] = {}
        for site in (*sites, COLLECTOR_SITE):
            snapshot = known.get(site.id)
            state = _decode(snapshot.state) if snapshot else None
            self.sites[site.id] = SiteFold(site, programs, self._waker(site.id), state)
            self._cursors[site.id] = snapshot.cursor if snapshot else 0
        self.cursor = min(self._cursors[s] for s in known if s in self._cursors) if any(s in self._cursors for s in known) else 0
        self._behind = {name: cursor for name, cursor in self._cursors.items() if cursor > self.cursor}

    def step(self, batch: Decoded, out: StateChange) -> None:
        """Fold a batch: deadlines before it first, then its events in their order. Batches at or before `cursor` change nothing.

        What changed is added to `out`, so that several batches can be committed as one.
        """
        if batch.seq <= self.cursor:
            return
        if batch.received_ms < self.now_ms:
            self._step_back(batch)
        self._advance(batch.received_ms, out)
        sites, behind = self.sites, self._behind
        if behind:
            self._catch_up(batch.seq, out)
            behind = self._behind
        for event in batch.events:
            if event.__class__ is Observation:
                site = sites.get(event.site)
                if site is not None and not (behind and event.site in behind):
                    site.observe(event, out)
            elif not isinstance(event, Observation):
                self._other(event, out)
        self.cursor = batch.seq

    def advance(self, now_ms: int, out: StateChange) -> None:
        """Let time pass without a batch."""
        self._advance(now_ms, out)

    def next_deadline_ms(self) -> int | None:
        return self._deadlines[0][0] if self._deadlines else None

    def snapshots(self, names: Iterable[str]) -> list[SiteSnapshot]:
        """The state of these sites after the batch `cursor`."""
        return [SiteSnapshot(name, max(self.cursor, self._behind.get(name, 0)), _encode(self.sites[name].dump())) for name in names]

    # ---- inside --------------------------------------------------------------------------------------------------------------

    def _advance(self, now_ms: int, out: StateChange) -> None:
        if not self._armed and now_ms:
            self._armed = True
            self.now_ms = now_ms
            for name, site in self.sites.items():
                if name not in self._behind:
                    site.arm(now_ms)
        deadlines = self._deadlines
        while deadlines and deadlines[0][0] <= now_ms:
            due_ms, _, site_id, what, key = heapq.heappop(deadlines)
            self.now_ms = max(self.now_ms, due_ms)
            self.sites[site_id].due(what, key, self.now_ms, out)
        self.now_ms = max(self.now_ms, now_ms)

    def _step_back(self, batch: Decoded) -> None:
        """The collector's clock was ahead and has been put right (the journal's `$oxygrid/clock`): what was timed by it moves along."""
        if any(isinstance(event, Control) and event.name == "clock" for event in batch.events[:1]):
            for site in self.sites.values():
                site.shift(batch.received_ms - self.now_ms)
            self._deadlines.clear()
            self._armed = False
            self.now_ms = 0

    def _catch_up(self, seq: int, out: StateChange) -> None:
        """Sites whose snapshot is of an earlier batch than this one take part again from here on."""
        caught_up = [name for name, cursor in self._behind.items() if cursor < seq]
        self._behind = {name: cursor for name, cursor in self._behind.items() if cursor >= seq}
        for name in caught_up:
            self.sites[name].arm(self.now_ms)
        self._advance(self.now_ms, out)

    def _waker(self, site_id: str) -> Wake:
        def wake(due_ms: int, what: str, key: str) -> None:
            self._count += 1
            heapq.heappush(self._deadlines, (due_ms, self._count, site_id, what, key))

        return wake

    def _other(self, event: Status | Control, out: StateChange) -> None:
        if isinstance(event, Status):
            if (site := self.sites.get(event.site)) is not None and event.site not in self._behind:
                site.status(event.asset, event.online, event.received_ms, retained=event.retained)
        elif event.name in {"start", "source"}:
            connected = event.name == "start" or msgspec.json.decode(event.payload, type=SourceChange).connected
            for name, site in self.sites.items():
                if name not in self._behind:
                    site.heard_from(event.received_ms, connected=connected)
        elif event.name == "command":
            self._command(msgspec.json.decode(event.payload, type=Command), event.received_ms, out)
        elif event.name == "health":
            values = msgspec.json.decode(event.payload, type=HealthWord).values
            self.sites[COLLECTOR_SITE.id].observe(
                Observation(COLLECTOR_SITE.id, COLLECTOR_ASSET, COLLECTOR_ASSET, event.received_ms, event.received_ms, values), out
            )

    def _command(self, command: Command, now_ms: int, out: StateChange) -> None:
        site, _, rest = command.alarm.partition("/")
        asset, _, rule = rest.rpartition("/")
        if command.command == "ack" and site in self.sites and site not in self._behind:
            self.sites[site].acknowledge((asset, rule), command.by, now_ms, out)
