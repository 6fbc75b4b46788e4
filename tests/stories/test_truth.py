"""The truth run in small: some days with a handful of faults, judged as `make truth` judges thirty years."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.truth_run import START_MS, SiteResult, run_site
from bench.truth_sites import SITES
from devices.assets import Site
from devices.simulator.faults import Fault, Parameter

HOUR_MS = 3_600_000
ROOT = Path(__file__).parents[2]
HOSPITAL, CYLINDERS, LIQUID, EVERYTHING, CLINIC = SITES
Planned = tuple[str, str, float, float, dict[str, Parameter]]

CASES: tuple[tuple[Site, float, tuple[Planned, ...], set[str]], ...] = (
    (
        HOSPITAL,
        1.0,
        (
            ("exhaust_drawn_in", "psa1", 2, 4, {"co_ppm": 20.0}),
            ("tower_stuck", "psa1", 6, 7, {}),
            ("oxygen_in_room", "psa1", 9, 10, {"leak_lpm": 150.0}),
            ("power_lost", "psa1", 12, 13, {}),
            ("overpressure", "line", 15, 15.5, {}),
            ("contact_chatters", "psa1", 17, 19, {}),
            ("sensor_out_of_range", "line", 20, 21, {}),
        ),
        {"CO-H", "CO-HH", "TW-ST", "PU-LL", "RM-O2", "PW-LO", "PL-DN", "LP-HH", "SN-RG"},
    ),
    (
        LIQUID,
        0.6,
        (
            ("builder_iced", "lox", 1, 4, {"above_nominal_bar": 0.8}),
            ("gateway_offline", "gw1", 6, 7, {}),
            ("gateway_flaps", "gw1", 9, 12, {}),
        ),
        {"LX-PL", "ST-OF"},
    ),
    (CLINIC, 0.6, (("concentrator_worn", "oc1", 1, 13, {}), ("pressure_loss", "line", 4, 5, {})), {"CN-LL", "LP-LL"}),
)


def ran(site: Site, days: float, planned: tuple[Planned, ...], seed: int = 3) -> SiteResult:
    faults = [
        Fault(name, site.id, asset, START_MS + round(start_h * HOUR_MS), START_MS + round(end_h * HOUR_MS), parameters)
        for name, asset, start_h, end_h, parameters in planned
    ]
    return run_site(site, faults, seed, days)


@pytest.mark.parametrize(("site", "days", "planned", "rules"), CASES, ids=[site.id for site, *_ in CASES])
def test_all_that_is_true_is_told_in_time_and_nothing_else(site: Site, days: float, planned: tuple[Planned, ...], rules: set[str]) -> None:
    result = ran(site, days, planned)
    lines = result.ours.lines
    assert not [case for line in lines.values() for case in (*line.missed, *line.late)]
    assert not [case for line in lines.values() for case in line.unexplained]
    assert {rule for rule, line in lines.items() if line.in_time} >= rules
    assert all(wait_s <= 60 for line in lines.values() for wait_s in line.waits_s)


def test_without_a_fault_nothing_is_told_and_plain_thresholds_talk() -> None:
    result = ran(HOSPITAL, 0.5, ())
    assert not result.ours.by_priority
    assert not any(line.true for line in result.ours.lines.values())
    quiet, loud = (sum(len(line.unexplained) for line in outcome.lines.values()) for outcome in (result.ours, result.plain))
    assert quiet <= loud


def test_the_command_prints_its_tables() -> None:
    ran_ = subprocess.run(
        [sys.executable, "-m", "bench.truth", "--site-years", "0.004", "--processes", "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "| all " in ran_.stdout
    assert "plain thresholds" in ran_.stdout
