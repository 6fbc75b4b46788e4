"""Reports by mail: each is made in a thread when its time has come, sent to who wants it, and noted, so that a restart sends it once.

    every minute: which are due (pure) ─▶ make ─▶ send ─▶ note the moment it was due for

A mail server that is away is tried again every ten minutes, for six hours; what could not be sent by then waits for no one.
"""

from __future__ import annotations

import asyncio
import logging
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date as Date
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import msgspec

from collector.config.people import Person, minute_of
from collector.config.reports import DailyReport, HandoverReport, Report
from collector.errors import OxygridError
from collector.notify.channels import SendError, SmtpSender
from collector.notify.channels.mail import Attachment
from collector.notify.duty import wall_ms
from collector.notify.texts.catalogue import Language, language_of, marked, word
from collector.notify.texts.direction import isolate
from collector.notify.texts.full import PANEL
from collector.printing import NoPdf, printed
from collector.reports import formats, handover, levels, source
from collector.reports.formats import ReportFormat
from collector.reports.shift import shift_of
from devices.assets import Site, display_name

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from collector.config import Config

log = logging.getLogger(__name__)

LATE_MS = 6 * 3_600_000
RETRY_MS = 600_000
TICK_S = 60.0
NAME = "reports-sent.json"
TYPES = {"csv": "text/csv", "json": "application/json", "html": "text/html"}
NO_PDF = marked("A PDF was asked for and could not be made where this was sent; the same page is attached as HTML.")
LINES_MOST = 50


class Due(NamedTuple):
    """A report whose time has come. `key` is of the report and the moment it was due for."""

    report: Report
    key: str
    at_ms: int


class Paper(NamedTuple):
    subject: str
    text: str
    attachment: Attachment


Write: TypeAlias = Callable[[Language], Paper]
"""A report whose facts are read, for the readers of one language."""


def due(reports: Sequence[Report], sites: Sequence[Site], sent: Mapping[str, int], now_ms: int) -> Iterator[Due]:
    """What is due now and was not sent. Pure."""
    for place, report in enumerate(reports):
        zone = _zone(report, sites)
        if zone is None:
            continue
        today = datetime.fromtimestamp(now_ms / 1000, zone).date()
        for day in (today - timedelta(days=1), today):
            for clock in (report.at,) if isinstance(report.at, str) else report.at:
                at_ms = wall_ms(day, minute_of(clock), zone)
                key = f"{place} {report.kind} {report.of} {clock}"
                if at_ms <= now_ms < at_ms + LATE_MS and sent.get(key, 0) < at_ms:
                    yield Due(report, key, at_ms)


class Post:
    """`config` gives the configuration of this moment."""

    def __init__(self, config: Callable[[], Config], mails: Mapping[str, SmtpSender], now_ms: Callable[[], int]) -> None:
        self._config, self._mails, self._now_ms = config, mails, now_ms
        self._path = Path(config().data_dir) / NAME
        self._sent = _read(self._path)
        self._not_before_ms: dict[str, int] = {}

    async def run(self) -> None:
        while True:
            await self.turn()
            await asyncio.sleep(TICK_S)

    async def turn(self) -> int:
        """How many reports went out."""
        config, now_ms, count = self._config(), self._now_ms(), 0
        for each in list(due(config.reports, config.sites, self._sent, now_ms)):
            if self._not_before_ms.get(each.key, 0) > now_ms:
                continue
            if await self._deliver(config, each):
                self._sent[each.key] = each.at_ms
                await asyncio.to_thread(_write, self._path, self._sent)
                count += 1
            else:
                self._not_before_ms[each.key] = now_ms + RETRY_MS
        return count

    async def _deliver(self, config: Config, each: Due) -> bool:
        """Whether it went to everybody; who could not be reached gets it with the others again."""
        people = {person.id: person for person in config.people}
        readers = [people[name] for name in each.report.to if name in people]
        try:
            write = await asyncio.to_thread(made, config, each)
            papers: dict[Language, Paper] = {}
            for person in readers:
                language = language_of(person.language)
                if language not in papers:
                    papers[language] = await _as_wanted(await asyncio.to_thread(write, language), each, language)
                paper = papers[language]
                mail, address = self._mail_of(person)
                await mail.post(paper.subject, paper.text, paper.attachment, address, f"{each.key} {each.at_ms} {person.id}", each.at_ms)
        except SendError as exc:
            log.warning("report %s can't be sent, trying again in ten minutes: %s", each.key, exc)
            return False
        except OxygridError as exc:
            log.error("report %s can't be made: %s", each.key, exc)
            return False
        log.info("report %s sent to %s", each.key, ", ".join(person.id for person in readers))
        return True

    def _mail_of(self, person: Person) -> tuple[SmtpSender, str]:
        for way in person.ways:
            if way.channel in self._mails:
                return self._mails[way.channel], way.to
        raise OxygridError(f"{person.id} has no way that is mail")


