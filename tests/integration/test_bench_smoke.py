"""The benchmark runs: its figures are for people, but it must not rot."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_one_part_of_it_prints_the_machine_and_a_table() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "bench", "--quick", "--only", "decoding"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )

    assert "eight values" in ran.stdout
    assert "| the machine: a turn of a fixed loop in pure Python, before" in ran.stdout


def test_a_small_flood_of_alarms_is_raised_listed_and_known_after_a_restart() -> None:
    argv = [sys.executable, "-m", "bench.alarm_flood", "--alarms", "200", "--sites", "10", "--batch", "50", "--rounds", "1"]
    ran = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    assert re.search(r"raised +all +\d+ +\d+ +bar 1 s\n", ran.stdout)
    assert re.search(r"restart +all +\d+ +\d+ +bar 2 s\n", ran.stdout)
