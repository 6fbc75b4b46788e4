"""Each default rule on readings, in virtual time: before its delay, at it, held by hysteresis, cleared, chattering, silent, restarted."""

from typing import Any, NamedTuple

import pytest

from collector.config.rulebook import default_rules
from collector.rules.condition import ON_READINGS
from tests.stories.story import START_MS, Story

LINE = {"id": "x", "kind": "pipeline", "nominal_bar": 4.0}
PSA = {"id": "x", "kind": "psa_plant", "rated_flow_lpm": 500}
BANK = {"cylinders": 10, "type": "in-d"}
MANIFOLD = {"id": "x", "kind": "manifold", "banks": {"a": BANK, "b": BANK, "reserve": BANK}}
TANK = {"id": "x", "kind": "lox_tank", "capacity_kg": 6000, "relief_bar": 17}
CONCENTRATOR = {"id": "x", "kind": "concentrator"}

RUNNING = {"state": "running_on_spec", "o2_flow_lpm": 300.0}
IN_USE = {"in_use": True}
BANKS = {"bank_a_bar": 140.0, "bank_b_bar": 140.0, "reserve_bar": 140.0, "bank_in_use": "a"}
ON_B = {**BANKS, "bank_in_use": "b"}
DRY = {**PSA, "dryer": "desiccant"}
SERVED = {**PSA, "service_due_h": 2000}


def plant(**values: float) -> dict[str, Any]:
    return {**RUNNING, **values}


class Case(NamedTuple):
    """`bad` raises, `between` holds, `good` clears."""

    rule: str
    asset: dict[str, Any]
    good: dict[str, Any]
    bad: dict[str, Any]
    between: dict[str, Any]
    over: str = "cleared"


