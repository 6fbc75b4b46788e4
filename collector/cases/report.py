"""What became of the cases, as lines for people. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from collector.cases.result import CaseResult, Difference, Failure


def lines(results: Sequence[CaseResult], *, verbose: bool) -> Iterator[str]:
    """A line for each file (with `verbose` for each case, and every change of an alarm), the failures in full, and the sum."""
    for file, group in groupby(results, key=lambda each: each.file):
        cases = list(group)
        failed = sum(not case.passed for case in cases)
        yield f"{file}: {_count(len(cases), 'case')}, {'all right' if not failed else f'{failed} FAILED'}"
        if verbose:
            for case in cases:
                yield f"  {'ok    ' if case.passed else 'FAILED'} {case.name}"
                yield from (f"           {told}" for told in case.told)
    for case in results:
        if not case.passed:
            yield ""
            yield f"FAILED {case.file}:{case.line}: {case.name}"
            for failure in case.failures:
                yield from _failure(case.file, failure)
    failed = sum(not case.passed for case in results)
    yield ""
    yield f"{_count(len(results), 'case')}: {len(results) - failed} right, {failed} failed"


def _failure(file: str, failure: Failure) -> Iterator[str]:
    yield f"  {file}:{failure.line}: at {failure.at}"
    yield from _table(failure.differences)
    for difference in failure.differences:
        yield from (f"    {difference.alarm}: {sentence}" for sentence in difference.why)
    if failure.values:
        yield "    the latest values then"
        yield from (f"      {line}" for line in failure.values)
    yield "    what came before"
    yield from (f"      {line}" for line in failure.timeline)


def _table(differences: Sequence[Difference]) -> Iterator[str]:
    rows = [("", "expected", "found"), *((d.alarm, d.expected, d.found) for d in differences)]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    for alarm, expected, found in rows:
        yield f"    {alarm:<{widths[0]}}  {expected:<{widths[1]}}  {found}".rstrip()


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
