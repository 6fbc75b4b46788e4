"""What the collector knows of one asset at this moment: latest values with their times, freshness, sequence, clock. Pure.

The whole of it is in a snapshot (`AssetSnapshot`), so that a restart goes on where it stopped.
"""

from __future__ import annotations

from functools import cache
from statistics import median

import msgspec

from collector.derive import plant_state
from collector.honesty import CHARACTERS, Honesty, HonestyState
from collector.rates import Series, Standing, change, hours_to
from collector.rules.condition import Condition, Program, Still, Verdict, standby_bar
from devices.assets import Asset, PsaPlant
from devices.signal import HISTORY, Observation, Quality, Timing, Value

SKEW_SAMPLES = 20
SKEW_SPREAD_MS = 30_000
SKEW_MIN_MS = 120_000
MIN_SILENCE_MS = 120_000
SLOW_MS = 30_000
"""Trends and what stands still are looked at this often, by event time."""


class SkewTracker(msgspec.Struct, array_like=True, gc=False):
    """Tells a clock that is behind from a backlog: a slow clock is late by the same amount for as long as we look, a backlog by ever less.

    `lags_ms` and `received_ms` are of the last SKEW_SAMPLES observations that came too late to be live.
    """

    lags_ms: list[int] = []
    received_ms: list[int] = []

    def add(self, lag_ms: int, received_ms: int, interval_ms: float) -> int | None:
        """The steady lag in ms, once it is sure; else None."""
        self.lags_ms = [*self.lags_ms[1 - SKEW_SAMPLES :], lag_ms]
        self.received_ms = [*self.received_ms[1 - SKEW_SAMPLES :], received_ms]
        if len(self.lags_ms) < SKEW_SAMPLES or max(self.lags_ms) - min(self.lags_ms) > SKEW_SPREAD_MS:
            return None
        in_a_burst = self.received_ms[-1] - self.received_ms[0] < interval_ms * SKEW_SAMPLES / 4
        return None if in_a_burst else int(median(self.lags_ms))


class AssetSnapshot(msgspec.Struct, array_like=True, gc=False):
    """The part of `AssetState` that can't be computed anew. Times in Unix ms; `times` is signal → (event, received).

    `series` and `standing` are for the rates, trends and still values that rules ask for; `faulty` is signal → when it last gave a number
    that no working sensor gives.
    """

    event_ms: int = 0
    fresh_ms: int = 0
    values: dict[str, float | bool | str] = {}
    times: dict[str, tuple[int, int]] = {}
    seq: int | None = None
    gaps: int = 0
    duplicates: int = 0
    bad_clock: bool = False
    skew: SkewTracker | None = None
    online: bool | None = None
    offline_ms: int = 0
    series: dict[str, Series] | None = None
    standing: dict[str, Standing] | None = None
    slow_ms: int = 0
    honesty: HonestyState | None = None
    faulty: dict[str, int] | None = None


@cache
def silent_after_ms(interval_s: float) -> int:
    """Three intervals, at least two minutes (domain reference 8, SN-SI). One object for all assets of an interval: there are many."""
    return max(int(3000 * interval_s), MIN_SILENCE_MS)


