"""What becomes of a call: (call, news or time) → (call, whom to tell, why). Pure.

    alarm raised, realarmed, more urgent, no longer hidden   → open: the first step is taken at once
    acknowledged                                             → nobody is told again, until it is not better in time
    over, returned to normal                                 → those who were told hear it, and the call ends
    shelved, suppressed, out of service                      → not a word, until it is no longer so, or over
    latched and nobody has acknowledged it                   → it stays open: somebody has to look

An open call has a next time at which somebody is told, always: a step, the same step again, or the last resort, who is always there. A step
with nobody on duty is passed over at once. Who is told is who is on duty when it is said, and who comes on duty meanwhile is told too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from collector.calls import LAST_RESORT, Call, Tell, TellKind, Told
from collector.config.people import Chain, ChainStep
from collector.notify.duty import Watch
from collector.outputs import PRIORITIES, Transition

HIDDEN = frozenset({"shelved", "suppressed", "out_of_service"})
WAITING = frozenset({"unacknowledged", "latched_unacknowledged"})
ANSWERED = frozenset({"acknowledged", "latched_acknowledged"})
ANEW = frozenset({"raised", "realarmed", "escalated", "unshelved", "unsuppressed", "returned_to_service"})
HIDDEN_MS = 86_400_000
"""A call that is hidden, or has no chain any more, is looked at so seldom."""
SOONEST_MS = 100
"""A call is looked at again no sooner: whatever the clock does, there is no spin."""


class Around(NamedTuple):
    """What a call needs to know of the world: the time, the hours left at its site, who is told by a name now, and until when a low alarm
    waits."""

    now_ms: int
    hours_h: float | None
    who: Callable[[str], Watch]
    quiet_until_ms: int | None = None


class Outcome(NamedTuple):
    """`call` is None where it has ended. `reason` says in a word what moved it."""

    call: Call | None
    tells: Sequence[Tell]
    reason: str


def heard(call: Call | None, transition: Transition, now_ms: int) -> Call | None:
    """The call after a change of its alarm; it is to be looked at at once. None: nobody is to be told."""
    if transition.event == "discovered_late" or (call is not None and not _is_news(call, transition)):
        return call
    if transition.state in HIDDEN:
        return None if call is None else _moved(call, transition, now_ms, state="hidden")
    if transition.state in WAITING:
        return _waiting(call, transition, now_ms)
    if call is None:
        return None
    if transition.state in ANSWERED:
        return _moved(
            call, transition, now_ms, state="acknowledged", by=transition.by, until_ms=transition.until_ms, since_ms=now_ms, again=False
        )
    return _moved(call, transition, now_ms, state="over", by=transition.by or call.by)


def _waiting(call: Call | None, transition: Transition, now_ms: int) -> Call | None:
    if call is None:
        if not transition.annunciate or transition.priority == "info":
            return None
        return Call(transition=transition, since_ms=now_ms, next_ms=now_ms, at_ms=now_ms)
    if call.state == "hidden":
        return _moved(call, transition, now_ms, state="open", since_ms=now_ms, steps=(), level=-1, last_ms=None, again=False)
    if call.state == "acknowledged":
        return _moved(call, transition, now_ms, state="open", since_ms=now_ms, at_once=True, again=True, until_ms=None)
    return _moved(call, transition, now_ms, state="open", again=transition.event in ANEW and call.last_ms is not None)


def _is_news(call: Call, transition: Transition) -> bool:
    """A step that is done again after a crash says what is known."""
    old = call.transition
    return transition.id != old.id and transition.evaluated_ms >= old.evaluated_ms


def _moved(call: Call, transition: Transition, now_ms: int, **changes: object) -> Call:
    return msgspec.structs.replace(call, transition=transition, next_ms=now_ms, **changes)


def advance(call: Call, chain: Chain | None, around: Around) -> Outcome:
    """The call at that time. A clock that was put back moves the call's times along."""
    call = shifted(call, call.at_ms - around.now_ms) if call.at_ms > around.now_ms else call
    if call.state == "hidden":
        return Outcome(_next(call, around, around.now_ms + HIDDEN_MS) if call.told else None, (), "hidden")
    if call.state == "over":
        return _end(call, around)
    if chain is None:  # a reload took it away: those who were told are to hear the end of it
        return Outcome(_next(call, around, around.now_ms + HIDDEN_MS) if call.told else None, (), "no_chain")
    call = _on(call, chain)
    if call.state == "acknowledged":
        due_ms = call.until_ms if call.until_ms is not None else call.since_ms + _ms(chain.not_better_after_min)
        if around.now_ms < due_ms:
            return _answered(call, due_ms, around)
        call = msgspec.structs.replace(call, state="open", since_ms=around.now_ms, at_once=True, again=True, until_ms=None)
        return _climb(call, chain, around, "not_better")
    return _climb(call, chain, around, "time")


