from __future__ import annotations

from pathlib import Path

import pytest

from devices.simulator.faults import FAULTS
from devices.simulator.scenarios import SCENARIOS, resolve
from tests.unit.devices.simulator.sites import CLINIC, CYLINDERS_ONLY, HOSPITAL, LIQUID, MINUTE_MS, START_MS


def test_one_scenario_per_fault_besides_normal_and_demo() -> None:
    assert set(SCENARIOS) == {"normal", "demo", *FAULTS}


@pytest.mark.parametrize("name", FAULTS)
def test_scenario_shows_the_fault_of_its_name(name: str) -> None:
    assert name in {fault.name for fault in resolve(name, [HOSPITAL, LIQUID, CLINIC], START_MS)}


def test_normal_is_free_of_faults() -> None:
    assert resolve("normal", [], START_MS) == ()


def test_unknown_scenario_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="no scenario 'chaos'; known: normal, demo, leak"):
        resolve("chaos", [HOSPITAL], START_MS)


def test_faults_go_to_the_first_site_that_can_have_them() -> None:
    assert {fault.site for fault in resolve("demo", [CYLINDERS_ONLY, HOSPITAL], START_MS)} == {"hospital"}
    assert [fault.site for fault in resolve("reserve_loss", [CYLINDERS_ONLY, HOSPITAL], START_MS)] == ["cylinders"]


def test_no_site_can_have_it() -> None:
    with pytest.raises(ValueError, match="'plant_trip' needs a site with psa_plant; none of the 1 sites"):
        resolve("plant_trip", [CYLINDERS_ONLY], START_MS)


def test_times_are_relative_to_the_start() -> None:
    (fault,) = resolve("leak", [HOSPITAL], START_MS)
    assert (fault.asset, fault.start_ms, fault.end_ms) == ("line", START_MS + 60 * MINUTE_MS, START_MS + 180 * MINUTE_MS)


def test_demo_is_over_within_forty_minutes() -> None:
    assert max(fault.end_ms for fault in resolve("demo", [HOSPITAL], START_MS)) <= START_MS + 40 * MINUTE_MS


PAGE = (Path(__file__).parents[4] / "docs" / "reference" / "simulator.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", FAULTS)
def test_reference_lists_every_fault_with_its_parameters(name: str) -> None:
    (row,) = (line for line in PAGE.splitlines() if line.startswith(f"| `{name}` | {FAULTS[name].target}"))
    for parameter, default in FAULTS[name].defaults.items():
        assert f"`{parameter}` {default:g}" in row if isinstance(default, float) else f"`{parameter}` {default}" in row


@pytest.mark.parametrize("name", SCENARIOS)
def test_reference_lists_every_scenario_with_its_times(name: str) -> None:
    rows = [
        line for line in PAGE[PAGE.index("## Scenarios") :].splitlines() if line.startswith("| `") and f"`{name}`" in line.split("|")[1]
    ]
    assert len(rows) == 1
    for planned in SCENARIOS[name]:
        assert f"{planned.start_min:g}–{planned.end_min:g}" in rows[0]
