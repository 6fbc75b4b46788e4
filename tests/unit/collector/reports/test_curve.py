"""A value holds until the next one, and no longer than its sensor may be silent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from collector.reports.curve import Figures, Span, covered_ms, figures, hold_ms, spans, time_in, while_in


def test_values_hold_until_the_next_one_or_until_silence() -> None:
    assert list(spans([0, 10, 500], [1.0, None, 3.0], 600, 100)) == [Span(0, 100, 1.0), Span(500, 100, 3.0)]
    assert list(spans([0, 10], [1.0, 2.0], 15, 100)) == [Span(0, 10, 1.0), Span(10, 5, 2.0)]
    assert hold_ms(10) == 120_000
    assert hold_ms(60) == 180_000


def test_means_are_by_time() -> None:
    assert figures([Span(0, 90, 1.0), Span(90, 10, 11.0)]) == Figures(100, 1.0, 2.0, 11.0, 1.0, 11.0)
    assert figures([]) == Figures(0)
    assert figures([Span(0, 0, 5.0)]) == Figures(0, 5.0, 5.0, 5.0, 5.0, 5.0)
    assert figures([Span(0, 10, "off")]) == Figures(0)


def test_a_curve_while_a_state_holds() -> None:
    states = [Span(0, 50, "off"), Span(50, 100, "run"), Span(150, 50, "off"), Span(200, 100, "run")]
    curve = [Span(0, 100, 1.0), Span(100, 150, 2.0), Span(250, 100, 3.0)]
    assert while_in(curve, states, frozenset({"run"})) == [
        Span(50, 50, 1.0),
        Span(100, 50, 2.0),
        Span(200, 50, 2.0),
        Span(250, 50, 3.0),
    ]
    assert time_in(states, lambda value: value == "run") == 200


def test_what_is_covered() -> None:
    assert covered_ms([], 100, 10) == 0
    assert covered_ms([0, 5, 90], 100, 10) == 5 + 10 + 10


@given(st.lists(st.tuples(st.integers(0, 1000), st.booleans()), max_size=20), st.lists(st.integers(0, 1000), max_size=20))
def test_inside_and_outside_are_the_whole(changes: list[tuple[int, bool]], times: list[int]) -> None:
    state_times = sorted({time for time, _ in changes})
    states = list(spans(state_times, ["run" if changes[n][1] else "off" for n in range(len(state_times))], 1000, 10_000))
    at = sorted(set(times))
    curve = list(spans(at, [float(n) for n in range(len(at))], 1000, 200))
    inside = while_in(curve, states, frozenset({"run"}))
    outside = while_in(curve, states, frozenset({"off"}))
    begun = state_times[0] if state_times else 1000
    known = sum(max(0, span.at_ms + span.for_ms - max(span.at_ms, begun)) for span in curve)
    assert sum(span.for_ms for span in inside + outside) == known
