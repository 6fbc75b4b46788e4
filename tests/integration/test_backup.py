"""A backup of a running collector, and the way back: alarms and acknowledgements are as they were."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.line import Line
from tests.faults.rig import ROOT, mqtt, oxygrid, wait_until
from tests.integration.test_app import reading
from tests.servers import Server, _die_with_parent, free_port

SITES = [{"id": "a", "assets": [{"id": "line", "kind": "pipeline", "nominal_bar": 4.1}]}]
RULES = {"everywhere": {"LP-LL": {"on_delay_s": 0}}}


def command(*args: object, given: str = "") -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "collector", *map(str, args)]
    return subprocess.run(argv, cwd=ROOT, input=given, capture_output=True, text=True, timeout=60, check=False)


def alarms(config: Path) -> list[dict[str, object]]:
    return [each for each in json.loads(command("alarms", "-c", config, "--json").stdout) if each["rule"] == "LP-LL"]


@pytest.mark.server
def test_a_backup_of_a_running_collector_brings_its_alarms_back(tmp_path: Path, broker: Server) -> None:
    with oxygrid(tmp_path, {"sites": SITES, "mqtt": mqtt(broker), "rules": RULES}) as subject:
        subject.start_and_wait()
        with Line(broker.port) as line:
            line.publish([reading(1.0)])
            wait_until(lambda: alarms(subject.config), 20, "the alarm is listed")
            assert command("ack", "a/line/LP-LL", "--by", "Asha Verma", "-c", subject.config).returncode == 0
            made = command("backup", tmp_path / "copy", "-c", subject.config)
            assert (made.returncode, made.stderr) == (0, "")
            again = command("backup", tmp_path / "copy", "-c", subject.config)
            assert (again.returncode, "there already" in again.stderr) == (2, True)
            running = command("restore", tmp_path / "copy", "-c", subject.config)
            assert (running.returncode, "another process" in running.stderr) == (2, True)
        subject.stop()
        with closing(sqlite3.connect(subject.data_dir / "state.db")) as state, state:
            state.execute("DELETE FROM alarm")
        put_back = command("restore", tmp_path / "copy", "-c", subject.config)
        assert (put_back.returncode, put_back.stderr) == (0, "")
        assert [(each["state"], each["by"]) for each in alarms(subject.config)] == [("acknowledged", "Asha Verma")]
        subject.start_and_wait()
        assert [each["state"] for each in alarms(subject.config)] == ["acknowledged"]


@pytest.mark.server
def test_a_backup_of_a_running_console_brings_its_accounts_back(tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(json.dumps({"sites": SITES, "data_dir": str(tmp_path / "data"), "console": {"port": free_port()}}))

    def accounts() -> list[str]:
        return [line.split("\t")[0] for line in command("console", "accounts", "list", "-c", config).stdout.splitlines()]

    def add(name: str) -> None:
        argv = ["console", "accounts", "add", name, "--role", "viewer", "--scope", "all", "-c", config]
        assert command(*argv, given=f"{name} has a long secret\n").returncode == 0

    add("asha")
    argv = [sys.executable, "-m", "collector", "console", "run", "-c", str(config)]
    console = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.DEVNULL, preexec_fn=_die_with_parent)  # noqa: PLW1509
    try:
        wait_until((tmp_path / "data/console.db.lock").exists, 20, "the console runs")
        wait_until(lambda: "another process" in command("console", "run", "-c", config).stderr, 20, "there is one console")
        assert command("backup", tmp_path / "copy", "-c", config).returncode == 0
        add("ravi")
        running = command("restore", tmp_path / "copy", "-c", config)
        assert (running.returncode, "another process" in running.stderr) == (2, True)
    finally:
        console.terminate()
        console.wait(10)
    assert accounts() == ["asha", "ravi"]
    assert command("restore", tmp_path / "copy", "-c", config).returncode == 0
    assert accounts() == ["asha"]


def test_a_damaged_backup_is_refused_and_nothing_is_changed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    with closing(sqlite3.connect(data / "state.db")) as state, state:
        state.execute("CREATE TABLE t (x)")
    (tmp_path / "c.yaml").write_text(json.dumps({"sites": SITES, "data_dir": str(data)}))
    assert command("backup", tmp_path / "copy", "-c", tmp_path / "c.yaml").returncode == 0
    with (tmp_path / "copy/state.db").open("r+b") as copy:
        copy.seek(40)
        copy.write(b"\xff")
    before = (data / "state.db").read_bytes()
    refused = command("restore", tmp_path / "copy", "-c", tmp_path / "c.yaml")
    assert (refused.returncode, "damaged" in refused.stderr) == (2, True)
    assert (data / "state.db").read_bytes() == before


@pytest.mark.parametrize("what", ["no folder", "no collector"])
def test_what_is_missing_is_said(tmp_path: Path, what: str) -> None:
    (tmp_path / "c.yaml").write_text(json.dumps({"sites": SITES, "data_dir": str(tmp_path / "data")}))
    name = "restore" if what == "no folder" else "backup"
    found = command(name, tmp_path / "none", "-c", tmp_path / "c.yaml")
    assert found.returncode == 2
    assert ("is no backup" if what == "no folder" else "has run") in found.stderr
