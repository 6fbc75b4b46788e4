"""All alarms of one site, and how a change of one is told. Pure.

An alarm is named (asset, rule) and opens once for one fact. What a change means for the others of its site is decided in panel.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from zoneinfo import ZoneInfo

import msgspec

from collector.alarms.alarm import Alarm, Change
from collector.alarms.text import alarm_text, clock_time, text_of
from collector.outputs import Nature, Transition
from collector.rules.condition import Condition
from devices.signal import Value

Key = tuple[str, str]
"""(asset, rule); asset is empty for the site itself."""

NATURES: dict[str, Nature] = {
    "silent": "communication",
    "offline": "communication",
    "dark": "communication",
    "clock": "communication",
    "stuck": "suspect_sensor",
    "out_of_range": "suspect_sensor",
}
"""Type of rule → what its alarms are about; all others are about the process."""


class Book:
    """`alarms` holds those that have something to remember. `where` names an asset for people."""

    def __init__(self, site: str, where: Callable[[str], str], zone: ZoneInfo) -> None:
        self.site = site
        self.alarms: dict[Key, Alarm] = {}
        self._where = where
        self._zone = zone

    def settle(
        self, key: Key, condition: Condition, changes: Iterable[Change], value: Value | None, now_ms: int, *, suspect: bool = False
    ) -> list[Transition]:
        """What is told of changes that the alarm has made; an alarm with nothing to remember is forgotten."""
        told = [self._transition(key, condition, change, value, now_ms, suspect) for change in changes]
        if (alarm := self.alarms.get(key)) is not None and alarm.idle:
            del self.alarms[key]
        return told

    def discovered(self, key: Key, condition: Condition, span: tuple[int, int | None], value: Value | None, now_ms: int) -> Transition:
        """A condition found in data that came too late to be live: it was so from span[0] to span[1] (None: until that data ended)."""
        started, ended = span
        until = f" until {clock_time(ended, self._zone)}" if ended is not None else ""
        text = alarm_text(self._where(key[0]), condition, value, started, self._zone)
        found = self._transition(key, condition, Change("discovered_late", "normal", started, started), value, now_ms, suspect=False)
        return msgspec.structs.replace(found, text=f"Discovered late{until}: {text}", until_ms=ended)

    def line(self, key: Key, condition: Condition, value: Value | None, raised_ms: int) -> str:
        """The alarm in one line as it stands: what, how much, since when, and what to do."""
        return alarm_text(self._where(key[0]), condition, value, raised_ms, self._zone)

    def is_open(self, key: Key) -> bool:
        alarm = self.alarms.get(key)
        return alarm is not None and alarm.condition

    def awake(self, key: Key) -> bool:
        """True while a quiet reading still matters to the alarm: it is pending, its condition is true, or it is shelved."""
        alarm = self.alarms.get(key)
        return alarm is not None and (alarm.condition or alarm.pending_ms is not None or alarm.quiet)

    def begun(self, key: Key) -> bool:
        """True while the condition of the alarm is true, or its on-delay has begun."""
        alarm = self.alarms.get(key)
        return alarm is not None and (alarm.condition or alarm.pending_ms is not None)

    def name(self, key: Key) -> str:
        asset, rule = key
        return f"{self.site}/{asset}/{rule}" if asset else f"{self.site}/{rule}"

    def _transition(self, key: Key, condition: Condition, change: Change, value: Value | None, now_ms: int, suspect: bool) -> Transition:
        asset, rule = key
        name = self.name(key)
        alarm = self.alarms.get(key)
        nature = NATURES.get(condition.rule.type, "process")
        return Transition(
            occurrence=f"{name}@{change.raised_ms}",
            site=self.site,
            asset=asset,
            rule=rule,
            event=change.event,
            state=change.state,
            priority=(alarm and alarm.priority) or condition.rule.priority,
            event_ms=change.event_ms,
            evaluated_ms=now_ms,
            raised_ms=change.raised_ms,
            text=text_of(self._where(asset), condition, change, value, self._zone, suspect=suspect),
            value=value,
            limit=condition.limit(value),
            unit=condition.unit,
            by=change.by,
            why=change.why,
            until_ms=change.until_ms,
            annunciate=change.annunciate,
            condition=alarm is not None and alarm.condition,
            hidden_by=change.hidden_by,
            nature="suspect_sensor" if suspect and nature == "process" else nature,
        )
