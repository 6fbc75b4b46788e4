"""`oxygrid config check | schema | example`."""

from __future__ import annotations

import json
from collections import Counter
from importlib import resources
from typing import TYPE_CHECKING, Annotated

import typer

from collector.commands.options import ConfigFile, found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from collector.config import Config

app = typer.Typer(name="config", help="Check, describe and begin a configuration.", no_args_is_help=True)


@app.command()
def check(config_file: ConfigFile = None) -> None:
    """Say `ok` and what is in it, or everything that is wrong as `file:line: key: what was found; what would be right` (exit code 2).

    What is right and still to be looked at is printed as a note.
    """
    from collector.config import ConfigError, load
    from collector.config.secret import unreadable

    path = found(config_file)
    try:
        config = load(path)
    except ConfigError as exc:
        typer.echo(str(exc), err=True)
        typer.echo(f"oxygrid: {_count(len(exc.problems), 'problem')} in {path}", err=True)
        raise typer.Exit(2) from exc
    typer.echo(f"ok: {summary(config)}")
    for sentence in (*config.notes, *unreadable(config), *_unprintable(config)):
        typer.echo(f"note: {sentence}", err=True)


OfRules = Annotated[bool, typer.Option("--rules", help="Of a rule file, in place of the configuration.")]


@app.command()
def schema(*, rules: OfRules = False) -> None:
    """Print the JSON Schema of the configuration, or of rule files, for editors."""
    from collector.config import Config
    from collector.config.rules import RuleFile

    model = RuleFile if rules else Config
    typer.echo(json.dumps(model.model_json_schema(), indent=2, ensure_ascii=False))


@app.command()
def example(*, rules: OfRules = False) -> None:
    """Print a complete configuration, or a rule file, with comments, to begin with."""
    file = "example-rules.yaml" if rules else "example.yaml"
    typer.echo((resources.files("collector.config") / file).read_text("utf-8"), nl=False)


def summary(config: Config) -> str:
    """2 sites, 61 assets (1 psa_plant, …); from mqtt://…; into influxdb http://…"""
    kinds = Counter(asset.kind for site in config.sites for asset in site.assets)
    listed = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    source = config.mqtt or config.jetstream
    return (
        f"{_count(len(config.sites), 'site')}, {_count(kinds.total(), 'asset')}{f' ({listed})' if listed else ''}; "
        f"from {source.url if source else 'the embedded server only'}; "
        f"into {config.influxdb.url if config.influxdb else 'the embedded history'}; "
        f"{_count(len(config.notify.channels), 'channel')} for notices"
    )


def _unprintable(config: Config) -> Iterator[str]:
    """Whether reports that are to go as PDF can."""
    import asyncio

    from collector.printing import NoPdf, printed

    if any(report.format == "pdf" for report in config.reports):
        try:
            asyncio.run(printed(""))
        except NoPdf as exc:
            yield f"reports that ask for pdf will go as html: {exc}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
