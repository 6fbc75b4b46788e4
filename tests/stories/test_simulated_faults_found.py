"""Every fault of the simulator that a rule is made for is told: the right asset, in time, once, over when it is over; and nothing else is.

"In time" is the rule's own delay and a minute after the fault's consequence was truly there, by the simulator's truth and not by what
sensors said. Limits that a value creeps through are taken with the sensor's accuracy.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass

import pytest

from bench.truth_plan import names_planned
from collector.outputs import Transition
from devices.assets import Site
from devices.simulator.faults import FAULTS, Fault
from devices.simulator.plant import Plant
from devices.simulator.sensors import NOISE
from tests.stories.simulated import Claim, HoursBelow, Ran, run
from tests.unit.devices.simulator.sites import HOSPITAL, LIQUID, MINUTE_MS, START_MS, slower

FULL = bool(os.environ.get("OXYGRID_FULL"))
STEP_S = 10.0
SLACK_S = 60.0
SEEN_S = 120.0
"""A step of the draw is believed after two minutes."""
SILENT_S = 120.0


def state(plant: Plant) -> str:
    return plant.psas["psa1"].state


def plant_is_down(plant: Plant) -> bool:
    return state(plant) in {"fault", "off"}


def beyond(signal: str) -> float:
    """What a sensor may be wrong by: 3 σ and half of its last digit."""
    sigma, decimals = NOISE[signal]
    return 3 * sigma + math.pow(10, -decimals) / 2


def purity_below(limit_pct: float) -> Claim:
    """Judged while the plant runs; in stand-by the analyser keeps what it read."""
    return lambda plant: plant.psas["psa1"].purity_pct < limit_pct - beyond("o2_purity_pct") if state(plant).startswith("running") else None


def line_below(share: float) -> Claim:
    return lambda plant: plant.lines["line"].bar < share * plant.lines["line"].nominal_bar - beyond("line_pressure_bar")


def bank_bar(plant: Plant, bank: str) -> float:
    manifold = plant.manifolds["manifold"]
    return manifold.banks[bank].bar(manifold.temp_c)


def bank_is_empty(plant: Plant) -> bool:
    return min(bank_bar(plant, "a"), bank_bar(plant, "b")) < 12 - beyond("bank_a_bar")


def both_banks_are_low(plant: Plant) -> bool:
    return max(bank_bar(plant, "a"), bank_bar(plant, "b")) < 15 - beyond("bank_a_bar")


def reserve_is_low(plant: Plant) -> bool:
    return bank_bar(plant, "reserve") < 75 - beyond("reserve_bar")


def reserve_feeds(plant: Plant) -> bool:
    return plant.manifolds["manifold"].in_use == "reserve"


@dataclass(frozen=True)
class Expected:
    """An alarm, and what must truly be so for how long before it may be expected. Without a claim: since the fault's start."""

    alarm: str
    delay_s: float
    claim: Claim | None = None


@dataclass(frozen=True)
class Case:
    """`faults` as (name, asset, start, end in minutes, parameters); `also` are urgent alarms that follow from them as well."""

    name: str
    faults: tuple[tuple[str, str, float, float, dict[str, float]], ...]
    expected: tuple[Expected, ...]
    also: frozenset[str] = frozenset()
    hours: float = 3.0


def low(hours: float, until_min: float = 120) -> tuple[tuple[str, str, float, float, dict[str, float]], ...]:
    """Deliveries have stopped, so many hours of the present demand are left, and the plant trips."""
    return (
        ("stock_low", "manifold", 20, until_min, {"hours_left_h": hours}),
        ("plant_trip", "psa1", 22, until_min - 10, {}),
    )


STAND_BY = frozenset({"psa1/PL-DN"})
BANKS = frozenset({"manifold/BK-CH", "manifold/RS-LO"})

