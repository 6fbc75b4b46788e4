from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.alarms.alarm import Alarm, Traits
from collector.kpi.advice import LADDER_S, MERGES, REPEAT_S, Delays, Longer, advice, longer_off_delay
from collector.kpi.behaviour import Behaviour
from collector.rules.condition import Verdict


def behaviour(gaps_s: list[float], lasted_s: float = 120.0, **more: object) -> Behaviour:
    found = Behaviour("dh/line/LP-L", announced=len(gaps_s) + 1, raised=len(gaps_s) + 1, answered=len(gaps_s))
    found.gaps_s, found.lasted_s = gaps_s, [lasted_s] * (len(gaps_s) + 1)
    for name, value in more.items():
        setattr(found, name, value)
    return found


@pytest.mark.parametrize(
    ("gaps_s", "longer"),
    [
        ([10.0, 10.0], None),
        ([10.0] * 3, Longer(15, 3, 3)),
        ([15.0] * 3, Longer(15, 3, 3)),
        ([16.0] * 3, Longer(30, 3, 3)),
        ([10.0] * 8 + [500.0] * 2, Longer(15, 8, 10)),
        ([10.0] * 7 + [170.0, 500.0, 5000.0], Longer(180, 8, 9)),
        ([10.0] * 3 + [REPEAT_S + 1] * 50, Longer(15, 3, 3)),
        ([901.0] * 5, None),
    ],
    ids=["too few", "all soon", "on the step", "beyond it", "four in five", "one long after", "seldom beside it", "no step is enough"],
)
def test_the_smallest_step_that_merges_four_in_five(gaps_s: list[float], longer: Longer | None) -> None:
    assert longer_off_delay(behaviour(gaps_s)) == longer


@given(st.lists(st.floats(0, 5000), max_size=40))
def test_no_smaller_step_would_do(gaps_s: list[float]) -> None:
    longer = longer_off_delay(behaviour(gaps_s))
    repeats = [gap for gap in gaps_s if gap <= REPEAT_S]
    if longer is None:
        assert len(repeats) < 3 or sum(gap <= LADDER_S[-1] for gap in repeats) < MERGES * len(repeats)
        return
    assert longer.merges >= MERGES * len(repeats)
    smaller = [step for step in LADDER_S if step < longer.by_s]
    assert not smaller or sum(gap <= smaller[-1] for gap in repeats) < MERGES * len(repeats)


@pytest.mark.parametrize(
    ("found", "delays", "text"),
    [
        (
            behaviour([60.0] * 41 + [4000.0] * 18),
            Delays(60, 60),
            "41 of 60 raised within 5 min of clearing: off_delay_s 120 (now 60) would have merged 41; or widen its hysteresis",
        ),
        (
            behaviour([60.0] * 5),
            None,
            "5 of 6 raised within 5 min of clearing: an off-delay 60 s longer would have merged 5; or widen its hysteresis",
        ),
        (
            behaviour([1200.0] * 5),
            None,
            "5 of 6 within the hour: no delay helps; look for what makes it come and go, or widen its hysteresis",
        ),
        (
            behaviour([5000.0] * 5, lasted_s=80.0),
            Delays(10, 60),
            "6 of 6 were over within 30 s: on_delay_s 40 (now 10) keeps them quiet, if nobody has to act on so short a dip",
        ),
        (
            behaviour([5000.0] * 9, lasted_s=1800.0, answered=1),
            None,
            "answered 1 of 10 times, on for 30 min in the median: if nobody has to act, make its priority info",
        ),
        (behaviour([60.0] * 5, nature="communication"), None, "lost 6 times: look at the gateway's power, network and signal"),
        (behaviour([5000.0] * 5, lasted_s=600.0), None, ""),
        (behaviour([]), None, ""),
    ],
    ids=["repeats", "delays unknown", "repeats too far apart", "short", "nobody answers", "connection", "in order", "once"],
)
def test_what_stands_out_is_said_with_what_to_do(found: Behaviour, delays: Delays | None, text: str) -> None:
    assert advice(found, delays) == text


# ---- the promise, against the alarm that runs ---------------------------------------------------------------------------------

EVERY_S = 10
verdicts = st.lists(
    st.tuples(st.sampled_from([Verdict.RAISE, Verdict.CLEAR, Verdict.CLEAR, Verdict.HOLD]), st.integers(1, 30)), min_size=4, max_size=60
)


def run(readings: list[Verdict], on_s: int, off_s: int) -> Behaviour:
    alarm, found = Alarm(), Behaviour("dh/line/LP-L")
    over_ms = 0
    for n, verdict in enumerate(readings):
        at_ms = 1_764_000_000_000 + n * EVERY_S * 1000
        for change in alarm.judge(verdict, at_ms, at_ms, Traits(on_s * 1000, off_s * 1000, 1 << 40)):
            if change.event == "raised":
                found.raised += 1
                if over_ms:
                    found.gaps_s.append((change.event_ms - over_ms) / 1000)
            elif change.event == "cleared":
                over_ms = change.event_ms
    return found


@given(verdicts, st.sampled_from([0, 10, 60]), st.sampled_from([0, 30, 120]))
def test_at_least_so_many_are_merged_as_promised(spans: list[tuple[Verdict, int]], on_s: int, off_s: int) -> None:
    """The same readings with the longer off-delay: the alarm that runs raises fewer by what was promised, or by more."""
    readings = [verdict for verdict, count in spans for _ in range(count)]
    before = run(readings, on_s, off_s)
    longer = longer_off_delay(before)
    if longer is not None:
        after = run(readings, on_s, off_s + longer.by_s)
        assert after.raised <= before.raised - longer.merges


def test_the_promise_is_tried_on_an_alarm_that_comes_back() -> None:
    readings = ([Verdict.RAISE] * 6 + [Verdict.CLEAR] * 8) * 10
    before = run(readings, 10, 30)
    assert longer_off_delay(before) == Longer(60, 9, 9)
    assert (before.raised, run(readings, 10, 90).raised) == (10, 1)


def test_steps_grow() -> None:
    assert list(accumulate(LADDER_S, max)) == list(LADDER_S)
