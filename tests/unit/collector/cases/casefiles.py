"""Case files for tests: text in, results out, as the command would have them."""

from __future__ import annotations

from pathlib import Path

from collector.cases import check, loader
from collector.cases.prepare import NOT_CONFIGURED, Configured
from collector.cases.result import CaseResult

LINE = "assets: [{id: line, kind: pipeline, nominal_bar: 4.0}]\n"


def ran(folder: Path, text: str, configured: Configured = NOT_CONFIGURED) -> list[CaseResult]:
    file = folder / "case.yaml"
    file.write_text(text)
    return list(check.results(loader.load([file], configured)))


def problems(folder: Path, text: str, configured: Configured = NOT_CONFIGURED) -> list[str]:
    """What is said of a file that can't be used, without its folder."""
    try:
        ran(folder, text, configured)
    except loader.CaseError as exc:
        return [line.removeprefix(f"{folder}/") for line in exc.problems]
    return []
