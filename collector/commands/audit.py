"""`oxygrid audit list | verify | head`: who told the collector what, and whether the record of it is what was written."""

from __future__ import annotations

from collections import deque
from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from collector.commands.options import AsJson, ConfigFile, DataDir, Since, loaded, time_ms
from collector.commands.telling import json_lines, tell
from collector.errors import OxygridError, UserError

if TYPE_CHECKING:
    from collector.audit import Head, Row

app = typer.Typer(
    name="audit", help="The audit trail: every command, every change of the configuration, every start and stop.", no_args_is_help=True
)


@app.command("list")
def list_rows(
    config_file: ConfigFile = None,
    data_dir: DataDir = None,
    since: Since = None,
    alarm: Annotated[str, typer.Option(help="Only commands to this alarm; of a site or an asset, to all of its alarms.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many of the newest to show.")] = 1000,
    *,
    as_json: AsJson = False,
) -> None:
    """What people told the collector, and what the collector says of itself, oldest first. Refused commands stand there with the reason."""
    from collector.commands import knowledge, tables
    from collector.views import audit_view

    config, since_ms = loaded(config_file, data_dir), time_ms(since, -(2**63))
    with closing(knowledge.open_state(config)) as state:
        rows = (row for row in state.audit_rows(since_ms) if not alarm or _concerns(row, alarm))
        found = [audit_view(row) for row in deque(rows, maxlen=limit)]
    tell(json_lines(found) if as_json else tables.audit_lines(found))


@app.command()
def verify(
    config_file: ConfigFile = None,
    data_dir: DataDir = None,
    written: Annotated[
        list[str] | None, typer.Option("--head", help="A head that was written down, or a line of the log with one; may be given again.")
    ] = None,
) -> None:
    """Check every row of the trail: nothing changed, removed, put in or moved since it was written.

    Exit code 1 names the first row that is wrong. A head that was written down elsewhere finds a file that was rewritten as a whole.
    """
    from collector.audit import Check
    from collector.commands import knowledge

    config = loaded(config_file, data_dir)
    check = Check(map(_head, written or ()))
    with closing(knowledge.open_state(config)) as state, state.standing_still():
        for row in state.audit_rows():
            check.take(row)
        breaks = check.end(state.audit_head())
    if breaks:
        more = f" ({len(breaks) - 1} more of them behind it)" if len(breaks) > 1 else ""
        raise OxygridError(f"{config.state_path}: the audit trail is broken at {breaks[0]}{more}")
    trimmed = f", from row {check.first} on; the older ones were trimmed" if check.first > 1 else ""
    typer.echo(f"ok: {check.count} rows{trimmed}, {check.head}")


@app.command()
def head(config_file: ConfigFile = None, data_dir: DataDir = None) -> None:
    """Print the head of the trail: how many rows, and the last hash. Write it down elsewhere, for `oxygrid audit verify --head`."""
    from collector.audit import EMPTY
    from collector.commands import knowledge

    with closing(knowledge.open_state(loaded(config_file, data_dir))) as state:
        typer.echo(str(state.audit_head() or EMPTY))


def _concerns(row: Row, alarm: str) -> bool:
    """Of a million rows most are not even read: the name is not in them."""
    from collector.views import audit_view

    return alarm.encode() in row.body and any(
        f"{name}/".startswith(f"{alarm}/") for view in (audit_view(row),) for name in (view.alarm, view.about)
    )


def _head(text: str) -> Head:
    from collector.audit import head_in

    found = head_in(text)
    if found is None:
        raise UserError(f"--head {text!r}: what `oxygrid audit head` prints is right: n=… hash=… (64 digits)")
    return found
