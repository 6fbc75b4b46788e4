"""What a person is told, made when it is sent: for their role, in their language, in the form that the way out can carry. Pure.

So nothing but the decision is on the way of an alarm, and a message that waits says what is true when it goes.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from collector.notify.messages import SUBJECT_MOST, Text
from collector.notify.texts.catalogue import language_of, marked, word
from collector.notify.texts.direction import isolate, line
from collector.notify.texts.dlt import variables
from collector.notify.texts.facts import Facts, facts_of
from collector.notify.texts.full import TO_BE_DONE, full, short, subject_of
from collector.notify.texts.gsm7 import first_part
from collector.notify.texts.line import clean, clean_marked
from collector.notify.texts.others import more, others
from collector.notify.texts.sms import sms
from collector.outputs import Notice, Topic
from devices.assets import Site

Form: TypeAlias = Literal["full", "short", "sms"]
"""A mail; a line or a push; one part of an SMS."""

ABOUT: dict[Topic, str] = {
    "summary": marked("{alarms} more alarms in the last hour: {sites}"),
    "gap": marked("Nobody is on duty: {roster}, {from} to {until}"),
    "well": marked("All is well: {sites} sites, {open} alarms open"),
}
"""Notices that are about no single alarm."""


def rendered(notice: Notice, site: Site | None, form: Form) -> Text:
    """Subject and body of a notice to a person. An SMS has no link, its code is shorter."""
    notice = _answerable(notice)
    return _about(notice, site, form) if notice.topic in ABOUT else _text(notice, facts_of(notice, site), site, form)


def with_text(notice: Notice, site: Site | None, form: Form) -> Notice:
    """The notice with its text, where it has none of its own."""
    if not notice.role or notice.subject:
        return notice
    notice = _answerable(notice)
    if notice.topic in ABOUT:
        text = _about(notice, site, form)
        return msgspec.structs.replace(notice, subject=text.subject, body=text.body)
    facts = facts_of(notice, site)
    text = _text(notice, facts, site, form)
    parts = variables(notice, facts) if form == "sms" else {}
    return msgspec.structs.replace(notice, subject=text.subject, body=text.body, variables=parts)


def _answerable(notice: Notice) -> Notice:
    """What asks for nothing has no code and no link, on whatever way it goes."""
    return notice if notice.transition.event in TO_BE_DONE else msgspec.structs.replace(notice, code="", link="")


def _text(notice: Notice, facts: Facts, site: Site | None, form: Form) -> Text:
    if form == "sms":
        text = sms(notice, facts)
        return Text(text, text)
    body = full(notice, facts) if form == "full" else short(notice, facts)
    subject, count = clean_marked(subject_of(notice, facts), SUBJECT_MOST), more(notice)
    if not count:
        return Text(subject, body)
    lines = "\n".join(others(notice, site, told=1))
    return Text(f"{subject} {isolate(f'(+{count})', facts.language)}", f"{body}\n{lines}\n")


def _about(notice: Notice, site: Site | None, form: Form) -> Text:
    language = language_of(notice.language)
    facts = _Facts({name: isolate(clean(fact, SUBJECT_MOST), language) for name, fact in notice.facts.items()})
    said = word(language, ABOUT[notice.topic]).format_map(facts)
    if form == "sms":
        text = clean_marked(first_part(said), SUBJECT_MOST)
        return Text(text, text)
    subject = line(clean_marked(said, SUBJECT_MOST), language)
    lines = [subject, *(others(notice, site) if notice.topic == "summary" else ())]
    return Text(subject, "\n".join(lines) + "\n")


class _Facts(dict[str, str]):
    """A fact that is not there is a dash."""

    def __missing__(self, _: str) -> str:
        return "–"
