"""What is missing or wrong in a command is said in one sentence, before anybody is asked."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest

from collector.orders import COMMANDS, LONGEST_MINUTES, minutes_of, wrong_use
from collector.outputs import Command, CommandName

ALARM = "a/line/LP-LL"
SHELVE = Command("shelve", ALARM, "Asha", "sensor is being replaced", 15.0)


def test_every_command_says_what_it_needs() -> None:
    assert COMMANDS.keys() == set(get_args(CommandName))


@pytest.mark.parametrize(
    "command",
    [
        Command("ack", ALARM, "Asha"),
        Command("ack", "a/AU-06", "आशा", "on my way"),
        Command("reset", ALARM, "Asha"),
        SHELVE,
        msgspec.structs.replace(SHELVE, one_shot=True),
        Command("unshelve", ALARM, "Asha"),
        Command("out_of_service", ALARM, "Asha", "valve job 17", LONGEST_MINUTES),
        Command("return", ALARM, "Asha", "done"),
    ],
    ids=lambda command: f"{command.command} {command.why}",
)
def test_what_is_complete_is_right(command: Command) -> None:
    assert wrong_use(command) == ""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"alarm": ""}, "alarm '': one as `oxygrid alarms` names it is right"),
        ({"alarm": "a\nb"}, r"alarm 'a\nb': one as"),
        ({"alarm": "a" * 201}, "alarm 'aaaa"),
        ({"by": ""}, "--by '': the name of the person, 1 to 64 characters on one line"),
        ({"by": " Asha"}, "--by ' Asha': the name"),
        ({"by": "x" * 65}, "--by 'xxx"),
        ({"by": "\x1b[31m"}, r"--by '\x1b[31m': the name"),
        ({"by": "two\u2028lines"}, r"--by 'two\u2028lines': the name"),
        ({"why": ""}, "--why '': the reason, 1 to 200 characters on one line"),
        ({"why": "x" * 201}, "--why 'xxx"),
        ({"command": "ack", "minutes": 0.0, "why": "a\tb"}, r"--why 'a\tb': the reason"),
        ({"minutes": 0.0}, "--for 0 min: how long it is to last, more than nothing and 7d at most"),
        ({"minutes": -5.0}, "--for -5 min: how long"),
        ({"minutes": float("nan")}, "--for nan min: how long"),
        ({"minutes": float("inf")}, "--for inf min: how long"),
        ({"minutes": LONGEST_MINUTES + 1}, "--for 10081 min: how long"),
        ({"command": "reset"}, "--for belongs to shelve, out-of-service and ack; reset takes no duration"),
        ({"command": "out_of_service", "one_shot": True}, "--one-shot belongs to shelve; out_of_service takes none"),
    ],
)
def test_what_is_wrong_is_said_with_what_would_be_right(change: dict[str, object], said: str) -> None:
    wrong = wrong_use(msgspec.structs.replace(SHELVE, **change))
    assert wrong.startswith(said)
    assert len(wrong) < 200
    assert wrong.isprintable()


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("15m", 15.0),
        ("8h", 480.0),
        ("2d", 2880.0),
        (" 1.5h ", 90.0),
        ("0m", 0.0),
        *((wrong, None) for wrong in ("", "15", "m", "15 m", "-5m", "1e3m", "15s", "1h30m", "nanm", "9999999m", "1.2345h", "١٥m")),
    ],
)
def test_a_duration_is_a_number_and_its_unit(text: str, minutes: float | None) -> None:
    assert minutes_of(text) == minutes
