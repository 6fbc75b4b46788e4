"""What would have kept an alarm quiet, computed from how it behaved. Pure.

A longer off-delay merges an alarm that comes back with the one before: it delays no alarm, and is the first thing to try. A longer on-delay
delays every alarm of the rule: it is only for what nobody has to act on. (ISA-18.2 5.2; Emerson, "Start with design", 11 June 2010.)

The off-delay is never promised too short. An alarm that came back `gap` after it was over had been bad again for its on-delay by then: a
delay longer by `gap` would have met that, and one longer by `gap` less the on-delay as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from statistics import median

from collector.kpi.behaviour import Behaviour

LADDER_S = (15, 30, 60, 120, 180, 300, 600, 900)
"""Steps that people set delays by. Beyond the last an alarm would be shown long after it is over: then its cause is to be sought."""
MERGES = 0.8
"""The share of the repeats that the step is to merge."""
REPEAT_S = 3600.0
"""What comes back later than this is another matter."""
FEW = 3
SHORT_S = 30
SOON_S = 300.0


@dataclass(frozen=True, slots=True)
class Delays:
    """The rule's own, s."""

    on_s: float
    off_s: float


@dataclass(frozen=True, slots=True)
class Longer:
    """An off-delay longer by `by_s` would have merged at least `merges` of `repeats`."""

    by_s: int
    merges: int
    repeats: int


def longer_off_delay(behaviour: Behaviour) -> Longer | None:
    """The smallest step that merges MERGES of what came back within an hour; None where it did so less than FEW times, or where no step
    is enough."""
    repeats = sorted(gap_s for gap_s in behaviour.gaps_s if gap_s <= REPEAT_S)
    if len(repeats) < FEW:
        return None
    needed_s = repeats[ceil(MERGES * len(repeats)) - 1]
    step_s = next((step_s for step_s in LADDER_S if step_s >= needed_s), None)
    return None if step_s is None else Longer(step_s, sum(gap_s <= step_s for gap_s in repeats), len(repeats))


def advice(behaviour: Behaviour, delays: Delays | None) -> str:
    """One line: what the data says of the alarm, and what to do; empty where nothing stands out."""
    for look in (_communication, _repeats, _short, _unanswered):
        if text := look(behaviour, delays):
            return text
    return ""


def _communication(behaviour: Behaviour, _delays: Delays | None) -> str:
    if behaviour.nature != "communication" or behaviour.announced < FEW:
        return ""
    return f"lost {behaviour.announced} times: look at the gateway's power, network and signal"


def _repeats(behaviour: Behaviour, delays: Delays | None) -> str:
    repeats = behaviour.came_back_within(REPEAT_S)
    if repeats < max(FEW, 0.3 * behaviour.raised):
        return ""
    soon = behaviour.came_back_within(SOON_S)
    said = f"{soon} of {behaviour.raised} raised within 5 min of clearing" if soon else f"{repeats} of {behaviour.raised} within the hour"
    longer = longer_off_delay(behaviour)
    if longer is None:
        return f"{said}: no delay helps; look for what makes it come and go, or widen its hysteresis"
    setting = f"an off-delay {longer.by_s} s longer"
    if delays is not None:
        setting = f"off_delay_s {delays.off_s + longer.by_s:g} (now {delays.off_s:g})"
    return f"{said}: {setting} would have merged {longer.merges}; or widen its hysteresis"


def _short(behaviour: Behaviour, delays: Delays | None) -> str:
    off_s = delays.off_s if delays else 0.0
    short = sum(lasted_s - off_s <= SHORT_S for lasted_s in behaviour.lasted_s)
    if short < max(FEW, 0.5 * behaviour.raised):
        return ""
    setting = f"an on-delay {SHORT_S} s longer" if delays is None else f"on_delay_s {delays.on_s + SHORT_S:g} (now {delays.on_s:g})"
    return f"{short} of {behaviour.raised} were over within {SHORT_S} s: {setting} keeps them quiet, if nobody has to act on so short a dip"


def _unanswered(behaviour: Behaviour, _delays: Delays | None) -> str:
    if behaviour.announced < FEW or behaviour.answered > 0.2 * behaviour.announced:
        return ""
    lasted = f", on for {median(behaviour.lasted_s) / 60:.0f} min in the median" if behaviour.lasted_s else ""
    return f"answered {behaviour.answered} of {behaviour.announced} times{lasted}: if nobody has to act, make its priority info"
