"""Validation errors → sentences: what was found, and what would be right. Pure."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from collector.config.yaml_text import Path_

INLINE_SECRETS = {"password": "password_file", "token": "token_file", "secret": "a …_file key", "api_key": "a …_file key"}
"""Keys under which people write the secret itself → the key that is right."""

_NOTHING = object()
_SECRET_WORDS = ("password", "token", "secret", "key", "headers", "url", "credential")
_PATTERNS = {
    r"^[a-z0-9][a-z0-9-]{0,62}$": "lower-case letters, digits and '-', at most 63, e.g. kasganj-dh",
    r"^https?://[^\s/]+": "an address like http://127.0.0.1:8086",
    r"^mqtts?://[^\s/]+/?$": "mqtt://host:1883, or mqtts://host:8883 for TLS",
    r"^(nats|tls)://[^\s/]+/?$": "nats://host:4222, or tls://host:4222",
    r"^[A-Z0-9]{2}-[A-Z0-9]{1,3}$": "the id of a rule, e.g. LP-LL",
    r"^[a-z0-9][a-z0-9-]{0,62}/[a-z0-9][a-z0-9-]{0,62}$": "site/asset, e.g. kasganj-dh/psa1",
    r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$": "a time like '08:00', or '24:00' for the end of the day",
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$": "a day like '2026-01-26'",
    r"^[^@\s]+@[^@\s]+$": "a mail address, e.g. ward@example.org",
    r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$": "words with / between, e.g. oxygrid/v1",
}


class Problem(NamedTuple):
    """One thing to mend: where in the data, and the sentence."""

    path: Path_
    text: str


def explain(errors: Iterable[ErrorDetails], data: object, model: type[BaseModel]) -> list[Problem]:
    """One problem per place; several errors at one place (the branches of a union) become `… or …`."""
    placed = [(_real_path(error, data), error) for error in errors]
    above = {path[:length] for path, _ in placed for length in range(len(path))}
    found: dict[Path_, list[str]] = {}
    for path, error in placed:
        sentence = _sentence(error, path, model)
        other_branch = error["type"] in ("string_type", "dict_type") and path in above
        if not other_branch and sentence not in found.setdefault(path, []):
            found[path].append(sentence)
    return [Problem(path, _joined(sentences)) for path, sentences in found.items()]


def _joined(sentences: list[str]) -> str:
    """`found 3; should be text` + `found 3; should be a mapping` → `found 3; should be text or a mapping`."""
    head = sentences[0].partition("; should be ")[0]
    tails = [sentence.partition("; should be ") for sentence in sentences]
    if len(sentences) > 1 and all(tail[0] == head and tail[2] for tail in tails):
        return f"{head}; should be {' or '.join(tail[2] for tail in tails)}"
    return "; ".join(sentences)


def _real_path(error: ErrorDetails, data: object) -> Path_:
    """The location without what validation adds to it (names of union branches, `[key]`)."""
    loc = error["loc"]
    path: list[str | int] = []
    for place, part in enumerate(loc):
        is_last = place == len(loc) - 1
        if (inside := _inside(data, part)) is not _NOTHING:
            data = inside
            path.append(part)
        elif is_last and error["type"] == "missing":
            path.append(part)
    return tuple(path)


def _inside(data: object, part: str | int) -> object:
    if isinstance(data, Mapping):
        return data.get(part, _NOTHING)
    if isinstance(data, list) and isinstance(part, int) and part < len(data):
        return data[part]
    return _NOTHING


def _sentence(error: ErrorDetails, path: Path_, model: type[BaseModel]) -> str:
    kind, ctx, value = error["type"], error.get("ctx", {}), error["input"]
    if kind == "extra_forbidden":
        return unknown_key(str(path[-1]), _keys_at(model, error["loc"][:-1]))
    if kind == "missing":
        return _missing(error["loc"], model)
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        return _wrong_kind(kind, ctx)
    if kind in ("value_error", "assertion_error"):
        return str(ctx["error"])
    expected = _EXPECTED.get(kind)
    right = expected(ctx) if expected else error["msg"][:1].lower() + error["msg"][1:].removeprefix("Input ")
    if kind == "string_type" and isinstance(value, int | float):
        right = f"text: put it in quotes, '{str(value).lower() if isinstance(value, bool) else value}'"
    if kind == "literal_error":
        right += _did_you_mean(value, re_quoted(str(ctx["expected"])))
    return f"found {_shown(value, path)}; should be {right}"


def re_quoted(expected: str) -> list[str]:
    """The words in quotes of `'a', 'b' or 'c'`."""
    return expected.split("'")[1::2]


def unknown_key(key: str, known: list[str]) -> str:
    """The sentence for a key that nothing knows; a secret written inline gets its own."""
    if key in INLINE_SECRETS:
        return f"a secret must not stand in this file: use {INLINE_SECRETS[key]} with the path of a file that holds it, or env:NAME"
    close = get_close_matches(key, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(sorted(known))}"
    return f"unknown key {key!r}; {hint}"


def _missing(loc: tuple[str | int, ...], model: type[BaseModel]) -> str:
    text = next((m.model_fields[n].description for m in _models_at(model, loc[:-1]) for n in m.model_fields if n == loc[-1]), None)
    return f"missing: {text}" if text else "missing"


def _wrong_kind(kind: str, ctx: Mapping[str, Any]) -> str:
    key = str(ctx["discriminator"]).strip("'")
    if kind == "union_tag_not_found":
        return f"{key!r} is missing"
    known = re_quoted(str(ctx["expected_tags"]))
    return f"unknown {key} {ctx['tag']!r}; known: {', '.join(known)}{_did_you_mean(ctx['tag'], known)}"


def _did_you_mean(value: object, known: list[str]) -> str:
    close = get_close_matches(str(value), known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _shown(value: object, path: Path_) -> str:
    """A found value, short; never one that stands where a secret could."""
    if any(word in str(part).lower() for part in path for word in _SECRET_WORDS):
        return "something else"
    if isinstance(value, Mapping):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = repr(value)
    return text if len(text) <= 50 else f"{text[:46]}…{text[-1]}"


_EXPECTED: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "string_type": lambda _: "text",
    "string_too_short": lambda c: f"at least {c['min_length']} characters",
    "string_too_long": lambda c: f"at most {c['max_length']} characters",
    "string_pattern_mismatch": lambda c: _PATTERNS.get(c["pattern"], f"like {c['pattern']}"),
    "int_type": lambda _: "a whole number",
    "int_parsing": lambda _: "a whole number",
    "int_from_float": lambda _: "a whole number",
    "float_type": lambda _: "a number",
    "float_parsing": lambda _: "a number",
    "finite_number": lambda _: "a finite number",
    "bool_type": lambda _: "true or false",
    "bool_parsing": lambda _: "true or false",
    "greater_than": lambda c: f"more than {c['gt']:g}",
    "greater_than_equal": lambda c: f"at least {c['ge']:g}",
    "less_than": lambda c: f"less than {c['lt']:g}",
    "less_than_equal": lambda c: f"at most {c['le']:g}",
    "literal_error": lambda c: str(c["expected"]).replace("'", ""),
    "model_type": lambda _: "a mapping (key: value)",
    "model_attributes_type": lambda _: "a mapping (key: value)",
    "dict_type": lambda _: "a mapping (key: value)",
    "tuple_type": lambda _: "a list (- …)",
    "too_short": lambda c: f"one with at least {c['min_length']} item",
    "too_long": lambda c: f"one with at most {c['max_length']} items",
}


def _keys_at(model: type[BaseModel], loc: tuple[str | int, ...]) -> list[str]:
    return sorted({field.alias or name for m in _models_at(model, loc) for name, field in m.model_fields.items()})


def _models_at(model: type[BaseModel], loc: tuple[str | int, ...]) -> list[type[BaseModel]]:
    """The models that a value at this location of validation can be."""
    candidates: list[Any] = [model]
    for part in loc:
        candidates = [inner for candidate in candidates for inner in _step(candidate, part)]
    return [c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)]


def _step(candidate: Any, part: str | int) -> Iterator[Any]:
    origin, args = typing.get_origin(candidate), typing.get_args(candidate)
    if isinstance(candidate, type) and issubclass(candidate, BaseModel):
        if part in _tags(candidate):
            yield candidate
        for name, field in candidate.model_fields.items():
            if part == (field.alias or name):
                yield from _flat(field.annotation)
    elif origin in (tuple, list) and isinstance(part, int):
        yield from _flat(args[0])
    elif origin is dict:
        yield from _flat(args[1])


def _flat(annotation: Any) -> Iterator[Any]:
    """The members of a union, `Annotated` taken off."""
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        yield from _flat(args[0])
    elif origin in (typing.Union, types.UnionType):
        for member in args:
            yield from _flat(member)
    else:
        yield annotation


def _tags(model: type[BaseModel]) -> tuple[Any, ...]:
    kind = model.model_fields.get("kind")
    return typing.get_args(kind.annotation) if kind else ()
