"""The alarm panel of a site: verdicts, commands and time go in, transitions come out. Pure.

One fact, one alarm: a milder rule is suppressed while a worse one of the same asset holds, sensors are suppressed while their gateway is
dark, plant rules while the plant is in maintenance. A shelf ends by its time, and before it when the next worse limit or a floor of the
hours left is crossed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from collector.alarms.alarm import Alarm, Aside, Change, Now, Traits
from collector.alarms.book import Book, Key
from collector.alarms.states import OUT_OF_SERVICE_MOST_MIN, REFUSED, SHELVED_MOST_MIN
from collector.kpi.nuisance import Nuisance, NuisanceState
from collector.orders import LONGEST_NAME, LONGEST_WHY, is_line
from collector.outputs import PRIORITIES, Command, Priority, StateChange, Transition
from collector.points import alarm_point
from collector.rules.condition import Condition, OpenGate, Verdict
from collector.rules.model import Escalation, Hours
from devices.assets import Site
from devices.signal import Value

FLOORS_H = (24.0, 6.0, 2.0, 1.0)
"""A shelf ends when the hours left fall below the next of these."""
UNKNOWN_FLOOR_H = 6.0
REALARM_S: dict[Priority, float] = {"high": 1800.0}
"""An acknowledged alarm of this priority is announced again after so long, where its rule says nothing of it."""
_SENSORS = frozenset({"silent", "stuck", "out_of_range"})
_DARK = frozenset({"offline", "dark"})
Times = tuple[int, int]
"""(event ms, now ms)."""


class Surroundings(Protocol):
    """What the panel asks of its site."""

    def values(self, asset: str) -> Mapping[str, Value]: ...
    def condition(self, key: Key) -> Condition | None: ...
    def rules_of(self, asset: str) -> Iterable[Condition]:
        """All of an asset (of the site where the name is empty), the worse before the milder."""

    def interval_ms(self, asset: str) -> float: ...
    def hours(self, which: Hours) -> float | None: ...
    def dark(self, asset: str) -> str:
        """The alarm that says that nothing is heard from the asset (`gw1/ST-OF`), or an empty string."""

    def behind(self, asset: str) -> Iterable[str]:
        """The assets that are heard through a gateway, or all of the site where the name is empty."""

    def suspect(self, asset: str, signals: Iterable[str]) -> bool: ...


class Panel:
    """See the module. `wake(due_ms, what, key)` announces when `due` is to be called with the key of an alarm."""

    def __init__(
        self, site: Site, book: Book, around: Surroundings, wake: Callable[[int, str, str], None], counted: NuisanceState | None = None
    ) -> None:
        self.site = site
        self.nuisance = Nuisance(site, counted)
        self.book = book
        self._around = around
        self._wake = wake
        self._stirred: dict[str, None] = {}

    # ---- verdicts ------------------------------------------------------------------------------------------------------------

    def judge(self, key: Key, condition: Condition, verdict: Verdict, value: Value | None, times: Times, out: StateChange) -> None:
        alarm = self.book.alarms.get(key)
        if alarm is None:
            if verdict is not Verdict.RAISE:
                return
            alarm = self.book.alarms[key] = Alarm()
        due_ms, held = alarm.due_ms, alarm.condition
        now = self._now(key, condition, alarm) if verdict is Verdict.RAISE and not held else Now()
        self._tell(key, condition, alarm.judge(verdict, *times, self._traits(key, condition), now), value, times[1], out)
        if alarm.condition and condition.suppressed_while and held:
            self._stirred[key[0]] = None
        if alarm.shelf is not None and self._is_worse(key, condition, value):
            self._tell(key, condition, alarm.unshelve(times[1], "", "it has become worse"), value, times[1], out)
            self._stir(key, condition)
        if alarm.condition and condition.rule.escalates and any(each.gate for each in condition.rule.escalates):
            self._escalate(key, condition, alarm, value, times[1], out)
        if alarm.condition is not held:
            self._stir(key, condition)
        self._announce(key, alarm, due_ms)

    def due(self, name: str, now_ms: int, out: StateChange) -> None:
        """A time announced through `wake` has come. Whatever else of the asset is due by now is met too, the worse before the milder."""
        asset, _ = key_of(name)
        for condition in self._around.rules_of(asset):
            key = (asset, condition.rule.id)
            alarm = self.book.alarms.get(key)
            if alarm is not None and (due_ms := alarm.due_ms) is not None and due_ms <= now_ms:
                changes = alarm.expire(now_ms, self._traits(key, condition), self._now(key, condition, alarm))
                self._tell(key, condition, changes, self.value(key, condition), now_ms, out)
                self._stir(key, condition)
                self._announce(key, alarm, due_ms)

    def review(self, now_ms: int, out: StateChange) -> None:
        """Once a minute: what has become more urgent, and the shelves that end because the oxygen does."""
        for key, alarm in list(self.book.alarms.items()):
            condition = self._around.condition(key)
            if condition is None:
                continue
            due_ms = alarm.due_ms
            if alarm.condition and condition.rule.escalates:
                self._escalate(key, condition, alarm, self.value(key, condition), now_ms, out)
            if alarm.shelf is not None and self._below_floor(alarm.shelf):
                why = f"less than {alarm.shelf.floor_h:g} hours of oxygen are left"
                self._tell(key, condition, alarm.unshelve(now_ms, "", why), self.value(key, condition), now_ms, out)
                self._stirred[key[0]] = None
            self._announce(key, alarm, due_ms)

    def stir(self, assets: Iterable[str]) -> None:
        """What suppresses the alarms of these assets may have changed."""
        self._stirred.update(dict.fromkeys(assets))

    def _stir(self, key: Key, condition: Condition) -> None:
        """An alarm has changed: it may suppress others of its asset, and those that are heard through it."""
        self._stirred[key[0]] = None
        if condition.rule.type in _DARK:
            self.stir(self._around.behind(key[0]))

    def settle(self, now_ms: int, out: StateChange) -> None:
        """At the end of each moment, when everything that changed in it is known: what is suppressed from now on, and what not any more."""
        if not self._stirred:
            return
        stirred, self._stirred = self._stirred, {}
        for key, alarm in [(key, alarm) for key, alarm in self.book.alarms.items() if key[0] in stirred]:
            if (condition := self._around.condition(key)) is not None:
                due_ms = alarm.due_ms
                self._reconsider(key, condition, alarm, self.value(key, condition), now_ms, out)
                self._announce(key, alarm, due_ms)

    def arm(self) -> None:
        """Announce every due time anew."""
        for key, alarm in self.book.alarms.items():
            self._announce(key, alarm, None)
        self._await_nuisance(0)

    # ---- commands ------------------------------------------------------------------------------------------------------------

    def refusal(self, command: Command) -> str:
        """Why the command is refused, and what would be right; empty where it will be obeyed."""
        key = key_of(command.alarm.partition("/")[2])
        condition, alarm = self._around.condition(key), self.book.alarms.get(key) or Alarm()
        if condition is None:
            return f"there is no alarm {command.alarm!r}"
        if why_not := REFUSED[command.command].get(alarm.state):
            hidden = f" ({alarm.hidden_by})" if alarm.state == "suppressed" else ""
            return f"{command.alarm}: {why_not}{hidden}"
        if not is_line(command.by, LONGEST_NAME):
            return f"by is the name of the person, 1 to {LONGEST_NAME} characters on one line"
        if command.command in {"shelve", "out_of_service"}:
            return _refused_aside(command, condition, alarm.priority or condition.rule.priority)
        return ""

    def command(self, command: Command, now_ms: int, out: StateChange) -> str:
        """Obey, or say why not."""
        refused = self.refusal(command)
        key = key_of(command.alarm.partition("/")[2])
        condition = self._around.condition(key)
        if refused or condition is None:
            return refused
        alarm = self.book.alarms.setdefault(key, Alarm())
        due_ms, value = alarm.due_ms, self.value(key, condition)
        self._tell(key, condition, self._obey(alarm, command, key, condition, now_ms), value, now_ms, out)
        self._stirred[key[0]] = None
        self._announce(key, alarm, due_ms)
        return ""

    def _obey(self, alarm: Alarm, command: Command, key: Key, condition: Condition, now_ms: int) -> list[Change]:
        until_ms = now_ms + round(command.minutes * 60_000)
        match command.command:
            case "ack":
                promised_ms = until_ms if command.minutes else None
                return alarm.acknowledge(now_ms, self._traits(key, condition, alarm.priority), command.by, command.why, promised_ms)
            case "reset":
                return alarm.reset(now_ms, command.by)
            case "shelve":
                priority = alarm.priority or condition.rule.priority
                return alarm.shelve(Aside(until_ms, command.by, command.why, command.one_shot, self._floor_h(), priority), now_ms)
            case "unshelve":
                return alarm.unshelve(now_ms, command.by, command.why)
            case "out_of_service":
                return alarm.take_out(Aside(until_ms, command.by, command.why), now_ms)
            case "return":
                return alarm.put_back(now_ms, command.by, command.why)

    # ---- what the design says ------------------------------------------------------------------------------------------------

    def hidden_by(self, key: Key, condition: Condition) -> str:
        """What suppresses an alarm by design: a worse one that people hear of, the state of its plant, or that nothing is heard at all."""
        asset, _ = key
        for rule in condition.rule.under:
            worse = self.book.alarms.get((asset, rule))
            if worse is not None and worse.condition and not worse.quiet:
                return rule
        values = self._around.values(asset)
        for gate in condition.suppressed_while:
            if gate.holds(values):
                return _gate_text(gate, values)
        return self._around.dark(asset) if condition.rule.type in _SENSORS or condition.rule.type == "offline" else ""

    def _now(self, key: Key, condition: Condition, alarm: Alarm) -> Now:
        return Now(self.hidden_by(key, condition), self._urgency(condition, key, alarm, None))

    def _reconsider(self, key: Key, condition: Condition, alarm: Alarm, value: Value | None, now_ms: int, out: StateChange) -> None:
        if not alarm.condition:
            return
        by = self.hidden_by(key, condition)
        changes = alarm.hide(by, now_ms) if by else alarm.unhide(now_ms, self._traits(key, condition))
        self._tell(key, condition, changes, value, now_ms, out)

    def _escalate(self, key: Key, condition: Condition, alarm: Alarm, value: Value | None, now_ms: int, out: StateChange) -> None:
        urgency = self._urgency(condition, key, alarm, now_ms)
        now = alarm.priority or condition.rule.priority
        if urgency is not None and PRIORITIES.index(urgency) > PRIORITIES.index(now):
            self._tell(key, condition, alarm.escalate(urgency, now_ms), value, now_ms, out)

    def _urgency(self, condition: Condition, key: Key, alarm: Alarm, now_ms: int | None) -> Priority | None:
        """The highest priority whose conditions all hold; None where that is the rule's own. `now_ms` None: it is being raised."""
        open_ms = 0 if now_ms is None else now_ms - alarm.known_ms
        holding = [each.priority for each in condition.rule.escalates if self._holds(each, key[0], open_ms)]
        return max(holding, key=PRIORITIES.index, default=None)

    def _holds(self, escalation: Escalation, asset: str, open_ms: int) -> bool:
        if open_ms < escalation.after_s * 1000:
            return False
        if escalation.below_h is not None:
            hours = self._around.hours(escalation.hours)
            if hours is None or hours >= escalation.below_h:
                return False
        gate = escalation.gate
        return gate is None or OpenGate(gate.signal, None, gate.states, frozenset()).judge(self._around.values(asset)) is None

    # ---- shelves -------------------------------------------------------------------------------------------------------------

    def _floor_h(self) -> float:
        hours = self._around.hours("connected_now")
        return UNKNOWN_FLOOR_H if hours is None else next((floor for floor in FLOORS_H if floor < hours), 0.0)

    def _below_floor(self, shelf: Aside) -> bool:
        hours = self._around.hours("connected_now")
        return hours is not None and shelf.floor_h is not None and hours < shelf.floor_h

    def _is_worse(self, key: Key, condition: Condition, value: Value | None) -> bool:
        """The value is beyond the next worse limit: the rule's own word for it, or the limit of a rule that it is under."""
        if condition.worse is not None and isinstance(value, float):
            return condition.worse.judge(value) is Verdict.RAISE and condition.closed(self._around.values(key[0])) is None
        worse = (self._around.condition((key[0], rule)) for rule in condition.rule.under)
        return any(each is not None and each.judge(self._around.values(key[0])) is Verdict.RAISE for each in worse)

    # ---- small things --------------------------------------------------------------------------------------------------------

    def value(self, key: Key, condition: Condition) -> Value | None:
        """The value that counts for a condition now."""
        return condition.value(self._around.values(key[0]))

    def emit(self, transitions: Iterable[Transition], out: StateChange) -> None:
        """Into the log, as rows for the store, and under the eyes of whoever counts nuisance."""
        before_ms = self.nuisance.due_ms
        for transition in transitions:
            out.transitions.append(transition)
            out.points.append(alarm_point(self.site, transition))
            self.nuisance.observe(transition, out)
        self._await_nuisance(before_ms)

    def count(self, now_ms: int, out: StateChange) -> None:
        """A time of the nuisance tracker has come: an hour is over, a flood, a chattering or standing alarm begins or ends."""
        self.nuisance.due(now_ms, out)
        self._await_nuisance(0)

    def _await_nuisance(self, before_ms: int) -> None:
        due_ms = self.nuisance.due_ms
        if due_ms and due_ms != before_ms:
            self._wake(due_ms, "nuisance", "")

    def _tell(self, key: Key, condition: Condition, changes: list[Change], value: Value | None, now_ms: int, out: StateChange) -> None:
        suspect = bool(changes) and self._around.suspect(key[0], condition.reads)
        told = self.book.settle(key, condition, changes, value, now_ms, suspect=suspect)
        if told:
            self.emit(told, out)

    def _announce(self, key: Key, alarm: Alarm, before_ms: int | None) -> None:
        due_ms = alarm.due_ms
        if due_ms is not None and due_ms != before_ms:
            self._wake(due_ms, "alarm", f"{key[0]}/{key[1]}")

    def _traits(self, key: Key, condition: Condition, priority: Priority | None = None) -> Traits:
        rule, interval_ms = condition.rule, self._around.interval_ms(key[0])
        silent = rule.type == "silent"
        realarm_s = REALARM_S.get(priority or rule.priority, 0.0) if rule.realarm_s is None else rule.realarm_s
        return Traits(
            int(rule.on_delay_s * 1000),
            int(interval_ms / 2) if silent else int(rule.off_delay_s * 1000),
            0 if silent else int(1.5 * interval_ms),
            rule.latched,
            rule.auto_ack,
            int(realarm_s * 1000),
        )


def key_of(name: str) -> Key:
    """`asset/rule`, or `rule` alone for one of the site."""
    asset, _, rule = name.rpartition("/")
    return asset, rule


def _refused_aside(command: Command, condition: Condition, priority: Priority) -> str:
    shelving = command.command == "shelve"
    if shelving and not condition.rule.shelvable:
        return f"{command.alarm} may not be shelved: {condition.rule.message}"
    if not is_line(command.why, LONGEST_WHY):
        return f"why is the reason, 1 to {LONGEST_WHY} characters on one line"
    most = SHELVED_MOST_MIN[priority] if shelving else OUT_OF_SERVICE_MOST_MIN
    if not 0 < command.minutes <= most:
        what = f"an alarm of priority {priority} may be shelved" if shelving else "an alarm may be out of service"
        return f"{what} for more than 0 and at most {most:g} minutes, not {command.minutes:g}"
    return ""


def _gate_text(gate: OpenGate, values: Mapping[str, Value]) -> str:
    return f"{gate.signal} {values.get(gate.signal)}"
