"""Every text in every language, for somebody whose first language it is to read: as lines, or as a page to print and write on. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

from collector.notify.texts.catalogue import LANGUAGES, NAMES, ROLES, Language, english, rule_text
from collector.notify.texts.direction import FSI, PDI, is_rtl
from collector.notify.texts.dlt import TEMPLATE, VARIABLES

PARTS = ("title", "what happens", *(f"{role.replace('_', ' ')}: what to do" for role in ROLES))
STYLE = (
    "body{font:10pt/1.4 system-ui,sans-serif;margin:1rem}table{border-collapse:collapse;width:100%}"
    "td,th{border:1px solid #999;padding:.3rem;text-align:start;vertical-align:top}th{background:#eee}"
    "td.rule{white-space:nowrap;font-weight:bold}td.ok{width:6rem}tr{break-inside:avoid}@media print{body{margin:0}}"
)


class Line(NamedTuple):
    """One text: of which rule, which part, in each language that was asked for, in their order."""

    rule: str
    part: str
    texts: tuple[str, ...]


def lines(languages: Sequence[Language]) -> Iterator[Line]:
    for name in english():
        rule, _, kind = name.partition("/")
        by_language = [_parts(rule, kind, language) for language in languages]
        for place, part in enumerate(PARTS):
            yield Line(name, part, tuple(parts[place] for parts in by_language))


def plain(languages: Sequence[Language]) -> Iterator[str]:
    """A block for each text, the languages below each other; without marks of direction, which a terminal shows as it likes."""
    previous = ""
    for line in lines(languages):
        if line.rule != previous:
            yield ""
            yield line.rule
        previous = line.rule
        for language, text in zip(languages, line.texts, strict=True):
            yield f"  {line.part:24} {language}  {text.replace(FSI, '').replace(PDI, '')}"


def html(languages: Sequence[Language]) -> Iterator[str]:
    heads = "".join(f"<th>{escape(NAMES[language])}</th>" for language in languages)
    yield f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Oxygrid: texts</title><style>{STYLE}</style></head><body>'
    yield "<h1>Texts of the alarms</h1>"
    yield "<p>Please mark what a nurse would not understand, or what is wrong, and write what would be right.</p>"
    yield f"<table><thead><tr><th>Rule</th><th>Part</th>{heads}<th>OK?</th></tr></thead><tbody>"
    for line in lines(languages):
        cells = "".join(_cell(text, language) for text, language in zip(line.texts, languages, strict=True))
        yield f'<tr><td class="rule">{escape(line.rule)}</td><td>{escape(line.part)}</td>{cells}<td class="ok"></td></tr>'
    yield "</tbody></table></body></html>"


def dlt(languages: Sequence[Language] = LANGUAGES) -> Iterator[str]:
    """What to register with the operators in India, and what stands in each place."""
    yield "Register this text (each {#var#} has at most 40 characters), and give its id under dlt:"
    yield f"  {TEMPLATE.format_map({each.name: '{#var#}' for each in VARIABLES})}"
    yield "The variables, in their order, by name:"
    for each in VARIABLES:
        yield f"  {each.name:8} {each.meaning}"
    yield f"The words in them come in: {', '.join(NAMES[language] for language in languages)}."


def _parts(rule: str, kind: str, language: Language) -> tuple[str, ...]:
    said = [rule_text(rule, kind, role, language) for role in ROLES]
    known = [text for text in said if text is not None]
    return (known[0].title, known[0].what, *(text.todo for text in known))


def _cell(text: str, language: Language) -> str:
    direction = "rtl" if is_rtl(language) else "ltr"
    return f'<td lang="{language}" dir="{direction}">{escape(text)}</td>'
