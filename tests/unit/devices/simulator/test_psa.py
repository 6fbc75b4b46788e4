from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.kinds.catalogue import KINDS
from devices.simulator.air import TRIP_C
from devices.simulator.power import Power
from devices.simulator.psa import CEILING_PCT, RUNNING, TRANSITIONS, Facts, Psa, next_state, sieve_purity_pct
from devices.simulator.trouble import NO_TROUBLE, Trouble
from tests.unit.devices.simulator.sites import PSA

STATES = KINDS["psa_plant"].signals["state"].states
QUIET = Facts(stop="", in_state_s=10.0, low_purity_s=0.0, purity_pct=94.0, tank_full=False, tank_low=False)


def run(psa: Psa, minutes: float, draw_lpm: float, trouble: Trouble = NO_TROUBLE) -> list[str]:
    """Let it run, drawing what is wished as far as it goes; the states it went through."""
    states = [psa.state]
    for _ in range(round(minutes * 6)):
        psa.make(10.0, trouble)
        psa.draw(min(psa.available_l(), draw_lpm / 6))
        psa.close_step(10.0)
        if psa.state != states[-1]:
            states.append(psa.state)
    return states


def test_every_state_of_the_catalogue_has_its_row_and_none_else() -> None:
    assert set(TRANSITIONS) == STATES
    assert {target for row in TRANSITIONS.values() for _, target in row} | {"fault", "maintenance"} == STATES


@pytest.mark.parametrize("state", sorted(STATES))
@pytest.mark.parametrize("stop", ["fault", "maintenance"])
def test_a_stop_comes_first_in_every_state(state: str, stop: str) -> None:
    assert next_state(state, QUIET._replace(stop=stop, tank_full=True, tank_low=True, low_purity_s=1e6)) == stop


@pytest.mark.parametrize(
    ("state", "facts", "target"),
    [
        ("off", QUIET, "off"),
        ("off", QUIET._replace(in_state_s=120), "starting"),
        ("starting", QUIET, "starting"),
        ("starting", QUIET._replace(in_state_s=480, purity_pct=91.9), "starting"),
        ("starting", QUIET._replace(in_state_s=480), "running_on_spec"),
        ("running_on_spec", QUIET, "running_on_spec"),
        ("running_on_spec", QUIET._replace(tank_full=True), "standby"),
        ("running_on_spec", QUIET._replace(low_purity_s=120), "running_off_spec"),
        ("running_off_spec", QUIET._replace(purity_pct=91.9), "running_off_spec"),
        ("running_off_spec", QUIET, "running_on_spec"),
        ("standby", QUIET, "standby"),
        ("standby", QUIET._replace(tank_low=True), "running_on_spec"),
        ("fault", QUIET, "off"),
        ("maintenance", QUIET, "off"),
    ],
)
def test_transitions(state: str, facts: Facts, target: str) -> None:
    assert next_state(state, facts) == target


def test_switches_between_load_and_standby_and_holds_its_purity() -> None:
    psa = Psa(PSA, Random(1))
    states = run(psa, 120, draw_lpm=300)
    assert set(states) == {"running_on_spec", "standby"}
    assert len(states) > 10
    assert psa.floor_bar < psa.tank_bar <= 7.0
    assert psa.tank_purity_pct > 94


@pytest.mark.parametrize(
    ("draw_lpm", "least_pct", "most_pct"),
    [(500, 94.0, 95.7), (980, 94.0, 95.0), (1050, 91.0, 93.0), (1100, 80.0, 90.0), (1250, 80.0, 88.0)],
)
def test_purity_falls_when_overdrawn(draw_lpm: float, least_pct: float, most_pct: float) -> None:
    psa = Psa(PSA, Random(1))
    lowest_pct = 100.0
    for _ in range(60):
        run(psa, 1, draw_lpm)
        lowest_pct = min(lowest_pct, psa.purity_pct)
    assert least_pct < lowest_pct < most_pct


def test_off_spec_product_goes_to_the_vent() -> None:
    psa = Psa(PSA, Random(1))
    assert run(psa, 20, 300, Trouble(lost_pct=8))[-1] == "running_off_spec"
    before_l = psa.content_l
    made_l = psa.make(10.0, Trouble(lost_pct=8))
    assert (made_l, psa.content_l, psa.read()["product_valve_open"]) == (0.0, before_l, False)


def test_trip_and_recovery_take_the_whole_way() -> None:
    psa = Psa(PSA, Random(1))
    run(psa, 5, 300)
    tripped = run(psa, 30, 300, Trouble(stop="fault"))
    assert tripped[-1] == "fault"
    assert psa.flow_lpm == 0.0
    assert run(psa, 25, 300)[:4] == ["fault", "off", "starting", "running_on_spec"]


def test_what_is_not_on_duty_stays_off() -> None:
    assert run(Psa(PSA.model_copy(update={"duty": False}), Random(1)), 60, 0) == ["off"]


@given(load=st.floats(0, 2), lost_pct=st.floats(0, 100))
def test_purity_is_physical(load: float, lost_pct: float) -> None:
    assert 20.9 < sieve_purity_pct(load, lost_pct) <= CEILING_PCT


