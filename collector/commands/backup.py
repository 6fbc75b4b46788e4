"""`oxygrid backup`, `oxygrid restore`: copies of the collector's files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from collector.commands.options import ConfigFile, DataDir, loaded


def add_to(app: typer.Typer) -> None:
    app.command()(backup)
    app.command()(restore)


def backup(
    folder: Annotated[Path, typer.Argument(help="New folder for the copies.", show_default=False)],
    config_file: ConfigFile = None,
    data_dir: DataDir = None,
) -> None:
    """Copy alarms, notices, audit trail, embedded history and the console's accounts into a new folder, while all of it runs."""
    from collector.backup import back_up

    for line in back_up(Path(loaded(config_file, data_dir).data_dir), folder, _now()):
        typer.echo(line)


def restore(
    folder: Annotated[Path, typer.Argument(help="A folder that `oxygrid backup` has made.", show_default=False)],
    config_file: ConfigFile = None,
    data_dir: DataDir = None,
) -> None:
    """Put a backup in place, while collector and console are stopped; what was there is set aside. Then start them."""
    from collector.backup import restore as put_back

    for line in put_back(folder, Path(loaded(config_file, data_dir).data_dir), _now()):
        typer.echo(line)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
