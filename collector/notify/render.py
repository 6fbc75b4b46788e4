"""What a person is told, made when it is sent: for their role, in their language, in the form that the way out can carry. Pure.

So nothing but the decision is on the way of an alarm, and a message that waits says what is true when it goes.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from collector.notify.messages import SUBJECT_MOST, Text, clean, message
from collector.outputs import Notice
from devices.assets import Site

Form: TypeAlias = Literal["full", "short", "sms"]
"""A mail; a line or a push; one part of an SMS."""

_ABOUT = {
    "summary": "{alarms} more alarms in the last hour: {sites}",
    "gap": "Nobody is on duty: {roster}, {from} to {until}",
    "well": "All is well: {sites} sites, {open} alarms open",
}


def rendered(notice: Notice, site: Site | None, form: Form) -> Text:  # noqa: ARG001 - one text for every form until there are more
    """Subject and body of a notice to a person."""
    if notice.topic in _ABOUT:
        line = clean(_ABOUT[notice.topic].format_map(_Facts(notice.facts)), SUBJECT_MOST)
        return Text(line, f"{line}\n")
    text = message(notice.transition, site, notice.language)
    return Text(f"TEST {text.subject}", f"TEST\n{text.body}") if notice.topic == "drill" else text


def with_text(notice: Notice, site: Site | None, form: Form) -> Notice:
    """The notice with its text, where it has none of its own."""
    if not notice.role or notice.subject:
        return notice
    text = rendered(notice, site, form)
    return msgspec.structs.replace(notice, subject=text.subject, body=text.body)


class _Facts(dict[str, str]):
    """A fact that is not there is a dash."""

    def __missing__(self, _: str) -> str:
        return "–"
