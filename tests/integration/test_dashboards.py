"""Every query of every dashboard, and of the alert rules, against a real InfluxDB in which hospitals have lived for a day and a month."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from bench.reader import LIVED, Board, Series, answers, asking, board_of, chosen, names, offered
from bench.week import DAY_MS, MONTH_DAYS, Week, fill
from collector.store.influx_api import Settings
from dashboards.expand import Asked, Span, alerts_of, panels_of, variables_of
from tests.servers import Server, influxdb

pytestmark = pytest.mark.server

ROOT = Path(__file__).parents[2]
BOARDS = {name: board_of(name) for name in names()}
ALERTS = yaml.safe_load((ROOT / "dashboards/provisioning/alerting/collector.yaml").read_text())
COPIES, WHOLE = 10, 2
"""Of each of five make-ups: 50 hospitals, of which ten have lived for a day and a month; the others are there to be told apart."""


@dataclass(frozen=True)
class Known:
    """The database, and what is in it."""

    server: Server
    week: Week

    def ask(self, query: str) -> Series:
        return asking(self.server.http)(query)

    def span(self, back_ms: int = DAY_MS) -> Span:
        return Span(self.week.end_ms - back_ms, self.week.end_ms)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Known]:
    with influxdb(tmp_path_factory.mktemp("influxdb")) as server:
        week = asyncio.run(fill(Settings(server.http, timeout_s=60.0), int(time.time() * 1000), copies=COPIES, whole=WHOLE))
        yield Known(server, week)


def answered(known: Known, board: Board, span: Span, **values: str) -> Iterator[tuple[Asked, Series]]:
    variables = chosen(board, known.ask, span, **values)
    for asked, _, series in answers(board, known.ask, span, variables):
        yield asked, series


def panel_of(board: Board, number: int) -> dict[str, Any]:
    return next(dict(panel) for panel in panels_of(board) if panel["id"] == number)


@pytest.mark.parametrize("name", BOARDS)
def test_every_query_is_answered_and_every_panel_has_something_to_show(known: Known, name: str) -> None:
    """Of a panel with several queries one is enough: raw and rolled up exclude one another."""
    shown: dict[int, int] = {}
    for asked, series in answered(known, BOARDS[name], known.span()):
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
    for asked, series in answered(known, board, known.span(MONTH_DAYS * DAY_MS), resolution="^-"):
        if "_15m" in asked.text:
            old += any(row[0] < begin_ms + 5 * DAY_MS and row[1] is not None for each in series for row in each["values"])
        assert sum(len(each["values"]) for each in series) < 120_000, f"{asked.title}: more rows than a browser can draw"
    assert old


@pytest.mark.parametrize("name", BOARDS)
def test_numbers_are_in_the_range_of_their_unit(known: Known, name: str) -> None:
    for asked, series in answered(known, BOARDS[name], known.span()):
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
    span = known.span()
    narrowed = offered(variables["site"], {"region": region, "district": district}, known.ask, span)
    everywhere = offered(variables["site"], {"region": variables["region"], "district": variables["district"]}, known.ask, span)
    assert sorted(everywhere) == sorted(known.week.sites)
    assert set(narrowed) < set(everywhere)
    assert LIVED in narrowed


def test_hospitals_are_told_apart(known: Known) -> None:
    """The region's tables have a row for each of them."""
    board = BOARDS["region"]
    rows = {
        asked.title: {each.get("tags", {}).get("site") for each in series}
        for asked, series in answered(known, board, known.span())
        if 'GROUP BY "site"' in asked.text
    }
    assert rows
    assert any(found == set(known.week.sites) for found in rows.values()), {title: len(found) for title, found in rows.items()}
