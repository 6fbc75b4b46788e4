"""The report as CSV for a spreadsheet, as JSON for a program, and as a page to read or print, of which a PDF is made. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from html import escape
from itertools import groupby
from typing import Literal, TypeAlias, get_args

import msgspec

from collector import paper
from collector.reports.fields import FIELDS, NAMES
from collector.reports.levels import Row

ReportFormat: TypeAlias = Literal["csv", "json", "html", "pdf"]
FORMATS: tuple[ReportFormat, ...] = get_args(ReportFormat)
VERSION = 1
HEAD = ("level", "id", "name", "district", "region", "date", "generated_at", "facilities", "reporting")
OVERVIEW = (
    ("completeness_pct", "Complete, %"),
    ("hours_left_now_lowest", "Hours, connected"),
    ("hours_left_on_site_lowest", "Hours, on site"),
    ("demand_measured_m3", "Taken, m³"),
    ("psa_purity_min_pct", "Lowest purity, %"),
    ("alarms_high", "High alarms"),
    ("alarms_unacked_15_min", "Late answers"),
)
"""What a table of several rows shows of each."""
PDF_DETAILS_MOST = 60
"""A page takes 0.2 s and 4 MB to set."""
STYLE = """
.overview { font-size: 8pt } .overview th { font-weight: normal } .overview th:first-child { width: 36% }
section + section, table + section { break-before: page }
section table { font-size: 8pt; line-height: 1.25 } section td, section th { padding: .35mm 1.5mm }
"""
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


def as_html(rows: Sequence[Row], details_most: int | None = None) -> str:
    """A page for each row, and before them a table of all where there are several. With more than `details_most` rows, that table alone."""
    title = f"Oxygen, {rows[0].date}" if rows else "Oxygen"
    parts = [paper.head(title, more=STYLE), f"<h1>{escape(title)}</h1>\n"]
    if not rows:
        return "".join([*parts, "<p>Nothing.</p>", paper.FOOT])
    parts.append(f"<p><small>Made {_at(rows[0].generated_ms)}. What nobody measured is left out.</small></p>\n")
    if len(rows) > 1:
        parts += _overview(rows)
    if details_most is not None and len(rows) > details_most:
        parts.append(f"<p>All figures of each of these {len(rows)} are in the same report as CSV, JSON or HTML.</p>\n")
    else:
        parts += [part for row in rows for part in _details(row)]
    return "".join([*parts, paper.FOOT])


def written(rows: Sequence[Row], wanted: ReportFormat) -> str:
    """As text; for a PDF, the page that it is made of."""
    if wanted == "pdf":
        return as_html(rows, PDF_DETAILS_MOST)
    return {"csv": as_csv, "json": as_json, "html": as_html}[wanted](rows)


def _overview(rows: Sequence[Row]) -> Iterator[str]:
    heads = "".join(f'<th scope="col">{escape(title)}</th>' for _, title in OVERVIEW)
    yield f'<table class="overview"><thead><tr><th scope="col">Name</th><th scope="col">Heard</th>{heads}</tr></thead><tbody>\n'
    for row in rows:
        values = (row.values[name] for name, _ in OVERVIEW)
        cells = "".join(paper.cell("–" if value is None else str(value), "n") for value in values)
        yield f"<tr>{paper.cell(_named(row))}{paper.cell(f'{row.reporting} of {row.facilities}', 'n')}{cells}</tr>\n"
    yield "</tbody></table>\n"


def _named(row: Row) -> str:
    """A hospital with its district, for many have one name; a district with its region."""
    where = {"site": row.district, "district": row.region, "region": ""}[row.level]
    return f"{row.name}, {where}" if where and where != row.name else row.name


def _details(row: Row) -> Iterator[str]:
    """Field by field; what nobody measured is left out."""
    place = ", ".join(f"<bdi>{escape(each)}</bdi>" for each in (row.district, row.region) if each and each != row.name)
    heard = f"{row.reporting} of {row.facilities} facilities heard" if row.level != "site" else ""
    yield f"<section><h2><bdi>{escape(row.name)}</bdi></h2><p><small>{'; '.join(each for each in (place, heard) if each)}</small></p>\n"
    yield '<table><thead><tr><th></th><th scope="col">Field</th><th scope="col">Value</th><th scope="col">Meaning</th></tr></thead>\n'
    for block, fields in groupby(FIELDS, key=lambda field: field.block):
        known = [field for field in fields if row.values[field.name] is not None]
        for place_in_block, field in enumerate(known):
            name = "" if place_in_block else f'<tbody><tr><th scope="rowgroup" rowspan="{len(known)}">{escape(block)}</th>'
            value = escape(f"{row.values[field.name]} {field.unit}".strip())
            yield f'{name or "<tr>"}<td>{field.name}</td><td class="n">{value}</td><td>{field.meaning}</td></tr>\n'
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
