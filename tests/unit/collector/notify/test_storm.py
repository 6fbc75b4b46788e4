"""Many words, few messages: what goes at once, what grows, what waits for the summary."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from collector.calls import Person, Tell
from collector.config.people import Duty
from collector.notify.storm import BURST, HIGH_GATHER_MS, HOUR_MS, NAMED_MOST, Message, Tray, wakes
from tests.unit.collector.notify.cases import AT_MS, transition

MIN = 60_000


def tell(n: int = 0, priority: str = "medium", kind: str = "alarm", at_ms: int = AT_MS, site: str = "kasganj-dh", **more: Any) -> Tell:
    event = "cleared" if kind == "over" else "raised"
    given_ = transition(event, priority=priority, site=site, occurrence=f"{site}/a{n}/LP-L@{AT_MS}")
    return Tell(person="asha", transition=given_, kind=kind, step=0, at_ms=at_ms, first=kind == "alarm", **more)  # type: ignore[arg-type]


class Story:
    def __init__(self, **more: Any) -> None:
        self.person = Person(person="asha")
        self.tray = Tray(self.person, Duty.model_validate(more))

    def offer(self, *tells: Tell) -> None:
        for each in tells:
            self.tray.offer(each)

    def at(self, minute: float) -> list[int]:
        """How many words each message has that goes at that minute."""
        return [len(message.tells) for message in self.messages(minute)]

    def messages(self, minute: float) -> list[Message]:
        return self.tray.messages(AT_MS + round(minute * MIN))


def test_the_first_goes_at_once_and_the_others_grow() -> None:
    story = Story()
    story.offer(tell(0))
    assert story.at(0) == [1]
    story.offer(*map(tell, range(1, 50)))
    assert story.at(0.5) == []
    assert story.tray.next_ms() == AT_MS + MIN
    assert story.at(1) == [49]
    story.offer(tell(51))
    assert (story.at(2.9), story.at(3)) == ([], [1])


def test_what_comes_together_is_one_message() -> None:
    story = Story()
    story.offer(*map(tell, range(50)))
    assert story.at(0) == [50]


def test_each_site_and_cause_is_its_own() -> None:
    story = Story()
    sensor = tell(3)
    sensor = Tell(person="asha", transition=transition(nature="suspect_sensor", priority="low"), kind="alarm", step=0, at_ms=AT_MS)
    story.offer(tell(0), tell(1, site="b"), sensor)
    assert story.at(0) == [1, 1, 1]


def test_high_comes_within_seconds_and_takes_the_others_along() -> None:
    story = Story()
    story.offer(tell(0))
    story.at(0)
    story.offer(tell(1), tell(2, "high"))
    assert story.tray.next_ms() == AT_MS + HIGH_GATHER_MS
    (message,) = story.messages(10 / 60)
    assert [each.transition.priority for each in message.tells] == ["high", "medium"]


def test_beyond_the_budget_there_is_a_summary_and_high_goes_on() -> None:
    story = Story(messages_per_hour=4, summary_after_min=15)
    for n in range(20):
        story.offer(tell(n, site=f"s{n}"))
    assert story.at(0) == [1, 1, 1]
    story.offer(tell(90, "high", site="s90"))
    assert story.at(1) == [1]
    assert story.tray.next_ms() == AT_MS + 15 * MIN
    (summary,) = story.messages(15)
    assert (summary.summary, len(summary.tells)) == (True, 17)
    story.offer(tell(50, site="s50"))
    assert story.at(40) == []
    assert story.at(60) == [1]


def test_a_burst_of_high_ones_from_many_sites_is_gathered() -> None:
    story = Story()
    story.offer(*[tell(n, "high", site=f"s{n}") for n in range(BURST + 20)])
    assert story.at(0) == [*[1] * BURST, 20]
    story.offer(tell(90, "high", site="s90"), tell(91, site="s91"))
    assert story.at(9 / 60) == [1]
    assert story.tray.next_ms() == AT_MS + HIGH_GATHER_MS
    assert story.at(10 / 60) == [1]
    story.offer(tell(92, "high", site="s92"))
    assert (story.at(15 / 60), story.at(20 / 60)) == ([], [1])
    story.offer(tell(93, "high", site="s93"))
    assert story.at(5) == [1]
    story.offer(*[tell(n, "high", site=f"t{n}") for n in range(BURST - 1 + NAMED_MOST + 1)])
    assert story.at(5.1) == [*[1] * (BURST - 1), NAMED_MOST, 1]


def test_over_before_it_was_told_is_not_told() -> None:
    story = Story()
    story.offer(tell(0))
    story.at(0)
    story.offer(tell(1))
    assert story.tray.offer(tell(1, kind="over")) is False
    assert (story.at(5), story.tray.waiting) == ([], 0)


def test_the_end_of_what_was_told_takes_the_place_of_a_repeat() -> None:
    story = Story()
    story.offer(tell(0))
    story.at(0)
    story.offer(tell(0, kind="repeat"), tell(0, kind="over"))
    (message,) = story.messages(1)
    assert [each.kind for each in message.tells] == ["over"]


def test_a_night_of_messages_wakes_once_in_half_an_hour() -> None:
    person = Person(person="asha")
    for minute in (0, 10, 20, 60, 200):
        wakes(person, AT_MS + minute * MIN, night=True)
    wakes(person, AT_MS + 600 * MIN, night=False)
    assert person.night_wakes == 3


WORDS = st.lists(
    st.tuples(
        st.integers(0, 40), st.integers(0, 3), st.sampled_from(["low", "medium", "high"]), st.sampled_from(["alarm", "repeat", "over"])
    ),
    max_size=60,
)


@settings(max_examples=60)
@given(WORDS, st.integers(2, 6), st.lists(st.integers(0, 30 * 60_000), max_size=60))
def test_no_word_is_lost_no_budget_is_broken_and_high_is_quick(
    words: list[tuple[int, int, str, str]], budget: int, pauses: list[int]
) -> None:
    """Whatever comes, and however the clock goes: high within seconds, the others within the budget, all of it at last."""
    story, now_ms = Story(messages_per_hour=budget), AT_MS
    told: dict[str, int] = {}
    offered: dict[str, int] = {}
    sent_ms: list[int] = []

    def look() -> None:
        for message in story.tray.messages(now_ms):
            if all(each.transition.priority != "high" for each in message.tells):
                sent_ms.append(now_ms)
            for each in message.tells:
                told[each.transition.occurrence] = now_ms
                if each.transition.priority == "high" and not message.summary:
                    assert now_ms - offered[each.transition.occurrence] <= 2 * HIGH_GATHER_MS

    def until(end_ms: int) -> None:
        nonlocal now_ms
        while (next_ms := story.tray.next_ms()) is not None and next_ms <= end_ms:
            now_ms = max(now_ms, next_ms)
            look()
        now_ms = end_ms

    for (n, site, priority, kind), pause_ms in zip(words, [*pauses, *[0] * len(words)], strict=False):
        until(now_ms + pause_ms)
        each = tell(n, priority, kind, now_ms, f"s{site}")
        occurrence = each.transition.occurrence
        if story.tray.offer(each):
            offered.setdefault(occurrence, now_ms)
            offered[occurrence] = now_ms
        else:
            offered.pop(occurrence, None)
        look()
    until(now_ms + 5 * HOUR_MS)
    assert story.tray.waiting == 0
    assert all(told[occurrence] >= at_ms for occurrence, at_ms in offered.items())
    assert all(sum(at_ms - HOUR_MS < other <= at_ms for other in sent_ms) <= budget for at_ms in sent_ms)


def test_sites_that_have_long_been_silent_are_forgotten() -> None:
    story = Story(messages_per_hour=1000)
    for hour in range(5):
        at_ms = AT_MS + 2 * hour * HOUR_MS
        story.offer(*(tell(priority="high", at_ms=at_ms, site=f"s{hour}-{n}") for n in range(100)))
        for minute in range(10):
            story.at(120 * hour + minute)
    assert story.tray.waiting == 0
    assert len(story.tray._groups) <= 200
