"""`python -m bench [--quick] [--only PART …]`: measures Oxygrid on this machine and prints one table with every bar, met or missed.

Needs Linux, mosquitto, mosquitto_sub, influxd 1.x; VictoriaMetrics for the plain loop. About twenty minutes; --quick about four.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench import alarm_storm, decoding, journal, latency, line, machine, scale, session, stages, start, texts, throughput
from bench.database import InfluxV1, Victoria
from bench.fleet import mixed
from bench.table import Bar, Figure, percentile, table
from bench.throughput import Round, Subject
from tests.servers import influxdb, victoria_metrics


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured."""

    rounds: int
    messages: int
    phase_s: float
    starts: int
    sizes: tuple[int, ...]
    rules: tuple[int, ...] = (10, 100, 1000)
    readings: int = 60_000


FULL = Effort(rounds=5, messages=200_000, phase_s=20.0, starts=5, sizes=(1_000, 10_000, 100_000, 1_000_000))
QUICK = Effort(rounds=3, messages=60_000, phase_s=6.0, starts=1, sizes=(1_000, 10_000, 100_000), readings=20_000)


def say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


def speed(effort: Effort, folder: Path) -> list[Figure]:
    """Readings/s and CPU, Oxygrid beside a C subscriber that does nothing and the plain loop."""
    with ExitStack() as stack:
        server = stack.enter_context(influxdb(folder / "influx"))
        influx = InfluxV1(server.http, server.pid)
        server = stack.enter_context(victoria_metrics(folder / "victoria"))
        victoria = Victoria(server.http, server.pid)
        one, eight = throughput.oxygrid(influx, 1), throughput.oxygrid(influx, 8, 0.5)
        idle, idle_5, idle_8 = throughput.subscriber("311", 1), throughput.subscriber("5", 1), throughput.subscriber("5", 8, 0.5)
        into_victoria, plain, plain_8 = (
            throughput.oxygrid(victoria, 1, 0.5),
            throughput.plain(victoria, 1, 0.2),
            throughput.plain(victoria, 8, 0.1),
        )
        subjects = [one, idle, idle_5, eight, idle_8, into_victoria, plain, plain_8]
        rounds = throughput.run(subjects, effort.messages, effort.rounds, folder, say)
    fastest = max(idle, idle_5, key=lambda subject: machine.median([r.per_s for r in rounds[subject]]))
    return [
        _beside("readings/s, one value a message: Oxygrid ÷ mosquitto_sub -q 1", rounds[one], rounds[fastest], Bar("at least", 0.9)),
        _beside("the same with eight values a message", rounds[eight], rounds[idle_8]),
        _beside("readings/s, one value a message, into VictoriaMetrics: Oxygrid ÷ plain loop", rounds[into_victoria], rounds[plain]),
        *[_per_s(subject, rounds[subject]) for subject in subjects],
        _cpu("CPU per reading, one value a message: Oxygrid", rounds[one], "subject", Bar("at most", 6.0)),
        _cpu("CPU per reading, eight values a message: Oxygrid", rounds[eight], "subject", Bar("at most", 2.0)),
        *[_cpu(f"CPU per reading, one value: {subject.name}", rounds[subject], "subject") for subject in (fastest, into_victoria, plain)],
        _cpu("CPU per reading, eight values: plain loop", rounds[plain_8], "subject"),
        *[_cpu(f"CPU per reading, one value: {who} of Oxygrid", rounds[one], who) for who in ("broker", "database", "publisher")],
    ]


def growth(effort: Effort, folder: Path) -> list[Figure]:
    """Memory, and CPU of decoding and evaluating, by signals and by rules."""
    costs = []
    for signals in effort.sizes:
        costs.append(scale.measure(scale.size_of(mixed(signals), folder, messages=effort.readings)))
        say(f"{signals:,} signals: {costs[-1]}")
    ruled = []
    for rules in effort.rules:
        ruled.append(scale.measure(scale.size_of(mixed(10_000), folder, rules, effort.readings)))
        say(f"{rules} rules: {ruled[-1]}")
    limits = {10_000: 80.0, 1_000_000: 600.0}
    rows = [
        Figure(f"memory with {size:,} signals", [cost.rss_mib], "MiB", Bar("at most", limits[size]) if size in limits else None)
        for size, cost in zip(effort.sizes, costs, strict=True)
    ]
    rows += [
        Figure(f"decode and evaluate, {size:,} signals", [cost.us], "µs", None) for size, cost in zip(effort.sizes, costs, strict=True)
    ]
    rows += [Figure(f"decode and evaluate, {n:,} rules", [cost.us], "µs", None) for n, cost in zip(effort.rules, ruled, strict=True)]
    most = effort.sizes[-1]
    rows.append(Figure(f"growth from 1,000 to {most:,} signals", [costs[-1].slow / costs[0].slow], "×", Bar("at most", 1.2)))
    rows.append(Figure("growth from 10 to 1,000 rules", [ruled[-1].slow / ruled[0].slow], "×", Bar("at most", 1.2)))
    rows.append(Figure("a minute in which nothing comes, CPU per hospital", [cost.minute_us for cost in costs], "µs"))
    rows.append(Figure(f"the same of all hospitals with {most:,} signals: longest time at once", [costs[-1].longest_ms], "ms"))
    return rows


