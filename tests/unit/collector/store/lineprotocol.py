"""An independent reader of line protocol for tests, written from the format's description and not from the writer.

Source of the rules: InfluxDB 1.x documentation, "InfluxDB line protocol reference" (special characters; data types).
"""

from __future__ import annotations

import re
from typing import NamedTuple

_KEY = r"(?:\\[,= ]|[^,= \n])+"
_STRING = r'"(?:\\["\\]|[^"\\]|\\(?!["\\]))*"'
_LINE = re.compile(
    rf"(?P<measurement>(?:\\[, ]|[^, \n])+)(?P<tags>(?:,{_KEY}={_KEY})*) (?P<fields>{_KEY}=(?:{_STRING}|[^, \"\n]+)"
    rf"(?:,{_KEY}=(?:{_STRING}|[^, \"\n]+))*) (?P<time>-?\d+)",
)
_TAG = re.compile(rf",({_KEY})=({_KEY})")
_FIELD = re.compile(rf"({_KEY})=({_STRING}|[^, \"\n]+)(?:,|$)")


class Row(NamedTuple):
    measurement: str
    tags: dict[str, str]
    fields: dict[str, float | int | bool | str]
    time_ns: int


def read(line: str) -> Row:
    """Raises ValueError where the line is not line protocol."""
    match = _LINE.fullmatch(line)
    if match is None:
        raise ValueError(f"not line protocol: {line!r}")
    tags = {_plain(key): _plain(value) for key, value in _TAG.findall(match["tags"])}
    fields = {_plain(key): _value(text) for key, text in _FIELD.findall(match["fields"])}
    return Row(_plain(match["measurement"]), tags, fields, int(match["time"]))


def _plain(text: str) -> str:
    return re.sub(r"\\([,= ])", r"\1", text)


def _value(text: str) -> float | int | bool | str:
    if text.startswith('"'):
        return re.sub(r'\\(["\\])', r"\1", text[1:-1])
    if text in {"true", "false"}:
        return text == "true"
    return int(text[:-1]) if text.endswith("i") else float(text)
