"""Case files → cases that can be run, or every problem as `file:line: place: what was found; what would be right`."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from collector.cases.prepare import Configured, Prepared, prepare
from collector.config.problems import Problem
from collector.config.yaml_text import Marks, Path_, YamlProblem, parse, scan
from collector.errors import UserError

MAX_FILE_BYTES = 4 * 1024 * 1024
ENDINGS = (".yaml", ".yml")


class CaseError(UserError):
    """Case files can't be used. `problems` are complete lines, all of them."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class Loaded(NamedTuple):
    """The cases of one file, and the lines of its parts."""

    name: str
    marks: Marks
    cases: list[Prepared]


def shipped() -> list[Path]:
    """The cases of the shipped rules."""
    folder = resources.files("collector.rules.cases")
    return sorted(Path(str(entry)) for entry in folder.iterdir() if entry.name.endswith(ENDINGS))


def files_of(paths: Iterable[Path]) -> list[Path]:
    """The files that are named, and those of the folders that are named. Raises UserError."""
    found: list[Path] = []
    for path in paths:
        inside = sorted(each for each in path.rglob("*") if each.suffix in ENDINGS) if path.is_dir() else [path]
        if not inside:
            raise UserError(f"{path}: no case file there; its name ends with .yaml")
        found += inside
    return found


def load(files: Iterable[Path], configured: Configured) -> list[Loaded]:
    """Every file, or CaseError with the problems of all of them."""
    loaded: list[Loaded] = []
    problems: list[str] = []
    for path in files:
        try:
            loaded.append(_load(path, configured))
        except CaseError as exc:
            problems += exc.problems
    if problems:
        raise CaseError(problems)
    return loaded


def _load(path: Path, configured: Configured) -> Loaded:
    text = _text(path)
    try:
        data = parse(text)
    except YamlProblem as exc:
        raise CaseError(_syntax(path, text, exc)) from exc
    marks = scan(text)
    cases, problems = prepare(_as_written(data, marks), configured)
    if problems:
        raise CaseError([_located(path, marks, problem) for problem in sorted(problems, key=lambda p: marks.line_of(p.path))])
    return Loaded(str(path), marks, cases)


def _as_written(data: object, marks: Marks) -> object:
    """Series as the text that they are: to YAML a lone 4.1 is a number, and 0x30 is 48."""
    cases = data.get("cases") if isinstance(data, dict) else None
    for number, case in enumerate(cases if isinstance(cases, list) else []):
        series = case.get("series") if isinstance(case, dict) else None
        if isinstance(series, dict):
            series.update({name: _texts(value, ("cases", number, "series", name), marks) for name, value in series.items()})
    return data


def _texts(value: Any, path: Path_, marks: Marks) -> Any:
    """A plain value as it is written; also where it stands in a list, or under `values`."""
    if isinstance(value, list):
        return [_texts(each, (*path, place), marks) for place, each in enumerate(value)]
    if isinstance(value, dict):
        return {key: _texts(each, (*path, key), marks) if key == "values" else each for key, each in value.items()}
    return value if value is None else marks.texts.get(path, value)


def _located(path: Path, marks: Marks, problem: Problem) -> str:
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in problem.path).removeprefix(".")
    return f"{path}:{marks.line_of(problem.path)}: {place}: {problem.text}" if place else f"{path}:1: {problem.text}"


def _syntax(path: Path, text: str, problem: YamlProblem) -> list[str]:
    marks = scan(text)
    if problem.line is None and marks.duplicates:
        return [
            f"{path}:{line}: {where[-1]}: the key stands twice (first in line {marks.lines[where]})" for where, line in marks.duplicates
        ]
    return [f"{path}:{problem.line or 1}: {problem}"]


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise CaseError([f"{path}: the file is larger than {MAX_FILE_BYTES // 1024**2} MiB; split the cases over several files"])
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as exc:
        raise CaseError([f"{path}: no such file or folder; `oxygrid rules test` alone runs the cases of the shipped rules"]) from exc
    except OSError as exc:
        raise CaseError([f"{path}: can't be read: {exc.strerror}"]) from exc
    except UnicodeDecodeError as exc:
        raise CaseError([f"{path}: not UTF-8 text (byte {exc.start}); save the file as UTF-8"]) from exc
