"""What is known of one asset: what is news, what is silent, which clock is slow."""

from __future__ import annotations

import msgspec
import pytest

from collector.asset import SKEW_SAMPLES, AssetSnapshot, AssetState, SkewTracker
from collector.rules.condition import Program
from devices.assets import Pipeline
from devices.signal import Observation, Timing, Value

NOW_MS = 1_764_000_000_000
LINE = Pipeline(id="line", kind="pipeline", nominal_bar=4.0, interval_s=10)


def state() -> AssetState:
    return AssetState(LINE, Program({}, (), (), {}))


def said(at_s: float, values: dict[str, Value], *, received_s: float | None = None, seq: int | None = None, timing: int = 0) -> Observation:
    received_ms = NOW_MS + int((at_s if received_s is None else received_s) * 1000)
    return Observation("s", "line", "pipeline", NOW_MS + int(at_s * 1000), received_ms, values, timing, seq)


def test_only_what_is_newer_than_its_own_signal_is_news() -> None:
    asset = state()
    assert asset.take(said(10, {"line_pressure_bar": 4.0})) == {"line_pressure_bar": 4.0}
    assert asset.take(said(5, {"line_pressure_bar": 3.0, "o2_flow_lpm": 1.0})) == {"o2_flow_lpm": 1.0}
    assert asset.take(said(10, {"line_pressure_bar": 3.0})) == {}
    assert asset.values == {"line_pressure_bar": 4.0, "o2_flow_lpm": 1.0}
    assert (asset.state.event_ms, asset.state.duplicates) == (NOW_MS + 10_000, 1)


@pytest.mark.parametrize(
    ("seqs", "gaps", "last"),
    [([1, 2, 3], 0, 3), ([1, 4], 2, 4), ([100, 101, 1, 2], 0, 2), ([5, 4, 6], 0, 6), ([7, 7, 8], 0, 8)],
    ids=["in order", "two are missing", "the sender began anew", "one overtook another", "one came twice"],
)
def test_gaps_in_the_sequence(seqs: list[int], gaps: int, last: int) -> None:
    asset = state()
    for at_s, seq in enumerate(seqs, start=1):
        asset.take(said(at_s, {"line_pressure_bar": 4.0}, seq=seq))
    assert (asset.state.gaps, asset.state.seq) == (gaps, last)


WATCHED = ("line_pressure_bar", "o2_purity_pct")


@pytest.mark.parametrize(
    ("now_s", "since_s", "silent"),
    [
        (219, 0, []),
        (220, 0, ["line_pressure_bar"]),
        (220, 101, []),
        (221, 101, ["line_pressure_bar"]),
        (270, 0, ["line_pressure_bar"]),
        (320, 0, ["line_pressure_bar"]),
    ],
)
def test_a_signal_is_silent_by_its_time_of_receipt(now_s: int, since_s: int, silent: list[str]) -> None:
    """A signal that was never seen is not missed; nothing is reckoned from before somebody listened."""
    asset = state()
    asset.take(said(50, {"line_pressure_bar": 4.0}, received_s=100))
    asset.take(said(150, {"o2_flow_lpm": 4.0}, received_s=200))
    assert asset.silent_signals(WATCHED, NOW_MS + now_s * 1000, NOW_MS + since_s * 1000) == silent
    due_ms = asset.silence_due_ms(WATCHED, NOW_MS + since_s * 1000)
    assert due_ms == NOW_MS + (max(100, since_s) + 120) * 1000


def test_nothing_at_all_is_everything() -> None:
    assert state().silent_signals((), NOW_MS, 0) == ["everything"]
    assert state().silence_due_ms((), NOW_MS) == NOW_MS + 120_000


@pytest.mark.parametrize(
    ("lag_s", "pace_s", "drift_s", "steady"),
    [(360, 10, 0, True), (360, 10, 3, False), (360, 0.1, 0, False), (360, 10, 1, True)],
    ids=["a slow clock", "a backlog that shrinks", "a burst", "a slow clock and a slow network"],
)
def test_a_slow_clock_is_told_from_a_backlog(lag_s: float, pace_s: float, drift_s: float, steady: bool) -> None:
    tracker = SkewTracker()
    found = [tracker.add(int((lag_s - n * drift_s) * 1000), NOW_MS + int(n * pace_s * 1000), 10_000) for n in range(SKEW_SAMPLES)]
    assert found[:-1] == [None] * (SKEW_SAMPLES - 1)
    assert (found[-1] is not None) is steady


def test_what_came_late_for_a_slow_clock_is_put_right_and_marked() -> None:
    asset = state()
    late = [
        asset.corrected(said(n * 10 - 360, {"o2_flow_lpm": 1.0}, received_s=n * 10, timing=int(Timing.LATE))) for n in range(SKEW_SAMPLES)
    ]
    right = late[-1]
    assert right is not None
    assert (right.event_ms, right.timing) == (right.received_ms, int(Timing.BAD_CLOCK))
    assert asset.corrected(said(0, {"o2_flow_lpm": 1.0}, timing=int(Timing.BACKFILL | Timing.LATE))) is None


def test_a_snapshot_is_the_whole_of_it() -> None:
    asset = state()
    asset.take(said(10, {"line_pressure_bar": 4.0}, seq=3))
    asset.corrected(said(10, {"line_pressure_bar": 4.0}, received_s=400, timing=int(Timing.LATE)))
    copy = AssetState(LINE, asset.program, msgspec.msgpack.decode(msgspec.msgpack.encode(asset.state), type=AssetSnapshot))
    assert (copy.state, copy.values, copy.times) == (asset.state, asset.values, asset.times)


def test_times_move_with_the_collectors_clock() -> None:
    asset = state()
    asset.take(said(10, {"line_pressure_bar": 4.0}))
    asset.shift(-3_600_000)
    assert asset.state.fresh_ms == NOW_MS + 10_000 - 3_600_000
    assert asset.take(said(20 - 3600, {"line_pressure_bar": 3.0})) == {"line_pressure_bar": 3.0}
