"""docs/reference/alarms.md: what an alarm is and does; its states from the table that runs. Pure."""

from __future__ import annotations

from typing import get_args

from collector.alarms.states import IGNORED, TABLE, Trigger
from collector.outputs import AlarmEvent, AlarmState

STATES: dict[AlarmState, str] = {
    "normal": "The condition is false, and nobody has to know. Such an alarm is not listed.",
    "unacknowledged": "The condition is true, and nobody has said that they know.",
    "acknowledged": "The condition is true; somebody knows and acts.",
    "returned": "The condition is over, and nobody had acknowledged it: it stays on the list until somebody does.",
}
"""State → what it means (ISA-18.2: NORM, UNACK, ACKED, RTNUN)."""

TRIGGERS: dict[Trigger, str] = {
    "condition_true": "the condition has been true for the on-delay",
    "condition_false": "the condition has been false for the off-delay",
    "ack": "somebody acknowledges",
}

EVENTS: dict[AlarmEvent, str] = {
    "raised": "An occurrence begins. Channels are told.",
    "cleared": "Its condition is over. Channels are told.",
    "acknowledged": "A person has acknowledged it; `by` says who.",
    "discovered_late": "Data that came late shows that a condition held from `event_ms` to `until_ms`. Nothing is raised; logs are told.",
}

HEAD = """# Alarms

Which rules there are, with their limits and sources, is in [rules.md](rules.md). This page is made from the code.

Oxygrid is an information layer. Its alarms never replace the wired alarm panel of the pipeline.

## Names

An alarm is one rule on one asset: `site/asset/rule`, or `site/rule` for one of a whole site. There is one of each at most, and it is open
once for one fact: while a worse rule of the same asset is open, the milder one is not raised. Each raising is an *occurrence*,
`site/asset/rule@time`, with the time in Unix milliseconds."""

DELAYS = """## Delays, and data that is missing

- The on-delay and the off-delay are counted in the equipment's own time, between readings. A reading that contradicts begins it anew.
- When readings stop in the middle of an on-delay, it goes on by the clock, and the alarm is raised; when they stop in the middle of an
  off-delay, nothing happens. **Missing data never clears an alarm.**
- Between the limit that raises and the limit that clears nothing changes (hysteresis).
- A reading that is older than the newest of its signal decides nothing. One that is older than five minutes, marked as backfill, or
  retained by the broker raises and clears nothing either; what late data shows is entered as `discovered_late`, with both times.
- While the collector itself can't hear (it was off, or had no broker), nobody counts as silent. Its own alarm says so.
- While nothing is heard from a gateway nor from any asset behind it, that is one alarm, ST-OF, and not one for each sensor.

## Acknowledging

`oxygrid ack site/asset/rule --by NAME` on the collector's machine, as the user that it runs as. It means: somebody knows, and acts. The
condition goes on, and so does the alarm; it leaves the list when its condition is over. A restart forgets no acknowledgement, and tells
nobody twice.

Who is told of which event, and how a notice is tried again, is in [notices.md](notices.md)."""


def alarms_markdown() -> str:
    """States, what leads from one to another as table and as diagram, events, delays."""
    lines = [HEAD, "", "## States", "", "| state | meaning |", "|---|---|", *(f"| `{name}` | {text} |" for name, text in STATES.items())]
    lines += ["", "| in state | when | goes to | event |", "|---|---|---|---|"]
    lines += [
        f"| `{state}` | {TRIGGERS[trigger]} | `{after}` | `{event}` |"
        for state, row in TABLE.items()
        for trigger, (after, event) in row.items()
    ]
    lines += ["", f"Nothing changes in the other pairs: {_ignored()}.", "", *_diagram(), ""]
    lines += ["## Events", "", "| event | meaning |", "|---|---|", *(f"| `{name}` | {text} |" for name, text in EVENTS.items())]
    return "\n".join([*lines, "", DELAYS]) + "\n"


def _ignored() -> str:
    order = get_args(AlarmState), get_args(Trigger)
    pairs = sorted(IGNORED, key=lambda pair: (order[0].index(pair[0]), order[1].index(pair[1])))
    return ", ".join(f"`{state}` and `{trigger}`" for state, trigger in pairs)


def _diagram() -> list[str]:
    arrows = [f"    {state} --> {after}: {trigger}" for state, row in TABLE.items() for trigger, (after, _) in row.items()]
    return ["```mermaid", "stateDiagram-v2", "    [*] --> normal", *arrows, "```"]
