"""Slow and dead receivers: a database that hangs, webhooks and mail servers that never answer, a disk that is full, folders and ports that
can't be had. An alarm reaches those who can be reached; nothing acknowledged is lost; what a person can mend is said in one sentence.
"""

from __future__ import annotations

import errno
import os
import shutil
import socket
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.gateways import Order, gateways
from tests.faults.line import Line, Sent
from tests.faults.receivers import Inbox, black_hole, webhook
from tests.faults.rig import Json, Oxygrid, count, influx, mqtt, oxygrid, plants, say, scaled, stored, wait_until
from tests.servers import HOST, Server

pytestmark = [pytest.mark.faults, pytest.mark.server]

LINES = scaled(200, 40)
SITE = {"id": "ward", "assets": [{"id": f"line-{n}", "kind": "pipeline", "nominal_bar": 4.1} for n in range(LINES)]}
AT_ONCE = {"everywhere": {"LP-LL": {"on_delay_s": 0, "off_delay_s": 0}}}


def pressure(line: int, bar: float) -> Sent:
    ts_ms = time.time_ns() // 1_000_000
    return Sent(f"oxygrid/v1/ward/line-{line}", b'{"ts": %d, "values": {"line_pressure_bar": %.2f}}' % (ts_ms, bar))


def channels(good: Inbox, dead_port: int) -> Json:
    """The dead ones come first."""
    dead_mail = {
        "id": "mail",
        "kind": "smtp",
        "host": HOST,
        "port": dead_port,
        "tls": "none",
        "from": "a@example.org",
        "to": ["b@example.org"],
    }
    dead_hook = {"id": "dead-hook", "kind": "webhook", "url": f"http://{HOST}:{dead_port}/"}
    return {"channels": [dead_mail, dead_hook, {"id": "hook", "kind": "webhook", "url": good.url}, {"id": "log", "kind": "log"}]}


def raise_alarms(line: Line, good: Inbox, numbers: range) -> list[float]:
    """One pipeline after another loses its pressure: how long until the webhook knew of each, in seconds."""
    published_s: dict[str, float] = {}
    for number in numbers:
        published_s[f"ward/line-{number}/LP-LL"] = time.monotonic()
        line.publish([pressure(number, 1.0)])
        time.sleep(0.05)
    wait_until(lambda: published_s.keys() <= good.arrived_s.keys(), 15, "the webhook was told of every alarm")
    return sorted(good.arrived_s[alarm] - at_s for alarm, at_s in published_s.items())


def test_alarms_come_within_a_second_while_others_hang(tmp_path: Path, broker: Server, influxdb_server: Server) -> None:
    with webhook() as good, black_hole() as dead_port:
        sections = {"sites": [SITE], "mqtt": mqtt(broker), "influxdb": influx(influxdb_server)}
        more = {"rules": AT_ONCE, "notify": channels(good, dead_port)}
        with oxygrid(tmp_path / "oxygrid", {**sections, **more}) as subject, Line(broker.port) as line:
            subject.start_and_wait()
            line.publish(pressure(n, 4.1) for n in range(LINES))
            wait_until(lambda: count(influxdb_server, "pipeline", "line_pressure_bar") == LINES, 20, "the first readings stored")
            influxdb_server.freeze()
            delays_s = raise_alarms(line, good, range(LINES))
            p99_s = delays_s[int(0.99 * (LINES - 1))]
            say(f"{LINES} alarms; to the webhook p50 {statistics.median(delays_s) * 1000:.0f} ms, p99 {p99_s * 1000:.0f} ms")
            influxdb_server.thaw()
            wait_until(lambda: count(influxdb_server, "pipeline", "line_pressure_bar") == 2 * LINES, 30, "all is stored")
            code, took_s = subject.stop()
            assert (code, took_s < 5.0) == (0, True), took_s
            assert "pipeline pressure failing" in subject.words()
            assert p99_s < 1.0


# ---- a full disk -----------------------------------------------------------------------------------------------------------------


@contextmanager
def small_disk(folder: Path, size_mib: int, options: str = "") -> Iterator[Path]:
    """A file system of its own."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounting a small file system needs root")
    folder.mkdir()
    argv = ["mount", "-t", "tmpfs", "-o", f"size={size_mib}m,mode=0700{options}", "tmpfs", str(folder)]
    if subprocess.run(argv, check=False, capture_output=True).returncode != 0:
        pytest.skip("this machine lets nobody mount a file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Somebody else takes every byte that is free. What the collector gives back a moment later is its own."""
    ballast = disk / "ballast"
    with ballast.open("ab") as file:
        for size in (1 << 20, 1 << 12):
            try:
                while True:
                    os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, size)
            except OSError as exc:
                assert exc.errno == errno.ENOSPC  # noqa: PT017  that is what is wanted
    return ballast