def _on(call: Call, chain: Chain) -> Call:
    """The call without the steps that the chain no longer has: a reload or another priority brought a shorter one."""
    steps = tuple(step for step in call.steps if step == LAST_RESORT or step < len(chain.steps))
    if steps == call.steps:
        return call
    return msgspec.structs.replace(call, steps=steps, level=call.level if call.level in steps else max(steps, default=-1))


def _end(call: Call, around: Around) -> Outcome:
    if call.transition.priority == "low" and around.quiet_until_ms is not None and call.told:
        return Outcome(_next(call, around, around.quiet_until_ms), (), "quiet_hours")
    return Outcome(None, [_tell(call, told.person, told.step, "over", around) for told in call.told], "over")


def _answered(call: Call, due_ms: int, around: Around) -> Outcome:
    """Those whom it had climbed to hear once that somebody has it; the first step sees it or did it."""
    news = call.transition.event == "acknowledged" and call.last_ms is not None and not call.again
    higher = [told for told in call.told if told.step > 0] if news else []
    tells = [_tell(call, told.person, told.step, "acknowledged", around) for told in higher]
    return Outcome(msgspec.structs.replace(_next(call, around, due_ms), again=True), tells, "acknowledged")


def _climb(call: Call, chain: Chain, around: Around, reason: str) -> Outcome:
    if call.transition.priority == "low" and around.quiet_until_ms is not None:
        waiting = msgspec.structs.replace(call, since_ms=around.quiet_until_ms)
        return Outcome(_next(waiting, around, around.quiet_until_ms), (), "quiet_hours")
    climber = _Climber(call, chain, around)
    climber.climb()
    return Outcome(climber.result(), climber.tells, climber.reason or reason)


