from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.simulator.feeding import feed


@dataclass
class Can:
    """A source that holds so many litres."""

    litres: float
    set_share: float = 1.0
    feed_pct: float = 95.0

    def available_l(self) -> float:
        return self.litres

    def draw(self, litres: float) -> None:
        self.litres -= litres


def test_first_group_first() -> None:
    first, second = Can(100, 1.02, 94.0), Can(100, 0.98, 99.0)
    assert feed([[first], [second]], 60.0) == (60.0, 1.0, 1.02, 94.0)
    assert (first.litres, second.litres) == (40.0, 100)


def test_next_group_makes_up_the_rest_and_holds_the_line() -> None:
    first, second = Can(30, 1.02, 94.0), Can(100, 0.98, 99.0)
    given_l, share, set_share, purity_pct = feed([[first], [second]], 60.0)
    assert (given_l, share, set_share) == (60.0, 1.0, 0.98)
    assert purity_pct == pytest.approx(96.5)


def test_one_group_shares_by_what_each_has() -> None:
    small, large = Can(10), Can(30)
    feed([[small, large]], 20.0)
    assert (small.litres, large.litres) == (5.0, 15.0)


def test_nothing_there() -> None:
    assert feed([[], [Can(0.0)]], 10.0) == (0.0, 0.0, 0.0, 0.0)


@given(
    groups=st.lists(st.lists(st.floats(0, 1e6), max_size=3), max_size=4),
    wanted_l=st.floats(0.01, 1e5),
)
def test_gives_what_it_can_and_takes_what_it_gives(groups: list[list[float]], wanted_l: float) -> None:
    cans = [[Can(litres) for litres in group] for group in groups]
    before_l = sum(map(sum, groups))
    flowed = feed(cans, wanted_l)
    after_l = sum(can.litres for group in cans for can in group)
    assert flowed.given_l == pytest.approx(min(wanted_l, before_l), rel=1e-6, abs=1e-6)
    assert before_l - after_l == pytest.approx(flowed.given_l, rel=1e-6, abs=1e-4)
    assert all(can.litres > -1e-6 for group in cans for can in group)
