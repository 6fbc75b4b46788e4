"""Files → `Config`, or every problem at once as `file:line: path: what was found; what would be right`."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from collector.config.checks import Known, cross_check
from collector.config.model import SITES_TWICE, Config
from collector.config.problems import Problem, explain
from collector.config.reach import unreached
from collector.config.rulebook import check_rules, default_rules
from collector.config.rules import Rules
from collector.config.yaml_text import Path_, YamlProblem, parse, scan
from collector.errors import UserError
from collector.rules.layers import DEFAULT
from devices.assets import Site
from devices.oxygen import CYLINDERS

MAX_FILE_BYTES = 32 * 1024 * 1024
MAX_FILES = 20_000
SHOWN = 200


def _shown(lines: list[str]) -> list[str]:
    rest = len(lines) - SHOWN
    return lines[:SHOWN] + ([f"… and {rest} more"] if rest > 0 else [])


class ConfigError(UserError):
    """The configuration can't be used. `problems` are complete lines, all of them; the text shows the first 200."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(_shown(problems)))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class _File:
    """A file that was read. `first_site` is the place of its first site among all sites, `rule_file` its own among the rule files."""

    path: Path
    text: str
    first_site: int = 0
    sites: int = 0
    rule_file: int | None = None


def load(path: Path, rule_files: Sequence[Path] = ()) -> Config:
    """Read and check a configuration, the site files and the rule files that it names, and these rule files over them.

    Raises ConfigError with every problem. `Config.notes` is what was found and does not refuse it.
    """
    main, data = _read(path)
    files, unread, unmatched = [main], list[str](), list[Problem]()
    data = {} if data is None else data
    read_rules: list[_File] = []
    if isinstance(data, dict):
        data, read_rules, unread, unmatched = _read_rule_files(path.parent, data, rule_files)
        more, unread_sites, unmatched_sites = _read_site_files(path.parent, data)
        unread, unmatched = unread + unread_sites, unmatched + unmatched_sites
        data, files = _merged(main, data, more)
    found, notes, config = _validated(data, {"base": path.parent, "rule_files": [file.path for file in read_rules]})
    files += read_rules
    lines = _located(unmatched + found, files) + unread
    if lines or config is None:
        raise ConfigError(lines)
    return config.with_notes(_shown(_located(notes, files)))


def _validated(data: object, context: dict[str, object]) -> tuple[list[Problem], list[Problem], Config | None]:
    """What refuses the configuration, what is only to be told, and the configuration where it is one."""
    crossed = cross_check(data, Known(CYLINDERS, _rule_ids(data)))
    sites_fit = not any(problem.path[0] == "sites" for problem in crossed)
    try:
        config = Config.model_validate(data, context=context)
    except ValidationError as exc:
        explained = explain(exc.errors(include_url=False), data, Config)
        said_closer = {problem.path[:2] if problem.path[0] == "sites" else problem.path for problem in crossed}
        fresh = [p for p in explained if p.path not in said_closer and p.text != SITES_TWICE]
        return [*fresh, *crossed, *_wrong_rules(data)], [], None
    errors, notes = _judged(config.rules, config.sites if sites_fit else ())
    return [*crossed, *errors], [*notes, *unreached(config)], config


def _judged(rules: Rules, sites: Sequence[Site]) -> tuple[list[Problem], list[Problem]]:
    """What the checks of rules say: errors, and the rest. What is only about the rules of the package is for its own tests to say."""
    errors, notes = list[Problem](), list[Problem]()
    for found in check_rules(rules, sites):
        if found.layer != DEFAULT:
            (errors if found.severity == "error" else notes).append(Problem(found.path, found.text))
    return errors, notes


def _wrong_rules(data: object) -> list[Problem]:
    """The errors of the rules by themselves, where the configuration is wrong elsewhere."""
    try:
        return _judged(Rules.model_validate(data.get("rules", {}) if isinstance(data, dict) else {}), ())[0]
    except ValidationError:
        return []  # told already


def _rule_ids(data: object) -> list[str]:
    """The ids of the default rules, and of those that the data adds."""
    rules = data.get("rules") if isinstance(data, dict) else None
    files = rules.get("files") if isinstance(rules, dict) else None
    listed = [rules.get("add") if isinstance(rules, dict) else None]
    listed += [file.get("rules") for file in files if isinstance(file, dict)] if isinstance(files, list) else []
    added = [rule["id"] for each in listed if isinstance(each, list) for rule in each if isinstance(rule, dict) and "id" in rule]
    return [*(rule.id for rule in default_rules()), *filter(lambda name: isinstance(name, str), added)]


def _read(path: Path) -> tuple[_File, object]:
    text = _text(path)
    try:
        return _File(path, text), parse(text)
    except YamlProblem as exc:
        raise ConfigError(_syntax(path, text, exc)) from exc


def _syntax(path: Path, text: str, problem: YamlProblem) -> list[str]:
    if problem.line is not None:
        return [f"{path}:{problem.line}: {problem}"]
    marks = scan(text)
    if marks.duplicates:
        return [
            f"{path}:{line}: {_dotted(where)}: the key stands twice (first in line {marks.lines[where]}); keep one"
            for where, line in marks.duplicates
        ]
    return [f"{path}:1: {problem}"]


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ConfigError(
                [f"{path}: the file is larger than {MAX_FILE_BYTES // 1024**2} MiB; split the sites over files with sites_from"]
            )
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as exc:
        raise ConfigError([f"{path}: no such file; `oxygrid config example` prints one to begin with"]) from exc
    except OSError as exc:
        raise ConfigError([f"{path}: can't be read: {exc.strerror}"]) from exc
    except UnicodeDecodeError as exc:
        raise ConfigError([f"{path}: not UTF-8 text (byte {exc.start}); save the file as UTF-8"]) from exc


