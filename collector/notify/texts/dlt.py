"""The variables of a registered SMS template (India's DLT): named parts of at most 40 characters, nothing else may vary. Pure.

The operator registers one text with `{#var#}` in these places and gives its id; `oxygrid texts --dlt` prints texts to register.
"""

from __future__ import annotations

from typing import NamedTuple

from collector.notify.texts.catalogue import word
from collector.notify.texts.facts import Facts
from collector.notify.texts.full import HEADS, TO_BE_DONE, answered_by
from collector.notify.texts.line import clean
from collector.outputs import Notice

MOST = 40
"""Characters of a variable (TRAI, 2023: each at most 40)."""


class Variable(NamedTuple):
    name: str
    meaning: str


VARIABLES = (
    Variable("event", "alarm, still an alarm, more urgent, over"),
    Variable("site", "name of the hospital"),
    Variable("alarm", "what is wrong"),
    Variable("value", "number and unit, or who has answered; a dash where there is none"),
    Variable("since", "time and day"),
    Variable("todo", "the first thing to do; a dash where nothing is to be done"),
    Variable("left", "hours of oxygen left; a dash where that is not known"),
    Variable("code", "what to send back; a dash where nothing is to be answered"),
)
TEMPLATE = "OXYGRID {event}: {site}: {alarm}, {value}, {since}. {todo} {left} h. {code}"
"""Suggested for registration, in each language the same."""


def variables(notice: Notice, facts: Facts) -> dict[str, str]:
    """Every variable has something: an empty one is refused by some gateways."""
    left = "–" if notice.hours_h is None else f"{int(notice.hours_h * 10) / 10:g}" if notice.hours_h < 2 else str(int(notice.hours_h))
    said = {
        "event": word(facts.language, HEADS[notice.transition.event]),
        "site": facts.site,
        "alarm": facts.text.title,
        "value": answered_by(notice) or facts.value,
        "since": facts.begun,
        "todo": _first(facts.text.todo) if notice.transition.event in TO_BE_DONE else "",
        "left": left,
        "code": notice.code,
    }
    return {name: shortened(clean(text, 300)) or "–" for name, text in said.items()}


def shortened(text: str) -> str:
    """At most 40 characters, cut between words where there are words."""
    if len(text) <= MOST:
        return text
    cut = text[: MOST - 1]
    return (cut.rpartition(" ")[0] if " " in cut[MOST // 2 :] else cut).rstrip(" ,.;:") + "…"


def _first(text: str) -> str:
    """The first sentence."""
    for end in (". ", "। "):
        text = text.partition(end)[0]
    return text.rstrip(".।")
