"""One site, folded: observations, statuses, commands and time go in; transitions and stock come out. Pure.

`SiteFold` is the unit of state: all rules, alarms and stock of a site depend on nothing outside, so sites can be split over processes.
Due times are announced through `wake(due_ms, what, key)` and come back through `due(what, key, now_ms)`.
"""

from __future__ import annotations

from collections.abc import Callable
from zlib import crc32

import msgspec

from collector.alarms.alarm import Alarm, Delays
from collector.alarms.book import Book, Key
from collector.asset import AssetSnapshot, AssetState
from collector.late import CLOSE_AFTER_MS, LateConditions
from collector.outputs import StateChange, StockEstimate, Transition
from collector.points import alarm_point, stock_points
from collector.rules.compile import Condition, Program, Programs, Verdict
from collector.stock import SIGNALS, SiteStock, StockState
from devices.assets import Gateway, Site, display_name
from devices.kinds.catalogue import KINDS
from devices.signal import HISTORY, Observation, Timing, Value

Wake = Callable[[int, str, str], None]

STOCK_EVERY_MS = 60_000
GATEWAY_EVERY_MS = 30_000
TOGETHER_INTERVALS = 1.5
"""An asset that spoke last within so many of its intervals of the last word of its gateway fell silent with it."""
_STOCK_SIGNALS = {kind: frozenset(name for of, name in SIGNALS if of == kind) for kind in (*KINDS, "collector")}


class SiteState(msgspec.Struct, array_like=True):
    """The snapshot of a site."""

    assets: dict[str, AssetSnapshot] = {}
    alarms: dict[str, Alarm] = {}
    late: LateConditions = msgspec.field(default_factory=LateConditions)
    heard_from_ms: int = 0
    connected: bool = True
    stock: StockState | None = None
    estimate: StockEstimate | None = None
    at_ms: int = 0


_LYING_CLOCK = int(Timing.BAD_CLOCK | Timing.FUTURE)
_NOTHING_KNOWN = AssetSnapshot()


