from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from devices.simulator.air import CLOGGED_BAR, DRY_C, WETTEST_PCT, Air
from devices.simulator.trouble import NO_TROUBLE, Trouble


def after(hours: float, trouble: Trouble = NO_TROUBLE, load: float = 0.8, room_c: float = 28.0, air: Air | None = None) -> Air:
    """Air that has been so for some hours, in steps of 30 s."""
    air = air or Air(Random(1))
    for _ in range(round(hours * 120)):
        air.warm(room_c)
        air.step(30.0, "running_on_spec" if load else "off", load, trouble)
        air.breathe(30.0, load > 0, trouble.room_leak_lpm, trouble)
    return air


def test_a_sound_plant_breathes_well() -> None:
    air = after(5)
    assert (air.share, air.lost_pct) == (1.0, 0.0)
    assert air.receiver_bar == pytest.approx(7.12, abs=0.01)
    assert air.discharge_c == pytest.approx(83, abs=0.1)
    assert air.feed_c == 34.0
    assert air.dewpoint_c == pytest.approx(DRY_C)
    assert air.room_o2_pct == pytest.approx(20.9)


@pytest.mark.parametrize(
    ("trouble", "what", "low", "high"),
    [
        (Trouble(compressor_rise_c=45.0), "discharge_c", 125, 130),
        (Trouble(feed_rise_c=18.0), "feed_c", 51, 53),
        (Trouble(room_rise_c=20.0), "room_c", 46, 49),
        (Trouble(dewpoint_c=18.0), "dewpoint_c", 17, 18.1),
        (Trouble(air_share=0.6), "receiver_bar", 4.1, 4.4),
        (Trouble(receiver_loss_bar=2.8), "receiver_bar", 4.1, 4.4),
        (Trouble(room_leak_lpm=80.0), "room_o2_pct", 25, 27),
        (Trouble(room_o2_pct=18.0), "room_o2_pct", 17.9, 18.2),
        (Trouble(clogs_bar_per_h=0.1), "filter_bar", 0.5, 0.8),
    ],
)
def test_each_trouble_shows_where_it_should(trouble: Trouble, what: str, low: float, high: float) -> None:
    assert low < getattr(after(5, trouble), what) < high
    assert not low < getattr(after(5), what) < high


@pytest.mark.parametrize(
    "trouble",
    [Trouble(dewpoint_c=18.0, wet_pct_per_h=1.0), Trouble(air_share=0.5), Trouble(receiver_loss_bar=3.5), Trouble(feed_rise_c=30.0)],
)
def test_bad_air_costs_purity_and_good_air_gives_it_back(trouble: Trouble) -> None:
    air = after(5, trouble)
    assert air.lost_pct > 1
    assert after(30, NO_TROUBLE, air=air).lost_pct < 0.2


def test_a_dryer_that_holds_the_air_just_dry_wets_nothing() -> None:
    assert after(10, Trouble(dewpoint_c=9.0, wet_pct_per_h=1.0)).lost_pct == 0.0
    assert after(100, Trouble(dewpoint_c=18.0, wet_pct_per_h=1.0)).lost_pct == WETTEST_PCT


def test_a_plant_that_stands_cools_down_and_takes_no_air() -> None:
    air = after(5, Trouble(compressor_rise_c=45.0), load=0.0)
    assert air.discharge_c == pytest.approx(23, abs=0.1)
    assert air.receiver_bar == pytest.approx(0.0, abs=0.01)
    assert after(5, Trouble(room_o2_pct=18.0), load=0.0).room_o2_pct == pytest.approx(20.9)


def test_a_clogged_filter_is_changed_when_it_is_over() -> None:
    air = after(20, Trouble(clogs_bar_per_h=0.05))
    assert air.filter_bar > CLOGGED_BAR
    assert 0.8 < air.share < 0.9
    assert after(0.1, NO_TROUBLE, air=air).filter_bar < 0.2


@pytest.mark.parametrize("running", [True, False])
def test_reads_what_it_is(running: bool) -> None:
    values = after(1, replace(NO_TROUBLE, feed_rise_c=5.0), load=0.8 if running else 0.0).read(running)
    assert (float(values["filter_dp_bar"]) > 0) is running
    assert float(values["compressor_discharge_bar"]) >= float(values["air_receiver_bar"])
