"""The words: what each alarm is called and what to do, by role and language. English is the source, gettext has the others.

The files of the package are read once, at the first use; what is read never changes.
"""

from __future__ import annotations

from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from importlib import resources
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

from collector.config.yaml_text import parse
from collector.notify.texts.direction import is_rtl, isolated_latin
from collector.outputs import Role

Language: TypeAlias = Literal["en", "hi", "fr", "ar"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
NAMES: dict[Language, str] = {"en": "English", "hi": "हिन्दी", "fr": "Français", "ar": "العربية"}
ROLES: tuple[Role, ...] = get_args(Role)
TITLE_MOST = 40
"""Characters of an English title."""


class RuleText(NamedTuple):
    """What an alarm is called, what happens, and what to do for one role."""

    title: str
    what: str
    todo: str


def language_of(language: str) -> Language:
    """The language itself where there are texts in it, of `fr-DZ` its `fr`, else English."""
    primary = language.replace("_", "-").partition("-")[0].lower()
    return next((known for known in LANGUAGES if known == primary), "en")


@lru_cache(maxsize=4096)
def rule_text(rule: str, kind: str, role: Role, language: Language) -> RuleText | None:
    """The text of a rule for an asset of that kind; None for a rule that is not of the default file."""
    said = english().get(f"{rule}/{kind}") or english().get(rule)
    return None if said is None else RuleText(*(word(language, said[name]) for name in ("title", "what", role)))


def marked(english_text: str) -> str:
    """The text itself: it stands in a table, and is translated where it is used."""
    return english_text


@lru_cache(maxsize=4096)
def word(language: Language, english_text: str) -> str:
    """A text in that language; the English one where it has no other. In a right-to-left text every run of Latin letters or digits is
    isolated; its placeholders are not, for what is put into them is isolated itself."""
    text = _translations(language).gettext(english_text)
    return isolated_latin(text) if is_rtl(language) else text


@lru_cache(maxsize=1024)
def plural(language: Language, one: str, several: str, count: int) -> str:
    """The form of that number, with its placeholders."""
    text = _translations(language).ngettext(one, several, count)
    return isolated_latin(text) if is_rtl(language) else text


@cache
def english() -> dict[str, dict[str, str]]:
    """`RULE` or `RULE/kind` → title, what, and what to do by role."""
    data: Any = parse(_read("english.yaml"))
    phrases: dict[str, str] = data["phrases"]
    return {
        rule: {name: phrases[text[1:]] if text.startswith("@") else text for name, text in texts.items()}
        for rule, texts in data["rules"].items()
    }


@cache
def _translations(language: Language) -> NullTranslations:
    if language == "en":
        return NullTranslations()
    file = resources.files("collector").joinpath("locale", language, "LC_MESSAGES", "oxygrid.mo")
    with file.open("rb") as stream:
        return GNUTranslations(stream)


def _read(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
