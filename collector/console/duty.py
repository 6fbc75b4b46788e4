"""The duty page: who is told of an alarm step by step, who is on duty and who is next, and how far each call has come, with its reasons."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from collector.build import house_of
from collector.calls import LAST_RESORT, Call
from collector.config.people import ChainStep
from collector.console.frame import Frame, Visit
from collector.console.words import Words
from collector.notify.rota import WatchView, duty_view
from devices.assets import Site, display_name

SITES_MOST = 500
CALLS_MOST = 100


class Step(NamedTuple):
    """`now` and `next` are the names of those on duty, and until when; an empty `people` is a gap."""

    when: str
    tell: str
    people: list[str]
    until_ms: int | None
    next: list[str]


class Chain(NamedTuple):
    priorities: Sequence[str]
    steps: list[Step]
    last_resort: list[str]
    gaps: list[WatchView]


class Turn(NamedTuple):
    """A line of a roster: on which day of the week it begins (0: Monday), from when until when, who. An empty `people` is a gap."""

    weekday: int
    from_ms: int
    until_ms: int
    people: list[str]


class Open(NamedTuple):
    """A call that goes on: `told` are (name, when last, how often) in the order of their first word."""

    call: Call
    title: str
    site: Site
    told: list[tuple[str, int, int]]
    level: str


class DutyPage:
    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._house = house_of(frame.config)
        self._names = {person.id: person.name for person in frame.config.people}
        self._phones = {person.id: person.phone for person in frame.config.people if person.phone}

    async def page(self, request: Request, visit: Visit) -> Response:
        frame, seen = self._frame, self._frame.view(visit)
        mine = [site for site in seen.sites.values() if self._house.site(site.id) is not None]
        wanted = frame.mine(visit, request.query_params.get("site", "")) or next(iter(mine), None)
        calls = await asyncio.to_thread(frame.past.calls)
        return frame.page(
            "duty.html", visit.words, visit=visit, request=request, sites=mine[:SITES_MOST], site=wanted, urgent=seen.urgent,
            chains=self._chains(wanted, visit.words) if wanted else [], now_ms=frame.shown_ms(),
            weeks=self._weeks(wanted) if wanted else {},
            calls=[self._open(call, visit) for call in calls if call.site in seen.sites][:CALLS_MOST], name=display_name,
        )  # fmt: skip

    def _chains(self, site: Site, words: Words) -> list[Chain]:
        if self._house.site(site.id) is None:
            return []
        view = duty_view(self._house, site, self._frame.shown_ms())
        gaps = {roster.roster: roster.gaps for roster in view.rosters}
        found = []
        for chain in view.chains:
            given = next(each for each in self._house.chains if each.id == chain.id)
            steps = [
                Step(when(step, n, words), shown.tell, self._people(shown.now), shown.now.until_ms, self._people(shown.next))
                for n, (step, shown) in enumerate(zip(given.steps, chain.steps, strict=True))
            ]
            mine = [gap for step in given.steps for gap in gaps.get(step.tell, ())]
            found.append(Chain(chain.priorities, steps, [self._name(each) for each in chain.last_resort], mine))
        return found

    def _weeks(self, site: Site) -> dict[str, list[Turn]]:
        """Seven days of each roster of the site's chains, by the site's clock."""
        if self._house.site(site.id) is None:
            return {}
        view = duty_view(self._house, site, self._frame.shown_ms(), week=True)
        return {roster.roster: [self._turn(watch, site) for watch in roster.week] for roster in view.rosters}

    def _turn(self, watch: WatchView, site: Site) -> Turn:
        from_ms, until_ms = watch.from_ms or 0, watch.until_ms or 0
        return Turn(datetime.fromtimestamp(from_ms / 1000, site.zone).weekday(), from_ms, until_ms, self._people(watch))

    def _open(self, call: Call, visit: Visit) -> Open:
        seen, t = self._frame.view(visit), call.transition
        said = seen.shown([alarm for alarm in seen.alarms if alarm.alarm == t.alarm])
        chain = self._house.chain(t.site, t.priority)
        level = visit.words("last_resort") if call.level == LAST_RESORT else _tell(chain.steps if chain else (), call.level)
        told = [(self._name(each.person), each.at_ms, each.times) for each in call.told]
        return Open(call, said[0].title if said else t.alarm, seen.sites[t.site], told, level)

    def _people(self, watch: WatchView | None) -> list[str]:
        return [self._name(each) for each in watch.people] if watch else []

    def _name(self, person: str) -> str:
        phone = self._phones.get(person)
        return self._names.get(person, person) + (f" ({phone})" if phone else "")


def when(step: ChainStep, number: int, words: Words) -> str:
    """When a step is taken, in words."""
    if number == 0:
        return words("at_once")
    found = []
    if step.after_min is not None:
        found.append(words("after_minutes", m=f"{step.after_min:g}"))
    if step.hours_left_below is not None:
        found.append(words("below_hours", h=f"{step.hours_left_below:g}"))
    if step.priority is not None:
        found.append(words("from_priority", p=words(f"priority.{step.priority}")))
    return ", ".join(found)


def _tell(steps: Sequence[ChainStep], level: int) -> str:
    return steps[level].tell if 0 <= level < len(steps) else ""
