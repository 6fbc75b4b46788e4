from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from bench.truth_expect import EXPECTED, EXPLAINED
from bench.truth_plan import APART_H, HOUR_MS, QUIET_DAYS, names_planned, plan
from bench.truth_sites import SITES
from devices.assets import Site
from devices.kinds.catalogue import KINDS
from devices.simulator.faults import FAULTS
from tests.unit.devices.simulator.sites import START_MS

DAY_MS = 24 * HOUR_MS
ANYWHERE = {"sensor_stuck", "sensor_silent", "sensor_out_of_range", "sensor_jumps", "sensor_drifts", "sensor_noisy", "flow_meter_wrong"}


def test_every_fault_is_planned_and_stands_in_the_tables() -> None:
    assert set(names_planned()) == set(FAULTS) == set(EXPECTED)
    assert set(EXPLAINED) <= set(FAULTS)


def test_every_fault_comes_several_times_in_a_year_of_all_sites() -> None:
    found = Counter(fault.name for site in SITES for fault in plan(site, START_MS, 365, Random(1)))
    assert set(found) == set(FAULTS)
    assert min(found.values()) >= 3


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.id)
@pytest.mark.parametrize("days", [6.0, 365.0])
def test_faults_befall_what_is_there_and_never_twice_at_once(site: Site, days: float) -> None:
    kinds = {asset.id: asset.kind for asset in site.assets}
    faults = plan(site, START_MS, days, Random(7), thin=3.0)
    assert faults
    for fault in faults:
        assert fault.name in ANYWHERE or kinds[fault.asset] == FAULTS[fault.name].target
        if "signal" in FAULTS[fault.name].defaults:
            assert fault.text("signal") in KINDS[kinds[fault.asset]].signals
        others = [other for other in faults if other is not fault and (other.name, other.asset) == (fault.name, fault.asset)]
        assert all(
            other.end_ms + APART_H * HOUR_MS <= fault.start_ms or fault.end_ms + APART_H * HOUR_MS <= other.start_ms for other in others
        )
    assert min(fault.start_ms for fault in faults) >= START_MS + (QUIET_DAYS * 24 - 1) * HOUR_MS
    assert max(fault.end_ms for fault in faults) <= START_MS + (days - QUIET_DAYS) * DAY_MS


def test_the_same_seed_gives_the_same_year() -> None:
    assert plan(SITES[0], START_MS, 365, Random(5)) == plan(SITES[0], START_MS, 365, Random(5))
    assert plan(SITES[0], START_MS, 365, Random(5)) != plan(SITES[0], START_MS, 365, Random(6))


def test_thin_takes_a_share() -> None:
    whole, part = (len(plan(SITES[0], START_MS, 365, Random(5), thin)) for thin in (1.0, 0.25))
    assert part == pytest.approx(whole / 4, rel=0.3)
