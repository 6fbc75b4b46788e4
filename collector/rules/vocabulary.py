"""What a rule may name, for each kind: signals and their states, numbers and flags that assets declare. Pure."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from collector.selfwatch import Health
from collector.stock.numbers import NUMBERS
from devices.assets import Asset
from devices.kinds.catalogue import KINDS
from devices.kinds.kind import number, state
from devices.signal import Signal

ANY, SITE, COLLECTOR = "any", "site", "collector"
NO_ASSET = frozenset({ANY, SITE, COLLECTOR})
"""Kinds of rule that are no kind of asset."""

MANY = 2_000
"""Among more names than this no close match is looked for: it would take seconds for each error."""

COMPUTED: Mapping[str, Mapping[str, str]] = {
    "manifold": {"fill_bar": "banks", "reserve_fill_bar": "banks"},
    "psa_plant": {"dewpoint_limit_c": "dryer"},
}
"""Numbers that follow from something else that an asset declares, by kind: the number, and what it follows from."""

_FEEDING = state("feeding", "The kind of source that feeds the line.", "psa", "manifold", "lox", "mixed")
_SITE_TEXTS = {
    "demand_lpm": "What the site uses.",
    "demand_now_lpm": "What the site uses now.",
    "usual_lpm": "What it used at this hour of other days.",
    "expected_lpm": "What its beds explain.",
    "idle_plant_lpm": "What is taken from stock while a healthy plant stands idle.",
    "unaccounted_lpm": "What the stock loses and no meter shows.",
}
_SITE_SIGNALS = {name: number(name, _SITE_TEXTS.get(name, ""), (-1_000, 100_000)) for name in sorted(NUMBERS | _SITE_TEXTS.keys())}
"""The numbers of the estimate of a site's stock."""

_DERIVED: Mapping[str, Mapping[str, Signal]] = {
    "psa_plant": {"feeding": _FEEDING},
    "pipeline": {"feeding": _FEEDING},
    SITE: _SITE_SIGNALS,
    COLLECTOR: {name: Signal(name, "boolean" if hint is bool else "counter") for name, hint in typing.get_type_hints(Health).items()},
}
"""What nobody sends and rules may name all the same: it is derived from what is sent."""

_ASSETS: dict[str, type[BaseModel]] = {get_args(model.model_fields["kind"].annotation)[0]: model for model in get_args(get_args(Asset)[0])}


def kinds() -> tuple[str, ...]:
    """Every kind that a rule may be of."""
    return (*KINDS, SITE, ANY, COLLECTOR)


@cache
def signals(kind: str) -> Mapping[str, Signal]:
    """The signals of a kind by name, those that are derived among them; of `any`, those that some kind has."""
    if kind == ANY:
        return {name: signal for each in KINDS.values() for name, signal in each.signals.items()}
    return {**(KINDS[kind].signals if kind in KINDS else {}), **_DERIVED.get(kind, {})}


def states(kind: str, signal: str) -> frozenset[str]:
    """The states that a signal can have, as rules name them; of `any`, those of all kinds that have the signal. Empty: it has none."""
    of_kinds = KINDS if kind == ANY else (kind,)
    found = [known[signal] for each in of_kinds if signal in (known := signals(each))]
    return frozenset().union(*(frozenset({"true", "false"}) if each.type == "boolean" else each.states for each in found))


@cache
def numbers(kind: str) -> frozenset[str]:
    """The numbers that an asset of the kind may declare; of `any`, those that every asset declares."""
    if kind == ANY:
        return frozenset.intersection(*map(numbers, _ASSETS))
    return _fields(kind, lambda hints: bool(hints & {int, float})) | frozenset(COMPUTED.get(kind, ()))


@cache
def flags(kind: str) -> frozenset[str]:
    """What an asset of the kind declares as true or false."""
    return _fields(kind, lambda hints: bool in hints)


@cache
def choices(kind: str) -> Mapping[str, frozenset[str]]:
    """What an asset of the kind chooses from a list: name to the words. Of `any`, of all kinds."""
    models = _ASSETS.values() if kind == ANY else [_ASSETS[kind]] if kind in _ASSETS else []
    found: dict[str, frozenset[str]] = {}
    for model in models:
        for name, field in model.model_fields.items():
            if get_origin(field.annotation) is Literal:
                found[name] = found.get(name, frozenset()) | frozenset(get_args(field.annotation))
    return found


def unknown(what: str, name: object, known: Collection[str]) -> str:
    """The sentence for a name that nothing has: with the nearest that there is, or with all."""
    close = get_close_matches(str(name), known, n=1) if len(known) <= MANY else []
    if close:
        return f"unknown {what} {name!r}; did you mean {close[0]!r}?"
    listed = ", ".join(sorted(known)[:12]) or "none"
    return f"unknown {what} {name!r}; known: {listed}{', …' if len(known) > 12 else ''}"


def _fields(kind: str, wanted: Callable[[set[Any]], bool]) -> frozenset[str]:
    model = _ASSETS.get(kind)
    return frozenset() if model is None else frozenset(n for n, f in model.model_fields.items() if wanted(_plain(f.annotation)))


def _plain(annotation: Any) -> set[Any]:
    """The types that a field can have, None left out."""
    if get_origin(annotation) in (typing.Union, types.UnionType):
        return {each for each in get_args(annotation) if each is not type(None)}
    return {annotation}
