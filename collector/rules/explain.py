"""Every rule that an asset, or a site, could have: whether it is in force there, its numbers, and where each of them comes from. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from collector.rules import words
from collector.rules.compile import Programs, declared
from collector.rules.condition import Condition
from collector.rules.limit import Limit
from collector.rules.model import Gate, Rule, Test
from collector.rules.provenance import Sourced
from devices.assets import Asset, Site

NUMBERS = ("limit", "clear", "upper", "upper_clear", "worse_limit")
TOLD = frozenset(
    {
        "id",
        "kind",
        "message",
        "response",
        "cause",
        "consequence",
        "confirm",
        "source",
        "owner",
        "revision",
        "date",
        "category",
        "respond_min",
    }
)
"""Fields that are told and decide nothing: where they come from is not listed."""


class Number(msgspec.Struct, frozen=True):
    """A limit as it is said, the number that it is for this asset, and where it was said. `value` null: it is reckoned from the latest
    values, or refers to what the asset does not declare."""

    name: str
    said: str
    value: float | None
    unit: str
    at: str


class Setting(msgspec.Struct, frozen=True):
    """A field that somebody set, in words, and where: `default.yaml:12`, or `oxygrid.yaml:40 (site)` for an override."""

    name: str
    value: str
    at: str


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """One rule. `asset` is empty for one of the site. `why_not` says why it is not in force, empty where it is. `only_while` are its gates,
    `hidden_while` what suppresses it."""

    asset: str
    rule: str
    kind: str
    in_force: bool
    why_not: str
    message: str
    raised_when: str
    clears_when: str
    on_delay: str
    off_delay: str
    numbers: list[Number]
    priority: str
    escalates: list[str]
    only_while: list[str]
    hidden_while: list[str]
    latched: bool
    shelving: str
    source: str
    at: str
    settings: list[Setting]


Sources = Callable[[str, str, str], tuple[Sourced, ...]]
"""(site, asset, kind) → the rules of a kind, with where they come from."""


def explain_site(site: Site, sources: Sources, programs: Programs) -> list[Explained]:
    """The rules about the site as a whole, then those of each asset."""
    in_force = {condition.rule.id: condition for condition in programs.of_site(site)}
    found = [_explained("", each, in_force.get(each.rule.id), None, site) for each in sources(site.id, "", "site")]
    return found + [one for asset in site.assets for one in explain_asset(site, asset, sources, programs)]


def explain_asset(site: Site, asset: Asset, sources: Sources, programs: Programs) -> list[Explained]:
    """The rules of its kind, and those of every kind."""
    in_force = programs.of_asset(site, asset).by_id
    listed = (*sources(site.id, asset.id, asset.kind), *sources(site.id, asset.id, "any"))
    return [_explained(asset.id, each, in_force.get(each.rule.id), asset, site) for each in listed]


def _explained(name: str, sourced: Sourced, condition: Condition | None, asset: Asset | None, site: Site) -> Explained:
    rule, known = sourced.rule, declared(asset)
    why_not = "" if condition is not None and rule.enabled else _why_not(sourced, asset, site)
    hidden = [words.under(rule)] if rule.under else []
    return Explained(
        asset=name,
        rule=rule.id,
        kind=rule.kind,
        in_force=not why_not,
        why_not=why_not,
        message=rule.message,
        raised_when=words.raised_when(rule),
        clears_when=words.clears_when(rule),
        on_delay=words.delay(rule.on_delay_s),
        off_delay=words.delay(rule.off_delay_s),
        numbers=[number for test in (rule, *rule.parts) for number in _numbers(test, known, condition, sourced)],
        priority=f"{rule.priority} ({rule.category})" if rule.category else rule.priority,
        escalates=[words.escalation(step) for step in rule.escalates],
        only_while=[words.gate(_here(gate)) for test in (rule, *rule.parts) for gate in test.gates if _applies(gate, asset)],
        hidden_while=hidden + [words.gate(_here(gate), unknown_is_open=False) for gate in rule.suppressed_while if _applies(gate, asset)],
        latched=rule.latched,
        shelving=words.shelving(rule),
        source=rule.source,
        at=str(sourced.at),
        settings=[Setting(field, _shown(value), str(origin)) for field, value, origin in sourced.said() if field not in TOLD],
    )


def _why_not(sourced: Sourced, asset: Asset | None, site: Site) -> str:
    """Why a rule is not in force, with where that was said."""
    rule = sourced.rule
    if not rule.enabled:
        return f"switched off in {sourced.fields.get('enabled', sourced.at)}"
    if rule.needs and not getattr(asset, rule.needs, False):
        return f"the asset does not declare {rule.needs}"
    known = declared(asset)
    missing = sorted({limit.of for limit in _limits(rule) if limit.of and limit.of not in known}) if asset is not None else []
    if missing:
        return f"the asset does not declare {' and '.join(missing)}"
    kinds = sorted({part.kind for part in rule.parts if part.kind} - {each.kind for each in site.assets})
    return f"the site has no {' and no '.join(kinds)}" if kinds else "it is about something that the asset does not have"


def _limits(rule: Rule) -> Iterator[Limit]:
    for test in (rule, *rule.parts):
        if test.type != "compare":
            yield from (limit for name in NUMBERS if isinstance(limit := getattr(test, name, None), Limit))


def _applies(gate: Gate, asset: Asset | None) -> bool:
    """Some gates are there only for assets that declare something."""
    return all(str(getattr(asset, name, None)) == value for name, value in gate.where.items())


def _here(gate: Gate) -> Gate:
    return gate.model_copy(update={"where": {}})


def _numbers(test: Test, known: dict[str, float], condition: Condition | None, sourced: Sourced) -> Iterator[Number]:
    unit = condition.unit if condition is not None else ""
    for name in NUMBERS:
        limit = getattr(test, name, None)
        if isinstance(limit, Limit):
            value = None if test.type == "compare" and limit.of else limit.value(known)
            at = sourced.fields.get(name if test is sourced.rule else "parts", sourced.at)
            yield Number(name, limit.said or str(limit), value, unit, str(at))


def _shown(value: Any) -> str:
    if isinstance(value, Limit):
        return value.said or str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, frozenset):
        return ", ".join(sorted(map(str, value)))
    if isinstance(value, tuple):
        return f"{len(value)} of them" if value and not isinstance(value[0], str) else ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def lines(explained: list[Explained], site: str) -> Iterator[str]:
    """For people: what is in force with its numbers and where each comes from, then what is not, and why."""
    for one in (each for each in explained if each.in_force):
        yield from _rule_lines(one, site)
    idle = [each for each in explained if not each.in_force]
    if idle:
        yield "not in force"
        width = max(len(_name(site, each)) for each in idle)
        yield from (f"  {_name(site, each):<{width}}  {each.why_not}" for each in idle)


def _name(site: str, one: Explained) -> str:
    return f"{site}/{one.asset}/{one.rule}" if one.asset else f"{site}/{one.rule}"


def _rule_lines(one: Explained, site: str) -> Iterator[str]:
    yield f"{_name(site, one)}  {one.priority}  {one.message}"
    yield f"  raised when  {one.raised_when}, {one.on_delay}"
    yield f"  clears when  {one.clears_when}, {one.off_delay}" + ("; then it stays until somebody resets it" if one.latched else "")
    yield from (f"  {number.name:<11}  {_number(number)}" for number in one.numbers)
    yield from (f"  only while   {gate}" for gate in one.only_while)
    yield from (f"  hidden while {what}" for what in one.hidden_while)
    yield from (f"  more urgent  {step}" for step in one.escalates)
    yield f"  shelving     {one.shelving}"
    if one.source:
        yield f"  source       {one.source}"
    changed = [setting for setting in one.settings if setting.at.endswith(")")]
    yield f"  from         {one.at}" + "".join(f"; {s.name} {s.value} from {s.at}" for s in changed)
    yield ""


def _number(number: Number) -> str:
    if number.value is None:
        return f"{number.said}, reckoned from the latest values; {number.at}"
    value = f"{number.value:.6g}"
    return f"{value} {number.unit}".rstrip() + (f" ({number.said})" if number.said != value else "") + f"; {number.at}"
