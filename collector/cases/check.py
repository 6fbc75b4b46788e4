"""All the cases of some files, run: what `oxygrid rules test` shows. Pure but for the files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from collector.cases.loader import Loaded
from collector.cases.notation import written
from collector.cases.prepare import Prepared
from collector.cases.result import CaseResult, Difference, Failure, TestReport
from collector.cases.run import Look, Trial, run
from collector.cases.script import short_name, told_as
from collector.cases.timeline import timeline
from collector.cases.why import why
from collector.config.yaml_text import Marks


def results(loaded: Iterable[Loaded]) -> Iterator[CaseResult]:
    for file in loaded:
        for prepared in file.cases:
            yield result(file.name, file.marks, prepared)


def result(name: str, marks: Marks, prepared: Prepared) -> CaseResult:
    failures: list[Failure] = []

    def failed(trial: Trial, look: Look) -> None:
        line = marks.line_of((*prepared.path, "expect", look.number))
        failures.append(_failure(trial, look, line))

    trial = run(prepared, why, failed)
    told = [f"{written(trial.ms(t.evaluated_ms))} {short_name(t.alarm)} {t.event}, {t.priority}: {t.text}" for t in trial.told]
    return CaseResult(name, marks.line_of(prepared.path), prepared.case.name, failures, told)


def _failure(trial: Trial, look: Look, line: int) -> Failure:
    assets = _assets(look.differences)
    return Failure(
        line,
        look.at_ms / 1000,
        written(look.at_ms),
        look.differences,
        list(_values(trial, assets, look.at_ms)),
        timeline(trial, look.at_ms, assets),
    )


def _assets(differences: Iterable[Difference]) -> set[str]:
    """The assets that the differences are about; none means all: a rule of the whole site hangs on each of them."""
    names = {difference.alarm.rpartition("/")[0] for difference in differences}
    return set() if "" in names else names


def _values(trial: Trial, assets: set[str], at_ms: int) -> Iterator[str]:
    """The latest value of each signal, and how old it is."""
    for fold in trial.evaluator.sites.values():
        for name, asset in fold.assets.items():
            signals = {signal: value for signal, value in asset.values.items() if signal in asset.times}
            if (name in assets or not assets) and signals:
                yield f"{name}: {_aged(trial, asset.times, signals, at_ms)}"


def _aged(trial: Trial, times: dict[str, tuple[int, int]], values: dict[str, float | bool | str], at_ms: int) -> str:
    return ", ".join(
        f"{told_as({name: value})} ({written(max(0, at_ms - trial.ms(times[name][1])))} old)" for name, value in values.items()
    )


def summary(found: list[CaseResult]) -> TestReport:
    return TestReport(sum(case.passed for case in found), sum(not case.passed for case in found), found)
