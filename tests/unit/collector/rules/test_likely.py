from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.rules.likely import Range, far_off, likely_unit

LINE = Range("bar", -0.2, 16)
NEAR_328 = Range("bar", -0.2, 16, 3.28)


@pytest.mark.parametrize(
    ("number", "written", "where", "said"),
    [
        (45, "", LINE, "45 psi would be 3.10 bar: write 45 psi"),
        (45, "", NEAR_328, "45 psi would be 3.10 bar: write 45 psi"),
        (320, "", LINE, "320 kPa would be 3.20 bar: write 320 kPa"),
        (3300, "", LINE, "3300 mbar would be 3.30 bar: write 3300 mbar"),
        (0.33, "", NEAR_328, "0.33 MPa would be 3.30 bar: write 0.33 MPa"),
        (3.3, "psi", NEAR_328, "3.3 bar is near to it: write 3.3"),
        (113, "", Range("c", -10, 90, 45), "113 °F would be 45.0 °C: write 113 °F"),
        (30, "", Range("lpm", -25, 10_000, 500), "30 m3/h would be 500 L/min: write 30 m3/h"),
        (0.92, "", Range("pct", 0, 100, 92), "0.92 as a share would be 92 %: write 92"),
        (3, "", Range("h", 0, 8760, 72), "3 d would be 72.0 h: write 3 d"),
        (9_999_999, "", LINE, None),
        (45, "", Range("bar", -0.2, 16, 10), None),
        (45, "", Range("", 0, 10), None),
        (45, "", Range("dbm", -150, 0), None),
    ],
)
def test_the_unit_that_was_meant(number: float, written: str, where: Range, said: str | None) -> None:
    assert likely_unit(number, written, where) == said


@pytest.mark.parametrize(
    ("value", "near", "far"), [(3.3, 3.28, False), (1.0, 3.28, True), (9.0, 3.28, True), (-1.0, 3.28, True), (1.0, None, False)]
)
def test_far_off_is_beyond_two_and_a_half_times(value: float, near: float | None, far: bool) -> None:
    assert far_off(value, near) is far


@given(st.floats(-1e9, 1e9, allow_nan=False), st.sampled_from(["bar", "c", "lpm", "pct", "ppm", "kg", "kw", "h", "count", "dbm", "s", ""]))
def test_no_number_and_no_unit_does_harm(number: float, unit: str) -> None:
    said = likely_unit(number, "", Range(unit, -100, 1000))
    assert said is None or "write" in said
