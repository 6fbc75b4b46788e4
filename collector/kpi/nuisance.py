"""The nuisance alarms of one site, live, and an hourly row of its key figures. Pure; bounded; costs nothing while nothing changes.

    nuisance = Nuisance(site, state.nuisance)          state: what `nuisance.state` was at the snapshot, or None
    for transition in …:  nuisance.observe(transition, out)
    if nuisance.due_ms and nuisance.due_ms <= now_ms:  nuisance.due(now_ms, out)

Call `observe` with each transition where it is put into the StateChange, wake up at `due_ms` (0: never), call `shift` where the collector's
clock is put right. What is found goes into `out.points` and is returned. `due(a); due(b)` is `due(b)`, and a restart changes nothing.
"""

from __future__ import annotations

from statistics import median
from zlib import crc32

import msgspec

from collector.kpi.classes import Classes, Finding
from collector.kpi.counted import HOUR_MS, PAGED, TEN_MINUTES_MS, at_night, is_alarm, is_announced
from collector.kpi.flood import Flood, Flooded
from collector.kpi.points import kpi_point, nuisance_point
from collector.kpi.waits import Waits
from collector.outputs import StateChange, Transition
from devices.assets import Site
from devices.signal import Value

ANSWERS_KEPT = 256
"""Of one hour; the median of more is that of the first so many."""


class Hour(msgspec.Struct, array_like=True):
    """What happened in the hour that began at `start_ms`. `tens` are the announced alarms of its six tens of minutes."""

    start_ms: int
    tens: list[int] = msgspec.field(default_factory=lambda: [0] * 6)
    high: int = 0
    medium: int = 0
    low: int = 0
    night_pages: int = 0
    flood_ms: int = 0
    chattering: int = 0
    fleeting: int = 0
    discovered_late: int = 0
    answers_ms: list[int] = []

    @property
    def end_ms(self) -> int:
        return self.start_ms + HOUR_MS


class NuisanceState(msgspec.Struct, array_like=True):
    """The snapshot. `hour` is None before the first alarm."""

    classes: Classes = msgspec.field(default_factory=Classes)
    flood: Flood = msgspec.field(default_factory=Flood)
    waits: Waits = msgspec.field(default_factory=Waits)
    hour: Hour | None = None


