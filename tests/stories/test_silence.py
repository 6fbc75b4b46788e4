"""Silence: judged on receipt, one alarm for one fact, never for the time the collector could not hear."""

from typing import Any

import pytest

from tests.stories.story import SITE, START_MS, Story

LINE = {"id": "line", "kind": "pipeline", "nominal_bar": 4.0}
PSA = {"id": "psa", "kind": "psa_plant", "rated_flow_lpm": 500}
GATEWAY = {"id": "gw", "kind": "gateway", "assets": ["line", "psa"]}
GOOD: dict[str, Any] = {"line_pressure_bar": 4.0}
PLANT: dict[str, Any] = {"o2_purity_pct": 94.0, "state": "standby"}


def hospital(until_s: float = 300) -> Story:
    story = Story([LINE, PSA, GATEWAY])
    talk(story, 0, until_s)
    story.expect()
    return story


def talk(story: Story, start_s: float, end_s: float, without: str = "") -> None:
    at_s = start_s
    said: dict[str, dict[str, Any]] = {"line": GOOD, "psa": PLANT, "gw": {"online": True}}
    while at_s <= end_s:
        for asset, values in said.items():
            if asset != without:
                story.say(at_s, asset, **values)
        at_s += 10


def test_one_silent_sensor_is_told_after_its_time_and_clears_at_the_second_reading() -> None:
    story = hospital()
    talk(story, 310, 410, without="line")
    story.expect()
    talk(story, 420, 430, without="line")
    story.expect("line/SN-SI raised")
    story.say(440, "line", **GOOD)
    story.expect()
    story.say(450, "line", **GOOD)
    story.expect("line/SN-SI cleared")


def test_a_value_that_no_sensor_gives_does_not_end_a_silence() -> None:
    story = Story([LINE])
    story.say(0, "line", **GOOD)
    story.wait(130)
    story.expect("line/SN-SI raised")
    story.say(140, "line", **GOOD)
    story.say(150, "line", line_pressure_bar=99.0)
    story.expect()
    story.say(160, "line", **GOOD)
    story.expect("line/SN-SI cleared")


def test_one_silent_signal_of_an_asset_that_still_talks() -> None:
    story = hospital()
    for at_s in range(310, 520, 10):
        story.say(at_s, "psa", state="standby")
        story.say(at_s, "line", **GOOD)
        story.say(at_s, "gw", online=True)
    story.expect("psa/SN-SI raised")
    assert "o2_purity_pct" in str(story.last.value)


def test_a_dark_gateway_is_one_alarm_and_hides_its_sensors() -> None:
    story = hospital()
    story.wait(300 + 180 + 300 + 60)
    story.expect("gw/ST-OF raised")
    talk(story, 900, 1000)
    story.expect("gw/ST-OF cleared")


def test_the_last_will_is_believed_at_once_while_nothing_else_comes() -> None:
    story = hospital()
    story.message(305, f"oxygrid/v1/{SITE}/gw/status", b"offline")
    story.wait(305 + 300 + 45)
    story.expect("gw/ST-OF raised")


def test_a_will_that_is_contradicted_by_readings_is_not_believed() -> None:
    story = hospital()
    story.message(305, f"oxygrid/v1/{SITE}/gw/status", b"offline")
    talk(story, 310, 1200)
    story.expect()


def test_nobody_is_silent_while_the_collector_hears_no_broker() -> None:
    story = hospital()
    story.control(310, "source", {"connected": False})
    story.wait(5000)
    story.expect()
    story.control(5000, "source", {"connected": True})
    talk(story, 5010, 5400)
    story.expect()


def test_nobody_is_silent_for_the_time_the_collector_was_down() -> None:
    story = hospital()
    story.restart()
    story.control(5000, "start", {})
    story.wait(5100)
    story.expect()
    talk(story, 5110, 5300, without="line")
    story.expect("line/SN-SI raised")


def test_an_asset_never_heard_is_told_once() -> None:
    story = Story([LINE])
    story.wait(119)
    story.expect()
    story.wait(121)
    story.expect("line/SN-SI raised")
    story.wait(86_400)
    story.expect()


def test_time_in_small_steps_or_one_leap_gives_the_same() -> None:
    one, many = hospital(), hospital()
    one.wait(2000)
    for at_s in range(301, 2001):
        many.wait(at_s)
    assert one.change.transitions == many.change.transitions


STORE = {"id": "store", "kind": "cylinder_store", "type": "in-d", "interval_s": 86_400}
SLOW = {"id": "oc", "kind": "concentrator", "interval_s": 60}
SAID: dict[str, tuple[int, int, dict[str, Any]]] = {
    "line": (10, 3, GOOD),
    "psa": (10, 7, PLANT),
    "oc": (60, 41, {"o2_purity_pct": 94.0}),
    "store": (86_400, 5, {"full_count": 2000}),
    "gw": (60, 22, {"uptime_s": 1.0}),
}
"""Interval, place within it, values: nobody speaks at the same time as another."""


def chorus(story: Story, start_s: int, end_s: int, without: str = "") -> None:
    for at_s in range(start_s, end_s):
        for asset, (every_s, place_s, values) in SAID.items():
            if asset != without and at_s % every_s == place_s:
                story.say(at_s, asset, **values)


@pytest.mark.parametrize("named", [["line", "psa", "oc", "store"], []], ids=["all named", "the only gateway of the site names none"])
def test_a_dark_gateway_is_one_alarm_whatever_the_intervals_behind_it_and_so_is_its_return(named: list[str]) -> None:
    story = Story([LINE, PSA, STORE, SLOW, GATEWAY | {"assets": named}])
    chorus(story, 0, 1000)
    story.expect()
    story.wait(1000 + 120 + 300 + 30)
    story.expect("gw/ST-OF raised")
    story.wait(40_000)
    chorus(story, 40_000, 41_000)
    story.expect("gw/ST-OF cleared")


