"""Backtest of one hospital: readings a second, and where the time goes. `python -m bench.backtest [--days 365] [--file PATH] [--split 10]`.

A year is 12 watched signals with a sample every ten seconds: 38 million readings, written straight into an embedded history. `--file` keeps
the history for the next run. Old and new rules are folded both, as the command does.
"""

from __future__ import annotations

import argparse
import gc
import math
import random
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

from bench.machine import calibrate, describe, median
from collector import database
from collector.backtest.block import Block
from collector.backtest.fold import begin
from collector.backtest.rows import rows_of
from collector.backtest.run import Progress, Question, backtest
from collector.backtest.side import Side
from collector.backtest.sources import HistoryPast
from collector.backtest.stride import Stride
from collector.config.rulebook import rule_set
from collector.config.rules import Rules
from collector.stock import SiteStock
from collector.store.history_query import FORMAT
from devices.assets import Site
from devices.signal import Value

T = TypeVar("T")

DAY_S = 86_400
STEP_S = 10
START_MS = 1_735_689_600_000
"""2025-01-01T00:00:00Z."""
BANK = {"cylinders": 12, "type": "in-d"}
SITE = Site.model_validate(
    {
        "id": "hospital",
        "timezone": "Asia/Kolkata",
        "beds": {"ward": 100, "icu": 20},
        "assets": [
            {"id": "psa", "kind": "psa_plant", "rated_flow_lpm": 500},
            {"id": "line", "kind": "pipeline", "nominal_bar": 4.1},
            {"id": "man", "kind": "manifold", "banks": {"a": BANK, "b": BANK, "reserve": BANK}},
            {"id": "lox", "kind": "lox_tank", "capacity_kg": 6000},
        ],
    }
)
SERIES: tuple[tuple[str, str, str], ...] = (
    ("psa", "psa_plant", "state"),
    ("psa", "psa_plant", "o2_purity_pct"),
    ("psa", "psa_plant", "o2_flow_lpm"),
    ("line", "pipeline", "line_pressure_bar"),
    ("line", "pipeline", "o2_flow_lpm"),
    ("man", "manifold", "bank_a_bar"),
    ("man", "manifold", "bank_b_bar"),
    ("man", "manifold", "reserve_bar"),
    ("man", "manifold", "bank_in_use"),
    ("man", "manifold", "o2_flow_lpm"),
    ("man", "manifold", "bank_temp_c"),
    ("lox", "lox_tank", "level_pct"),
)
PLACE_MS = {"psa": 120, "line": 340, "man": 560, "lox": 610}
"""Assets are not read at the same instant."""
TRIAL = {"everywhere": {"LP-L": {"on_delay_s": 120}, "PU-L": {"limit": 91.5, "clear": 92}}}
"""The rules that are tried."""


class Moment(NamedTuple):
    """What is so at one time. `hour` is of the day, `second` of the day."""

    day: int
    second: int
    noise: random.Random

    def wave(self, size: float, period_h: float = 24.0) -> float:
        return size * math.sin(2 * math.pi * self.second / 3600 / period_h)

    def near(self, value: float, spread: float, step: float) -> float:
        """As a transmitter gives it: with noise, in its own steps."""
        return round((value + self.noise.gauss(0.0, spread)) / step) * step


def day(number: int) -> dict[tuple[str, str], list[Value]]:
    """The samples of one day of every signal. Every twelfth day the plant trips for three hours and bank a feeds; twice a week the
    line sags for a minute and a half at night; once a week purity drifts."""
    noise = random.Random(number)
    found: dict[tuple[str, str], list[Value]] = {(asset, signal): [] for asset, _, signal in SERIES}
    add = {key: values.append for key, values in found.items()}
    tripped = number % 12 == 5
    a_bar, level = (140.0 if number % 12 <= 5 else 128.0), 90.0 - 2.5 * (number % 14)
    for second in range(0, DAY_S, STEP_S):
        at = Moment(number, second, noise)
        down = tripped and 36_000 <= second < 46_800
        demand = at.near(240.0 + at.wave(-60.0), 3.0, 0.1)
        purity = 93.8 + at.wave(0.4, 7.0) - (2.6 if number % 7 == 3 and 50_000 < second < 58_000 else 0.0)
        sag = 0.55 if number % 7 in (1, 4) and 7200 <= second < 7290 else 0.0
        if down:
            a_bar -= demand / 6 * 1.0 / 560
        add["psa", "state"]("fault" if down else "running_on_spec")
        add["psa", "o2_purity_pct"](at.near(purity, 0.05, 0.01))
        add["psa", "o2_flow_lpm"](0.0 if down else demand)
        add["line", "line_pressure_bar"](at.near(4.1 - sag, 0.01, 0.001))
        add["line", "o2_flow_lpm"](at.near(demand, 1.0, 0.1))
        add["man", "bank_a_bar"](at.near(a_bar, 0.08, 0.01))
        add["man", "bank_b_bar"](at.near(139.0, 0.08, 0.01))
        add["man", "reserve_bar"](at.near(138.0, 0.08, 0.01))
        add["man", "bank_in_use"]("a")
        add["man", "o2_flow_lpm"](demand if down else 0.0)
        add["man", "bank_temp_c"](at.near(28.0 + at.wave(4.0), 0.05, 0.1))
        add["lox", "level_pct"](at.near(level - 2.5 * second / DAY_S, 0.05, 0.01))
    return found