CASES = [
    Case("LP-LL", LINE, {"line_pressure_bar": 4.0}, {"line_pressure_bar": 3.1}, {"line_pressure_bar": 3.3}),
    Case("LP-HH", LINE, {"line_pressure_bar": 4.0}, {"line_pressure_bar": 4.9}, {"line_pressure_bar": 4.7}),
    Case("LP-L", LINE, {"line_pressure_bar": 4.0}, {"line_pressure_bar": 3.5}, {"line_pressure_bar": 3.65}),
    Case("PU-L", PSA, {"o2_purity_pct": 94, **RUNNING}, {"o2_purity_pct": 91.5, **RUNNING}, {"o2_purity_pct": 92.2, **RUNNING}),
    Case("PU-LL", PSA, {"o2_purity_pct": 94, **RUNNING}, {"o2_purity_pct": 89, **RUNNING}, {"o2_purity_pct": 90.5, **RUNNING}),
    Case("PU-XL", PSA, {"o2_purity_pct": 94, **RUNNING}, {"o2_purity_pct": 80, **RUNNING}, {"o2_purity_pct": 84, **RUNNING}, "latched"),
    Case("PU-XL", LINE, {"o2_purity_pct": 94}, {"o2_purity_pct": 80}, {"o2_purity_pct": 84}, "latched"),
    Case("PU-HI", PSA, {"o2_purity_pct": 94, **RUNNING}, {"o2_purity_pct": 97, **RUNNING}, {"o2_purity_pct": 96.3, **RUNNING}),
    Case("FL-H", PSA, RUNNING, {**RUNNING, "o2_flow_lpm": 510.0}, {**RUNNING, "o2_flow_lpm": 490.0}),
    Case("PL-DN", PSA, RUNNING, {"state": "fault"}, {"state": "starting"}),
    Case("BK-CH", MANIFOLD, BANKS, {**ON_B, "bank_a_bar": 11.0}, {**ON_B, "bank_a_bar": 40.0}),
    Case("BK-NR", MANIFOLD, BANKS, {**ON_B, "bank_a_bar": 110.0}, {**ON_B, "bank_a_bar": 137.0}),
    Case("BK-LL", MANIFOLD, BANKS, {**BANKS, "bank_a_bar": 11.0, "bank_b_bar": 13.0}, {**BANKS, "bank_a_bar": 11.0, "bank_b_bar": 20.0}),
    Case("RS-LO", MANIFOLD, BANKS, {**BANKS, "reserve_bar": 70.0}, {**BANKS, "reserve_bar": 80.0}),
    Case("LX-RO", TANK, {"level_pct": 80}, {"level_pct": 39}, {"level_pct": 42}),
    Case("LX-LO", TANK, {"level_pct": 80}, {"level_pct": 19}, {"level_pct": 22}),
    Case("LX-PL", TANK, {"tank_pressure_bar": 12}, {"tank_pressure_bar": 9.8}, {"tank_pressure_bar": 10.3}),
    Case("LX-PH", TANK, {"tank_pressure_bar": 12}, {"tank_pressure_bar": 16.5}, {"tank_pressure_bar": 15.9}),
    Case("TK-L", PSA, plant(product_tank_bar=5.5), plant(product_tank_bar=4.3), plant(product_tank_bar=4.5)),
    Case("AR-L", PSA, plant(air_receiver_bar=7.0), plant(air_receiver_bar=4.9), plant(air_receiver_bar=5.2)),
    Case("FT-H", PSA, plant(feed_air_temp_c=30), plant(feed_air_temp_c=46), plant(feed_air_temp_c=43)),
    Case("DP-H", PSA, plant(air_dewpoint_c=3), plant(air_dewpoint_c=11), plant(air_dewpoint_c=8)),
    Case("DP-H", DRY, plant(air_dewpoint_c=-45), plant(air_dewpoint_c=-19), plant(air_dewpoint_c=-22)),
    Case("CT-H", PSA, plant(compressor_discharge_temp_c=85), plant(compressor_discharge_temp_c=106), plant(compressor_discharge_temp_c=99)),
    Case("CO-H", PSA, plant(co_ppm=0.2), plant(co_ppm=6), plant(co_ppm=4.5)),
    Case("CO-HH", PSA, plant(co_ppm=0.2), plant(co_ppm=11), plant(co_ppm=9)),
    Case("C2-H", PSA, plant(co2_ppm=20), plant(co2_ppm=310), plant(co2_ppm=280)),
    Case("RM-O2", PSA, plant(room_o2_pct=20.9), plant(room_o2_pct=19.0), plant(room_o2_pct=19.8)),
    Case("RM-O2", PSA, plant(room_o2_pct=20.9), plant(room_o2_pct=24.0), plant(room_o2_pct=23.2)),
    Case("CN-L", CONCENTRATOR, {"o2_purity_pct": 93}, {"o2_purity_pct": 86}, {"o2_purity_pct": 87.5}),
    Case("CN-LL", CONCENTRATOR, {"o2_purity_pct": 93, **IN_USE}, {"o2_purity_pct": 80, **IN_USE}, {"o2_purity_pct": 83, **IN_USE}),
]  # fmt: skip
TWO_STATES = [
    Case("RS-US", MANIFOLD, BANKS, {**BANKS, "bank_in_use": "reserve"}, {}),
    Case("PL-ST", PSA, RUNNING, {"state": "starting"}, {}),
    Case("PW-LO", PSA, {**RUNNING, "mains_ok": True, "genset_on": False}, {**RUNNING, "mains_ok": False, "genset_on": False}, {}),
    Case("SV-DU", SERVED, {"psa_run_h": 1999}, {"psa_run_h": 2001}, {}),
]
OWN_STORIES = {
    ("TW-ST", "psa_plant"),
    ("BK-XL", "manifold"),
    ("SN-SK", "any"),
    ("DM-H", "site"),
    ("DM-B", "site"),
    ("PL-ID", "site"),
    ("MB-DV", "site"),
}
"""They are about more than one value at a time: see test_rules_of_motion.py."""


def delays(case: Case) -> tuple[float, float]:
    rule = next(r for r in default_rules() if r.id == case.rule and r.kind == case.asset["kind"])
    return rule.on_delay_s, rule.off_delay_s


by_rule = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule} {case.asset['kind']}")
with_two = pytest.mark.parametrize("case", [*CASES, *TWO_STATES], ids=lambda case: f"{case.rule} {case.asset['kind']}")


def settled(case: Case) -> Story:
    story = Story([case.asset])
    story.keep_saying("x", 0, 300, **case.good)
    story.expect(only=case.rule)
    return story


