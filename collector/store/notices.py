"""Notices as rows of the outbox, and as they are read back: to be sent, or to see what became of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from collector.database import Database
from collector.outputs import PRIORITIES, Notice, Role, Topic, Transition
from collector.store.state_rows import DueNotice
from collector.views import NoticeView

_NEWEST = (
    "SELECT id, channel, due_ms, attempts, error, coalesce(outcome, ''), outcome_ms, body FROM notice"
    " WHERE (:site IS NULL OR (id >= :site || '/' AND id < :site || '0'))"
    " AND (:person IS NULL OR json_extract(CAST(body AS TEXT), '$.person') = :person)"
    " AND (NOT :waiting OR outcome IS NULL) ORDER BY n DESC LIMIT :limit"
)
_encode = msgspec.json.Encoder().encode


class _Said(msgspec.Struct, omit_defaults=True):
    """The body of a notice's row: what its columns don't say."""

    transition: msgspec.Raw
    subject: str = ""
    body: str = ""
    person: str = ""
    to: str = ""
    role: Role | Literal[""] = ""
    language: str = "en"
    step: int = 0
    hours_h: float | None = None
    call: tuple[str, ...] = ()
    code: str = ""
    topic: Topic = "alarm"
    also: tuple[Transition, ...] = ()
    facts: dict[str, str] = {}
    first_ms: int | None = None


_SAID = tuple(name for name in _Said.__struct_fields__ if name not in ("transition", "first_ms"))
_said = msgspec.json.Decoder(_Said).decode
_transition = msgspec.json.Decoder(Transition).decode


def notice_row(notice: Notice, bodies: Mapping[str, bytes]) -> tuple[Any, ...]:
    """A transition of the same step is encoded once, whoever is told of it."""
    body = bodies.get(notice.transition.id) or _encode(notice.transition)
    more = {name: getattr(notice, name) for name in _SAID}
    said = _encode(_Said(msgspec.Raw(body), first_ms=notice.due_ms, **more))
    return notice.id, notice.channel, notice.due_ms, PRIORITIES.index(notice.transition.priority), said


def due_notice(notice_id: str, channel: str, due_ms: int, body: bytes, attempts: int, error: str) -> DueNotice:
    """When it was due at first, not when it is to be tried again: it is given up by that."""
    said = _said(body)
    transition = _transition(said.transition)
    more = {name: getattr(said, name) for name in _SAID}
    first_ms = due_ms if said.first_ms is None else said.first_ms
    return DueNotice(Notice(id=notice_id, channel=channel, due_ms=first_ms, transition=transition, **more), attempts, error)


def newest(db: Database, limit: int, *, site: str | None = None, person: str | None = None, waiting: bool = False) -> list[NoticeView]:
    """The newest first; only those of a site, to a person, or that wait, where that is asked."""
    asked = {"limit": limit, "site": site, "person": person, "waiting": waiting}
    return [_view(_Row(*row)) for row in db.rows(_NEWEST, asked)]


class _Row(NamedTuple):
    id: str
    channel: str
    due_ms: int
    attempts: int
    error: str
    outcome: str
    outcome_ms: int | None
    body: bytes


def _view(row: _Row) -> NoticeView:
    notice = due_notice(row.id, row.channel, row.due_ms, row.body, row.attempts, row.error).notice
    transition = notice.transition
    return NoticeView(
        id=notice.id,
        made_ms=notice.due_ms,
        alarm=transition.alarm,
        priority=transition.priority,
        about=notice.topic if notice.topic != "alarm" else notice.facts.get("kind") or transition.event,
        person=notice.person,
        channel=row.channel,
        to=notice.to,
        attempts=row.attempts,
        error=row.error,
        outcome=row.outcome,
        outcome_ms=row.outcome_ms,
        next_ms=None if row.outcome else row.due_ms,
    )
