"""The command as people run it: its exit code, and what it prints where. In a process of its own where that matters."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import msgspec
import pytest

from collector.audit import EMPTY
from collector.cli import main
from collector.journal import SqliteJournal
from collector.outputs import AuditEntry, Bounded, Command, StateChange, StockEstimate, Transition
from collector.recording import from_line
from collector.records import Message
from collector.store.state import StateStore
from collector.version import VERSION
from collector.views import AlarmView, AuditView, QuarantineView, StatusView
from tests.servers import Server, free_port, program

ROOT = Path(__file__).parents[2]
PLANT = "sites:\n  - id: a\n    assets:\n      - {id: line, kind: pipeline, nominal_bar: 4.1, interval_s: 1}\n"
NOW_MS = 1_764_000_000_000


class Told(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


Oxygrid = Callable[..., Told]


@pytest.fixture
def oxygrid(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Oxygrid:
    """Runs `oxygrid …` in this process, in the folder of the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OXYGRID_CONFIG", raising=False)

    def run(*args: str) -> Told:
        capsys.readouterr()
        code = main(list(args))
        return Told(code, *capsys.readouterr())

    return run


def process(*args: str, cwd: Path) -> Told:
    """Runs `python -m collector …` in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    argv = [sys.executable, "-m", "collector", *args]
    ran = subprocess.run(argv, cwd=cwd, env=environment, capture_output=True, text=True, timeout=60, check=False)
    return Told(ran.returncode, ran.stdout, ran.stderr)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with oxygrid.yaml: one site, nothing listening on its ops port."""
    (tmp_path / "oxygrid.yaml").write_text(f"{PLANT}ops: {{port: {free_port()}}}\n")
    return tmp_path


def test_the_version_is_told_quickly(tmp_path: Path) -> None:
    spent_s = []
    for _ in range(3):
        started_s = time.perf_counter()
        told = process("--version", cwd=tmp_path)
        spent_s.append(time.perf_counter() - started_s)
        assert (told.returncode, told.stdout, told.stderr) == (0, f"oxygrid {VERSION}\n", "")
    assert min(spent_s) < 0.3


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["run"],
        ["demo"],
        ["simulate"],
        ["status"],
        ["record"],
        ["replay"],
        ["config", "check"],
        ["alarms"],
        ["shelve"],
        ["out-of-service"],
        ["return"],
        ["audit"],
        ["audit", "verify"],
    ],
)
def test_help_is_there_for_every_command(oxygrid: Oxygrid, tmp_path: Path, command: list[str]) -> None:
    told = oxygrid(*command, "--help")
    assert told.returncode == 0
    assert "Usage: oxygrid" in told.stdout


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["config", "check"], "no configuration: neither oxygrid.yaml nor"),
        (["run", "-c", "none.yaml"], "none.yaml: no such file"),
        (["run", "-c", "plant.yaml"], "plant.yaml: no source of readings; add a section mqtt"),
        (["demo", "-c", "none.yaml"], "none.yaml: no such file"),
        (["status", "-c", "plant.yaml", "--data-dir", "none"], "no collector answers at"),
        (["alarms", "-c", "plant.yaml", "--data-dir", "none"], "no collector answers at"),
        (["quarantine", "-c", "plant.yaml", "--data-dir", "none"], "no collector answers at"),
        (["audit", "list", "-c", "plant.yaml", "--data-dir", "none"], "no collector answers at"),
        (["audit", "list", "-c", "plant.yaml", "--since", "noon"], "'noon' is no time; RFC 3339 with zone is right"),
        (["audit", "verify", "-c", "plant.yaml", "--head", "n=3"], "--head 'n=3': what `oxygrid audit head` prints is right"),
        (["shelve", "a/x", "--by", "A", "--why", "w", "--for", "1h", "-c", "plant.yaml"], "no collector runs on"),
        (["record", "-c", "plant.yaml", "--data-dir", "none"], "no journal there"),
        (["replay", "none.jsonl", "-c", "plant.yaml"], "none.jsonl: no such file"),
        (["simulate", "-c", "plant.yaml", "--broker", "http://a"], "broker URL with scheme 'http'"),
        (["simulate", "-c", "plant.yaml", "--broker", "mqtt://a", "--scenario", "x"], "no scenario 'x'; known: normal"),
        (["simulate", "-c", "plant.yaml", "--broker", "mqtt://a", "--truth", "none/t"], "none/t: can't be written"),
        (["simulate", "-c", "plant.yaml", "--broker", "mqtt://a", "--password-file", "env:NO_SUCH"], "NO_SUCH is not set"),
    ],
)
def test_what_a_person_can_mend_is_one_sentence_and_exit_code_2(oxygrid: Oxygrid, tmp_path: Path, args: list[str], said: str) -> None:
    (tmp_path / "plant.yaml").write_text(PLANT)
    told = oxygrid(*args)
    assert told.returncode == 2
    assert told.stdout == ""
    assert told.stderr.startswith("oxygrid: ")
    assert said in told.stderr
    assert len(told.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "args", [["nope"], ["run", "--nope"], ["simulate"], ["replay"], ["simulate", "--broker", "mqtt://a", "--speed", "0"]]
)
def test_wrong_use_is_exit_code_2_without_a_traceback(oxygrid: Oxygrid, tmp_path: Path, args: list[str]) -> None:
    told = oxygrid(*args)
    assert told.returncode == 2
    assert "Traceback" not in told.stderr
    assert "Usage: oxygrid" in told.stderr


