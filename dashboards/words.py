"""The words of the dashboards in each language, from `catalogue.yaml`: one row per key, one column per language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources

from collector.config.yaml_text import parse

LANGUAGES = ("en", "hi", "fr", "ar")
_KEY = re.compile(r"(?<!\$)\{([a-z0-9_.]+)\}")


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Key → language → words."""
    rows = parse((resources.files("dashboards") / "catalogue.yaml").read_text("utf-8"))
    if not isinstance(rows, dict):
        raise TypeError("the catalogue is no mapping")
    return rows


class Words:
    """The words of one language. `used` collects the keys that were asked for."""

    def __init__(self, language: str, rows: Mapping[str, Mapping[str, str]] | None = None) -> None:
        self.language = language
        self.used: set[str] = set()
        self._rows = catalogue() if rows is None else rows

    def __call__(self, key: str) -> str:
        """Raises KeyError, with the key and the language, where there is no such word."""
        self.used.add(key)
        try:
            return self._rows[key][self.language]
        except KeyError:
            raise KeyError(f"the catalogue has no {key!r} in {self.language!r}") from None

    def fill(self, text: str) -> str:
        """The text with its `{keys}` replaced by their words."""
        return _KEY.sub(lambda found: self(found[1]), text)
