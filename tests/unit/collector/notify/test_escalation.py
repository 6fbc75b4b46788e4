"""Stories of one alarm and those who are told of it, minute by minute."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from collector.calls import LAST_RESORT, Call, Tell
from collector.notify.duty import Watch
from collector.notify.escalation import Around, advance, heard, shifted
from collector.outputs import AlarmEvent, AlarmState, Transition
from tests.unit.collector.notify.cases import transition
from tests.unit.collector.notify.house import SITE, house, ms

MIN = 60_000
NOON = ms("2026-03-04T12:00")


class Story:
    """One call; `told` is what was said since the last look: person, step, kind."""

    def __init__(self, at_ms: int = NOON, priority: str = "high", **parts: Any) -> None:
        self.house, self.now_ms, self.hours_h = house(**parts), at_ms, 40.0
        self.call: Call | None = None
        self.told: list[tuple[str, int, str]] = []
        self.reason = ""
        self.hear("raised", "unacknowledged", priority=priority)

    def hear(self, event: AlarmEvent, state: AlarmState, **more: Any) -> None:
        values = {"evaluated_ms": self.now_ms, "annunciate": event not in {"acknowledged", "shelved"}, "state": state, **more}
        self.last: Transition = transition(event, **values)
        self.call = heard(self.call, self.last, self.now_ms)

    def at(self, minute: float) -> list[tuple[str, int, str]]:
        """Look whenever the call wants to be looked at, until that minute after noon."""
        end_ms = NOON + round(minute * MIN)
        self.told = []
        while self.call is not None and self.call.next_ms <= end_ms:
            self.now_ms = max(self.now_ms, self.call.next_ms)
            self.look()
        self.now_ms = max(self.now_ms, end_ms)
        return self.told

    def look(self) -> None:
        assert self.call is not None
        chain = self.house.chain(self.call.site, self.call.transition.priority)
        quiet_ms = self.house.quiet_until_ms(SITE.zone, self.now_ms)
        outcome = advance(self.call, chain, Around(self.now_ms, self.hours_h, self._who, quiet_ms))
        self.call, self.reason = outcome.call, outcome.reason
        self.told += [(tell.person, tell.step, tell.kind) for tell in outcome.tells]

    def _who(self, name: str) -> Watch:
        return self.house.who(name, SITE.zone, self.now_ms)


def test_it_climbs_step_by_step_and_goes_on_until_somebody_answers() -> None:
    story = Story()
    assert story.at(0) == [("asha", 0, "alarm")]
    assert story.at(4.9) == []
    assert story.at(5) == [("meena", 1, "alarm")]
    assert story.at(14.9) == []
    assert story.at(15) == [("room", 2, "alarm")]
    assert story.at(25) == [("room", LAST_RESORT, "again"), ("meena", LAST_RESORT, "again")]
    assert story.at(45) == [("room", LAST_RESORT, "repeat"), ("meena", LAST_RESORT, "repeat")] * 2
    story.hear("acknowledged", "acknowledged", by="Meena")
    assert story.at(60) == [("meena", LAST_RESORT, "acknowledged"), ("room", LAST_RESORT, "acknowledged")]
    story.hear("cleared", "normal")
    assert story.at(61) == [("asha", 0, "over"), ("meena", LAST_RESORT, "over"), ("room", LAST_RESORT, "over")]
    assert story.call is None


def test_a_chain_that_became_shorter_goes_on() -> None:
    story = Story()
    story.at(15)
    story.house = house(chain={"steps": [{"tell": "nurses"}]})
    assert story.at(25) == [("room", LAST_RESORT, "again"), ("meena", LAST_RESORT, "again")]
    story.house = house(chain={"steps": [{"tell": "nurses"}, {"tell": "ravi", "after_min": 20}]})
    assert ("ravi", 1, "alarm") in story.at(35)


def test_a_repeat_goes_to_the_highest_step() -> None:
    story = Story(chain={"steps": [{"tell": "nurses"}, {"tell": "meena", "after_min": 120}]})
    assert story.at(0) == [("asha", 0, "alarm")]
    assert story.at(20) == [("asha", 0, "repeat")] * 2


def test_few_hours_left_reach_the_control_room_at_once() -> None:
    story = Story()
    story.at(1)
    story.hours_h = 5.9
    story.look()
    assert story.told[-1] == ("room", 2, "alarm")
    assert story.at(5) == [("meena", 1, "alarm")]


def test_a_step_for_a_higher_priority_is_taken_when_it_rises() -> None:
    story = Story(priority="medium", chain={"steps": [{"tell": "nurses"}, {"tell": "meena", "priority": "high"}]})
    assert story.at(1) == [("asha", 0, "alarm")]
    story.hear("escalated", "unacknowledged", priority="high")
    assert story.at(1) == [("meena", 1, "alarm")]


def test_more_urgent_is_said_to_those_who_know() -> None:
    story = Story(priority="medium")
    story.at(1)
    story.hear("escalated", "unacknowledged", priority="high")
    assert story.at(1) == [("asha", 0, "again")]


def test_acknowledged_and_not_better_goes_up() -> None:
    story = Story()
    story.at(1)
    story.hear("acknowledged", "acknowledged", by="Asha")
    assert story.at(60.9) == []
    assert story.at(61) == [("meena", 1, "alarm")]
    assert story.reason == "not_better"


def test_a_promise_is_held_to() -> None:
    story = Story()
    story.at(1)
    story.hear("acknowledged", "acknowledged", by="Asha", until_ms=NOON + 31 * MIN)
    assert story.at(30.9) == []
    assert story.at(31) == [("meena", 1, "alarm")]


def test_announced_again_it_goes_up() -> None:
    story = Story()
    story.at(1)
    story.hear("acknowledged", "acknowledged", by="Asha")
    story.at(30)
    story.hear("realarmed", "unacknowledged")
    assert story.at(30) == [("meena", 1, "alarm")]


@pytest.mark.parametrize("state", ["shelved", "suppressed", "out_of_service"])
def test_of_what_is_hidden_there_is_not_a_word_until_it_is_not_or_over(state: AlarmState) -> None:
    story = Story()
    story.at(1)
    story.hear("shelved", state)
    assert story.at(60) == []
    story.hear("unshelved", "unacknowledged")
    assert story.at(60) == [("asha", 0, "again")]
    story.hear("shelved", state, evaluated_ms=story.now_ms + 1)
    assert story.at(120) == []
    story.hear("cleared", "normal", evaluated_ms=story.now_ms + 2)
    assert story.at(120) == [("asha", 0, "over")]


def test_hidden_before_anybody_was_told_is_forgotten() -> None:
    story = Story()
    story.hear("shelved", "shelved", evaluated_ms=NOON + 1)
    assert story.at(1) == []
    assert story.call is None


def test_over_before_anybody_was_told_is_no_news() -> None:
    story = Story()
    story.hear("cleared", "returned")
    assert story.at(10) == []
    assert story.call is None


def test_latched_and_not_acknowledged_goes_on() -> None:
    story = Story()
    story.at(1)
    story.hear("latched", "latched_unacknowledged", annunciate=False)
    assert story.at(5) == [("meena", 1, "alarm")]


@pytest.mark.parametrize(
    ("event", "state"), [("discovered_late", "normal"), ("suppressed", "suppressed"), ("acknowledged", "acknowledged")]
)
def test_nobody_is_called_for_what_is_no_alarm(event: AlarmEvent, state: AlarmState) -> None:
    assert heard(None, transition(event, state=state, annunciate=False), NOON) is None
    assert heard(None, transition("raised", priority="info"), NOON) is None
    assert heard(None, transition("raised", annunciate=False), NOON) is None


def test_who_comes_on_duty_is_told() -> None:
    story = Story(at_ms=ms("2026-03-04T19:57"), chain={"steps": [{"tell": "nurses"}], "repeat_every_min": 240})
    assert story.at(8 * 60) == [("asha", 0, "alarm"), ("ravi", 0, "alarm")]


def test_nobody_on_duty_is_passed_over_at_once() -> None:
    story = Story(roster={"swaps": [{"date": "2026-03-04", "shift": "day", "out": "asha"}]})
    assert story.at(0) == [("meena", 1, "alarm")]
    assert story.reason == "nobody_on_duty"


def test_a_shift_that_ends_without_another_takes_the_next_step() -> None:
    swaps = [{"date": "2026-03-04", "shift": "night", "out": "ravi"}]
    story = Story(at_ms=ms("2026-03-04T19:57"), roster={"swaps": swaps}, chain={"steps": [{"tell": "nurses"}], "repeat_every_min": 240})
    assert story.at(8 * 60) == [("asha", 0, "alarm"), ("room", LAST_RESORT, "alarm"), ("meena", LAST_RESORT, "alarm")]


def test_low_waits_for_the_morning() -> None:
    quiet = {"quiet_hours": {"from": "11:00", "to": "13:00"}}
    story = Story(priority="low", settings=quiet)
    assert story.at(59.9) == []
    assert story.at(60) == [("asha", 0, "alarm")]
    assert story.at(65) == [("meena", 1, "alarm")]
    assert Story(settings=quiet).at(0) == [("asha", 0, "alarm")]


def test_a_clock_put_back_holds_nobody_up() -> None:
    story = Story()
    story.at(6)
    assert story.call is not None
    story.now_ms -= 3_600_000
    story.look()
    assert story.call.next_ms == story.now_ms + 10 * MIN
    assert shifted(story.call, 5 * MIN).next_ms == story.now_ms + 5 * MIN


def test_a_clock_put_on_climbs_and_does_not_spin() -> None:
    story = Story()
    story.at(0)
    story.now_ms += 24 * 60 * MIN
    story.look()
    assert story.told[1:] == [("meena", 1, "alarm"), ("room", 2, "alarm")]
    assert story.call is not None
    assert story.call.next_ms >= story.now_ms + 100


def test_without_a_chain_nobody_is_told() -> None:
    story = Story(priority="medium", chain={"priorities": ["high"]})
    assert story.at(10) == []
    assert (story.call, story.reason) == (None, "no_chain")


def test_a_chain_that_is_taken_away_leaves_the_end_to_be_told() -> None:
    story = Story()
    assert story.at(0) == [("asha", 0, "alarm")]
    story.house = house(chain={"priorities": ["low"]})
    assert story.at(60) == []
    story.hear("cleared", "normal")
    assert story.at(61) == [("asha", 0, "over")]
    assert story.call is None


def test_the_same_news_twice_changes_nothing() -> None:
    story = Story()
    story.at(1)
    assert heard(story.call, story.last, NOON + 1) == story.call


def test_a_call_survives_the_disk() -> None:
    story = Story()
    story.at(16)
    assert msgspec.json.decode(msgspec.json.encode(story.call), type=Call) == story.call
    tell = Tell(person="asha", transition=story.last, kind="alarm", step=1, at_ms=3)
    assert msgspec.json.decode(msgspec.json.encode(tell), type=Tell) == tell
