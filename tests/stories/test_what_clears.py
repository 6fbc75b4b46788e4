"""An alarm clears by readings that show it, and by nothing else."""

from typing import Any

from tests.stories.story import Story

LINE = {"id": "line", "kind": "pipeline", "nominal_bar": 4.0}
PSA = {"id": "psa", "kind": "psa_plant", "rated_flow_lpm": 500}
RUNNING: dict[str, Any] = {"state": "running_on_spec", "o2_flow_lpm": 300.0}


def test_one_good_value_of_a_sensor_that_then_falls_silent_clears_nothing_though_others_are_read() -> None:
    story = Story([LINE])
    story.keep_saying("line", 0, 20, line_pressure_bar=3.0, o2_flow_lpm=100.0)
    story.expect("line/LP-LL raised")
    story.say(30, "line", line_pressure_bar=4.0)
    story.keep_saying("line", 40, 140, o2_flow_lpm=100.0)
    story.expect()
    story.say(145, "line", line_pressure_bar=4.0)
    story.expect("line/LP-LL cleared")


def test_a_state_stands_until_the_controller_says_otherwise() -> None:
    """Many controllers say their state when it changes, and then no more."""
    story = Story([PSA])
    story.keep_saying("psa", 0, 60, state="fault")
    story.expect("psa/PL-DN raised")
    story.say(70, "psa", state="running_on_spec")
    story.keep_saying("psa", 80, 360, o2_flow_lpm=300.0, o2_purity_pct=94.0)
    story.expect()
    story.say(370, "psa", o2_flow_lpm=300.0, o2_purity_pct=94.0)
    story.expect("psa/PL-DN cleared")


def test_what_was_read_before_a_pause_is_not_read_again_after_it() -> None:
    story = Story([PSA])
    story.keep_saying("psa", 0, 60, o2_purity_pct=89.0, **RUNNING)
    story.expect("psa/PU-LL raised")
    story.say(70, "psa", o2_purity_pct=94.0, **RUNNING)
    story.keep_saying("psa", 80, 300, state="standby", o2_flow_lpm=0.0)
    story.keep_saying("psa", 310, 420, **RUNNING)
    story.say(430, "psa", o2_purity_pct=94.0)
    story.expect(only="PU-LL")
    story.keep_saying("psa", 440, 539, o2_purity_pct=94.0)
    story.expect(only="PU-LL")
    story.say(540, "psa", o2_purity_pct=94.0)
    story.expect("psa/PU-LL cleared", only="PU-LL")


def test_an_old_value_that_an_opening_gate_finds_begins_nothing_whoever_else_is_awake() -> None:
    for hot in (106.0, 80.0):
        story = Story([PSA])
        story.say(0, "psa", state="standby", o2_purity_pct=89.0)
        story.keep_saying("psa", 10, 100, state="running_on_spec", compressor_discharge_temp_c=hot)
        story.expect(only="PU-LL")
        story.say(105, "psa", o2_purity_pct=89.0)
        story.keep_saying("psa", 110, 170, state="running_on_spec")
        story.expect("psa/PU-LL raised", only="PU-LL")
