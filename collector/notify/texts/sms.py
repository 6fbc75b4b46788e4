"""One part of an SMS: 160 septets, or 70 units where a character is beyond that alphabet. Pure.

What is always whole: the number with its unit, how many alarms it tells of beside, the hours left, the answer code; of one that is answered
by whom in place of the number. What gives way, in this
order: what to do (sentence by sentence), the site's name (its id, then the id's beginning), the title (word by word). Nothing else is cut,
and nothing vanishes.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from collector.notify.texts.catalogue import Language, marked, word
from collector.notify.texts.direction import FSI, balanced, is_rtl, isolate
from collector.notify.texts.facts import Facts
from collector.notify.texts.full import TO_BE_DONE, answered_by
from collector.notify.texts.gsm7 import ONE_PART_UNITS, folded, is_one_part, septets, units
from collector.notify.texts.others import more
from collector.outputs import AlarmEvent, Notice

SITE_LEAST, TITLE_LEAST, BY_MOST = 6, 10, 20
PLAIN: frozenset[Language] = frozenset({"en", "fr"})
"""Languages that the plain alphabet can carry, but for accents."""
HEADS: dict[AlarmEvent, str] = {
    "cleared": marked("Over"),
    "latched": marked("RESET IT"),
    "realarmed": marked("STILL"),
    "escalated": marked("WORSE"),
    "acknowledged": marked("ANSWERED"),
    "shelved": marked("SET ASIDE"),
    "suppressed": marked("SET ASIDE"),
    "out_of_service": marked("SET ASIDE"),
    "discovered_late": marked("LATE"),
}
"""What an event that is no fresh alarm begins with."""
DRILL, LEFT, REPLY = marked("TEST"), marked("{hours} left"), marked("reply {code}")


class _Try(NamedTuple):
    """How the text might be put: `brief` leaves the stops and the word before the code away."""

    site: str
    title: str
    todo: tuple[str, ...] = ()
    brief: bool = False


def sms(notice: Notice, facts: Facts) -> str:
    """The text; always one part."""
    language, event = facts.language, notice.transition.event
    drill = notice.topic == "drill"
    todo = _sentences(facts.text.todo, language) if event in TO_BE_DONE and not drill else ()
    head = " ".join(each for each in (_word(DRILL, language) if drill else "", _word(HEADS.get(event, ""), language)) if each)
    start = f"{head} " if head else ""
    ends = {brief: _end(notice, facts, brief=brief) for brief in (False, True)}
    text = ""
    for one in _tries(facts, todo):
        value, end = ends[one.brief]
        text = " ".join([part for part in (f"{start}{isolate(one.site, language)}: {one.title}", value, *one.todo, end) if part])
        if _fits(text, language):
            break
    return text


def _fits(text: str, language: Language) -> bool:
    return is_one_part(text) if language in PLAIN else len(text) <= ONE_PART_UNITS and units(text) <= ONE_PART_UNITS


def _tries(facts: Facts, todo: tuple[str, ...]) -> Iterator[_Try]:
    """From the longest to the shortest."""
    name, short = _site(facts)
    title = _plain(facts.text.title, facts.language)
    for many in range(len(todo), 0, -1):
        yield _Try(name, title, todo[:many])
    if todo:  # better what to do with the short name than the long name alone
        yield _Try(short, title, todo[:1])
    yield _Try(name, title)
    yield _Try(short, title)
    yield _Try(short, title, brief=True)
    for most in range(len(short) - 1, SITE_LEAST - 1, -1):
        yield _Try(short[:most], title, brief=True)
    least = short[:SITE_LEAST]
    words = title.split(" ")
    for many in range(len(words) - 1, 0, -1):
        yield _Try(least, _closed(" ".join(words[:many])), brief=True)
    yield _Try(least, _closed(title[:TITLE_LEAST].rstrip()), brief=True)


def _end(notice: Notice, facts: Facts, *, brief: bool) -> tuple[str, str]:
    """The number, and hours left with the code: never cut."""
    language = facts.language
    comma, stop = ("", "") if brief else ("،" if is_rtl(language) else ",", ".")
    number = _by(notice, language) or facts.value
    value = f"{isolate(_plain(number, language), language)}{stop}" if number else ""
    if count := more(notice):
        value = f"{value} {isolate(f'+{count}', language)}".strip()
    left = ""
    if notice.hours_h is not None:
        left = _word(LEFT, language).replace("{hours}", isolate(f"{_floor(notice.hours_h)} h", language))
    code = isolate(notice.code, language)
    if code and not brief:
        code = _word(REPLY, language).replace("{code}", code)
    return value, f"{left}{comma} {code}" if left and code else left or code


def _by(notice: Notice, language: Language) -> str:
    """Who has answered; of a name in another script nothing, where that would halve the room."""
    name = answered_by(notice, BY_MOST)
    return f"({name})" if name and (language not in PLAIN or septets(_plain(name, language)) is not None) else ""


def _site(facts: Facts) -> tuple[str, str]:
    """The name as it is told, and the shorter of name and id; of a name in another script the id, where that would halve the room."""
    name = _plain(facts.site, facts.language)
    if facts.language in PLAIN and septets(name) is None:
        name = facts.site_id
    return name, min(name, facts.site_id, key=len)


def _closed(text: str) -> str:
    """Without the isolate that was cut open."""
    return text if balanced(text) else text[: text.rindex(FSI)].rstrip()


def _floor(hours_h: float) -> str:
    """Rounded down, to a tenth below two hours: it lasts at least so long."""
    return f"{int(max(0.0, hours_h) * 10) / 10:g}" if hours_h < 2 else str(int(hours_h))


def _plain(text: str, language: Language) -> str:
    return folded(text) if language in PLAIN else text


@lru_cache(maxsize=256)
def _word(english: str, language: Language) -> str:
    return _plain(word(language, english), language) if english else ""


@lru_cache(maxsize=4096)
def _sentences(text: str, language: Language) -> tuple[str, ...]:
    """What to do, a sentence each."""
    end = "।" if language == "hi" else "."
    parts = [part.strip() for part in _plain(text, language).replace(f"{end} ", f"{end}\n").split("\n")]
    return tuple(part for part in parts if part)
