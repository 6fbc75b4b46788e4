"""What a rule is: typed, declared, no expression language. Pure values that check themselves.

A rule watches signals of one kind of asset (or the hours left of a site) and says when an alarm is to be raised and when it may clear. Its
numbers are absolute, or relative to what the asset declares ("80 % of nominal_bar", "relief_bar - 0.5"). Numbers and their sources: domain
table of default rules in default.yaml.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from collector.outputs import Priority

RuleType = Literal["below", "above", "outside", "state", "silent", "offline", "hours_left", "clock"]

_RELATIVE = re.compile(
    r"^\s*(?:(?P<percent>\d+(?:\.\d+)?)\s*%\s*of\s+)?(?P<name>[a-z][a-z0-9_]*)(?:\s*(?P<sign>[+-])\s*(?P<offset>\d+(?:\.\d+)?))?\s*$"
)


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Limit(Model):
    """`factor` × what the asset declares as `of`, + `offset`; with `of` empty, just `offset`. In the unit of the rule's signal."""

    factor: float = 1.0
    of: str = ""
    offset: float = 0.0

    def value(self, declared: dict[str, float]) -> float | None:
        """The number for an asset that declares these; None where the asset doesn't declare what the limit refers to."""
        if not self.of:
            return self.offset
        base = declared.get(self.of)
        return None if base is None else round(self.factor * base + self.offset, 9)

    def __str__(self) -> str:
        if not self.of:
            return f"{self.offset:g}"
        share = self.of if self.factor == 1.0 else f"{self.factor * 100:g} % of {self.of}"
        return share if not self.offset else f"{share} {'+' if self.offset > 0 else '-'} {abs(self.offset):g}"


def parse_limit(text: Any) -> Any:
    """A number, or "80 % of nominal_bar", or "nominal_bar + 2". Raises ValueError with what would be right."""
    if isinstance(text, bool) or not isinstance(text, (int, float, str)):
        return text
    if isinstance(text, (int, float)):
        return {"offset": float(text)}
    match = _RELATIVE.match(text)
    if match is None:
        raise ValueError(f"{text!r} is no limit; write a number, '80 % of nominal_bar' or 'nominal_bar + 2'")
    offset = float(match["offset"] or 0.0)
    return {"factor": float(match["percent"] or 100.0) / 100.0, "of": match["name"], "offset": -offset if match["sign"] == "-" else offset}


LimitField = Annotated[Limit, BeforeValidator(parse_limit, json_schema_input_type=float | str)]


class Gate(Model):
    """The rule holds only while this is so: the asset's `signal` is above `above`, or in one of `states`. Unknown keeps it open.

    While it is closed nothing is raised, and what is open stays so (a plant in standby has not mended its purity), but in one of
    the states `over` the alarm ends: the plant is off, the unit is not in use.
    """

    signal: str
    above: LimitField | None = None
    states: frozenset[str] = frozenset()
    over: frozenset[str] = frozenset()


