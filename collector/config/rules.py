"""What an owner says of rules: changes to the default rules, rules of their own, and files that hold both. Pure.

The nearest wins: an asset's override goes over its site's, that over the one for everywhere, that over the rule itself; of two files the
later wins, and the configuration wins over both.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PrivateAttr, StringConstraints, ValidationInfo, WithJsonSchema, model_validator

from collector.config.base import Section
from collector.rules.layers import Layer
from collector.rules.model import Rule, RuleOverride
from devices.assets import Id

RuleId = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2}-[A-Z0-9]{1,3}$")]
AssetPath = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}/[a-z0-9][a-z0-9-]{0,62}$")]


class Changes(Section):
    """Changes to rules, by rule id. Only what is given changes; the rest of the rule stays."""

    everywhere: dict[RuleId, RuleOverride] = Field(default={}, description="For every site: rule id to what changes.")
    sites: dict[Id, dict[RuleId, RuleOverride]] = Field(default={}, description="For one site: site id to rule id to what changes.")
    assets: dict[AssetPath, dict[RuleId, RuleOverride]] = Field(
        default={}, description="For one asset: site/asset to rule id to what changes."
    )


class RuleFile(Changes):
    """A file of rules: whole rules, and changes to rules. A rule of the same id and kind as an earlier one replaces it."""

    rules: tuple[Rule, ...] = Field(default=(), description="Whole rules.")


def _was_read(file: Any) -> Any:
    if isinstance(file, str):
        raise ValueError(f"the rule file {file} was not read: the loader of a configuration reads rule files")
    return file


ReadFile = Annotated[RuleFile, BeforeValidator(_was_read), WithJsonSchema({"type": "string", "description": "Path of a rule file."})]
"""In the file the path of a rule file; the loader puts what it holds in its place."""


class Rules(Changes):
    """Rules of the owner's own, and changes to those that there are."""

    files: tuple[ReadFile, ...] = Field(
        default=(), description="Rule files, relative to this file; each holds rules, everywhere, sites, assets. Of two the later wins."
    )
    add: tuple[Rule, ...] = Field(default=(), description="Whole rules; one of the same id and kind as an earlier one replaces it.")

    _paths: tuple[Path, ...] = PrivateAttr(default=())

    @model_validator(mode="after")
    def _from(self, info: ValidationInfo) -> Rules:
        self._paths = tuple((info.context or {}).get("rule_files", ()))
        return self

    @property
    def paths(self) -> tuple[Path, ...]:
        """Where `files` were read."""
        return self._paths

    @property
    def layers(self) -> tuple[Layer, ...]:
        """What the files and the configuration itself say, in the order in which they are applied. Paths are from the top of the data."""
        at = ("rules", "files")
        files = (_layer(file, file.rules, (*at, n, "rules"), (*at, n)) for n, file in enumerate(self.files))
        return (*files, _layer(self, self.add, ("rules", "add"), ("rules",)))


def _layer(changes: Changes, rules: tuple[Rule, ...], rules_at: tuple[str | int, ...], at: tuple[str | int, ...]) -> Layer:
    return Layer(rules, changes.everywhere, changes.sites, changes.assets, rules_at, at)
