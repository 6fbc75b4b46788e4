"""Which way a text runs, and how ids and numbers keep their order in one that runs from right to left (Unicode UAX 9). Pure.

A run of Latin letters or digits stands between U+2068 (first strong isolate) and U+2069 (pop); a line begins with U+200F.
"""

from __future__ import annotations

import re
import unicodedata

FSI, PDI, RLM = "\u2068", "\u2069", "\u200f"
RTL = frozenset({"ar"})

_RUN = re.compile(r"[A-Za-z0-9`](?:[A-Za-z0-9 .,:;/%+°`_-]*[A-Za-z0-9%°`])?(?: %)?")
_PLACE = re.compile(r"(\{[a-z]+\})")


def is_rtl(language: str) -> bool:
    return language in RTL


def isolate(text: str, language: str) -> str:
    """What is put into a text of that language, safe from its order; in a left-to-right one only what itself runs from right to left."""
    if not text or (text.isascii() and language not in RTL):
        return text
    foreign = language in RTL or any(unicodedata.bidirectional(char) in {"R", "AL"} for char in text)
    return f"{FSI}{text}{PDI}" if foreign else text


def isolated_latin(text: str) -> str:
    """A right-to-left text with its Latin runs isolated; `{placeholders}` stay as they are."""
    return "".join(part if _PLACE.fullmatch(part) else _RUN.sub(_wrapped, part) for part in _PLACE.split(text))


def line(text: str, language: str) -> str:
    """A line of its own: one that runs from right to left whatever it begins with."""
    return f"{RLM}{text}" if is_rtl(language) and text else text


def balanced(text: str) -> bool:
    """Every isolate is closed, and none is closed that is not open."""
    depth = 0
    for char in text:
        depth += (char == FSI) - (char == PDI)
        if depth < 0:
            return False
    return depth == 0


def bare(text: str) -> str:
    """The text between isolates gone: what a right-to-left text must hold no digit or Latin letter of."""
    kept, depth = [], 0
    for char in text:
        depth += (char == FSI) - (char == PDI)
        if not depth and char != PDI:
            kept.append(char)
    return "".join(kept)


def _wrapped(found: re.Match[str]) -> str:
    return f"{FSI}{found[0]}{PDI}"
