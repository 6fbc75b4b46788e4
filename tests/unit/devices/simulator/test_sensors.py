from __future__ import annotations

from random import Random

import pytest

from devices.kinds.catalogue import KINDS
from devices.signal import Value
from devices.simulator.faults import NONE_ACTIVE, Active, Fault
from devices.simulator.sensors import NOISE, Transmitters, measure

ALL_SIGNALS = {name for kind in KINDS.values() for name in kind.signals}


def stuck_and_silent(**signals: str) -> Active:
    return Active(Fault(name, "hospital", "line", 0, 1, {"signal": signal}) for name, signal in signals.items())


def test_every_noise_belongs_to_a_signal() -> None:
    assert set(NOISE) <= ALL_SIGNALS


def test_noise_has_its_deviation_and_resolution() -> None:
    rng = Random(1)
    read = [float(measure({"bank_a_bar": 100.04}, rng)["bank_a_bar"]) for _ in range(4000)]
    mean = sum(read) / len(read)
    assert mean == pytest.approx(100.04, abs=0.02)
    assert (sum((one - mean) ** 2 for one in read) / len(read)) ** 0.5 == pytest.approx(0.2, rel=0.05)
    assert all(one == round(one, 1) for one in read)


@pytest.mark.parametrize("value", [True, False, "running_on_spec", 51.0])
def test_states_contacts_and_counts_pass_unchanged(value: Value) -> None:
    assert measure({"full_count": value}, Random(1)) == {"full_count": value}


def test_zero_stays_zero_and_nothing_goes_below() -> None:
    rng = Random(1)
    assert {measure({"o2_flow_lpm": 0.0}, rng)["o2_flow_lpm"] for _ in range(50)} == {0.0}
    assert min(float(measure({"o2_flow_lpm": 0.1}, rng)["o2_flow_lpm"]) for _ in range(200)) == 0.0
    assert float(measure({"product_dewpoint_c": -58.0}, rng)["product_dewpoint_c"]) < -50


def test_a_stuck_transmitter_repeats_what_it_read_first_and_recovers() -> None:
    transmitters = Transmitters(Random(1))
    stuck = stuck_and_silent(sensor_stuck="line_pressure_bar")
    steps: list[tuple[float, Active, float]] = [
        (4.1, NONE_ACTIVE, 4.1),
        (4.2, stuck, 4.2),
        (3.0, stuck, 4.2),
        (2.9, NONE_ACTIVE, 2.9),
        (3.1, stuck, 3.1),
    ]
    for bar, active, expected_bar in steps:
        read = transmitters.pass_on("line", {"line_pressure_bar": bar, "o2_flow_lpm": bar}, active, 0)
        assert read == {"line_pressure_bar": expected_bar, "o2_flow_lpm": bar}


def test_a_silent_one_is_missing_and_only_it() -> None:
    values: dict[str, Value] = {"line_pressure_bar": 4.1, "o2_flow_lpm": 200.0}
    assert Transmitters(Random(1)).pass_on("line", values, stuck_and_silent(sensor_silent="line_pressure_bar"), 0) == {"o2_flow_lpm": 200.0}
    assert Transmitters(Random(1)).pass_on("other", values, stuck_and_silent(sensor_silent="line_pressure_bar"), 0) == values


def spoilt(name: str, value: Value, signal: str = "line_pressure_bar", **parameters: float) -> list[Value]:
    """What a true value becomes, read after reading, two hours after the fault began."""
    fault = Fault(name, "hospital", "line", 0, 10_000_000, {"signal": signal, **parameters})
    transmitters = Transmitters(Random(1))
    return [transmitters.pass_on("line", {signal: value}, Active([fault]), 7_200_000)[signal] for _ in range(200)]


def test_jumps_come_at_their_share_and_by_their_height() -> None:
    read = spoilt("sensor_jumps", 4.1, jump=1.2, share=0.25)
    assert set(read) == {4.1, 5.3, 2.9}
    assert 30 < sum(value != 4.1 for value in read) < 70


def test_drift_grows_with_the_hours() -> None:
    assert set(spoilt("sensor_drifts", 4.1, drift_per_h=0.1)) == {4.3}


def test_hum_is_many_times_the_usual_noise() -> None:
    read = [float(value) for value in spoilt("sensor_noisy", 4.1, times=12.0)]
    mean = sum(read) / len(read)
    assert (sum((one - mean) ** 2 for one in read) / len(read)) ** 0.5 == pytest.approx(12 * 0.008, rel=0.2)


@pytest.mark.parametrize(
    ("name", "signal", "value", "parameters", "expected"),
    [
        ("sensor_out_of_range", "line_pressure_bar", 4.1, {"reads": -4.0}, {-4.0}),
        ("flow_meter_wrong", "o2_flow_lpm", 200.0, {"factor": 0.6}, {120.0}),
        ("contact_chatters", "mains_ok", True, {"share": 0.5}, {True, False}),
    ],
)
def test_what_others_make_of_it(name: str, signal: str, value: Value, parameters: dict[str, float], expected: set[Value]) -> None:
    assert set(spoilt(name, value, signal=signal, **parameters)) == expected


def test_a_signal_that_the_asset_does_not_send_is_not_invented() -> None:
    jumpy = Active([Fault("sensor_jumps", "hospital", "line", 0, 1, {"signal": "o2_purity_pct"})])
    assert Transmitters(Random(1)).pass_on("line", {"o2_flow_lpm": 1.0}, jumpy, 0) == {"o2_flow_lpm": 1.0}
