"""`oxygrid alarms`: the alarms as they stand. A group: what else is asked about alarms are its subcommands."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer

from collector.commands import kpi
from collector.commands.options import AsJson, ConfigFile, DataDir, OnlySite, loaded
from collector.commands.telling import json_lines, tell, wall_ms

app = typer.Typer(name="alarms")
kpi.add_to(app)


@app.callback(invoke_without_command=True)
def alarms(
    context: typer.Context,
    config_file: ConfigFile = None,
    data_dir: DataDir = None,
    site: OnlySite = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what is shelved, suppressed by design, or out of service.")] = False,
    as_json: AsJson = False,
) -> None:
    """Every open alarm, the most urgent first."""
    if context.invoked_subcommand is not None:
        return
    from collector.commands import knowledge, tables
    from collector.views import alarm_view

    config = loaded(config_file, data_dir)
    with closing(knowledge.open_state(config)) as state:
        found = [alarm for transition in state.alarms(site) if (alarm := alarm_view(transition)).is_open or everything]
    tell(json_lines(found) if as_json else tables.all_alarm_lines(found, wall_ms()))
