"""A page of the audit trail, the newest first, with what belongs to somebody's hospitals alone."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from collector.errors import JournalError, UserError
from collector.store.state_reader import StateReader
from collector.views import AuditView, audit_view

SHOWN = 50
AT_ONCE = 1_000
LOOKED_AT = 50_000
"""Rows of one page at most: who has one hospital of four thousand may have to turn a page that has little on it."""


class TrailPage(NamedTuple):
    """`older` is where the next page goes on; None where nothing older is there."""

    entries: list[AuditView]
    older: int | None


def trail_page(path: Path, sites: Collection[str] | None, before: int | None) -> TrailPage:
    """The rows before number `before`; of those sites, or all of them where that is None. Nothing where the state can't be read. Blocks."""
    try:
        with closing(StateReader.open_reader(path)) as reader:
            return _page(reader, sites, before)
    except (JournalError, UserError):
        return TrailPage([], None)


def site_in(entry: AuditView) -> str:
    """The site that it is about; empty for what is the collector's own."""
    return (entry.alarm or entry.about).partition("/")[0]


def _page(reader: StateReader, sites: Collection[str] | None, before: int | None) -> TrailPage:
    entries: list[AuditView] = []
    last, looked = before, 0
    while looked < LOOKED_AT:
        rows = reader.audit_before(last, AT_ONCE)
        for row in rows:
            last, looked = row.n, looked + 1
            entry = audit_view(row)
            if sites is None or site_in(entry) in sites:
                if len(entries) == SHOWN:
                    return TrailPage(entries, entries[-1].n)
                entries.append(entry)
        if len(rows) < AT_ONCE:
            return TrailPage(entries, None)
    return TrailPage(entries, last)