async def _as_wanted(paper: Paper, each: Due, language: Language) -> Paper:
    """Where a PDF is wanted, the page becomes one; where none can be made here, the page itself goes, and the letter says so."""
    page = paper.attachment
    if each.report.format != "pdf" or not isinstance(page.content, str):
        return paper
    try:
        pdf = await printed(page.content)
    except NoPdf as exc:
        log.warning("report %s goes as HTML: %s", each.key, exc)
        return paper._replace(text=f"{paper.text}\n{word(language, NO_PDF)}\n")
    if pdf.note:
        log.warning("report %s: %s", each.key, pdf.note)
    return paper._replace(attachment=Attachment(f"{page.name.removesuffix('.html')}.pdf", "application/pdf", pdf.content))


def made(config: Config, each: Due) -> Write:
    """What writes the report, as a page where it is to become a PDF. Reads the stores: for a thread, which rests as long as it works."""
    if isinstance(each.report, HandoverReport):
        return _handover(config, each.report, each.at_ms)
    return _daily(config, each.report, each.at_ms)


def _daily(config: Config, report: DailyReport, at_ms: int) -> Write:
    sites = [site for site in config.sites if report.of in ("", site.id, site.district, site.region)]
    yesterday: Date = datetime.fromtimestamp(at_ms / 1000, sites[0].zone).date() - timedelta(days=1)
    rows = levels.rows(source.days(config, sites, yesterday, at_ms, rest=time.sleep), report.level)
    return partial(_daily_paper, report, sites, yesterday.isoformat(), rows)


def _daily_paper(report: DailyReport, sites: Sequence[Site], date: str, rows: Sequence[levels.Row], language: Language) -> Paper:
    w = partial(word, language)
    ending: ReportFormat = "html" if report.format == "pdf" else report.format
    name = f"oxygen-{file_name(report.of or 'all')}-{date}.{ending}"
    lines = [_complete(row, language) for row in levels.named(rows[:LINES_MOST], sites, language)]
    of, day = isolate(report.of, language) or w("all sites"), isolate(date, language)
    subject = w("Oxygen report: {place}, {date}").format(place=of, date=day)
    content = formats.written(rows, report.format, language, sites)
    return Paper(subject, "\n".join([*lines, "", w(PANEL), ""]), Attachment(name, TYPES[ending], content))


def _complete(row: levels.Row, language: Language) -> str:
    w, value = partial(word, language), row.values["completeness_pct"]
    said = w("{name}: {share} complete") if value is not None else w("{name}: not known how complete")
    return said.format(name=isolate(row.name, language), share=isolate(f"{value} %", language))


def _handover(config: Config, report: HandoverReport, at_ms: int) -> Write:
    site = next((each for each in config.sites if each.id == report.of), None)
    if site is None:
        raise OxygridError(f"site {report.of} is not configured any more")
    return partial(_handover_paper, site, shift_of(config, site, at_ms, report.hours))


def _handover_paper(site: Site, shift: handover.Shift, language: Language) -> Paper:
    subject = f"{word(language, 'Handover')}: {display_name(site, language)}"
    text = "\n".join(handover.as_lines(site, shift, language))
    page = Attachment(f"handover-{site.id}.html", "text/html", handover.as_html(site, shift, language))
    return Paper(subject, f"{text}\n\n{word(language, PANEL)}\n", page)


def file_name(place: str) -> str:
    """Of a place whose name may be long and hold anything: letters of every script stay."""
    return "".join(each if each.isalnum() or unicodedata.category(each).startswith("M") or each in "-_." else "-" for each in place)[:60]


def _zone(report: Report, sites: Sequence[Site]) -> ZoneInfo | None:
    return next((site.zone for site in sites if report.of in ("", site.id, site.district, site.region)), None)


def _read(path: Path) -> dict[str, int]:
    """Where it is not there or not whole, a report of the last hours may go out again; better than never."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, int])
    except (OSError, msgspec.MsgspecError):
        return {}


def _write(path: Path, sent: Mapping[str, int]) -> None:
    new = path.with_suffix(".new")
    try:
        new.write_bytes(msgspec.json.encode(dict(sent)))
        new.replace(path)
    except OSError as exc:
        log.error("%s can't be written, so a restart may send reports again: %s", path, exc.strerror)
