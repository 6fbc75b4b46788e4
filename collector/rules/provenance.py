"""Where the fields of a rule in force come from, for people to read. Pure values; `collector.config.rulebook.Provenance` makes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from collector.rules.layers import Scope
from collector.rules.model import Rule


class Origin(NamedTuple):
    """A place in a file. `scope` says what set it: the rule itself, or an override for everywhere, a site or an asset."""

    file: str
    line: int
    scope: Scope

    def __str__(self) -> str:
        """`default.yaml:12`, or `oxygrid.yaml:40 (site)` for an override."""
        override = "" if self.scope == "rule" else f" ({self.scope})"
        return f"{self.file}:{self.line}{override}"


class Sourced(NamedTuple):
    """A rule as it holds for an asset: where the whole rule stands, and where each field that somebody set was set last.

    A field that is not in `fields` has the value that every rule has.
    """

    rule: Rule
    at: Origin
    fields: Mapping[str, Origin]

    def said(self) -> list[tuple[str, Any, Origin]]:
        """Field, value and origin of everything that was set, in the order of the fields of a rule."""
        return [(name, getattr(self.rule, name), self.fields[name]) for name in type(self.rule).model_fields if name in self.fields]