class AssetState:
    """One asset, live. `awake`: some alarm of it is pending or open, so that even a quiet reading needs a look."""

    __slots__ = ("asset", "awake", "derives", "honesty", "looks_slowly", "program", "silent_after_ms", "state", "times", "values")

    def __init__(self, asset: Asset, program: Program, state: AssetSnapshot | None = None) -> None:
        self.asset = asset
        self.program = program
        self.awake = False
        self.silent_after_ms = silent_after_ms(asset.interval_s)
        self.state = state or AssetSnapshot()
        self.values: dict[str, Value] = self.state.values
        self.times = self.state.times
        rule = program.honesty
        watched = rule is not None and asset.kind in CHARACTERS
        self.honesty = Honesty(asset, rule.still_ms, self.state.honesty) if rule is not None and watched else None
        self.looks_slowly = bool(program.trends or program.stills or self.honesty is not None)
        self.derives = bool(program.rates or program.standbys) or self.looks_slowly or isinstance(asset, PsaPlant)

    def take(self, obs: Observation) -> dict[str, Value]:
        """Fold a live observation; returns the values that are news. A value older than (or as old as) what is known is none."""
        state, event_ms = self.state, obs.event_ms
        values = obs.values
        if event_ms <= state.event_ms:
            times = self.times
            values = {name: value for name, value in values.items() if (known := times.get(name)) is None or known[0] < event_ms}
            if not values:
                state.duplicates += 1
                return values
        else:
            state.event_ms = event_ms
        state.fresh_ms = obs.received_ms
        self.values.update(values)
        self.times.update(dict.fromkeys(values, (event_ms, obs.received_ms)))
        if obs.seq is not None:
            self._count(obs.seq)
        if state.faulty:
            state.faulty = {name: at_ms for name, at_ms in state.faulty.items() if name not in values} or None
        return values

    def derive(self, values: dict[str, Value], event_ms: int) -> dict[str, Value]:
        """Live values with what follows from them, as far as rules ask for it."""
        found: dict[str, Value] = {}
        program = self.program
        if isinstance(self.asset, PsaPlant) and "state" not in self.times:
            state = plant_state(self.values, self.asset.rated_flow_lpm)
            found = {} if state is None else {"state": state}
        for rate in program.rates:
            value = values.get(rate.signal)
            if isinstance(value, float) and (moved := change(self._series(rate.name), rate, value, event_ms)) is not None:
                found[rate.name] = moved
        for standby in program.standbys:
            if (bar := standby_bar(standby.signals, self.values)) is not None:
                found[standby.name] = bar
        if self.looks_slowly and event_ms >= self.state.slow_ms:
            self.state.slow_ms = event_ms + SLOW_MS
            self._derive_slowly(event_ms, found)
        if not found:
            return values
        self.values.update(found)
        return values | found

    def _derive_slowly(self, event_ms: int, found: dict[str, Value]) -> None:
        """What changes in minutes and weeks."""
        if self.honesty is not None and self.program.honesty is not None:
            self.honesty.take(self.values, self.times)
            if (names := self.honesty.stuck()) != self.values.get(self.program.honesty.name, ""):
                found[self.program.honesty.name] = names
        for trend in self.program.trends:
            value = self.values.get(trend.signal)
            if not isinstance(value, float) or any(gate.judge(self.values) is not None for gate in trend.gates):
                continue
            if (hours := hours_to(self._series(trend.name), trend, value, event_ms)) is not None:
                found[trend.name] = hours
        for still in self.program.stills:
            names = self._standing(still, event_ms)
            if names != self.values.get(still.name):
                found[still.name] = names

    def _standing(self, still: Still, event_ms: int) -> str:
        """The names of the signals that stand still although something moved meanwhile."""
        if self.state.standing is None:
            self.state.standing = {}
        expected = all(gate.judge(self.values) is None for gate in still.gates)
        found = []
        for name in still.signals:
            value = self.values.get(name)
            if value is None:
                continue
            place = f"{still.name}/{name}"
            known = self.state.standing.get(place)
            if known is None or not expected or known.value != value:
                known = self.state.standing[place] = Standing(value, event_ms)
            known.note(still, self.values)
            if event_ms - known.since_ms >= still.still_ms and known.moved(still):
                found.append(name)
        return ", ".join(found)

    def _series(self, name: str) -> Series:
        if self.state.series is None:
            self.state.series = {}
        return self.state.series.setdefault(name, Series())

    def quality(self, signal: str, now_ms: int) -> tuple[Quality, str]:
        """How far the latest value of a signal can be believed, and in words why it is not good."""
        doubt = self.honesty.doubts.get(signal) if self.honesty is not None else None
        known = self.times.get(signal)
        if self.state.faulty and signal in self.state.faulty:
            return Quality.OUT_OF_RANGE, "gives what no working sensor gives"
        if known is None:
            return Quality.UNKNOWN, "never heard"
        if now_ms - known[1] > self.silent_after_ms:
            return Quality.STALE, f"nothing for {(now_ms - known[1]) / 60_000:.0f} min"
        if doubt is not None:
            return (Quality.STUCK if doubt[0] == "stuck" else Quality.SUSPECT), doubt[2]
        return (Quality.CLOCK_BAD, "the clock of the sender is wrong") if self.state.bad_clock else (Quality.GOOD, "")

    def snapshot(self) -> AssetSnapshot:
        """What is to be remembered of this moment."""
        if self.honesty is not None:
            self.state.honesty = self.honesty.dump()
        return self.state

    def fault(self, signal: str, received_ms: int) -> None:
        """The sensor gave a number that no working sensor gives."""
        self.state.faulty = {**(self.state.faulty or {}), signal: received_ms}

    def _count(self, seq: int) -> None:
        state = self.state
        if state.seq is not None and seq > state.seq + 1:
            state.gaps += seq - state.seq - 1
        if state.seq is None or seq > state.seq or seq < state.seq // 2:
            state.seq = seq

    def corrected(self, obs: Observation) -> Observation | None:
        """An observation that came late only because its clock is behind, with the lag taken off; None where it is history in truth."""
        state = self.state
        if obs.timing & HISTORY != Timing.LATE:
            return None
        lag_ms = obs.received_ms - obs.event_ms
        state.skew = state.skew or SkewTracker()
        steady_ms = state.skew.add(lag_ms, obs.received_ms, self.asset.interval_s * 1000)
        if steady_ms is None:
            return None
        return msgspec.structs.replace(obs, event_ms=obs.event_ms + steady_ms, timing=obs.timing & ~HISTORY | Timing.BAD_CLOCK)

    def shift(self, by_ms: int) -> None:
        """Move the times of receipt; and those of events that lie ahead of them, which no honest reading could follow."""
        state = self.state
        state.fresh_ms += by_ms
        state.event_ms = min(state.event_ms, state.fresh_ms)
        state.slow_ms = 0
        for name, (event_ms, received_ms) in self.times.items():
            self.times[name] = (min(event_ms, received_ms + by_ms), received_ms + by_ms)

    def shown_ms(self, condition: Condition, event_ms: int) -> int:
        """When it was last measured what a condition says now; `event_ms` is when the asset spoke last.

        A number counts when it is read: one good value of a sensor that then falls silent is not seen again in what others of the asset
        read. A state or a contact stands until the controller says otherwise, and so does what a gate says.
        """
        if condition.parts:
            clear = (part for part in condition.parts if part.judge(self.values) is Verdict.CLEAR)
            return max((self.shown_ms(part, event_ms) for part in clear), default=event_ms)
        value = condition.value(self.values)
        if value.__class__ is not float or condition.closed(self.values) is not None:
            return event_ms
        names = [name for name in condition.test.signals if self.values.get(name) == value] or condition.test.signals
        return min((self.times[name][0] for name in names if name in self.times), default=event_ms)

    def silence_due_ms(self, watched: tuple[str, ...], since_ms: int) -> int:
        """When the first of the watched signals will have been silent for too long, if nothing more comes; it is not reckoned from before
        `since_ms`."""
        times = self.times
        oldest_ms = min((times[name][1] for name in watched if name in times), default=self.state.fresh_ms)
        return max(oldest_ms, since_ms) + self.silent_after_ms

    def silent_signals(self, watched: tuple[str, ...], now_ms: int, since_ms: int) -> list[str]:
        """Of the watched signals that were ever seen, those with no fresh value for too long; all of them when nothing at all comes.

        None before the silence, reckoned from `since_ms` at the earliest, has lasted for long enough.
        """
        limit = now_ms - self.silent_after_ms
        if limit < since_ms:
            return []
        if self.state.fresh_ms <= limit:
            return [name for name in watched if name in self.times] or ["everything"]
        return [name for name in watched if name in self.times and self.times[name][1] <= limit]