NOBODY = (
    "note: oxygrid.yaml:1: notify: alarms of medium and high priority of a, the collector itself reach nobody; "
    "give a chain, or a channel with receivers of its own"
)


def test_config_check_says_what_is_in_it(oxygrid: Oxygrid, folder: Path) -> None:
    told = oxygrid("config", "check")
    assert (told.returncode, told.stderr.splitlines()) == (0, [NOBODY])
    assert told.stdout == (
        "ok: 1 site, 1 asset (1 pipeline); from the embedded server only; into the embedded history; 1 channel for notices\n"
    )


def test_config_check_prints_doubts_as_notes(oxygrid: Oxygrid, folder: Path) -> None:
    (folder / "mine.yaml").write_text("everywhere:\n  LP-LL: {enabled: false}\n  LP-L:\n    limit: 0.37\n    clear: 3.9\n")
    with (folder / "oxygrid.yaml").open("a") as file:
        file.write("rules: {files: [mine.yaml]}\n")
    told = oxygrid("config", "check")
    assert told.returncode == 0
    assert told.stdout.startswith("ok: 1 site")
    assert told.stderr.splitlines() == [
        NOBODY,
        "note: mine.yaml:2: everywhere.LP-LL.enabled: LP-LL is of priority high and switched off: nobody will be told",
        "note: mine.yaml:4: everywhere.LP-L.limit: 0.37 bar, far from the 3.69 that it changes; 0.37 MPa would be 3.70 bar: write 0.37 MPa "
        "(at a/line)",
    ]


def test_config_check_refuses_rules_that_can_not_be_with_file_line_and_what_would_be_right(oxygrid: Oxygrid, folder: Path) -> None:
    with (folder / "oxygrid.yaml").open("a") as file:
        file.write("rules:\n  everywhere:\n    LP-L: {limit: 45}\n    LP-LL:\n      under: [LP-L]\n")
    told = oxygrid("config", "check")
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr.splitlines()[0] == (
        "oxygrid.yaml:8: rules.everywhere.LP-L.limit: 45 is outside the sane range of line_pressure_bar (−0.2 … 16 bar); "
        "45 psi would be 3.10 bar: write 45 psi"
    )
    assert any(
        line.startswith("oxygrid.yaml:10: rules.everywhere.LP-LL.under: these are hidden under") for line in told.stderr.splitlines()
    )


def test_the_schema_and_the_example_of_rule_files(oxygrid: Oxygrid, folder: Path) -> None:
    schema = json.loads(oxygrid("config", "schema", "--rules").stdout)
    assert set(schema["properties"]) == {"rules", "everywhere", "sites", "assets"}
    assert set(json.loads(oxygrid("config", "schema").stdout)["properties"]) > {"sites", "rules"}
    (folder / "mine.yaml").write_text(
        oxygrid("config", "example", "--rules").stdout.replace("kasganj-dh/psa1", "a/line").replace("kasganj-dh", "a")
    )
    with (folder / "oxygrid.yaml").open("a") as file:
        file.write("rules: {files: [mine.yaml]}\n")
    assert "a/line is a pipeline: unknown rule of pipeline 'PU-L'" in oxygrid("config", "check").stderr


def test_config_check_finds_the_file_by_option_environment_and_folder(
    oxygrid: Oxygrid, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "other.yaml").write_text("sites: []\n")
    assert "1 site," in oxygrid("config", "check").stdout
    assert "0 sites," in oxygrid("config", "check", "-c", "other.yaml").stdout
    monkeypatch.setenv("OXYGRID_CONFIG", "other.yaml")
    assert "0 sites," in oxygrid("config", "check").stdout


def test_config_check_tells_everything_that_is_wrong(oxygrid: Oxygrid, tmp_path: Path) -> None:
    (tmp_path / "oxygrid.yaml").write_text("sites: 3\nops: {port: x}\nmqtt: {url: 'mqtt://a', username: u, password: hunter2}\n")
    told = oxygrid("config", "check")
    assert told.returncode == 2
    assert told.stdout == ""
    assert told.stderr.splitlines() == [
        "oxygrid.yaml:1: sites: found 3; should be a list (- …)",
        "oxygrid.yaml:2: ops.port: found 'x'; should be a whole number",
        "oxygrid.yaml:3: mqtt.password: a secret must not stand in this file: "
        "use password_file with the path of a file that holds it, or env:NAME",
        "oxygrid: 3 problems in oxygrid.yaml",
    ]


