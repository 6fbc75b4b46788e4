"""What a rule is: typed, declared, no expression language. Pure values that check themselves.

A rule watches signals of one kind of asset, or what is known of a site as a whole, and says when an alarm is to be raised and when it may
clear. Its numbers are absolute, or relative to what the asset declares ("80 % of nominal_bar", "relief_bar - 0.5"). The default rules, with
the source of each number, are in default.yaml.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, create_model, field_validator, model_validator
from pydantic.fields import FieldInfo

from collector.outputs import Priority
from collector.rules.limit import Limit, LimitField, unit_of

RuleType = Literal[
    "below", "above", "outside", "state", "rising", "falling", "stuck", "changeover", "standby", "forecast", "compare", "any_of", "all_of",
    "hours_left", "silent", "offline", "dark", "clock", "out_of_range",
]  # fmt: skip
Hours = Literal["connected_now", "connected", "on_site"]
CHANGES: frozenset[RuleType] = frozenset({"rising", "falling"})
"""The types whose limits are differences: 9 °F of them are 5 °C."""


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Gate(Model):
    """The rule holds only while this is so: the asset's `signal` is above `above`, or in one of `states`. Unknown keeps it open.

    While it is closed nothing is raised, and what is open stays so (a plant in standby has not mended its purity), but in one of
    the states `over` the alarm ends: the plant is off, the unit is not in use. `where`: the gate is there only for assets that declare so.
    """

    signal: str = Field(description="A signal of the same asset.")
    above: LimitField | None = Field(default=None, description="Open while the signal is above this.")
    states: frozenset[str] = Field(default=frozenset(), description="Open while the signal is in one of these states.")
    over: frozenset[str] = Field(default=frozenset(), description="In one of these states the alarm ends.")
    where: dict[str, str] = Field(default={}, description="Only for assets that declare so, e.g. {analyser: ultrasonic}.")

    @field_validator("above")
    @classmethod
    def _in_our_unit(cls, limit: Limit | None, info: ValidationInfo) -> Limit | None:
        return limit and limit.in_unit(unit_of((info.data.get("signal", ""),)))


class Move(Model):
    """What shows that the process goes on while a value stands still: `signal` of the same asset varied by at least `by`."""

    signal: str = Field(description="A signal of the same asset.")
    by: LimitField = Field(description="By how much it must vary.")

    @field_validator("by")
    @classmethod
    def _in_our_unit(cls, limit: Limit, info: ValidationInfo) -> Limit:
        return limit.in_unit(unit_of((info.data.get("signal", ""),)), change=True)


class Escalation(Model):
    """The alarm is of this `priority` while all of these hold: it has been open for `after_s`, the `hours` left are below `below_h`, the
    gate is open."""

    priority: Priority = Field(description="high, medium or low: more than the rule's own.")
    after_s: float = Field(default=0.0, ge=0, description="It has been open for so long, s.")
    hours: Hours = Field(default="connected", description="Which of the three estimates `below_h` is about.")
    below_h: float | None = Field(default=None, gt=0, description="The hours left are below this.")
    gate: Gate | None = Field(default=None, description="A condition on the same asset.")


class Test(Model):
    """What is judged: true raises, false may clear, and between the two limits nothing changes."""

    type: RuleType = Field(description="How the condition is judged.")
    signals: tuple[str, ...] = Field(default=(), description="The signals it watches; with `pick`, the one that counts.")
    pick: Literal["lowest", "highest"] = Field(default="lowest", description="Which of several signals counts.")
    limit: LimitField | None = Field(
        default=None,
        description="Raised beyond this: a number in the signal's unit, or with one (`48 psi`), or relative to what the asset declares "
        "(`80 % of nominal_bar`, `nominal_bar + 2`; for `compare` to another signal). For `outside` the lower limit.",
    )
    clear: LimitField | None = Field(default=None, description="May clear beyond this (hysteresis); the limit itself when absent.")
    upper: LimitField | None = Field(default=None, description="For `outside`: the upper limit.")
    upper_clear: LimitField | None = Field(default=None, description="For `outside`: where it may clear below the upper limit.")
    raise_states: frozenset[str] = Field(default=frozenset(), description="For `state`: the states in which it is raised.")
    clear_states: frozenset[str] = Field(
        default=frozenset(), description="For `state`: the states in which it may clear; in all others it holds."
    )
    window_s: float | None = Field(
        default=None, gt=0, le=86_400, description="For `rising` and `falling`: the limit is a change within this time, s."
    )
    still_s: float | None = Field(
        default=None, gt=0, le=604_800, description="For `stuck`: raised when a value has not moved for so long, s."
    )
    moves: tuple[Move, ...] = Field(default=(), description="For `stuck`: what must have moved meanwhile, any of them.")
    side: Literal["above", "below"] = Field(default="above", description="For `compare` and `forecast`: the side of the limit that is bad.")
    within_h: float | None = Field(
        default=None, gt=0, description="For `forecast`: raised when the limit will be reached within so many hours."
    )
    clear_h: float | None = Field(default=None, gt=0, description="For `forecast`: may clear when it is further away than this, hours.")
    hours: Hours = Field(default="connected", description="For `hours_left`: which of the three estimates.")
    gates: tuple[Gate, ...] = Field(default=(), description="Conditions on the same asset while which it holds.")

    @field_validator("limit", "clear", "upper", "upper_clear", "worse_limit", check_fields=False)
    @classmethod
    def _in_our_unit(cls, limit: Limit | None, info: ValidationInfo) -> Limit | None:
        unit = "h" if info.data.get("type") == "hours_left" else unit_of(info.data.get("signals", ()))
        return limit and limit.in_unit(unit, change=info.data.get("type") in CHANGES)


class Part(Test):
    """One condition of `any_of` or `all_of`. `kind` is for a rule of a site: the kind of asset it is judged on, any of which counts."""

    kind: str = Field(default="", description="For a rule of a site: the kind of asset, any of which counts.")


class Rule(Test):
    """One row of the rule set, with the fields of its rationalisation (ISA-18.2 clause 9)."""

    id: str = Field(pattern=r"^[A-Z0-9]{2}-[A-Z0-9]{1,3}$", description="Id, as in the table of default rules, e.g. LP-LL.")
    kind: str = Field(description="Kind of asset it watches, `site`, or `any`.")
    parts: tuple[Part, ...] = Field(default=(), description="For `any_of` and `all_of`: the conditions.")
    needs: str = Field(default="", description="What the asset must declare as true, e.g. `duty`.")
    under: tuple[str, ...] = Field(
        default=(), description="Rules of the same asset that say the same, worse: while one is open this is suppressed."
    )
    suppressed_while: tuple[Gate, ...] = Field(
        default=(), description="Suppressed by design while one of these is so, e.g. the plant is in maintenance."
    )
    on_delay_s: float = Field(default=0.0, ge=0, le=86_400, description="The condition must hold this long before it is raised, s.")
    off_delay_s: float = Field(default=0.0, ge=0, le=86_400, description="It must be gone this long, seen in readings, to clear, s.")
    latched: bool = Field(default=False, description="When the condition is over the alarm stays until somebody resets it.")
    auto_ack: bool = Field(default=False, description="When the condition is over nobody has to acknowledge.")
    realarm_s: float | None = Field(
        default=None, ge=0, le=86_400,
        description="An acknowledged alarm whose condition goes on is announced again after this, s; 0: never; absent: 1800 for high.",
    )  # fmt: skip
    shelvable: bool = Field(default=True, description="false: nobody may shelve it.")
    worse_limit: LimitField | None = Field(
        default=None, description="A shelf ends when the value is beyond this; absent: the limits of the rules in `under`."
    )
    escalates: tuple[Escalation, ...] = Field(default=(), description="When it is of a higher priority than `priority`.")
    priority: Priority = Field(description="high, medium, low or info.")
    category: str = Field(default="", description="ISO 7396-1 category: EO, EC, OP or IN.")
    message: str = Field(description="What it means, in a few words.")
    response: str = Field(default="", description="What to do, in one line.")
    cause: str = Field(default="", description="Usual causes.")
    consequence: str = Field(default="", description="What follows if nobody acts.")
    confirm: str = Field(default="", description="How a person on site sees that it is true.")
    respond_min: float | None = Field(default=None, gt=0, description="Time to respond, minutes.")
    source: str = Field(default="", description="Where the numbers come from.")
    owner: str = Field(default="", description="Who keeps the rule.")
    revision: int = Field(default=1, ge=1, description="Counted up with every change of the rule.")
    date: str = Field(default="", description="Day of the revision, YYYY-MM-DD.")
    enabled: bool = Field(default=True, description="false switches the rule off.")

    @model_validator(mode="after")
    def _complete(self) -> Rule:
        for test in (self, *self.parts):
            missing = [field for field in REQUIRED[test.type] if not getattr(test, field, None)]
            if missing:
                raise ValueError(f"rule {self.id} of type {test.type} needs {' and '.join(missing)}")
        return self


REQUIRED: dict[RuleType, tuple[str, ...]] = {
    "below": ("signals", "limit"),
    "above": ("signals", "limit"),
    "outside": ("signals", "limit", "upper"),
    "state": ("signals", "raise_states", "clear_states"),
    "rising": ("signals", "limit", "window_s"),
    "falling": ("signals", "limit", "window_s"),
    "stuck": ("still_s",),
    "changeover": ("signals", "limit"),
    "standby": ("signals", "limit"),
    "forecast": ("signals", "limit", "within_h"),
    "compare": ("signals", "limit"),
    "any_of": ("parts",),
    "all_of": ("parts",),
    "hours_left": ("limit",),
    "silent": (),
    "offline": (),
    "dark": (),
    "clock": (),
    "out_of_range": (),
}
"""What a rule of each type must say."""

FIXED = frozenset({"id", "kind"})
"""What an override can't change."""