class Nuisance:
    """See the module. `state` is None until the first alarm of the site."""

    __slots__ = ("_turn_ms", "site", "state")

    def __init__(self, site: Site, state: NuisanceState | None = None) -> None:
        self.site = site
        self.state = state
        self._turn_ms = crc32(site.id.encode()) % 60_000

    @property
    def due_ms(self) -> int:
        """When `due` must be called; 0: not at all. The hours of many sites end at different moments of the minute after."""
        state = self.state
        if state is None:
            return 0
        due_ms = state.hour.start_ms + HOUR_MS + self._turn_ms if state.hour is not None else 0
        for at_ms in (state.classes.due_ms, state.flood.end_ms):
            if at_ms and (at_ms < due_ms or not due_ms):
                due_ms = at_ms
        return due_ms

    def observe(self, transition: Transition, out: StateChange) -> list[Finding]:
        """Fold one transition; returns what begins or ends with it."""
        if transition.priority == "info":
            return []
        now_ms = transition.evaluated_ms
        found = self._until(now_ms, out)
        state = self.state = self.state or NuisanceState()
        hour = state.hour = state.hour or Hour(now_ms - now_ms % HOUR_MS)
        hour.discovered_late += transition.event == "discovered_late"
        if is_announced(transition):
            self._count(hour, transition)
            found += self._told(self._flooded(state.flood.announce(now_ms, transition.alarm)), out)
        answer = state.waits.observe(transition)
        if answer is not None and not answer.missed and len(hour.answers_ms) < ANSWERS_KEPT:
            hour.answers_ms.append(answer.took_ms)
        if is_alarm(transition):
            found += self._told(self._noted(hour, state.classes.observe(transition)), out)
        return found

    def due(self, now_ms: int, out: StateChange) -> list[Finding]:
        """What has begun or ended by now, and the rows of the hours that are over."""
        return self._until(now_ms, out)

    def current(self) -> list[Finding]:
        """What goes on now: the flood, chattering and standing alarms."""
        if self.state is None:
            return []
        flood = [self.state.flood.seen(None)] if self.state.flood.begin_ms else []
        return [self._finding(each) for each in flood] + self.state.classes.current()

    def shift(self, by_ms: int) -> None:
        """The collector's clock was put right: what is timed by it moves along."""
        if self.state is not None:
            self.state.classes.shift(by_ms)
            self.state.flood.shift(by_ms)
            self.state.waits.shift(by_ms)
            if (hour := self.state.hour) is not None:
                hour.start_ms += by_ms
                hour.start_ms -= hour.start_ms % HOUR_MS

    # ---- inside --------------------------------------------------------------------------------------------------------------

    def _until(self, now_ms: int, out: StateChange) -> list[Finding]:
        """Everything that falls due up to `now_ms`, in its order; an hour is closed before what comes after its end is looked at."""
        found: list[Finding] = []
        while self.state is not None:
            state, hour = self.state, self.state.hour
            at_ms = min((at for at in (state.classes.due_ms, state.flood.end_ms) if at), default=now_ms + 1)
            if hour is not None and hour.end_ms <= min(at_ms, now_ms):
                self._close(hour, out)
            elif at_ms <= now_ms:
                if (over := state.flood.expire(at_ms)) is not None and hour is not None:
                    hour.flood_ms += _within(hour, over)
                    found += self._told(self._flooded(over), out)
                found += self._told(self._noted(hour, state.classes.due(at_ms)), out)
            else:
                break
        return found

    def _count(self, hour: Hour, transition: Transition) -> None:
        tens = min(max(0, transition.evaluated_ms - hour.start_ms) // TEN_MINUTES_MS, 5)
        hour.tens[tens] += 1
        hour.high += transition.priority == "high"
        hour.medium += transition.priority == "medium"
        hour.low += transition.priority == "low"
        hour.night_pages += transition.priority in PAGED and at_night(transition.evaluated_ms, self.site.zone)

    def _close(self, hour: Hour, out: StateChange) -> None:
        """The hour is over: its row, and the next one where something goes on."""
        state = self.state
        if state is None:
            return
        chatters = sum(track.chatter_ms > 0 for track in state.classes.tracks.values())
        if state.flood.begin_ms:
            hour.flood_ms += _within(hour, state.flood.seen(hour.end_ms))
        out.points.append(kpi_point(self.site, hour.start_ms, self._fields(hour, state)))
        state.hour = Hour(hour.end_ms, chattering=chatters)
        recent = state.flood.recent and state.flood.recent[-1][0] > hour.end_ms - TEN_MINUTES_MS
        if not (state.classes.tracks or state.waits.open or recent):
            self.state = None

    def _fields(self, hour: Hour, state: NuisanceState) -> dict[str, Value | int]:
        tracks = state.classes.tracks.values()
        fields: dict[str, Value | int] = {
            "annunciated": hour.high + hour.medium + hour.low,
            "high": hour.high,
            "medium": hour.medium,
            "low": hour.low,
            "worst_10min": max(hour.tens),
            "night_pages": hour.night_pages,
            "flood_s": hour.flood_ms / 1000,
            "chattering": hour.chattering,
            "fleeting": hour.fleeting,
            "discovered_late": hour.discovered_late,
            "answered": len(hour.answers_ms),
            "open": sum(track.on_list for track in tracks),
            "standing": len(state.classes.standing()),
            "unacknowledged": len(state.waits.open),
            "left_alone": len(state.waits.left_alone(hour.end_ms)),
            "shelved": sum(track.state == "shelved" for track in tracks),
            "suppressed": sum(track.state == "suppressed" for track in tracks),
            "out_of_service": sum(track.state == "out_of_service" for track in tracks),
        }
        if hour.answers_ms:
            fields["response_median_s"] = median(hour.answers_ms) / 1000
            fields["response_worst_s"] = max(hour.answers_ms) / 1000
        return fields

    def _noted(self, hour: Hour | None, found: list[Finding]) -> list[Finding]:
        if hour is not None:
            hour.chattering += sum(f.kind == "chattering" and f.end_ms is None for f in found)
            hour.fleeting += sum(f.kind == "fleeting" for f in found)
        return found

    def _flooded(self, flood: Flooded | None) -> list[Finding]:
        return [] if flood is None else [self._finding(flood)]

    def _finding(self, flood: Flooded) -> Finding:
        return Finding(
            kind="flood",
            site=self.site.id,
            begin_ms=flood.begin_ms,
            end_ms=flood.end_ms,
            count=flood.size,
            mostly=flood.mostly.removeprefix(f"{self.site.id}/"),
            share=flood.share,
        )

    def _told(self, found: list[Finding], out: StateChange) -> list[Finding]:
        out.points.extend(nuisance_point(self.site, finding) for finding in found)
        return found


def _within(hour: Hour, flood: Flooded) -> int:
    """How much of the flood lies in the hour, ms."""
    end_ms = hour.end_ms if flood.end_ms is None else flood.end_ms
    return max(0, min(end_ms, hour.end_ms) - max(flood.begin_ms, hour.start_ms))
