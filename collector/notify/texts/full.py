"""A mail and a push: heading, what happens with its numbers, since when, what to do, hours left, whom to call, how to answer. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from collector.notify.texts.catalogue import Language, marked, word
from collector.notify.texts.direction import isolate, line
from collector.notify.texts.facts import Facts
from collector.notify.texts.line import clean
from collector.outputs import AlarmEvent, Notice

HEADS: dict[AlarmEvent, str] = {
    "raised": marked("ALARM"),
    "cleared": marked("Over"),
    "latched": marked("Over, to be reset"),
    "realarmed": marked("STILL AN ALARM"),
    "escalated": marked("MORE URGENT"),
    "acknowledged": marked("Acknowledged"),
    "reset": marked("Reset"),
    "shelved": marked("Set aside for a time"),
    "suppressed": marked("Set aside for a time"),
    "out_of_service": marked("Set aside for a time"),
    "unshelved": marked("ALARM"),
    "unsuppressed": marked("ALARM"),
    "returned_to_service": marked("ALARM"),
    "discovered_late": marked("Discovered late"),
}
PRIORITY_WORDS = {"high": marked("high"), "medium": marked("medium"), "low": marked("low"), "info": marked("info")}
PANEL = marked("This message is information only. The wired alarm panel of the pipeline comes first.")
TO_BE_DONE: frozenset[AlarmEvent] = frozenset(HEADS) - {"cleared", "acknowledged", "reset", "shelved", "suppressed", "out_of_service"}
"""Events that ask somebody to act; the others are told and need no answer."""
OVER: frozenset[AlarmEvent] = frozenset({"cleared", "latched", "reset"})
"""Events after which what happened happens no more."""


def subject_of(notice: Notice, facts: Facts) -> str:
    """`ALARM: Joint District Hospital, Main line: Pipeline pressure failing (3.05 bar)`"""
    language = facts.language
    head = word(language, HEADS[notice.transition.event])
    value = f" ({isolate(facts.value, language)})" if facts.value else ""
    return line(f"{drill(notice, language)}{head}: {where(facts)}: {title(facts)}{value}", language)


def full(notice: Notice, facts: Facts) -> str:
    """The body of a mail."""
    language, transition = facts.language, notice.transition
    priority = word(language, "Priority: {priority}").format(priority=word(language, PRIORITY_WORDS[transition.priority]))
    reference = word(language, "Reference: {reference}").format(reference=isolate(transition.occurrence, language))
    head = f"{drill(notice, language)}{word(language, HEADS[transition.event])}: {title(facts)}"
    what = ["", facts.text.what] if facts.text.what and transition.event not in OVER else [""]
    lines = [head, where(facts), *what, *_told(notice, facts), "", priority, reference, "", word(language, PANEL)]
    return _lines(lines, language)


def short(notice: Notice, facts: Facts) -> str:
    """The body of a push, under its subject."""
    return _lines(_told(notice, facts), facts.language)


def where(facts: Facts) -> str:
    site = isolate(facts.site, facts.language)
    return f"{site}, {isolate(facts.asset, facts.language)}" if facts.asset else site


def title(facts: Facts) -> str:
    return isolate(facts.text.title, facts.language) if facts.theirs else facts.text.title


def drill(notice: Notice, language: Language) -> str:
    return f"{word(language, 'TEST')} " if notice.topic == "drill" else ""


def _told(notice: Notice, facts: Facts) -> Iterable[str]:
    language, transition = facts.language, notice.transition
    if transition.event == "acknowledged":
        yield from _answered(notice, facts)
    yield from _numbers(facts)
    if transition.nature == "suspect_sensor":
        yield word(language, "The sensor is suspect: read the gauge by eye.")
    if transition.event in {"cleared", "latched", "discovered_late"}:
        begun, over = isolate(facts.begun, language), isolate(facts.time, language)
        yield word(language, "Began {begun}, over {time}.").format(begun=begun, time=over)
    else:
        yield word(language, "Since {time}.").format(time=isolate(facts.begun, language))
    if notice.topic == "drill":
        yield word(language, "This is a drill. Answer it as if it were true; do nothing to the oxygen.")
    elif transition.event in TO_BE_DONE and facts.text.todo:
        todo = isolate(facts.text.todo, language) if facts.theirs else facts.text.todo
        yield word(language, "What to do: {text}").format(text=todo)
    if facts.hours:
        yield facts.hours
    if transition.event in TO_BE_DONE:
        yield from _people(notice, facts)


def answered_by(notice: Notice, most: int = 100) -> str:
    """Who has answered; empty for other news than that."""
    return clean(notice.transition.by, most) if notice.transition.event == "acknowledged" else ""


def _answered(notice: Notice, facts: Facts) -> Iterable[str]:
    """Who has it, and until when they have promised that it is better."""
    language = facts.language
    if by := answered_by(notice):
        yield word(language, "Answered by {name}.").format(name=isolate(by, language))
    if facts.until:
        yield word(language, "If it goes on, it is told again at {time}.").format(time=isolate(facts.until, language))


def _numbers(facts: Facts) -> Iterable[str]:
    language = facts.language
    if facts.value and facts.limit:
        value, limit = isolate(facts.value, language), isolate(facts.limit, language)
        yield word(language, "Now {value}, limit {limit}.").format(value=value, limit=limit)
    elif facts.value:
        yield word(language, "Now {value}.").format(value=isolate(facts.value, language))


def _people(notice: Notice, facts: Facts) -> Iterable[str]:
    language = facts.language
    if notice.call:
        names = "; ".join(isolate(clean(name, 120), language) for name in notice.call)
        yield word(language, "Call next: {names}").format(names=names)
    code, link = isolate(notice.code, language), isolate(notice.link, language)
    if code and link:
        yield word(language, "To answer, send back {code}, or open {link}").format(code=code, link=link)
    elif code:
        yield word(language, "To answer, send back {code}").format(code=code)
    elif link:
        yield word(language, "To answer, open {link}").format(link=link)


def _lines(lines: Iterable[str], language: Language) -> str:
    return "\n".join(line(each, language) for each in lines) + "\n"
