"""Plain data that may be wrong anywhere, read without a stumble: lists of mappings, ids, texts. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from collector.config.problems import Problem
from collector.config.yaml_text import Path_


def items_in(data: Mapping[str, Any], key: str) -> Iterator[tuple[Path_, Mapping[str, Any]]]:
    """The mappings in a list, with their paths."""
    listed = data.get(key)
    for index, item in enumerate(listed) if isinstance(listed, list) else ():
        if isinstance(item, Mapping):
            yield (key, index), item


def ids_in(data: Mapping[str, Any], key: str) -> list[tuple[Path_, str]]:
    """The ids of the mappings in a list."""
    return [((*path, "id"), item["id"]) for path, item in items_in(data, key) if isinstance(item.get("id"), str)]


def texts_in(data: Mapping[str, Any], key: str) -> list[str]:
    """The texts in a list."""
    listed = data.get(key)
    return [item for item in listed if isinstance(item, str)] if isinstance(listed, list) else []


def twice(ids: list[tuple[Path_, str]], what: str, right: str) -> Iterator[Problem]:
    """Every id that stands there again."""
    seen: set[str] = set()
    for path, name in ids:
        if name in seen:
            yield Problem(path, f"{what} {name!r} stands twice; {right}")
        seen.add(name)
