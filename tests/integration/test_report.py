"""`oxygrid report` and `oxygrid texts` as they are typed, on what a collector left behind."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from datetime import date as Date
from pathlib import Path

import pytest

from collector.backtest.block import AssetBlock
from collector.build import influx_settings
from collector.cli import main
from collector.config.loader import load
from collector.config.stores import InfluxDb
from collector.notify.texts.catalogue import english
from collector.outputs import StateChange
from collector.records import Decoded, Point
from collector.reports.source import days
from collector.store.history import SqliteHistory
from collector.store.influx import InfluxStore
from collector.store.state import StateStore
from devices.signal import Observation
from tests.servers import Server
from tests.unit.collector.reports.cases import DATE, DAY_MS, START_MS, a_day, alarms, events

CONFIG = """
data_dir: {data}
mqtt: {{url: "mqtt://127.0.0.1:1883"}}
history: {{raw_days: 3650}}
sites:
  - id: kasganj-dh
    name: Joint District Hospital
    district: Kasganj
    timezone: Asia/Kolkata
    beds: {{ward: 120, icu: 30}}
    assets:
      - {{id: psa1, kind: psa_plant, rated_flow_lpm: 1000, interval_s: 60}}
      - {{id: line, kind: pipeline, nominal_bar: 4.1, interval_s: 60}}
      - {{id: tank, kind: lox_tank, capacity_kg: 6000, interval_s: 60}}
      - {{id: store, kind: cylinder_store, type: in-d}}
      - {{id: oc1, kind: concentrator, interval_s: 60}}
