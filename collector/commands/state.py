"""`oxygrid status | quarantine`: what the collector knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from collector.commands.options import AsJson, ConfigFile, DataDir, OnlySite, loaded
from collector.commands.telling import json_lines, tell, wall_ms

if TYPE_CHECKING:
    from collector.views import StatusView


def add_to(app: typer.Typer) -> None:
    app.command()(status)
    app.command()(quarantine)


def status(config_file: ConfigFile = None, data_dir: DataDir = None, site: OnlySite = None, as_json: AsJson = False) -> None:
    """Sites, assets and their latest values, hours left, open alarms, how far each reader of the journal is behind, and what was dropped.

    Asks the running collector; where none runs, reads what the last one left on disk (no latest values then).
    """
    from collector.commands import knowledge, tables

    config, now_ms = loaded(config_file, data_dir), wall_ms()
    found = knowledge.ask(config.ops) if data_dir is None else None
    if found is None:
        found = knowledge.status_on_disk(config, now_ms)
    if site is not None:
        found = _only(found, site)
    tell(json_lines(found) if as_json else tables.status_lines(found, now_ms))


def quarantine(
    config_file: ConfigFile = None,
    data_dir: DataDir = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many of the newest to show.")] = 100,
    as_json: AsJson = False,
) -> None:
    """What could not be taken, and why: messages, single values, unknown assets, lines that the database refused."""
    from collector.commands import knowledge, tables

    found = knowledge.quarantine_on_disk(loaded(config_file, data_dir), limit)
    tell(json_lines(found) if as_json else tables.quarantine_lines(found))


def _only(found: StatusView, site: str) -> StatusView:
    import msgspec

    return msgspec.structs.replace(
        found,
        sites=[s for s in found.sites if s.id == site],
        alarms=[a for a in found.alarms if a.site == site],
        quiet=[a for a in found.quiet if a.site == site],
    )
