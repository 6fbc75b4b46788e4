"""`oxygrid duty | drill`: who is told, and a trial of it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from collector.commands.options import AsJson, ConfigFile, DataDir, InLanguage, language_known, loaded, time_ms
from collector.commands.telling import json_lines, tell, wall_ms
from collector.errors import OxygridError, UserError

if TYPE_CHECKING:
    from collector.config import Config
    from collector.notify.texts.catalogue import Language

POLL_S = 0.5

SiteId = Annotated[str, typer.Argument(help="Id of the site.")]


def add_to(app: typer.Typer) -> None:
    app.command()(duty)
    app.command()(drill)


def duty(
    site: Annotated[str | None, typer.Argument(help="Id of a site; every site when not given.")] = None,
    at: Annotated[str | None, typer.Option("--at", help="Time to look at, as RFC 3339 with zone; now when not given.")] = None,
    week: Annotated[bool, typer.Option("--week", help="Every change of people of the next seven days.")] = False,
    config_file: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Who is told of an alarm: step by step, who is on duty now and who is next, and when nobody will be within a week.

    Reads the configuration alone. Exit code 1 where somebody is missing within a week.
    """
    from collector.build import house_of
    from collector.notify.rota import duty_lines, duty_view

    config, at_ms = loaded(config_file), time_ms(at, wall_ms())
    house = house_of(config)
    sites = [each for each in config.sites if site in (None, each.id)]
    if site is not None and not sites:
        raise UserError(f"unknown site {site!r}; known: {', '.join(each.id for each in config.sites) or 'none'}")
    views = [(duty_view(house, each, at_ms, week=week), each) for each in sites]
    if as_json:
        tell(json_lines([view for view, _ in views]))
    for view, each in views if not as_json else ():
        tell(duty_lines(view, house, each.zone))
    if any(roster.gaps for view, _ in views for roster in view.rosters):
        raise typer.Exit(1)


def drill(
    site: SiteId,
    *,
    by: Annotated[str, typer.Option("--by", help="Who asks for it: a person's name. Those who are told read it.")],
    out: Annotated[Path | None, typer.Option("--out", help="File of the certificate; drill-SITE-TIME.html when not given.")] = None,
    wait_min: Annotated[float, typer.Option("--wait", min=0.01, max=1440, help="How long to wait for an answer, min.")] = 60.0,
    language: InLanguage = "en",
    config_file: ConfigFile = None,
    data_dir: DataDir = None,
) -> None:
    """Try the whole way to people with a marked test alarm, and write down on one page how long each step took.

    The page is HTML, with the same as PDF beside it where the extra `pdf` is there.

    The running collector sends it through the chain of high priority at the site, as a true one; who gets it acknowledges it as they
    would a true one, or with `oxygrid ack SITE/DRILL`. Exit code 1 where nobody did in time.
    """
    from collector.commands import control

    known = language_known(language)
    config = loaded(config_file, data_dir)
    occurrence = control.begin_drill(config, control.DrillOrder(site, by.strip()))
    typer.echo(f"begun: {occurrence}; waiting at most {wait_min:g} min for an answer")
    answered = _follow(config, occurrence, wait_min * 60)
    page = out or Path(f"drill-{site}-{occurrence.rpartition('@')[2]}.html")
    page = page.with_suffix(".html") if page.suffix.lower() == ".pdf" else page
    typer.echo(f"{_write(config, occurrence, page, known)} Certificate: {page}")
    _write_pdf(page)
    if not answered:
        control.send(config, control.Command("ack", f"{site}/DRILL", by.strip(), "nobody answered"))
        raise typer.Exit(1)


def _follow(config: Config, occurrence: str, wait_s: float) -> bool:
    """Tell what happens until somebody has answered and all has been sent, or the time is over."""
    from contextlib import closing

    from collector.build import house_of
    from collector.commands.knowledge import open_state
    from collector.notify.certificate import progress

    house, shown, end_s = house_of(config), 0, time.monotonic() + wait_s
    with closing(open_state(config)) as state:
        while time.monotonic() < end_s:
            found, sent = state.call(occurrence), state.sent_of(occurrence)
            begun_ms = int(occurrence.rpartition("@")[2])
            lines = list(progress(sent, begun_ms, house))
            tell(iter(lines[shown:]))
            shown = len(lines)
            if found is not None and found[1] is not None and all(each.outcome for each in sent):
                return True
            time.sleep(POLL_S)
        found = state.call(occurrence)
    return found is not None and found[1] is not None


def _write(config: Config, occurrence: str, page: Path, language: Language) -> str:
    """The certificate in that language; returns the verdict, for the terminal."""
    from contextlib import closing

    from collector.build import house_of
    from collector.commands.knowledge import open_state
    from collector.notify.certificate import certificate, verdict
    from collector.version import VERSION

    with closing(open_state(config)) as state:
        found, sent = state.call(occurrence), state.sent_of(occurrence)
    if found is None:
        raise OxygridError(f"the collector knows nothing of {occurrence} any more")
    call, ended_ms = found
    answered_ms = call.transition.event_ms if ended_ms is not None else None
    try:
        page.write_text(certificate(call, answered_ms, sent, house_of(config), VERSION, language), encoding="utf-8")
    except OSError as exc:
        raise UserError(f"{page}: can't be written: {exc.strerror}; name another file with --out") from exc
    return verdict(call, answered_ms, sent)


def _write_pdf(page: Path) -> None:
    """The certificate as PDF, beside the page; in words where it can't be: what came of the drill is on the page all the same."""
    from collector.commands import papers

    beside = page.with_suffix(".pdf")
    try:
        papers.written(beside, papers.pdf(page.read_text(encoding="utf-8")))
    except (UserError, OSError) as exc:
        typer.echo(f"oxygrid: the certificate is there as HTML alone: {exc}", err=True)
    else:
        typer.echo(f"As PDF: {beside}")
