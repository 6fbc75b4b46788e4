from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.assets import Concentrator, Site
from devices.gateway.emission import Emission
from devices.kinds.catalogue import KINDS
from devices.payloads.native import Reading, salvage
from devices.signal import Signal, Value
from devices.simulator.fleet import Fleet, step_ms
from devices.simulator.scenarios import SCENARIOS
from tests.unit.devices.simulator.sites import EVERYTHING, HOSPITAL, HOUR_MS, LIQUID, MINUTE_MS, START_MS, slower

BEDSIDE = Concentrator(id="oc1", kind="concentrator", rated_flow_lpm=10)
ALL = EVERYTHING.model_copy(update={"assets": (*EVERYTHING.assets, BEDSIDE)})


def emissions(site: Site, seed: int, minutes: float, scenario: str = "normal") -> list[Emission]:
    return list(Fleet([site], seed, START_MS, scenario).run(START_MS + round(minutes * MINUTE_MS)))


def is_in_catalogue(signal: Signal, value: Value) -> bool:
    if signal.type == "state":
        return value in signal.states
    if signal.type in {"number", "counter"}:
        return isinstance(value, float) and signal.sane[0] <= value <= signal.sane[1]
    return isinstance(value, bool if signal.type == "boolean" else str)


def test_same_seed_same_bytes_other_seed_others() -> None:
    assert emissions(ALL, 7, 30) == emissions(ALL, 7, 30)
    assert emissions(ALL, 7, 30) != emissions(ALL, 8, 30)


def test_a_site_does_not_depend_on_its_neighbours() -> None:
    alone = emissions(HOSPITAL, 7, 10)
    together = [
        emission for emission in Fleet([LIQUID, HOSPITAL], 7, START_MS).run(START_MS + 10 * MINUTE_MS) if "/hospital/" in emission.topic
    ]
    assert together == alone


@settings(max_examples=20, deadline=None)
@given(cuts=st.lists(st.integers(0, 10 * MINUTE_MS), max_size=6))
def test_running_in_pieces_gives_the_same(cuts: list[int]) -> None:
    fleet = Fleet([HOSPITAL], 7, START_MS, "reordered")
    pieces = [emission for cut in (*sorted(cuts), 10 * MINUTE_MS) for emission in fleet.run(START_MS + cut)]
    assert pieces == emissions(HOSPITAL, 7, 10, "reordered")


@pytest.mark.parametrize("scenario", ["normal", "duplicates", "reordered", "gateway_offline"])
def test_order_is_that_of_sending_and_ends_in_time(scenario: str) -> None:
    sent_ms = [emission.send_ms for emission in emissions(HOSPITAL, 7, 200, scenario)]
    assert sent_ms == sorted(sent_ms)
    assert sent_ms[0] >= START_MS
    assert sent_ms[-1] < START_MS + 200 * MINUTE_MS


def test_every_asset_speaks_at_its_interval() -> None:
    counts = Counter(emission.topic.rpartition("/")[2] for emission in emissions(ALL, 7, 60) if not emission.retained)
    assert {asset: counts[asset] for asset in ("psa1", "psa2", "line", "lox", "manifold", "oc1")} == dict.fromkeys(
        ("psa1", "psa2", "line", "lox", "manifold", "oc1"), 360
    )
    assert counts["gw1"] == 60
    assert 1 <= counts["store-d"] <= 5


def test_counts_are_sent_hourly_and_on_change() -> None:
    told = [
        json.loads(emission.payload)
        for emission in emissions(slower(HOSPITAL, 3600.0), 7, 12 * 60, "stock_low")
        if emission.topic.endswith("store-d")
    ]
    counts = [reading["values"]["full_count"] for reading in told]
    stamps = [reading["ts"] for reading in told]
    assert max(later - earlier for earlier, later in pairwise(stamps)) <= HOUR_MS
    assert 0.0 in counts
    assert stamps[counts.index(0.0)] == pytest.approx(START_MS + HOUR_MS, abs=1000)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_payload_is_valid_and_within_sane_ranges(scenario: str) -> None:
    kinds = {asset.id: KINDS[asset.kind] for asset in ALL.assets}
    seen: set[tuple[str, str]] = set()
    insane: set[tuple[str, Value]] = set()
    for emission in emissions(slower(ALL, 30.0), 3, 200, scenario):
        if emission.retained:
            assert emission.payload in {b"online", b"offline"}
            continue
        kind = kinds[emission.topic.rpartition("/")[2]]
        for found in salvage(emission.payload):
            assert isinstance(found, Reading), found
            for name, value in found.values.items():
                seen.add((kind.name, name))
                if not is_in_catalogue(kind.signals[name], value):
                    insane.add((name, value))
    assert {kind for kind, _ in seen} == set(KINDS)
    assert insane == ({("line_pressure_bar", -4.0)} if scenario == "sensor_out_of_range" else set())


def test_unknown_scenario() -> None:
    with pytest.raises(ValueError, match="known: normal, demo"):
        Fleet([HOSPITAL], 1, START_MS, "weather")


def test_truth_tells_faults_first_and_the_stock_every_five_minutes() -> None:
    lines: list[str] = []
    fleet = Fleet([HOSPITAL, LIQUID], 1, START_MS, "demo", on_truth=lines.append)
    assert [json.loads(line)["fault"] for line in lines] == ["stock_low", "plant_trip", "pressure_loss"]
    list(fleet.run(START_MS + 30 * MINUTE_MS))
    stocks = [json.loads(line) for line in lines[3:]]
    own = [stock for stock in stocks if stock["site"] == "hospital"]
    assert [stock["at_ms"] - START_MS for stock in own] == [n * 5 * MINUTE_MS for n in range(6)]
    assert own[0]["hours_left_connected"] is None
    last = own[-1]
    assert set(last["content_l"]) == {"manifold/a", "manifold/b", "manifold/reserve"}
    assert last["hours_left_connected"] == pytest.approx(sum(last["content_l"].values()) / 60 / last["draw_lpm"], abs=0.01)
    assert stocks[-1]["content_l"].keys() == {"lox", "manifold/a", "manifold/b", "manifold/reserve"}


@pytest.mark.parametrize(("interval_s", "expected_ms"), [(0.1, 1_000), (10.0, 10_000), (600.0, 30_000)])
def test_step(interval_s: float, expected_ms: int) -> None:
    assert step_ms([slower(HOSPITAL, interval_s)]) == expected_ms


def test_prefix() -> None:
    fleet = Fleet([HOSPITAL], 1, START_MS, prefix="state/o2")
    assert {emission.topic.rsplit("/", 2)[0] for emission in fleet.run(START_MS + MINUTE_MS) if not emission.retained} == {"state/o2"}
