"""The example is what it says: two hospitals whose cylinders add up, and whose ordinary week wakes nobody."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from devices.assets import CylinderStore, Gateway, Manifold, Site
from devices.simulator.demand import expected_lpm
from devices.simulator.faults import FAULTS
from devices.simulator.fleet import Fleet
from devices.simulator.plant import Plant
from devices.simulator.scenarios import SCENARIOS, resolve

PATH = Path(__file__).parents[3] / "examples" / "kasganj.yaml"
SITES = [Site.model_validate(site) for site in yaml.safe_load(PATH.read_text(encoding="utf-8"))["sites"]]
HOSPITAL, CENTRE = SITES
MONDAY_MS = 1_764_009_000_000
DAY_MS = 86_400_000


def count(site: Site, kind: str) -> int:
    return sum(asset.kind == kind for asset in site.assets)


def cylinders(site: Site, kind: str) -> int:
    on_banks = sum(
        bank.cylinders for asset in site.assets if isinstance(asset, Manifold) for bank in asset.banks.values() if bank.type == kind
    )
    return on_banks + sum(asset.full or 0 for asset in site.assets if isinstance(asset, CylinderStore) and asset.type == kind)


def test_the_hospital() -> None:
    assert (HOSPITAL.id, HOSPITAL.beds.ward + HOSPITAL.beds.hdu + HOSPITAL.beds.icu) == ("kasganj-dh", 150)
    assert (cylinders(HOSPITAL, "in-d"), cylinders(HOSPITAL, "in-b")) == (111, 34)
    assert {kind: count(HOSPITAL, kind) for kind in ("psa_plant", "manifold", "pipeline", "concentrator", "gateway")} == {
        "psa_plant": 1,
        "manifold": 1,
        "pipeline": 1,
        "concentrator": 49,
        "gateway": 1,
    }


def test_the_health_centre() -> None:
    assert CENTRE.id == "chc-ganjdundwara"
    assert {kind: count(CENTRE, kind) for kind in ("psa_plant", "manifold", "pipeline", "gateway")} == dict.fromkeys(
        ("psa_plant", "manifold", "pipeline", "gateway"), 1
    )


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.id)
def test_every_name_is_there_in_english_and_hindi(site: Site) -> None:
    for thing in (site, *site.assets):
        assert isinstance(thing.name, dict)
        assert set(thing.name) == {"en", "hi"}
        assert any("\u0900" <= letter <= "\u097f" for letter in thing.name["hi"])


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.id)
def test_one_gateway_reports_for_all(site: Site) -> None:
    (gateway,) = (asset for asset in site.assets if isinstance(asset, Gateway))
    assert set(gateway.assets) == {asset.id for asset in site.assets} - {gateway.id}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_scenario_fits_but_those_of_a_liquid_tank(scenario: str) -> None:
    if scenario in FAULTS and FAULTS[scenario].target == "lox_tank":
        with pytest.raises(ValueError, match="needs a site with lox_tank"):
            resolve(scenario, SITES, MONDAY_MS)
    else:
        assert {fault.site for fault in resolve(scenario, SITES, MONDAY_MS)} <= {"kasganj-dh"}


@pytest.mark.parametrize(("site", "hours"), [(HOSPITAL, 20), (CENTRE, 48)], ids=["hospital", "centre"])
def test_with_the_plant_lost_the_manifold_lasts(site: Site, hours: float) -> None:
    from random import Random

    connected_l = sum(Plant(site, Random(1)).connected_l().values())
    assert connected_l / 60 / expected_lpm(site.beds) > hours


def quarterly(site: Site) -> Site:
    """Read every five minutes and without bedside units, so that a week takes seconds."""
    gateway = {"assets": ()}
    return site.model_copy(
        update={
            "assets": tuple(
                asset.model_copy(update={"interval_s": 300.0} | (gateway if isinstance(asset, Gateway) else {}))
                for asset in site.assets
                if asset.kind != "concentrator"
            )
        }
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_an_ordinary_week_stays_normal(seed: int) -> None:
    """No limit of a rule of medium or high priority is even touched."""
    truth: list[str] = []
    fleet = Fleet([quarterly(site) for site in SITES], seed, MONDAY_MS, on_truth=truth.append)
    heard = 0
    for emission in fleet.run(MONDAY_MS + 7 * DAY_MS):
        if emission.retained:
            continue
        heard += 1
        values = json.loads(emission.payload)["values"]
        if emission.topic.endswith("/line"):
            assert 0.9 * 4.1 < values["line_pressure_bar"] < 1.1 * 4.1
            assert 92 < values["o2_purity_pct"] < 96
        elif emission.topic.endswith("/psa1"):
            check_plant(values)
        elif emission.topic.endswith("/manifold"):
            assert (values["bank_in_use"], values["o2_flow_lpm"]) == ("a", 0.0)
            assert min(values["bank_a_bar"], values["bank_b_bar"], values["reserve_bar"]) > 0.9 * 150
    assert heard > 2 * 7 * 288 * 3
    stocks = [json.loads(line) for line in truth]
    assert all(stock["hours_left_connected"] is None for stock in stocks)
    assert all(sum(stock["content_l"].values()) / 60 / stock["demand_lpm"] > 14 for stock in stocks), "hours with the plant lost"


def check_plant(values: dict[str, float | str | bool]) -> None:
    assert values["state"] in {"running_on_spec", "standby"}
    assert 92.5 < float(values["o2_purity_pct"]) < 95.7
    assert float(values["product_tank_bar"]) > 4.1 + 0.5
    assert float(values["air_receiver_bar"]) > 5.5
    assert float(values["feed_air_temp_c"]) < 42
    assert float(values["compressor_discharge_temp_c"]) < 95
    assert 19.5 < float(values["room_o2_pct"]) < 23.5
    assert values["mains_ok"] is True
