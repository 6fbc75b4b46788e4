"""The alphabet of plain SMS (3GPP TS 23.038): what fits into one part, and how text becomes its septets. Pure.

A part holds 160 septets, where characters of the extension table count two, or 70 units of UCS-2 for anything beyond the alphabet.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = {"\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F, "[": 0x3C, "~": 0x3D, "]": 0x3E, "|": 0x40, "€": 0x65}
ESCAPE = 0x1B
ONE_PART_SEPTETS, ONE_PART_UNITS = 160, 70

_CODES = {char: code for code, char in enumerate(BASIC) if code != ESCAPE}
_EXTENDED_CHARS = {code: char for char, code in EXTENDED.items()}
_LIKE = {"’": "'", "‘": "'", "“": '"', "”": '"', "«": '"', "»": '"', "–": "-", "—": "-", "…": "...", "\u00a0": " ", "\u202f": " ",
         "œ": "oe", "Œ": "OE", "≥": ">=", "≤": "<=", "°": "", "²": "2", "³": "3", "₂": "2"}  # fmt: skip


def septets(text: str) -> bytes | None:
    """One septet a byte; None where a character is not of the alphabet."""
    codes = bytearray()
    for char in text:
        if char in _CODES:
            codes.append(_CODES[char])
        elif char in EXTENDED:
            codes += bytes((ESCAPE, EXTENDED[char]))
        else:
            return None
    return bytes(codes)


def text_of(coded: bytes) -> str:
    """What septets say; an escape before what the extension table has not is a space (3GPP TS 23.038, 6.2.1.1)."""
    found, escaped = [], False
    for code in coded:
        if code == ESCAPE and not escaped:
            escaped = True
            continue
        found.append(_EXTENDED_CHARS.get(code, " ") if escaped else BASIC[code])
        escaped = False
    return "".join(found)


def units(text: str) -> int:
    """UCS-2 units: a character beyond the basic plane takes two."""
    return len(text) + sum(char > "\uffff" for char in text)


def is_one_part(text: str) -> bool:
    coded = septets(text)
    return len(coded) <= ONE_PART_SEPTETS if coded is not None else units(text) <= ONE_PART_UNITS


@lru_cache(maxsize=2048)
def folded(text: str) -> str:
    """The text in the alphabet where that loses accents at most (`contrôle` → `controle`), so that it fits 160, not 70; else as it is."""
    if septets(text) is not None:
        return text
    plain = "".join(_folded(char) for char in text)
    return plain if septets(plain) is not None else text


def _folded(char: str) -> str:
    if char in _CODES or char in EXTENDED:
        return char
    if char in _LIKE:
        return _LIKE[char]
    return "".join(part for part in unicodedata.normalize("NFD", char) if not unicodedata.combining(part))


def first_part(text: str) -> str:
    """The beginning that fits one part, with an ellipsis where something is missing."""
    text = folded(text)
    most = len(text)
    while not is_one_part(text):
        most = min(most - 1, ONE_PART_SEPTETS)
        text = folded(text[:most].rstrip() + "…")
    return text
