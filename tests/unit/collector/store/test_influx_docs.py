"""docs/reference/influxdb.md names everything that is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector import points
from collector.ops import report
from collector.store.influx import LONG_KEPT
from collector.store.influx_api import LONG
from collector.store.line import LATE, LEVELS, RAW_TS_MS
from collector.store.responses import MAX_LINES
from collector.store.rollup import AGGREGATES, SUFFIX
from devices.kinds.catalogue import KINDS

PAGE = (Path(__file__).parents[4] / "docs/reference/influxdb.md").read_text(encoding="utf-8")
NAMES = [*KINDS, *LEVELS, *LONG_KEPT, LATE, RAW_TS_MS, LONG, f"<kind>{SUFFIX}", *(f"<signal>_{how}" for how in AGGREGATES)]

STOCK = (*points.SITE_BOUNDS, *points.SITE_FACTS, *points.SOURCE_BOUNDS, *points.SOURCE_HOURS, *points.SOURCE_FACTS, *points.OTHERS)
REPORT = ("site_status", "alarm_open", "rule_limit", "collector", *report.STATUS, *report.ALARM, *report.LIMIT, *points.EVENT_FACTS)


@pytest.mark.parametrize("name", [*NAMES, *STOCK, *REPORT])
def test_the_page_names(name: str) -> None:
    assert f"`{name}`" in PAGE


def test_the_page_has_the_bound_of_a_write() -> None:
    assert f"at most {MAX_LINES:,} rows" in PAGE
