"""`oxygrid rules test | backtest | explain`, as people call them; the backtest from each of its sources."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from collector.cases.model import Event, Expectation
from collector.cli import main
from collector.config.yaml_text import parse
from collector.journal import SqliteJournal
from collector.records import Decoded, Message
from collector.store.history import SqliteHistory
from collector.store.influx import InfluxStore
from collector.store.influx_api import Settings
from devices.assets import Site
from devices.signal import Observation
from tests.integration.documents import ROOT, blocks
from tests.servers import Server

START_MS = 1_767_600_000_000
"""2026-01-05T08:00:00Z."""
RANGE = ("--from", "2026-01-05T08:00:00Z", "--to", "2026-01-05T08:30:00Z")
SITE = {"id": "dh", "assets": [{"id": "line", "kind": "pipeline", "nominal_bar": 4.0}]}
NEW = "rules: {everywhere: {LP-L: {on_delay_s: 150}}}\n"
BARS = [4.0] * 30 + [3.5] * 12 + [4.0] * 30 + [3.5] * 30 + [4.0] * 30
CASE = """assets: [{id: line, kind: pipeline, nominal_bar: 4.0}]
cases:
  - name: it
    series: {line/line_pressure_bar: 4x6 3x6}
    expect: [{raised: line/LP-LL, at: %s}]
"""


def batches() -> list[Decoded]:
    found = []
    for n, bar in enumerate(BARS):
        at_ms = START_MS + n * 10_000
        found.append(Decoded(n + 1, at_ms, [Observation("dh", "line", "pipeline", at_ms, at_ms, {"line_pressure_bar": bar})], [], 1, 1))
    return found


def configured(folder: Path, **sections: Any) -> Path:
    file = folder / "oxygrid.yaml"
    file.write_text(json.dumps({"sites": [SITE], "data_dir": str(folder), **sections}))
    (folder / "new.yaml").write_text(NEW)
    return file


def asked(folder: Path, *more: str) -> None:
    """Print the backtest's answer."""
    arguments = ["rules", "backtest", "--rules", str(folder / "new.yaml"), *RANGE, "-c", str(folder / "oxygrid.yaml"), "--json", *more]
    assert main(arguments) == 0


EXPECTED = [("lost", "dh/line/LP-L"), ("moved", "dh/line/LP-L")]


def fates(printed: str) -> list[tuple[str, str]]:
    report = json.loads(printed)
    return [(pair["fate"], pair["alarm"]) for pair in report["sites"][0]["alarms"] if pair["fate"] != "same"]


def test_a_case_that_is_right_and_one_that_is_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "case.yaml"
    file.write_text(CASE % "70s")
    assert main(["rules", "test", str(file)]) == 0
    assert capsys.readouterr().out.endswith("1 case: 1 right, 0 failed\n")
    file.write_text(CASE % "71s")
    assert main(["rules", "test", str(tmp_path)]) == 1
    assert "raised at 1m11s  raised at 1m10s" in capsys.readouterr().out
    assert main(["rules", "test", str(file), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["failed"] == 1
    file.write_text(CASE % "soon")
    assert main(["rules", "test", str(file)]) == 2
    assert f"oxygrid: {file}:5: cases[0].expect[0].at: 'soon' is no length of time" in capsys.readouterr().err


def test_from_the_embedded_history(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configured(tmp_path)

    async def write() -> None:
        history = SqliteHistory(tmp_path / "history.db")
        await history.write(batches())
        await history.close()

    asyncio.run(write())
    asked(tmp_path)
    assert fates(capsys.readouterr().out) == EXPECTED


def test_from_the_journal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configured(tmp_path)
    journal = SqliteJournal(tmp_path / "journal.db", max_age_ms=10**15, keep_ms=10**15)
    for n, bar in enumerate(BARS):
        at_ms = START_MS + n * 10_000
        body = json.dumps({"ts": at_ms, "values": {"line_pressure_bar": bar}}).encode()
        journal.append([Message("oxygrid/v1/dh/line", body)], at_ms)
    journal.close()
    asked(tmp_path, "--source", "journal")
    assert fates(capsys.readouterr().out) == EXPECTED


@pytest.mark.server
def test_from_influxdb(tmp_path: Path, influxdb_server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    influx = {"url": influxdb_server.http, "database": "backtest", "raw_days": 36_500}
    configured(tmp_path, influxdb=influx)

    async def write() -> None:
        store = InfluxStore(lambda: Settings(url=influxdb_server.http, database="backtest", raw_days=36_500), [Site.model_validate(SITE)])
        outcome = await store.write(batches())
        assert not outcome.keep
        assert outcome.rejected == []
        await store.close()

    asyncio.run(write())
    asked(tmp_path, "--source", "influxdb")
    assert fates(capsys.readouterr().out) == EXPECTED


def test_what_is_wrong_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = configured(tmp_path)
    common = ["rules", "backtest", "--rules", str(tmp_path / "new.yaml"), "-c", str(config)]
    assert main([*common, "--from", "2026-01-06", "--to", "2026-01-05"]) == 2
    assert "--from 2026-01-06 is not before --to 2026-01-05" in capsys.readouterr().err
    assert main([*common, *RANGE, "--warm-up", "long"]) == 2
    assert "--warm-up: 'long' is no length of time" in capsys.readouterr().err
    assert main([*common, *RANGE]) == 2
    assert "nothing of the past is to be found" in capsys.readouterr().err


def test_explain(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = configured(tmp_path, rules={"everywhere": {"LP-L": {"on_delay_s": 90}}})
    assert main(["rules", "explain", "dh/line", "-c", str(config)]) == 0
    shown = capsys.readouterr().out
    assert "dh/line/LP-LL  high (EO)  pipeline pressure failing" in shown
    assert f"on_delay_s 90 from {config}:1 (everywhere)" in shown
    assert main(["rules", "explain", "dh", "-c", str(config), "--json"]) == 0
    assert {one["rule"] for one in json.loads(capsys.readouterr().out)} >= {"LP-LL", "AU-06"}
    assert main(["rules", "explain", "dh/lime", "-c", str(config)]) == 2
    assert "site 'dh' has no asset 'lime'; known: line" in capsys.readouterr().err
    assert main(["rules", "explain", "dg", "-c", str(config)]) == 2
    assert "there is no site 'dg'; known: dh" in capsys.readouterr().err


HOWTO = ROOT / "docs/howto/test-rules.md"


def test_the_case_of_the_howto_runs_as_pasted(tmp_path: Path) -> None:
    (tmp_path / "oxygrid").write_text(f'#!/bin/sh\nexec {sys.executable} -m collector "$@"\n')
    (tmp_path / "oxygrid").chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    (block,) = [block for block in blocks(HOWTO) if block.info == "sh case"]
    argv = ["bash", "-euo", "pipefail", "-c", block.text]
    ran = subprocess.run(argv, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ran.stdout.endswith("1 case: 1 right, 0 failed\n"), ran.stdout + ran.stderr


def test_the_events_and_expectations_of_the_howto_are_what_a_case_may_say() -> None:
    found = {block.info: parse(block.text) for block in blocks(HOWTO) if block.info in ("yaml events", "yaml expect")}
    events, expectations = found["yaml events"], found["yaml expect"]
    assert isinstance(events, dict)
    assert isinstance(expectations, dict)
    assert [Event.model_validate(event).verb for event in events["events"]][:2] == ["ack", "shelve"]
    assert len([Expectation.model_validate(each) for each in expectations["expect"]]) == 8
