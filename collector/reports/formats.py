"""The report as CSV for a spreadsheet, as JSON for a program, and as a page to read or print, of which a PDF is made. Pure.

CSV and JSON are contracts, and the same in every language; the page is in its reader's.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from html import escape
from itertools import groupby
from typing import Literal, TypeAlias, get_args

import msgspec

from collector import paper
from collector.notify.texts.catalogue import Language, marked, word
from collector.notify.texts.direction import is_rtl, isolate, line
from collector.reports.fields import BLOCKS, FIELDS, NAMES
from collector.reports.levels import Row, named
from devices.assets import Site

ReportFormat: TypeAlias = Literal["csv", "json", "html", "pdf"]
FORMATS: tuple[ReportFormat, ...] = get_args(ReportFormat)
VERSION = 1
HEAD = ("level", "id", "name", "district", "region", "date", "generated_at", "facilities", "reporting")
OVERVIEW = (
    ("completeness_pct", marked("Complete")),
    ("hours_left_now_lowest", marked("Hours left, connected")),
    ("hours_left_on_site_lowest", marked("Hours left, on site")),
    ("demand_measured_m3", marked("Taken")),
    ("psa_purity_min_pct", marked("Lowest purity")),
    ("alarms_high", marked("High alarms")),
    ("alarms_unacked_15_min", marked("Late answers")),
)
"""What a table of several rows shows of each."""
PDF_DETAILS_MOST = 60
"""A page takes 0.2 s and 4 MB to set."""
STYLE = """
.overview { font-size: 8pt } .overview th { font-weight: normal }
.overview th + th { text-align: end } .overview th:first-child { width: 36% }
section + section, table + section { break-before: page }
section table { font-size: 8pt; line-height: 1.25 } section td, section th { padding: .25mm 1.5mm }
"""
_UNITS = {field.name: field.unit for field in FIELDS}
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")


def as_csv(rows: Sequence[Row]) -> str:
    """One line a row; RFC 4180. What nobody measured is empty."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*HEAD, *NAMES])
    for row in rows:
        head = (row.level, _plain(row.id), _plain(row.name), _plain(row.district), _plain(row.region), row.date, _at(row.generated_ms))
        values = [_cell(row.values[name]) for name in NAMES]
        writer.writerow([*head, row.facilities, row.reporting, *values])
    return out.getvalue()


def as_json(rows: Sequence[Row]) -> str:
    return msgspec.json.format(msgspec.json.encode({"version": VERSION, "rows": rows}), indent=2).decode() + "\n"


def as_html(rows: Sequence[Row], language: Language = "en", details_most: int | None = None) -> str:
    """A page for each row, and before them a table of all where there are several. With more than `details_most` rows, that table alone."""
    w = partial(word, language)
    title = w("Oxygen, {date}").format(date=isolate(rows[0].date, language)) if rows else w("Oxygen")
    parts = [paper.head(title, language, STYLE, rtl=is_rtl(language)), f"<h1>{escape(title)}</h1>\n"]
    if not rows:
        return "".join([*parts, f"<p>{escape(w('nothing'))}</p>", paper.FOOT])
    made = w("Made {time}. What nobody measured is left out.").format(time=isolate(_minute(rows[0].generated_ms), language))
    parts.append(f"<p><small>{escape(made)}</small></p>\n")
    if len(rows) > 1:
        parts += _overview(rows, language)
    if details_most is not None and len(rows) > details_most:
        all_of = w("All figures of each of these {count} are in the same report as CSV, JSON or HTML.")
        parts.append(f"<p>{escape(all_of.format(count=isolate(str(len(rows)), language)))}</p>\n")
    else:
        parts += [part for row in rows for part in _details(row, language)]
    return "".join([*parts, paper.FOOT])


def written(rows: Sequence[Row], wanted: ReportFormat, language: Language = "en", sites: Iterable[Site] = ()) -> str:
    """As text; for a PDF, the page that it is made of. A page names `sites` as they are called in its language."""
    if wanted == "csv":
        return as_csv(rows)
    if wanted == "json":
        return as_json(rows)
    return as_html(named(rows, sites, language), language, PDF_DETAILS_MOST if wanted == "pdf" else None)


def _overview(rows: Sequence[Row], language: Language) -> Iterator[str]:
    w = partial(word, language)
    titles = [w("Name"), w("Heard"), *(_with_unit(w(title), _UNITS[name], language) for name, title in OVERVIEW)]
    heads = "".join(f'<th scope="col">{escape(title)}</th>' for title in titles)
    yield f'<table class="overview"><thead><tr>{heads}</tr></thead><tbody>\n'
    for row in rows:
        values = (row.values[name] for name, _ in OVERVIEW)
        cells = "".join(paper.cell("–" if value is None else isolate(str(value), language), "n") for value in values)
        heard = w("{heard} of {all}").format(**_counts(row, language))
        yield f"<tr>{paper.cell(line(_named(row, language), language))}{paper.cell(line(heard, language), 'n')}{cells}</tr>\n"
    yield "</tbody></table>\n"


def _with_unit(title: str, unit: str, language: Language) -> str:
    return f"{title} ({isolate(unit, language)})" if unit else title


def _counts(row: Row, language: Language) -> dict[str, str]:
    return {"heard": isolate(str(row.reporting), language), "all": isolate(str(row.facilities), language)}


def _named(row: Row, language: Language) -> str:
    """A hospital with its district, for many have one name; a district with its region."""
    where = {"site": row.district, "district": row.region, "region": ""}[row.level]
    return ", ".join(isolate(each, language) for each in (row.name, where if where != row.name else "") if each)


def _details(row: Row, language: Language) -> Iterator[str]:
    """Field by field; what nobody measured is left out. The name of a field stands last: who reads CSV finds the figure there."""
    w = partial(word, language)
    place = ", ".join(f"<bdi>{escape(isolate(each, language))}</bdi>" for each in (row.district, row.region) if each and each != row.name)
    heard = w("Facilities heard: {heard} of {all}").format(**_counts(row, language)) if row.level != "site" else ""
    told = "; ".join(each for each in (place, escape(heard)) if each)
    yield f"<section><h2><bdi>{escape(isolate(row.name, language))}</bdi></h2><p><small>{told}</small></p>\n"
    heads = ((w("Meaning"), ""), (w("Value"), ' class="n"'), (w("Field"), ""))
    shown = "".join(f'<th scope="col"{mark}>{escape(head)}</th>' for head, mark in heads)
    yield f"<table><thead><tr><th></th>{shown}</tr></thead>\n"
    for block, fields in groupby(FIELDS, key=lambda field: field.block):
        known = [field for field in fields if row.values[field.name] is not None]
        for place_in_block, field in enumerate(known):
            title = f'<tbody><tr><th scope="rowgroup" rowspan="{len(known)}">{escape(w(BLOCKS[block]))}</th>'
            value = isolate(f"{row.values[field.name]} {field.unit}".strip(), language)
            yield f'{"<tr>" if place_in_block else title}<td>{escape(w(field.meaning))}</td><td class="n">{escape(value)}</td>'
            yield f"<td>{isolate(field.name, language)}</td></tr>\n"
        if known:
            yield "</tbody>"
    yield "</table></section>\n"


def _cell(value: float | str | None) -> float | str:
    """A number stays one, also below zero."""
    return "" if value is None else _plain(value) if isinstance(value, str) else value


def _plain(text: str) -> str:
    """A name that a spreadsheet would take for a formula is not one."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _at(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _minute(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
