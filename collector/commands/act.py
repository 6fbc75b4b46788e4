"""`oxygrid ack | reset | shelve | unshelve | out-of-service | return`: what a person tells the running collector about an alarm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from collector.commands.options import ConfigFile, DataDir, loaded
from collector.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from collector.outputs import Command, CommandName

Alarm = Annotated[str, typer.Argument(help="The alarm as `oxygrid alarms` names it: site/asset/rule, or site/rule.")]
By = Annotated[str, typer.Option("--by", help="Who does it: a person's name. It stands in the audit trail for good.")]
Why = Annotated[str, typer.Option("--why", help="The reason, for the audit trail.")]
Reason = Annotated[str, typer.Option("--why", help="The reason, for the audit trail and for the list of what is kept quiet.")]
For = Annotated[str, typer.Option("--for", help="How long: 15m, 8h, 2d. Then it ends by itself.")]


def add_to(app: typer.Typer) -> None:
    app.command()(ack)
    app.command()(reset)
    app.command()(shelve)
    app.command()(unshelve)
    app.command("out-of-service")(out_of_service)
    app.command("return")(return_to_service)


def ack(
    alarm: Alarm,
    by: By,
    why: Why = "",
    needs: Annotated[str, typer.Option("--for", help="How long you need: 30m, 2h. Not better by then, it goes up again.")] = "",
    config_file: ConfigFile = None,
    data_dir: DataDir = None,
) -> None:
    """Acknowledge an alarm: somebody knows, and acts. The alarm itself goes on until its cause is gone.

    Asks the running collector, as the user it runs as. Exit code 1 where it refuses, and it says which alarms wait.
    """
    _tell(_command("ack", alarm, by, why, _minutes(needs) if needs else 0.0), config_file, data_dir)


def reset(alarm: Alarm, by: By, why: Why = "", config_file: ConfigFile = None, data_dir: DataDir = None) -> None:
    """Reset an alarm that stays until somebody does, though its condition is over. It has to be acknowledged first."""
    _tell(_command("reset", alarm, by, why), config_file, data_dir)


def shelve(
    alarm: Alarm,
    by: By,
    why: Reason,
    lasting: For,
    *,
    one_shot: Annotated[bool, typer.Option("--one-shot", help="End the shelf also when the condition is over.")] = False,
    config_file: ConfigFile = None,
    data_dir: DataDir = None,
) -> None:
    """Keep an alarm quiet for a while. It is evaluated and logged as before, and nobody is told.

    How long at most depends on its priority; some alarms can't be shelved. What gets worse ends the shelf early.
    """
    _tell(_command("shelve", alarm, by, why, _minutes(lasting), one_shot), config_file, data_dir)


def unshelve(alarm: Alarm, by: By, why: Why = "", config_file: ConfigFile = None, data_dir: DataDir = None) -> None:
    """End a shelf before its time. If the condition is true, the alarm is raised anew."""
    _tell(_command("unshelve", alarm, by, why), config_file, data_dir)


def out_of_service(alarm: Alarm, by: By, why: Reason, lasting: For, config_file: ConfigFile = None, data_dir: DataDir = None) -> None:
    """Take an alarm out of service for work on its equipment, for a week at most. Nobody is told of it meanwhile."""
    _tell(_command("out_of_service", alarm, by, why, _minutes(lasting)), config_file, data_dir)


def return_to_service(alarm: Alarm, by: By, why: Why = "", config_file: ConfigFile = None, data_dir: DataDir = None) -> None:
    """Return an alarm to service before its time. If the condition is true, the alarm is raised anew."""
    _tell(_command("return", alarm, by, why), config_file, data_dir)


def _command(name: CommandName, alarm: str, by: str, why: str, minutes: float = 0.0, one_shot: bool = False) -> Command:
    from collector.outputs import Command

    return Command(name, alarm, by.strip(), why.strip(), minutes, one_shot)


def _tell(command: Command, config_file: Path | None, data_dir: Path | None) -> None:
    from collector.commands import control
    from collector.orders import COMMANDS, wrong_use

    wrong = wrong_use(command)
    if wrong:
        raise UserError(wrong)
    said = control.send(loaded(config_file, data_dir), command)
    typer.echo(f"{COMMANDS[command.command].done}: {command.alarm} by {command.by}" if said == "done" else f"{command.alarm}: {said}")


def _minutes(text: str) -> float:
    from collector.orders import minutes_of

    minutes = minutes_of(text)
    if minutes is None:
        raise UserError(f"--for {text!r}: a number and its unit are right: 15m, 8h, 2d")
    return minutes
