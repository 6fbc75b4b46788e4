"""What is told by the day: that nobody will be on duty within a week, and that all is well. Pure.

Each of these notices has an id with its day in it, so that it goes once, however often the collector starts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from collector.config.people import Chain, minute_of
from collector.notify.duty import DAY_MS, Watch
from collector.notify.house import House
from collector.notify.ways import way_for
from collector.outputs import Notice, Priority, Topic, Transition
from devices.assets import Site

AHEAD_MS = 7 * DAY_MS
GAP_AT_MIN = 9 * 60
"""Gaps are told at nine in the morning, by the clock of the site."""
EVERY_MS = 60_000


class Gap(NamedTuple):
    """Nobody is on duty at a site that a chain asks this roster for."""

    roster: str
    site: Site
    chain: Chain
    watch: Watch


def gaps(house: House, from_ms: int, until_ms: int) -> list[Gap]:
    """Every gap of that time, once for each roster and zone; of the gaps of a roster the first site stands for all."""
    asked: dict[tuple[str, str], tuple[Site, Chain]] = {}
    for site in house.sites:
        for chain in _chains(house, site):
            for step in chain.steps:
                asked.setdefault((step.tell, site.timezone), (site, chain))
    found = [
        Gap(name, site, chain, watch)
        for (name, _), (site, chain) in asked.items()
        for watch in house.duty.gaps(name, site.zone, from_ms, until_ms)
    ]
    return sorted(found, key=lambda gap: (gap.watch.from_ms, gap.roster))


def _chains(house: House, site: Site) -> list[Chain]:
    chains = (house.chain(site.id, priority) for priority in ("high", "medium", "low"))
    return list({chain.id: chain for chain in chains if chain is not None}.values())


class Daily:
    """Looks once a minute."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._next_ms = 0
        self._done: set[tuple[str, str]] = set()

    def is_time(self, now_ms: int) -> bool:
        """A minute is over, or the clock was put back."""
        if 0 < self._next_ms - now_ms <= EVERY_MS:
            return False
        self._next_ms = now_ms + EVERY_MS
        return True

    def notices(self, now_ms: int, open_at: Mapping[str, int]) -> list[Notice]:
        """What is to be told now, of today; `open_at` are the open calls of each site. Takes a while where there are hundreds of
        rosters."""
        return [*self._gaps(now_ms), *self._well(now_ms, open_at)]

    def _gaps(self, now_ms: int) -> Iterator[Notice]:
        due = [name for name in self._zones() if self._is_due(f"gap {name}", name, GAP_AT_MIN, now_ms)]
        if not due:
            return
        for gap in gaps(self._house, now_ms, now_ms + AHEAD_MS):
            if gap.site.timezone in due:
                facts = {
                    "roster": gap.roster,
                    "from": _wall(gap.watch.from_ms, gap.site.zone),
                    "until": _wall(gap.watch.until_ms, gap.site.zone),
                }
                about = f"{gap.roster}@{gap.watch.from_ms}"
                yield from self._to(self._house.duty.members([gap.chain.last_resort]), "gap", about, gap.site, facts, now_ms)

    def _well(self, now_ms: int, open_at: Mapping[str, int]) -> Iterator[Notice]:
        well = self._house.settings.all_is_well
        for name in self._zones() if well is not None else ():
            if well is not None and self._is_due(f"well {name}", name, minute_of(well.at), now_ms):
                sites = [site for site in self._house.sites if site.timezone == name]
                count = sum(open_at.get(site.id, 0) for site in sites)
                facts = {"sites": str(len(sites)), "open": str(count)}
                yield from self._to(self._house.duty.members(well.tell), "well", name.replace("/", "-"), sites[0], facts, now_ms)

    def _zones(self) -> list[str]:
        return list(dict.fromkeys(site.timezone for site in self._house.sites))

    def _is_due(self, what: str, zone: str, minute: int, now_ms: int) -> bool:
        """Its hour has come today, and it has not been made since the start. Later than an hour after it, it waits for tomorrow."""
        local = datetime.fromtimestamp(now_ms / 1000, ZoneInfo(zone))
        late = local.hour * 60 + local.minute - minute
        key = (what, local.date().isoformat())
        if not 0 <= late < 60 or key in self._done:
            return False
        self._done = {key for key in self._done if key[1] == local.date().isoformat() or key[0] != what}
        self._done.add(key)
        return True

    def _to(self, people: Iterable[str], topic: Topic, about: str, site: Site, facts: dict[str, str], now_ms: int) -> Iterator[Notice]:
        day = datetime.fromtimestamp(now_ms / 1000, site.zone).date().isoformat()
        priority: Priority = "medium" if topic == "gap" else "info"
        for name in people:
            person = self._house.duty.people[name]
            way = way_for(person, 0, ())
            yield Notice(
                id=f"{topic}/{about}/{day}/{name}",
                channel=way.channel,
                to=way.to,
                due_ms=now_ms,
                transition=_transition(topic, about, site, priority, now_ms),
                person=name,
                role=person.role,
                language=person.language,
                topic=topic,
                facts=facts,
            )


def _transition(topic: str, about: str, site: Site, priority: Priority, now_ms: int) -> Transition:
    """What a notice that is about no alarm carries in its place."""
    return Transition(
        occurrence=f"{site.id}/{topic}/{about}@{now_ms}",
        site=site.id,
        asset="",
        rule=topic,
        event="raised",
        state="normal",
        priority=priority,
        event_ms=now_ms,
        evaluated_ms=now_ms,
        raised_ms=now_ms,
        text="",
    )


def _wall(at_ms: int, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, zone):%Y-%m-%d %H:%M}"
