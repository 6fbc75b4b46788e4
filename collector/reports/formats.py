"""The report as CSV for a spreadsheet, as JSON for a program, and as a page to read or print. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from itertools import groupby
from typing import Literal, TypeAlias, get_args

import msgspec

from collector.reports.fields import FIELDS, NAMES
from collector.reports.levels import Row

ReportFormat: TypeAlias = Literal["csv", "json", "html"]
FORMATS: tuple[ReportFormat, ...] = get_args(ReportFormat)
VERSION = 1
HEAD = ("level", "id", "name", "district", "region", "date", "generated_at", "facilities", "reporting")
PRINT = (
    "body{font:10pt/1.4 system-ui,sans-serif;margin:1.5rem;color:#111}table{border-collapse:collapse;margin:.5rem 0 1.5rem;width:100%}"
    "td,th{border:1px solid #999;padding:.2rem .5rem;text-align:start;vertical-align:top}th{background:#eee}td.n{text-align:end}"
    "section{break-inside:avoid}h1{font-size:1.4rem}h2{font-size:1.1rem;margin:.5rem 0 0}small{color:#444}"
    "@page{size:A4;margin:12mm}@media print{body{margin:0}}"
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(rows: Sequence[Row]) -> str:
    """One line a row; RFC 4180. What nobody measured is empty."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*HEAD, *NAMES])
    for row in rows:
        head = (row.level, _plain(row.id), _plain(row.name), _plain(row.district), _plain(row.region), row.date, _at(row.generated_ms))
        values = ["" if row.values[name] is None else row.values[name] for name in NAMES]
        writer.writerow([*head, row.facilities, row.reporting, *values])
    return out.getvalue()


def as_json(rows: Sequence[Row]) -> str:
    return msgspec.json.format(msgspec.json.encode({"version": VERSION, "rows": rows}), indent=2).decode() + "\n"


def as_html(rows: Sequence[Row]) -> str:
    title = f"Oxygen, {escape(rows[0].date)}" if rows else "Oxygen"
    parts = [page_head(title), f"<h1>{title}</h1>"]
    for row in rows:
        place = ", ".join(each for each in (row.district, row.region) if each and each != row.name)
        heard = f"{row.reporting} of {row.facilities} facilities heard" if row.level != "site" else ""
        parts.append(
            f"<section><h2><bdi>{escape(row.name)}</bdi></h2><small>{escape('; '.join(x for x in (place, heard) if x))}</small><table>"
        )
        for block, fields in groupby(FIELDS, key=lambda field: field.block):
            known = [field for field in fields if row.values[field.name] is not None]
            for field in known:
                value = row.values[field.name]
                parts.append(
                    f"<tr><th>{escape(block)}</th><td>{escape(field.name)}</td><td class=n>{escape(f'{value} {field.unit}'.strip())}</td>"
                    f"<td><small>{escape(field.meaning)}</small></td></tr>"
                )
        parts.append("</table></section>")
    stamp = (
        f"<p><small>Made {_at(rows[0].generated_ms)}. Fields that nobody measured are left out.</small></p>" if rows else "<p>Nothing.</p>"
    )
    return "".join([*parts, stamp, "</body></html>\n"])


def page_head(title: str, language: str = "en", direction: str = "ltr") -> str:
    return (
        f'<!doctype html><html lang="{language}" dir="{direction}"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{PRINT}</style></head><body>"
    )


def written(rows: Sequence[Row], wanted: ReportFormat) -> str:
    return {"csv": as_csv, "json": as_json, "html": as_html}[wanted](rows)


def _plain(text: str) -> str:
    """A name that a spreadsheet would take for a formula is not one."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _at(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