def test_who_stays_silent_when_the_gateway_is_back_is_told_then() -> None:
    story = Story([LINE, PSA, STORE, SLOW, GATEWAY | {"assets": ["line", "psa", "oc", "store"]}])
    chorus(story, 0, 1000)
    chorus(story, 2000, 2100, without="line")
    story.expect("gw/ST-OF raised", "gw/ST-OF cleared")
    chorus(story, 2100, 2200, without="line")
    story.expect("line/SN-SI raised")


def test_a_dark_gateway_is_not_back_because_the_collector_began_anew() -> None:
    story = hospital()
    story.wait(1000)
    story.expect("gw/ST-OF raised")
    story.restart()
    story.control(1000, "start", {})
    story.wait(86_400)
    story.expect()


def test_a_silent_signal_is_not_heard_because_the_collector_began_anew() -> None:
    story = Story([PSA])
    story.say(0, "psa", **PLANT)
    story.keep_saying("psa", 10, 300, state="standby")
    story.expect("psa/SN-SI raised")
    story.restart()
    story.control(1000, "start", {})
    story.keep_saying("psa", 1010, 1300, state="standby")
    story.expect()


def test_without_a_gateway_too_nobody_is_silent_for_the_time_the_collector_was_down() -> None:
    story = Story([LINE])
    story.keep_saying("line", 0, 100, **GOOD)
    story.restart()
    story.control(5000, "start", {})
    story.keep_saying("line", 5060, 5100, **GOOD)
    story.expect()


def test_a_sensor_that_was_silent_before_is_hidden_when_its_gateway_goes_dark_and_shown_again_when_it_is_back() -> None:
    story = hospital()
    talk(story, 310, 500, without="line")
    story.expect("line/SN-SI raised")
    story.wait(1000)
    story.expect("gw/ST-OF raised")
    assert story.state("line/SN-SI") == "suppressed"
    talk(story, 1000, 1200, without="line")
    story.expect("line/SN-SI unsuppressed", "gw/ST-OF cleared")
    talk(story, 1210, 1220)
    story.expect("line/SN-SI cleared")


def test_a_sensor_that_is_healed_is_not_announced_because_its_silence_is_over() -> None:
    """Values that no sensor gives, for so long that it counts as silent; then good ones, that end both."""
    story = Story([LINE])
    story.keep_saying("line", 0, 300, line_pressure_bar=99.0)
    story.expect("line/SN-RG raised", "line/SN-SI raised")
    story.keep_saying("line", 310, 500, **GOOD)
    story.expect("line/SN-SI cleared", "line/SN-RG cleared")


def test_a_gateway_that_spoke_at_last_is_not_dark_by_the_clock() -> None:
    """The delay of ST-OF ends in the very instant in which somebody is heard again."""
    story = hospital()
    story.wait(719)
    assert story.evaluator.sites[SITE].book.alarms[("gw", "ST-OF")].deadline_ms is not None
    due_ms = story.evaluator.sites[SITE].book.alarms[("gw", "ST-OF")].deadline_ms
    assert due_ms is not None
    story.say((due_ms - START_MS) / 1000 - 1, "line", **GOOD)
    story.wait((due_ms - START_MS) / 1000)
    story.expect()


TWO: list[dict[str, Any]] = [LINE, PSA, GATEWAY | {"assets": ["line"]}, {"id": "gx", "kind": "gateway", "assets": ["psa"]}]


def two_gateways(story: Story, start_s: int, end_s: int, without: str = "") -> None:
    talk(story, start_s, end_s, without)
    for at_s in range(start_s, end_s, 10):
        story.say(at_s, "gx", online=True)


def test_a_site_with_two_gateways_that_is_dark_is_one_alarm() -> None:
    story = Story(TWO)
    two_gateways(story, 0, 300)
    story.expect()
    story.wait(5000)
    story.expect("ST-DK raised")
    assert story.state("gw/ST-OF") == story.state("gx/ST-OF") == "suppressed"
    two_gateways(story, 5000, 5300, without="line")
    story.expect("ST-DK cleared", "line/SN-SI raised")


def test_what_was_silent_before_the_site_went_dark_is_told_again_when_it_is_back() -> None:
    story = Story(TWO)
    two_gateways(story, 0, 300)
    two_gateways(story, 300, 600, without="line")
    story.expect("line/SN-SI raised")
    story.wait(5000)
    story.expect("ST-DK raised")
    assert story.state("line/SN-SI") == "suppressed"
    two_gateways(story, 5000, 5300, without="line")
    story.expect("ST-DK cleared", "line/SN-SI unsuppressed")


def test_a_count_of_cylinders_is_no_word_of_the_gateway() -> None:
    """Somebody enters it by hand, at a time when nothing else gets through."""
    story = Story([LINE, {"id": "store", "kind": "cylinder_store", "type": "in-d"}, {**GATEWAY, "assets": ["line", "store"]}])
    story.say(0, "store", full_count=40.0)
    for at_s in range(0, 300, 10):
        story.say(at_s, "line", **GOOD)
    story.expect()
    story.say(500, "store", full_count=41.0)
    story.wait(840)
    story.expect("gw/ST-OF raised")
    story.say(850, "store", full_count=42.0)
    story.wait(1000)
    story.expect()
    for at_s in range(1010, 1110, 10):
        story.say(at_s, "line", **GOOD)
    story.expect("gw/ST-OF cleared")
