"""The judge on made-up truth: times are in seconds from the start of the truth."""

from __future__ import annotations

import pytest

from bench.truth_judge import Line, Told, TrueThing, judge
from devices.simulator.faults import Fault

HOUR_MS = 3_600_000
UNDER = {"LP-L": ["LP-LL"], "AU-48": ["AU-24", "AU-06"], "AU-24": ["AU-06"]}


def thing(rule: str = "LP-L", asset: str = "line", delay_s: int = 60, until_s: int = 900) -> TrueThing:
    return TrueThing(asset, rule, "pressure_loss", 0, delay_s * 1000, (delay_s + 60) * 1000, until_s * 1000)


def told(
    at_s: float, rule: str = "LP-L", asset: str = "line", until_s: float | None = None, priority: str = "medium", *, routine: bool = False
) -> Told:
    return Told(asset, rule, priority, round(at_s * 1000), None if until_s is None else round(until_s * 1000), routine)


def fault(name: str = "pressure_loss", asset: str = "line", start_h: float = 0.0, end_h: float = 1.0) -> Fault:
    return Fault(name, "hospital", asset, round(start_h * HOUR_MS), round(end_h * HOUR_MS))


def one(rule: str, true: list[TrueThing], alarms: list[Told], faults: list[Fault] | None = None) -> Line:
    return judge(true, alarms, [fault()] if faults is None else faults, UNDER).get(rule, Line(rule))


@pytest.mark.parametrize(
    ("alarms", "in_time", "late", "missed", "waits_s"),
    [
        ([], 0, 0, 1, []),
        ([told(60)], 1, 0, 0, [0.0]),
        ([told(120)], 1, 0, 0, [60.0]),
        ([told(121)], 0, 1, 0, [61.0]),
        ([told(900)], 0, 1, 0, [840.0]),
        ([told(901)], 0, 0, 1, []),
        ([told(-500)], 1, 0, 0, []),
        ([told(-500, until_s=-1)], 0, 0, 1, []),
        ([told(-500, until_s=-1), told(70)], 1, 0, 0, [10.0]),
        ([told(70, "LP-LL")], 1, 0, 0, []),
        ([told(70, "LP-LL", "other")], 0, 0, 1, []),
        ([told(70, "LP-HH")], 0, 0, 1, []),
        ([told(200), told(70, "LP-LL")], 1, 0, 0, [140.0]),
    ],
)
def test_in_time_late_and_missed(alarms: list[Told], in_time: int, late: int, missed: int, waits_s: list[float]) -> None:
    """Open already, raised, raised under a worse name; ended before it was so; at another asset."""
    line = one("LP-L", [thing()], alarms)
    assert (line.true, line.in_time, len(line.late), len(line.missed), line.waits_s) == (1, in_time, late, missed, waits_s)


def test_a_milder_alarm_does_not_stand_for_a_worse_truth() -> None:
    assert len(one("LP-LL", [thing("LP-LL")], [told(70)]).missed) == 1


def test_worse_rules_stand_for_it_over_several_steps() -> None:
    assert one("AU-48", [thing("AU-48", "")], [told(70, "AU-06", "")]).in_time == 1


def test_a_dark_site_stands_for_its_gateways() -> None:
    assert one("ST-OF", [thing("ST-OF", "gw2")], [told(70, "ST-DK", "")]).in_time == 1
    assert len(one("ST-DK", [thing("ST-DK", "")], [told(70, "ST-OF", "gw2")]).missed) == 1


@pytest.mark.parametrize(
    ("alarm", "explained"),
    [
        (told(70), True),
        (told(-1), False),
        (told(1.4 * 3600), True),
        (told(1.6 * 3600), False),
        (told(70, asset="zone2"), False),
        (told(70, "LP-HH"), False),
        (told(70, "LP-HH", priority="high"), False),
        (told(70, "LP-HH", priority="low"), True),
        (told(70, "BK-CH", "manifold"), False),
        (told(70, "BK-CH", "manifold", routine=True), True),
    ],
)
def test_what_nothing_explains(alarm: Told, explained: bool) -> None:
    """The fault's own asset and rules, until half an hour after it; low priorities and what is routine need no fault."""
    assert len(one(alarm.rule, [], [alarm]).unexplained) == (0 if explained else 1)


def test_routine_is_counted_where_no_fault_explains_it() -> None:
    bank = told(70, "BK-CH", "manifold", routine=True)
    assert one("BK-CH", [], [bank]).routine == 1
    assert one("BK-CH", [], [bank], [fault("banks_not_changed", "manifold")]).routine == 0


def test_a_lying_transmitter_explains_what_its_asset_says_and_what_is_reckoned_from_it() -> None:
    stuck = [fault("sensor_stuck", "manifold")]
    assert not one("RS-LO", [], [told(70, "RS-LO", "manifold")], stuck).unexplained
    assert not one("AU-06", [], [told(70, "AU-06", "", priority="high")], stuck).unexplained
    assert one("LP-LL", [], [told(70, "LP-LL", "line", priority="high")], stuck).unexplained


def test_lines_add_up() -> None:
    first, second = one("LP-L", [thing()], [told(60)]), one("LP-L", [thing()], [])
    first.add(second)
    assert (first.true, first.in_time, len(first.missed), first.raised, first.waits_s) == (2, 1, 1, 1, [0.0])
