"""The collector as a process of its own, between a real broker and a real database, or with the embedded history."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
import urllib.error
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from collector.store.history import SqliteHistory
from tests import servers
from tests.faults.line import Line, Sent
from tests.faults.rig import ROOT, Json, Oxygrid, influx, mqtt, oxygrid, query, stored, wait_until
from tests.servers import Server, free_port

pytestmark = pytest.mark.server

LINE = {"id": "line", "kind": "pipeline", "nominal_bar": 4.1}
SITE = {"id": "a", "assets": [LINE, {"id": "ward", "kind": "pipeline", "nominal_bar": 4.1, "zone": "ward"}]}
AT_ONCE = {"everywhere": {"LP-LL": {"on_delay_s": 0, "off_delay_s": 0}}}
HOOK = {"id": "log", "kind": "log"}
LP_LL = "a/line/LP-LL"
TOPIC = "oxygrid/v1/a/line"


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def reading(bar: float, topic: str = TOPIC, ts_ms: int | None = None) -> Sent:
    return Sent(topic, json.dumps({"ts": ts_ms or now_ms(), "values": {"line_pressure_bar": bar}}).encode())


def sections(broker: Server, **more: object) -> Json:
    return {"sites": [SITE], "mqtt": mqtt(broker), "rules": AT_ONCE, "notify": {"channels": [HOOK]}, **more}


@contextmanager
def collecting(folder: Path, broker: Server, **more: object) -> Iterator[tuple[Oxygrid, Line]]:
    """A collector that is ready, and a connection to publish on."""
    with oxygrid(folder, sections(broker, **more)) as subject:
        subject.start_and_wait()
        with Line(broker.port) as line:
            yield subject, line


def told(subject: Oxygrid) -> list[str]:
    return [f"{t.alarm} {t.event}" for t in subject.transitions()]


def until_told(subject: Oxygrid, *wanted: str) -> None:
    wait_until(lambda: told(subject) == list(wanted), 15, f"told {wanted}, not {told(subject)}:\n{subject.words()[-2000:]}")


def notices(subject: Oxygrid) -> int:
    """Lines that the log channel wrote."""
    return sum("pipeline pressure failing" in line for line in subject.words().splitlines())


def command(subject: Oxygrid, *args: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "collector", *args, "-c", str(subject.config)]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def metric(subject: Oxygrid, name: str) -> float:
    for line in subject.page("metrics").decode().splitlines():
        if line.startswith(name + " "):
            return float(line.rpartition(" ")[2])
    raise AssertionError(f"{name} is not among the metrics")


# ---- the way of a reading ----------------------------------------------------------------------------------------------------------


def test_readings_are_in_the_database_and_the_alarm_is_told(tmp_path: Path, broker: Server, influxdb_server: Server) -> None:
    with collecting(tmp_path, broker, influxdb=influx(influxdb_server)) as (subject, line):
        at_ms = now_ms()
        readings = {at_ms - 3000 + 1000 * n: bar for n, bar in enumerate((4.1, 4.0, 1.5))}
        line.publish(reading(bar, ts_ms=ts_ms) for ts_ms, bar in readings.items())
        until_told(subject, f"{LP_LL} raised")
        wait_until(lambda: stored(influxdb_server, "pipeline", "line_pressure_bar") == {TOPIC: readings}, 15, "stored")
        wait_until(lambda: stored_alarms(influxdb_server) == ["raised"], 15, "the alarm is a row of the database")
        alarms = json.loads(command(subject, "alarms", "--json").stdout)
        assert [(alarm["alarm"], alarm["state"], alarm["value"]) for alarm in alarms] == [(LP_LL, "unacknowledged", 1.5)]
        assert notices(subject) == 1
        assert subject.stop()[0] == 0


def stored_alarms(server: Server) -> list[str]:
    found = query(server, 'SELECT "event" FROM "long"."alarm"')
    return [row[1] for row in found[0]["values"]] if found else []


def test_how_it_and_its_sites_are_is_in_the_database(tmp_path: Path, broker: Server, influxdb_server: Server) -> None:
    """What the dashboards and the alerts from outside ask for first."""
    with collecting(tmp_path, broker, influxdb=influx(influxdb_server)) as (subject, _):
        wait_until(lambda: bool(query(influxdb_server, 'SELECT last("dark") FROM "site_status"')), 15, "a row of the site")
        (status,) = query(influxdb_server, 'SELECT "site", "assets", "silent_assets", "open_high" FROM "site_status" ORDER BY time LIMIT 1')
        assert status["values"][0][1:] == ["a", 2, 2, 0]
        (itself,) = query(influxdb_server, 'SELECT last("disk_free_bytes") FROM "collector"')
        assert itself["values"][0][1] > 0
        assert subject.stop()[0] == 0


def test_readings_are_in_the_embedded_history(tmp_path: Path, broker: Server) -> None:
    with collecting(tmp_path, broker) as (subject, line):
        at_ms = now_ms()
        line.publish([reading(4.1, ts_ms=at_ms - 1000), reading(4.0, ts_ms=at_ms)])
        wait_until(lambda: metric(subject, "oxygrid_values_stored_total") == 2, 15, "stored")
        assert subject.stop()[0] == 0
    with closing(SqliteHistory.open_reader(subject.data_dir / "history.db")) as history:
        assert history.values("a/line", "line_pressure_bar", at_ms - 5000, at_ms + 5000) == [(at_ms - 1000, 4.1), (at_ms, 4.0)]


def test_what_it_says_of_itself(tmp_path: Path, broker: Server) -> None:
    with collecting(tmp_path, broker) as (subject, line):
        line.publish([reading(4.1), Sent(TOPIC, b"?"), Sent("oxygrid/v1/x/line", b"{}")])
        wait_until(lambda: subject.status()["quarantined"] == {"malformed": 1, "unknown_site": 1}, 15, "quarantined")
        assert (subject.page("healthz"), subject.page("readyz")) == (b"ok\n", b"ready\n")
        status = subject.status()
        assert (status["live"], status["source"]["connected"], status["alarms"]) == (True, True, [])
        (site,) = [site for site in status["sites"] if site["id"] == "a"]
        values = {asset["id"]: asset["values"] for asset in site["assets"]}
        assert values["line"]["line_pressure_bar"]["value"] == 4.1
        assert values["line"]["line_pressure_bar"]["quality"] == "good"
        assert values["ward"] == {}
        assert {cursor["name"] for cursor in status["cursors"]} == {"evaluator", "quarantine", "writer"}
        assert metric(subject, "oxygrid_source_connected{source=" + f'"{status["source"]["name"]}"' + "}") == 1
        assert metric(subject, 'oxygrid_quarantined_total{reason="malformed"}') == 1
        assert metric(subject, "oxygrid_messages_received_total") >= 3
        assert metric(subject, 'oxygrid_notices_total{channel="log",outcome="sent"}') == 0
        wait_until(lambda: metric(subject, 'oxygrid_latency_seconds_count{stage="stored"}') >= 3, 15, "the way to the store is timed")


def test_nobody_to_tell_is_no_reason_to_stop(tmp_path: Path, broker: Server) -> None:
    with collecting(tmp_path, broker, notify={"channels": []}) as (subject, line):
        line.publish([reading(1.5)])
        until_told(subject, f"{LP_LL} raised")
        assert subject.stop()[0] == 0


# ---- commands ----------------------------------------------------------------------------------------------------------------------


def test_commands_are_for_the_owner_alone(tmp_path: Path, broker: Server) -> None:
    old_umask = os.umask(0)
    try:
        with collecting(tmp_path, broker) as (subject, line):
            control = subject.data_dir / "control.sock"
            assert stat.S_IMODE(control.stat().st_mode) == 0o600
            assert stat.S_IMODE(subject.data_dir.stat().st_mode) == 0o700
            line.publish([reading(1.5)])
            until_told(subject, f"{LP_LL} raised")
            wait_until(lambda: subject.status()["alarms"], 10, "seen")
            acknowledged = command(subject, "ack", LP_LL, "--by", "Asha")
            assert (acknowledged.returncode, acknowledged.stderr) == (0, "")
            until_told(subject, f"{LP_LL} raised", f"{LP_LL} acknowledged")
    finally:
        os.umask(old_umask)


def test_a_folder_too_deep_for_a_socket_is_said_in_a_sentence(tmp_path: Path, broker: Server) -> None:
    deep = tmp_path / ("d" * 100)
    with oxygrid(tmp_path, sections(broker), data_dir=deep) as subject:
        assert ends(subject) == 2
        assert "the socket for commands can't be made" in subject.words()
        assert "Traceback" not in subject.words()


def test_a_port_in_use_is_said_in_a_sentence(tmp_path: Path, broker: Server) -> None:
    with oxygrid(tmp_path, sections(broker, ops={"port": broker.port})) as subject:
        assert ends(subject) == 2
        assert f"port {broker.port} on 127.0.0.1 is in use; set ops.port" in subject.words()
        assert "Traceback" not in subject.words()


def ends(subject: Oxygrid) -> int:
    """Start it; its exit code."""
    subject.start()
    assert subject.process is not None
    return subject.process.wait(20)


# ---- restart, reload ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [Oxygrid.stop, Oxygrid.kill], ids=["stopped", "killed"])
def test_a_restart_tells_nobody_twice_and_forgets_nobody(tmp_path: Path, broker: Server, how: Callable[[Oxygrid], object]) -> None:
    with collecting(tmp_path, broker) as (subject, line):
        line.publish([reading(1.5)])
        until_told(subject, f"{LP_LL} raised")
        wait_until(lambda: notices(subject) == 1, 10, "the notice is out")
        wait_until(lambda: metric(subject, 'oxygrid_notices_total{channel="log",outcome="sent"}') == 1, 10, "noted as sent")
        how(subject)
        line.publish([reading(1.4)])
        subject.start_and_wait()
        line.publish([reading(1.3)])
        wait_until(lambda: subject.journalled() >= 3, 10, "taken")
        line.publish([reading(4.1)])
        until_told(subject, f"{LP_LL} raised", f"{LP_LL} cleared")
        wait_until(lambda: notices(subject) == 2, 10, "told that it is over")
        assert subject.stop()[0] == 0


def test_an_open_alarm_is_the_same_after_a_reload_and_after_a_refused_one(tmp_path: Path, broker: Server) -> None:
    with collecting(tmp_path, broker) as (subject, line):
        line.publish([reading(1.5)])
        until_told(subject, f"{LP_LL} raised")
        subject.write_config({**subject.sections, "sites": [{**SITE, "id": "No Id"}]})
        subject.reload()
        wait_until(lambda: "the old one stays in force" in subject.words(), 15, "refused")
        assert f"{subject.config}:" in subject.words()
        new = {"id": "b", "assets": [LINE]}
        subject.write_config({**subject.sections, "sites": [SITE, new]})
        subject.reload()
        wait_until(lambda: "configuration reloaded: 2 sites" in subject.words(), 15, "taken")
        line.publish([reading(1.4), reading(1.5, "oxygrid/v1/b/line")])
        until_told(subject, f"{LP_LL} raised", "b/line/LP-LL raised")


RULES = """\
rules:
  - id: MY-L
    kind: pipeline
    type: below
    signals: [line_pressure_bar]
    limit: LIMIT
    clear: 2.5
    priority: low
    message: my own
    response: Look.
    respond_min: 5
