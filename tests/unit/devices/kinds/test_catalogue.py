"""The catalogue against its contract (names that gateways in the field send) and the ranges of the trade."""

from __future__ import annotations

from pathlib import Path

import pytest

from devices.kinds.catalogue import KINDS, catalogue_markdown, signal
from devices.signal import Signal
from devices.units import OUR_UNITS

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "signals.md"

CONTRACT = {
    "psa_plant": "state fault_code o2_purity_pct o2_flow_lpm outlet_pressure_bar product_tank_bar air_receiver_bar feed_air_temp_c"
    " room_temp_c air_dewpoint_c product_dewpoint_c co_ppm co2_ppm tower_active cycle_count compressor_state compressor_discharge_temp_c"
    " compressor_run_h psa_run_h filter_dp_bar power_kw energy_kwh mains_ok genset_on room_o2_pct",
    "pipeline": "line_pressure_bar o2_flow_lpm o2_purity_pct",
    "manifold": "bank_a_bar bank_b_bar reserve_bar bank_in_use bank_temp_c outlet_pressure_bar o2_flow_lpm",
    "lox_tank": "level_pct level_kg level_dp_mbar tank_pressure_bar",
    "cylinder_store": "full_count empty_count",
    "concentrator": "o2_purity_pct o2_flow_lpm outlet_pressure_kpa power_w run_h alarm_contact in_use",
    "gateway": "online uptime_s rssi_dbm clock_offset_s battery_pct firmware",
}
"""The native payload, version 1: names may be added, none renamed or taken away."""

ALL = [pytest.param(signal, id=f"{kind.name}.{signal.name}") for kind in KINDS.values() for signal in kind.signals.values()]
NUMBERS = [
    pytest.param(signal, id=f"{kind.name}.{signal.name}")
    for kind in KINDS.values()
    for signal in kind.signals.values()
    if signal.type in {"number", "counter"}
]


def test_the_kinds_are_those_of_the_payload() -> None:
    assert list(KINDS) == list(CONTRACT)


@pytest.mark.parametrize("kind", CONTRACT)
def test_no_signal_of_the_payload_is_missing(kind: str) -> None:
    assert set(CONTRACT[kind].split()) <= set(KINDS[kind].signals)


def test_signals_lie_under_their_own_names() -> None:
    assert all(name == signal.name for kind in KINDS.values() for name, signal in kind.signals.items())


@pytest.mark.parametrize("signal", NUMBERS)
def test_a_number_is_in_the_unit_its_name_ends_with(signal: Signal) -> None:
    if signal.name == "fault_code":
        assert signal.unit == ""
    else:
        assert signal.name.endswith(f"_{signal.unit}")
        assert signal.unit in OUR_UNITS


@pytest.mark.parametrize("signal", NUMBERS)
def test_the_sane_range_contains_the_normal_one(signal: Signal) -> None:
    low, high = signal.sane
    normal_low, normal_high = signal.normal or signal.sane
    assert low <= normal_low <= normal_high <= high


@pytest.mark.parametrize("signal", ALL)
def test_every_signal_says_what_it_means_and_only_what_its_type_has(signal: Signal) -> None:
    assert signal.text.endswith(".")
    assert (signal.type == "state") == bool(signal.states)
    assert signal.type in {"number", "counter"} or (signal.unit, signal.normal) == ("", None)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("psa_plant", "energy_kwh"),
        ("psa_plant", "compressor_run_h"),
        ("psa_plant", "psa_run_h"),
        ("psa_plant", "cycle_count"),
        ("concentrator", "run_h"),
        ("gateway", "uptime_s"),
    ],
)
def test_what_only_grows_is_a_counter(kind: str, name: str) -> None:
    assert signal(kind, name).type == "counter"


@pytest.mark.parametrize("name", ["full_count", "empty_count"])
def test_counted_cylinders_go_up_and_down(name: str) -> None:
    assert (signal("cylinder_store", name).type, signal("cylinder_store", name).sane[0]) == ("number", 0)


@pytest.mark.parametrize(
    ("kind", "name", "states"),
    [
        ("psa_plant", "state", "off starting running_on_spec running_off_spec standby fault maintenance"),
        ("psa_plant", "compressor_state", "off unload load fault"),
        ("psa_plant", "tower_active", "a b equalise"),
        ("manifold", "bank_in_use", "a b reserve"),
    ],
)
def test_states(kind: str, name: str, states: str) -> None:
    assert signal(kind, name).states == set(states.split())


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("sentinel", [-32768.0, float("inf")])
def test_no_sane_range_holds_a_sentinel(number: Signal, sentinel: float) -> None:
    if number.name != "clock_offset_s":  # a clock at 1970 is 56 years off
        assert not number.sane[0] <= sentinel <= number.sane[1]


@pytest.mark.parametrize(
    ("kind", "name", "value", "sane"),
    [
        # A transmitter at its live zero: a lost pressure must stay a measurement, or its alarm would never come.
        ("pipeline", "line_pressure_bar", 0.0, True),
        ("pipeline", "line_pressure_bar", -0.05, True),
        ("pipeline", "line_pressure_bar", -0.25, False),
        ("manifold", "reserve_bar", -1.0, True),
        # The wrong unit: 4.1 bar as psi or kPa, 150 bar as psi.
        ("pipeline", "line_pressure_bar", 59.5, False),
        ("pipeline", "line_pressure_bar", 410.0, False),
        ("manifold", "bank_a_bar", 2175.0, False),
        ("manifold", "bank_a_bar", 250.0, True),
        ("manifold", "bank_a_bar", 250.1, False),
        ("psa_plant", "o2_purity_pct", 100.0, True),
        ("psa_plant", "o2_purity_pct", 100.1, False),
        ("psa_plant", "o2_purity_pct", -0.1, False),
        ("psa_plant", "o2_flow_lpm", 3200 * 1.3, True),
        ("psa_plant", "feed_air_temp_c", 91.0, False),
        ("psa_plant", "compressor_discharge_temp_c", 115.0, True),
        ("lox_tank", "level_dp_mbar", -999.0, False),
        ("concentrator", "outlet_pressure_kpa", 135.0, True),
        ("cylinder_store", "full_count", -1.0, False),
        ("gateway", "clock_offset_s", -1_764_000_000.0, True),
    ],
)
def test_sane_ranges_at_their_edges(kind: str, name: str, value: float, sane: bool) -> None:
    low, high = signal(kind, name).sane
    assert (low <= value <= high) is sane


@pytest.mark.parametrize(
    ("kind", "name", "words"),
    [
        ("boiler", "state", "no kind 'boiler'; known: psa_plant, pipeline"),
        ("pipeline", "line_pressure_psi", "pipeline has no signal 'line_pressure_psi'; known: line_pressure_bar"),
    ],
)
def test_an_unknown_name_is_answered_with_the_known_ones(kind: str, name: str, words: str) -> None:
    with pytest.raises(KeyError, match=words):
        signal(kind, name)


def test_the_reference_page_is_that_of_the_catalogue() -> None:
    assert PAGE.read_text(encoding="utf-8") == catalogue_markdown()


def test_the_reference_page_names_every_signal() -> None:
    page = catalogue_markdown()
    assert all(f"| `{name}` |" in page for kind in KINDS.values() for name in kind.signals)
