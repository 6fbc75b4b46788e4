"""What data that came too late shows: conditions that held while nobody could see them. Pure.

Late data raises and clears no live alarm. The same conditions are judged on it, in its own event time, apart from the live alarms; each
span found becomes an entry "discovered late" with when it was and when we knew.
"""

from __future__ import annotations

import msgspec

from collector.alarms.alarm import Alarm, Traits
from collector.asset import AssetState
from collector.rules.condition import Condition, Verdict
from devices.signal import Observation, Value

CLOSE_AFTER_MS = 60_000
Found = tuple[str, int, int | None, Value | None]
"""(asset/rule, started event ms, ended event ms or None, the value that decided)."""


class LateConditions(msgspec.Struct, array_like=True):
    """`alarms` by "asset/rule" and `values`, `seen_ms` by asset: the picture as of the late data. `due_ms`: when it is closed, 0: empty."""

    alarms: dict[str, Alarm] = {}
    deciding: dict[str, float | bool | str] = {}
    values: dict[str, dict[str, float | bool | str]] = {}
    seen_ms: dict[str, int] = {}
    due_ms: int = 0

    def observe(self, asset: AssetState, obs: Observation) -> list[Found]:
        """Fold one late observation; returns the spans that ended with it. Data older than what was already seen late is passed over."""
        name = asset.asset.id
        self.due_ms = obs.received_ms + CLOSE_AFTER_MS
        if obs.event_ms < self.seen_ms.get(name, 0):
            return []
        self.seen_ms[name] = obs.event_ms
        values = self.values.setdefault(name, {})
        values.update(obs.values)
        found: list[Found] = []
        for condition in asset.program.conditions:
            key = f"{name}/{condition.rule.id}"
            alarm = self.alarms.setdefault(key, Alarm())
            traits = Traits(int(condition.rule.on_delay_s * 1000), int(condition.rule.off_delay_s * 1000), 1 << 62, auto_ack=True)
            verdict = condition.judge(values)
            if verdict is Verdict.RAISE and not alarm.condition and self._hidden(name, condition):
                verdict = Verdict.HOLD
            for change in alarm.judge(verdict, obs.event_ms, obs.received_ms, traits):
                if change.event == "cleared":
                    found.append((key, alarm.raised_ms, change.event_ms, self.deciding.pop(key, None)))
                elif (value := condition.value(values)) is not None:
                    self.deciding[key] = value
        return found

    def _hidden(self, asset: str, condition: Condition) -> bool:
        """A worse rule of the same asset says the same."""
        worse = (self.alarms.get(f"{asset}/{rule}") for rule in condition.rule.under)
        return any(alarm is not None and alarm.condition for alarm in worse)

    def close(self, now_ms: int) -> list[Found]:
        """The late data has ended: what was still open then is said with no end. Nothing happens before `due_ms`."""
        if not self.due_ms or now_ms < self.due_ms:
            return []
        found: list[Found] = [(key, alarm.raised_ms, None, self.deciding.get(key)) for key, alarm in self.alarms.items() if alarm.condition]
        self.alarms, self.deciding, self.values, self.seen_ms, self.due_ms = {}, {}, {}, {}, 0
        return found
