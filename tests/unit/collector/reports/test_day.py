"""The facility-day of a day whose figures are known beforehand."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import msgspec
import pytest

from collector.backtest.block import Block
from collector.reports.fields import FIELDS, NAMES
from collector.reports.formats import HEAD, as_csv, as_html, as_json
from collector.reports.levels import rows
from collector.reports.source import day_span
from devices.assets import Site
from tests.unit.collector.reports.cases import DATE, DAY_MS, START_MS, day

EXPECTED = {
    "completeness_pct": round((100 + 50 + 0.14 + 100 + 0.28) / 4, 0),
    "beds_total": 150,
    "beds_icu": 30,
    "demand_expected_m3": 504.0,
    "demand_measured_m3": 576.0,
    "demand_measured_pct": 100.0,
    "demand_peak_lpm": 400.0,
    "lox_opening_kg": 4800.0,
    "lox_closing_kg": 4200.4,
    "lox_received_kg": 1200.0,
    "lox_consumed_kg": 1799.6,
    "psa_plants": 1,
    "psa_functional": 1,
    "psa_run_h": 22.0,
    "psa_downtime_min": 120.0,
    "psa_starts": 1,
    "psa_produced_m3": 660.0,
    "psa_purity_min_pct": 89.0,
    "psa_purity_max_pct": 94.0,
    "psa_below_90_min": 60.0,
    "psa_outlet_min_bar": 4.2,
    "cylinders_full_opening": 51.0,
    "cylinders_received": 20.0,
    "cylinders_full_closing": 40.0,
    "cylinders_used": 31.0,
    "cylinders_empty": 14.0,
    "concentrators_total": 1,
    "concentrators_heard": 1,
    "concentrators_functional": 0,
    "hours_left_now_lowest": 15.61,
    "hours_left_on_site_lowest": 45.61,
    "alarms_high": 1,
    "alarms_medium": 1,
    "alarms_low": 1,
    "alarms_late": 1,
    "alarms_unacked_15_min": 1,
    "patients_on_o2": None,
    "ventilators": None,
    "contact": None,
}


@pytest.mark.parametrize("name", [name for name in EXPECTED if name != "completeness_pct"])
def test_a_figure(name: str) -> None:
    assert day().values[name] == EXPECTED[name]


def test_completeness_is_the_mean_of_what_should_be_heard() -> None:
    """The plant and the tank all day, the line for half of it, the concentrator for four minutes."""
    found = day().values["completeness_pct"]
    assert isinstance(found, float)
    assert found == pytest.approx((100 + 50 + 100 + 0.28) / 4, abs=0.2)


def test_a_day_of_which_nothing_is_known_is_empty_and_not_zero() -> None:
    unheard = day(block=Block("kasganj-dh", START_MS, START_MS + DAY_MS, []), stock=[], events=[], transitions=None).values
    claimed = {name: value for name, value in unheard.items() if value is not None}
    assert claimed == {
        "completeness_pct": 0.0, "beds_total": 150, "beds_ward": 120, "beds_hdu": 0, "beds_icu": 30, "lox_tanks": 1,
        "lox_capacity_kg": 6000.0, "psa_plants": 1, "concentrators_heard": 0, "psa_rated_lpm": 1000.0, "concentrators_total": 1,
    }  # fmt: skip


def test_every_field_is_there_and_documented() -> None:
    assert tuple(day().values) == NAMES
    page = (Path(__file__).parents[4] / "docs/reference/reports.md").read_text()
    assert set(NAMES) - set(re.findall(r"`(\w+)`", page)) == set()


def test_districts_and_regions() -> None:
    days = [day("a", "Kasganj"), day("b", "Kasganj", transitions=None), day("c", "Etah"), day("d", "", "")]
    by_district = {row.district: row for row in rows(days, "district")}
    assert set(by_district) == {"Kasganj", "Etah", ""}
    together = by_district["Kasganj"]
    assert (together.facilities, together.reporting) == (2, 2)
    assert together.values["psa_produced_m3"] == 1320.0
    assert together.values["psa_purity_min_pct"] == 89.0
    assert together.values["hours_left_now_lowest"] == 15.61
    assert together.values["alarms_high"] == 1
    assert together.values["demand_peak_lpm"] is None
    assert [row.name for row in rows(days, "region")] == ["(none declared)", "Uttar Pradesh"]
    assert [row.id for row in rows(days, "site")] == ["d", "c", "a", "b"]


def test_csv_is_one_line_for_each_and_empty_where_nobody_measured() -> None:
    table = list(csv.DictReader(io.StringIO(as_csv(rows([day()], "site")))))
    assert list(table[0]) == [*HEAD, *NAMES]
    assert (table[0]["id"], table[0]["date"], table[0]["facilities"]) == ("kasganj-dh", DATE, "1")
    assert table[0]["patients_on_o2"] == ""
    assert table[0]["psa_produced_m3"] == "660.0"


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n"])
def test_a_name_is_no_formula(begins: str) -> None:
    """It reads as a text; also where it holds quotes, commas and line ends."""
    name = f'{begins}HYPERLINK("http://x","a"),\r\n=1+1'
    given = msgspec.structs.replace(day("a", name, name), name=name, values={**day().values, "contact": name, "psa_run_h": -1.5})
    (row,) = csv.DictReader(io.StringIO(as_csv(rows([given], "site")), newline=""))
    assert [row[key] for key in ("name", "district", "region", "contact")] == [f"'{name}"] * 4
    assert (row["psa_run_h"], float(row["demand_mean_lpm"])) == ("-1.5", 400.0)


def test_a_name_that_is_none_stays_as_it_is() -> None:
    (row,) = csv.DictReader(io.StringIO(as_csv(rows([day("a", "St. John's – 2 = 1")], "site"))))
    assert row["district"] == "St. John's – 2 = 1"


def test_several_have_a_table_before_their_pages_and_many_have_it_alone() -> None:
    several = rows([day("a"), day("b")], "site")
    assert as_html(several).count("Joint District Hospital, Kasganj") == 2
    assert as_html(several).count("<section>") == 2
    assert as_html(several, details_most=1).count("<section>") == 0
    assert "overview" not in as_html(several[:1]).partition("</head>")[2]


def test_json_has_each_plant() -> None:
    told = json.loads(as_json(rows([day()], "site")))
    assert told["version"] == 1
    assert told["rows"][0]["plants"][0]["plant"] == "psa1"
    assert told["rows"][0]["values"]["contact"] is None


def test_the_page_escapes_and_leaves_out_what_is_not_known() -> None:
    page = as_html(rows([day("a", "<b>")], "site"))
    assert "<b>" not in page
    assert "psa_produced_m3" in page
    assert "patients_on_o2" not in page
    assert as_html([])


def test_names_of_fields_say_their_unit() -> None:
    ends = {"%": "_pct", "kg": "_kg", "m³": "_m3", "bar": "_bar", "L/min": "_lpm", "min": "_min"}
    assert [f.name for f in FIELDS if f.unit in ends and not f.name.endswith(ends[f.unit])] == []


@pytest.mark.parametrize(
    ("zone", "date", "hours"), [("Asia/Kolkata", "2025-11-25", 24), ("Europe/Paris", "2025-10-26", 25), ("Europe/Paris", "2026-03-29", 23)]
)
def test_a_day_is_that_of_the_wall(zone: str, date: str, hours: int) -> None:
    from datetime import date as Date

    start, end = day_span(Site.model_validate({"id": "a", "timezone": zone, "assets": []}), Date.fromisoformat(date))
    assert end - start == hours * 3_600_000
