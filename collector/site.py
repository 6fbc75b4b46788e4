"""One site, folded: observations, statuses, commands and time go in; transitions and stock come out. Pure.

`SiteFold` is the unit of state: all rules, alarms and stock of a site depend on nothing outside, so sites can be split over processes.
Due times are announced through `wake(due_ms, what, key)` and come back through `due(what, key, now_ms)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from zlib import crc32

import msgspec

from collector.alarms.alarm import Alarm
from collector.alarms.book import Book, Key
from collector.alarms.panel import Panel, key_of
from collector.asset import AssetSnapshot, AssetState
from collector.derive import Outlet, feeding
from collector.kpi.nuisance import NuisanceState
from collector.late import CLOSE_AFTER_MS, LateConditions
from collector.listening import SITE, GroupState, Listening
from collector.outputs import AlarmState, Command, StateChange, StockEstimate
from collector.points import stock_event_point, stock_points
from collector.rules.compile import Programs, judge_parts
from collector.rules.condition import Condition, Program, Verdict
from collector.rules.model import Hours
from collector.stock import SIGNALS, SiteStock, StockState
from collector.stock.numbers import numbers_of
from devices.assets import Site, display_name
from devices.kinds.catalogue import KINDS
from devices.signal import HISTORY, Observation, Timing, Value

Wake = Callable[[int, str, str], None]

DUES = ("listen", "minute", "silence", "late", "alarm", "nuisance")
"""What comes due, in the order in which it is met at one instant: what is looked at anew is before what ends by the clock alone."""
STOCK_EVERY_MS = 60_000
LISTEN_EVERY_MS = 30_000
_STOCK_SIGNALS = {kind: frozenset(name for of, name in SIGNALS if of == kind) for kind in (*KINDS, "collector")}
_LYING_CLOCK = int(Timing.BAD_CLOCK | Timing.FUTURE)
_OUTLETS = frozenset({"psa_plant", "manifold", "lox_tank"})
_LOOKED_AFTER = _OUTLETS | {"cylinder_store"}
_NOTHING_KNOWN = AssetSnapshot()


class SiteState(msgspec.Struct, array_like=True):
    """The snapshot of a site."""

    assets: dict[str, AssetSnapshot] = {}
    alarms: dict[str, Alarm] = {}
    late: LateConditions = msgspec.field(default_factory=LateConditions)
    groups: dict[str, GroupState] = {}
    heard_from_ms: int = 0
    connected: bool = True
    stock: StockState | None = None
    estimate: StockEstimate | None = None
    nuisance: NuisanceState | None = None
    at_ms: int = 0


class SiteFold:
    """See the module. `state` is what a snapshot gave back, or None. `values` of the site itself are what its stock says, in numbers;
    `conditions` are the rules about it as a whole; its minute begins `turn_ms` after the clock's."""

    def __init__(self, site: Site, programs: Programs, wake: Wake, state: SiteState | None = None) -> None:
        state = state or SiteState()
        self.site = site
        self.assets = {a.id: AssetState(a, programs.of_asset(site, a), state.assets.get(a.id)) for a in site.assets}
        self.estimate = state.estimate
        self.listening = Listening(site, self.assets, state.groups)
        self.listening.heard_from_ms, self.listening.connected = state.heard_from_ms, state.connected
        self._wake = wake
        self.turn_ms = crc32(site.id.encode()) % STOCK_EVERY_MS
        self.conditions = programs.of_site(site)
        self._site_rules = {condition.rule.id: condition for condition in self.conditions}
        self._values: dict[str, Value] = numbers_of(self.estimate) if self.estimate else {}
        self._members = {part.on.partition(":")[2] for condition in self.conditions for part in condition.parts}
        self.stock = SiteStock(site, state.stock)
        self.late = state.late
        self.book = Book(site.id, self._where, site.zone)
        self.panel = Panel(site, self.book, self, wake, state.nuisance)
        self.book.alarms = {key_of(name): alarm for name, alarm in state.alarms.items() if self.condition(key_of(name)) is not None}
        self.takes_turns = any(a.asset.kind in _LOOKED_AFTER for a in self.assets.values())
        """It is looked at once a minute."""
        self._outlets = [
            (a, a.asset.kind, getattr(a.asset, "rated_flow_lpm", 0.0)) for a in self.assets.values() if a.asset.kind in _OUTLETS
        ]
        self._fed = [a for a in self.assets.values() if any(gate.signal == "feeding" for c in a.program.all for gate in c.gates)]
        self._feeds_at_once = any(getattr(a.asset, "analyser", "") == "ultrasonic" for a in self._fed)

    def dump(self, now_ms: int) -> SiteState:
        """Everything that a restart needs to go on from `now_ms`; shares no mutable value that later folding changes once it is encoded."""
        return SiteState(
            assets={name: a.snapshot() for name, a in self.assets.items() if a.state != _NOTHING_KNOWN},
            alarms={f"{asset}/{rule}": alarm for (asset, rule), alarm in self.book.alarms.items()},
            late=self.late,
            groups=self.listening.states,
            heard_from_ms=self.listening.heard_from_ms,
            connected=self.listening.connected,
            stock=self.stock.dump(),
            estimate=self.estimate,
            nuisance=self.panel.nuisance.state,
            at_ms=now_ms,
        )

    def arm(self, now_ms: int) -> None:
        """Announce every due time after `now_ms` anew. What was announced before is the same, as far as it still counts."""
        self.listening.heard_from_ms = self.listening.heard_from_ms or now_ms
        for asset in self.assets.values():
            self._stay_awake(asset)
            self._await_silence(asset, now_ms)
        if self.listening.groups:
            self._wake(self._next(now_ms, LISTEN_EVERY_MS), "listen", "")
        self.panel.arm()
        if self.takes_turns:
            self._wake(self._next(now_ms, STOCK_EVERY_MS), "minute", "")
        if self.late.due_ms:
            self._wake(self.late.due_ms, "late", "")

    # ---- what comes in -------------------------------------------------------------------------------------------------------

    def observe(self, obs: Observation, out: StateChange) -> dict[str, Value] | None:
        """Fold one observation; what of it was news, with what is derived from that. The hot path: a quiet value costs a lookup and a
        comparison."""
        asset = self.assets.get(obs.asset)
        if asset is None:
            return None
        if obs.timing & HISTORY:
            corrected = asset.corrected(obs)
            if corrected is None:
                self._discover(asset, obs, out)
                return None
            obs = corrected
        values = asset.take(obs)
        if not values:
            return None
        if asset.derives:
            values = asset.derive(values, obs.event_ms)
        self.judge(asset, obs, values, out)
        if not _STOCK_SIGNALS[obs.kind].isdisjoint(values):
            self._take_stock(obs, values, out)
        return values

    def judge(self, asset: AssetState, obs: Observation, values: Mapping[str, Value], out: StateChange) -> None:
        """Look at the rules, where one could change its mind: `values` are news of the asset, and known to it."""
        if asset.awake or obs.timing or asset.state.bad_clock:
            self._look(asset, obs, values, out)
        else:
            watches = asset.program.watches
            for name, value in values.items():
                watch = watches.get(name)
                if watch is not None and not (watch.low <= value <= watch.high if value.__class__ is float else value not in watch.loud):
                    self._look(asset, obs, values, out)
                    break

    def faulty(self, name: str, signal: str, received_ms: int, out: StateChange) -> None:
        """A number that no working sensor gives has been set aside."""
        asset = self.assets.get(name)
        if asset is not None:
            asset.fault(signal, received_ms)
            self._judge_faults(asset, received_ms, out)
            self.panel.settle(received_ms, out)
            self._stay_awake(asset)

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
        self.listening.connected = connected
        self.listening.heard_from_ms = now_ms

    def shift(self, by_ms: int) -> None:
        """The collector's clock was put right: what was timed by it moves along; what is timed by the equipment stays."""
        self.listening.shift(by_ms)
        for asset in self.assets.values():
            asset.shift(by_ms)
        for alarm in self.book.alarms.values():
            alarm.shift(by_ms)
        self.panel.nuisance.shift(by_ms)
        self.late.due_ms += by_ms if self.late.due_ms else 0
        self.stock = SiteStock(self.site)

    def command(self, command: Command, now_ms: int, out: StateChange) -> tuple[str, AlarmState]:
        """Why it is refused (empty where it was obeyed), and what the alarm shows now."""
        key = key_of(command.alarm.partition("/")[2])
        refused = self.panel.command(command, now_ms, out)
        self.panel.settle(now_ms, out)
        if (asset := self.assets.get(key[0])) is not None:
            self._stay_awake(asset)
        alarm = self.book.alarms.get(key)
        return refused, alarm.state if alarm is not None else "normal"

    def due(self, what: str, key: str, now_ms: int, out: StateChange) -> None:
        """A time announced through `wake` has come."""
        if what == "nuisance":
            self.panel.count(now_ms, out)
            return
        {"alarm": self._alarm, "silence": self._silence, "listen": self._listen, "minute": self._minute, "late": self._late_over}[what](
            key, now_ms, out
        )
        self.panel.settle(now_ms, out)

    # ---- what the panel asks -------------------------------------------------------------------------------------------------

    def values(self, asset: str) -> Mapping[str, Value]:
        """The latest values of an asset; of the site where the name is empty."""
        return self.assets[asset].values if asset else self._values

    def condition(self, key: Key) -> Condition | None:
        name, rule = key
        asset = self.assets.get(name)
        return asset.program.by_id.get(rule) if asset is not None else self._site_rules.get(rule) if not name else None

    def rules_of(self, asset: str) -> Iterable[Condition]:
        """All of an asset, or of the site; the worse before the milder."""
        return self.assets[asset].program.all if asset else self.conditions

    def interval_ms(self, asset: str) -> float:
        return self.assets[asset].asset.interval_s * 1000 if asset else STOCK_EVERY_MS

    def hours(self, which: Hours) -> float | None:
        value = self._values.get(f"{which}_h")
        return value if isinstance(value, float) else None

    def dark(self, asset: str) -> str:
        """The alarm that says that nothing is heard of the asset: its gateway's, or that of the site."""
        if not asset:
            return ""
        if self.book.is_open(("", "ST-DK")):
            return "ST-DK"
        gateway = self.listening.group_of.get(asset, SITE)
        return f"{gateway}/ST-OF" if gateway and self.listening.is_dark(gateway) and self.book.is_open((gateway, "ST-OF")) else ""

    def behind(self, asset: str) -> Iterable[str]:
        """The assets that are heard through a gateway, or all of the site where the name is empty."""
        return (member.asset.id for member in self.listening.groups.get(asset, ()))

    def suspect(self, asset: str, signals: Iterable[str]) -> bool:
        """One of the signals can't be believed."""
        of = self.assets.get(asset)
        if of is None:
            return False
        doubted = {*(of.state.faulty or ()), *(of.honesty.doubts if of.honesty is not None else ())}
        return not doubted.isdisjoint(signals)

    # ---- readings ------------------------------------------------------------------------------------------------------------

    def _look(self, asset: AssetState, obs: Observation, news: Mapping[str, Value], out: StateChange) -> None:
        """Judge every condition of the asset on its latest values. An on-delay begins with news of its own: whether a gate that opens
        finds an old value does not depend on who else of the asset is awake."""
        name, now_ms = asset.asset.id, obs.received_ms
        asset.state.bad_clock = bool(obs.timing & _LYING_CLOCK)
        for condition in asset.program.conditions:
            key, verdict = (name, condition.rule.id), condition.judge(asset.values)
            begun, known = self.book.begun(key), verdict is Verdict.RAISE or key in self.book.alarms
            if begun or (known and not news.keys().isdisjoint(condition.inputs)):
                event_ms = asset.shown_ms(condition, obs.event_ms) if verdict is Verdict.CLEAR else obs.event_ms
                self.panel.judge(key, condition, verdict, condition.value(asset.values), (event_ms, now_ms), out)
        self._judge_others(asset, (obs.event_ms, now_ms), out)
        if name in self._members:
            self._judge_site(now_ms, out)
        self.panel.settle(now_ms, out)
        self._stay_awake(asset)

    def _judge_others(self, asset: AssetState, times: tuple[int, int], out: StateChange) -> None:
        """What is judged on the asset, and not on the values of its signals alone."""
        name, now_ms = asset.asset.id, times[1]
        for condition in asset.program.others:
            key = (name, condition.rule.id)
            if condition.rule.type == "clock":
                self.panel.judge(key, condition, Verdict.RAISE if asset.state.bad_clock else Verdict.CLEAR, None, times, out)
            elif condition.rule.type == "silent" and self.book.awake(key):
                silent = asset.silent_signals(condition.rule.signals, now_ms, 0)
                verdict = Verdict.HOLD if silent and condition.closed(asset.values) is None else Verdict.CLEAR
                self.panel.judge(key, condition, verdict, None, (now_ms, now_ms), out)
        self._judge_faults(asset, now_ms, out)

    def _judge_faults(self, asset: AssetState, now_ms: int, out: StateChange) -> None:
        """Whether a sensor gives what none can give is known when it comes; it says nothing of silence or clocks."""
        faulty = ", ".join(sorted(asset.state.faulty or ()))
        for condition in _of_type(asset.program, "out_of_range"):
            verdict = Verdict.RAISE if faulty else Verdict.CLEAR
            self.panel.judge((asset.asset.id, condition.rule.id), condition, verdict, faulty, (now_ms, now_ms), out)

    def _stay_awake(self, asset: AssetState) -> None:
        name = asset.asset.id
        asset.awake = any(self.book.awake((name, condition.rule.id)) for condition in asset.program.all)

    def _take_stock(self, obs: Observation, values: dict[str, Value], out: StateChange) -> None:
        for event in self.stock.observe(obs.asset, obs.kind, values, obs.event_ms):
            out.stock_events.append(event)
            out.points.append(stock_event_point(self.site, event))
        if self._feeds_at_once:
            self._feed()

    def _feed(self) -> None:
        """Tell those that ask which source feeds the line."""
        if not self._fed:
            return
        source = feeding([Outlet(kind, rated_lpm, asset.values) for asset, kind, rated_lpm in self._outlets])
        for asset in self._fed:
            if source is None:
                asset.values.pop("feeding", None)
            else:
                asset.values["feeding"] = source

    def _discover(self, asset: AssetState, obs: Observation, out: StateChange) -> None:
        """History: it raises and clears nothing, but what it shows is written down."""
        if obs.timing & Timing.RETAINED:
            for name, value in obs.values.items():
                asset.values.setdefault(name, value)
            return
        if not self.late.due_ms:
            self._wake(obs.received_ms + CLOSE_AFTER_MS, "late", "")
        for found in self.late.observe(asset, obs):
            self._write_discovered(found, obs.received_ms, out)

    def _late_over(self, _key: str, now_ms: int, out: StateChange) -> None:
        for found in self.late.close(now_ms):
            self._write_discovered(found, now_ms, out)
        if self.late.due_ms:
            self._wake(self.late.due_ms, "late", "")

    def _write_discovered(self, found: tuple[str, int, int | None, Value | None], now_ms: int, out: StateChange) -> None:
        name, started_ms, ended_ms, value = found
        key = key_of(name)
        condition = self.condition(key)
        alarm = self.book.alarms.get(key)
        if condition is None or (alarm is not None and alarm.condition and alarm.raised_ms <= started_ms):
            return
        self.panel.emit([self.book.discovered(key, condition, (started_ms, ended_ms), value, now_ms)], out)

    # ---- time ----------------------------------------------------------------------------------------------------------------

    def _alarm(self, name: str, now_ms: int, out: StateChange) -> None:
        self.panel.due(name, now_ms, out)
        if (asset := self.assets.get(key_of(name)[0])) is not None:
            self._stay_awake(asset)

    def _silence(self, name: str, now_ms: int, out: StateChange) -> None:
        """No reading for too long. While the whole group is dark that is one fact, and its own alarm says it."""
        asset = self.assets[name]
        if self.listening.connected and not self.listening.silent_with_group(asset, now_ms):
            for condition in _of_type(asset.program, "silent"):
                silent = asset.silent_signals(condition.rule.signals, now_ms, self.listening.since_ms(asset))
                if silent and condition.closed(asset.values) is None:
                    key = (name, condition.rule.id)
                    self.panel.judge(key, condition, Verdict.RAISE, ", ".join(silent), (now_ms, now_ms), out)
                    asset.awake = True
        self._await_silence(asset, now_ms)

    def _await_silence(self, asset: AssetState, now_ms: int) -> None:
        """The next look: when a signal will have been silent for too long, and then every quarter of that time while one is."""
        since_ms = self.listening.since_ms(asset)
        due = [asset.silence_due_ms(condition.rule.signals, since_ms) for condition in _of_type(asset.program, "silent")]
        if due:
            due_ms = min(due)
            self._wake(due_ms if due_ms > now_ms else self._next(now_ms, asset.silent_after_ms // 4), "silence", asset.asset.id)

    def _listen(self, _key: str, now_ms: int, out: StateChange) -> None:
        """Twice a minute: is anybody heard behind each gateway, and from the site."""
        for name in self.listening.groups if self.listening.connected else ():
            before, verdict = self.listening.is_dark(name), self.listening.look(name, now_ms)
            last_ms = self.listening.last_word_ms(name)
            event_ms = last_ms if verdict is Verdict.CLEAR else now_ms  # one word alone is no proof that it lasts
            kind, of = ("offline", self.assets[name].program.others) if name else ("dark", self.conditions)
            for condition in of:
                if condition.rule.type == kind:
                    self.panel.judge((name, condition.rule.id), condition, verdict, None, (event_ms, now_ms), out)
            if before != self.listening.is_dark(name):
                self.panel.stir(self.behind(name))
        if not self.takes_turns:
            self.panel.review(now_ms, out)
        self._wake(self._next(now_ms, LISTEN_EVERY_MS), "listen", "")

    def _minute(self, _key: str, now_ms: int, out: StateChange) -> None:
        """Once a minute: the stock is estimated, judged and handed on; trends and alarms are looked at again."""
        estimate = self.stock.estimate(now_ms, pressure_fails=self._pressure_fails)
        self.estimate = estimate
        self._values = numbers_of(estimate)
        self._feed()
        out.stock.append(estimate)
        out.points.extend(stock_points(self.site, estimate))
        self._judge_site(now_ms, out)
        for asset in self.assets.values():
            for condition in _of_type(asset.program, "forecast"):
                self._judge_now((asset.asset.id, condition.rule.id), condition, asset.values, now_ms, out)
        self.panel.settle(now_ms, out)
        self.panel.review(now_ms, out)
        self._wake(self._next(now_ms, STOCK_EVERY_MS), "minute", "")

    def _judge_site(self, now_ms: int, out: StateChange) -> None:
        for condition in self.conditions:
            key = ("", condition.rule.id)
            if condition.parts:
                self.panel.judge(key, condition, judge_parts(condition, self.values), None, (now_ms, now_ms), out)
            elif condition.rule.type != "dark":
                self._judge_now(key, condition, self._values, now_ms, out)

    def _judge_now(self, key: Key, condition: Condition, values: Mapping[str, Value], now_ms: int, out: StateChange) -> None:
        """What is reckoned from measurements clears when there was one: silence clears nothing."""
        verdict = condition.judge(values)
        measured_ms = now_ms
        if self.estimate and not key[0]:
            measured_ms = self.estimate.measured_ms or 0 if condition.rule.type == "hours_left" else self.stock.heard_ms
        event_ms = min(measured_ms, now_ms) if verdict is Verdict.CLEAR else now_ms
        self.panel.judge(key, condition, verdict, condition.value(values), (event_ms, now_ms), out)

    # ---- small things --------------------------------------------------------------------------------------------------------

    def _next(self, now_ms: int, every_ms: int) -> int:
        """The next turn of this site: the same whoever asks, before or after a restart, and not the same for all sites at once."""
        return now_ms - (now_ms - self.turn_ms) % every_ms + every_ms

    @property
    def _pressure_fails(self) -> bool:
        """Some line is below its pressure, by its own rules."""
        open_ones = [self.condition(key) for key, alarm in self.book.alarms.items() if alarm.condition]
        return any(c is not None and c.rule.type == "below" and "line_pressure_bar" in c.rule.signals for c in open_ones)

    def _where(self, name: str) -> str:
        site = display_name(self.site)
        return f"{site}, {display_name(self.assets[name].asset)}" if name in self.assets else site


def _of_type(program: Program, kind: str) -> list[Condition]:
    return [condition for condition in program.others if condition.rule.type == kind]
