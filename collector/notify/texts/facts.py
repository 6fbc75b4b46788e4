"""The facts of one notice, as they stand in a text of its language: where, which alarm, how much, since when, how long it lasts. Pure.

Everything that comes from names or people is one line without control characters, and isolated where its direction could mix with the text.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from functools import cache, lru_cache
from typing import NamedTuple

from collector.alarms.text import figure, unit_of
from collector.config.rulebook import default_rules
from collector.notify.texts.catalogue import Language, RuleText, language_of, marked, plural, rule_text, word
from collector.notify.texts.direction import isolate
from collector.notify.texts.line import clean
from collector.outputs import Notice, Role, Transition
from devices.assets import Site, display_name

NAME_MOST, WORDS_MOST = 80, 300
DRILL = marked("Drill, no oxygen is short")
_SINCE = re.compile(r"^(?P<what>.*?)(?: \([^()]*\))* since \d{4}-\d\d-\d\d \d\d:\d\d\. ?(?P<response>.*)$")


class Facts(NamedTuple):
    """`value`, `limit`, `time`, `begun`, `until` are bare; `hours` is a sentence, empty where nothing is known; `theirs`: the words are the
    operator's own, in the language they wrote them in."""

    language: Language
    site: str
    site_id: str
    asset: str
    text: RuleText
    value: str
    limit: str
    time: str
    begun: str
    hours: str
    theirs: bool = False
    until: str = ""


def facts_of(notice: Notice, site: Site | None) -> Facts:
    transition, language = notice.transition, language_of(notice.language)
    zone: tzinfo = site.zone if site is not None else UTC
    kind, asset = _asset(site, transition.asset, language)
    if notice.topic == "drill":
        text, theirs = RuleText(word(language, DRILL), "", ""), False
    else:
        text, theirs = _text(transition, kind, notice.role or "engineer", language)
    numeric = isinstance(transition.value, float | int) and not isinstance(transition.value, bool)
    unit = unit_of(transition.unit)
    return Facts(
        language,
        clean(display_name(site, language), NAME_MOST) if site is not None else transition.site,
        transition.site,
        asset,
        text,
        amount(float(transition.value), unit) if numeric and transition.value is not None else "",
        amount(transition.limit, unit) if numeric and transition.limit is not None else "",
        when(transition.event_ms, zone),
        when(transition.raised_ms, zone),
        hours_left(notice.hours_h, language),
        theirs,
        when(transition.until_ms, zone) if transition.until_ms is not None else "",
    )


def amount(value: float, unit: str) -> str:
    return f"{figure(value)} {unit}".rstrip()


def hours_left(hours_h: float | None, language: Language) -> str:
    """A sentence; whole hours, and minutes below two hours, always rounded down: it lasts at least so long."""
    if hours_h is None:
        return ""
    if hours_h < 2:
        minutes = max(0, int(hours_h * 60))
        form = plural(language, "At least {n} minute of oxygen left.", "At least {n} minutes of oxygen left.", minutes)
        return form.format(n=isolate(str(minutes), language))
    form = plural(language, "At least {n} hour of oxygen left.", "At least {n} hours of oxygen left.", int(hours_h))
    return form.format(n=isolate(str(int(hours_h)), language))


def when(at_ms: int, zone: tzinfo) -> str:
    """Time first: it is what people look for."""
    return _minute(at_ms // 60_000, zone)


@lru_cache(maxsize=512)
def _minute(minute: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(minute * 60, zone).strftime("%H:%M (%Y-%m-%d)")


def _asset(site: Site | None, asset_id: str, language: Language) -> tuple[str, str]:
    """Kind and name of the asset; `site` and no name for an alarm of the whole site."""
    if not asset_id:
        return "site", ""
    for asset in site.assets if site is not None else ():
        if asset.id == asset_id:
            return asset.kind, clean(display_name(asset, language), NAME_MOST)
    return "", asset_id


def _text(transition: Transition, kind: str, role: Role, language: Language) -> tuple[RuleText, bool]:
    known = rule_text(transition.rule, kind, role, language)
    said = _SINCE.match(clean(transition.text, 2 * WORDS_MOST))
    response = said["response"] if said is not None else ""
    if known is None:
        return _own(transition, said["what"] if said is not None else "", response), True
    ours = default_words().get((transition.rule, kind))
    if said is None or ours is None:
        return known, False
    if ours.message not in said["what"]:
        return _own(transition, said["what"], response), True
    if response and not response.startswith(ours.response):
        return known._replace(todo=clean(response, WORDS_MOST)), True
    return known, False


def _own(transition: Transition, what: str, response: str) -> RuleText:
    """A rule of the operator's own speaks in the operator's words."""
    line = clean(what or transition.text.partition(" (")[0].partition(". ")[0], WORDS_MOST)
    message = line.partition(": ")[2] or line or transition.rule
    for before in ("more urgent now: ", "still: "):
        message = message.removeprefix(before)
    message = message.removesuffix(" is over")
    return RuleText(clean(message, NAME_MOST), "", clean(response, WORDS_MOST))


class Words(NamedTuple):
    message: str
    response: str


@cache
def default_words() -> dict[tuple[str, str], Words]:
    """Rule and kind → message and response as they come with the package; others in an alarm's text are the operator's."""
    return {(rule.id, rule.kind): Words(rule.message, rule.response) for rule in default_rules()}
