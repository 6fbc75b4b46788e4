"""`oxygrid status | alarms | quarantine`: what the collector knows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from collector.commands.options import AsJson, ConfigFile, DataDir, loaded

if TYPE_CHECKING:
    from collector.views import StatusView

OnlySite = Annotated[str | None, typer.Option("--site", help="Only this site.")]


def add_to(app: typer.Typer) -> None:
    app.command()(status)
    app.command()(alarms)
    app.command()(quarantine)


def status(config_file: ConfigFile = None, data_dir: DataDir = None, site: OnlySite = None, as_json: AsJson = False) -> None:
    """Sites, assets and their latest values, hours left, open alarms, how far each reader of the journal is behind, and what was dropped.

    Asks the running collector; where none runs, reads what the last one left on disk (no latest values then).
    """
    from collector.commands import knowledge, tables

    config, now_ms = loaded(config_file, data_dir), _now_ms()
    found = knowledge.ask(config.ops) if data_dir is None else None
    if found is None:
        found = knowledge.status_on_disk(config, now_ms)
    if site is not None:
        found = _only(found, site)
    _print(_json(found) if as_json else tables.status_lines(found, now_ms))


def alarms(config_file: ConfigFile = None, data_dir: DataDir = None, site: OnlySite = None, as_json: AsJson = False) -> None:
    """Every alarm that is not normal, the most urgent first."""
    from collector.commands import knowledge, tables
    from collector.views import alarm_view

    config = loaded(config_file, data_dir)
    with closing(knowledge.open_state(config)) as state:
        found = [alarm_view(transition) for transition in state.alarms(site)]
    _print(_json(found) if as_json else tables.alarm_lines(found, _now_ms()))


def quarantine(
    config_file: ConfigFile = None,
    data_dir: DataDir = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many of the newest to show.")] = 100,
    as_json: AsJson = False,
) -> None:
    """What could not be taken, and why: messages, single values, unknown assets, lines that the database refused."""
    from collector.commands import knowledge, tables

    found = knowledge.quarantine_on_disk(loaded(config_file, data_dir), limit)
    _print(_json(found) if as_json else tables.quarantine_lines(found))


def _only(found: StatusView, site: str) -> StatusView:
    import msgspec

    return msgspec.structs.replace(
        found, sites=[s for s in found.sites if s.id == site], alarms=[a for a in found.alarms if a.site == site]
    )


def _json(view: object) -> Iterator[str]:
    import msgspec

    yield msgspec.json.format(msgspec.json.encode(view), indent=2).decode()


def _print(lines: Iterator[str]) -> None:
    for line in lines:
        typer.echo(line)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
