"""`python -m bench.boards [--copies 40]`: how long the queries of each dashboard take together, as a reader would open it.

Of 24 hours as the readings came (bar: 300 ms), and of 30 days from the roll-ups (bar: 1 s); with 50 hospitals (--copies 10) or 200. The
queries go one after another to InfluxDB 1.x on this machine; Grafana sends several at once. The median of three openings counts, the
first is not counted: it reads from the disk. `--influxdb2` takes InfluxDB 2.x, whose program INFLUXD2 names, with `influx` beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.machine import calibrate, describe, median
from bench.reader import Ask, Board, answers, asking, board_of, chosen, names
from bench.week import DAY_MS, MONTH_DAYS, fill
from collector.store.influx_api import Settings
from dashboards.expand import Span, queries_of, variables_of
from tests.influxdb2 import set_up
from tests.servers import influxdb

BARS_MS = {"24 h": 300.0, "30 days": 1000.0}
OPENINGS = 3


def opened_ms(ask: Ask, board: Board, span: Span, resolution: str) -> float:
    """All queries of the dashboard, ms."""
    variables = chosen(board, ask, span, resolution=resolution)
    begun_s = time.perf_counter()
    for _ in answers(board, ask, span, variables):
        pass
    return (time.perf_counter() - begun_s) * 1000


@contextmanager
def database(folder: Path, *, second: bool) -> Iterator[tuple[Settings, Ask]]:
    """A server, how to write to it and how to ask it: InfluxDB 1.x, or 2.x set up as the stack has it."""
    if second:
        with set_up(folder) as made:
            settings = Settings(made.url, token=made.tokens["collector"], set_up_retention=False, timeout_s=60.0)
            yield settings, asking(made.url, made.tokens["grafana"])
    else:
        with influxdb(folder / "influxdb") as server:
            yield Settings(server.http, timeout_s=60.0), asking(server.http)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.boards", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--copies", type=int, default=40, help="hospitals of each of five make-ups")
    parser.add_argument("--influxdb2", action="store_true", help="InfluxDB 2.x in the place of 1.x")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, database(Path(folder), second=asked.influxdb2) as (settings, ask):
        begun_s = time.perf_counter()
        week = asyncio.run(fill(settings, int(time.time() * 1000), copies=asked.copies))
        print(f"{describe()}; a turn of the fixed loop: {min(calibrate(2)):.0f} ns")
        print(f"{len(week.sites)} hospitals, written in {time.perf_counter() - begun_s:.0f} s\n")
        print(f"{'dashboard':16}{'queries':>8}{'24 h, ms':>10}{'30 days, ms':>13}")
        for name in names():
            board = board_of(name)
            long = any(variable.name == "resolution" for variable in variables_of(board))
            spans = {"24 h": (DAY_MS, "."), "30 days": (MONTH_DAYS * DAY_MS, "^-" if long else ".")}
            times = {}
            for which, (back_ms, resolution) in spans.items():
                span = Span(week.end_ms - back_ms, week.end_ms)
                times[which] = median([opened_ms(ask, board, span, resolution) for _ in range(OPENINGS + 1)][1:])
            late = "  over: " + ", ".join(which for which, bar in BARS_MS.items() if times[which] > bar)
            missed = any(times[name] > bar for name, bar in BARS_MS.items())
            print(f"{name:16}{sum(1 for _ in queries_of(board)):8}{times['24 h']:10.0f}{times['30 days']:13.0f}{late if missed else ''}")


if __name__ == "__main__":
    main()