CASES = (
    Case("plant_trip", (("plant_trip", "psa1", 30, 90, {}),), (Expected("psa1/PL-DN", 60, plant_is_down),)),
    Case("plant_maintenance", (("plant_maintenance", "psa1", 30, 90, {}),), (Expected("psa1/PL-DN", 60, plant_is_down),)),
    Case(
        "purity_drift",
        (("purity_drift", "psa1", 30, 190, {"drift_pct_per_h": 2.2}),),
        (Expected("psa1/PU-L", 300, purity_below(92)), Expected("psa1/PU-LL", 60, purity_below(90))),
        hours=6,
    ),
    Case("pressure_loss", (("pressure_loss", "line", 30, 45, {}),), (Expected("line/LP-LL", 10, line_below(0.8)),), hours=1.5),
    Case(
        "small pressure_loss",
        (("pressure_loss", "line", 30, 45, {"pressure_share": 0.88}),),
        (Expected("line/LP-L", 60, line_below(0.9)),),
        hours=1.5,
    ),
    Case(
        "changeover_failure",
        (("changeover_failure", "manifold", 28, 150, {"duty_min": 5.0}), ("plant_trip", "psa1", 30, 150, {})),
        (Expected("manifold/BK-CH", 30, bank_is_empty), Expected("manifold/RS-US", 120, reserve_feeds)),
        also=STAND_BY | {"manifold/RS-LO"},
        hours=5,
    ),
    Case(
        "reserve_loss",
        (("reserve_loss", "manifold", 30, 180, {"loss_bar_per_h": 40.0}),),
        (Expected("manifold/RS-LO", 300, reserve_is_low),),
        also=frozenset({"manifold/RS-US"}),
        hours=5,
    ),
    Case("sensor_silent", (("sensor_silent", "line", 30, 90, {}),), (Expected("line/SN-SI", SILENT_S),)),
    Case("gateway_offline", (("gateway_offline", "gw1", 30, 90, {}),), (Expected("gw1/ST-OF", SILENT_S + 300),)),
    Case(
        "clock_1970",
        (("clock_1970", "gw1", 30, 90, {}),),
        tuple(Expected(f"{asset}/CK-BD", 600) for asset in ("gw1", "psa1", "line", "manifold")),
    ),
    Case(
        "clock_offset",
        (("clock_offset", "gw1", 30, 90, {}),),
        tuple(Expected(f"{asset}/CK-BD", 600) for asset in ("gw1", "psa1", "line", "manifold")),
    ),
    Case(
        "stock_low under six hours",
        low(5.0),
        (Expected("AU-06", 300 + SEEN_S, HoursBelow(6, STEP_S)), Expected("manifold/BK-CH", 30, bank_is_empty)),
        also=STAND_BY | BANKS | {"AU-24"},
        hours=5,
    ),
    Case(
        "stock_low under two hours",
        low(1.8),
        (Expected("AU-02", 60 + SEEN_S, HoursBelow(2, STEP_S)),),
        also=STAND_BY | BANKS | {"AU-24", "AU-06", "manifold/RS-US", "manifold/BK-LL", "line/LP-LL"},
        hours=5,
    ),
    Case(
        "stock_low to the end",
        low(1.0),
        (
            Expected("manifold/BK-LL", 60, both_banks_are_low),
            Expected("manifold/RS-US", 120, reserve_feeds),
            Expected("line/LP-LL", 10, line_below(0.8)),
            Expected("AU-02", 60 + SEEN_S, HoursBelow(2, STEP_S)),
        ),
        also=STAND_BY | BANKS | {"AU-24", "AU-06", "line/LP-L"},
        hours=5,
    ),
    Case("leak", (("leak", "line", 30, 90, {}),), ()),
    Case("sensor_stuck", (("sensor_stuck", "line", 30, 90, {}),), (Expected("line/SN-SK", 1800),)),
    Case("duplicates", (("duplicates", "gw1", 10, 170, {}),), ()),
    Case("reordered", (("reordered", "gw1", 10, 170, {}),), ()),
)


def faults_of(case: Case) -> list[Fault]:
    return [
        Fault(name, HOSPITAL.id, asset, START_MS + round(start * MINUTE_MS), START_MS + round(end * MINUTE_MS), parameters)
        for name, asset, start, end, parameters in case.faults
    ]


def ran(case: Case, seed: int) -> Ran:
    claims = {expected.alarm: expected.claim for expected in case.expected if expected.claim is not None}
    return run(HOSPITAL, faults_of(case), hours=case.hours, seed=seed, claims=claims)


