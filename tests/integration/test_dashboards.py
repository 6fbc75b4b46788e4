"""Every query of every dashboard, and of the alert rules, against a real InfluxDB in which hospitals have lived for a day and a month."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from bench.week import DAY_MS, MONTH_DAYS, Week, fill
from dashboards.expand import ALL, Asked, Span, Variable, alerts_of, expand, panels_of, queries_of, variables_of
from tests.servers import Server, influxdb

pytestmark = pytest.mark.server

ROOT = Path(__file__).parents[2]
BOARDS: dict[str, dict[str, Any]] = {path.stem: json.loads(path.read_text()) for path in sorted(ROOT.glob("dashboards/out/en/*.json"))}
ALERTS = yaml.safe_load((ROOT / "dashboards/provisioning/alerting/collector.yaml").read_text())
COPIES = 2
LIVED = "hospital-01"
"""What a reader has chosen where one hospital is asked for; `everything-01` has what it has not."""
SITES = {"lox-tank": "everything-01", "concentrators": "everything-01"}


@dataclass(frozen=True)
class Known:
    """The database, and what is in it."""

    server: Server
    week: Week

    def ask(self, query: str) -> list[dict[str, Any]]:
        """The series of an answer; AssertionError with the server's words where it refuses."""
        parameters = urllib.parse.urlencode({"db": "oxygrid", "q": query, "epoch": "ms"})
        with urllib.request.urlopen(f"{self.server.http}/query?{parameters}", timeout=60) as answer:
            result = json.load(answer)["results"][0]
        assert "error" not in result, f"{result['error']}: {query}"
        assert "partial" not in result, f"the answer is cut off: {query}"
        series: list[dict[str, Any]] = result.get("series", [])
        return series

    def span(self, back_ms: int = DAY_MS) -> Span:
        return Span(self.week.end_ms - back_ms, self.week.end_ms)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Known]:
    with influxdb(tmp_path_factory.mktemp("influxdb")) as server:
        week = asyncio.run(fill(server.http, int(time.time() * 1000), copies=COPIES))
        yield Known(server, week)


def chosen(known: Known, board: dict[str, Any], **values: str) -> dict[str, Variable]:
    """The variables as Grafana has them when the dashboard is opened: asked in their order, the first answer where one is needed."""
    given = {"site": SITES.get(board["uid"].removeprefix("oxygrid-"), LIVED), **values}
    found: dict[str, Variable] = {}
    for variable in variables_of(board):
        offered = options(known, variable, found) if variable.query else []
        if variable.query:
            assert offered, f"{board['uid']}: nothing to choose for ${variable.name}"
        if variable.name in given and (variable.name != "site" or variable.values != (ALL,)):
            found[variable.name] = replace(variable, values=(given[variable.name],))
        elif variable.query and variable.values != (ALL,):
            found[variable.name] = replace(variable, values=(offered[0],))
        else:
            found[variable.name] = replace(variable, offered=tuple(offered))
    return found


def options(known: Known, variable: Variable, before: dict[str, Variable]) -> list[str]:
    return [value for series in known.ask(expand(variable.query, before, known.span())) for _, value in series["values"]]


def answers(known: Known, board: dict[str, Any], span: Span, **values: str) -> Iterator[tuple[Asked, list[dict[str, Any]]]]:
    variables = chosen(known, board, **values)
    for asked in queries_of(board):
        within = Span(span.end_ms - asked.back_ms, span.end_ms) if asked.back_ms else span
        yield asked, known.ask(expand(asked.text, variables, within))


def panel_of(board: dict[str, Any], number: int) -> dict[str, Any]:
    return next(dict(panel) for panel in panels_of(board) if panel["id"] == number)


