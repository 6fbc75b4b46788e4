"""`oxygrid` itself: every command, and `--version`."""

from __future__ import annotations

from typing import Annotated

import typer

from collector.commands import (
    act,
    alarms,
    audit,
    backup,
    broker,
    config,
    console,
    dashboards,
    duty,
    messages,
    notices,
    report,
    rules,
    run,
    simulate,
    state,
    texts,
)
from collector.version import VERSION


def build() -> typer.Typer:
    """The application with all its commands."""
    app = typer.Typer(
        name="oxygrid", no_args_is_help=True, pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]}
    )
    app.callback()(oxygrid)
    for group in (run, simulate, state, act, duty, notices, messages, backup, texts):
        group.add_to(app)
    app.add_typer(alarms.app, name="alarms")
    app.add_typer(audit.app, name="audit")
    app.add_typer(broker.app, name="broker")
    app.add_typer(config.app, name="config")
    app.add_typer(console.app, name="console")
    app.add_typer(dashboards.app, name="dashboards")
    app.add_typer(report.app, name="report")
    app.add_typer(rules.app, name="rules")
    return app


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"oxygrid {VERSION}")
        raise typer.Exit


def oxygrid(
    version: Annotated[bool, typer.Option("--version", is_eager=True, callback=_tell_version, help="Print the version and end.")] = False,
) -> None:
    """Telemetry and alarms for hospital oxygen: every reading kept, the right person told before a ward runs short."""
