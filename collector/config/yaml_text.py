"""YAML 1.2 text → plain data, quickly; and, only where something is wrong, where in the text each key stands.

Pure. Aliases are refused: they are what makes a small file expand to gigabytes, and `<<` merging is not YAML 1.2. So are duplicate keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from ryaml import loads  # type: ignore[attr-defined]  # its stub lists it, its package re-exports it with *

Path_: TypeAlias = tuple[str | int, ...]
"""The way to a value: keys and indices from the root."""

MAX_DEPTH = 100
_MAY_BE_ALIAS = re.compile(r"(?:^|[\s,\[{:?-])\*[^\s*]", re.MULTILINE)
_AT = re.compile(r" at line (\d+) column \d+")


class YamlProblem(Exception):
    """The text is no YAML that we take. `line` is 1-based; None where only a scan can tell."""

    def __init__(self, text: str, line: int | None = None) -> None:
        super().__init__(text)
        self.line = line


@dataclass(slots=True)
class Marks:
    """Lines (1-based) of keys and items; the plain values as they are written; keys that stand twice; lines of aliases."""

    lines: dict[Path_, int] = field(default_factory=dict)
    texts: dict[Path_, str] = field(default_factory=dict)
    duplicates: list[tuple[Path_, int]] = field(default_factory=list)
    aliases: list[int] = field(default_factory=list)

    def line_of(self, path: Path_) -> int:
        """The line of the nearest part of the path that stands in the text."""
        for length in range(len(path), 0, -1):
            if (line := self.lines.get(path[:length])) is not None:
                return line
        return 1


def parse(text: str) -> object:
    """The data of one YAML 1.2 document; None for an empty one. Raises YamlProblem."""
    if _MAY_BE_ALIAS.search(text) and (aliases := scan(text).aliases):
        raise YamlProblem("aliases (*name) are not taken; write the value out", aliases[0])
    try:
        data: object = loads(text)
    except ValueError as exc:
        raise _explained(str(exc)) from exc
    return data


def _explained(said: str) -> YamlProblem:
    if "duplicate entry" in said:
        return YamlProblem("a key stands twice")
    if "more than one document" in said:
        return YamlProblem("several documents (---) in one file; one is right")
    if "unhashable" in said:
        return YamlProblem("a key is a list or a mapping; keys are plain text")
    at = _AT.search(said)
    return YamlProblem(f"this is not YAML: {_AT.sub('', said)}", int(at.group(1)) if at else None)


@dataclass(slots=True)
class _Frame:
    """A list or mapping that is being read. `key` is the mapping key that waits for its value."""

    path: Path_
    is_map: bool
    index: int = 0
    key: str | int | None = None

    def expects_key(self) -> bool:
        return self.is_map and self.key is None

    def next_path(self) -> Path_:
        if self.is_map:
            path = (*self.path, "" if self.key is None else self.key)
            self.key = None
            return path
        self.index += 1
        return (*self.path, self.index - 1)


def scan(text: str) -> Marks:
    """Walk the text event by event; stops without a word at what is no YAML or too deep (the marks so far are right)."""
    marks = Marks()
    stack: list[_Frame] = []
    for kind, value, line in _events(text):
        if kind == "end":
            stack.pop()
        elif len(stack) > MAX_DEPTH:
            break
        elif stack and stack[-1].expects_key():
            if kind in ("map", "list"):
                break
            _take_key(marks, stack[-1], value, line)
        else:
            path = stack[-1].next_path() if stack else ()
            marks.lines.setdefault(path, line)
            if kind in ("map", "list"):
                stack.append(_Frame(path, kind == "map"))
            elif kind == "scalar":
                marks.texts[path] = value
        if kind == "alias":
            marks.aliases.append(line)
    return marks


def _take_key(marks: Marks, frame: _Frame, key: str, line: int) -> None:
    frame.key = key
    path = (*frame.path, key)
    if path in marks.lines:
        marks.duplicates.append((path, line))
    else:
        marks.lines[path] = line


def _events(text: str) -> Iterator[tuple[str, str, int]]:
    """(map | list | end | scalar | alias, value, line) of every node."""
    import yaml

    try:
        for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            line = event.start_mark.line + 1 if event.start_mark else 1
            if isinstance(event, yaml.ScalarEvent):
                yield "scalar", event.value, line
            elif isinstance(event, yaml.AliasEvent):
                yield "alias", "", line
            elif isinstance(event, yaml.MappingStartEvent):
                yield "map", "", line
            elif isinstance(event, yaml.SequenceStartEvent):
                yield "list", "", line
            elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
                yield "end", "", line
    except yaml.YAMLError:
        return
