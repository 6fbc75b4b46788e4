"""`oxygrid dashboards build | push`: Grafana dashboards from their code."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(name="dashboards", help="Build the Grafana dashboards, and send them to a Grafana.", no_args_is_help=True)

DIFFERENT = 1


class Language(StrEnum):
    en = "en"
    hi = "hi"
    fr = "fr"
    ar = "ar"


OneBucket = Annotated[
    bool, typer.Option("--one-bucket", help="For InfluxDB 3, which has no retention policies: what is kept long lies beside the rest.")
]
Out = Annotated[Path | None, typer.Option("--out", help="Folder of the built files; that of the package when not given.")]


@app.command()
def build(
    *,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; say where the files are not what is built (exit code 1).")] = False,
    out: Out = None,
    language: Annotated[list[Language] | None, typer.Option("--language", help="Only these languages; all when not given.")] = None,
    one_bucket: OneBucket = False,
) -> None:
    """Write the dashboards as JSON, one folder per language. Needs grafana-foundation-sdk; what is committed needs nothing."""
    from dashboards.build import OUT, built, differences, write
    from dashboards.influxql import LONG_POLICY
    from dashboards.words import LANGUAGES

    files = built([each.value for each in language] if language else LANGUAGES, "" if one_bucket else LONG_POLICY)
    folder = out or OUT
    if not check:
        write(files, folder)
        typer.echo(f"{len(files)} dashboards written to {folder}")
        return
    found = differences(files, folder)
    for sentence in found:
        typer.echo(sentence, err=True)
    if found:
        raise typer.Exit(DIFFERENT)
    typer.echo(f"ok: {len(files)} dashboards in {folder} are what is built")


@app.command()
def push(
    url: Annotated[str, typer.Option("--url", help="Address of the Grafana, e.g. https://grafana.example.org.")],
    token_file: Annotated[str, typer.Option("--token-file", help="File with the token of a service account, or env:NAME.")],
    *,
    language: Annotated[Language, typer.Option("--language", help="Of the dashboards.")] = Language.en,
    out: Out = None,
    one_bucket: OneBucket = False,
    home: Annotated[bool, typer.Option("--home", help="Let Grafana open with the first of them.")] = False,
    ca_file: Annotated[Path | None, typer.Option("--ca-file", help="Authorities to trust, PEM, in place of those of the system.")] = None,
) -> None:
    """Send the dashboards to a Grafana, over those that are there. The data source with the uid `oxygrid` must be there."""
    from collector.config import read_secret
    from dashboards.build import OUT
    from dashboards.panel import uid
    from dashboards.push import Grafana, checked_url, make_home
    from dashboards.push import push as send

    grafana = Grafana(checked_url(url), read_secret(token_file), ca_file)
    for title in send(grafana, out or OUT, language.value, one_bucket=one_bucket):
        typer.echo(title)
    if home:
        make_home(grafana, uid("home", language.value))
