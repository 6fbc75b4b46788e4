"""One alarm, folded: delays in event time, the clock as a backstop, and nothing cleared by silence."""

import pytest

from collector.alarms.alarm import Alarm, Aside, Change, Now, Traits
from collector.rules.condition import Verdict

RAISE, CLEAR, HOLD, PAUSE = Verdict.RAISE, Verdict.CLEAR, Verdict.HOLD, Verdict.PAUSE
TRAITS = Traits(on_ms=10_000, off_ms=30_000, patience_ms=15_000)


def told(alarm: Alarm, *steps: tuple[int, Verdict], traits: Traits = TRAITS) -> list[tuple[str, int]]:
    """Verdicts at seconds, received as they happened → (event, event second)."""
    changes = [change for at, verdict in steps for change in alarm.judge(verdict, at * 1000, at * 1000, traits)]
    return [(change.event, change.event_ms // 1000) for change in changes]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([(0, RAISE), (9, RAISE)], []),
        ([(0, RAISE), (10, RAISE)], [("raised", 10)]),
        ([(0, RAISE), (25, RAISE)], [("raised", 10)]),
        ([(0, RAISE), (5, HOLD), (10, RAISE), (19, RAISE)], []),
        ([(0, RAISE), (5, CLEAR), (10, RAISE), (20, RAISE)], [("raised", 20)]),
        ([(0, RAISE), (10, RAISE), (20, CLEAR), (49, CLEAR)], [("raised", 10)]),
        ([(0, RAISE), (10, RAISE), (20, CLEAR), (50, CLEAR)], [("raised", 10), ("cleared", 50)]),
        ([(0, RAISE), (10, RAISE), (20, CLEAR), (30, HOLD), (50, CLEAR), (79, CLEAR)], [("raised", 10)]),
        ([(0, RAISE), (10, RAISE), (20, CLEAR), (30, RAISE), (40, CLEAR), (70, CLEAR)], [("raised", 10), ("cleared", 70)]),
        ([(0, RAISE), (6, PAUSE), (100, RAISE), (103, RAISE)], []),
        ([(0, RAISE), (6, PAUSE), (50, PAUSE), (100, RAISE), (104, RAISE)], [("raised", 104)]),
        ([(0, RAISE), (6, PAUSE), (100, CLEAR), (104, RAISE), (113, RAISE)], []),
        ([(0, PAUSE), (10, RAISE), (19, RAISE)], []),
        ([(0, RAISE), (10, RAISE), (20, CLEAR), (40, PAUSE), (90, CLEAR), (100, CLEAR)], [("raised", 10), ("cleared", 100)]),
    ],
    ids=["before the delay", "at it", "long after", "hold resets the on-delay", "clear resets it", "before the off-delay", "at it, cleared",
         "hold resets the off-delay", "raise resets it", "a pause is not counted", "then it goes on", "clear after a pause resets it",
         "a pause before it is nothing", "a pause in the off-delay"],
)  # fmt: skip
def test_delays_are_counted_in_event_time(steps: list[tuple[int, Verdict]], expected: list[tuple[str, int]]) -> None:
    assert told(Alarm(), *steps) == expected


def test_the_clock_ends_the_on_delay_when_readings_stop() -> None:
    alarm = Alarm()
    told(alarm, (0, RAISE))
    assert alarm.expire(14_999, TRAITS) == []
    (change,) = alarm.expire(15_000, TRAITS)
    assert (change.event, change.event_ms) == ("raised", 10_000)


def test_the_clock_ends_no_delay_that_is_paused() -> None:
    alarm = Alarm()
    told(alarm, (0, RAISE), (5, PAUSE))
    assert alarm.expire(10**9, TRAITS) == []
    told(alarm, (1_000, RAISE))
    assert alarm.deadline_ms == 1_015_000


def test_the_clock_never_ends_the_off_delay() -> None:
    alarm = Alarm()
    told(alarm, (0, RAISE), (10, RAISE), (20, CLEAR))
    assert alarm.expire(10**12, TRAITS) == []
    assert alarm.condition


def test_an_alarm_that_returns_and_comes_back_is_a_new_occurrence() -> None:
    alarm = Alarm()
    assert told(alarm, (0, RAISE), (10, RAISE), (20, CLEAR), (50, CLEAR)) == [("raised", 10), ("cleared", 50)]
    assert alarm.state == "returned"
    assert told(alarm, (60, RAISE), (70, RAISE)) == [("raised", 70)]
    assert alarm.raised_ms == 70_000


