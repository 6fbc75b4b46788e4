"""Alarms that were kept quiet: shelved, suppressed by design, out of service; for how long, and by whom. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from collector.kpi.counted import HIDDEN, HOUR_MS
from collector.kpi.report import Hidden
from collector.outputs import AlarmState, Transition

KINDS: tuple[str, ...] = ("shelved", "suppressed", "out_of_service")


@dataclass(slots=True)
class _Sum:
    times: int = 0
    ms: int = 0
    unauthorised: int = 0
    alarms: set[str] = field(default_factory=set)


class HiddenTimes:
    """By the collector's clock. An alarm is in one of the three at a time, the one that is shown."""

    def __init__(self, since_ms: int) -> None:
        self._since_ms = since_ms
        self._open: dict[str, tuple[AlarmState, int]] = {}
        self._sums = {kind: _Sum() for kind in KINDS}

    def remember(self, transition: Transition) -> None:
        """The last transition of an alarm from before the period."""
        if transition.state in HIDDEN:
            self._open[transition.alarm] = (transition.state, self._since_ms)
            self._sums[transition.state].alarms.add(transition.alarm)

    def observe(self, transition: Transition) -> None:
        name, state = transition.alarm, transition.state
        if transition.event == "discovered_late":
            return
        before = self._open.get(name)
        if before is not None and before[0] != state:
            self._end(name, transition.evaluated_ms)
        if state in HIDDEN and (before is None or before[0] != state):
            self._open[name] = (state, transition.evaluated_ms)
            total = self._sums[state]
            total.times += 1
            total.alarms.add(name)
        if transition.event in {"shelved", "out_of_service"} and not (transition.by and transition.why):
            self._sums[transition.event].unauthorised += 1

    def close(self, until_ms: int) -> list[Hidden]:
        """The period is over: what was kept quiet in it."""
        for name in list(self._open):
            self._end(name, until_ms)
        return [
            Hidden(
                how=kind,  # type: ignore[arg-type]
                times=total.times,
                alarms=len(total.alarms),
                hours=round(total.ms / HOUR_MS, 2),
                unauthorised=total.unauthorised,
            )
            for kind, total in self._sums.items()
        ]

    def _end(self, name: str, at_ms: int) -> None:
        state, since_ms = self._open.pop(name)
        self._sums[state].ms += max(0, at_ms - since_ms)
