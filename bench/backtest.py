"""Backtest of one hospital: readings a second. `python -m bench.backtest [--days 365] [--file PATH]`.

A year is 12 watched signals with a sample every ten seconds: 38 million readings, written straight into an embedded history. `--file` keeps
the history for the next run. Old and new rules are folded both, as the command does.
"""

from __future__ import annotations

import argparse
import math
import random
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

from bench.machine import calibrate, describe, median
from collector import database
from collector.backtest.run import Progress, Question, backtest
from collector.backtest.sources import HistoryPast
from collector.config.rulebook import rule_set
from collector.config.rules import Rules
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--file", type=Path)
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


if __name__ == "__main__":
    try:
        main()
    except sqlite3.Error as exc:
        raise SystemExit(str(exc)) from exc
