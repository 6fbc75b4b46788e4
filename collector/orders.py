"""What an operator's command needs before it may be asked for: who, why, and for how long. Pure.

Whether the alarm can take it at this moment is for the evaluator to say (`Evaluator.refusal`).
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from collector.alarms.states import OUT_OF_SERVICE_MOST_MIN
from collector.outputs import Command, CommandName

LONGEST_NAME = 64
LONGEST_WHY = 200
LONGEST_ALARM = 200
LONGEST_MINUTES = OUT_OF_SERVICE_MOST_MIN
"""No alarm is kept quiet for longer, whatever its priority. A shelf ends sooner, by priority."""

MINUTES = {"m": 1.0, "h": 60.0, "d": 1440.0}


class Needs(NamedTuple):
    """What a command needs beside the alarm and who asks; `done` is what is told when it was done. `may_last`: it may be given a
    duration."""

    done: str
    why: bool = False
    duration: bool = False
    may_last: bool = False


COMMANDS: dict[CommandName, Needs] = {
    "ack": Needs("acknowledged", may_last=True),
    "reset": Needs("reset"),
    "shelve": Needs("shelved", why=True, duration=True),
    "unshelve": Needs("unshelved"),
    "out_of_service": Needs("out of service", why=True, duration=True),
    "return": Needs("returned to service"),
}


def wrong_use(command: Command) -> str:
    """What is missing or wrong in the command itself, in a sentence; empty where nothing is."""
    needs = COMMANDS[command.command]
    if not is_line(command.alarm, LONGEST_ALARM):
        return f"alarm {_shown(command.alarm)}: one as `oxygrid alarms` names it is right: site/asset/rule, or site/rule"
    if not is_line(command.by, LONGEST_NAME):
        return f"--by {_shown(command.by)}: the name of the person, 1 to {LONGEST_NAME} characters on one line"
    if (needs.why or command.why) and not is_line(command.why, LONGEST_WHY):
        return f"--why {_shown(command.why)}: the reason, 1 to {LONGEST_WHY} characters on one line"
    if (needs.duration or (needs.may_last and command.minutes)) and not (
        math.isfinite(command.minutes) and 0 < command.minutes <= LONGEST_MINUTES
    ):
        return f"--for {command.minutes:g} min: how long it is to last, more than nothing and 7d at most, e.g. 15m, 8h, 2d"
    if command.minutes and not (needs.duration or needs.may_last):
        return f"--for belongs to shelve, out-of-service and ack; {command.command} takes no duration"
    if command.one_shot and command.command != "shelve":
        return f"--one-shot belongs to shelve; {command.command} takes none"
    return ""


def minutes_of(text: str) -> float | None:
    """`15m`, `8h`, `1.5d` in minutes; None for what is no such duration."""
    found = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)([mhd])", text.strip())
    return float(found[1]) * MINUTES[found[2]] if found else None


def is_line(text: str, longest: int) -> bool:
    return 0 < len(text) <= longest and text == text.strip() and text.isprintable()


def _shown(text: str) -> str:
    return repr(text if len(text) <= LONGEST_NAME else text[:LONGEST_NAME] + "…")
