"""The rules that are tried: a file with what stands under `rules:` in the configuration, with that key or without, or a rule file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from collector.config import Config, ConfigError
from collector.config.over import over, read_over, shipped
from collector.config.rulebook import layers_of
from collector.config.rules import Rules
from collector.config.yaml_text import Path_, YamlProblem, parse, scan
from collector.errors import UserError
from collector.rules.model import RuleSet


def tried_rules(path: Path, config: Config, *, alone: bool) -> RuleSet:
    """The rules of the file over those of the configuration; `alone`: over the default rules only. Raises ConfigError with every problem as
    file:line."""
    text = _text(path)
    try:
        data = parse(text)
    except YamlProblem as exc:
        raise ConfigError([f"{path}:{exc.line or 1}: {exc}"]) from exc
    section, head = _section(data)
    rules, problems = read_over(section, config.sites, Rules() if alone else config.rules)
    if problems or rules is None:
        marks = scan(text)
        placed = sorted((marks.line_of(head(p.path)), ".".join(map(str, head(p.path))), p.text) for p in problems)
        raise ConfigError([f"{path}:{line}: {where}: {said}" if where else f"{path}:{line}: {said}" for line, where, said in placed])
    return over(rules, shipped() if alone else layers_of(config.rules)).rule_set


def _section(data: object) -> tuple[object, _Head]:
    """The section, and how its paths lead in the file. Whole rules stand under `rules` in a rule file, under `add` in the section."""
    if data is None:
        return {}, _Head((), "add")
    if not isinstance(data, Mapping) or "rules" not in data:
        return data, _Head((), "add")
    if isinstance(data["rules"], list):
        return {("add" if key == "rules" else key): value for key, value in data.items()}, _Head((), "rules")
    return (data["rules"], _Head(("rules",), "add")) if set(data) == {"rules"} else (data, _Head((), "add"))


class _Head:
    """Paths of the section → paths of the file."""

    def __init__(self, above: Path_, whole: str) -> None:
        self._above, self._whole = above, whole

    def __call__(self, path: Path_) -> Path_:
        return (*self._above, *((self._whole, *path[1:]) if path[:1] == ("add",) else path))


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as exc:
        raise UserError(f"{path}: no such file; it holds what stands under rules: in the configuration") from exc
    except OSError as exc:
        raise UserError(f"{path}: can't be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise UserError(f"{path}: not UTF-8 text (byte {exc.start}); save the file as UTF-8") from exc
