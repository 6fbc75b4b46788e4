"""What an owner changes of the default rules: everywhere, at one site, or at one asset. The nearest wins. Pure."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from collector.config.base import Priority, Section
from devices.assets import Id

RuleId = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2}-[A-Z0-9]{2}$")]
AssetPath = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}/[a-z0-9][a-z0-9-]{0,62}$")]


class RuleOverride(Section):
    """Only what is given changes; the rest of the rule stays."""

    enabled: bool | None = Field(default=None, description="false switches the rule off.")
    limit: float | None = Field(default=None, description="Limit that raises, in the unit of the rule; relative rules: the factor.")
    clear: float | None = Field(default=None, description="Value at which it clears (hysteresis), in the unit of limit.")
    on_delay_s: float | None = Field(
        default=None, ge=0, le=86_400, description="How long the condition must hold before the alarm is raised, s."
    )
    off_delay_s: float | None = Field(default=None, ge=0, le=86_400, description="How long it must be gone before the alarm clears, s.")
    priority: Priority | None = Field(default=None, description="Priority of the alarm.")


class Rules(Section):
    """Changes to the default rules, by rule id."""

    all: dict[RuleId, RuleOverride] = Field(default={}, description="For every site: rule id to what changes.")
    sites: dict[Id, dict[RuleId, RuleOverride]] = Field(default={}, description="For one site: site id to rule id to what changes.")
    assets: dict[AssetPath, dict[RuleId, RuleOverride]] = Field(
        default={}, description="For one asset: site/asset to rule id to what changes."
    )
