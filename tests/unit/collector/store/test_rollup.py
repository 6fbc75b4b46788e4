from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.records import Control, Decoded, Status
from collector.store.line import Series
from collector.store.rollup import MOST_WINDOWS, WINDOW_MS, Answer, Span, numeric_signals, read_answer, roll_up_query, spans, windows_of
from devices.assets import Site
from devices.kinds.catalogue import KINDS
from devices.signal import Observation
from tests.unit.collector.store.lineprotocol import read

SERIES = Series([Site.model_validate({"id": "s", "district": "d", "assets": [{"id": "a", "kind": "pipeline", "nominal_bar": 4.1}]})])
SPAN = Span("pipeline", "s", 0, 2 * WINDOW_MS)


def test_windows_are_those_of_the_observations() -> None:
    times_ms = (0, WINDOW_MS - 1, WINDOW_MS, -1)
    seen = [Observation("s", "a", "pipeline", ms, 0, {"line_pressure_bar": 4.0}) for ms in times_ms]
    batch = Decoded(1, 0, [*seen, Status("s", "g", True, 0, False), Control("start", b"", 0)], [], 4, 4)
    assert windows_of([batch]) == {("pipeline", "s", n) for n in (-1, 0, 1)}


windows = st.sets(st.tuples(st.sampled_from(["pipeline", "manifold"]), st.sampled_from(["s", "t"]), st.integers(0, 300)))


@given(windows)
def test_spans_hold_exactly_the_windows_and_are_bounded(marked: set[tuple[str, str, int]]) -> None:
    found = spans(marked)
    held = [window for span in found for window in span.windows]
    assert (set(held), len(held)) == (marked, len(marked))
    assert all(1 <= len(span.windows) <= MOST_WINDOWS for span in found)


def test_neighbouring_windows_are_one_span() -> None:
    assert spans([("pipeline", "s", 2), ("pipeline", "s", 1), ("pipeline", "s", 4), ("pipeline", "t", 5)]) == [
        Span("pipeline", "s", WINDOW_MS, 3 * WINDOW_MS),
        Span("pipeline", "s", 4 * WINDOW_MS, 5 * WINDOW_MS),
        Span("pipeline", "t", 5 * WINDOW_MS, 6 * WINDOW_MS),
    ]


def test_only_numbers_have_a_mean() -> None:
    names = numeric_signals("psa_plant")
    assert {"o2_purity_pct", "energy_kwh"} <= set(names)
    assert not {"state", "mains_ok"} & set(names)
    assert numeric_signals("no such kind") == []
    assert all(numeric_signals(kind) for kind in KINDS)


def test_the_query() -> None:
    assert roll_up_query(SPAN._replace(site="o'x"), ["line_pressure_bar"]) == (
        'SELECT mean("line_pressure_bar") AS "line_pressure_bar_mean", min("line_pressure_bar") AS "line_pressure_bar_min", '
        'max("line_pressure_bar") AS "line_pressure_bar_max", count("line_pressure_bar") AS "line_pressure_bar_count" '
        'FROM "pipeline" WHERE "site" = \'o\\\'x\' AND time >= 0ms AND time < 1800000ms GROUP BY time(15m), "asset" fill(none)'
    )


def answer(*values: list[object]) -> str:
    columns = ["time", "a_bar_mean", "a_bar_min", "a_bar_max", "a_bar_count", "b_mean", "b_min", "b_max", "b_count"]
    series = [{"name": "pipeline", "tags": {"asset": "a"}, "columns": columns, "values": list(values)}] if values else []
    return json.dumps({"results": [{"statement_id": 0, **({"series": series} if series else {})}]})


def test_an_answer_becomes_lines_with_counts_as_integers() -> None:
    body = answer([0, 4, 3.5, 5, 2, None, None, None, None], [WINDOW_MS, None, None, None, 0, 7, 7, 7, 1])
    lines, error = read_answer(body, SPAN, SERIES)
    assert (lines[0], error) == (
        "pipeline_15m,asset=a,district=d,site=s a_bar_mean=4.0,a_bar_min=3.5,a_bar_max=5.0,a_bar_count=2i 0",
        "",
    )
    assert (read(lines[1]).fields, read(lines[1]).time_ns) == ({"b_mean": 7.0, "b_min": 7.0, "b_max": 7.0, "b_count": 1}, WINDOW_MS * 10**6)


def test_no_data_is_no_line() -> None:
    assert read_answer(answer(), SPAN, SERIES) == Answer([])
    assert read_answer(answer([0, None, None, None, 0, None, None, None, 0]), SPAN, SERIES) == Answer([])


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ('{"results":[{"statement_id":0,"error":"unsupported mean iterator type: string"}]}', "unsupported mean iterator type: string"),
        ("<html>", "not an answer to a query: <html>"),
        ("[]", "not an answer to a query: []"),
        ('{"results":[]}', 'not an answer to a query: {"results":[]}'),
    ],
)
def test_an_error_inside_an_answer(body: str, error: str) -> None:
    assert read_answer(body, SPAN, SERIES) == Answer([], error)