def test_acknowledging() -> None:
    alarm = Alarm()
    assert alarm.acknowledge(0, TRAITS, "Asha") == []
    told(alarm, (0, RAISE), (10, RAISE))
    (change,) = alarm.acknowledge(12_000, TRAITS, "Asha")
    assert (change.state, change.raised_ms, change.by) == ("acknowledged", 10_000, "Asha")
    assert alarm.acknowledge(13_000, TRAITS, "Ravi") == []
    assert told(alarm, (20, CLEAR), (50, CLEAR)) == [("cleared", 50)]
    assert alarm.idle


def test_no_delay_raises_at_once() -> None:
    assert told(Alarm(), (5, RAISE), traits=Traits(0, 0, 0)) == [("raised", 5)]


def events(changes: list[Change]) -> list[tuple[str, str, bool]]:
    """(event, state shown, people are told)."""
    return [(change.event, change.state, change.annunciate) for change in changes]


def open_alarm(traits: Traits = TRAITS) -> Alarm:
    alarm = Alarm()
    told(alarm, (0, RAISE), (10, RAISE), traits=traits)
    return alarm


LATCHING = Traits(10_000, 30_000, 15_000, latched=True)


def test_a_latched_alarm_stays_until_it_is_acknowledged_and_reset() -> None:
    alarm = open_alarm(LATCHING)
    assert events(alarm.judge(CLEAR, 20_000, 20_000, LATCHING)) == []
    assert events(alarm.judge(CLEAR, 50_000, 50_000, LATCHING)) == [("latched", "latched_unacknowledged", False)]
    assert alarm.reset(51_000, "Asha") == []
    assert events(alarm.acknowledge(52_000, LATCHING, "Asha")) == [("acknowledged", "latched_acknowledged", False)]
    assert events(alarm.reset(53_000, "Asha")) == [("reset", "normal", True)]
    assert alarm.idle


def test_a_latched_alarm_whose_condition_comes_back_is_raised_anew() -> None:
    alarm = open_alarm(LATCHING)
    told(alarm, (20, CLEAR), (50, CLEAR), traits=LATCHING)
    assert told(alarm, (60, RAISE), (70, RAISE), traits=LATCHING) == [("raised", 70)]


def test_what_needs_no_acknowledgement_is_normal_when_it_is_over() -> None:
    traits = Traits(10_000, 30_000, 15_000, auto_ack=True)
    alarm = open_alarm(traits)
    told(alarm, (20, CLEAR), (50, CLEAR), traits=traits)
    assert alarm.idle


def test_an_acknowledged_alarm_that_goes_on_is_announced_again_and_again() -> None:
    traits = Traits(10_000, 30_000, 15_000, realarm_ms=1_800_000)
    alarm = open_alarm(traits)
    alarm.acknowledge(20_000, traits, "Asha")
    assert alarm.due_ms == 1_820_000
    assert alarm.expire(1_819_999, traits) == []
    assert events(alarm.expire(1_820_000, traits)) == [("realarmed", "unacknowledged", True)]
    assert alarm.expire(10**12, traits) == []
    alarm.acknowledge(1_830_000, traits, "Asha")
    assert events(alarm.expire(3_629_999, traits)) == []
    assert events(alarm.expire(3_630_000, traits)) == [("realarmed", "unacknowledged", True)]


SHELF = Aside(600_000, "Asha", "valve is being changed")


def test_a_shelved_alarm_tells_nobody_and_comes_back_unacknowledged_when_its_time_is_over() -> None:
    alarm = open_alarm()
    alarm.acknowledge(11_000, TRAITS, "Asha")
    assert events(alarm.shelve(SHELF, 20_000)) == [("shelved", "shelved", False)]
    assert alarm.due_ms == 600_000
    assert events(alarm.expire(600_000, TRAITS)) == [("unshelved", "unacknowledged", True)]


def test_what_begins_and_ends_on_a_shelf_is_logged_and_nobody_is_told() -> None:
    alarm = Alarm()
    alarm.shelve(SHELF, 0)
    logged = [e for at in (10, 20) for e in events(alarm.judge(RAISE, at * 1000, at * 1000, TRAITS))]
    assert logged == [("raised", "shelved", False)]
    logged = [e for at in (30, 60) for e in events(alarm.judge(CLEAR, at * 1000, at * 1000, TRAITS))]
    assert logged == [("cleared", "shelved", False)]
    assert events(alarm.expire(600_000, TRAITS)) == [("unshelved", "normal", False)]
    assert alarm.idle


