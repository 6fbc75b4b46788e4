"""A text as one safe line: nothing in a name or a reason can begin a header, a line, or another direction of its own. Pure."""

from __future__ import annotations

import unicodedata

from collector.notify.texts.direction import FSI, PDI, RLM

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS = frozenset("\u200c\u200d")
"""Hindi and other scripts of India need them inside words."""
_MARKS = frozenset((FSI, PDI, RLM))


def clean(text: str, most: int) -> str:
    """One line: every control, format and line character (newlines, NUL, direction overrides) is a space; runs of spaces are one."""
    return _line(text, most, _JOINERS)


def clean_marked(text: str, most: int) -> str:
    """The same of a text that the collector made from cleaned parts: its own marks of direction stay, and every isolate is closed."""
    line = _line(text, most, _JOINERS | _MARKS)
    return line + PDI * max(0, line.count(FSI) - line.count(PDI))


def _line(text: str, most: int, kept: frozenset[str]) -> str:
    if not text.isprintable():  # what is has none of them
        text = "".join(" " if unicodedata.category(char) in _UNSEEN and char not in kept else char for char in text)
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
