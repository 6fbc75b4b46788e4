"""Silence: judged on receipt, one alarm for one fact, never for the time the collector could not hear."""

from typing import Any

from tests.stories.story import SITE, Story

LINE = {"id": "line", "kind": "pipeline", "nominal_bar": 4.0}
PSA = {"id": "psa", "kind": "psa_plant", "rated_flow_lpm": 500}
GATEWAY = {"id": "gw", "kind": "gateway", "assets": ["line", "psa"]}
GOOD = {"line_pressure_bar": 4.0}
PLANT = {"o2_purity_pct": 94.0, "state": "standby"}


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
