"""`oxygrid report`: the facility-day for authorities, and the handover of a shift; read beside a running collector."""

from __future__ import annotations

from datetime import date as Date
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from collector.commands.options import ConfigFile, DataDir, InLanguage, language_known, loaded
from collector.commands.papers import Out, put, put_pdf, wanted
from collector.commands.telling import wall_ms
from collector.errors import UserError

if TYPE_CHECKING:
    from devices.assets import Site

FORMS = {"txt": "text", "html": "html", "pdf": "pdf"}
"""Of the handover, by the ending of a file."""

YEARS = range(2000, 3000)
"""What clocks and calendars of a computer can all do."""

app = typer.Typer(name="report", help="Reports to read or pass on: the facility-day, and the handover of a shift.", no_args_is_help=True)


@app.command()
def daily(
    *,
    date: Annotated[
        str | None, typer.Option(help="The day, e.g. 2026-01-31, by each site's own calendar; yesterday when not given.")
    ] = None,
    level: Annotated[str, typer.Option(help="One row for each site, district or region.")] = "site",
    of: Annotated[str | None, typer.Option(help="Only this site, district or region.")] = None,
    format_: Annotated[str | None, typer.Option("--format", help="csv, json, html or pdf; csv when nothing says another.")] = None,
    language: Annotated[str, typer.Option(help="Of a page: en, hi, fr or ar. CSV and JSON are the same in each.")] = "en",
    out: Out = None,
    config_file: ConfigFile = None,
    data_dir: DataDir = None,
) -> None:
    """The facility-day report: beds, demand, tanks, plants, cylinders, concentrators, hours left, alarms, and how complete it is.

    What nobody measured is empty. Raw readings must still be there: `history.raw_days` or `influxdb.raw_days`.
    """
    from collector.reports import formats, levels, source

    if level not in levels.LEVELS:
        raise UserError(f"--level {level!r}: {', '.join(levels.LEVELS)}")
    known = language_known(language)
    form = wanted(format_, out, {each: each for each in formats.FORMATS}, "csv")
    config = loaded(config_file, data_dir)
    sites = chosen(config.sites, of)
    rows = levels.rows(source.days(config, sites, _day(date, sites), wall_ms()), level)
    text = formats.written(rows, form, known, sites)
    (put_pdf if form == "pdf" else put)(text, out)


@app.command()
def handover(
    site: Annotated[str, typer.Argument(help="Id of the site.")],
    *,
    hours: Annotated[float, typer.Option(min=0.1, max=168, help="How long the shift was, h: what was done in it is told.")] = 12.0,
    language: InLanguage = "en",
    format_: Annotated[str | None, typer.Option("--format", help="text, html or pdf; text when nothing says another.")] = None,
    html: Annotated[bool, typer.Option("--html", help="The same as --format html.")] = False,
    out: Out = None,
    config_file: ConfigFile = None,
    data_dir: DataDir = None,
) -> None:
    """What the next shift has to know of a site: open alarms, what is kept quiet, discovered late, the oxygen, and what was done."""
    from collector.reports import handover as page
    from collector.reports.shift import shift_of

    known = language_known(language)
    if html and format_ not in (None, "html"):
        raise UserError(f"--html and --format {format_}: give one of them")
    form = wanted("html" if html else format_, out, FORMS, "text")
    config = loaded(config_file, data_dir)
    found = next((each for each in config.sites if each.id == site), None)
    if found is None:
        raise UserError(f"no site {site!r}; sites of the configuration: {', '.join(each.id for each in config.sites[:20])}")
    shift = shift_of(config, found, wall_ms(), hours)
    if form == "text":
        put("".join(f"{line}\n" for line in page.as_lines(found, shift, known)), out)
    else:
        (put_pdf if form == "pdf" else put)(page.as_html(found, shift, known), out)


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
        day = Date.fromisoformat(text)
    except ValueError as exc:
        raise UserError(f"--date {text!r} is no day; e.g. 2026-01-31") from exc
    if day.year not in YEARS:
        raise UserError(f"--date {text!r}: there are readings of {YEARS[0]} to {YEARS[-1]} at most; e.g. 2026-01-31")
    return day
