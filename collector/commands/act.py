"""`oxygrid ack`: what a person tells the running collector."""

from __future__ import annotations

from typing import Annotated

import typer

from collector.commands.options import ConfigFile, DataDir, loaded
from collector.errors import UserError

LONGEST_NAME = 64


def add_to(app: typer.Typer) -> None:
    app.command()(ack)


def ack(
    alarm: Annotated[str, typer.Argument(help="The alarm as `oxygrid alarms` names it: site/asset/rule, or site/rule.")],
    by: Annotated[str, typer.Option("--by", help="Who acknowledges. It stands in the record of alarms for good.")],
    config_file: ConfigFile = None,
    data_dir: DataDir = None,
) -> None:
    """Acknowledge an alarm: somebody knows, and acts. The alarm itself goes on until its cause is gone.

    Asks the running collector, as the user it runs as. Exit code 1 where it refuses, and it says which alarms wait.
    """
    by = by.strip()
    if not by or len(by) > LONGEST_NAME or not by.isprintable():
        raise UserError(f"--by {by!r}: the name of the person, 1 to {LONGEST_NAME} characters on one line")
    from collector.commands import control

    control.send(loaded(config_file, data_dir), control.Command("ack", alarm, by))
    typer.echo(f"acknowledged: {alarm} by {by}")
