"""One set of changes to the rules over another: what the upper one doesn't name stays as the lower one says. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from collector.config.rules import Rules
from collector.rules.model import RuleOverride


def laid_over(lower: Rules, upper: Rules) -> Rules:
    """Both, field by field of each rule that both change."""
    return lower.model_copy(update={name: _over(getattr(lower, name), getattr(upper, name)) for name in upper.model_fields_set})


def _over(lower: Any, upper: Any) -> Any:
    if isinstance(upper, RuleOverride) and isinstance(lower, RuleOverride):
        return RuleOverride.model_validate({**lower.changes, **upper.changes})
    if isinstance(upper, Mapping) and isinstance(lower, Mapping):
        return {**lower, **{key: _over(lower.get(key), value) for key, value in upper.items()}}
    return upper