def test_config_check_notes_a_secret_that_is_not_there(oxygrid: Oxygrid, folder: Path) -> None:
    with (folder / "oxygrid.yaml").open("a") as file:
        file.write("mqtt: {url: 'mqtt://a', username: u, password_file: secret}\n")
    told = oxygrid("config", "check")
    assert told.returncode == 0
    assert told.stderr.splitlines()[1].startswith("note: mqtt.password_file: ")
    (folder / "secret").write_text("hunter2\n")
    told = oxygrid("config", "check")
    assert (told.returncode, told.stderr.splitlines()) == (0, [NOBODY])
    assert "hunter2" not in told.stdout


def test_the_example_and_the_schema_are_for_use(oxygrid: Oxygrid, tmp_path: Path) -> None:
    (tmp_path / "oxygrid.yaml").write_text(oxygrid("config", "example").stdout)
    assert oxygrid("config", "check").returncode == 0
    schema = json.loads(oxygrid("config", "schema").stdout)
    assert {"sites", "mqtt", "influxdb", "notify"} <= set(schema["properties"])
    assert schema["additionalProperties"] is False


def raised(rule: str, site: str) -> Transition:
    return Transition(
        occurrence=f"{site}/line/{rule}@{NOW_MS}",
        site=site,
        asset="line",
        rule=rule,
        event="raised",
        state="unacknowledged",
        priority="high",
        event_ms=NOW_MS,
        evaluated_ms=NOW_MS,
        raised_ms=NOW_MS,
        text="pipeline pressure failing",
    )


@pytest.fixture
def ran(folder: Path) -> Path:
    """The folder after a collector has run there: an alarm, an estimate, messages in the journal."""
    (folder / "data").mkdir()
    stock = StockEstimate("a", NOW_MS, Bounded(6, 9, 13), Bounded(4, 5, 6), Bounded(), Bounded(), Bounded(), "measured", [], NOW_MS)
    with closing(StateStore(folder / "data" / "state.db")) as state:
        state.commit(StateChange(transitions=[raised("LP-LL", "a"), raised("LP-L", "b")], stock=[stock]))
    with closing(SqliteJournal(folder / "data" / "journal.db")) as journal:
        journal.append([Message("oxygrid/v1/a/line", b"{}"), Message("oxygrid/v1/a/line", b"\xff", True)], NOW_MS)
        journal.append([Message("oxygrid/v1/a/line", "{°}".encode())], NOW_MS + 60_000)
    return folder


def test_without_a_collector_the_state_on_disk_is_told(oxygrid: Oxygrid, ran: Path) -> None:
    told = oxygrid("status", "--json")
    assert (told.returncode, told.stderr) == (0, "")
    status = msgspec.json.decode(told.stdout, type=StatusView)
    assert not status.live
    assert [asset.id for asset in status.sites[0].assets] == ["line"]
    assert status.sites[0].stock is not None
    assert status.sites[0].stock.connected_now_h == Bounded(6, 9, 13)
    assert {alarm.alarm for alarm in status.alarms} == {"a/line/LP-LL", "b/line/LP-L"}
    text = oxygrid("status", "--site", "a").stdout
    assert "hours left: connected 9 h (6-13)" in text
    assert "a/line/LP-LL" in text
    assert "b/line/LP-L" not in text


def test_alarms_and_quarantine_are_told_as_text_and_json(oxygrid: Oxygrid, ran: Path) -> None:
    (alarm,) = msgspec.json.decode(oxygrid("alarms", "--site", "a", "--json").stdout, type=list[AlarmView])
    assert (alarm.alarm, alarm.state, alarm.priority, alarm.raised_ms) == ("a/line/LP-LL", "unacknowledged", "high", NOW_MS)
    assert re.match(r"high +UNACK +a/line/LP-LL ", oxygrid("alarms").stdout)
    assert msgspec.json.decode(oxygrid("quarantine", "--json").stdout, type=QuarantineView) == QuarantineView()
    assert oxygrid("quarantine").stdout == "quarantined for ever, by reason: none\n"


