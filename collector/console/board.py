"""The board: hospitals ranked by who runs out first, with what is wrong in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo
from typing import NamedTuple

from collector.console.scope import Role
from collector.console.words import Language
from collector.notify.texts.catalogue import rule_text
from collector.outputs import PRIORITIES, UNKNOWN, Bounded, Priority, StockEstimate
from collector.outputs import Role as Reader
from collector.views import AlarmView
from devices.assets import Site, display_name

WORST_SHOWN = 3
READERS: Mapping[Role, Reader] = {"viewer": "control_room", "operator": "nurse", "engineer": "engineer", "admin": "control_room"}
"""Whose words an account reads."""


class Row(NamedTuple):
    """A hospital on the board. `worst` are the titles of its most urgent alarms, `more` how many others there are."""

    site: str
    name: str
    district: str
    slack_h: Bounded
    now_h: Bounded
    priority: Priority | None
    unanswered: bool
    worst: tuple[str, ...]
    more: int
    measured_ms: int | None


class Shown(NamedTuple):
    """An alarm as a page shows it. `title` and `todo` are in the reader's words; `line` is the English line of the log."""

    alarm: AlarmView
    site: str
    asset: str
    title: str
    todo: str
    zone: tzinfo


def rows(
    sites: Iterable[Site], stock: Mapping[str, StockEstimate], alarms: Mapping[str, Sequence[AlarmView]], language: Language, role: Role
) -> list[Row]:
    """The least to spare first; what is not known comes after it, those with an urgent alarm before the others. `alarms` are by site, the
    most urgent first."""
    found = [_row(site, stock.get(site.id), [a for a in alarms.get(site.id, ()) if a.is_open], language, role) for site in sites]
    return sorted(found, key=_rank)


def _row(site: Site, estimate: StockEstimate | None, alarms: list[AlarmView], language: Language, role: Role) -> Row:
    return Row(
        site=site.id,
        name=display_name(site, language),
        district=site.district,
        slack_h=estimate.slack_h if estimate else UNKNOWN,
        now_h=estimate.connected_now_h if estimate else UNKNOWN,
        priority=alarms[0].priority if alarms else None,
        unanswered=any(alarm.state == "unacknowledged" for alarm in alarms),
        worst=tuple(_title(alarm, site, language, role) for alarm in alarms[:WORST_SHOWN]),
        more=max(0, len(alarms) - WORST_SHOWN),
        measured_ms=estimate.measured_ms if estimate else None,
    )


def _rank(row: Row) -> tuple[bool, float, int, str]:
    least = row.slack_h.low if row.slack_h.low is not None else row.slack_h.mid
    urgent = PRIORITIES.index(row.priority) if row.priority else -1
    return least is None, least or 0.0, -urgent, row.name


def urgency(alarm: AlarmView) -> tuple[int, bool, int]:
    """The most urgent first, what nobody answered before what somebody did, the oldest before the newer."""
    return -PRIORITIES.index(alarm.priority), alarm.state != "unacknowledged", alarm.raised_ms


def shown(alarms: Iterable[AlarmView], sites: Mapping[str, Site], language: Language, role: Role) -> list[Shown]:
    """In their order; those of sites that are not there are left out."""
    return [_shown(alarm, sites[alarm.site], language, role) for alarm in alarms if alarm.site in sites]


def _shown(alarm: AlarmView, site: Site, language: Language, role: Role) -> Shown:
    asset = next((each for each in site.assets if each.id == alarm.asset), None)
    text = rule_text(alarm.rule, asset.kind if asset else "site", READERS[role], language)
    where = display_name(asset, language) if asset else ""
    return Shown(alarm, display_name(site, language), where, text.title if text else _headline(alarm), text.todo if text else "", site.zone)


def _title(alarm: AlarmView, site: Site, language: Language, role: Role) -> str:
    return _shown(alarm, site, language, role).title


def _headline(alarm: AlarmView) -> str:
    """A rule of the operator's own says it in its own words."""
    return alarm.text.partition(". ")[0]


def page_of(found: Sequence[Row], number: int, size: int) -> tuple[Sequence[Row], int]:
    """The rows of a page, and how many pages there are."""
    pages = max(1, -(-len(found) // size))
    number = min(max(1, number), pages)
    return found[(number - 1) * size : number * size], pages
