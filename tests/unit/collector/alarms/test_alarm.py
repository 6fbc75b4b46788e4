"""One alarm, folded: delays in event time, the clock as a backstop, and nothing cleared by silence."""

import pytest

from collector.alarms.alarm import Alarm, Delays
from collector.rules.compile import Verdict

RAISE, CLEAR, HOLD, PAUSE = Verdict.RAISE, Verdict.CLEAR, Verdict.HOLD, Verdict.PAUSE
DELAYS = Delays(on_ms=10_000, off_ms=30_000, patience_ms=15_000)


def told(alarm: Alarm, *steps: tuple[int, Verdict], delays: Delays = DELAYS) -> list[tuple[str, int]]:
    """Verdicts at seconds, received as they happened → (event, event second)."""
    changes = [alarm.judge(verdict, at * 1000, at * 1000, delays) for at, verdict in steps]
    return [(change.event, change.event_ms // 1000) for change in changes if change is not None]


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
    assert alarm.expire(14_999, DELAYS) is None
    change = alarm.expire(15_000, DELAYS)
    assert change is not None
    assert (change.event, change.event_ms) == ("raised", 10_000)


def test_the_clock_ends_no_delay_that_is_paused() -> None:
    alarm = Alarm()
    told(alarm, (0, RAISE), (5, PAUSE))
    assert alarm.expire(10**9, DELAYS) is None
    told(alarm, (1_000, RAISE))
    assert alarm.deadline_ms == 1_015_000


def test_the_clock_never_ends_the_off_delay() -> None:
    alarm = Alarm()
    told(alarm, (0, RAISE), (10, RAISE), (20, CLEAR))
    assert alarm.expire(10**12, DELAYS) is None
    assert alarm.condition


def test_an_alarm_that_returns_and_comes_back_is_a_new_occurrence() -> None:
    alarm = Alarm()
    assert told(alarm, (0, RAISE), (10, RAISE), (20, CLEAR), (50, CLEAR)) == [("raised", 10), ("cleared", 50)]
    assert alarm.state == "returned"
    assert told(alarm, (60, RAISE), (70, RAISE)) == [("raised", 70)]
    assert alarm.raised_ms == 70_000


def test_acknowledging() -> None:
    alarm = Alarm()
    assert alarm.acknowledge(0) is None
    told(alarm, (0, RAISE), (10, RAISE))
    change = alarm.acknowledge(12_000)
    assert change is not None
    assert (change.state, change.raised_ms) == ("acknowledged", 10_000)
    assert alarm.acknowledge(13_000) is None
    assert told(alarm, (20, CLEAR), (50, CLEAR)) == [("cleared", 50)]
    assert alarm.idle


def test_no_delay_raises_at_once() -> None:
    assert told(Alarm(), (5, RAISE), delays=Delays(0, 0, 0)) == [("raised", 5)]
