"""What a notice says: subject and body, and several notices in one message. Pure.

This is what a channel's own receivers get, in English; what a person gets in their language is made by `collector.notify.render`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from collector.notify.texts.catalogue import language_of, word
from collector.notify.texts.direction import isolate, line
from collector.notify.texts.full import PANEL, PRIORITY_WORDS
from collector.notify.texts.line import clean, clean_marked
from collector.outputs import PRIORITIES, Notice, Transition
from devices.assets import Site, display_name

SUBJECT_MOST = 140
LINE_MOST = 1000
DIGEST_LINES = 100

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "raised": "ALARM",
        "cleared": "over",
        "acknowledged": "acknowledged",
        "latched": "over, to be reset",
        "reset": "reset",
        "realarmed": "STILL AN ALARM",
        "escalated": "MORE URGENT",
        "shelved": "shelved",
        "unshelved": "ALARM, not shelved any more",
        "suppressed": "suppressed",
        "unsuppressed": "ALARM, not suppressed any more",
        "out_of_service": "out of service",
        "returned_to_service": "ALARM, back in service",
        "discovered_late": "discovered late",
        "both": "raised and over",
        "priority": "Priority",
        "site": "Site",
        "asset": "Asset",
        "rule": "Rule",
        "time_raised": "Raised",
        "time_cleared": "Over",
        "time_known": "Known to the collector",
        "reference": "Reference",
    }
}

Kind: TypeAlias = Literal["notice", "raised_and_cleared", "digest"]


class Text(NamedTuple):
    subject: str
    body: str


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """One message as a channel sends it: one notice, or several in one. `key` is the same whenever the same notices are sent again.

    `to` is the one address that it goes to; empty: those of the channel. `covers`: ids of older notices that this one makes needless.
    """

    key: str
    kind: Kind
    subject: str
    body: str
    notices: tuple[Notice, ...]
    at_ms: int
    to: str = ""
    covers: tuple[str, ...] = ()

    @property
    def priority(self) -> str:
        return highest(self.notices)


def message(transition: Transition, site: Site | None, language: str = "en") -> Text:
    """Subject and body of one transition. Control characters of any part are gone, so no name can begin a header or a line of its own."""
    words = WORDS.get(language, WORDS["en"])
    zone: tzinfo = site.zone if site is not None else UTC
    text = clean(transition.text, LINE_MOST) or f"{transition.alarm} {words[transition.event]}"
    subject = clean(f"[{transition.priority}] {words[transition.event]}: {_headline(text)}", SUBJECT_MOST)
    facts = [
        (words["priority"], transition.priority),
        (words["site"], f"{display_name(site, language)} ({transition.site})" if site is not None else transition.site),
        (words["asset"], transition.asset),
        (words["rule"], transition.rule),
        (words["time_raised"], _when(transition.raised_ms, zone)),
        (words["time_cleared"], _when(transition.event_ms, zone) if transition.event == "cleared" else ""),
        (words["time_known"], _when(transition.evaluated_ms, zone)),
        (words["reference"], transition.occurrence),
    ]
    lines = [f"{name}: {clean(fact, LINE_MOST)}" for name, fact in facts if fact]
    return Text(subject, "\n".join([text, "", *lines, "", PANEL, ""]))


def single(notice: Notice, at_ms: int) -> Envelope:
    return Envelope(key=notice.id, kind="notice", subject=notice.subject, body=notice.body, notices=(notice,), at_ms=at_ms, to=notice.to)


def together(raised: Notice, cleared: Notice, at_ms: int, language: str = "en") -> Envelope:
    """An alarm that was over before its first notice could be sent: both in one, so that nobody runs for what is past. The text that a
    person gets of its end says when it began."""
    words = WORDS.get(language, WORDS["en"])
    subject = clean(f"[{raised.transition.priority}] {words['both']}: {_headline(clean(raised.transition.text, LINE_MOST))}", SUBJECT_MOST)
    notices = (raised, cleared)
    return Envelope(
        key=key_of(notices),
        kind="raised_and_cleared",
        subject=cleared.subject if cleared.role else subject,
        body=cleared.body if cleared.role else f"{cleared.body}\n----\n\n{raised.body}",
        notices=notices,
        at_ms=at_ms,
        to=cleared.to,
    )


def digest(notices: Sequence[Notice], at_ms: int) -> Envelope:
    """Many notices in one message: a line each, the highest priority first, at most DIGEST_LINES; in their person's language."""
    ordered = sorted(notices, key=lambda n: (-PRIORITIES.index(n.transition.priority), n.transition.event_ms))
    language = language_of(ordered[0].language)
    sites = sorted({notice.transition.site for notice in notices})
    shown = ", ".join(sites[:5]) + (" …" if len(sites) > 5 else "")
    numbers = {
        "count": isolate(str(len(notices)), language),
        "priority": word(language, PRIORITY_WORDS[ordered[0].transition.priority]),
        "sites": isolate(shown, language),
    }
    said = word(language, "{count} notices, highest priority {priority}: {sites}").format_map(numbers)
    lines = [notice.subject for notice in ordered[:DIGEST_LINES]]
    if len(ordered) > DIGEST_LINES:
        more = word(language, "… and {count} more").format(count=isolate(str(len(ordered) - DIGEST_LINES), language))
        lines.append(line(more, language))
    body = "\n".join([*lines, "", line(word(language, PANEL), language), ""])
    subject = line(clean_marked(said, SUBJECT_MOST), language)
    return Envelope(key=key_of(notices), kind="digest", subject=subject, body=body, notices=tuple(ordered), at_ms=at_ms, to=ordered[0].to)


def highest(notices: Iterable[Notice]) -> str:
    return max((notice.transition.priority for notice in notices), key=PRIORITIES.index)


def key_of(notices: Sequence[Notice]) -> str:
    """The same for the same notices in any order."""
    return "several/" + hashed("\n".join(sorted(notice.id for notice in notices)))


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _headline(text: str) -> str:
    """The first sentence of an alarm's line; what to do is in the body."""
    return text.partition(". ")[0]


@lru_cache(maxsize=256)
def _when(at_ms: int, zone: tzinfo) -> str:
    """What happens together, a message or a hundred, happened at the same few times."""
    moment = datetime.fromtimestamp(at_ms / 1000, zone)
    return f"{moment:%Y-%m-%d %H:%M:%S} ({moment.tzname()})"