"""


def test_a_rule_file_that_is_wrong_is_refused_with_its_line_and_the_running_rules_stay_in_force(tmp_path: Path, broker: Server) -> None:
    mine, own = tmp_path / "mine.yaml", "a/line/MY-L"
    mine.write_text(RULES.replace("LIMIT", "2"))
    rules = {"files": ["mine.yaml"], "everywhere": {name: {"enabled": False} for name in ("LP-LL", "LP-L")}}
    with collecting(tmp_path, broker, rules=rules) as (subject, line):
        assert f"{mine}:6: rules[0]" not in subject.words()
        assert "MY-L: its on-delay of 0 s is less than two sampling intervals" in subject.words(), "doubts are logged at the start"
        line.publish([reading(1.9)])
        until_told(subject, f"{own} raised")
        for wrong, said in (
            ("2 kg", "rules[0].limit: 2 kg: 'kg' is a unit of mass, not of pressure"),
            ("26", "rules[0].limit: MY-L: 26 is outside the sane range of line_pressure_bar (−0.2 … 16 bar); 26 psi would be 1.79 bar"),
            ("3", "rules[0].clear: MY-L: 2.5 is on the wrong side of limit 3"),
        ):
            mine.write_text(RULES.replace("LIMIT", wrong))
            subject.reload()
            wait_until(lambda said=said: said in subject.words(), 15, f"refused: {said}")  # type: ignore[misc]
            assert f"{mine}:6: " in subject.words()
        assert "configuration reloaded" not in subject.words()
        line.publish([reading(2.6)])
        until_told(subject, f"{own} raised", f"{own} cleared")
        mine.write_text(RULES.replace("LIMIT", "20 psi"))
        subject.reload()
        wait_until(lambda: "configuration reloaded" in subject.words(), 15, "taken")
        at_ms = now_ms()
        line.publish([reading(1.9, ts_ms=at_ms - 100), reading(1.3, ts_ms=at_ms)])
        until_told(subject, f"{own} raised", f"{own} cleared", f"{own} raised")


def test_an_alarm_whose_asset_is_no_longer_configured_does_not_stay_open_for_ever(tmp_path: Path, broker: Server) -> None:
    with collecting(tmp_path, broker) as (subject, line):
        line.publish([reading(1.5)])
        until_told(subject, f"{LP_LL} raised")
        wait_until(lambda: subject.status()["alarms"], 10, "seen")
        subject.write_config({**subject.sections, "sites": [{"id": "a", "assets": [{**LINE, "id": "other"}]}]})
        subject.reload()
        wait_until(lambda: "configuration reloaded" in subject.words(), 15, "taken")
        line.publish([reading(4.1, "oxygrid/v1/a/other")])
        until_told(subject, f"{LP_LL} raised", f"{LP_LL} cleared")
        wait_until(lambda: not subject.status()["alarms"], 15, "nobody is asked to act on what is no longer there")
        assert "is not watched any more: it was taken out of the configuration" in subject.words()


# ---- neighbours that are not there -------------------------------------------------------------------------------------------------


def test_a_broker_that_is_down_at_the_start_is_said_and_waited_for(tmp_path: Path) -> None:
    port = free_port()
    with oxygrid(tmp_path / "o", {"sites": [SITE], "mqtt": {"url": f"mqtt://127.0.0.1:{port}"}, "rules": AT_ONCE}) as subject:
        subject.start()
        wait_until(lambda: answers(subject), 20, "it runs")
        wait_until(lambda: f"nothing listens on 127.0.0.1:{port}" in not_ready(subject), 10, "it says why")
        assert subject.status()["source"]["connected"] is False
        with servers.mosquitto(tmp_path / "m", port=port) as broker:
            subject.wait_ready()
            with Line(broker.port) as line:
                line.publish([reading(1.5)])
                until_told(subject, f"{LP_LL} raised")
        assert subject.stop()[0] == 0


def test_a_database_that_is_down_at_the_start_holds_up_no_alarm(tmp_path: Path, broker: Server) -> None:
    port = free_port()
    at_ms = now_ms()
    with oxygrid(tmp_path / "o", sections(broker, influxdb={"url": f"http://127.0.0.1:{port}"})) as subject, Line(broker.port) as line:
        subject.start()
        wait_until(lambda: answers(subject) and subject.status()["source"]["connected"], 20, "it runs")
        line.publish([reading(1.5, ts_ms=at_ms)])
        until_told(subject, f"{LP_LL} raised")
        wait_until(lambda: "the database takes nothing" in not_ready(subject), 15, "it says so")
        with servers.influxdb(tmp_path / "i", port=port) as server:
            wait_until(lambda: stored_or_nothing(server) == {TOPIC: {at_ms: 1.5}}, 40, "what came meanwhile is stored")
            subject.wait_ready()
        assert subject.stop()[0] == 0


def stored_or_nothing(server: Server) -> dict[str, dict[int, float]]:
    try:
        return stored(server, "pipeline", "line_pressure_bar")
    except AssertionError:  # the database is not made yet
        return {}


def answers(subject: Oxygrid) -> bool:
    try:
        return subject.page("healthz") == b"ok\n"
    except OSError:
        return False


def not_ready(subject: Oxygrid) -> str:
    """The words of /readyz where it answers 503."""
    try:
        subject.page("readyz")
    except urllib.error.HTTPError as exc:
        return exc.read().decode()
    return ""
