"""A call: an alarm that somebody is to answer, as it lies on disk. And a tell: what was decided for one person and is not yet on its way.

Pure values. collector.notify.escalation says what becomes of a call, collector.notify.storm what becomes of tells.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container
from typing import Literal, Protocol, TypeAlias

import msgspec

from collector.outputs import Notice, Transition

CallState: TypeAlias = Literal["open", "acknowledged", "over", "hidden"]
"""Being told; somebody has it; its end is to be told; nobody is to hear of it now."""

TellKind: TypeAlias = Literal["alarm", "repeat", "again", "over", "acknowledged"]
"""The first word to this person; nobody answered; acknowledged and not better, or more urgent; it ended; somebody has it."""

LAST_RESORT = 10_000
"""The step behind the last of a chain."""

ENDED_KEPT = 20_000
"""Calls that are over are kept so many, so that a late answer gets a clear word."""

ALPHABET = "ACDEFHJKMNPRTUVWXY3479"
"""Letters and digits that nobody takes for another, read aloud or on a small screen."""

ON_IT_MINUTES = 30
"""So long has who answers "I'm on it"."""


class Told(msgspec.Struct, frozen=True, array_like=True):
    """A person who was told, of which step, when last, and how often."""

    person: str
    step: int
    at_ms: int
    times: int = 1


class Call(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`transition` is the last word on the alarm. Times are of the collector's clock: `since_ms` is when this round began, `next_ms`
    when the call is to be looked at again, `at_ms` when it last was, `last_ms` when somebody was last told.

    `steps` are the steps taken, in their order, `level` the one whose people are told again. `at_once`: take the next step now (it is not
    better), `again`: tell the level now. `code` answers it. `by` has it, and promised something until `until_ms`. `drill`: a test.
    """

    transition: Transition
    state: CallState = "open"
    since_ms: int
    next_ms: int
    at_ms: int
    last_ms: int | None = None
    steps: tuple[int, ...] = ()
    level: int = -1
    told: tuple[Told, ...] = ()
    at_once: bool = False
    again: bool = False
    code: str = ""
    by: str = ""
    until_ms: int | None = None
    drill: bool = False

    @property
    def occurrence(self) -> str:
        return self.transition.occurrence

    @property
    def site(self) -> str:
        return self.transition.site


class Tell(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One word on one alarm for one person. `first`: nothing of this alarm has gone to them yet. `times` counts how often they were told,
    so that a repeat can take another way."""

    person: str
    transition: Transition
    kind: TellKind
    step: int
    at_ms: int
    first: bool = False
    times: int = 0
    hours_h: float | None = None
    call: tuple[str, ...] = ()
    code: str = ""
    drill: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return self.person, self.transition.occurrence


class Person(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What is remembered of a person: when the messages of the last hour went that count towards the budget, since when something waits for
    a summary, and the nights."""

    person: str
    sent_ms: list[int] = []
    held_ms: int | None = None
    woken_ms: int | None = None
    night_wakes: int = 0
    messages: int = 0


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """What one turn changed: written in one transaction. `ended` are calls that are over, as they were at the end; `gone` the keys of tells
    that are on their way, or have become needless."""

    calls: list[Call] = []
    ended: list[Call] = []
    tells: list[Tell] = []
    gone: list[tuple[str, str]] = []
    notices: list[Notice] = []
    people: list[Person] = []
    at_ms: int = 0


class SentView(msgspec.Struct, frozen=True):
    """A notice of a call, and what became of it: `outcome` is empty while it waits. `kind` is that of its tell."""

    person: str
    step: int
    channel: str
    to: str
    due_ms: int
    attempts: int
    error: str
    outcome: str
    outcome_ms: int | None
    kind: str = "alarm"


class Found(msgspec.Struct, frozen=True):
    """The alarms that an answer code speaks of, the first in the message first, and the person whose code it is."""

    alarms: tuple[str, ...]
    person: str


Missing: TypeAlias = Literal["unknown", "not_yours", "over", "answered"]
"""No such code; it went to somebody else; the alarm is over; somebody has it."""


class NotFound(msgspec.Struct, frozen=True):
    """Why an answer can't be taken; `by` has it where it is answered, `alarm` where that is known."""

    why: Missing
    alarm: str = ""
    by: str = ""


class Calls(Protocol):
    """Who answers by code asks here; `address` is where the message went (`to` of the way): the number that an SMS comes from. Several
    people may share it: `person` is one of them, empty where that is not known."""

    def find(self, code: str, address: str, person: str = "") -> Found | NotFound: ...


def code_of(occurrence: str, taken: Container[str]) -> str:
    """A short code that no open call has: three characters, or four where those are used up."""
    digest = hashlib.sha256(occurrence.encode()).digest()
    number = int.from_bytes(digest[:8], "big")
    for length in (3, 3, 3, 3, 4, 4, 4, 5, 6):
        code = _letters(number, length)
        if code not in taken:
            return code
        number = number // 7 + int.from_bytes(digest[8:16], "big")
    return _letters(number, 10)


def _letters(number: int, length: int) -> str:
    letters = []
    for _ in range(length):
        number, place = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[place])
    return "".join(letters)