def raised(case: Case) -> tuple[Story, float]:
    """The alarm is up; returns when."""
    story = settled(case)
    on_s, _ = delays(case)
    story.keep_saying("x", 310, 310 + on_s, **case.bad)
    story.expect(f"x/{case.rule} raised", only=case.rule)
    return story, 310 + on_s


def test_every_rule_on_readings_has_a_story() -> None:
    told = {(case.rule, case.asset["kind"]) for case in [*CASES, *TWO_STATES]}
    assert told | OWN_STORIES == {(r.id, r.kind) for r in default_rules() if r.type in ON_READINGS and r.kind != "collector"}


@with_two
def test_raised_at_its_delay_and_not_before(case: Case) -> None:
    story = settled(case)
    on_s, _ = delays(case)
    story.keep_saying("x", 310, 310 + on_s - 1, **case.bad)
    story.expect(only=case.rule)
    story.say(310 + on_s, "x", **case.bad)
    story.expect(f"x/{case.rule} raised", only=case.rule)
    assert story.last.event_ms == START_MS + int((310 + on_s) * 1000)


@by_rule
def test_held_between_limit_and_hysteresis_then_cleared_at_its_off_delay(case: Case) -> None:
    story, at_s = raised(case)
    _, off_s = delays(case)
    story.keep_saying("x", at_s + 10, at_s + 60 + off_s, **case.between)
    story.expect(only=case.rule)
    back_s = at_s + 70 + off_s
    story.keep_saying("x", back_s, back_s + off_s - 1, **case.good)
    story.expect(only=case.rule)
    story.say(back_s + off_s, "x", **case.good)
    story.expect(f"x/{case.rule} {case.over}", only=case.rule)


@pytest.mark.parametrize("case", [case for case in [*CASES, *TWO_STATES] if delays(case)[0]], ids=lambda case: case.rule)
def test_chatter_quicker_than_the_delay_raises_nothing(case: Case) -> None:
    story = settled(case)
    for at_s in range(310, 910, 10):
        story.say(at_s, "x", **(case.bad if at_s % 20 else case.good))
    story.expect(only=case.rule)


@with_two
def test_missing_data_never_clears(case: Case) -> None:
    story, at_s = raised(case)
    story.wait(at_s + 86_400)
    story.expect(only=case.rule)
    assert story.evaluator.sites["dh"].book.is_open(("x", case.rule))


@with_two
def test_a_restart_in_the_middle_of_the_delay_loses_nothing_of_it(case: Case) -> None:
    story = settled(case)
    on_s, _ = delays(case)
    story.keep_saying("x", 310, 310 + on_s / 2, every_s=on_s / 4 or 10, **case.bad)
    story.restart()
    story.control(310 + on_s * 0.6, "start", {})
    story.say(310 + on_s, "x", **case.bad)
    story.expect(f"x/{case.rule} raised", only=case.rule)


@with_two
def test_a_restart_while_open_says_nothing_twice(case: Case) -> None:
    story, at_s = raised(case)
    story.restart()
    story.control(at_s + 1, "start", {})
    story.keep_saying("x", at_s + 10, at_s + 60, **case.bad)
    story.expect(only=case.rule)


@with_two
def test_a_condition_seen_once_before_all_goes_silent_is_still_raised(case: Case) -> None:
    story = settled(case)
    story.say(310, "x", **case.bad)
    story.wait(310 + max(delays(case)[0], 15))
    story.expect(f"x/{case.rule} raised", only=case.rule)


@with_two
def test_old_data_raises_nothing_live_but_is_written_down(case: Case) -> None:
    story = settled(case)
    on_s, off_s = delays(case)
    back_s = 1500 + on_s
    for n in range(int(on_s // 10) + 2):
        story.say(20_000, "x", stamp_s=1000 + 10 * n, backfill=True, **case.bad)
    for n in range(int(off_s // 10) + 2):
        story.say(20_001, "x", stamp_s=back_s + 10 * n, backfill=True, **case.good)
    story.expect(f"x/{case.rule} discovered_late", only=case.rule)
    assert story.last.event_ms == START_MS + int((1000 + on_s) * 1000)
    assert story.last.until_ms == START_MS + int((back_s + off_s) * 1000)
    assert not story.evaluator.sites["dh"].book.is_open(("x", case.rule))