def test_whatever_happens_on_a_shelf_says_who_keeps_it_quiet_and_until_when() -> None:
    alarm = Alarm()
    alarm.shelve(SHELF, 0)
    (raised,) = (change for at in (10, 20) for change in alarm.judge(RAISE, at * 1000, at * 1000, TRAITS))
    assert (raised.state, raised.until_ms, raised.by, raised.why) == ("shelved", SHELF.until_ms, SHELF.by, SHELF.why)
    (taken,) = alarm.take_out(Aside(900_000, "Bina", "new sensor"), 30_000)
    assert (taken.state, taken.until_ms, taken.by, taken.why) == ("out_of_service", 900_000, "Bina", "new sensor")
    (put_back,) = alarm.put_back(40_000, "Bina", "")
    assert (put_back.state, put_back.until_ms, put_back.by) == ("shelved", SHELF.until_ms, "Bina")
    (hidden,) = alarm.hide("LP-LL", 50_000)
    assert (hidden.state, hidden.until_ms, hidden.by, hidden.hidden_by) == ("suppressed", None, "", "LP-LL")


def test_a_one_shot_shelf_ends_with_the_condition() -> None:
    alarm = open_alarm()
    alarm.shelve(Aside(600_000, "Asha", "known", one_shot=True), 20_000)
    found = [e for at in (30, 60) for e in events(alarm.judge(CLEAR, at * 1000, at * 1000, TRAITS))]
    assert found == [("cleared", "shelved", True), ("unshelved", "normal", False)]


def test_what_the_design_suppresses_waits_its_delay_once_more_when_that_is_over() -> None:
    alarm = open_alarm()
    assert events(alarm.hide("LP-LL", 20_000)) == [("suppressed", "suppressed", False)]
    assert alarm.hide("LP-LL", 21_000) == []
    assert alarm.unhide(30_000, TRAITS) == []
    assert (alarm.state, alarm.due_ms) == ("suppressed", 40_000)
    assert events(alarm.expire(40_000, TRAITS)) == [("unsuppressed", "unacknowledged", True)]


def test_what_is_suppressed_again_while_it_waits_goes_on_being_suppressed() -> None:
    alarm = open_alarm()
    alarm.hide("LP-LL", 20_000)
    alarm.unhide(30_000, TRAITS)
    alarm.hide("LP-LL", 35_000)
    assert alarm.expire(10**9, TRAITS) == []
    assert alarm.due_ms is None


def test_what_is_raised_while_it_is_suppressed_is_logged_only() -> None:
    alarm = Alarm()
    alarm.judge(RAISE, 0, 0, TRAITS)
    assert events(alarm.judge(RAISE, 10_000, 10_000, TRAITS, Now("LP-LL"))) == [("raised", "suppressed", False)]
    found = [e for at in (20, 50) for e in events(alarm.judge(CLEAR, at * 1000, at * 1000, TRAITS))]
    assert found == [("cleared", "normal", False)]


def test_those_who_were_told_are_told_of_the_end_though_it_was_suppressed_meanwhile() -> None:
    alarm = open_alarm()
    alarm.hide("LP-LL", 20_000)
    found = [e for at in (30, 60) for e in events(alarm.judge(CLEAR, at * 1000, at * 1000, TRAITS))]
    assert found == [("cleared", "normal", True)]


def test_out_of_service_is_over_everything_and_ends() -> None:
    alarm = open_alarm()
    alarm.hide("LP-LL", 20_000)
    assert events(alarm.take_out(SHELF, 21_000)) == [("out_of_service", "out_of_service", False)]
    assert events(alarm.expire(600_000, TRAITS)) == [("returned_to_service", "suppressed", False)]
    alarm.unhide(600_000, TRAITS)
    assert events(alarm.expire(610_000, TRAITS)) == [("unsuppressed", "unacknowledged", True)]


def test_more_urgent_is_announced_anew_even_if_it_was_acknowledged() -> None:
    alarm = open_alarm()
    alarm.acknowledge(11_000, TRAITS, "Asha")
    assert events(alarm.escalate("high", 12_000)) == [("escalated", "unacknowledged", True)]
    assert alarm.priority == "high"
