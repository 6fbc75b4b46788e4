"""`oxygrid record`, `oxygrid replay`: messages out of the journal, and through the rules again."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from collector.commands.options import AsJson, ConfigFile, DataDir, Since, loaded, time_ms
from collector.errors import UserError

if TYPE_CHECKING:
    from collector.journal import JournalReader
    from collector.records import Batch

Until = Annotated[str | None, typer.Option(help="Time of receipt to stop before, as RFC 3339 with zone.")]


def add_to(app: typer.Typer) -> None:
    app.command()(record)
    app.command()(replay)


def record(config_file: ConfigFile = None, data_dir: DataDir = None, since: Since = None, until: Until = None) -> None:
    """Print what the journal holds, one message a line, for `replay`. Works while the collector runs."""
    from collector.journal import SqliteJournal
    from collector.recording import to_line

    config = loaded(config_file, data_dir)
    if not config.journal_path.is_file():
        raise UserError(f"{config.journal_path}: no journal there; give the folder of a collector that has run with --data-dir")
    first_ms, end_ms = time_ms(since, 0), time_ms(until, 2**63)
    with closing(SqliteJournal.open_reader(config.journal_path)) as reader:
        for batch in _batches(reader):
            if first_ms <= batch.received_ms < end_ms:
                sys.stdout.writelines(to_line(batch.received_ms, message) + "\n" for message in batch.messages)


def replay(
    file: Annotated[Path, typer.Argument(help="Recorded messages, one JSON object a line; - is standard input.", allow_dash=True)],
    config_file: ConfigFile = None,
    as_json: AsJson = False,
    stock: Annotated[bool, typer.Option("--stock", help="Print stock estimates too.")] = False,
    store: Annotated[bool, typer.Option("--store", help="Write the readings to the configured database too.")] = False,
) -> None:
    """Send recorded messages through the same decoding and rules, in their own time and as fast as it goes.

    Prints every change of an alarm, with the time it happened and the time it was known.
    """
    config = loaded(config_file)
    if str(file) != "-" and not file.is_file():
        raise UserError(f"{file}: no such file; `oxygrid record` writes one")
    from collector.replay import replay as run_replay

    raise typer.Exit(run_replay(config, file, as_json=as_json, stock=stock, store=store))


def _batches(reader: JournalReader) -> Iterator[Batch]:
    after = 0
    while batches := reader.read(after):
        yield from batches
        after = batches[-1].seq
