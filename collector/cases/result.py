"""What became of the cases: plain values, as `oxygrid rules test --json` prints them. Pure."""

from __future__ import annotations

import msgspec


class Difference(msgspec.Struct, frozen=True):
    """One line of the diff. `alarm` is what it is about; `why` says what led to what was found, as far as the evaluator can tell."""

    alarm: str
    expected: str
    found: str
    why: list[str] = []


class Failure(msgspec.Struct, frozen=True):
    """An expectation that was not met: its line in the file, the time at which it was looked at (seconds from the beginning of the case,
    and as it is written), what differed, the latest values then, and what came before."""

    line: int
    at_s: float
    at: str
    differences: list[Difference]
    values: list[str] = []
    timeline: list[str] = []


class CaseResult(msgspec.Struct, frozen=True):
    """A case that was run: where it stands, and what was not as expected. `told` is every change of an alarm, with its time."""

    file: str
    line: int
    name: str
    failures: list[Failure] = []
    told: list[str] = []

    @property
    def passed(self) -> bool:
        return not self.failures


class TestReport(msgspec.Struct, frozen=True):
    """All of it."""

    passed: int
    failed: int
    cases: list[CaseResult]
