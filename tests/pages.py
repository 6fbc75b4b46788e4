"""What a page says: its texts, without its marks of style and direction."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from html import unescape

_MARKS = re.compile(r"[\u200f\u2066-\u2069]")
_WORD = re.compile(r"[A-Za-z]\w*")


def texts(page: str) -> set[str]:
    """Every text between tags, and the title."""
    shown = re.sub(r"(?s)<style>.*?</style>", "", page)
    return {said for part in re.split(r"<[^>]*>", shown) if (said := _MARKS.sub("", unescape(part)).strip())}


def latin_words(said: Iterable[str]) -> set[str]:
    return {found for text in said for found in _WORD.findall(text)}


def not_translated(english: str, page: str, kept: Container[str]) -> set[str]:
    """Texts of the English page that stand on the other one too, and hold more than `kept` words: names, fields, units."""
    return {text for text in texts(english) & texts(page) if any(found not in kept for found in latin_words([text]))}
