"""`python -m bench.truth [--site-years N] [--seed S] [--processes P] [--quick]`: are the alarms true?

Site-years of simulated hospitals with every labelled fault go through the decoder's equivalent and the real evaluator with the default
rules. What people were told is held against what truly happened, and against the same data under plain thresholds.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from ctypes import c_double
from multiprocessing.sharedctypes import RawArray
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from bench.truth_expect import EXPECTED
from bench.truth_run import Job, SiteResult, run
from bench.truth_sites import SITES
from bench.truth_table import Total, report
from collector.config.rulebook import default_rules
from collector.stock.numbers import NUMBERS

YEAR_DAYS = 365.0
QUICK_DAYS = 20.0
QUICK_TIMES = 3.0
"""A quick run has so many times the faults of a year's part."""
LOOK_S = 0.5
LINE_EVERY_S = 30.0

_done_days: Any = None
"""In a worker: how many days each job has done; shared with the parent."""


def jobs(site_years: float, seed: int) -> list[Job]:
    """One job for each site and year; every job has a seed of its own. The last may be shorter."""
    days = [YEAR_DAYS] * int(site_years) + [round(site_years % 1 * YEAR_DAYS)]
    return [Job(number, seed + number, length) for number, length in enumerate(days) if length]


def quick_jobs(seed: int) -> list[Job]:
    """Each make-up of a site once, for some days that are full of faults."""
    return [Job(number, seed + number, QUICK_DAYS, QUICK_TIMES) for number in range(len(SITES))]


def _begin(done_days: Any) -> None:
    global _done_days  # noqa: PLW0603 — the only way to hand a shared array to the workers of a pool
    _done_days = done_days
    gc.freeze()
    gc.set_threshold(200_000, 20, 20)


def _work(job: Job) -> SiteResult:
    def on_day(days: float) -> None:
        _done_days[job.number] = days

    return run(job, on_day)


class Shown(Protocol):
    def show(self, days: float) -> None:
        """So many site-days are done."""

    def close(self) -> None: ...


class Bar:
    """A terminal's progress bar, with the time that is left."""

    def __init__(self, total_days: float, console: Console) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:.0f}/{task.total:.0f} site-days"))
        self._progress = Progress(*columns, TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(), console=console)
        self._task = self._progress.add_task("truth", total=total_days)
        self._progress.start()

    def show(self, days: float) -> None:
        self._progress.update(self._task, completed=days)

    def close(self) -> None:
        self._progress.stop()


class Lines:
    """Anywhere else: a line now and then."""

    def __init__(self, total_days: float) -> None:
        self._total_days, self._began_s, self._said_s = total_days, time.monotonic(), time.monotonic()

    def show(self, days: float) -> None:
        now_s = time.monotonic()
        if days and now_s - self._said_s >= LINE_EVERY_S:
            self._said_s = now_s
            left_min = (now_s - self._began_s) / days * (self._total_days - days) / 60
            print(f"  {days:.0f} of {self._total_days:.0f} site-days, about {left_min:.0f} minutes left", file=sys.stderr, flush=True)

    def close(self) -> None:
        pass


def run_all(work: Sequence[Job], processes: int, shown: Shown) -> Total:
    """All jobs, on so many processes."""
    total, done_days = Total(), RawArray(c_double, len(work))
    with ProcessPoolExecutor(processes, initializer=_begin, initargs=(done_days,)) as pool:
        waiting: set[Future[SiteResult]] = {pool.submit(_work, job) for job in work}
        try:
            while waiting:
                finished, waiting = wait(waiting, LOOK_S, FIRST_COMPLETED)
                for future in finished:
                    total.add(future.result())
                shown.show(sum(done_days[:]))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return total


def not_in_force() -> set[str]:
    """Rules that a fault should bring and that the default rules do not have, or whose numbers nobody reckons yet."""
    known = {rule.id for rule in default_rules() if rule.kind != "site" or set(rule.signals) <= NUMBERS}
    return {rule for rules in EXPECTED.values() for rule in rules} - known


def all_cases(total: Total) -> Iterable[str]:
    for rule, line in sorted(total.ours.lines.items()):
        for what, cases in (("missed", line.missed), ("late", line.late), ("unexplained", line.unexplained)):
            yield from (f"{rule} {what}: {case}" for case in cases)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.truth", description="Are the alarms true? Simulated site-years, judged.")
    parser.add_argument("--site-years", type=float, default=30.0, help="how many (default 30)")
    parser.add_argument("--seed", type=int, default=1, help="of the first site; each has its own (default 1)")
    parser.add_argument("--processes", type=int, default=2, help="how many at once (default 2)")
    parser.add_argument("--quick", action="store_true", help=f"each kind of site for {QUICK_DAYS:.0f} days: a look, not a measurement")
    parser.add_argument("--cases", type=Path, help="file for every case that was missed, late or unexplained, one a line")
    chosen = parser.parse_args()
    work = quick_jobs(chosen.seed) if chosen.quick else jobs(chosen.site_years, chosen.seed)
    console, days, began_s = Console(stderr=True), sum(job.days for job in work), time.monotonic()
    shown: Shown = Bar(days, console) if console.is_terminal else Lines(days)
    try:
        total = run_all(work, max(1, chosen.processes), shown)
    finally:
        shown.close()
    print(report(total, not_in_force()))
    print(f"\nSeed {chosen.seed}, {chosen.processes} processes, {(time.monotonic() - began_s) / 60:.0f} minutes.")
    if chosen.cases:
        chosen.cases.write_text("".join(f"{case}\n" for case in all_cases(total)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
