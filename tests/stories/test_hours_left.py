"""Hours left against the simulator's truth: a small version of `python -m bench.hours`, whose bar they are held to.

A day of each site, a reading every half minute, with faults of the equipment and of the messages' way one after the other. What is
compared, and with what, is said in bench/hours_case.py.
"""

from __future__ import annotations

from functools import cache

import pytest

from bench.hours import LEAST_HELD, MOST_ERROR, Row, cases, rows_of
from bench.hours_case import Case, Ran, run
from devices.simulator.faults import Fault
from tests.unit.devices.simulator.sites import CYLINDERS_ONLY, HOUR_MS, START_MS, slower

NAMES = ("plant and cylinders", "cylinders", "the same, no meter at all", "liquid and cylinders")


@cache
def ran(name: str) -> Ran:
    (case,) = cases([name], days=1.2, seeds=[2], every_s=30.0)
    return run(case)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("quantity", ["now", "planned", "on site"])
def test_the_hours_left_are_those_of_the_truth(name: str, quantity: str) -> None:
    row = next(row for row in rows_of([ran(name)]) if row.quantity == quantity)
    assert len(row.told) > 300
    assert row.error <= MOST_ERROR
    assert row.held >= LEAST_HELD


def test_the_plain_way_is_worse_by_far() -> None:
    rows = [Row("all", "now", [told for name in NAMES for told in ran(name).told["now"]])]
    assert rows[0].error < 0.02
    assert rows[0].plain_error > 0.1


def test_what_was_changed_and_delivered_is_told_with_its_amount() -> None:
    """Two days of cylinders alone: every exchange of a bank that the simulator's staff made, and what the store's deliveries were."""
    made = run(Case("cylinders", slower(CYLINDERS_ONLY, 30.0), 2.0, 3, START_MS))
    refills = [event for event in made.events if event.event == "refill"]
    assert {event.source for event in refills} == {"manifold/a", "manifold/b"}
    assert all(event.expected_cylinders == 24 and not event.short for event in refills)
    assert all(event.litres == pytest.approx(152_000, rel=0.04) for event in refills)
    assert [event.event for event in made.events if event.source == "store-d"][:2] == ["delivery", "delivery"]
    assert len({event.id for event in made.events}) == len(made.events)


def test_a_leaking_reserve_shows_in_the_hours() -> None:
    """Its bank leaks 6 bar an hour, which is 55 L/min, while no meter sees it."""
    leak = Fault("reserve_loss", CYLINDERS_ONLY.id, "manifold", START_MS + 6 * HOUR_MS, START_MS + 16 * HOUR_MS, {"loss_bar_per_h": 6.0})
    told = run(Case("cylinders", slower(CYLINDERS_ONLY, 30.0), 0.6, 3, START_MS, (leak,))).told["now"]
    later = [each for each in told if each.at_h > 7]
    assert sum(each.held for each in later) / len(later) >= LEAST_HELD
    assert all("leaking banks" in each.method for each in later)
