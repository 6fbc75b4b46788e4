"""The other alarms that a message tells of: how many, and a line for each. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from collector.notify.texts.direction import isolate, line
from collector.notify.texts.facts import facts_of
from collector.notify.texts.full import subject_of
from collector.outputs import Notice, Transition
from devices.assets import Site

LINES = 100


def more(notice: Notice) -> int:
    """How many alarms it tells of beside its own."""
    return max(0, int(notice.facts["alarms"]) - 1) if notice.facts.get("alarms", "").isdigit() else len(notice.also)


def others(notice: Notice, site: Site | None, told: int = 0) -> Iterator[str]:
    """A line for each of the others; `told`: so many of the first of all have been told."""
    language = facts_of(notice, site).language
    listed = (notice.transition, *notice.also)[told:][:LINES]
    for transition in listed:
        yield line(f"+ {_line(notice, transition, site)}", language)
    rest = more(notice) + 1 - told - len(listed)
    if rest > 0:
        yield line(f"… {isolate(f'+{rest}', language)}", language)


def _line(notice: Notice, transition: Transition, site: Site | None) -> str:
    one = msgspec.structs.replace(notice, transition=transition, also=(), topic="alarm")
    return subject_of(one, facts_of(one, site if site is not None and site.id == transition.site else None))
