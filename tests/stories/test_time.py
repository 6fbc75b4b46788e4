"""Clocks and deliveries that lie: nothing old raises a live alarm, nothing true is overlooked."""

import json

import pytest

from tests.stories.story import SITE, START_MS, Story

LINE = {"id": "line", "kind": "pipeline", "nominal_bar": 4.0}
LOW, GOOD = {"line_pressure_bar": 3.0}, {"line_pressure_bar": 4.0}


def quiet() -> Story:
    story = Story([LINE])
    story.keep_saying("line", 0, 100, **GOOD)
    story.expect()
    return story


def test_a_late_reading_never_overwrites_a_newer_one() -> None:
    story = quiet()
    story.say(101, "line", stamp_s=95, **LOW)
    story.keep_saying("line", 110, 200, **GOOD)
    story.expect()
    assert story.evaluator.sites[SITE].assets["line"].values == GOOD


def test_shuffled_readings_of_a_minute_raise_what_the_sorted_ones_raise() -> None:
    story = quiet()
    for stamp_s in (110, 130, 120, 150, 140):
        story.say(151, "line", stamp_s=stamp_s, **LOW)
    story.expect("line/LP-LL raised")
    assert story.last.event_ms == START_MS + 120_000


def test_a_duplicate_counts_for_nothing() -> None:
    story = quiet()
    for _ in range(20):
        story.say(110, "line", **LOW)
    story.expect()
    assert story.evaluator.sites[SITE].assets["line"].state.duplicates == 19


def test_gaps_in_the_sequence_are_counted() -> None:
    story = Story([LINE])
    for at_s, seq in ((0, 7), (10, 8), (20, 11), (30, 12)):
        story.say(at_s, "line", seq=seq, **GOOD)
    assert story.evaluator.sites[SITE].assets["line"].state.gaps == 2


def test_a_retained_reading_is_no_proof_of_life_and_raises_nothing() -> None:
    story = quiet()
    for at_s in range(110, 400, 10):
        body = json.dumps({"ts": START_MS + at_s * 1000, "values": LOW}).encode()
        story.message(at_s, f"oxygrid/v1/{SITE}/line", body, retained=True)
    story.expect("line/SN-SI raised")


@pytest.mark.parametrize(
    "claimed_ms", [3_000, 1_000_000_000_000, START_MS + 86_400_000, 4_000_000_000_000], ids=["1970", "2001", "tomorrow", "2096"]
)
def test_a_clock_that_lies_is_evaluated_on_receipt_and_told_once(claimed_ms: int) -> None:
    story = quiet()
    for at_s in range(110, 130, 10):
        story.say(at_s, "line", ts=claimed_ms + at_s * 1000, **LOW)
    story.expect("line/LP-LL raised")
    story.keep_saying("line", 130, 160, **LOW)
    for at_s in range(170, 900, 10):
        story.say(at_s, "line", ts=claimed_ms + at_s * 1000, **LOW)
    story.expect("line/CK-BD raised")
    story.keep_saying("line", 900, 1600, **LOW)
    story.expect("line/CK-BD cleared")


def test_a_clock_ahead_does_not_hide_the_readings_that_follow_with_the_right_time() -> None:
    story = quiet()
    story.say(110, "line", ts=START_MS + 10**9, **GOOD)
    story.keep_saying("line", 120, 140, **LOW)
    story.expect("line/LP-LL raised")


def test_a_clock_that_is_steadily_behind_is_found_out_and_its_readings_count() -> None:
    """A gateway six minutes slow would else be late for ever, and never be alarmed."""
    story = Story([LINE])
    for at_s in range(0, 400, 10):
        story.say(at_s, "line", stamp_s=at_s - 360, **GOOD)
    story.change.transitions.clear()  # it was silent until its clock was understood
    for at_s in range(400, 450, 10):
        story.say(at_s, "line", stamp_s=at_s - 360, **LOW)
    assert [t.rule for t in story.change.transitions if t.event == "raised"] == ["LP-LL"]


def test_a_backlog_is_not_taken_for_a_slow_clock() -> None:
    story = quiet()
    story.wait(2000)
    story.change.transitions.clear()
    for n in range(100):
        story.say(2000 + n * 0.1, "line", stamp_s=110 + n * 10, **LOW)
    assert [t.event for t in story.change.transitions] == []
    story.wait(2100)
    assert [f"{t.rule} {t.event}" for t in story.change.transitions if t.event != "cleared"] == ["LP-LL discovered_late"]


def test_a_burst_of_the_last_four_minutes_is_live_and_delays_count_in_its_own_time() -> None:
    story = quiet()
    for n in range(24):
        story.say(345 + n * 0.01, "line", stamp_s=110 + n * 10, **(LOW if n >= 20 else GOOD))
    story.expect("line/SN-SI raised", "line/LP-LL raised")
    assert story.last.event_ms == START_MS + 320_000
    story.say(351, "line", **LOW)
    story.expect("line/SN-SI cleared")


def test_the_collectors_own_clock_stepping_back_raises_nothing_and_goes_on() -> None:
    story = quiet()
    hour = 3600
    story.message(100 - 10 * hour, "$oxygrid/clock", b"{}")
    story.keep_saying("line", 110 - 10 * hour, 200 - 10 * hour, **GOOD)
    story.expect()
    story.keep_saying("line", 210 - 10 * hour, 220 - 10 * hour, **LOW)
    story.expect("line/LP-LL raised")