class _Override(Model):
    """What an operator changes of a rule, for all sites, one site or one asset. What is absent stays as it was."""

    @property
    def changes(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.model_fields_set}

    def applied_to(self, rule: Rule) -> Rule:
        """Raises pydantic's ValidationError where the changed rule makes no sense."""
        return Rule.model_validate({**{name: getattr(rule, name) for name in rule.model_fields_set}, **self.changes})


def _absent(field: FieldInfo) -> Any:
    """The same field, but it may be left out."""
    return (Annotated[field.rebuild_annotation(), Field(description=field.description)], None)


if TYPE_CHECKING:

    class RuleOverride(_Override):
        """Every field of `Rule` but FIXED, each of which may be absent."""
else:
    RuleOverride = create_model(
        "RuleOverride",
        __base__=_Override,
        __doc__=_Override.__doc__,
        **{name: _absent(field) for name, field in Rule.model_fields.items() if name not in FIXED},
    )

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
        return tuple(rule for rule in self.changed(site, asset, kind) if rule.enabled)

    def changed(self, site: str, asset: str, kind: str) -> tuple[Rule, ...]:
        """The same, with those that are switched off among them."""
        layers = [layer for layer in (self.everywhere, self.sites.get(site), self.assets.get(f"{site}/{asset}")) if layer]
        found = []
        for rule in self.rules:
            if rule.kind == kind:
                for layer in layers:
                    if rule.id in layer:
                        rule = layer[rule.id].applied_to(rule)
                found.append(rule)
        return tuple(found)
