"""Why an alarm is as it is, in sentences: what its rule reads, what it makes of that, which gate is closed, what it waits for. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from collector.alarms.panel import key_of
from collector.cases.notation import written
from collector.cases.script import full_name
from collector.rules.condition import Condition, OpenGate, Threshold, Verdict, state_name
from devices.signal import Value

if TYPE_CHECKING:
    from collector.alarms.alarm import Alarm
    from collector.cases.run import Trial
    from collector.site import SiteFold

ASIDE = frozenset({"silent", "offline", "dark", "clock"})
"""Types of rule that judge no value."""


def why(trial: Trial, alarm: str, at_ms: int) -> list[str]:
    """What the evaluator can say of an alarm (`asset/rule`) at this moment of the case."""
    whole = full_name(trial.prepared.site.id, alarm)
    site, _, rest = whole.partition("/")
    fold, key = trial.evaluator.sites[site], key_of(rest)
    condition = fold.condition(key)
    if condition is None:
        return ["no rule of that name is in force here"]
    found = list(_heard(trial, fold, key[0], condition, at_ms) if condition.rule.type in ASIDE else _read(condition, fold.values(key[0])))
    state = fold.book.alarms.get(key)
    return found + (list(_waits(trial, condition, state)) if state is not None else [])


def _read(condition: Condition, values: Mapping[str, Value]) -> Iterator[str]:
    """What the values make of the condition."""
    for part in condition.parts:
        yield from _read(part, values)
    if condition.parts:
        yield f"together that is: {_VERDICTS[condition.judge(values)]}"
        return
    for gate in condition.gates:
        if gate.judge(values) is not None:
            yield _closed(gate, values)
    value, name = condition.value(values), _signal(condition)
    if value is None:
        unknown = [read for read in condition.reads if read not in values]
        yield f"{' and '.join(unknown) or name} is not known, and what is not known changes nothing"
    elif condition.thresholds and isinstance(value, float):
        yield from (_against(name, value, threshold, condition.unit) for threshold in condition.thresholds)
    else:
        yield f"{name} is {state_name(value)}: {_VERDICTS[condition.judge(values)]}"


_VERDICTS = {
    Verdict.RAISE: "it counts towards raising",
    Verdict.CLEAR: "it may clear",
    Verdict.HOLD: "nothing changes",
    Verdict.PAUSE: "the rule does not hold now",
}


def _against(name: str, value: float, threshold: Threshold, unit: str) -> str:
    worse, better = ("below", "above") if threshold.sign < 0 else ("above", "below")
    said = f"{name} is {value:.6g} {unit}".rstrip()
    match threshold.judge(value):
        case Verdict.RAISE:
            return f"{said}, {worse} {threshold.limit:.6g}: it counts towards raising"
        case Verdict.CLEAR:
            return f"{said}, at or {better} {threshold.clear:.6g}: it may clear"
        case _:
            return f"{said}, not {worse} {threshold.limit:.6g} and not yet at {threshold.clear:.6g}: nothing changes"


def _closed(gate: OpenGate, values: Mapping[str, Value]) -> str:
    is_so = state_name(values[gate.signal])
    if gate.states:
        ends = "; in that state the alarm ends" if is_so in gate.over else ""
        return f"{gate.signal} is {is_so}; the rule holds only while it is {' or '.join(sorted(gate.states))}{ends}"
    return f"{gate.signal} is {is_so}; the rule holds only above {gate.above:g}"


def _signal(condition: Condition) -> str:
    names = [read.replace(":", " ") for read in condition.reads]
    if len(names) > 1 and condition.test.type in ("below", "above", "outside"):
        return f"the {condition.test.pick} of {' and '.join(names)}"
    return names[0] if names else condition.test.type


def _heard(trial: Trial, fold: SiteFold, name: str, condition: Condition, at_ms: int) -> Iterator[str]:
    """What silence and clocks are judged by."""
    asset = fold.assets.get(name)
    if asset is None or condition.rule.type in ("offline", "dark"):
        group = fold.listening.groups.get(name, [])
        last_ms = max((member.state.fresh_ms for member in group), default=0)
        yield f"the last word of anybody there came {_ago(trial, last_ms, at_ms)}"
        if asset is not None and asset.state.online is not None:
            yield f"its status says {'online' if asset.state.online else 'offline'}"
    elif condition.rule.type == "silent":
        watched = [signal for signal in condition.rule.signals if signal in asset.times] or list(asset.times)
        told = ", ".join(f"{signal} {_ago(trial, asset.times[signal][1], at_ms)}" for signal in watched)
        yield f"last fresh: {told or 'never'}; silent after {written(asset.silent_after_ms)}"
    else:
        yield "its stamps are wrong" if asset.state.bad_clock else "its stamps are right"


def _ago(trial: Trial, then_ms: int, at_ms: int) -> str:
    return f"{written(max(0, at_ms - trial.ms(then_ms)))} ago" if then_ms else "never"


def _waits(trial: Trial, condition: Condition, alarm: Alarm) -> Iterator[str]:
    """What the alarm itself remembers."""
    rule = condition.rule
    if alarm.pending_ms is not None:
        delay_ms = round((rule.off_delay_s if alarm.condition else rule.on_delay_s) * 1000)
        since_ms, what = trial.ms(alarm.pending_ms), "clears" if alarm.condition else "is raised"
        yield f"so since {written(since_ms)}; it {what} after {written(delay_ms)}, at {written(since_ms + delay_ms)}"
    if alarm.paused_ms is not None:
        yield f"the delay stands still since {written(trial.ms(alarm.paused_ms))}"
    if alarm.condition:
        yield f"raised at {written(trial.ms(alarm.raised_ms))}, and its condition has not cleared"
    if alarm.hidden_by:
        yield f"suppressed by {alarm.hidden_by}"
    for aside, what in ((alarm.shelf, "on the shelf"), (alarm.removed, "out of service")):
        if aside is not None:
            yield f"{what} until {written(trial.ms(aside.until_ms))}, by {aside.by}: {aside.why}"