class Rule(Model):
    """One row of the rule set, with the fields of its rationalisation (ISA-18.2 clause 9)."""

    id: str = Field(pattern=r"^[A-Z0-9]{2}-[A-Z0-9]{1,3}$", description="Id, as in the table of default rules, e.g. LP-LL.")
    kind: str = Field(description="Kind of asset it watches, or `site`.")
    type: RuleType = Field(description="How the condition is judged.")
    signals: tuple[str, ...] = Field(default=(), description="The signals it watches; with `pick`, the one that counts.")
    pick: Literal["lowest", "highest"] = Field(default="lowest", description="Which of several signals counts.")
    limit: LimitField | None = Field(default=None, description="Raised beyond this; for `outside` the lower limit.")
    clear: LimitField | None = Field(default=None, description="May clear beyond this (hysteresis); the limit itself when absent.")
    upper: LimitField | None = Field(default=None, description="For `outside`: the upper limit.")
    upper_clear: LimitField | None = Field(default=None, description="For `outside`: where it may clear below the upper limit.")
    raise_states: frozenset[str] = Field(default=frozenset(), description="For `state`: the states in which it is raised.")
    clear_states: frozenset[str] = Field(
        default=frozenset(), description="For `state`: the states in which it may clear; in all others it holds."
    )
    hours: Literal["connected_now", "connected", "on_site"] = Field(
        default="connected", description="For `hours_left`: which of the three estimates."
    )
    gates: tuple[Gate, ...] = Field(default=(), description="Conditions on the same asset while which the rule holds.")
    needs: str = Field(default="", description="What the asset must declare as true, e.g. `duty`.")
    under: tuple[str, ...] = Field(
        default=(), description="Rules of the same asset that say the same, worse: while one is open this is not raised."
    )
    on_delay_s: float = Field(default=0.0, ge=0, le=86_400, description="The condition must hold this long before it is raised.")
    off_delay_s: float = Field(default=0.0, ge=0, le=86_400, description="It must be gone this long, seen in readings, before it clears.")
    priority: Priority = Field(description="high, medium, low or info.")
    category: str = Field(default="", description="ISO 7396-1 category: EO, EC, OP or IN.")
    message: str = Field(description="What it means, in a few words.")
    response: str = Field(default="", description="What to do, in one line.")
    cause: str = Field(default="", description="Usual causes.")
    consequence: str = Field(default="", description="What follows if nobody acts.")
    respond_min: float | None = Field(default=None, gt=0, description="Time to respond, minutes.")
    source: str = Field(default="", description="Where the numbers come from.")
    enabled: bool = True

    @model_validator(mode="after")
    def _complete(self) -> Rule:
        missing = [field for field in _REQUIRED[self.type] if not getattr(self, field)]
        if missing:
            raise ValueError(f"rule {self.id} of type {self.type} needs {' and '.join(missing)}")
        return self


_REQUIRED: dict[RuleType, tuple[str, ...]] = {
    "below": ("signals", "limit"),
    "above": ("signals", "limit"),
    "outside": ("signals", "limit", "upper"),
    "state": ("signals", "raise_states", "clear_states"),
    "silent": (),
    "offline": (),
    "hours_left": ("limit",),
    "clock": (),
}


class RuleOverride(Model):
    """What an operator changes of a rule, for all sites, one site or one asset. What is absent stays as it was."""

    enabled: bool | None = Field(default=None, description="false switches the rule off.")
    limit: LimitField | None = Field(default=None, description="Raised beyond this: a number, or e.g. 80 % of nominal_bar.")
    clear: LimitField | None = Field(default=None, description="May clear beyond this (hysteresis).")
    upper: LimitField | None = Field(default=None, description="The upper limit of a rule that has two.")
    upper_clear: LimitField | None = Field(default=None, description="Where it may clear below the upper limit.")
    on_delay_s: float | None = Field(default=None, ge=0, le=86_400, description="The condition must hold this long before it is raised, s.")
    off_delay_s: float | None = Field(default=None, ge=0, le=86_400, description="It must be gone this long before it clears, s.")
    priority: Priority | None = Field(default=None, description="Priority of the alarm.")

    def applied_to(self, rule: Rule) -> Rule:
        changes = {name: value for name in RuleOverride.model_fields if (value := getattr(self, name)) is not None}
        return rule.model_copy(update=changes)


Overrides = dict[str, RuleOverride]
"""Rule id → what changes."""


class RuleSet(Model):
    """The rules in force, most general first: `rules`, then what `everywhere`, `sites` and `assets` ("site/asset") override."""

    rules: tuple[Rule, ...]
    everywhere: Overrides = {}
    sites: dict[str, Overrides] = {}
    assets: dict[str, Overrides] = {}

    @model_validator(mode="after")
    def _known(self) -> RuleSet:
        ids = {rule.id for rule in self.rules}
        for where, overrides in (("everywhere", self.everywhere), *self.sites.items(), *self.assets.items()):
            for rule_id in overrides:
                if rule_id not in ids:
                    raise ValueError(f"{where}: there is no rule {rule_id!r}; the rules are {', '.join(sorted(ids))}")
        return self

    def of(self, site: str, asset: str, kind: str) -> tuple[Rule, ...]:
        """The enabled rules of a kind as they hold for one asset (`asset` empty for the site itself)."""
        layers = [layer for layer in (self.everywhere, self.sites.get(site), self.assets.get(f"{site}/{asset}")) if layer]
        found = []
        for rule in self.rules:
            if rule.kind != kind:
                continue
            for layer in layers:
                if rule.id in layer:
                    rule = layer[rule.id].applied_to(rule)
            if rule.enabled:
                found.append(rule)
        return tuple(found)
