"""The benchmark runs: its figures are for people, but it must not rot."""

from __future__ import annotations

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
