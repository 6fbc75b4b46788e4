"""When a rule was due, by made-up claims on a real scene: steps of 30 s, a delay of 60 s."""

from __future__ import annotations

from random import Random

import pytest

from bench.truth_claims import Scene
from bench.truth_watch import ORDINARY, Watch
from devices.simulator.faults import NONE_ACTIVE, Active, Fault, Parameter
from devices.simulator.plant import Plant
from tests.unit.devices.simulator.sites import HOSPITAL, START_MS

STEP_MS = 30_000


def fault(name: str, asset: str, **parameters: Parameter) -> Fault:
    return Fault(name, HOSPITAL.id, asset, START_MS, START_MS + 86_400_000, parameters)


def watched(active: Active, bars: list[float], rules: dict[tuple[str, str], float] | None = None) -> list[tuple[str, int, int, int]]:
    """(fault, from, due, until in steps) for a line of these true pressures, one a step; the nominal one is 4.1 bar."""
    plant = Plant(HOSPITAL, Random(1))
    scene = Scene(HOSPITAL, plant, STEP_MS / 1000)
    watch = Watch(scene, rules or {("line", "LP-L"): 60.0}, STEP_MS)
    for step, bar in enumerate(bars):
        plant.lines["line"].bar = bar
        now_ms = START_MS + step * STEP_MS
        scene.step(now_ms, step * STEP_MS, 12.0, active)
        watch.step(now_ms, active)
    watch.close(START_MS + len(bars) * STEP_MS)
    return [(each.fault, step_of(each.from_ms), step_of(each.due_ms), step_of(each.until_ms)) for each in watch.things]


def step_of(at_ms: int) -> int:
    return (at_ms - START_MS) // STEP_MS


LOSS = fault("pressure_loss", "line")


@pytest.mark.parametrize(
    ("bars", "things"),
    [
        ([4.1] * 9, []),
        ([4.1, *[3.5] * 8], [("pressure_loss", 1, 3, 9)]),
        ([4.1, *[3.5] * 8, 4.1, 4.1], [("pressure_loss", 1, 3, 9)]),
        ([4.1, *[3.5] * 4, 4.1], []),
        ([4.1, *[3.5] * 5, 4.1], [("pressure_loss", 1, 3, 6)]),
        ([3.5, 3.5, 4.1] * 5, []),
        ([3.68] * 9, []),
    ],
)
def test_is_due_when_it_was_so_for_the_delay_and_a_minute(bars: list[float], things: list[tuple[str, int, int, int]]) -> None:
    """Too short, broken by a good moment, or beyond the limit by less than the sensor may be wrong by: nothing was due."""
    assert watched(Active([LOSS]), bars) == things


@pytest.mark.parametrize(
    "hiding",
    [
        fault("gateway_offline", "gw1"),
        fault("site_dark", "gw1"),
        fault("gateway_flaps", "gw1"),
        fault("sensor_stuck", "line"),
        fault("sensor_noisy", "line"),
    ],
)
def test_what_can_not_be_seen_is_not_due(hiding: Fault) -> None:
    assert watched(Active([LOSS, hiding]), [3.5] * 20) == []


def test_a_clock_that_is_behind_hides_it_until_that_is_known() -> None:
    """The line speaks every 10 s here: 22 readings are under 4 minutes."""
    ((_, first, *_),) = watched(Active([LOSS, fault("clock_offset", "gw1", offset_s=-3600.0)]), [3.5] * 30)
    assert first == 8
    ((_, first, *_),) = watched(Active([LOSS, fault("clock_offset", "gw1")]), [3.5] * 30)
    assert first == 0


def test_a_rule_that_is_not_in_force_is_not_expected() -> None:
    assert watched(Active([LOSS]), [3.0] * 20, {("line", "LP-LL"): 10.0}) == [("pressure_loss", 0, 1, 20)]


def test_without_a_fault_only_ordinary_use_is_watched() -> None:
    assert watched(NONE_ACTIVE, [3.5] * 20) == []
    assert watched(NONE_ACTIVE, [4.1] * 80, {("", "AU-48"): 60.0, ("line", "LP-L"): 60.0})[0][0] == ORDINARY
