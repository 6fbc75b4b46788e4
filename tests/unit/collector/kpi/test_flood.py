from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from collector.kpi.flood import BEGINS_OVER, KEPT, Flood, Flooded
from tests.unit.collector.kpi.cases import START_MS

MINUTE = 60


def feed(times_s: list[float], alarms: list[str] | None = None) -> tuple[Flood, list[Flooded]]:
    flood, found = Flood(), []
    for n, second in enumerate(times_s):
        at_ms = START_MS + round(second * 1000)
        found += [each for each in (flood.expire(at_ms), flood.announce(at_ms, alarms[n] if alarms else f"dh/line/R{n}")) if each]
    return flood, found


def test_ten_alarms_in_ten_minutes_are_no_flood_and_eleven_are() -> None:
    assert feed([n * 59.0 for n in range(10)])[1] == []
    _, (begun,) = feed([n * 59.0 for n in range(11)])
    assert (begun.begin_ms, begun.end_ms, begun.size) == (START_MS, None, 11)


def test_eleven_in_more_than_ten_minutes_are_none() -> None:
    assert feed([n * 60.0 for n in range(11)])[1] == []


def test_a_flood_is_over_when_fewer_than_five_came_in_the_last_ten_minutes() -> None:
    """23 alarms in 22 s; the fifth last came at 18 s."""
    flood, _ = feed([float(n) for n in range(23)])
    assert flood.expire(START_MS + 617_999) is None
    over = flood.expire(START_MS + 618_000)
    assert over is not None
    assert (over.begin_ms, over.end_ms, over.size) == (START_MS, START_MS + 618_000, 23)
    assert flood.end_ms == 0


def test_a_trickle_keeps_it_going() -> None:
    flood, found = feed([*(float(n) for n in range(11)), *(60.0 + n * 110 for n in range(20))])
    assert len(found) == 1
    assert flood.seen(None).size == 31


def test_what_dominated_it_is_the_alarm_the_rule_or_the_site() -> None:
    alarm = feed([float(n) for n in range(12)], ["dh/line/LP-L", "dh/psa1/PL-DN"] * 6)[1]
    assert (alarm[0].mostly, alarm[0].share) == ("dh/line/LP-L", 0.545)
    rule = feed([float(n) for n in range(12)], [f"dh/conc-{n}/CN-LL" for n in range(12)])[1]
    assert (rule[0].mostly, rule[0].share) == ("CN-LL", 1.0)
    site = feed([float(n) for n in range(12)], [f"{'dh' if n % 3 else f's{n}'}/a{n}/R{n}" for n in range(12)])[1]
    assert site[0].mostly == "dh"
    assert feed([float(n) for n in range(12)])[1][0].mostly == ""


@given(st.lists(st.sampled_from([f"dh/a/R{n}" for n in range(60)]) | st.just("dh/line/LP-L"), min_size=11, max_size=400))
def test_memory_is_bounded_and_what_makes_most_of_it_is_never_missed(alarms: list[str]) -> None:
    flood, _ = feed([n * 0.1 for n in range(len(alarms))], alarms)
    assert max(len(flood.alarms), len(flood.rules), len(flood.sites)) <= KEPT
    assert len(flood.recent) == BEGINS_OVER + 1
    seen = flood.seen(None)
    assert seen.size == len(alarms)
    true = alarms.count("dh/line/LP-L")
    if true > (0.5 + 1 / (KEPT + 1)) * len(alarms):
        assert seen.mostly == "dh/line/LP-L"
        assert true / len(alarms) - 1 / (KEPT + 1) - 0.001 <= seen.share <= true / len(alarms) + 0.001


@given(st.lists(st.floats(0, 7200), min_size=1, max_size=60).map(sorted))
def test_the_window_is_that_of_a_plain_count(times_s: list[float]) -> None:
    """Against a reference that keeps everything."""
    at_ms = [START_MS + round(second * 1000) for second in times_s]
    expected = [n for n, now in enumerate(at_ms) if sum(now - 600_000 < t <= now for t in at_ms[: n + 1]) > BEGINS_OVER]
    flood, found = Flood(), []
    for n, now in enumerate(at_ms):
        flood.expire(now)
        if flood.announce(now, "dh/line/LP-L") is not None:
            found.append(n)
    assert found[:1] == expected[:1]


def test_times_move_along_with_the_clock() -> None:
    flood, _ = feed([float(n) for n in range(11)])
    end_ms = flood.end_ms
    flood.shift(-5000)
    assert (flood.begin_ms, flood.end_ms) == (START_MS - 5000, end_ms - 5000)
