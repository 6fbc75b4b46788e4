"""All alarms of one site: verdicts and commands in, transitions out. Pure.

An alarm is named (asset, rule) and opens once for one fact: while a worse rule of the same asset is open, the milder one is not raised.
"""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

import msgspec

from collector.alarms.alarm import Alarm, Change, Delays
from collector.alarms.text import alarm_text, cleared_text, clock_time
from collector.outputs import Transition
from collector.rules.compile import Condition, Verdict
from devices.signal import Value

Key = tuple[str, str]
"""(asset, rule); asset is empty for the site itself."""


class Book:
    """`alarms` holds those that have something to remember. `where` names an asset for people."""

    def __init__(self, site: str, where: Callable[[str], str], zone: ZoneInfo) -> None:
        self.site = site
        self.alarms: dict[Key, Alarm] = {}
        self._where = where
        self._zone = zone

    def judge(
        self, key: Key, condition: Condition, verdict: Verdict, value: Value | None, times: tuple[int, int], delays: Delays
    ) -> Transition | None:
        """Fold one verdict; `times` is (event_ms, now_ms). Returns what changed."""
        alarm = self.alarms.get(key)
        if alarm is None:
            if verdict is not Verdict.RAISE:
                return None
            alarm = self.alarms[key] = Alarm()
        if verdict is Verdict.RAISE and not alarm.condition and self._hidden(key[0], condition):
            verdict = Verdict.HOLD
        change = alarm.judge(verdict, *times, delays)
        return self._settle(key, condition, change, value, times[1])

    def expire(self, key: Key, condition: Condition, value: Value | None, now_ms: int, delays: Delays) -> Transition | None:
        """The on-delay of an alarm may have ended by the clock."""
        alarm = self.alarms.get(key)
        if alarm is None:
            return None
        return self._settle(key, condition, alarm.expire(now_ms, delays), value, now_ms)

    def acknowledge(self, key: Key, condition: Condition, by: str, now_ms: int) -> Transition | None:
        """None where there is no such alarm to acknowledge."""
        alarm = self.alarms.get(key)
        change = alarm.acknowledge(now_ms) if alarm else None
        return self._settle(key, condition, change, None, now_ms, by)

    def discovered(self, key: Key, condition: Condition, span: tuple[int, int | None], value: Value | None, now_ms: int) -> Transition:
        """A condition found in data that came too late to be live: it was so from span[0] to span[1] (None: until that data ended)."""
        started, ended = span
        until = f" until {clock_time(ended, self._zone)}" if ended is not None else ""
        text = alarm_text(self._where(key[0]), condition, value, started, self._zone)
        change = Change("discovered_late", "normal", started, started)
        found = self._transition(key, condition, change, value, now_ms, "")
        return msgspec.structs.replace(found, text=f"Discovered late{until}: {text}", until_ms=ended)

    def unacknowledged(self) -> list[str]:
        """The names of the alarms that wait for an acknowledgement."""
        return [self._name(key) for key, alarm in self.alarms.items() if alarm.state in {"unacknowledged", "returned"}]

    def deadline(self, key: Key) -> int | None:
        alarm = self.alarms.get(key)
        return alarm.deadline_ms if alarm else None

    def is_open(self, key: Key) -> bool:
        alarm = self.alarms.get(key)
        return alarm is not None and alarm.condition

    def awake(self, key: Key) -> bool:
        """True while a quiet reading still matters to the alarm: it is pending, or its condition is true."""
        alarm = self.alarms.get(key)
        return alarm is not None and (alarm.condition or alarm.pending_ms is not None)

    def _name(self, key: Key) -> str:
        asset, rule = key
        return f"{self.site}/{asset}/{rule}" if asset else f"{self.site}/{rule}"

    def _hidden(self, asset: str, condition: Condition) -> bool:
        return any(self.is_open((asset, rule)) for rule in condition.rule.under)

    def _settle(
        self, key: Key, condition: Condition, change: Change | None, value: Value | None, now_ms: int, by: str = ""
    ) -> Transition | None:
        if (alarm := self.alarms.get(key)) is not None and alarm.idle:
            del self.alarms[key]
        return None if change is None else self._transition(key, condition, change, value, now_ms, by)

    def _transition(self, key: Key, condition: Condition, change: Change, value: Value | None, now_ms: int, by: str) -> Transition:
        asset, rule = key
        name = self._name(key)
        write = cleared_text if change.event == "cleared" else alarm_text
        return Transition(
            occurrence=f"{name}@{change.raised_ms}",
            site=self.site,
            asset=asset,
            rule=rule,
            event=change.event,
            state=change.state,
            priority=condition.rule.priority,
            event_ms=change.event_ms,
            evaluated_ms=now_ms,
            raised_ms=change.raised_ms,
            text=write(self._where(asset), condition, value, change.event_ms, self._zone),
            value=value,
            limit=condition.limit(value),
            unit=condition.unit,
            by=by,
            annunciate=change.event in {"raised", "cleared"},
            condition=change.state in {"unacknowledged", "acknowledged"},
        )