@pytest.mark.parametrize("again", [False, True], ids=["filled once", "filled again and again"])
def test_a_full_disk_loses_nothing_and_is_recovered_from(tmp_path: Path, broker: Server, influxdb_server: Server, again: bool) -> None:
    """Filled once: the room that the journal keeps in reserve carries on, alarms included.

    Filled again and again: not one byte can be written, so nothing is acknowledged (the broker keeps it) and nobody can be told of what is
    only in the broker; when room comes back, all of it goes on by itself.
    """
    plant = plants(2)
    with webhook() as good, small_disk(tmp_path / "disk", 64) as disk:
        sections = {"sites": [SITE, *plant], "mqtt": mqtt(broker), "influxdb": influx(influxdb_server)}
        more = {"rules": AT_ONCE, "notify": {"channels": [{"id": "hook", "kind": "webhook", "url": good.url}]}}
        folder = tmp_path / "oxygrid"
        with oxygrid(folder, {**sections, **more}, data_dir=disk / "data") as subject, Line(broker.port) as line:
            subject.start_and_wait()
            line.publish(pressure(n, 4.1) for n in range(5))
            topics = [f"oxygrid/v1/{site['id']}/psa0" for site in plant]
            load_s = scaled(30, 3)
            with gateways(Order(broker.port, topics, load_s * 100, 100, str(tmp_path / "gateways"))) as publishers:
                time.sleep(1)
                ballast = fill(disk)
                line.publish([Sent("oxygrid/v1/stranger/psa1", b"?" * 600)])
                full_until_s = time.monotonic() + load_s
                line.publish([pressure(0, 1.0)])
                began_s = time.monotonic()
                told_s = None
                while time.monotonic() < full_until_s:
                    if again:
                        ballast = fill(disk)
                    if told_s is None and "ward/line-0/LP-LL" in good.arrived_s:
                        told_s = good.arrived_s["ward/line-0/LP-LL"] - began_s
                    time.sleep(0.1)
                say(f"disk full for {load_s} s; the alarm came after {told_s if told_s is None else round(told_s, 2)} s")
                ballast.unlink()
                line.publish([pressure(1, 1.0)])
                back_s = wait_until(lambda: "ward/line-1/LP-LL" in good.arrived_s, 30, f"alarms again:\n{subject.words()[-3000:]}")
                say(f"room again: an alarm came after {back_s:.2f} s")
                wait_until(lambda: publishers.ended, 30, "the gateways saw everything acknowledged")
                remembered = publishers.acknowledged()
            readings = sum(map(len, remembered.values()))
            wait_until(lambda: count(influxdb_server, "psa_plant", "energy_kwh") == readings, 30, "everything stored")
            assert stored(influxdb_server, "psa_plant", "energy_kwh") == remembered
            wait_until(lambda: subject.counters().get("quarantined") == {"unknown_site": 1}, 20, "the stranger is counted")
            assert {"ward/line-0/LP-LL", "ward/line-1/LP-LL"} <= good.arrived_s.keys()
            assert again or (told_s is not None and told_s < 3.0)
            assert subject.starts == 1
            assert subject.stop()[0] == 0


def test_sigterm_on_a_full_disk(tmp_path: Path, broker: Server, influxdb_server: Server) -> None:
    """It ends in time all the same; what the broker had taken meanwhile is not lost, and comes when there is room again. A start on a full
    disk waits for room, or ends with a sentence; it breaks nothing."""
    with small_disk(tmp_path / "disk", 64) as disk:
        sections = {"sites": [SITE], "mqtt": mqtt(broker), "influxdb": influx(influxdb_server)}
        with oxygrid(tmp_path / "oxygrid", sections, data_dir=disk / "data") as subject, Line(broker.port) as line:
            subject.start_and_wait()
            line.publish(pressure(n, 1.0) for n in range(LINES))
            for _ in range(20):
                ballast = fill(disk)
                line.publish(pressure(n, 4.1) for n in range(LINES))
                time.sleep(0.1)
            code, took_s = subject.stop()
            say(f"SIGTERM on a full disk: ended with code {code} after {took_s:.2f} s")
            assert (code, took_s < 5.0) == (0, True)
            fill(disk)
            subject.start()
            time.sleep(3)
            assert subject.process is not None
            code_of_start = subject.process.poll()
            say(f"start on a full disk: {'runs' if code_of_start is None else f'ended with code {code_of_start}'}")
            assert "Traceback" not in subject.words(), subject.words()[-3000:]
            ballast.unlink()
            if code_of_start is not None:
                subject.start()
            wait_until(lambda: count(influxdb_server, "pipeline", "line_pressure_bar") == 21 * LINES, 30, "everything stored")
            assert subject.stop()[0] == 0


# ---- what a person can mend --------------------------------------------------------------------------------------------------------


def refused(subject: Oxygrid) -> str:
    """Start it; it must end by itself with exit code 2 and one sentence."""
    subject.start()
    assert subject.process is not None
    assert subject.process.wait(20) == 2, subject.words()
    said = [line for line in subject.words().splitlines() if line.startswith("oxygrid: ")]
    assert len(said) == 1, subject.words()
    assert "Traceback" not in subject.words()
    return said[0]


def test_a_port_in_use(tmp_path: Path) -> None:
    with (
        oxygrid(tmp_path, {"sites": [SITE], "mqtt": {"url": f"mqtt://{HOST}:1"}}) as subject,
        socket.create_server((HOST, subject.ops_port)),
    ):
        assert f"port {subject.ops_port}" in refused(subject)


def test_a_read_only_folder(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1, ",ro") as disk:
        sections = {"sites": [SITE], "mqtt": {"url": f"mqtt://{HOST}:1"}}
        with oxygrid(tmp_path / "oxygrid", sections, data_dir=disk) as subject:
            assert str(disk) in refused(subject)


def test_a_second_collector_on_the_same_folder(tmp_path: Path, broker: Server) -> None:
    """The second is refused; the first goes on."""
    sections = {"sites": [SITE], "mqtt": mqtt(broker)}
    with oxygrid(tmp_path / "first", sections) as first:
        first.start_and_wait()
        with oxygrid(tmp_path / "second", sections, data_dir=first.data_dir) as second:
            assert str(first.data_dir) in refused(second)
        assert first.is_ready()
        assert first.stop()[0] == 0