"""


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    (folder / "c.yaml").write_text(CONFIG.format(data=folder))
    asyncio.run(_fill(folder))
    return folder / "c.yaml"


async def _fill(folder: Path) -> None:
    history = SqliteHistory(folder / "history.db")
    rows = []
    for asset in a_day():
        for place, at_ms in enumerate(asset.times):
            values = {name: column[place] for name, column in asset.columns.items() if place < len(column)}
            known = {name: value for name, value in values.items() if value is not None}
            rows.append(Observation("kasganj-dh", asset.asset, asset.kind, at_ms, at_ms, known))
    rows.sort(key=lambda each: each.event_ms)
    await history.write([Decoded(1, rows[-1].event_ms, [*rows], [], len(rows), len(rows))])
    tags = {"site": "kasganj-dh", "source": "site"}
    stock = [
        Point("stock", tags, {"connected_now_h_low": 10.0 - n, "on_site_h_low": 20.0, "demand_lpm": 400.0}, START_MS + n * 60_000)
        for n in range(5)
    ]
    other = Point("stock", {**tags, "site": "other"}, {"connected_now_h_low": 0.1}, START_MS)
    await history.write_points([*stock, other])
    await history.close()
    state = StateStore(folder / "state.db")
    state.commit(StateChange(transitions=alarms(), stock_events=events()))
    state.close()


def said(capsys: pytest.CaptureFixture[str], *args: str) -> str:
    assert main([*args]) == 0
    return capsys.readouterr().out


def test_the_day_of_a_site_as_csv(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (row,) = csv.DictReader(io.StringIO(said(capsys, "report", "daily", "--date", DATE, "-c", str(config))))
    assert (row["id"], row["psa_run_h"], row["psa_below_90_min"], row["lox_received_kg"]) == ("kasganj-dh", "22.0", "60.0", "1200.0")
    assert (row["hours_left_now_lowest"], row["alarms_high"], row["patients_on_o2"]) == ("6.0", "1", "")


def test_a_district_as_json_and_html(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(said(capsys, "report", "daily", "--date", DATE, "--level", "district", "--format", "json", "-c", str(config)))
    assert [(row["level"], row["name"], row["facilities"]) for row in told["rows"]] == [("district", "Kasganj", 1)]
    page = said(capsys, "report", "daily", "--date", DATE, "--format", "html", "--of", "Kasganj", "-c", str(config))
    assert page.startswith("<!doctype html>")


WRONG = [
    (["daily", "--date", "31.1.2026"], "--date '31.1.2026' is no day"),
    (["daily", "--level", "country"], "--level 'country': site, district, region"),
    (["daily", "--format", "xml"], "--format 'xml': csv, json, html, pdf"),
    (["daily", "--date", "0001-01-01"], "--date '0001-01-01': there are readings of 2000 to 2999 at most"),
    (["daily", "--date", "9999-12-31"], "--date '9999-12-31': there are readings of 2000 to 2999 at most"),
    (["daily", "--date", ""], "--date '' is no day"),
    (
        ["daily", "--date", DATE, "--out", "day.doc"],
        "--out 'day.doc': its ending says no format; give --format, or one of csv, json, html, pdf",
    ),
    (["daily", "--date", DATE, "-o", "/nowhere/day.csv"], "/nowhere/day.csv: can't be written: No such file or directory; name another"),
    (["weekly"], "No such command 'weekly'"),
    (["daily", "more"], "Got unexpected extra argument(s) (more)"),
    (["handover"], "Missing argument 'site'"),
    (["handover", "kasganj-dh", "--hours", "nan"], "Invalid value for '--hours'"),
    (["handover", "kasganj-dh", "--hours", "0"], "Invalid value for '--hours'"),
    (["handover", "kasganj-dh", "--format", "csv"], "--format 'csv': text, html, pdf"),
    (["handover", "kasganj-dh", "--html", "--format", "pdf"], "--html and --format pdf: give one of them"),
    (["daily", "--of", "nowhere"], "--of 'nowhere': sites, districts and regions of the configuration: Kasganj, kasganj-dh"),
    (["daily", "--date", "2999-01-01"], "2999-01-01 has not begun at kasganj-dh"),
    (["handover", "nowhere"], "no site 'nowhere'; sites of the configuration: kasganj-dh"),
    (["daily", "--language", "de"], "--language 'de': there are texts in en, hi, fr, ar"),
    (["handover", "kasganj-dh", "--language", "de"], "--language 'de': there are texts in en, hi, fr, ar"),
]


@pytest.mark.parametrize(("args", "text"), WRONG, ids=[" ".join(args) for args, _ in WRONG])
def test_wrong_use(config: Path, capsys: pytest.CaptureFixture[str], args: list[str], text: str) -> None:
    where = ["-c", str(config)] if text.startswith(("--", "no ", "/", DATE[:1])) else []
    assert main(["report", *args, *where]) == 2
    assert text in capsys.readouterr().err


def test_the_page_is_in_the_language_that_is_asked_for_and_the_table_is_not(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    daily = ("report", "daily", "--date", DATE, "-c", str(config))
    page = said(capsys, *daily, "--format", "html", "--language", "ar")
    assert '<html lang="ar" dir="rtl">' in page
    assert "محطات الأكسجين" in page
    assert said(capsys, *daily, "--language", "ar").splitlines()[0] == said(capsys, *daily).splitlines()[0]


@pytest.mark.parametrize("more", [[], ["--html"], ["--language", "ar"], ["--html", "--language", "hi"]])
def test_the_handover(config: Path, capsys: pytest.CaptureFixture[str], more: list[str]) -> None:
    told = said(capsys, "report", "handover", "kasganj-dh", *more, "-c", str(config))
    assert "Joint District Hospital" in told


def test_the_texts(capsys: pytest.CaptureFixture[str]) -> None:
    told = said(capsys, "texts", "--table")
    assert told.count("title") == 4 * told.count("\nLP-LL\n") * len(english())
    assert "पाइपलाइन दबाव बहुत कम" in told
    page = said(capsys, "texts", "--html", "--language", "ar")
    assert 'dir="rtl"' in page
    assert page.count('<td class="rule">') == len(english()) * 5
    assert "{#var#}" in said(capsys, "texts", "--dlt")


WRONG_TEXTS = [
    (["--language", "de"], "--language 'de': there are texts in en, hi, fr, ar"),
    (["--language", "en,hi"], "--language 'en,hi': there are texts in en, hi, fr, ar"),
    (["--html", "--dlt"], "one of --table, --html and --dlt"),
    (["--language"], "Option '--language' requires an argument"),
    (["more"], "Got unexpected extra argument(s) (more)"),
]


@pytest.mark.parametrize(("args", "text"), WRONG_TEXTS, ids=[" ".join(args) for args, _ in WRONG_TEXTS])
def test_wrong_use_of_texts(capsys: pytest.CaptureFixture[str], args: list[str], text: str) -> None:
    assert main(["texts", *args]) == 2
    assert text in capsys.readouterr().err


@pytest.mark.server
async def test_the_day_out_of_influxdb_is_the_same(influxdb_server: Server, config: Path) -> None:
    """Readings and stock by InfluxQL, as `oxygrid report daily` asks."""
    given = load(config)
    (site,) = given.sites
    url = f"http://127.0.0.1:{influxdb_server.port}"
    store = InfluxStore(lambda: influx_settings(InfluxDb(url=url, database="report", raw_days=3650)), given.sites)
    rows = [
        Observation(site.id, asset.asset, asset.kind, at_ms, at_ms, {n: v for n, c in asset.columns.items() if (v := c[place]) is not None})
        for asset in whole()
        for place, at_ms in enumerate(asset.times)
    ]
    await store.write([Decoded(1, rows[-1].event_ms, [*rows], [], len(rows), len(rows))])
    await store.write_points([Point("stock", {"site": site.id, "source": "site"}, {"connected_now_h_low": 6.5}, START_MS)])
    await store.close()
    there = given.model_copy(update={"influxdb": InfluxDb(url=url, database="report", raw_days=3650)})
    now_ms = START_MS + 2 * DAY_MS
    (of_influx,) = await asyncio.to_thread(days, there, [site], Date.fromisoformat(DATE), now_ms)
    (of_history,) = await asyncio.to_thread(days, given, [site], Date.fromisoformat(DATE), now_ms)
    different = {n for n, v in of_influx.values.items() if v != of_history.values[n]}
    assert different <= {"hours_left_now_lowest", "hours_left_now_last", "hours_left_on_site_lowest"} | {
        n for n in of_influx.values if "demand" in n
    }
    assert of_influx.values["hours_left_now_lowest"] == 6.5
    assert of_influx.values["psa_run_h"] == 22.0


def whole() -> list[AssetBlock]:
    """Blocks whose columns are as long as their times."""
    return [
        AssetBlock(a.asset, a.kind, a.times, {n: [*c, *[None] * (len(a.times) - len(c))] for n, c in a.columns.items()}) for a in a_day()
    ]
