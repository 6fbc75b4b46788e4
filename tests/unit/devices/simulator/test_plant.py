from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.assets import Site
from devices.simulator.faults import FAULTS, NONE_ACTIVE, Fault, active_at
from devices.simulator.plant import Plant
from devices.simulator.scenarios import MINUTE_MS
from tests.unit.devices.simulator.sites import CYLINDERS_ONLY, EVERYTHING, HOSPITAL, LIQUID, START_MS

SITES = {site.id: site for site in (HOSPITAL, CYLINDERS_ONLY, LIQUID, EVERYTHING)}
PROCESS_FAULTS = [name for name, kind in FAULTS.items() if kind.target in {"psa_plant", "pipeline", "manifold"} and "sensor" not in name]


def fault(site: Site, name: str, start_min: float, end_min: float) -> Fault:
    asset = next(asset.id for asset in site.assets if asset.kind == FAULTS[name].target)
    return Fault(name, site.id, asset, START_MS + round(start_min * MINUTE_MS), START_MS + round(end_min * MINUTE_MS))


def run(site: Site, seed: int, hours: float, *faults: Fault, dt_s: float = 30.0) -> Plant:
    plant = Plant(site, Random(seed))
    for step in range(round(hours * 3600 / dt_s)):
        now_ms = START_MS + round(step * dt_s * 1000)
        plant.step(now_ms, dt_s, step * dt_s / 3600 % 24, active_at(faults, now_ms))
    return plant


@settings(max_examples=40, deadline=None)
@given(
    site=st.sampled_from(sorted(SITES)),
    seed=st.integers(0, 2**32),
    name=st.sampled_from(PROCESS_FAULTS),
    start_min=st.floats(0, 60),
    length_min=st.floats(1, 200),
)
def test_litres_in_equal_litres_out(site: str, seed: int, name: str, start_min: float, length_min: float) -> None:
    where = SITES[site]
    kinds = {asset.kind for asset in where.assets}
    faults = [fault(where, name, start_min, start_min + length_min)] if FAULTS[name].target in kinds else []
    before_l = Plant(where, Random(seed)).stock_l()
    plant = run(where, seed, 4.0, *faults)
    assert plant.stock_l() - before_l == pytest.approx(plant.ledger.balance_l(), abs=1e-3)
    assert min(plant.ledger.made_l, plant.ledger.used_l, plant.ledger.leaked_l, plant.ledger.vented_l) >= 0


@pytest.mark.parametrize("site", [CYLINDERS_ONLY, HOSPITAL], ids=lambda site: site.id)
def test_litres_balance_when_everything_runs_dry(site: Site) -> None:
    """Banks that are spent at night get warm by day: what the sun lifts over the limit must not be given twice."""
    faults = [
        fault(each, name, 0, 1440) for each in [site] for name in ("stock_low", "plant_trip") if name != "plant_trip" or site is HOSPITAL
    ]
    before_l = Plant(site, Random(1)).stock_l()
    plant = run(site, 1, 24.0, *faults)
    assert plant.stock_l() - before_l == pytest.approx(plant.ledger.balance_l(), abs=1e-3)
    assert float(plant.read("line")["line_pressure_bar"]) < 0.5


@pytest.mark.parametrize("seed", range(3))
def test_demand_is_met_in_full(seed: int) -> None:
    plant = Plant(HOSPITAL, Random(seed))
    wanted_l = 0.0
    for step in range(2880):
        plant.step(START_MS + step * 30_000, 30.0, step / 120 % 24, NONE_ACTIVE)
        wanted_l += plant.wanted_lpm / 2
    assert plant.ledger.used_l == pytest.approx(wanted_l)


@pytest.mark.parametrize(
    ("site", "first", "idle"),
    [(HOSPITAL, "psa1", "manifold"), (LIQUID, "lox", "manifold"), (EVERYTHING, "psa1", "lox")],
)
def test_feeding_order(site: Site, first: str, idle: str) -> None:
    plant = run(site, 1, 1.0)
    flows = {name: source.flow_lpm for group in (plant.psas, plant.manifolds, plant.tanks) for name, source in group.items()}
    assert flows[first] > 100
    assert flows[idle] == 0


def test_manifold_makes_up_what_the_plant_can_not() -> None:
    small = next(asset for asset in HOSPITAL.assets if asset.kind == "psa_plant").model_copy(
        update={"rated_flow_lpm": 100, "product_tank_l": 500}
    )
    plant = run(HOSPITAL.model_copy(update={"assets": (small, *HOSPITAL.assets[1:])}), 1, 2.0)
    assert plant.manifolds["manifold"].flow_lpm > 80
    assert plant.psas["psa1"].made_lpm > 80 or plant.psas["psa1"].state == "running_off_spec"


def test_cylinders_change_over_and_staff_keep_up() -> None:
    plant = Plant(CYLINDERS_ONLY, Random(1))
    seen: list[str] = []
    for step in range(3 * 2880):
        plant.step(START_MS + step * 30_000, 30.0, step / 120 % 24, NONE_ACTIVE)
        manifold = plant.manifolds["manifold"]
        if manifold.in_use != (seen[-1] if seen else ""):
            seen.append(manifold.in_use)
        assert manifold.banks[manifold.in_use].bar(manifold.temp_c) > 9.0
    assert len(seen) >= 4
    assert {"a", "b"} <= set(seen)


def test_line_falls_to_nothing_when_nothing_is_left() -> None:
    faults = [fault(CYLINDERS_ONLY, "stock_low", 0, 600)]
    plant = run(CYLINDERS_ONLY, 1, 9.0, *faults)
    line = plant.read("line")
    assert float(line["line_pressure_bar"]) < 0.2
    assert line["o2_flow_lpm"] == pytest.approx(0.0, abs=1.0)
    assert plant.stock_l() > 0, "what is below the residual pressure stays"


@pytest.mark.parametrize("duty_h", [3.0, 5.8])
def test_low_stock_leaves_so_many_hours(duty_h: float) -> None:
    low = Fault("stock_low", "hospital", "manifold", START_MS, START_MS + 60 * MINUTE_MS, {"hours_left_h": duty_h})
    plant = run(HOSPITAL, 1, 0.01, low)
    assert sum(plant.connected_l().values()) / 60 / plant.wanted_lpm == pytest.approx(duty_h, rel=0.02)


def test_purity_of_the_line_is_that_of_its_source() -> None:
    trip = fault(HOSPITAL, "plant_trip", 10, 90)
    assert float(run(HOSPITAL, 1, 0.1).read("line")["o2_purity_pct"]) == pytest.approx(94.6, abs=0.3)
    assert float(run(HOSPITAL, 1, 1.4, trip).read("line")["o2_purity_pct"]) == pytest.approx(99.5, abs=0.1)


def test_zones_share_the_flow_and_the_main_line_has_it_all() -> None:
    zones = tuple(HOSPITAL.assets[1].model_copy(update={"id": f"zone{n}", "zone": f"ward {n}"}) for n in (1, 2))
    plant = run(HOSPITAL.model_copy(update={"assets": (*HOSPITAL.assets, *zones)}), 1, 1.0)
    flows = {name: line.flow_lpm for name, line in plant.lines.items()}
    assert flows["zone1"] == flows["zone2"] == pytest.approx(flows["line"] / 2)
