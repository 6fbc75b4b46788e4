"""A drill: a test alarm that takes the whole way of a true one, and is marked as a test in every message. Pure."""

from __future__ import annotations

import msgspec

from collector.calls import Call
from collector.notify.house import House
from collector.outputs import Transition

RULE = "DRILL"


class DrillOrder(msgspec.Struct, frozen=True):
    """What `oxygrid drill` asks of the collector."""

    site: str
    by: str


def beginning(house: House, site_id: str, by: str, now_ms: int) -> Call:
    """The call of a drill of high priority. Raises ValueError, in words, where it can't be."""
    site = house.site(site_id)
    if site is None:
        raise ValueError(f"unknown site {site_id!r}; known: {', '.join(site.id for site in house.sites) or 'none'}")
    if house.chain(site_id, "high") is None:
        raise ValueError(f"no chain tells anybody of alarms of high priority at {site_id}; add one under chains")
    occurrence = f"{site_id}/{RULE}@{now_ms}"
    transition = Transition(
        occurrence=occurrence,
        site=site_id,
        asset="",
        rule=RULE,
        event="raised",
        state="unacknowledged",
        priority="high",
        event_ms=now_ms,
        evaluated_ms=now_ms,
        raised_ms=now_ms,
        text=f"TEST: a drill, asked for by {by}. No oxygen is short. Acknowledge this message.",
        by=by,
        annunciate=True,
        condition=True,
    )
    return Call(transition=transition, since_ms=now_ms, next_ms=now_ms, at_ms=now_ms, drill=True)


def ending(begun: Transition, by: str, now_ms: int) -> Transition:
    """The drill is answered: its end, which those who were told hear."""
    return msgspec.structs.replace(
        begun,
        event="cleared",
        state="normal",
        event_ms=now_ms,
        evaluated_ms=max(now_ms, begun.evaluated_ms + 1),
        by=by,
        condition=False,
        text=f"TEST: the drill is over, says {by}.",
    )
