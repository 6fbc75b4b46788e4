"""docs/reference/kpi.md: the figures of alarms, their targets and their definitions, from the numbers that run. Pure."""

from __future__ import annotations

from typing import get_args

from collector.kpi import advice, classes, flood
from collector.kpi.counted import ANNOUNCED, HOUR_MS, MINUTE_MS, NIGHT_FROM_H, NIGHT_TO_H
from collector.kpi.targets import FEW, MANY, RELIABLE_DAYS, TARGETS, Target
from collector.kpi.waits import BACK_MS, LEFT_ALONE_MS
from collector.outputs import AlarmEvent

HEAD = """# Key figures of alarms

Whether the alarms themselves can be trusted: how many there are, which of them come for nothing, and whether somebody answers. This page is
made from the code.

- `oxygrid alarms kpi` reports on a period, from the log of alarms: see [commands.md](commands.md).
- The measurements `alarm_kpi` (a row per site and hour) and `nuisance` (a row per finding) are in [influxdb.md](influxdb.md). They are
  derived while alarms happen, wait in the collector's state while the database is down, and survive a restart.

## What is counted"""

COUNTED = """An alarm is counted when somebody is told of it, by one of these events, where it is annunciated:
{announced}.
Not counted are alarms of priority info (information is no alarm: nobody has to act), what is shelved, suppressed by design or out of
service, and what only late data showed (that is counted as discovered late).

What people experience (load, floods, answers) is counted when the collector knew. How an alarm behaves (how long it was on, how soon it
came back) is told from the time of its event, so that a gateway that delivers late is not taken for a sensor that chatters.

The sites of a report are taken as the work of **one operator**: a hospital's own staff for `--site`, a control room for `--district` or
`--region`. A report begins where the log of alarms begins; with fewer than {days:.0f} days it says so."""

CLASSES = """## Nuisances

| class | an alarm (or a site) that | over when |
|---|---|---|
| `chattering` | was announced at least {raises} times in {raises_s:.0f} s, or changed more than {changes} times in {within:.0f} min | \
nothing changed for {quiet_min:.0f} min |
| `fleeting` | was on for less than {fleeting_s:.0f} s and was not announced again within {back_s:.0f} s | said once, when that is sure |
| `standing` | has been on, and on the list, for more than {standing_h:.0f} h | its condition is over, or it is taken off the list |
| `flood` | more than {begins} alarms of one operator within 10 minutes; it begins with the first of them | fewer than {ends} in the \
last 10 minutes |

Sources: chattering by ANSI/ISA-18.2 and EEMUA 191 (3 in 1 minute), and by a field profile for slow telemetry (more than 5 transitions in 5
minutes); fleeting, standing and floods by ISA-18.2-2016 as quoted by secondary sources. When chattering is over, and the time until a
fleeting alarm is sure, are engineering judgement. A flood names the alarm, the rule or the site that made at least half of it. The rows of
`nuisance` see one site; the report sees all sites of the operator together."""

ANSWERS = """## Answers

Somebody answers by acknowledging, shelving or taking out of service. The time runs from the announcement; where the alarm is over and back
within {back_min:.0f} minutes, from the first one. An alarm that is over, and back after that, was *missed* the first time. *Left alone* is
what waits now for longer than {limits}.
What ends without anybody, because its rule asks for no acknowledgement or a design rule suppresses it, counts neither way.

## What would have kept it quiet

For the most frequent alarms the report says what stands out, and computes from their own history:

- **Off-delay**: the smallest of these steps by which a longer off-delay would have merged {merges:.0f} % of what came back within
  {repeat:.0f} minutes, from {few} repeats on: {ladder} s. It delays no alarm. The promise is on the safe side: at least so many.
- **On-delay**, where half of the occurrences were over within {short} s, and only for what nobody has to act on.
- Else: what nobody answers, and connections that come and go.

Try a change on the past before it wakes anyone: `oxygrid rules backtest`."""


def kpi_markdown() -> str:
    """Targets, definitions, and what the advice is computed from."""
    limits = ", ".join(f"{ms / MINUTE_MS:.0f} minutes ({priority})" for priority, ms in LEFT_ALONE_MS.items())
    lines = [HEAD, "", COUNTED.format(announced=_announced(), days=RELIABLE_DAYS), "", *_targets(), ""]
    lines.append(
        CLASSES.format(
            raises=classes.CHATTER_RAISES,
            raises_s=classes.CHATTER_RAISES_MS / 1000,
            changes=classes.CHATTER_CHANGES - 1,
            within=classes.CHATTER_CHANGES_MS / MINUTE_MS,
            quiet_min=classes.QUIET_MS / MINUTE_MS,
            fleeting_s=classes.FLEETING_MS / 1000,
            back_s=classes.NOT_BACK_MS / 1000,
            standing_h=classes.STANDING_MS / HOUR_MS,
            begins=flood.BEGINS_OVER,
            ends=flood.ENDS_UNDER,
        )
    )
    lines += [
        "",
        ANSWERS.format(
            back_min=BACK_MS / MINUTE_MS,
            limits=limits,
            ladder=", ".join(map(str, advice.LADDER_S)),
            merges=100 * advice.MERGES,
            repeat=advice.REPEAT_S / 60,
            few=advice.FEW,
            short=advice.SHORT_S,
        ),
    ]
    return "\n".join(lines) + "\n"


def _announced() -> str:
    return ", ".join(f"`{event}`" for event in get_args(AlarmEvent) if event in ANNOUNCED)


def _targets() -> list[str]:
    lines = [
        "## Targets",
        "",
        f"*Night* is {NIGHT_FROM_H} to {NIGHT_TO_H} by the clock of the site. A split by priority is judged from {FEW} alarms on. The",
        f"share of the ten most frequent is judged from {MANY} different alarms on: of fewer, ten have more than 5 % even where all are",
        "alike. Below that the most frequent one is judged by its count.",
        "",
        "| figure | meaning | good | manageable | source |",
        "|---|---|---|---|---|",
    ]
    return lines + [_row(target) for target in TARGETS]


def _row(target: Target) -> str:
    sign = "≥" if target.more_is_better else "≤"
    unit = f" {target.unit}" if target.unit else ""
    limits = [f"{sign} {limit:g}{unit}" for limit in (target.good, target.manageable)]
    return f"| `{target.id}` | {target.text} | {limits[0]} | {limits[1]} | {target.source} |"
