"""What is seen: the board, a hospital, the alarms, the gateways, the account. Each is a question to what is known, and a template."""

from __future__ import annotations

import asyncio
from datetime import UTC
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from collector.alarms.states import OUT_OF_SERVICE_MOST_MIN, SHELVED_MOST_MIN
from collector.config.rulebook import rule_set
from collector.console.ask import site_now
from collector.console.board import page_of
from collector.console.chain import drawing
from collector.console.frame import FORBIDDEN, MISSING, THEMES, Frame, Visit, is_fragment, theme_of
from collector.console.scope import RIGHTS
from collector.console.stores import stores
from collector.console.trail import site_in, trail_page
from collector.views import AlarmView
from devices.assets import Site, display_name

PER_PAGE = 50
PAGES_KEPT = 200
ALARMS_SHOWN = 200


class Most(NamedTuple):
    """The longest times that an alarm may be kept quiet, minutes; empty: it may not."""

    shelved: str
    out_of_service: str


class Pages:
    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._rules = rule_set(frame.config.rules)
        self._people = {person.id: person.name for person in frame.config.people}

    async def board(self, request: Request, visit: Visit) -> Response:
        """The same for all who see the same: rendered once, until something changes."""
        view, kept = self._frame.view(visit), f"board?{request.url.query}#{theme_of(request)}#{is_fragment(request)}"
        if kept not in view.pages:
            query = request.query_params
            district, only, number = query.get("district", ""), query.get("alarms") == "1", _number(query.get("page"))
            found = [row for row in view.rows if (not district or row.district == district) and (not only or row.priority)]
            listed, pages = page_of(found, number, PER_PAGE)
            if len(view.pages) >= PAGES_KEPT:
                view.pages.clear()
            view.pages[kept] = self._frame.html(
                "board.html", visit.words, visit=visit, request=request, rows=listed, count=len(found), pages=pages, only=only,
                district=district, number=min(max(1, number), pages), districts=view.districts, urgent=view.urgent,
            )  # fmt: skip
        return HTMLResponse(view.pages[kept])

    async def hospital(self, request: Request, visit: Visit) -> Response:
        site = self._frame.mine(visit, request.path_params["site"])
        if site is None:
            return self._frame.refused(visit, MISSING)
        view = await asyncio.to_thread(site_now, self._frame.config.data_dir, site.id)
        seen = self._frame.view(visit)
        found = [alarm for alarm in seen.alarms if alarm.site == site.id]
        opened = [alarm for alarm in found if alarm.is_open]
        priorities = {alarm.asset: alarm.priority for alarm in reversed(opened)}
        return self._frame.page(
            "hospital.html", visit.words, visit=visit, request=request, site=site, name=display_name(site, visit.words.language), view=view,
            estimate=self._frame.live.stock.get(site.id), drawn=drawing(view, priorities, visit.words) if view else None,
            stores=stores(site, view, visit.words.language),
            alarms=seen.shown(opened), quiet=seen.shown(a for a in found if not a.is_open),
            trends=await self._frame.past.trends(site, self._frame.shown_ms()),
            events=await asyncio.to_thread(self._frame.past.events, site.id, self._frame.shown_ms()),
            now_ms=self._frame.shown_ms(), urgent=self._frame.view(visit).urgent,
        )  # fmt: skip

    async def alarms(self, request: Request, visit: Visit) -> Response:
        quiet = request.query_params.get("quiet") == "1"
        seen = self._frame.view(visit)
        found = [alarm for alarm in seen.alarms if alarm.is_open is not quiet]
        return self._frame.page(
            "alarms.html", visit.words, visit=visit, request=request, alarms=seen.shown(found[:ALARMS_SHOWN]), count=len(found),
            quiet=quiet, urgent=seen.urgent,
        )  # fmt: skip

    async def alarm(self, request: Request, visit: Visit) -> Response:
        name, frame = request.path_params["alarm"], self._frame
        site = frame.mine(visit, name.partition("/")[0])
        if site is None:
            return frame.refused(visit, MISSING)
        known, seen = frame.live.alarms.get(name), frame.view(visit)
        past = await asyncio.to_thread(frame.past.of_alarm, name)
        if known is None and not past:
            return frame.refused(visit, MISSING)
        told = await asyncio.to_thread(frame.past.sent, past[0].occurrence) if past else []
        return frame.page(
            "alarm.html", visit.words, visit=visit, request=request, name=name, site=site, past=past, told=told, people=self._people,
            comments=await asyncio.to_thread(frame.accounts.comments.of, name),
            shown=seen.shown([known])[0] if known else None, urgent=seen.urgent, most=self._most(known, site) if known else None,
        )  # fmt: skip

    def _most(self, alarm: AlarmView, site: Site) -> Most:
        kind = next((asset.kind for asset in site.assets if asset.id == alarm.asset), "") if alarm.asset else "site"
        rules = (rule for each in (kind, "any") for rule in self._rules.changed(site.id, alarm.asset, each) if rule.id == alarm.rule)
        shelvable = all(rule.shelvable for rule in rules)
        return Most(f"{SHELVED_MOST_MIN[alarm.priority]:g}" if shelvable else "", f"{OUT_OF_SERVICE_MOST_MIN:g}")

    async def gateways(self, request: Request, visit: Visit) -> Response:
        sites = visit.user.sites(self._frame.config.sites)[:PER_PAGE]
        views = await asyncio.gather(*(asyncio.to_thread(site_now, self._frame.config.data_dir, site.id) for site in sites))
        found = [(site, [a for a in view.assets if a.kind == "gateway"]) for site, view in zip(sites, views, strict=True) if view]
        judges = visit.user.may("judge")
        aside = await asyncio.to_thread(self._frame.past.quarantine) if judges else None
        return self._frame.page(
            "gateways.html", visit.words, visit=visit, request=request, found=found, aside=aside, now_ms=self._frame.shown_ms(),
            urgent=self._frame.view(visit).urgent,
        )  # fmt: skip

    async def settings(self, request: Request, visit: Visit) -> Response:
        events = await asyncio.to_thread(self._frame.accounts.events) if visit.user.may("manage") else []
        has_password = await asyncio.to_thread(self._frame.accounts.has_password, visit.user.name)
        return self._frame.page(
            "settings.html", visit.words, visit=visit, request=request, events=events, themes=THEMES, urgent=[], has_password=has_password,
        )  # fmt: skip

    async def audit(self, request: Request, visit: Visit) -> Response:
        """Who told the collector what: of their own hospitals; and of the collector itself for who sees all."""
        if "judge" not in RIGHTS[visit.user.role]:
            return self._frame.refused(visit, FORBIDDEN)
        query, frame = request.query_params, self._frame
        mine = None if visit.user.may("judge") else {site.id for site in visit.user.sites(frame.config.sites)}
        before = _number(query["before"]) if "before" in query else None
        found = await asyncio.to_thread(trail_page, frame.config.state_path, mine, before)
        sites = [frame.mine(visit, site_in(entry)) for entry in found.entries]
        entries = [(entry, site.zone if site else UTC) for entry, site in zip(found.entries, sites, strict=True)]
        return frame.page("audit.html", visit.words, visit=visit, request=request, entries=entries, older=found.older, urgent=[])


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 1