def test_the_audit_trail_is_listed_and_verified_beside_no_collector(oxygrid: Oxygrid, ran: Path) -> None:
    assert (oxygrid("audit", "list").stdout, oxygrid("audit", "verify").stdout) == ("no entries\n", f"ok: 0 rows, {EMPTY}\n")
    command = Command("shelve", "a/line/LP-L", "Asha", "gauge is being replaced", 15.0)
    entries = [
        AuditEntry(
            at_ms=NOW_MS + n * 60_000, seq=n, nth=0, command=command, state="shelved", refused="" if n < 2 else "it is shelved already"
        )
        for n in range(1, 4)
    ]
    with closing(StateStore(ran / "data" / "state.db")) as state:
        state.commit(StateChange(audit=entries))
        head = state.head
    assert oxygrid("audit", "head").stdout == f"{head}\n"
    assert oxygrid("audit", "verify", "--head", f"audit head {head}").stdout == f"ok: 3 rows, {head}\n"
    assert [row.n for row in msgspec.json.decode(oxygrid("audit", "list", "--json").stdout, type=list[AuditView])] == [1, 2, 3]
    assert oxygrid("audit", "list", "--since", "2025-11-24T16:02:00Z", "--limit", "1").stdout == (
        "3  2025-11-24T16:03:00Z  Asha  shelve a/line/LP-L for 15 min (gauge is being replaced): refused: it is shelved already\n"
    )
    assert oxygrid("audit", "list", "--alarm", "b").stdout == "no entries\n"


def test_record_prints_what_the_journal_holds(oxygrid: Oxygrid, ran: Path) -> None:
    lines = [from_line(line) for line in oxygrid("record").stdout.splitlines()]
    assert [(at_ms - NOW_MS, message.payload, message.retained) for at_ms, message in lines] == [
        (0, b"{}", False),
        (0, b"\xff", True),
        (60_000, "{°}".encode(), False),
    ]
    later = oxygrid("record", "--since", "2025-11-24T16:00:30Z").stdout
    assert len(later.splitlines()) == 1
    assert len(oxygrid("record", "--until", "2025-11-24T21:30:30+05:30").stdout.splitlines()) == 2
    wrong = oxygrid("record", "--since", "2025-11-24T16:00:30")
    assert (wrong.returncode, "has no zone" in wrong.stderr) == (2, True)


@contextmanager
def answering(port: int, body: bytes) -> Iterator[None]:
    """An HTTP server that answers every request with the same body."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
            """Quiet."""

    with HTTPServer(("127.0.0.1", port), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def test_a_running_collector_is_asked(oxygrid: Oxygrid, ran: Path) -> None:
    port = int((ran / "oxygrid.yaml").read_text().split("port: ")[1].rstrip("}\n"))
    view = StatusView(version=VERSION, at_ms=NOW_MS, dropped={"x": 1})
    with answering(port, msgspec.json.encode(view)):
        assert msgspec.json.decode(oxygrid("status", "--json").stdout, type=StatusView) == view
        assert "dropped: x 1" in oxygrid("status").stdout
    with answering(port, b"<html>"):
        told = oxygrid("status")
        assert told.returncode == 1
        assert "another program may have that port" in told.stderr


def test_simulate_publishes_to_a_real_broker_and_writes_the_truth(oxygrid: Oxygrid, folder: Path, broker: Server) -> None:
    subscriber = [
        program("mosquitto_sub", "mosquitto-clients"),
        "-h",
        "127.0.0.1",
        "-p",
        str(broker.port),
        "-t",
        "oxygrid/v1/#",
        "-C",
        "3",
        "-W",
        "30",
    ]
    with subprocess.Popen(subscriber, stdout=subprocess.PIPE, text=True) as listening:
        args = [
            "--broker",
            f"mqtt://127.0.0.1:{broker.port}",
            "--duration",
            "3",
            "--speed",
            "5",
            "--truth",
            "truth.jsonl",
            "--scenario",
            "pressure_loss",
        ]
        told = oxygrid("simulate", *args)
        heard, _ = listening.communicate(timeout=40)
    assert told.returncode == 0, told.stderr
    assert re.search(r"\d+ of \d+ messages published; 0 not acknowledged, 0 dropped", told.stderr)
    assert "line_pressure_bar" in heard
    assert json.loads((folder / "truth.jsonl").read_text().splitlines()[0])["fault"] == "pressure_loss"


def test_simulate_without_a_broker_says_so_and_fails(oxygrid: Oxygrid, folder: Path) -> None:
    told = oxygrid("simulate", "--broker", f"mqtt://u:hunter2@127.0.0.1:{free_port()}", "--duration", "2")
    assert told.returncode == 1
    assert "refused" in told.stderr
    assert "hunter2" not in told.stderr


def test_a_broken_pipe_is_no_traceback(ran: Path) -> None:
    with closing(SqliteJournal(ran / "data" / "journal.db")) as journal:
        journal.append([Message("t", b"x" * 1000)] * 1000, NOW_MS + 120_000)
    command = f"{sys.executable} -m collector record | head -n 1 | wc -l"
    told = subprocess.run(
        ["bash", "-c", command], cwd=ran, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert (told.returncode, told.stdout.strip(), told.stderr) == (0, "1", "")
