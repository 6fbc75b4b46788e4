"""Recorded messages give the same alarms again: those of a golden file, and those that a live collector raised."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.faults.line import Line
from tests.faults.rig import ROOT, influx, mqtt, oxygrid, query, stored, wait_until
from tests.integration.test_app import TOPIC, metric, reading
from tests.servers import Server

GOLDEN = sorted(folder for folder in (Path(__file__).parent / "golden").iterdir() if folder.is_dir())
LINE = {"id": "line", "kind": "pipeline", "nominal_bar": 4.1}
SECOND = {"everywhere": {"LP-LL": {"on_delay_s": 1, "off_delay_s": 1}}}
"""Delays of a second: some alarms are raised by a reading, some by the clock."""

PLAYED = ((4.1, 0.5), (2.0, 2.5), (2.0, 0.2), (4.1, 1.2), (4.1, 2.5), (1.0, 0.4), (4.1, 0.4), (0.9, 1.5), (0.8, 0.5))
"""Pressures, and seconds to the next."""


def command(*args: object, stdin: str | None = None) -> str:
    argv = [sys.executable, "-m", "collector", *map(str, args)]
    ran = subprocess.run(argv, cwd=ROOT, input=stdin, capture_output=True, text=True, timeout=120, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


def told(line: dict[str, Any]) -> tuple[int, int, str, str, str]:
    """What must be the same: the words of a text may be improved."""
    alarm = f"{line['site']}/{line['asset']}/{line['rule']}"
    return line["event_ms"], line["evaluated_ms"], line["event"], line["priority"], alarm


@pytest.mark.parametrize("folder", GOLDEN, ids=lambda folder: folder.name)
def test_golden(folder: Path) -> None:
    """`transitions.jsonl` holds what the rules make of `recorded.jsonl`: event_ms, evaluated_ms, event, priority, alarm."""
    printed = command("replay", folder / "recorded.jsonl", "-c", folder / "site.yaml", "--json")
    found = [told(json.loads(line)) for line in printed.splitlines()]
    assert found == [tuple(json.loads(line)) for line in (folder / "transitions.jsonl").read_text().splitlines()]


def test_a_recording_from_standard_input_is_the_same() -> None:
    folder = GOLDEN[0]
    from_file = command("replay", folder / "recorded.jsonl", "-c", folder / "site.yaml", "--json")
    assert command("replay", "-", "-c", folder / "site.yaml", "--json", stdin=(folder / "recorded.jsonl").read_text()) == from_file


@pytest.mark.server
def test_what_was_recorded_gives_the_alarms_that_were_raised_live(tmp_path: Path, broker: Server) -> None:
    config = {"sites": [{"id": "a", "assets": [LINE]}], "mqtt": mqtt(broker), "rules": SECOND}
    with oxygrid(tmp_path, config) as subject:
        subject.start_and_wait()
        with Line(broker.port) as line:
            for bar, pause_s in (
                (4.1, 0.5),
                (2.0, 2.5),
                (2.0, 0.2),
                (4.1, 1.2),
                (4.1, 2.5),
                (1.0, 0.4),
                (4.1, 0.4),
                (0.9, 1.5),
                (0.8, 0.5),
            ):
                line.publish([reading(bar)])
                time.sleep(pause_s)
            wait_until(lambda: len(subject.transitions()) == 3, 15, f"raised, cleared, raised: {subject.transitions()}")
        assert subject.stop()[0] == 0
        live = [(t.event_ms, t.evaluated_ms, t.event, t.priority, t.alarm) for t in subject.transitions()]
        recorded = tmp_path / "recorded.jsonl"
        recorded.write_text(command("record", "-c", subject.config))
        again = [told(json.loads(line)) for line in command("replay", recorded, "-c", subject.config, "--json").splitlines()]
    assert [each for each in again if each[-1].startswith("a/")][: len(live)] == live


@pytest.mark.server
def test_a_recording_can_be_put_into_the_database(tmp_path: Path, broker: Server, influxdb_server: Server) -> None:
    """Readings that an outage cost the database come back, with their own times, and alarms beside them."""
    config = {"sites": [{"id": "a", "assets": [LINE]}], "mqtt": mqtt(broker), "rules": SECOND}
    with oxygrid(tmp_path, config) as subject:
        subject.start_and_wait()
        with Line(broker.port) as line:
            line.publish([reading(2.0)])
            time.sleep(1.5)
            line.publish([reading(1.9)])
            wait_until(lambda: metric(subject, "oxygrid_values_stored_total") == 2, 15, "stored in the history")
        recorded = tmp_path / "recorded.jsonl"
        recorded.write_text(command("record", "-c", subject.config))
        subject.write_config({**subject.sections, "influxdb": influx(influxdb_server)})
        command("replay", recorded, "-c", subject.config, "--store", "--json")
        values = sorted(stored(influxdb_server, "pipeline", "line_pressure_bar")[TOPIC].values())
        assert values == [1.9, 2.0]
        alarms = query(influxdb_server, """SELECT "event" FROM "long"."alarm" WHERE "rule" = 'LP-LL'""")
        assert [row[1] for row in alarms[0]["values"]] == ["raised"]


def test_a_command_that_was_refused_is_a_line_with_its_reason(tmp_path: Path) -> None:
    asked = {"command": "ack", "alarm": "a/line/LP-LL", "by": "Asha Verma"}
    (tmp_path / "recorded.jsonl").write_text(
        json.dumps({"received_ms": 1_764_000_000_000, "topic": "$oxygrid/command", "payload": json.dumps(asked), "retained": False}) + "\n"
    )
    (tmp_path / "site.yaml").write_text(json.dumps({"sites": [{"id": "a", "assets": [LINE]}], "mqtt": {"url": "mqtt://127.0.0.1:1883"}}))
    printed = command("replay", tmp_path / "recorded.jsonl", "-c", tmp_path / "site.yaml")
    assert "refused ack by Asha Verma" in printed
    line = json.loads(command("replay", tmp_path / "recorded.jsonl", "-c", tmp_path / "site.yaml", "--json").splitlines()[0])
    assert line["type"] == "refused"
    assert line["refused"]
