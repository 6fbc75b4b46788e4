"""docs/reference/alarms.md: what an alarm is and does; its states from the table that runs. Pure."""

from __future__ import annotations

from typing import get_args

from collector.alarms.panel import FLOORS_H, REALARM_S
from collector.alarms.states import IGNORED, OUT_OF_SERVICE_MOST_MIN, REFUSED, RELEASED, SHELVED_MOST_MIN, TABLE, Trigger
from collector.outputs import AlarmEvent, AlarmState, ProcessState

STATES: dict[AlarmState, str] = {
    "normal": "The condition is false, and nobody has to know. Such an alarm is not listed.",
    "unacknowledged": "The condition is true, and nobody has said that they know.",
    "acknowledged": "The condition is true; somebody knows and acts.",
    "returned": "The condition is over, and nobody had acknowledged it: it stays on the list until somebody does.",
    "latched_unacknowledged": "Of a latched rule: the condition is over, and nobody had acknowledged it.",
    "latched_acknowledged": "Of a latched rule: the condition is over and somebody knows; it stays on the list until it is reset.",
    "shelved": "Somebody has chosen, with a reason and for a time, not to hear of it.",
    "suppressed": "By design nobody is told of it: a worse alarm says the same, its gateway is dark, its plant is in maintenance.",
    "out_of_service": "Somebody works on it, with a reason and for a time.",
}
"""State → what it means (ISA-18.2: NORM, UNACK, ACKED, RTNUN, latched, SHLVD, DSUPR, OOSRV)."""

TRIGGERS: dict[Trigger, str] = {
    "condition_true": "the condition has been true for the on-delay",
    "condition_false": "the condition has been false for the off-delay",
    "condition_false_latching": "the same, and the rule is latched",
    "condition_false_untold": "the same, and nobody was told or nobody has to acknowledge",
    "ack": "somebody acknowledges",
    "reset": "somebody resets",
    "realarm": "its time to be announced again is over",
    "escalate": "it becomes more urgent",
}

EVENTS: dict[AlarmEvent, str] = {
    "raised": "An occurrence begins.",
    "cleared": "Its condition is over. Those who were told of it are told.",
    "acknowledged": "A person has acknowledged it; `by` says who.",
    "latched": "Its condition is over, and it stays on the list until it is reset.",
    "reset": "A person has reset it.",
    "realarmed": "It was acknowledged and goes on: it is announced again.",
    "escalated": "It has become more urgent: `priority` is the new one.",
    "shelved": "A person has shelved it until `until_ms`, and says `why`.",
    "unshelved": "The shelf is over: by a person, by its time, or because it has become worse.",
    "suppressed": "`hidden_by` suppresses it by design from now on.",
    "unsuppressed": "Nothing suppresses it any more; what still holds after its on-delay is announced.",
    "out_of_service": "A person has taken it out of service until `until_ms`, and says `why`.",
    "returned_to_service": "It is back in service: by a person, or by its time.",
    "discovered_late": "Data that came late shows that a condition held from `event_ms` to `until_ms`. Nothing is raised; logs are told.",
}

HEAD = """# Alarms

Which rules there are, with their limits and sources, is in [rules.md](rules.md). This page is made from the code.

Oxygrid is an information layer. Its alarms never replace the wired alarm panel of the pipeline.

## Names

An alarm is one rule on one asset: `site/asset/rule`, or `site/rule` for one of a whole site. There is one of each at most, and it is open
once for one fact: while a worse rule of the same asset is open, nobody is told of the milder one. Each raising is an *occurrence*,
`site/asset/rule@time`, with the time in Unix milliseconds."""

QUIET = """## What keeps an alarm quiet

Three things lie over the state that the process and the acknowledgements make of an alarm: a shelf, a design rule, being out of service.
Where several do, people see *out of service* before *suppressed* before *shelved*. **All the while it is judged and logged as ever**; only
nobody is told. When the last of them ends, what still holds is announced anew, unacknowledged, whoever had acknowledged it before; what a
design rule held back must hold for its on-delay once more.

- **A shelf** needs a person, a reason and a time: at most {shelves}. Rules that are marked so can't be shelved (pressure of the line,
  purity below 82 %). It ends with its time, when it is unshelved, with `--one-shot` when the condition is over, and **before all of them
  when it becomes worse**: the value crosses the rule's `worse_limit` (or, where it has none, the limit of a rule that it is under), or the
  hours of oxygen left fall below the next of {floors} hours.
- **A design rule**: a milder rule is suppressed while a worse one of the same asset is open (`under`), unless somebody has shelved that
  one; rules of a plant while it is in maintenance (`suppressed_while`), but never those of line pressure, of purity below 82 % and of the
  hours left; rules about sensors while their gateway is dark.
- **Out of service** needs a person, a reason and a time: at most {service} days.

More urgent in time: a rule may name a higher priority for when it has been open for long, when little oxygen is left, or while something
else is so (`escalates`). It is then announced anew, and does not become less urgent until it is over."""