def starting(effort: Effort, folder: Path) -> list[Figure]:
    """From the start of the process to the first reading stored."""
    with influxdb(folder / "influx") as server:
        seconds = start.run(InfluxV1(server.http, server.pid), effort.starts, folder, say)
    return [Figure("start with 10,000 assets, to the first reading stored", seconds, "s", Bar("at most", 2.0))]


def alarms(effort: Effort, folder: Path) -> list[Figure]:
    """PUBLISH → notice in the outbox at half load, and memory while a backlog drains."""
    with influxdb(folder / "full" / "influx") as server:
        subject = throughput.oxygrid(InfluxV1(server.http, server.pid), 1)
        full = throughput.run([subject], effort.messages, 1, folder / "full", say)[subject][0].per_s
    phases = latency.run(full / 2, effort.phase_s, folder, say)
    bar = Bar("at most", 250.0)
    rows = [Figure("half load of these", [full / 2], "messages/s")]
    for phase in phases:
        rows.append(Figure(f"PUBLISH → notice, {phase.name}: median", [percentile(phase.ms, 0.5)], "ms"))
        rows.append(Figure(f"PUBLISH → notice, {phase.name}: p99 of {len(phase.ms)}", [percentile(phase.ms, 0.99)], "ms", bar))
        rows.append(Figure(f"notices that never came, {phase.name}", [phase.lost], "", Bar("at most", 0) if phase.lost else None))
    drain = next(phase for phase in phases if phase.name == "backlog drains")
    rows.append(
        Figure(f"memory gained while {effort.phase_s:.0f} s of backlog drained", [drain.memory_mib[1] - drain.memory_mib[0]], "MiB")
    )
    rows.append(Figure("time to drain it, readings still coming", [drain.drain_s], "s"))
    return rows


def parts(_effort: Effort, folder: Path) -> list[Figure]:
    """The small benches of single parts; they print tables of their own."""
    stages.main()
    decoding.main()
    line.main()
    session.main()
    journal.journal(folder)
    asyncio.run(journal.history(folder))
    return []


def decoding_alone(effort: Effort, _folder: Path) -> list[Figure]:
    """What decoding costs, beside bare JSON decoding."""
    decoding.main(20 if effort is QUICK else decoding.ROUNDS)
    return []


def storm(effort: Effort, folder: Path) -> list[Figure]:
    """A storm of 10,000 alarms in a minute: who is told of the high ones when, and what it costs."""
    return alarm_storm.measure(folder, rounds=1 if effort is QUICK else 3)


def saying(effort: Effort, _folder: Path) -> list[Figure]:
    """What it costs to say an alarm to a person."""
    return texts.measure(2 if effort is QUICK else 5)


PARTS: dict[str, Callable[[Effort, Path], list[Figure]]] = {
    "speed": speed,
    "growth": growth,
    "start": starting,
    "alarms": alarms,
    "parts": parts,
    "decoding": decoding_alone,
    "storm": storm,
    "texts": saying,
}
ALWAYS = ("speed", "growth", "start", "alarms", "texts")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure Oxygrid on this machine.")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and smaller sizes: a look, not a measurement")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=ALWAYS, metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--folder", type=Path, help="where data and logs go; a temporary folder by default")
    chosen = parser.parse_args()
    effort, started = QUICK if chosen.quick else FULL, time.monotonic()
    print(f"{time.strftime('%Y-%m-%d')}, {machine.describe()}; all processes on cores {machine.pin()}")
    figures = [Figure("the machine: a turn of a fixed loop in pure Python, before", machine.calibrate(), "ns")]
    with tempfile.TemporaryDirectory(prefix="oxygrid-bench-") as temporary:
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installation has its modules compiled; so have the processes measured here
        os.environ["PYTHONPYCACHEPREFIX"] = f"{temporary}/compiled"
        for part in chosen.only:
            print(f"{part}: {PARTS[part].__doc__}", file=sys.stderr)
            folder = (chosen.folder or Path(temporary)) / part
            folder.mkdir(parents=True, exist_ok=True)
            try:
                figures += PARTS[part](effort, folder)
            except pytest.skip.Exception as missing:
                print(f"{part} can't be measured here: {missing}")
    figures.append(Figure("the machine: the same loop, after", machine.calibrate(), "ns"))
    print(table(figures))
    print(
        f"{effort.rounds} rounds, {(time.monotonic() - started) / 60:.0f} minutes. Telegraf is not among Debian's packages: not measured."
    )
    return 0


def _beside(what: str, ours: list[Round], theirs: list[Round], bar: Bar | None = None) -> Figure:
    """Ratio of each round to the one beside it."""
    return Figure(what, [a.per_s / b.per_s for a, b in zip(ours, theirs, strict=True)], "×", bar)


def _per_s(subject: Subject, rounds: list[Round]) -> Figure:
    return Figure(f"readings/s, {subject.values} a message: {subject.name}", [r.per_s for r in rounds], "1/s")


def _cpu(what: str, rounds: list[Round], process: str, bar: Bar | None = None) -> Figure:
    return Figure(what, [r.cpu_us[process] for r in rounds], "µs", bar)


if __name__ == "__main__":
    sys.exit(main())
