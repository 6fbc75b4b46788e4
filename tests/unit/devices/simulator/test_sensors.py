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
