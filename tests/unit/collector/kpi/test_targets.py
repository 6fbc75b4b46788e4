from __future__ import annotations

import pytest

from collector.kpi.targets import BY_ID, TARGETS, judged


@pytest.mark.parametrize(
    ("name", "value", "verdict"),
    [
        ("per_day", 150.0, "good"),
        ("per_day", 150.1, "manageable"),
        ("per_day", 300.0, "manageable"),
        ("per_day", 301.0, "too much"),
        ("low_pct", 80.0, "good"),
        ("low_pct", 79.9, "manageable"),
        ("low_pct", 65.0, "manageable"),
        ("low_pct", 64.0, "too much"),
        ("unauthorised", 0, "good"),
        ("unauthorised", 1, "too much"),
        ("standing", 4, "good"),
        ("standing", 5, "manageable"),
        ("response_high_min", None, "unknown"),
    ],
)
def test_a_figure_is_judged_by_its_target(name: str, value: float | None, verdict: str) -> None:
    assert BY_ID[name].verdict(value) == verdict


def test_figures_come_in_the_order_of_the_table_and_only_those_that_are_given() -> None:
    found = judged([("flood_pct", 0.01234567), ("per_day", None)])
    assert [(f.id, f.value, f.verdict, f.good, f.source) for f in found] == [
        ("per_day", None, "unknown", 150, BY_ID["per_day"].source),
        ("flood_pct", 0.012, "good", 1, BY_ID["flood_pct"].source),
    ]


def test_every_target_is_known_once_has_a_source_and_manageable_is_not_better_than_good() -> None:
    assert len(BY_ID) == len(TARGETS)
    for target in TARGETS:
        assert target.source
        assert target.verdict(target.good) == "good"
        assert target.verdict(target.manageable) in ("good", "manageable")


def test_the_three_rates_of_the_standard_are_one() -> None:
    """144 a day are 6 an hour and 1 in ten minutes; 288 are 12 and 2."""
    assert (BY_ID["per_hour"].good, BY_ID["per_10min"].good) == (144 / 24, 144 / 144)
    assert (BY_ID["per_hour"].manageable, BY_ID["per_10min"].manageable) == (288 / 24, 288 / 144)