def _read_rule_files(
    base: Path, data: dict[str, Any], more: Sequence[Path]
) -> tuple[dict[str, Any], list[_File], list[str], list[Problem]]:
    """The data with what the rule files hold in the place of their paths; the files; what is wrong with them; what is no path."""
    rules = data.get("rules", {})
    listed = rules.get("files", []) if isinstance(rules, dict) else None
    if not isinstance(listed, list) or not (listed or more):
        return data, [], [], []
    files, held, unread, wrong = list[_File](), list[Any](), list[str](), list[Problem]()
    for index, name in enumerate([*listed, *more]):
        if not isinstance(name, str | Path):
            wrong.append(Problem(("rules", "files", index), "should be the path of a rule file"))
            files, held = [*files, _File(base, "", rule_file=index)], [*held, {}]
            continue
        path = base / Path(name).expanduser() if isinstance(name, str) else name
        try:
            file, content = _rule_file(path, index)
        except ConfigError as exc:
            file, content = _File(path, "", rule_file=index), {}
            unread.extend(exc.problems)
        files, held = [*files, file], [*held, content]
    return {**data, "rules": {**rules, "files": held}}, files, unread, wrong


def _rule_file(path: Path, index: int) -> tuple[_File, dict[str, Any]]:
    file, content = _read(path)
    if content is None:
        content = {}
    if not isinstance(content, dict):
        raise ConfigError([f"{path}:1: a rule file is a mapping with the keys rules, everywhere, sites and assets"])
    return replace(file, rule_file=index), content


def _read_site_files(base: Path, data: dict[str, Any]) -> tuple[list[tuple[_File, list[Any]]], list[str], list[Problem]]:
    """The sites of every file that a pattern of `sites_from` names; what is wrong with those files; the patterns that fit no file."""
    patterns = data.get("sites_from")
    files: list[tuple[_File, list[Any]]] = []
    unread: list[str] = []
    unmatched: list[Problem] = []
    for index, pattern in enumerate(patterns if isinstance(patterns, list) else []):
        paths = _matching(base, pattern) if isinstance(pattern, str) else []
        if not 0 < len(paths) <= MAX_FILES:
            unmatched.append(Problem(("sites_from", index), f"{pattern!r} matches {len(paths)} files; 1 to {MAX_FILES} are right"))
            continue
        for path in paths:
            try:
                files.append(_site_file(path))
            except ConfigError as exc:
                unread.extend(exc.problems)
    return files, unread, unmatched


def _matching(base: Path, pattern: str) -> list[Path]:
    names = glob.glob(str(base / pattern), recursive=True)  # noqa: PTH207  Path.glob refuses absolute patterns
    return [path for path in map(Path, sorted(names)) if path.is_file()]


def _site_file(path: Path) -> tuple[_File, list[Any]]:
    file, data = _read(path)
    if not isinstance(data, dict) or not isinstance(data.get("sites"), list) or len(data) != 1:
        raise ConfigError([f"{path}:1: a file of sites_from holds exactly one key, sites, with a list"])
    return file, data["sites"]


def _merged(main: _File, data: dict[str, Any], more: list[tuple[_File, list[Any]]]) -> tuple[dict[str, Any], list[_File]]:
    own = data.get("sites", [])
    if not more or not isinstance(own, list):
        return data, [main]
    sites, files = list(own), [main]
    for file, listed in more:
        files.append(_File(file.path, file.text, len(sites), len(listed)))
        sites.extend(listed)
    return {**data, "sites": sites}, files


def _located(problems: list[Problem], files: list[_File]) -> list[str]:
    """`file:line: path: text` in the order of the files and lines; each file is scanned once."""
    by_file: dict[int, list[tuple[Path_, str]]] = {}
    for problem in problems:
        number, path = _in_file(problem.path, files)
        by_file.setdefault(number, []).append((path, problem.text))
    lines = []
    for number, found in sorted(by_file.items()):
        marks = scan(files[number].text)
        placed = sorted((marks.line_of(path), _dotted(path), text) for path, text in found)
        lines += [
            f"{files[number].path}:{line}: {where}: {text}" if where else f"{files[number].path}:{line}: {text}"
            for line, where, text in placed
        ]
    return lines


def _in_file(path: Path_, files: list[_File]) -> tuple[int, Path_]:
    """The number of the file that a path leads to, and the path in it."""
    if len(path) >= 2 and path[0] == "sites" and isinstance(path[1], int):
        for number, file in enumerate(files[1:], start=1):
            if file.first_site <= path[1] < file.first_site + file.sites:
                return number, ("sites", path[1] - file.first_site, *path[2:])
    if len(path) > 3 and path[:2] == ("rules", "files"):
        for number, file in enumerate(files):
            if file.rule_file == path[2]:
                return number, path[3:]
    return 0, path


def _dotted(path: Path_) -> str:
    """sites[0].assets[2].kind"""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")