@given(load=st.floats(0, 1.5), more=st.floats(0.01, 0.5), lost_pct=st.floats(0, 5))
def test_more_flow_never_gives_more_purity(load: float, more: float, lost_pct: float) -> None:
    assert sieve_purity_pct(load + more, lost_pct) <= sieve_purity_pct(load, lost_pct)


def test_counters_only_grow_and_only_while_it_runs() -> None:
    psa = Psa(PSA, Random(1))
    counters = ("cycle_count", "compressor_run_h", "psa_run_h", "energy_kwh")
    before = psa.read()
    run(psa, 60, 900)
    after = psa.read()
    grown = {name: float(after[name]) - float(before[name]) for name in counters}
    assert grown["compressor_run_h"] == pytest.approx(1.0)
    assert 0.5 < grown["psa_run_h"] <= 1.0
    assert grown["cycle_count"] == pytest.approx(grown["psa_run_h"] * 45, abs=1.1)
    assert 30 < grown["energy_kwh"] < 71.4
    run(psa, 1, 0, Trouble(stop="fault"))
    stopped = psa.read()
    run(psa, 60, 0, Trouble(stop="fault"))
    assert {name: psa.read()[name] for name in counters} == {name: stopped[name] for name in counters}


@pytest.mark.parametrize("state", sorted(STATES))
def test_reads_every_state_of_its_compressor(state: str) -> None:
    psa = Psa(PSA, Random(1))
    psa.state = state
    values = psa.read()
    assert values["compressor_state"] in KINDS["psa_plant"].signals["compressor_state"].states
    assert (values["compressor_state"] == "load") == (state in RUNNING)


def powerless() -> Power:
    power = Power()
    power.mains_ok = False
    return power


def test_without_power_it_is_off_and_its_analyser_must_warm_up_again() -> None:
    power = Power()
    psa = Psa(PSA, Random(1), power)
    run(psa, 5, 300)
    power.mains_ok = False
    assert run(psa, 10, 300)[-1] == "off"
    assert psa.analyser_state == "warming_up"
    power.mains_ok = True
    run(psa, 4, 300)
    assert psa.analyser_state == "warming_up"
    assert run(psa, 20, 300)[-1] in {"running_on_spec", "standby"}
    assert psa.analyser_state == "ok"


def test_no_power_beats_every_other_stop() -> None:
    assert run(Psa(PSA, Random(1), powerless()), 5, 300, Trouble(stop="fault"))[-1] == "off"


def test_a_stuck_tower_counts_no_cycles_and_its_purity_collapses() -> None:
    psa = Psa(PSA, Random(1))
    before = psa.read()
    assert run(psa, 20, 700, Trouble(tower_falls_pct_per_min=2.0))[-1] == "running_off_spec"
    after = psa.read()
    assert (after["cycle_count"], after["tower_active"]) == (before["cycle_count"], before["tower_active"])
    assert psa.purity_pct < 80
    run(psa, 20, 700)
    assert psa.purity_pct > 93


def test_a_failed_start_goes_on_until_the_sieve_is_well() -> None:
    psa = Psa(PSA, Random(1))
    assert run(psa, 90, 300, Trouble(restarts=True, lost_pct=7.0))[-1] == "starting"
    assert 87 < psa.purity_pct < 89
    assert run(psa, 15, 300)[-1] in {"running_on_spec", "standby"}


def test_the_controller_believes_its_analyser() -> None:
    psa = Psa(PSA, Random(1))
    assert run(psa, 20, 900, Trouble(analyser_offset_pct=-8.0))[-1] == "running_off_spec"
    assert psa.purity_pct > 93
    assert float(psa.read()["o2_purity_pct"]) < 89


def test_a_failed_analyser_repeats_its_last_value() -> None:
    psa = Psa(PSA, Random(1))
    shown = psa.shown_pct
    run(psa, 60, 700, Trouble(analyser_failed=True, lost_pct=20.0))
    assert (psa.shown_pct, psa.analyser_state) == (shown, "fault")
    assert psa.purity_pct < 80


def test_a_hot_compressor_trips_and_stays_off_until_it_is_mended() -> None:
    psa = Psa(PSA, Random(1))
    assert run(psa, 180, 700, Trouble(compressor_rise_c=45.0))[-1] == "fault"
    assert psa.air.discharge_c < TRIP_C
    assert run(psa, 20, 700)[-1] in {"running_on_spec", "standby"}


def test_less_air_makes_less_oxygen() -> None:
    psa = Psa(PSA, Random(1))
    run(psa, 30, 900, Trouble(air_share=0.5))
    assert psa.made_lpm == pytest.approx(500, abs=1)


def test_left_idle_the_tank_runs_empty() -> None:
    psa = Psa(PSA, Random(1))
    assert run(psa, 60, 300, Trouble(stop="standby"))[-1] == "standby"
    assert psa.available_l() == pytest.approx(0.0, abs=1e-6)


def test_gases_come_and_go_with_the_air() -> None:
    psa = Psa(PSA, Random(1))
    run(psa, 30, 900, Trouble(co_ppm=8.0, co2_ppm=400.0))
    assert [psa.co_ppm, psa.co2_ppm] == pytest.approx([8.0, 400.0], rel=0.01)
    run(psa, 30, 900)
    assert [psa.co_ppm, psa.co2_ppm] == pytest.approx([0.3, 12.0], rel=0.05)
