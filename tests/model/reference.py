"""All alarms of a site, written a second time from the domain reference (§1.3, §5, §6.7, §8), slow and plain.

At every moment at which anything could happen every alarm is looked at: first the conditions, the worse before the milder; then what hides
what. Taken from the collector: the values of its contracts, the rules as they are declared, and the hours left as it published them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from zlib import crc32

import msgspec

from collector.outputs import PRIORITIES, Command, Priority, StockEstimate
from collector.records import Control, Decoded, Status
from collector.rules.model import Escalation, RuleSet
from devices.assets import Site
from devices.signal import HISTORY, Observation, Timing, Value
from tests.model.ears import SITE, Ears
from tests.model.judging import BY_VALUE, SUPPORTED, beyond, in_force, is_open, say, signal_of
from tests.model.life import RANK, Aside, Entry, Life, Told

MINUTE_MS, LISTEN_MS = 60_000, 30_000
SHELVED_MOST_MIN: dict[Priority, float] = {"high": 15, "medium": 8 * 60, "low": 24 * 60, "info": 24 * 60}
OUT_OF_SERVICE_MOST_MIN = 7 * 24 * 60
FLOORS_H = (24.0, 6.0, 2.0, 1.0)
SENSORS = ("silent", "out_of_range", "stuck")
Key = tuple[str, str]


class Reference:
    """`step` takes what the collector takes; `told` is what it should say."""

    def __init__(self, site: Site, rules: RuleSet) -> None:
        self.site = site
        self.told: list[Told] = []
        self.refused: list[bool] = []
        self.ears = Ears(site)
        self.lives = {(_asset(life), life.rule.id): life for life in _lives(site, rules)}
        self.order = sorted(self.lives, key=self._depth)
        self.declared: dict[str, dict[str, float]] = {asset.id: _declared(asset) for asset in site.assets} | {SITE: {}}
        self.values: dict[str, dict[str, Value]] = {name: {} for name in self.declared}
        self.stamps: dict[tuple[str, str], int] = {}
        self.faulty: dict[str, set[str]] = {asset.id: set() for asset in site.assets}
        self.lying: dict[str, bool] = {asset.id: False for asset in site.assets}
        self.now_ms = 0
        self.phase_ms = crc32(site.id.encode()) % MINUTE_MS
        self.measured_ms = 0

    # ---- what comes in -------------------------------------------------------------------------------------------------------

    def step(self, batch: Decoded, estimates: Mapping[int, StockEstimate]) -> None:
        names = {event.name for event in batch.events if isinstance(event, Control)}
        if "start" in names:
            self._begin(batch.received_ms)
        self.advance(batch.received_ms, estimates)
        for reject in batch.rejects:
            if reject.signal is not None and reject.reason in {"out_of_range", "not_finite"}:
                self._fault(reject.topic.rsplit("/", 1)[-1], reject.signal)
        for event in batch.events:
            if isinstance(event, Observation):
                self._observe(event)
            elif isinstance(event, Status):
                if not (event.online and event.retained):
                    self.ears.will(event.asset, online=event.online, received_ms=event.received_ms)
            elif event.name == "source":
                self.ears.connected, self.ears.since_ms = msgspec.json.decode(event.payload)["connected"], event.received_ms
            elif event.name == "command":
                self._command(msgspec.json.decode(event.payload, type=Command))

    def advance(self, until_ms: int, estimates: Mapping[int, StockEstimate]) -> None:
        """Every moment up to then at which something may be due."""
        while (moment_ms := min((at for at in self._moments() if at <= until_ms), default=None)) is not None:
            last_ms, self.now_ms = self.now_ms, max(self.now_ms, moment_ms)
            if self.now_ms > last_ms:
                self._turns(estimates)
            self._timers()
        self.now_ms = max(self.now_ms, until_ms)

    def shown(self) -> dict[str, str]:
        """The alarms that show anything, by name."""
        return {life.name: life.shown for life in self.lives.values() if life.shown != "normal"}

    # ---- time ----------------------------------------------------------------------------------------------------------------

    def _begin(self, now_ms: int) -> None:
        """Nobody listened until now: what the clock ended meanwhile ends now, and nobody was silent."""
        self.now_ms = now_ms
        self.ears.connected, self.ears.since_ms = True, now_ms
        self._timers()

    def _moments(self) -> Iterable[int]:
        """Candidates; one at which nothing happens does no harm."""
        for life in self.lives.values():
            for at_ms in (life.deadline_ms(), life.shown_again_ms(), life.realarm_ms):
                if at_ms is not None:
                    yield at_ms
            yield from (aside.until_ms for aside in (life.shelf, life.removed) if aside is not None)
            if life.rule.type == "silent":
                due_ms = self.ears.silence_due_ms(_asset(life), life.rule.signals)
                if due_ms > self.now_ms:
                    yield due_ms
                else:
                    yield self._next(self.ears.assets[_asset(life)].silent_after_ms // 4)
        yield self._next(LISTEN_MS)
        yield self._next(MINUTE_MS)

    def _next(self, every_ms: int) -> int:
        return self.now_ms - (self.now_ms - self.phase_ms) % every_ms + every_ms

    def _is_turn(self, every_ms: int) -> bool:
        return (self.now_ms - self.phase_ms) % every_ms == 0

    def _timers(self) -> None:
        now_ms = self.now_ms
        for key in self.order:
            life = self.lives[key]
            deadline_ms, run = life.deadline_ms(), life.run()
            if deadline_ms is not None and run is not None and deadline_ms <= now_ms:
                self.told += life.turn(run.since_ms + life.on_ms, now_ms, self._hider(key), self._urgency(key, None))
            again_ms = life.shown_again_ms()
            if again_ms is not None and again_ms <= now_ms and not self._hidden(key):
                self.told += life.show_again(now_ms)
            if life.shelf is not None and life.shelf.until_ms <= now_ms:
                self.told.append(life.unshelve(life.shelf.until_ms, now_ms, ""))
            if life.removed is not None and life.removed.until_ms <= now_ms:
                self.told.append(life.put_back(life.removed.until_ms, now_ms, ""))
            if life.realarm_ms is not None and life.realarm_ms <= now_ms:
                due_ms, life.realarm_ms = life.realarm_ms, None
                if life.heard and life.condition and life.acked:
                    life.acked = False
                    self.told.append(life.tells("realarmed", due_ms, now_ms, annunciate=True))
        self._settle()

    def _turns(self, estimates: Mapping[int, StockEstimate]) -> None:
        if self._is_turn(LISTEN_MS) and self.ears.groups:
            self._listen()
        if self._is_turn(MINUTE_MS):
            self._minute(estimates)
        for key in self.order:
            if self.lives[key].rule.type == "silent":
                self._silence(key)
        self._settle()

    def _listen(self) -> None:
        for group in self.ears.groups if self.ears.connected else ():
            word, last_ms = self.ears.look(group, self.now_ms), self.ears.last_ms(group)
            for key in self.order:
                if key[0] == group and self.lives[key].rule.type in {"offline", "dark"}:
                    self._judge(key, Entry(last_ms if word == "clear" else self.now_ms, self.now_ms, word))
            self._settle()

    def _minute(self, estimates: Mapping[int, StockEstimate]) -> None:
        estimate = estimates[self.now_ms]
        hours = {name: getattr(estimate, name).mid for name in ("connected_now_h", "connected_h", "on_site_h")}
        self.values[SITE] = {name: value for name, value in hours.items() if value is not None}
        self.measured_ms = estimate.measured_ms or 0
        self._feed()
        for key in self.order:
            if self.lives[key].rule.type == "hours_left":
                said = say(self.lives[key].rule, {}, self.values[SITE])
                event_ms = min(self.measured_ms, self.now_ms) if said.word == "clear" else self.now_ms
                self._judge(key, Entry(event_ms, self.now_ms, said.word))
                self._worse(key)
        self._settle()
        for key in self.order:
            life, hours_left = self.lives[key], self._hours("connected_now")
            self._escalate(key, self.now_ms - life.known_ms)
            floor_h = life.shelf.floor_h if life.shelf is not None else None
            if hours_left is not None and floor_h is not None and hours_left < floor_h:
                self.told.append(life.unshelve(self.now_ms, self.now_ms, ""))
        self._settle()

    def _silence(self, key: Key) -> None:
        """Silence is found when it has lasted; later ones of an asset that is silent already, a few times within that span."""
        life, now_ms = self.lives[key], self.now_ms
        heard, watched = self.ears.assets[key[0]], life.rule.signals
        due_ms = self.ears.silence_due_ms(key[0], watched)
        if due_ms == now_ms or (due_ms < now_ms and self._is_turn(heard.silent_after_ms // 4)):
            open_gates = all(is_open(gate, self.declared[key[0]], self.values[key[0]]) for gate in life.rule.gates)
            if open_gates and self.ears.is_told_silent(key[0], watched, now_ms):
                self._judge(key, Entry(now_ms, now_ms, "raise"))

    # ---- readings ------------------------------------------------------------------------------------------------------------

    def _observe(self, obs: Observation) -> None:
        """Live news is judged; what is history, or no news, is not."""
        if obs.timing & HISTORY:
            return
        asset = obs.asset
        news = {name: value for name, value in obs.values.items() if self.stamps.get((asset, name), -1) < obs.event_ms}
        if not news:
            return
        self.values[asset].update(news)
        self.stamps.update({(asset, name): obs.event_ms for name in news})
        self.ears.word(asset, tuple(news), obs.received_ms)
        self.faulty[asset] -= news.keys()
        self.lying[asset] = bool(obs.timing & (Timing.BAD_CLOCK | Timing.FUTURE))
        for key in self.order:
            if key[0] == asset and self.lives[key].rule.type not in {"offline", "dark"}:
                self._look(key, obs, news)
        self._settle()
        if any(getattr(each, "analyser", "") == "ultrasonic" for each in self.site.assets):
            self._feed()

    def _feed(self) -> None:
        """Which source feeds, as far as anybody says: a manifold above 2 L/min, a plant above a twentieth of its rated flow."""
        found = set[str]()
        for asset in self.site.assets:
            flow, floor = self.values[asset.id].get("o2_flow_lpm"), self.declared[asset.id].get("rated_flow_lpm", 40.0) / 20
            if asset.kind in {"manifold", "psa_plant"} and isinstance(flow, float) and flow > floor:
                found.add(asset.kind.removesuffix("_plant"))
        for values in self.values.values():
            values.pop("feeding", None)
            if found:
                values["feeding"] = "mixed" if len(found) > 1 else min(found)

    def _look(self, key: Key, obs: Observation, news: Mapping[str, Value]) -> None:
        asset, life = key[0], self.lives[key]
        match life.rule.type:
            case "silent":
                if life.condition or life.log or life.by_choice:
                    word = self.ears.is_silent(asset, life.rule.signals, obs.received_ms) and all(
                        is_open(gate, self.declared[asset], self.values[asset]) for gate in life.rule.gates
                    )
                    self._judge(key, Entry(obs.received_ms, obs.received_ms, "between" if word else "clear"))
            case "out_of_range":
                self._judge(key, Entry(obs.received_ms, obs.received_ms, "raise" if self.faulty[asset] else "clear"))
            case "clock":
                self._judge(key, Entry(obs.event_ms, obs.received_ms, "raise" if self.lying[asset] else "clear"))
            case _:
                said = say(life.rule, self.declared[asset], self.values[asset])
                began = life.condition or life.run() is not None
                if not began and life.rule.signals[0] not in news:
                    return  # an on-delay begins with a reading of its own
                by_reading = said.word == "clear" and said.signal and isinstance(self.values[asset][said.signal], float)
                event_ms = self.stamps[asset, said.signal] if by_reading else obs.event_ms
                self._judge(key, Entry(event_ms, obs.received_ms, said.word))
                self._worse(key)
        if any(escalation.gate for escalation in life.rule.escalates):
            self._escalate(key, obs.received_ms - life.known_ms)

    def _fault(self, asset: str, signal: str) -> None:
        """A value that no working sensor gives proves nothing but that."""
        self.faulty[asset].add(signal)
        for key in self.order:
            if key[0] == asset and self.lives[key].rule.type == "out_of_range":
                self._judge(key, Entry(self.now_ms, self.now_ms, "raise"))
        self._settle()

    def _judge(self, key: Key, entry: Entry) -> None:
        life = self.lives[key]
        life.note(entry)
        at_ms = life.turns_ms()
        if at_ms is not None:
            self.told += life.turn(at_ms, entry.heard_ms, self._hider(key), self._urgency(key, None))

    def _worse(self, key: Key) -> None:
        """A shelf ends when the value is beyond the next worse limit."""
        life, asset = self.lives[key], key[0]
        if life.shelf is None:
            return
        values, declared = self.values[asset], self.declared[asset]
        if life.rule.worse_limit is not None:
            gates_open = all(is_open(gate, declared, values) for gate in life.rule.gates)
            worse = gates_open and beyond(life.rule, life.rule.worse_limit, declared, values.get(signal_of(life.rule)))
        else:
            others = [self.lives[asset, rule].rule for rule in life.rule.under if (asset, rule) in self.lives]
            worse = any(say(rule, declared, values).word == "raise" for rule in others if rule.type in BY_VALUE)
        if worse:
            self.told.append(life.unshelve(self.now_ms, self.now_ms, ""))

    # ---- what the design says ------------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """What has become hidden, and what is not any more."""
        for key in self.order:
            life = self.lives[key]
            if life.condition:
                by = self._hidden(key)
                if by:
                    self.told += life.hide(by, self.now_ms)
                elif life.hidden:
                    self.told += life.unhide(self.now_ms)
            life.forget_what_is_over()

    def _hider(self, key: Key) -> Callable[[], str]:
        return lambda: self._hidden(key)

    def _hidden(self, key: Key) -> str:
        """What hides an alarm: a worse one that people hear of, the state of its plant, or that nothing is heard of it at all."""
        asset, life = key[0], self.lives[key]
        for rule in life.rule.under:
            worse = self.lives.get((asset, rule))
            if worse is not None and worse.condition and not worse.by_choice:
                return rule
        for gate in life.rule.suppressed_while:
            if gate.signal in self.values[asset] and is_open(gate, self.declared[asset], self.values[asset]):
                return f"{gate.signal} {self.values[asset][gate.signal]}"
        if asset != SITE and life.rule.type in (*SENSORS, "offline"):
            return self._darkness(asset)
        return ""

    def _darkness(self, asset: str) -> str:
        site = self.lives.get((SITE, "ST-DK"))
        if site is not None and site.condition:
            return "ST-DK"
        group = self.ears.group_of(asset)
        gateway = self.lives.get((group, "ST-OF")) if group else None
        return f"{group}/ST-OF" if group and gateway is not None and gateway.condition and self.ears.dark[group] else ""

    def _escalate(self, key: Key, open_ms: int) -> None:
        life = self.lives[key]
        if life.condition and (urgency := self._urgency(key, open_ms)) is not None and RANK[urgency] > RANK[life.urgency]:
            self.told += life.escalate(urgency, self.now_ms)

    def _urgency(self, key: Key, open_ms: int | None) -> Priority | None:
        found = [each.priority for each in self.lives[key].rule.escalates if self._holds(key[0], each, open_ms or 0)]
        return max(found, key=PRIORITIES.index, default=None)

    def _holds(self, asset: str, each: Escalation, open_ms: int) -> bool:
        hours = self._hours(each.hours)
        return (
            open_ms >= each.after_s * 1000
            and (each.below_h is None or (hours is not None and hours < each.below_h))
            and (each.gate is None or is_open(each.gate, self.declared[asset], self.values[asset]))
        )

    def _hours(self, which: str) -> float | None:
        value = self.values[SITE].get(f"{which}_h")
        return value if isinstance(value, float) else None

    # ---- people --------------------------------------------------------------------------------------------------------------

    def _command(self, command: Command) -> None:
        _, _, rest = command.alarm.partition("/")
        asset, _, rule = rest.rpartition("/")
        life = self.lives.get((asset, rule))
        refused = life is None or not self._allowed(life, command)
        self.refused.append(refused)
        if life is None or refused:
            return
        now_ms, by, until_ms = self.now_ms, command.by, self.now_ms + round(command.minutes * 60_000)
        match command.command:
            case "ack":
                life.acked = True
                realarm_s = life.rule.realarm_s if life.rule.realarm_s is not None else 1800 if life.urgency == "high" else 0
                if life.condition and realarm_s:
                    life.realarm_ms = now_ms + int(realarm_s * 1000)
                word = life.tells("acknowledged", now_ms, now_ms, by=by)
                promised_ms = word.until_ms or (until_ms if command.minutes else None)
                self.told.append(word._replace(until_ms=promised_ms))
            case "reset":
                life.latched = False
                self.told.append(life.tells("reset", now_ms, now_ms, annunciate=life.told, by=by))
            case "shelve":
                life.shelf = Aside(until_ms, by, command.one_shot, self._floor_h(), life.urgency)
                self.told.append(life.tells("shelved", now_ms, now_ms, by=by))
            case "unshelve":
                self.told.append(life.unshelve(now_ms, now_ms, by))
            case "out_of_service":
                life.removed = Aside(until_ms, by)
                self.told.append(life.tells("out_of_service", now_ms, now_ms, by=by))
            case "return":
                self.told.append(life.put_back(now_ms, now_ms, by))
        self._settle()

    def _floor_h(self) -> float:
        hours = self._hours("connected_now")
        return 6.0 if hours is None else max((floor for floor in FLOORS_H if floor < hours), default=0.0)

    def _allowed(self, life: Life, command: Command) -> bool:
        shown = life.shown
        if not 0 < len(command.by.strip()) <= 64:
            return False
        match command.command:
            case "ack":
                return shown in {"unacknowledged", "returned", "latched_unacknowledged"}
            case "reset":
                return shown == "latched_acknowledged"
            case "shelve":
                fits = 0 < command.minutes <= SHELVED_MOST_MIN[life.urgency] and command.why.strip() != ""
                return fits and life.rule.shelvable and shown in {"normal", "unacknowledged", "acknowledged", "returned"}
            case "unshelve":
                return shown == "shelved"
            case "out_of_service":
                return 0 < command.minutes <= OUT_OF_SERVICE_MOST_MIN and command.why.strip() != "" and shown != "out_of_service"
            case "return":
                return shown == "out_of_service"

    # ---- small things --------------------------------------------------------------------------------------------------------

    def _depth(self, key: Key) -> int:
        """How many worse rules an alarm can be hidden under; a gateway's and a site's own come before what they hide."""
        asset, life = key[0], self.lives[key]
        worse = [self._depth((asset, rule)) for rule in life.rule.under if (asset, rule) in self.lives]
        return 1 + max(worse, default={"dark": -1, "offline": 0}.get(life.rule.type, 1))


def _lives(site: Site, rules: RuleSet) -> Iterable[Life]:
    """One alarm for every rule in force on an asset, and on the site."""
    for asset in site.assets:
        flags = {"duty": bool(getattr(asset, "duty", False))}
        for kind in (asset.kind, "any"):
            for rule in rules.of(site.id, asset.id, kind):
                if rule.type in SUPPORTED and in_force(rule, _declared(asset), flags):
                    gates = [gate for gate in rule.gates if all(getattr(asset, name, "") == is_so for name, is_so in gate.where.items())]
                    rule = rule.model_copy(update={"gates": tuple(gates)})
                    yield Life(f"{site.id}/{asset.id}/{rule.id}", rule, int(asset.interval_s * 1000))
    for rule in rules.of(site.id, "", "site"):
        if rule.type in SUPPORTED:
            yield Life(f"{site.id}/{rule.id}", rule, MINUTE_MS)


def _declared(asset: object) -> dict[str, float]:
    numbers = {name: getattr(asset, name, None) for name in ("nominal_bar", "rated_flow_lpm")}
    numbers["dewpoint_limit_c"] = {"refrigerated": 10.0, "desiccant": -20.0}.get(getattr(asset, "dryer", ""))
    return {name: float(value) for name, value in numbers.items() if value is not None}


def _asset(life: Life) -> str:
    return life.name.split("/")[1] if life.name.count("/") == 2 else SITE
