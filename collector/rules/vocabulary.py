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
from devices.assets import Asset
from devices.kinds.catalogue import KINDS
from devices.signal import Signal

ANY, SITE, COLLECTOR = "any", "site", "collector"
NO_ASSET = frozenset({ANY, SITE, COLLECTOR})
"""Kinds of rule that are no kind of asset."""

MANY = 2_000
"""Among more names than this no close match is looked for: it would take seconds for each error."""

_BANKS = frozenset({"fill_bar", "reserve_fill_bar"})
"""What a manifold's banks declare together, see `collector.rules.compile.declared`."""

_ASSETS: dict[str, type[BaseModel]] = {get_args(model.model_fields["kind"].annotation)[0]: model for model in get_args(get_args(Asset)[0])}


def kinds() -> tuple[str, ...]:
    """Every kind that a rule may be of."""
    return (*KINDS, SITE, ANY, COLLECTOR)


@cache
def signals(kind: str) -> Mapping[str, Signal] | None:
    """The signals of a kind by name; of `any`, those that some kind has. None: not checked."""
    if kind == ANY:
        return {name: signal for each in KINDS.values() for name, signal in each.signals.items()}
    if kind == COLLECTOR:
        hints = typing.get_type_hints(Health).items()
        return {name: Signal(name, "boolean" if hint is bool else "counter") for name, hint in hints}
    return KINDS[kind].signals if kind in KINDS else None


def states(kind: str, signal: str) -> frozenset[str]:
    """The states that a signal can have, as rules name them; of `any`, those of all kinds that have the signal. Empty: it has none."""
    of_kinds = KINDS if kind == ANY else (kind,)
    found = [known[signal] for each in of_kinds if signal in (known := signals(each) or {})]
    return frozenset().union(*(frozenset({"true", "false"}) if each.type == "boolean" else each.states for each in found))


@cache
def numbers(kind: str) -> frozenset[str]:
    """The numbers that an asset of the kind may declare; of `any`, those that every asset declares."""
    if kind == ANY:
        return frozenset.intersection(*map(numbers, _ASSETS))
    own = _fields(kind, lambda hints: bool(hints & {int, float}))
    return own | _BANKS if kind == "manifold" else own


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
