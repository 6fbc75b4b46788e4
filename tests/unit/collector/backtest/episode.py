"""Occurrences and transitions for tests, in minutes from a Monday noon of the world's time."""

from __future__ import annotations

from collector.backtest.episodes import Episode
from collector.outputs import AlarmEvent, Priority, Transition

NOON_MS = 1_767_614_400_000
"""2026-01-05T12:00:00Z."""


def at(minute: float) -> int:
    return NOON_MS + round(minute * 60_000)


def episode(
    begin: float,
    end: float | None = None,
    alarm: str = "dh/line/LP-L",
    priority: Priority = "medium",
    *,
    told: bool = True,
    hidden_by: str = "",
) -> Episode:
    site, asset, rule = alarm.split("/")
    return Episode(
        alarm=alarm,
        site=site,
        asset=asset,
        rule=rule,
        priority=priority,
        raised_ms=at(begin),
        ended_ms=None if end is None else at(end),
        told=told,
        hidden_by=hidden_by,
        pages_ms=(at(begin),) if told and priority in ("medium", "high") else (),
        value=3.5,
        limit=3.6,
        unit="bar",
    )


def transition(
    event: AlarmEvent,
    minute: float,
    raised: float,
    *,
    priority: Priority = "medium",
    annunciate: bool = True,
    hidden_by: str = "",
    known: float | None = None,
) -> Transition:
    return Transition(
        occurrence=f"dh/line/LP-L@{at(raised)}",
        site="dh",
        asset="line",
        rule="LP-L",
        event=event,
        state="unacknowledged" if event == "raised" else "normal",
        priority=priority,
        event_ms=at(minute),
        evaluated_ms=at(minute if known is None else known),
        raised_ms=at(raised),
        text="",
        annunciate=annunciate,
        hidden_by=hidden_by,
    )
