"""`oxygrid report`: the facility-day for authorities, and the handover of a shift; read beside a running collector."""

from __future__ import annotations

from datetime import date as Date
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from collector.commands.options import ConfigFile, DataDir, loaded
from collector.commands.telling import tell, wall_ms
from collector.errors import UserError

if TYPE_CHECKING:
    from devices.assets import Site

app = typer.Typer(name="report", help="Reports to read or pass on: the facility-day, and the handover of a shift.", no_args_is_help=True)


@app.command()
def daily(
    *,
    date: Annotated[
        str | None, typer.Option(help="The day, e.g. 2026-01-31, by each site's own calendar; yesterday when not given.")
    ] = None,
    level: Annotated[str, typer.Option(help="One row for each site, district or region.")] = "site",
    of: Annotated[str | None, typer.Option(help="Only this site, district or region.")] = None,
    format_: Annotated[str, typer.Option("--format", help="csv, json or html.")] = "csv",
    config_file: ConfigFile = None,
    data_dir: DataDir = None,
) -> None:
    """Print the facility-day report: beds, demand, tanks, plants, cylinders, concentrators, hours left, alarms, and how complete it is.

    What nobody measured is empty. Raw readings must still be there: `history.raw_days` or `influxdb.raw_days`.
    """
    from collector.reports import formats, levels, source

    if level not in levels.LEVELS:
        raise UserError(f"--level {level!r}: {', '.join(levels.LEVELS)}")
    if format_ not in formats.FORMATS:
        raise UserError(f"--format {format_!r}: {', '.join(formats.FORMATS)}")
    config = loaded(config_file, data_dir)
    sites = chosen(config.sites, of)
    rows = levels.rows(source.days(config, sites, _day(date, sites), wall_ms()), level)
    typer.echo(formats.written(rows, format_), nl=False)


@app.command()
def handover(
    site: Annotated[str, typer.Argument(help="Id of the site.")],
    *,
    hours: Annotated[float, typer.Option(min=0.1, max=168, help="How long the shift was, h: what was done in it is told.")] = 12.0,
    language: Annotated[str, typer.Option(help="en, hi, fr or ar.")] = "en",
    html: Annotated[bool, typer.Option("--html", help="As a page to print.")] = False,
    config_file: ConfigFile = None,
    data_dir: DataDir = None,
) -> None:
    """Print what the next shift has to know of a site: open alarms, what is kept quiet, discovered late, the oxygen, and what was done."""
    from collector.notify.texts.catalogue import LANGUAGES
    from collector.reports import handover as page
    from collector.reports.shift import shift_of

    known = next((each for each in LANGUAGES if each == language), None)
    if known is None:
        raise UserError(f"--language {language!r}: there are texts in {', '.join(LANGUAGES)}")
    config = loaded(config_file, data_dir)
    found = next((each for each in config.sites if each.id == site), None)
    if found is None:
        raise UserError(f"no site {site!r}; sites of the configuration: {', '.join(each.id for each in config.sites[:20])}")
    shift = shift_of(config, found, wall_ms(), hours)
    if html:
        typer.echo(page.as_html(found, shift, known), nl=False)
    else:
        tell(page.as_lines(found, shift, known))


def chosen(sites: tuple[Site, ...], of: str | None) -> list[Site]:
    """The sites of that name, district or region. Raises UserError where there is none."""
    found = [site for site in sites if of is None or of in (site.id, site.district, site.region)]
    if not found:
        known = sorted({place for each in sites for place in (each.id, each.district, each.region) if place})
        raise UserError(f"--of {of!r}: sites, districts and regions of the configuration: {', '.join(known[:20]) or 'none'}")
    return found


def _day(text: str | None, sites: list[Site]) -> Date:
    if text is None:
        return datetime.now(sites[0].zone).date() - timedelta(days=1)
    try:
        return Date.fromisoformat(text)
    except ValueError as exc:
        raise UserError(f"--date {text!r} is no day; e.g. 2026-01-31") from exc
