"""What each operation of the API answers, for a token's holder: what lies outside of their scopes is not there."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from datetime import date as Date
from typing import Any, TypeVar

from collector.commands.control import send
from collector.config import Config
from collector.console.accounts import Accounts
from collector.console.api import shapes
from collector.console.ask import site_now
from collector.console.board import urgency
from collector.console.comments import Comment, wrong_comment
from collector.console.live import Live
from collector.console.past import Past
from collector.console.scope import NEEDED, Right, User
from collector.errors import OxygridError, StoreError, UserError
from collector.orders import wrong_use
from collector.outputs import Command, StockEstimate
from collector.reports import levels, source
from collector.selfwatch import COLLECTOR_SITE
from collector.views import AlarmView, SiteView
from devices.assets import Site, display_name

T = TypeVar("T")

EARLIEST = Date(2000, 1, 1)


class Refused(OxygridError):
    """What becomes a problem: its HTTP status, and what was found and what would be right."""

    def __init__(self, status: int, detail: str = "") -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


class Answers:
    """One method for each operation of the table, by its name."""

    def __init__(self, config: Config, accounts: Accounts, live: Live, now_ms: Callable[[], int]) -> None:
        self._config, self._accounts, self._live, self._now_ms = config, accounts, live, now_ms
        self._sites = {site.id: site for site in (*config.sites, COLLECTOR_SITE)}
        self._past = Past(config)
        self._reporting = asyncio.Semaphore(1)

    async def sites(self, user: User, query: shapes.SitesQuery) -> shapes.SitesPage:
        self._readable()
        mine = [site for site in user.sites(self._config.sites) if _is_of(site, query.region, query.district)]
        stock, opened = self._live.stock, defaultdict[str, Counter[Any]](Counter)
        for alarm in self._live.alarms.values():
            if alarm.is_open:
                opened[alarm.site][alarm.priority] += 1
        mine.sort(key=lambda site: (_least(stock.get(site.id)), site.id))
        shown = [
            shapes.SiteRow(
                id=site.id,
                name=display_name(site),
                district=site.district,
                region=site.region,
                stock=stock.get(site.id),
                open_alarms=dict(opened[site.id]),
            )
            for site in _cut(mine, query.page, query.per_page)
        ]
        return shapes.SitesPage(items=shown, **_paging(mine, query.page, query.per_page))

    async def site(self, user: User, _query: shapes.Nothing, site: str) -> SiteView:
        self._mine(user, site, "see")
        view = await asyncio.to_thread(site_now, self._config.data_dir, site)
        if view is None:
            raise Refused(503, "the collector does not answer: latest values are there while it runs")
        return view

    async def alarms(self, user: User, query: shapes.AlarmsQuery) -> shapes.AlarmsPage:
        self._readable()
        found = sorted(self._chosen(user, query), key=urgency)
        return shapes.AlarmsPage(items=[*_cut(found, query.page, query.per_page)], **_paging(found, query.page, query.per_page))

    def _chosen(self, user: User, query: shapes.AlarmsQuery) -> Iterator[AlarmView]:
        mine = {
            name
            for name, site in self._sites.items()
            if self._may(user, site, "see") and query.site in ("", name) and _is_of(site, query.region, query.district)
        }
        for alarm in self._live.alarms.values():
            in_state = query.state in ("any", alarm.state, "open" if alarm.is_open else "quiet")
            if alarm.site in mine and in_state and query.priority in ("any", alarm.priority):
                yield alarm

    async def alarm(self, user: User, _query: shapes.Nothing, alarm: str) -> shapes.AlarmHistory:
        self._mine(user, alarm.partition("/")[0], "see")
        self._readable()
        now = self._live.alarms.get(alarm)
        changes, comments = await asyncio.to_thread(lambda: (self._past.of_alarm(alarm), self._accounts.comments.of(alarm)))
        if now is None and not changes:
            raise Refused(404, "no alarm of that name has ever been raised here")
        return shapes.AlarmHistory(alarm=alarm, now=now, changes=changes, comments=comments)

    async def command(self, user: User, order: shapes.Order) -> shapes.Done:
        self._mine(user, order.alarm.partition("/")[0], NEEDED[order.command])
        command = Command(order.command, order.alarm, user.called, order.why, order.minutes, order.one_shot)
        if wrong := wrong_use(command):
            raise Refused(400, wrong)
        what = f"{order.command} {order.alarm}"
        try:
            outcome = await asyncio.to_thread(send, self._config, command)
        except UserError as exc:
            raise Refused(503, str(exc)) from exc
        except OxygridError as exc:
            await asyncio.to_thread(self._accounts.note, self._now_ms(), user.called, f"{what}: refused")
            raise Refused(409, str(exc)) from exc
        await asyncio.to_thread(self._accounts.note, self._now_ms(), user.called, what)
        return shapes.Done(outcome)

    async def comment(self, user: User, remark: shapes.Remark) -> shapes.Done:
        self._mine(user, remark.alarm.partition("/")[0], "answer")
        if wrong := wrong_comment(remark.text):
            raise Refused(400, wrong)
        if remark.alarm not in self._live.alarms and not await asyncio.to_thread(self._past.of_alarm, remark.alarm):
            raise Refused(404, "no alarm of that name has ever been raised here")
        comment = Comment(at_ms=self._now_ms(), alarm=remark.alarm, by=user.called, text=remark.text)
        await asyncio.to_thread(self._accounts.comments.add, comment, user.called, comment.at_ms)
        return shapes.Done("done")

    async def facility_day(self, user: User, query: shapes.DayQuery) -> shapes.DaysPage:
        mine = [
            site
            for site in user.sites(self._config.sites)
            if query.site in ("", site.id) and _is_of(site, query.region, query.district)
        ]  # fmt: skip
        shown = [*_cut(mine, query.page, query.per_page)]
        dates = {site.id: self._date(query.date, site) for site in shown}
        async with self._reporting:
            rows = await asyncio.to_thread(self._report, shown, dates)
        return shapes.DaysPage(items=rows, **_paging(mine, query.page, query.per_page))

    def _report(self, sites: Iterable[Site], dates: dict[str, Date]) -> list[levels.Row]:
        try:
            found = [day for site in sites for day in source.days(self._config, [site], dates[site.id], self._now_ms())]
        except (OxygridError, StoreError) as exc:
            raise Refused(503, str(exc)) from exc
        return levels.rows(found, "site")

    def _date(self, text: str, site: Site) -> Date:
        today = datetime.fromtimestamp(self._now_ms() / 1000, UTC).astimezone(site.zone).date()
        try:
            date = Date.fromisoformat(text) if text else today - timedelta(days=1)
        except ValueError as exc:
            raise Refused(400, f"date {text!r} is no day; e.g. 2026-01-31") from exc
        if not EARLIEST <= date <= today:
            raise Refused(400, f"date {text}: a day from {EARLIEST} on that has begun at {site.id} is right")
        return date

    # ---- whose it is ---------------------------------------------------------------------------------------------------------

    def _mine(self, user: User, name: str, right: Right) -> Site:
        site = self._sites.get(name)
        if site is None or not self._may(user, site, "see"):
            raise Refused(404, "no such hospital, or not for this token")
        if not self._may(user, site, right):
            raise Refused(403, f"this token has not the right to {right}")
        return site

    def _may(self, user: User, site: Site, right: Right) -> bool:
        return user.may(right, None if site is COLLECTOR_SITE else site)

    def _readable(self) -> None:
        if self._live.problem:
            raise Refused(503, f"the collector's state can't be read: {self._live.problem}")


def _is_of(site: Site, region: str, district: str) -> bool:
    return region in ("", site.region) and district in ("", site.district)


def _least(estimate: StockEstimate | None) -> float:
    slack = estimate.slack_h if estimate is not None else None
    known = None if slack is None else slack.low if slack.low is not None else slack.mid
    return float("inf") if known is None else known


def _cut(found: Sequence[T], page: int, size: int) -> Sequence[T]:
    return found[(page - 1) * size : page * size]


def _paging(found: Sequence[object], page: int, size: int) -> dict[str, int]:
    return {"count": len(found), "page": page, "pages": max(1, -(-len(found) // size))}
