from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.assets import Site
from devices.simulator.faults import FAULTS, NONE_ACTIVE, Fault, active_at
from devices.simulator.fleet import Fleet
from devices.simulator.plant import Plant
from devices.simulator.scenarios import MINUTE_MS
from tests.unit.devices.simulator.sites import CLINIC, CYLINDERS_ONLY, EVERYTHING, HOSPITAL, LIQUID, START_MS, slower

SITES = {site.id: site for site in (HOSPITAL, CYLINDERS_ONLY, LIQUID, EVERYTHING)}
TARGETS = {"psa_plant", "pipeline", "manifold", "lox_tank"}
PROCESS_FAULTS = [name for name, kind in FAULTS.items() if kind.target in TARGETS and "signal" not in kind.defaults]


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


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    names=st.lists(st.sampled_from(PROCESS_FAULTS), min_size=2, max_size=6, unique=True),
    starts_min=st.lists(st.floats(0, 200), min_size=6, max_size=6),
)
def test_litres_balance_with_many_faults_at_once(seed: int, names: list[str], starts_min: list[float]) -> None:
    faults = [fault(EVERYTHING, name, start, start + 120) for name, start in zip(names, starts_min, strict=False)]
    before_l = Plant(EVERYTHING, Random(seed)).stock_l()
    plant = run(EVERYTHING, seed, 6.0, *faults)
    assert plant.stock_l() - before_l == pytest.approx(plant.ledger.balance_l(), abs=1e-3)
    assert min(psa.content_l for psa in plant.psas.values()) >= 0
    assert min(tank.content_kg for tank in plant.tanks.values()) >= 0


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


def test_what_truly_happens_does_not_depend_on_how_often_it_is_read() -> None:
    quick, slow = (Fleet([slower(HOSPITAL, interval_s)], 3, START_MS, "purity_drift") for interval_s in (30.0, 300.0))
    for fleet in (quick, slow):
        list(fleet.sent(START_MS + 12 * 60 * MINUTE_MS))
    plants = [fleet.simulated["hospital"].plant for fleet in (quick, slow)]
    assert plants[0].read("psa1") == plants[1].read("psa1")
    assert plants[0].ledger == plants[1].ledger


def test_a_surge_is_drawn_by_patients_and_a_leak_is_not() -> None:
    surge, leak = (run(HOSPITAL, 1, 2.0, fault(HOSPITAL, name, 0, 120)) for name in ("demand_surge", "leak"))
    usual = run(HOSPITAL, 1, 2.0)
    assert surge.ledger.used_l - usual.ledger.used_l == pytest.approx(400 * 120, rel=0.01)
    assert leak.ledger.used_l == pytest.approx(usual.ledger.used_l, rel=0.01)
    assert leak.ledger.leaked_l == pytest.approx(150 * 120, rel=0.01)


def test_without_power_plants_and_bedside_units_stop_and_the_banks_feed() -> None:
    site = HOSPITAL.model_copy(update={"assets": (*HOSPITAL.assets, *(a for a in CLINIC.assets if a.kind == "concentrator"))})
    plant = run(site, 1, 1.0, fault(site, "power_lost", 10, 120))
    assert plant.psas["psa1"].state == "off"
    assert plant.manifolds["manifold"].flow_lpm > 100
    assert all(unit.read()["power_w"] == 0.0 and unit.read()["alarm_contact"] is True for unit in plant.bedsides.values())


def test_a_generator_brings_the_plant_back() -> None:
    assert run(HOSPITAL, 1, 1.0, fault(HOSPITAL, "mains_lost", 10, 120)).psas["psa1"].state in {"running_on_spec", "standby"}


def test_an_open_drain_costs_the_tank_what_the_ledger_says() -> None:
    plant = run(HOSPITAL, 1, 1.0, fault(HOSPITAL, "tank_drain_open", 10, 120))
    assert plant.psas["psa1"].tank_bar < 4.4
    assert plant.ledger.leaked_l > 20_000


def test_a_leaking_valve_empties_both_banks() -> None:
    faults = [fault(HOSPITAL, name, 0, 300) for name in ("plant_trip", "cross_leak")]
    plant = run(HOSPITAL, 1, 4.0, *faults)
    manifold = plant.manifolds["manifold"]
    assert max(manifold.banks[name].bar(manifold.temp_c) for name in "ab") < 130


@pytest.mark.parametrize(("name", "share"), [("short_filled", 0.7), ("plant_trip", 1.0)])
def test_cylinders_come_as_the_filler_fills_them(name: str, share: float) -> None:
    faults = [fault(HOSPITAL, each, 0, 900) for each in dict.fromkeys(("plant_trip", name))]
    plant = run(HOSPITAL, 1, 11.0, *faults)
    bank = plant.manifolds["manifold"].banks["a"]
    assert bank.gas_l / bank.full_l == pytest.approx(share, abs=0.035)