@pytest.mark.parametrize("name", BOARDS)
def test_every_query_is_answered_and_every_panel_has_something_to_show(known: Known, name: str) -> None:
    """Of a panel with several queries one is enough: raw and rolled up exclude one another."""
    shown: dict[int, int] = {}
    for asked, series in answers(known, BOARDS[name], known.span()):
        if asked.what == "panel":
            known_rows = sum(any(value is not None for value in row[1:]) for each in series for row in each["values"])
            shown[asked.panel] = shown.get(asked.panel, 0) + known_rows
    empty = {panel_of(BOARDS[name], number)["title"] for number, count in shown.items() if not count}
    assert empty == EMPTY.get(name, set())


EMPTY: dict[str, set[str]] = {"alarms": {"Floods"}, "lox_tank": {"Deliveries, refills, changeovers"}}
"""Panels that have nothing to show of these hospitals, and that say so."""


@pytest.mark.parametrize("name", BOARDS)
def test_a_month_is_shown_from_the_roll_ups(known: Known, name: str) -> None:
    board = BOARDS[name]
    if not any(variable.name == "resolution" for variable in variables_of(board)):
        pytest.skip("nothing is chosen there: one resolution is enough")
    begin_ms = known.week.end_ms - MONTH_DAYS * DAY_MS
    old = 0
    for asked, series in answers(known, board, known.span(MONTH_DAYS * DAY_MS), resolution="^-"):
        if "_15m" in asked.text:
            old += any(row[0] < begin_ms + 5 * DAY_MS and row[1] is not None for each in series for row in each["values"])
        assert sum(len(each["values"]) for each in series) < 120_000, f"{asked.title}: more rows than a browser can draw"
    assert old


@pytest.mark.parametrize("name", BOARDS)
def test_numbers_are_in_the_range_of_their_unit(known: Known, name: str) -> None:
    for asked, series in answers(known, BOARDS[name], known.span()):
        if asked.what != "panel":
            continue
        unit = panel_of(BOARDS[name], asked.panel).get("fieldConfig", {}).get("defaults", {}).get("unit", "")
        low, high = RANGES.get(unit, (-1e15, 1e15))
        for each in series:
            for row in each["values"]:
                numbers = [value for value in row[1:] if isinstance(value, (int, float)) and not isinstance(value, bool)]
                assert all(low <= number <= high for number in numbers), f"{asked.title}: {unit} {numbers}"


RANGES = {"percent": (-100.0, 110.0), "pressurebar": (-1.0, 300.0), "celsius": (-100.0, 200.0), "h": (-1e5, 1e5)}
"""Of units of Grafana: what no right query gives a value beyond."""


@pytest.mark.parametrize("asked", list(alerts_of(ALERTS)), ids=lambda asked: f"{asked.dashboard}-{asked.ref}")
def test_the_alert_rules_ask_what_is_there(known: Known, asked: Asked) -> None:
    """They look back from now; what they would see of a collector that is well."""
    now = asked.text.replace("now()", f"{known.week.end_ms}ms")
    assert known.ask(now), asked.title


def test_a_hospital_is_found_from_its_region_and_each_has_its_district(known: Known) -> None:
    board = BOARDS["hospital"]
    variables = {each.name: each for each in variables_of(board)}
    region = replace(variables["region"], values=("region-1",))
    district = replace(variables["district"], values=("district-1-1",))
    narrowed = options(known, variables["site"], {"region": region, "district": district})
    everywhere = options(known, variables["site"], {"region": variables["region"], "district": variables["district"]})
    assert sorted(everywhere) == sorted(known.week.sites)
    assert set(narrowed) < set(everywhere)
    assert LIVED in narrowed


def test_hospitals_are_told_apart(known: Known) -> None:
    """The region's tables have a row for each of them."""
    board = BOARDS["region"]
    rows = {
        asked.title: {each.get("tags", {}).get("site") for each in series}
        for asked, series in answers(known, board, known.span())
        if 'GROUP BY "site"' in asked.text
    }
    assert rows
    assert any(found == set(known.week.sites) for found in rows.values()), {title: len(found) for title, found in rows.items()}
