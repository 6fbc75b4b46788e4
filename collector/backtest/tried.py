"""The rules that are tried: a file that holds what stands under `rules:` in the configuration, with that key or without it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from collector.config import Config, ConfigError
from collector.config.checks import Known, cross_check
from collector.config.layers import laid_over
from collector.config.problems import Problem, explain
from collector.config.rulebook import default_rules, rule_set
from collector.config.rules import Rules
from collector.config.yaml_text import Path_, YamlProblem, parse, scan
from collector.errors import UserError
from collector.rules.model import RuleSet


def tried_rules(path: Path, config: Config, *, alone: bool) -> RuleSet:
    """The rules of the file over those of the configuration; `alone`: in their place. Raises ConfigError with every problem as
    file:line."""
    text = _text(path)
    try:
        data = parse(text)
    except YamlProblem as exc:
        raise ConfigError([f"{path}:{exc.line or 1}: {exc}"]) from exc
    inner = data["rules"] if isinstance(data, Mapping) and set(data) == {"rules"} else data
    head: Path_ = ("rules",) if inner is not data else ()
    problems, rules = _validated(inner or {}, config)
    if rules is None:
        marks = scan(text)
        found = sorted((marks.line_of((*head, *p.path)), p) for p in problems)
        raise ConfigError([f"{path}:{line}: {'.'.join(map(str, p.path))}: {p.text}" for line, p in found])
    return rule_set(rules if alone else laid_over(config.rules, rules))


def _validated(data: object, config: Config) -> tuple[list[Problem], Rules | None]:
    sites = [{"id": site.id, "assets": [{"id": asset.id} for asset in site.assets]} for site in config.sites]
    known = Known(rule_ids=[rule.id for rule in default_rules()])
    problems = [Problem(p.path[1:], p.text) for p in cross_check({"rules": data, "sites": sites}, known)]
    try:
        rules = Rules.model_validate(data)
    except ValidationError as exc:
        return [*explain(exc.errors(include_url=False), data, Rules), *problems], None
    return problems, None if problems else rules


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as exc:
        raise UserError(f"{path}: no such file; it holds what stands under rules: in the configuration") from exc
    except OSError as exc:
        raise UserError(f"{path}: can't be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise UserError(f"{path}: not UTF-8 text (byte {exc.start}); save the file as UTF-8") from exc