class _Climber:
    """One look at an open call."""

    def __init__(self, call: Call, chain: Chain, around: Around) -> None:
        self.call, self.chain, self.around = call, chain, around
        self.steps, self.level = list(call.steps), call.level
        self.told = {told.person: told for told in call.told}
        self.tells: list[Tell] = []
        self.reason = ""

    def climb(self) -> None:
        call, now_ms = self.call, self.around.now_ms
        kind: TellKind = "again" if call.again else "repeat"
        due = [n for n in range(len(self.chain.steps)) if n not in self.steps and self._is_due(n)]
        if call.at_once and not due:
            due = [self._untaken()]
        for step in due:
            self._take(step)
        if due:
            self.reason = "not_better" if call.at_once else "step"
        repeat = call.last_ms is not None and now_ms >= call.last_ms + _ms(self.chain.repeat_every_min)
        if repeat and not due and self._all_timed_taken() and LAST_RESORT not in self.steps:
            self.reason = "last_resort"
            self._take(LAST_RESORT)
        if (repeat and not due) or call.again:
            self.reason = self.reason or "repeat"
            self._say(self.level, kind, everybody=True)
        for step in self.steps:
            self._say(step, "alarm", everybody=False)
        while not self.tells and (self.call.last_ms is None or repeat or call.again or not self._anybody()):
            self.reason = "nobody_on_duty"
            step = self._untaken()
            if step in self.steps:
                self._say(step, kind, everybody=True)
                break
            self._take(step)

    def _is_due(self, number: int) -> bool:
        step = self.chain.steps[number]
        hours = self.around.hours_h
        return (
            number == 0
            or (step.after_min is not None and self.around.now_ms >= self.call.since_ms + _ms(step.after_min))
            or (step.hours_left_below is not None and hours is not None and hours < step.hours_left_below)
            or (step.priority is not None and PRIORITIES.index(self.call.transition.priority) >= PRIORITIES.index(step.priority))
        )

    def _untaken(self) -> int:
        return next((n for n in range(len(self.chain.steps)) if n not in self.steps), LAST_RESORT)

    def _all_timed_taken(self) -> bool:
        return all(n in self.steps for n, step in enumerate(self.chain.steps) if step.after_min is not None)

    def _take(self, step: int) -> None:
        if step not in self.steps:
            self.steps.append(step)
        people = self._people(step)
        if people:
            self.level = max(self.level, step)
        for person in people:
            self._add(person, step, "alarm" if person not in self.told else "again")

    def _say(self, step: int, kind: TellKind, *, everybody: bool) -> None:
        for person in self._people(step):
            if person not in self.told:
                self._add(person, step, "alarm")
            elif everybody:
                self._add(person, step, kind)

    def _add(self, person: str, step: int, kind: TellKind) -> None:
        if any(tell.person == person for tell in self.tells):
            return
        before, now_ms = self.told.get(person), self.around.now_ms
        self.told[person] = Told(person, step if before is None else max(step, before.step), now_ms, before.times + 1 if before else 1)
        self.tells.append(_tell(self.call, person, step, kind, self.around, before))

    def _people(self, step: int) -> tuple[str, ...]:
        return self.around.who(name_of(self.chain, step)).people if step >= 0 else ()

    def _anybody(self) -> bool:
        """Somebody who was told is still on duty."""
        return any(person in self.told for step in self.steps for person in self._people(step))

    def result(self) -> Call:
        now_ms = self.around.now_ms
        last_ms = now_ms if self.tells else self.call.last_ms
        call = msgspec.structs.replace(
            self.call,
            steps=tuple(self.steps),
            level=self.level,
            told=tuple(self.told.values()),
            last_ms=last_ms,
            again=False,
            at_once=False,
        )
        return _next(call, self.around, min(self._times(last_ms)))

    def _times(self, last_ms: int | None) -> Iterator[int]:
        yield (self.around.now_ms if last_ms is None else last_ms) + _ms(self.chain.repeat_every_min)
        for number, step in enumerate(self.chain.steps):
            if number not in self.steps and step.after_min is not None:
                yield self.call.since_ms + _ms(step.after_min)
        yield from (self.around.who(name_of(self.chain, step)).until_ms for step in self.steps)


def name_of(chain: Chain, step: int) -> str:
    """Whom a step tells: the name of a person, a team or a roster."""
    return chain.last_resort if step == LAST_RESORT else chain.steps[step].tell


def asks_for_hours(chain: Chain) -> bool:
    """The chain has a step that is taken when little oxygen is left."""
    return any(step.hours_left_below is not None for step in chain.steps)


def next_step(chain: Chain, call: Call) -> ChainStep | None:
    """The step that would be taken next; None: the last resort, or nobody beyond."""
    return next((step for n, step in enumerate(chain.steps) if n not in call.steps), None)


def _tell(call: Call, person: str, step: int, kind: TellKind, around: Around, before: Told | None = None) -> Tell:
    return Tell(
        person=person,
        transition=call.transition,
        kind=kind,
        step=step,
        at_ms=around.now_ms,
        first=before is None and kind == "alarm",
        times=before.times if before else 0,
        hours_h=around.hours_h,
        code=call.code,
        drill=call.drill,
    )


def shifted(call: Call, back_ms: int) -> Call:
    """The call on a clock that was put back by so much."""
    last_ms = None if call.last_ms is None else call.last_ms - back_ms
    until_ms = None if call.until_ms is None else call.until_ms - back_ms
    told = tuple(msgspec.structs.replace(told, at_ms=told.at_ms - back_ms) for told in call.told)
    since_ms, at_ms, next_ms = (each - back_ms for each in (call.since_ms, call.at_ms, call.next_ms))
    return msgspec.structs.replace(call, since_ms=since_ms, last_ms=last_ms, until_ms=until_ms, told=told, at_ms=at_ms, next_ms=next_ms)


def _next(call: Call, around: Around, at_ms: int) -> Call:
    return msgspec.structs.replace(call, next_ms=max(at_ms, around.now_ms + SOONEST_MS), at_ms=around.now_ms)


def _ms(minutes: float) -> int:
    return round(minutes * 60_000)
