"""Each named fault can be seen in what is sent between its true start and end, and can't be seen outside."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pytest

from devices.simulator.faults import FAULTS, Fault
from devices.simulator.fleet import Fleet
from tests.unit.devices.simulator.sites import HOSPITAL, HOUR_MS, MINUTE_MS, START_MS, slower


@dataclass(frozen=True)
class Heard:
    """One reading as a subscriber hears it."""

    sent_ms: int
    asset: str
    ts: int
    seq: int
    values: dict[str, float | str | bool]
    backfill: bool


SEED = 11
LONG = {"purity_drift": 12, "reserve_loss": 40, "stock_low": 12, "changeover_failure": 7}
"""Hours to listen to; the others need 4."""


@cache
def heard(name: str) -> tuple[Fault, list[Heard]]:
    site = slower(HOSPITAL, 60.0) if LONG.get(name, 4) > 10 else HOSPITAL
    fleet = Fleet([site], SEED, START_MS, name)
    fault = next(each for each in fleet.faults if each.name == name)
    found: list[Heard] = []
    for emission in fleet.run(START_MS + LONG.get(name, 4) * HOUR_MS):
        if emission.retained:
            continue
        sent = json.loads(emission.payload)
        asset = emission.topic.rpartition("/")[2]
        for each in sent if isinstance(sent, list) else [sent]:
            found.append(Heard(emission.send_ms, asset, each["ts"], each["seq"], each["values"], each.get("backfill", False)))
    return fault, found


def numbers(readings: list[Heard], asset: str, signal: str) -> list[float]:
    return [float(each.values[signal]) for each in readings if each.asset == asset and signal in each.values]


def states(readings: list[Heard], asset: str, signal: str) -> set[object]:
    return {each.values[signal] for each in readings if each.asset == asset and signal in each.values}


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def sees_leak(during: list[Heard]) -> bool:
    """The line takes more than ward and night explain: this seed draws up to 300 at that time of day."""
    return mean(numbers(during, "line", "o2_flow_lpm")) > 350


def sees_drift(during: list[Heard]) -> bool:
    return min(numbers(during, "psa1", "o2_purity_pct")) < 90


def sees_reserve_loss(during: list[Heard]) -> bool:
    bars = numbers(during, "manifold", "reserve_bar")
    return max(bars) - min(bars) > 20


def sees_low_stock(during: list[Heard]) -> bool:
    return 0.0 in numbers(during, "store-d", "full_count") or max(numbers(during, "manifold", "bank_b_bar")) < 100


def sees_stuck(during: list[Heard]) -> bool:
    return len(set(numbers(during, "line", "line_pressure_bar"))) == 1


def sees_silence(during: list[Heard]) -> bool:
    return not numbers(during, "line", "line_pressure_bar") and bool(numbers(during, "line", "o2_flow_lpm"))


def sees_bad_changeover(during: list[Heard]) -> bool:
    """The reserve feeds although bank b is full."""
    return any(
        each.values["bank_in_use"] == "reserve" and float(each.values["bank_b_bar"]) > 100 for each in during if each.asset == "manifold"
    )


def sees_duplicates(during: list[Heard]) -> bool:
    return len({(each.asset, each.seq) for each in during}) < len(during)


def sees_disorder(during: list[Heard]) -> bool:
    line = [each.seq for each in during if each.asset == "line"]
    return line != sorted(line)


SIGNATURES: dict[str, Callable[[list[Heard]], bool]] = {
    "leak": sees_leak,
    "plant_trip": lambda during: "fault" in states(during, "psa1", "state"),
    "plant_maintenance": lambda during: "maintenance" in states(during, "psa1", "state"),
    "purity_drift": sees_drift,
    "pressure_loss": lambda during: min(numbers(during, "line", "line_pressure_bar")) < 0.8 * 4.1,
    "changeover_failure": sees_bad_changeover,
    "reserve_loss": sees_reserve_loss,
    "stock_low": sees_low_stock,
    "sensor_stuck": sees_stuck,
    "sensor_silent": sees_silence,
    "gateway_offline": lambda during: not any(not each.backfill for each in during),
    "clock_1970": lambda during: any(each.ts < HOUR_MS * 24 for each in during),
    "clock_offset": lambda during: any(each.ts - each.sent_ms > 5 * HOUR_MS for each in during),
    "duplicates": sees_duplicates,
    "reordered": sees_disorder,
}

SETTLE_MS = {"purity_drift": 20 * MINUTE_MS, "stock_low": 10 * MINUTE_MS, "pressure_loss": 3 * MINUTE_MS, "reserve_loss": 65 * MINUTE_MS}
"""How long after its end a fault can still be seen: purity follows, staff change the banks. A minute for the others."""


def test_every_fault_has_a_signature() -> None:
    assert set(SIGNATURES) == set(FAULTS)


@pytest.mark.parametrize("name", FAULTS)
def test_is_seen_between_its_true_times_only(name: str) -> None:
    fault, readings = heard(name)
    after_ms = fault.end_ms + SETTLE_MS.get(name, MINUTE_MS)
    before = [each for each in readings if each.sent_ms < fault.start_ms]
    during = [each for each in readings if fault.start_ms <= each.sent_ms < fault.end_ms]
    after = [each for each in readings if each.sent_ms >= after_ms and not each.backfill]
    sees = SIGNATURES[name]
    assert len(before) > 50
    assert len(after) > 50
    assert sees(during), f"{name} can't be seen while it lasts"
    assert not sees(before), f"{name} is seen before its start"
    assert not sees(after), f"{name} is seen after its end"


@pytest.mark.parametrize("name", ["plant_trip", "plant_maintenance", "clock_1970", "clock_offset", "pressure_loss"])
def test_is_seen_all_the_time_that_it_lasts(name: str) -> None:
    fault, readings = heard(name)
    for start_ms in range(fault.start_ms + 2 * MINUTE_MS, fault.end_ms - MINUTE_MS, MINUTE_MS):
        assert SIGNATURES[name]([each for each in readings if start_ms <= each.sent_ms < start_ms + MINUTE_MS])


def test_an_offline_gateway_loses_no_reading() -> None:
    fault, readings = heard("gateway_offline")
    seqs = [each.seq for each in readings if each.asset == "line"]
    assert sorted(seqs) == list(range(1, len(seqs) + 1))
    stored = [each for each in readings if each.backfill]
    assert all(fault.start_ms <= each.ts < fault.end_ms <= each.sent_ms for each in stored)
    assert len([each for each in stored if each.asset == "line"]) == (fault.end_ms - fault.start_ms) // 10_000


def test_after_low_stock_the_banks_are_full_again() -> None:
    fault, readings = heard("stock_low")
    after = [each for each in readings if each.sent_ms > fault.end_ms + 10 * MINUTE_MS]
    for bank in ("bank_a_bar", "bank_b_bar", "reserve_bar"):
        assert min(numbers(after, "manifold", bank)) > 0.9 * 150


@pytest.mark.parametrize("seed", range(4))
def test_demo_shows_a_trip_a_drained_bank_and_a_falling_line_then_recovers(seed: int) -> None:
    truth: list[str] = []
    fleet = Fleet([HOSPITAL], seed, START_MS, "demo", on_truth=truth.append)
    found: dict[str, list[tuple[int, dict[str, float | str | bool]]]] = {}
    for emission in fleet.run(START_MS + HOUR_MS):
        if not emission.retained:
            sent = json.loads(emission.payload)
            found.setdefault(emission.topic.rpartition("/")[2], []).append((sent["ts"] - START_MS, sent["values"]))
    stocks = [stock for line in truth if (stock := json.loads(line)).get("truth")]
    low = [stock["at_ms"] for stock in stocks if stock["hours_left_connected"] is not None and stock["hours_left_connected"] < 6]
    below = [at for at, values in found["line"] if float(values["line_pressure_bar"]) < 0.8 * 4.1]
    assert low[-1] - low[0] >= 15 * MINUTE_MS, "long enough for an alarm that waits five minutes"
    assert low[0] - START_MS <= 25 * MINUTE_MS
    assert 3 * MINUTE_MS < below[-1] - below[0] < 6 * MINUTE_MS
    last_at, last_line = found["line"][-1]
    assert last_at > 59 * MINUTE_MS
    assert float(last_line["line_pressure_bar"]) > 0.93 * 4.1
    assert found["psa1"][-1][1]["state"] in {"running_on_spec", "standby"}
    assert stocks[-1]["hours_left_connected"] is None
