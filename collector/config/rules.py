"""What an owner changes of the default rules: everywhere, at one site, or at one asset. The nearest wins. Pure."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from collector.config.base import Section
from collector.rules.model import RuleOverride
from devices.assets import Id

RuleId = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2}-[A-Z0-9]{1,3}$")]
AssetPath = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}/[a-z0-9][a-z0-9-]{0,62}$")]


class Rules(Section):
    """Changes to the default rules, by rule id. Only what is given changes; the rest of the rule stays."""

    everywhere: dict[RuleId, RuleOverride] = Field(default={}, description="For every site: rule id to what changes.")
    sites: dict[Id, dict[RuleId, RuleOverride]] = Field(default={}, description="For one site: site id to rule id to what changes.")
    assets: dict[AssetPath, dict[RuleId, RuleOverride]] = Field(
        default={}, description="For one asset: site/asset to rule id to what changes."
    )
