"""Who is told at a site now, and who comes next: what `oxygrid duty` shows. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from collector.config.people import Chain, ChainStep
from collector.notify.daily import AHEAD_MS
from collector.notify.duty import ALWAYS_MS, Watch
from collector.notify.house import House
from collector.outputs import Priority
from devices.assets import Site, display_name

PRIORITIES: tuple[Priority, ...] = ("high", "medium", "low")


class WatchView(msgspec.Struct, frozen=True):
    """Who is on duty from when until when; null: always. Nobody in `people`: a gap."""

    people: list[str]
    from_ms: int | None
    until_ms: int | None


class StepView(msgspec.Struct, frozen=True):
    """A step of a chain: whom it tells, when it is taken in words, who that is at the time asked for, and who is next."""

    tell: str
    when: str
    now: WatchView
    next: WatchView | None


class ChainView(msgspec.Struct, frozen=True):
    """A chain as it is for a site: the priorities it is for, its steps, and whom it tells at last."""

    id: str
    priorities: list[Priority]
    steps: list[StepView]
    last_resort: list[str]


class RosterView(msgspec.Struct, frozen=True):
    """A roster of a chain: the hours of a week in which nobody is on duty, and, where that was asked for, all of the week."""

    roster: str
    gaps: list[WatchView]
    week: list[WatchView]


class DutyView(msgspec.Struct, frozen=True):
    """A site at a time: its chains, the nearest for each priority, and their rosters."""

    site: str
    name: str
    at_ms: int
    chains: list[ChainView]
    rosters: list[RosterView]


def duty_view(house: House, site: Site, at_ms: int, *, week: bool = False) -> DutyView:
    """`week`: every change of people of the seven days from then on."""
    chains: dict[str, tuple[Chain, list[Priority]]] = {}
    for priority in PRIORITIES:
        chain = house.chain(site.id, priority)
        if chain is not None:
            chains.setdefault(chain.id, (chain, []))[1].append(priority)
    names = dict.fromkeys(step.tell for chain, _ in chains.values() for step in chain.steps if step.tell in house.duty.rosters)
    return DutyView(
        site.id,
        display_name(site),
        at_ms,
        [_chain(house, site, chain, priorities, at_ms) for chain, priorities in chains.values()],
        [_roster(house, site, name, at_ms, week=week) for name in names],
    )


def _chain(house: House, site: Site, chain: Chain, priorities: list[Priority], at_ms: int) -> ChainView:
    steps = [_step(house, site, step, number, at_ms) for number, step in enumerate(chain.steps)]
    return ChainView(chain.id, priorities, steps, list(house.duty.members([chain.last_resort])))


def _step(house: House, site: Site, step: ChainStep, number: int, at_ms: int) -> StepView:
    after = house.duty.after(step.tell, site.zone, at_ms)
    return StepView(step.tell, when_of(step, number), _view(house.who(step.tell, site.zone, at_ms)), _view(after) if after else None)


def _roster(house: House, site: Site, name: str, at_ms: int, *, week: bool) -> RosterView:
    end_ms = at_ms + AHEAD_MS
    gaps = [_view(watch) for watch in house.duty.gaps(name, site.zone, at_ms, end_ms)]
    return RosterView(name, gaps, [_view(watch) for watch in house.duty.watches(name, site.zone, at_ms, end_ms)] if week else [])


def _view(watch: Watch) -> WatchView:
    always = watch.until_ms >= ALWAYS_MS
    return WatchView(list(watch.people), None if always else watch.from_ms, None if always else watch.until_ms)


def when_of(step: ChainStep, number: int) -> str:
    """When a step is taken, in words."""
    found = ["at once"] if number == 0 else []
    if number and step.after_min is not None:
        found.append(f"after {step.after_min:g} min")
    if number and step.hours_left_below is not None:
        found.append(f"below {step.hours_left_below:g} h left")
    if number and step.priority is not None:
        found.append(f"when {step.priority}" + ("" if step.priority == "high" else " or higher"))
    return ", or ".join(found)


def duty_lines(view: DutyView, house: House, zone: ZoneInfo) -> Iterator[str]:
    """For people."""
    yield f"{view.name} ({view.site}), {_wall(view.at_ms, zone)} {datetime.fromtimestamp(view.at_ms / 1000, zone).tzname()}"
    if not view.chains:
        yield "  no chain: channels are told, no people"
    for chain in view.chains:
        yield f"  chain {chain.id} ({', '.join(chain.priorities)})"
        for step in chain.steps:
            yield f"    {step.when}: {step.tell}: {_people(house, step.now, zone)}{_then(house, step, zone)}"
        yield f"    last resort: {', '.join(_name(house, person) for person in chain.last_resort)}"
    for roster in view.rosters:
        for gap in roster.gaps:
            yield f"  NOBODY on duty in {roster.roster}: {_span(gap, zone)}"
        if roster.week:
            yield f"  roster {roster.roster}"
            yield from (f"    {_span(watch, zone)}  {_names(house, watch.people)}" for watch in roster.week)


def _people(house: House, watch: WatchView, zone: ZoneInfo) -> str:
    until = f" until {_wall(watch.until_ms, zone)}" if watch.until_ms is not None else ""
    return f"{_names(house, watch.people)}{until}"


def _then(house: House, step: StepView, zone: ZoneInfo) -> str:
    after = step.next
    if after is None or after.from_ms is None:
        return ""
    when = f" from {_wall(after.from_ms, zone)}" if after.from_ms != step.now.until_ms else ""
    return f", then {_names(house, after.people)}{when}"


def _names(house: House, people: Sequence[str]) -> str:
    return ", ".join(_name(house, person) for person in people) or "NOBODY"


def _name(house: House, person: str) -> str:
    given = house.duty.people.get(person)
    if given is None:
        return person
    return f"{given.name} ({given.phone})" if given.phone else given.name


def _span(watch: WatchView, zone: ZoneInfo) -> str:
    return f"{_wall(watch.from_ms or 0, zone)} to {_wall(watch.until_ms or 0, zone)}"


def _wall(at_ms: int, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, zone):%a %Y-%m-%d %H:%M}"
