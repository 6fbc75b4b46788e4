from __future__ import annotations

from pathlib import Path

import pytest

from collector.kpi.classes import Finding
from collector.kpi.points import KPI, KPI_FIELDS, NUISANCE, NUISANCE_FIELDS, finding_text, kpi_point, nuisance_point
from devices.assets import Site
from tests.unit.collector.kpi.cases import SITE, START_MS

PAGE = (Path(__file__).parents[4] / "docs/reference/influxdb.md").read_text(encoding="utf-8")
CHATTERS = Finding(kind="chattering", site="dh", alarm="dh/line/LP-L", begin_ms=START_MS, count=3)


@pytest.mark.parametrize("fields", [KPI_FIELDS, NUISANCE_FIELDS], ids=[KPI, NUISANCE])
def test_every_field_is_on_the_page_with_its_type_and_meaning(fields: dict[str, tuple[str, str]]) -> None:
    for name, (kind, meaning) in fields.items():
        assert f"| `{name}` | {kind} | {meaning} |" in PAGE


@pytest.mark.parametrize(
    ("finding", "text"),
    [
        (CHATTERS, "line/LP-L chatters"),
        (Finding(kind="chattering", site="dh", alarm="dh/line/LP-L", begin_ms=0, end_ms=1_500_000, count=41),
         "line/LP-L chattered: announced 41 times in 25 min"),
        (Finding(kind="fleeting", site="dh", alarm="dh/line/LP-L", begin_ms=0, end_ms=7000),
         "line/LP-L was on for 7 s only, and did not come back"),
        (Finding(kind="standing", site="dh", alarm="dh/ST-DK", begin_ms=0), "ST-DK has been on for more than 24 h"),
        (Finding(kind="standing", site="dh", alarm="dh/ST-DK", begin_ms=0, end_ms=259_200_000), "ST-DK stood for 3 d"),
        (Finding(kind="flood", site="dh", begin_ms=0, count=11), "a flood has begun"),
        (Finding(kind="flood", site="dh", begin_ms=0, end_ms=7_200_000, count=99, mostly="CN-LL", share=0.612),
         "a flood of 99 alarms in 2 h, mostly CN-LL (61 %)"),
    ],
)  # fmt: skip
def test_a_finding_is_one_line_for_people(finding: Finding, text: str) -> None:
    assert finding_text(finding) == text


def test_the_row_of_a_nuisance_lies_at_its_beginning_so_that_its_end_overwrites_it() -> None:
    over = Finding(kind="chattering", site="dh", alarm="dh/line/LP-L", begin_ms=START_MS, end_ms=START_MS + 90_000, count=5)
    begun, ended = nuisance_point(SITE, CHATTERS), nuisance_point(SITE, over)
    assert (begun.measurement, begun.tags, begun.time_ms) == (ended.measurement, ended.tags, ended.time_ms)
    assert begun.tags == {"site": "dh", "district": "kasganj", "region": "up", "class": "chattering", "asset": "line", "rule": "LP-L"}


def test_an_alarm_of_the_whole_site_and_a_flood_have_no_asset() -> None:
    bare = Site.model_validate({"id": "dh", "assets": []})
    assert nuisance_point(bare, Finding(kind="standing", site="dh", alarm="dh/AU-06", begin_ms=0)).tags == {
        "site": "dh",
        "class": "standing",
        "rule": "AU-06",
    }
    assert nuisance_point(bare, Finding(kind="flood", site="dh", begin_ms=0)).tags == {"site": "dh", "class": "flood"}


def test_no_tag_has_the_name_of_a_field() -> None:
    """InfluxDB 3 refuses such a row."""
    tags = {"site", "district", "region", "class", "asset", "rule"}
    assert not tags & (KPI_FIELDS.keys() | NUISANCE_FIELDS.keys())
    assert kpi_point(SITE, START_MS, {"open": 1}).tags.keys() <= tags
