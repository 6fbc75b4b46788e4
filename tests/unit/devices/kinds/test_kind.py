from __future__ import annotations

import pytest

from devices.kinds.kind import code, contact, counter, kind, number, state, unit_of


def test_a_number_takes_its_unit_from_its_name() -> None:
    signal = number("air_receiver_bar", "Receiver.", (0, 16), (5.5, 8))
    assert (signal.type, signal.unit, signal.sane, signal.normal) == ("number", "bar", (0, 16), (5.5, 8))


def test_a_counter_starts_at_zero() -> None:
    signal = counter("energy_kwh", "Energy.", 1e9)
    assert (signal.type, signal.unit, signal.sane) == ("counter", "kwh", (0, 1e9))


def test_a_code_has_no_unit() -> None:
    assert code("fault_code", "Fault.", 65535, (0, 0)).unit == ""


def test_a_state_has_a_closed_set_of_names() -> None:
    assert state("bank_in_use", "Bank.", "a", "b").states == {"a", "b"}


@pytest.mark.parametrize("name", ["purity", "o2_purity_percent", "", "bar_", "line_pressure_BAR"])
def test_a_name_without_a_unit_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="ends with no unit"):
        unit_of(name)


@pytest.mark.parametrize(
    ("sane", "normal"),
    [
        ((0, 16), (5, 17)),
        ((0, 16), (-1, 8)),
        ((0, 16), (8, 5)),
        ((16, 0), None),
        ((3, 3), None),
        ((0, float("inf")), None),
        ((float("-inf"), 16), None),
        ((float("nan"), 16), None),
    ],
)
def test_a_range_that_makes_no_sense_is_refused(sane: tuple[float, float], normal: tuple[float, float] | None) -> None:
    with pytest.raises(ValueError, match="line_bar: the sane range"):
        number("line_bar", "Line.", sane, normal)


def test_two_signals_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two signals of the same name"):
        kind("pump", "Pump", contact("on", "Runs."), contact("on", "Stands."))
