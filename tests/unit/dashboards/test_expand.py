"""Macros and variables, as Grafana fills them in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dashboards.expand import ALL, Span, Variable, expand, queries_of, variables_of

SPAN = Span(1_000_000, 1_000_000 + 86_400_000)
VARIABLES = {
    "one": Variable("one", ("a.b",)),
    "few": Variable("few", ("a.b", "c/d"), several=True),
    "single": Variable("single", ("a.b",), several=True),
    "every": Variable("every", (ALL,), several=True, all_value=".*"),
    "offered": Variable("offered", (ALL,), several=True, offered=("a", "b/c")),
    "long": Variable("long", ('"long".',)),
}
OUT = sorted((Path(__file__).parents[3] / "dashboards" / "out").glob("*/*.json"))


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("WHERE $timeFilter", "WHERE time >= 1000000ms and time <= 87400000ms"),
        ("GROUP BY time($__interval)", "GROUP BY time(300000ms)"),
        ("/ $__range_s", "/ 86400"),
        ('FROM ${long:raw}"stock"', 'FROM "long"."stock"'),
        ("=~ /^$one$/", "=~ /^a.b$/"),
        ("=~ /^$single$/", r"=~ /^a\.b$/"),
        ("=~ /^$few$/", r"=~ /^(a\.b|c\/d)$/"),
        ("=~ /^$every$/", "=~ /^.*$/"),
        ("=~ /^$offered$/", r"=~ /^(a|b\/c)$/"),
        ("=~ /^${few:regex}$/", r"=~ /^(a\.b|c\/d)$/"),
    ],
)
def test_what_is_filled_in(text: str, filled: str) -> None:
    assert expand(text, VARIABLES, SPAN) == filled


@pytest.mark.parametrize("text", ["WHERE $unknown", "${also_unknown}", "${one:csv}"])
def test_what_is_not_known_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no variable|only raw and regex"):
        expand(text, VARIABLES, SPAN)


@pytest.mark.parametrize("hours", [1, 24, 24 * 30, 24 * 365])
def test_an_interval_gives_no_more_points_than_a_panel_is_wide(hours: int) -> None:
    span = Span(0, hours * 3_600_000)
    assert span.end_ms / span.interval_ms <= 1000


@pytest.mark.parametrize("path", OUT, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_query_of_every_dashboard_can_be_filled_in(path: Path) -> None:
    board = json.loads(path.read_text())
    variables = {each.name: each for each in variables_of(board)}
    texts = [expand(asked.text, variables, SPAN) for asked in queries_of(board)]
    assert texts
    assert all("$" not in text.replace("$/", "/") for text in texts)