class SiteFold:
    """See the module. `state` is what a snapshot gave back, or None."""

    def __init__(self, site: Site, programs: Programs, wake: Wake, state: SiteState | None = None) -> None:
        state = state or SiteState()
        self.site = site
        self.assets = {a.id: AssetState(a, programs.of_asset(site, a), state.assets.get(a.id)) for a in site.assets}
        self.estimate = state.estimate
        self.heard_from_ms = state.heard_from_ms
        self._connected = state.connected
        self._wake = wake
        self._turn_ms = crc32(site.id.encode()) % STOCK_EVERY_MS
        self._conditions = programs.of_site(site)
        self._stock = SiteStock(site, state.stock)
        self._late = state.late
        self.book = Book(site.id, self._where, site.zone)
        self.book.alarms = {_key(name): alarm for name, alarm in state.alarms.items() if self._condition(_key(name)) is not None}
        self._groups: dict[str, list[AssetState]] = {}
        for asset in site.assets:
            if isinstance(asset, Gateway):
                members = [self.assets[name] for name in reporting(site, asset)]
                self._groups[asset.id] = [self.assets[asset.id], *members]
                for member in members:
                    member.gateway = asset.id

    def dump(self, now_ms: int) -> SiteState:
        """Everything that a restart needs to go on from `now_ms`; shares no mutable value that later folding changes once it is encoded."""
        return SiteState(
            assets={name: a.state for name, a in self.assets.items() if a.state != _NOTHING_KNOWN},
            alarms={f"{asset}/{rule}": alarm for (asset, rule), alarm in self.book.alarms.items()},
            late=self._late,
            heard_from_ms=self.heard_from_ms,
            connected=self._connected,
            stock=self._stock.dump(),
            estimate=self.estimate,
            at_ms=now_ms,
        )

    def arm(self, now_ms: int) -> None:
        """Announce every due time after `now_ms` anew. What was announced before is the same, as far as it still counts."""
        self.heard_from_ms = self.heard_from_ms or now_ms
        for name, asset in self.assets.items():
            asset.awake = any(self.book.awake((name, c.rule.id)) for c in asset.program.conditions + asset.program.others)
            self._await_silence(asset, now_ms)
            if _of_type(asset.program, "offline"):
                self._wake(self._next(now_ms, GATEWAY_EVERY_MS), "gateway", name)
        for (name, rule), alarm in self.book.alarms.items():
            if alarm.deadline_ms is not None:
                self._wake(alarm.deadline_ms, "delay", f"{name}/{rule}")
        if self._stock_matters:
            self._wake(self._next(now_ms, STOCK_EVERY_MS), "stock", "")
        if self._late.due_ms:
            self._wake(self._late.due_ms, "late", "")

    # ---- what comes in -------------------------------------------------------------------------------------------------------

    def observe(self, obs: Observation, out: StateChange) -> None:
        """Fold one observation. The hot path: a quiet value costs a lookup and a comparison."""
        asset = self.assets.get(obs.asset)
        if asset is None:
            return
        if obs.timing & HISTORY:
            corrected = asset.corrected(obs)
            if corrected is None:
                self._discover(asset, obs, out)
                return
            obs = corrected
        values = asset.take(obs)
        if not values:
            return
        watches = asset.program.watches
        if asset.awake or obs.timing or asset.state.bad_clock:
            self._look(asset, obs, out)
        else:
            for name, value in values.items():
                watch = watches.get(name)
                if watch is not None and not (watch.low <= value <= watch.high if value.__class__ is float else value not in watch.loud):
                    self._look(asset, obs, out)
                    break
        if not _STOCK_SIGNALS[obs.kind].isdisjoint(values):
            out.stock_events.extend(self._stock.observe(obs.asset, obs.kind, values, obs.event_ms))

    def status(self, name: str, online: bool, received_ms: int, *, retained: bool) -> None:
        """A gateway's own word, or its last will. A remembered "online" proves nothing; a remembered "offline" is still so."""
        asset = self.assets.get(name)
        if asset is None or (online and retained):
            return
        if not online and asset.state.online is not False:
            asset.state.offline_ms = received_ms
        asset.state.online = online

    def heard_from(self, now_ms: int, *, connected: bool) -> None:
        """The collector began, or its session with the broker began or ended: nobody is silent for the time it could not hear."""
        self._connected = connected
        self.heard_from_ms = now_ms

    def shift(self, by_ms: int) -> None:
        """The collector's clock was put right: what was timed by it moves along; what is timed by the equipment stays."""
        self.heard_from_ms += by_ms
        for asset in self.assets.values():
            asset.shift(by_ms)
        for alarm in self.book.alarms.values():
            if alarm.deadline_ms is not None:
                alarm.deadline_ms += by_ms
        self._late.due_ms += by_ms if self._late.due_ms else 0
        self._stock = SiteStock(self.site)

    def acknowledge(self, key: Key, by: str, now_ms: int, out: StateChange) -> bool:
        """False where there is nothing to acknowledge under that name."""
        condition = self._condition(key)
        before = len(out.transitions)
        if condition is not None:
            self._emit(self.book.acknowledge(key, condition, by, now_ms), out)
        return len(out.transitions) > before

    def due(self, what: str, key: str, now_ms: int, out: StateChange) -> None:
        """A time announced through `wake` has come."""
        {"delay": self._delay_over, "silence": self._silence, "gateway": self._gateway, "stock": self._hours, "late": self._late_over}[
            what
        ](key, now_ms, out)

    # ---- readings ------------------------------------------------------------------------------------------------------------

    def _look(self, asset: AssetState, obs: Observation, out: StateChange) -> None:
        """Judge every condition of the asset on its latest values."""
        name = asset.asset.id
        times = (obs.event_ms, obs.received_ms)
        asset.state.bad_clock = bool(obs.timing & _LYING_CLOCK)
        for condition in asset.program.conditions:
            key, verdict = (name, condition.rule.id), condition.judge(asset.values)
            if verdict is Verdict.RAISE or key in self.book.alarms:
                self._judge(key, condition, verdict, condition.value(asset.values), times, out)
        for condition in asset.program.others:
            if condition.rule.type == "clock":
                verdict = Verdict.RAISE if asset.state.bad_clock else Verdict.CLEAR
                self._judge((name, condition.rule.id), condition, verdict, None, times, out)
            elif condition.rule.type == "silent" and self.book.awake((name, condition.rule.id)):
                silent = asset.silent_signals(condition.rule.signals, obs.received_ms, 0)
                verdict = Verdict.HOLD if silent and condition.closed(asset.values) is None else Verdict.CLEAR
                self._judge((name, condition.rule.id), condition, verdict, None, (obs.received_ms, obs.received_ms), out)
        asset.awake = any(self.book.awake((name, c.rule.id)) for c in asset.program.conditions + asset.program.others)

    def _judge(
        self, key: Key, condition: Condition, verdict: Verdict, value: Value | None, times: tuple[int, int], out: StateChange
    ) -> None:
        if verdict is not Verdict.RAISE and key not in self.book.alarms:
            return
        delays = self._delays(key[0], condition)
        before = self.book.deadline(key)
        self._emit(self.book.judge(key, condition, verdict, value, times, delays), out)
        after = self.book.deadline(key)
        if after is not None and after != before:
            self._wake(after, "delay", f"{key[0]}/{key[1]}")

    def _delays(self, name: str, condition: Condition) -> Delays:
        rule = condition.rule
        asset = self.assets.get(name)
        interval_ms = asset.asset.interval_s * 1000 if asset else STOCK_EVERY_MS
        off_ms = int(interval_ms / 2) if rule.type == "silent" else int(rule.off_delay_s * 1000)
        return Delays(int(rule.on_delay_s * 1000), off_ms, 0 if rule.type == "silent" else int(1.5 * interval_ms))

    def _discover(self, asset: AssetState, obs: Observation, out: StateChange) -> None:
        """History: it raises and clears nothing, but what it shows is written down."""
        if obs.timing & Timing.RETAINED:
            for name, value in obs.values.items():
                asset.values.setdefault(name, value)
            return
        if not self._late.due_ms:
            self._wake(obs.received_ms + CLOSE_AFTER_MS, "late", "")
        for found in self._late.observe(asset, obs):
            self._write_discovered(found, obs.received_ms, out)

    def _late_over(self, _key: str, now_ms: int, out: StateChange) -> None:
        for found in self._late.close(now_ms):
            self._write_discovered(found, now_ms, out)
        if self._late.due_ms:
            self._wake(self._late.due_ms, "late", "")

    def _write_discovered(self, found: tuple[str, int, int | None, Value | None], now_ms: int, out: StateChange) -> None:
        name, started_ms, ended_ms, value = found
        key = _key(name)
        condition = self._condition(key)
        alarm = self.book.alarms.get(key)
        if condition is None or (alarm is not None and alarm.condition and alarm.raised_ms <= started_ms):
            return
        self._emit(self.book.discovered(key, condition, (started_ms, ended_ms), value, now_ms), out)

    # ---- time ----------------------------------------------------------------------------------------------------------------

    def _delay_over(self, name: str, now_ms: int, out: StateChange) -> None:
        key = _key(name)
        condition = self._condition(key)
        if condition is None:
            return
        asset = self.assets.get(key[0])
        value = condition.value(asset.values) if asset else self._hours_value(condition)
        self._emit(self.book.expire(key, condition, value, now_ms, self._delays(key[0], condition)), out)

    def _silence(self, name: str, now_ms: int, out: StateChange) -> None:
        """No reading for too long. While the whole gateway is dark that is one fact, and its own alarm says it."""
        asset = self.assets[name]
        if self._connected and not self._silent_with_gateway(asset, now_ms):
            for condition in _of_type(asset.program, "silent"):
                silent = asset.silent_signals(condition.rule.signals, now_ms, self._listening_since_ms(asset))
                if silent and condition.closed(asset.values) is None:
                    self._judge((name, condition.rule.id), condition, Verdict.RAISE, ", ".join(silent), (now_ms, now_ms), out)
                    asset.awake = True
        self._await_silence(asset, now_ms)

    def _await_silence(self, asset: AssetState, now_ms: int) -> None:
        """The next look: when a signal will have been silent for too long, and then every quarter of that time while one is."""
        since_ms = self._listening_since_ms(asset)
        due = [asset.silence_due_ms(condition.rule.signals, since_ms) for condition in _of_type(asset.program, "silent")]
        if due:
            due_ms = min(due)
            self._wake(due_ms if due_ms > now_ms else self._next(now_ms, asset.silent_after_ms // 4), "silence", asset.asset.id)

    def _listening_since_ms(self, asset: AssetState) -> int:
        """Silence before this says nothing: the collector did not hear, or the asset's gateway was dark."""
        back_ms = self.assets[asset.gateway].state.back_ms if asset.gateway is not None else 0
        return max(self.heard_from_ms, back_ms)

    def _silent_with_gateway(self, asset: AssetState, now_ms: int) -> bool:
        """The asset is silent, and so is everybody behind its gateway, since about the same time."""
        if asset.gateway is None or asset.state.fresh_ms > now_ms - asset.silent_after_ms:
            return False
        if self.assets[asset.gateway].state.dark or self._gateway_verdict(asset.gateway, now_ms) is Verdict.RAISE:
            return True
        return self._last_word_ms(asset.gateway) <= asset.state.fresh_ms + TOGETHER_INTERVALS * asset.asset.interval_s * 1000

    def _last_word_ms(self, gateway: str) -> int:
        return max(member.state.fresh_ms for member in self._groups[gateway])

    def _gateway_verdict(self, name: str, now_ms: int) -> Verdict:
        """Raise where nothing comes from the gateway nor from any asset behind it: its last will came, or whoever of them speaks most
        often should have spoken. Clear where somebody has; hold where the collector has not listened for long enough to say."""
        group, own = self._groups[name], self.assets[name].state
        last_ms = self._last_word_ms(name)
        limit_ms = min((m.silent_after_ms for m in group if m.state.fresh_ms), default=min(m.silent_after_ms for m in group))
        if (own.online is False and last_ms <= own.offline_ms) or max(last_ms, self.heard_from_ms) + limit_ms <= now_ms:
            return Verdict.RAISE
        return Verdict.CLEAR if last_ms + limit_ms > now_ms else Verdict.HOLD

    def _gateway(self, name: str, now_ms: int, out: StateChange) -> None:
        if self._connected:
            own, verdict = self.assets[name].state, self._gateway_verdict(name, now_ms)
            if own.dark and verdict is not Verdict.RAISE:
                own.back_ms = now_ms
            own.dark = verdict is Verdict.RAISE
            event_ms = self._last_word_ms(name) if verdict is Verdict.CLEAR else now_ms  # one word alone is no proof that it lasts
            for condition in _of_type(self.assets[name].program, "offline"):
                self._judge((name, condition.rule.id), condition, verdict, None, (event_ms, now_ms), out)
        self._wake(self._next(now_ms, GATEWAY_EVERY_MS), "gateway", name)

    def _hours(self, _key: str, now_ms: int, out: StateChange) -> None:
        """Hours left, once a minute: estimated, judged, handed on."""
        self.estimate = self._stock.estimate(now_ms, pressure_fails=self._pressure_fails)
        out.stock.append(self.estimate)
        out.points.extend(stock_points(self.site, self.estimate))
        for condition in self._conditions:
            value = self._hours_value(condition)
            verdict = Verdict.HOLD if value is None else condition.thresholds[0].judge(value)
            seen_ms = (self.estimate.measured_ms or 0) if verdict is Verdict.CLEAR else now_ms  # silence clears nothing
            self._judge(("", condition.rule.id), condition, verdict, value, (min(seen_ms, now_ms), now_ms), out)
        self._wake(self._next(now_ms, STOCK_EVERY_MS), "stock", "")

    # ---- small things --------------------------------------------------------------------------------------------------------

    def _next(self, now_ms: int, every_ms: int) -> int:
        """The next turn of this site: the same whoever asks, before or after a restart, and not the same for all sites at once."""
        return now_ms - (now_ms - self._turn_ms) % every_ms + every_ms

    @property
    def _stock_matters(self) -> bool:
        return any(a.asset.kind in {"psa_plant", "manifold", "lox_tank", "cylinder_store"} for a in self.assets.values())

    @property
    def _pressure_fails(self) -> bool:
        """Some line is below its pressure, by its own rules."""
        open_ones = [self._condition(key) for key, alarm in self.book.alarms.items() if alarm.condition]
        return any(c is not None and c.rule.type == "below" and "line_pressure_bar" in c.rule.signals for c in open_ones)

    def _hours_value(self, condition: Condition) -> float | None:
        if self.estimate is None:
            return None
        estimate = self.estimate
        return {"connected_now": estimate.connected_now_h, "connected": estimate.connected_h, "on_site": estimate.on_site_h}[
            condition.rule.hours
        ].mid

    def _condition(self, key: Key) -> Condition | None:
        name, rule = key
        asset = self.assets.get(name)
        found = (*asset.program.conditions, *asset.program.others) if asset else self._conditions if not name else ()
        return next((c for c in found if c.rule.id == rule), None)

    def _emit(self, transition: Transition | None, out: StateChange) -> None:
        if transition is not None:
            out.transitions.append(transition)
            out.points.append(alarm_point(self.site, transition))

    def _where(self, name: str) -> str:
        site = display_name(self.site)
        return f"{site}, {display_name(self.assets[name].asset)}" if name in self.assets else site


def reporting(site: Site, gateway: Gateway) -> tuple[str, ...]:
    """The assets behind a gateway. The only gateway of a site reports for all of it where it names none."""
    others = tuple(asset.id for asset in site.assets if not isinstance(asset, Gateway))
    alone = len(others) == len(site.assets) - 1
    return gateway.assets or (others if alone else ())


def _key(name: str) -> Key:
    asset, _, rule = name.rpartition("/")
    return asset, rule


def _of_type(program: Program, kind: str) -> list[Condition]:
    return [condition for condition in program.others if condition.rule.type == kind]
