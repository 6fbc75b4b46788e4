"""What people see, reckoned once for all who see the same: those of one role, scope and language, until something changes. Pure.

Five hundred people who look at four thousand hospitals are a handful of views.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from collector.console.board import Row, Shown, rows, shown, urgency
from collector.console.scope import Scope, User
from collector.console.words import Language
from collector.outputs import StockEstimate
from collector.selfwatch import COLLECTOR_SITE
from collector.views import AlarmView
from devices.assets import Site

VIEWS_KEPT = 1_000
SCOPES_KEPT = 5_000


class Facts:
    """All that is known at one version: alarms by site, the most urgent first, and the stock of each."""

    def __init__(self, version: int, alarms: Iterable[AlarmView], stock: Mapping[str, StockEstimate]) -> None:
        self.version, self.stock = version, stock
        self.alarms: dict[str, list[AlarmView]] = {}
        for alarm in sorted(alarms, key=urgency):
            self.alarms.setdefault(alarm.site, []).append(alarm)


class View:
    """`pages` is for whoever renders: what was rendered for this view, by its question."""

    def __init__(self, facts: Facts, sites: Mapping[str, Site], user: User, language: Language) -> None:
        self.pages: dict[str, str] = {}
        self.sites = sites
        self._facts, self._user, self._language = facts, user, language

    @cached_property
    def alarms(self) -> list[AlarmView]:
        """Of all their sites, the most urgent first."""
        found = self._facts.alarms
        if len(self.sites) == 1:
            return found.get(next(iter(self.sites)), [])
        return sorted((alarm for site, alarms in found.items() if site in self.sites for alarm in alarms), key=urgency)

    @cached_property
    def urgent(self) -> list[str]:
        """Those of high priority that nobody answered: what makes a sound."""
        return [alarm.alarm for alarm in self.alarms if alarm.priority == "high" and alarm.state == "unacknowledged"]

    @cached_property
    def rows(self) -> list[Row]:
        """The board."""
        sites = [site for site in self.sites.values() if site is not COLLECTOR_SITE]
        return rows(sites, self._facts.stock, self._facts.alarms, self._language, self._user.role)

    @cached_property
    def districts(self) -> list[str]:
        return sorted({site.district for site in self.sites.values() if site.district})

    def shown(self, alarms: Iterable[AlarmView]) -> list[Shown]:
        """In words."""
        return shown(alarms, self.sites, self._language, self._user.role)


class Seen:
    """`sites` are those of the configuration; the collector's own is seen by who sees all."""

    def __init__(self, sites: Iterable[Site]) -> None:
        self._sites = {site.id: site for site in sites}
        self._reach: dict[tuple[Scope, ...], dict[str, Site]] = {}
        self._facts = Facts(-1, (), {})
        self._views: dict[tuple[object, ...], View] = {}

    def of(self, user: User, language: Language, live: tuple[int, Mapping[str, AlarmView], Mapping[str, StockEstimate]]) -> View:
        """`live` is the version, the alarms and the stock of this moment."""
        version, alarms, stock = live
        if version != self._facts.version:
            self._facts = Facts(version, alarms.values(), stock)
            self._views.clear()
        key = (user.role, user.scopes, language)
        view = self._views.get(key)
        if view is None:
            if len(self._views) >= VIEWS_KEPT:
                self._views.clear()
            view = self._views[key] = View(self._facts, self.reach(user), user, language)
        return view

    def reach(self, user: User) -> Mapping[str, Site]:
        """The sites that they may see."""
        found = self._reach.get(user.scopes)
        if found is None:
            if len(self._reach) >= SCOPES_KEPT:
                self._reach.clear()
            found = {name: site for name, site in self._sites.items() if user.sees(site)}
            if user.may("see"):
                found[COLLECTOR_SITE.id] = COLLECTOR_SITE
            self._reach[user.scopes] = found
        return found