def write_history(path: Path, days: int) -> None:
    """An embedded history with these days, as the collector would have written it."""
    conn = database.open_database(path, FORMAT, "NORMAL")
    conn.execute("PRAGMA synchronous = OFF")
    for number, (asset, kind, signal) in enumerate(SERIES, start=1):
        conn.execute("INSERT INTO series (id, site, asset, kind, signal) VALUES (?, ?, ?, ?, ?)", (number, SITE.id, asset, kind, signal))
    days_read = [day(n % 84) for n in range(min(days, 84))]  # after twelve weeks it begins anew
    for number, (asset, _, signal) in enumerate(SERIES, start=1):
        with database.transaction(conn):
            conn.executemany("INSERT INTO raw (series, time_us, value) VALUES (?, ?, ?)", _rows(number, asset, signal, days, days_read))
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    conn.close()


def _rows(
    number: int, asset: str, signal: str, days: int, days_read: list[dict[tuple[str, str], list[Value]]]
) -> Iterator[tuple[int, int, Value]]:
    for n in range(days):
        start_us = (START_MS + n * DAY_S * 1000 + PLACE_MS[asset]) * 1000
        for place, value in enumerate(days_read[n % 84][asset, signal]):
            yield number, start_us + place * STEP_S * 1_000_000, value


def question(days: int) -> Question:
    old, new = rule_set(Rules()), rule_set(Rules.model_validate(TRIAL))
    warm_up_ms = DAY_S * 1000
    return Question((SITE,), START_MS + warm_up_ms, START_MS + days * DAY_S * 1000, warm_up_ms, old, new)


def measure(path: Path, days: int) -> None:
    last = [0]

    def tell(progress: Progress) -> None:
        last[0] = progress.readings

    past = HistoryPast(path)
    begin, cpu = time.monotonic(), time.process_time()
    report = backtest(question(days), past, tell)
    wall_s, cpu_s = time.monotonic() - begin, time.process_time() - cpu
    past.close()
    fates = Counter(pair.fate for pair in report.sites[0].alarms)
    print(f"{report.readings:,} readings in {wall_s:.1f} s ({cpu_s:.1f} s of CPU): {report.readings / wall_s:,.0f} readings/s")
    print(f"alarms: {dict(fates)}")


def split(path: Path, days: int) -> None:
    """CPU of each stage on these days, each measured on its own."""
    asked, past = question(days), HistoryPast(path)
    start_ms = asked.from_ms - asked.warm_up_ms
    gc.disable()
    read_s, blocks = _cpu(lambda: [item for item in past.read(asked.sites, start_ms, asked.to_ms) if isinstance(item, Block)])
    past.close()
    build_s, _ = _cpu(lambda: [rows_of(block.assets) for block in blocks])
    stock = SiteStock(SITE)
    rows = [row for block in blocks for row in rows_of(block.assets)]
    observe_s, _ = _cpu(lambda: [stock.observe(asset, kind, values, time_ms) for time_ms, asset, kind, values in rows])
    estimates_s, _ = _cpu(lambda: [stock.estimate(rows[-1][0] + n) for n in range(1000)])
    minutes = days * 1440
    whole_s, stride = _cpu(lambda: _folded(asked, blocks, start_ms))
    stages = {"read": read_s, "build rows": build_s, "stock, observe": observe_s, "stock, estimate": estimates_s / 1000 * minutes}
    stages["fold, the rest"] = whole_s - sum(stages.values()) + read_s
    for stage, seconds in stages.items():
        print(f"  {stage:<16} {seconds / (whole_s + read_s):6.1%}  {seconds / days * 365:6.1f} s a year")
    for name, runner in zip(("old", "new"), stride.runners, strict=True):
        print(f"  minutes, {name} rules: {dict(runner.spent)}")


def _folded(asked: Question, blocks: list[Block], start_ms: int) -> Stride:
    sides = [Side(asked.sites, rules, asked.from_ms) for rules in (asked.old, asked.new)]
    stride = begin(sides, SITE.id, start_ms)
    assert stride is not None
    for block in blocks:
        stride.fold(block)
    return stride


def _cpu(work: Callable[[], T]) -> tuple[float, T]:
    begin_s = time.process_time()
    result = work()
    return time.process_time() - begin_s, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--split", type=int, default=0, metavar="DAYS", help="and measure each stage on so many days")
    chosen = parser.parse_args()
    print(describe())
    print(f"a turn of the fixed loop: {median(calibrate()):.0f} ns")
    with tempfile.TemporaryDirectory() as folder:
        path = chosen.file or Path(folder) / "history.db"
        if not path.exists():
            begin = time.monotonic()
            write_history(path, chosen.days)
            print(f"{chosen.days} days written in {time.monotonic() - begin:.0f} s, {path.stat().st_size / 2**20:,.0f} MiB")
        measure(path, chosen.days)
        if chosen.split:
            split(path, chosen.split)


if __name__ == "__main__":
    try:
        main()
    except sqlite3.Error as exc:
        raise SystemExit(str(exc)) from exc
