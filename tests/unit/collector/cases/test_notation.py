"""The short ways of writing: what they mean, and what is said of what they can't mean."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.cases.notation import MAX_SAMPLES, TRUE_TIME, Stamp, duration_ms, joined, parse_stamp, samples, series, written


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("40s", 40_000),
        ("5m10s", 310_000),
        ("5m 10s", 310_000),
        ("1h30m", 5_400_000),
        ("90min", 5_400_000),
        ("2d", 172_800_000),
        ("1.5h", 5_400_000),
        ("250ms", 250),
        ("-6h", -21_600_000),
        ("+1h", 3_600_000),
        ("0", 0),
        ("0s", 0),
        (0, 0),
    ],
)
def test_lengths_of_time(text: Any, ms: int) -> None:
    assert duration_ms(text) == ms


@pytest.mark.parametrize("text", ["", "5", 300, 1.5, "5x", "m5", "5m then", "-", None, True, False, "1h-30m", "now"])
def test_what_is_no_length_of_time_is_told_what_would_be(text: Any) -> None:
    with pytest.raises(ValueError, match=r"like 40s, 5m10s or 1h30m"):
        duration_ms(text)


@given(st.integers(min_value=-(10**10), max_value=10**10))
def test_a_written_length_of_time_is_read_as_the_same(ms: int) -> None:
    assert duration_ms(written(ms)) == ms


def values(text: str, every_ms: int = 10_000) -> list[tuple[int, object]]:
    return [(offset_ms // 1000, value) for offset_ms, value, _ in samples(series(text), every_ms)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("4.1", [(0, 4.1)]),
        ("4.1x3", [(0, 4.1), (10, 4.1), (20, 4.1)]),
        ("4.1 x2 3.2", [(0, 4.1), (10, 4.1), (20, 3.2)]),
        ("0x2", [(0, 0.0), (10, 0.0)]),
        ("4~2x3", [(0, 4.0), (10, 3.0), (20, 2.0)]),
        ("-5~-4x2", [(0, -5.0), (10, -4.0)]),
        ("1~3x30s", [(0, 1.0), (10, 2.0), (20, 3.0)]),
        ("1e3 .5 +2", [(0, 1000.0), (10, 0.5), (20, 2.0)]),
        ("1 _x2 3", [(0, 1.0), (30, 3.0)]),
        ("_ 3", [(10, 3.0)]),
        ("7x20s 8", [(0, 7.0), (10, 7.0), (20, 8.0)]),
        ("running_on_spec x2 off", [(0, "running_on_spec"), (10, "running_on_spec"), (20, "off")]),
        ("true false x2", [(0, True), (10, False), (20, False)]),
    ],
)
def test_series(text: str, found: list[tuple[int, object]]) -> None:
    assert values(text) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (4.1, "found 4.1; a series is text like"),
        (True, "found True; a series is text like"),
        (None, "a series is text"),
        ("", "the series is empty"),
        ("x30", "no value before the count"),
        ("4.1x0", "a count is at least 1"),
        ("4.1x3y", "after x stands a count, or a length of time"),
        ("4.1~off x3", "a straight line is between two numbers"),
        ("4~2", "how many samples? Write it like 4~2x20"),
        ("4,1x3", "'4,1' is no value"),
        ("4.1x3@yesterday", "a stamp is @-6h"),
        ("4.1@-6h@1970", "two stamps at one value"),
    ],
)
def test_what_is_no_series_is_told_what_would_be(text: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("?", r"\?")):
        series(text)


def test_a_span_must_be_whole_intervals() -> None:
    with pytest.raises(ValueError, match="x25s is no whole number of intervals of 10s"):
        values("4x25s")


def test_a_series_is_bounded() -> None:
    with pytest.raises(ValueError, match=f"more than {MAX_SAMPLES} samples"):
        list(samples(series(f"4x{MAX_SAMPLES} 4"), 1000))


@pytest.mark.parametrize(
    ("text", "stamp"),
    [
        ("-6h", Stamp(shift_ms=-21_600_000)),
        ("+1h", Stamp(shift_ms=3_600_000)),
        ("1970", Stamp(at_ms=1000)),
        ("none", Stamp(none=True)),
        ("2026-01-31T08:00:00Z", Stamp(at_ms=1_769_846_400_000)),
        ("backfill", Stamp(backfill=True)),
        ("retained", Stamp(retained=True)),
    ],
)
def test_stamps(text: str, stamp: Stamp) -> None:
    assert parse_stamp(text) == stamp
    assert [each for _, _, each in samples(series(f"1 2x2@{text}"), 1000)] == [TRUE_TIME, stamp, stamp]


def test_marks_come_together() -> None:
    assert joined([Stamp(backfill=True), Stamp(shift_ms=-5)]) == Stamp(shift_ms=-5, backfill=True)
    assert joined([]) == TRUE_TIME


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="a time like @2026-01-31T08:00:00Z"):
        parse_stamp("2026-01-31T08:00:00")