COMMANDS = """## What people tell an alarm

Every command carries who; to shelve and to take out of service also why and for how long. It is checked against the state, refused with a
reason where it makes no sense, journalled and folded like a reading, and it stands in the audit trail, done or refused."""

DELAYS = """## Delays, and data that is missing

- The on-delay and the off-delay are counted in the equipment's own time, between readings. A reading that contradicts begins it anew.
- When readings stop in the middle of an on-delay, it goes on by the clock, and the alarm is raised; when they stop in the middle of an
  off-delay, nothing happens. **Missing data never clears an alarm.**
- Between the limit that raises and the limit that clears nothing changes (hysteresis).
- A reading that is older than the newest of its signal decides nothing. One that is older than five minutes, marked as backfill, or
  retained by the broker raises and clears nothing either; what late data shows is entered as `discovered_late`, with both times.
- While the collector itself can't hear (it was off, or had no broker), nobody counts as silent. Its own alarm says so.
- While nothing is heard from a gateway nor from any asset behind it, that is one alarm, ST-OF, and not one for each sensor; where a site
  does not have exactly one gateway and nothing at all is heard from it, that is ST-DK.
- An acknowledged alarm of high priority that goes on is announced again after {realarm:g} minutes.

A restart forgets no acknowledgement, no shelf and no delay that has begun, and tells nobody twice. Who is told of which event, and how a
notice is tried again, is in [notices.md](notices.md)."""


def alarms_markdown() -> str:
    """States, what leads from one to another as table and as diagram, what keeps quiet, commands, events, delays."""
    lines = [HEAD, "", "## States", "", "| state | meaning |", "|---|---|", *(f"| `{name}` | {text} |" for name, text in STATES.items())]
    lines += ["", "| in state | when | goes to | event |", "|---|---|---|---|"]
    lines += [
        f"| `{state}` | {TRIGGERS[trigger]} | `{after}` | `{event}` |"
        for state, row in TABLE.items()
        for trigger, (after, event) in row.items()
    ]
    lines += ["", f"Nothing changes in the other pairs: {_ignored()}.", "", *_diagram(), ""]
    shelves = ", ".join(f"{_span(minutes)} for {priority}" for priority, minutes in SHELVED_MOST_MIN.items())
    floors = ", ".join(f"{floor:g}" for floor in FLOORS_H)
    lines += [QUIET.format(shelves=shelves, floors=floors, service=f"{OUT_OF_SERVICE_MOST_MIN / 1440:g}"), ""]
    lines += ["| when it ends in | it goes on as |", "|---|---|", *(f"| `{state}` | `{after}` |" for state, after in RELEASED.items()), ""]
    lines += [COMMANDS, "", "| command | refused in | because |", "|---|---|---|", *_refusals(), ""]
    lines += ["## Events", "", "| event | meaning |", "|---|---|", *(f"| `{name}` | {text} |" for name, text in EVENTS.items())]
    return "\n".join([*lines, "", DELAYS.format(realarm=REALARM_S["high"] / 60)]) + "\n"


def _refusals() -> list[str]:
    """One row per command and reason, with all the states that it is for."""
    rows = []
    for command, row in REFUSED.items():
        for reason in dict.fromkeys(row.values()):
            states = ", ".join(f"`{state}`" for state, why in row.items() if why == reason)
            rows.append(f"| {command.replace('_', '-')} | {states} | {reason} |")
    return rows


def _span(minutes: float) -> str:
    return f"{minutes / 60:g} h" if minutes >= 60 else f"{minutes:g} min"


def _ignored() -> str:
    order = get_args(ProcessState), get_args(Trigger)
    pairs = sorted(IGNORED, key=lambda pair: (order[0].index(pair[0]), order[1].index(pair[1])))
    return ", ".join(f"`{state}` and `{trigger}`" for state, trigger in pairs)


def _diagram() -> list[str]:
    arrows = [f"    {state} --> {after}: {trigger}" for state, row in TABLE.items() for trigger, (after, _) in row.items()]
    return ["```mermaid", "stateDiagram-v2", "    [*] --> normal", *arrows, "```"]