def due_ms(what: Ran, expected: Expected) -> int:
    if expected.claim is None:
        return what.faults[0].start_ms + round(expected.delay_s * 1000)
    return what.lasted(expected.alarm, expected.delay_s)


def lines(found: list[Transition]) -> list[str]:
    return [f"{(t.evaluated_ms - START_MS) / MINUTE_MS:.2f} min {t.alarm} {t.event}: {t.text}" for t in found]


def test_every_fault_has_a_case_here_or_is_judged_by_the_truth_run() -> None:
    """Those that need weeks, or other sites than this one, are in tests/stories/test_truth.py and `make truth`."""
    assert {name for case in CASES for name, *_ in case.faults} | set(names_planned()) == set(FAULTS)


@pytest.mark.parametrize("seed", range(11, 17) if FULL else [11])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_is_told_in_time_once_and_over_when_it_is_over(case: Case, seed: int) -> None:
    what = ran(case, seed)
    for expected in case.expected:
        raised = what.of(expected.alarm, "raised")
        assert len(raised) == 1, (expected.alarm, lines(what.told))
        late_s = (raised[0].evaluated_ms - due_ms(what, expected)) / 1000
        assert late_s <= SLACK_S, (expected.alarm, lines(what.told))
        assert raised[0].evaluated_ms >= what.faults[0].start_ms + round(expected.delay_s - SEEN_S) * 1000
        cleared = what.of(expected.alarm, "cleared")
        assert len(cleared) == 1, (expected.alarm, lines(what.told))
        assert cleared[0].occurrence == raised[0].occurrence
    explained = {expected.alarm for expected in case.expected} | case.also
    assert {t.alarm.partition("/")[2] for t in what.urgent()} <= explained, lines(what.urgent())
    assert not what.still_open(), lines(what.told)
    assert not [t for t in what.told if t.event == "discovered_late"]


def test_what_a_dark_gateway_brings_afterwards_is_discovered_late_and_nothing_of_it_is_live() -> None:
    """Inside of an hour without a network the line's regulator fails for a quarter of an hour."""
    minutes = (("gateway_offline", "gw1", 30, 90), ("pressure_loss", "line", 50, 65))
    faults = [Fault(name, HOSPITAL.id, asset, START_MS + a * MINUTE_MS, START_MS + b * MINUTE_MS) for name, asset, a, b in minutes]
    what = run(HOSPITAL, faults, hours=3, claims={"low": line_below(0.8)})
    urgent = [(t.alarm, t.event, t.priority) for t in what.urgent()]
    dark = "hospital/gw1/ST-OF"  # less than a day of oxygen was left when it was last heard: after half an hour that is urgent
    assert urgent == [(dark, "raised", "medium"), (dark, "escalated", "high")], lines(what.told)
    (found,) = [t for t in what.told if t.event == "discovered_late" and t.rule == "LP-LL"]
    assert found.asset == "line"
    assert abs(found.event_ms - what.lasted("low", 10)) <= SLACK_S * 1000
    assert found.until_ms is not None
    assert abs(found.until_ms - (faults[1].end_ms + 30_000)) <= SLACK_S * 1000
    assert faults[0].end_ms <= found.evaluated_ms <= faults[0].end_ms + 5 * MINUTE_MS
    assert not what.still_open()


QUIET = (HOSPITAL, LIQUID)


@pytest.mark.parametrize("seed", [1, 2] if FULL else [1])
def test_a_week_without_a_fault_asks_nobody_to_act(seed: int) -> None:
    """A reading every two minutes; the full pace is below."""
    assert_quiet(slower(HOSPITAL, 120.0), seed)


@pytest.mark.faults
@pytest.mark.skipif(not FULL, reason="the long version runs with OXYGRID_FULL=1")
@pytest.mark.parametrize("seed", range(3, 9))
@pytest.mark.parametrize("site", QUIET, ids=lambda site: site.id)
def test_a_week_without_a_fault_at_full_pace(site: Site, seed: int) -> None:
    assert_quiet(site, seed)


def assert_quiet(site: Site, seed: int) -> None:
    what = run(site, "normal", hours=168, seed=seed)
    assert not what.urgent(), lines(what.urgent())
