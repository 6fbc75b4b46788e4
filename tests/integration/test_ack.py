"""`oxygrid ack` with a running collector: the alarm is acknowledged once; and what answers like no collector is named."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from collector.cli import main
from tests.servers import Server, free_port, program

ROOT = Path(__file__).parents[2]
WAIT_S = 20.0

Said = Callable[..., tuple[int, str, str]]


@pytest.fixture
def oxygrid(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Said:
    """Runs `oxygrid …` in this process, in the folder of the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OXYGRID_CONFIG", raising=False)

    def run(*args: str) -> tuple[int, str, str]:
        capsys.readouterr()
        return main(list(args)), *capsys.readouterr()

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "oxygrid.yaml").write_text("sites: []\n")
    (tmp_path / "data").mkdir()
    return tmp_path


@contextmanager
def listening(path: Path, answer: bytes) -> Iterator[None]:
    """A socket file where the first who asks gets `answer`, and nothing more."""

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            asked = b""
            while b"}" not in asked:
                asked += connection.recv(65_536)
            connection.sendall(answer)

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        thread = Thread(target=serve)
        thread.start()
        yield
        thread.join()


@pytest.mark.parametrize("answer", [b"", b"HELO\r\n\r\n"])
def test_what_answers_like_no_collector_is_named(oxygrid: Said, folder: Path, answer: bytes) -> None:
    with listening(folder / "data" / "control.sock", answer):
        code, out, err = oxygrid("ack", "a/line/LP-LL", "--by", "Asha")
    assert (code, out) == (1, "")
    assert "control.sock: no answer of a collector" in err


@contextmanager
def collector(folder: Path, broker: Server) -> Iterator[None]:
    """`oxygrid run` in a process of its own; line pressure below 80 % is an alarm at once."""
    (folder / "oxygrid.yaml").write_text(
        "sites:\n  - id: a\n    assets:\n      - {id: line, kind: pipeline, nominal_bar: 4.1}\n"
        f"mqtt: {{url: 'mqtt://127.0.0.1:{broker.port}'}}\nops: {{port: {free_port()}}}\n"
        "rules: {everywhere: {LP-LL: {on_delay_s: 0, off_delay_s: 0}}}\n"
    )
    argv = [sys.executable, "-m", "collector", "run"]
    with subprocess.Popen(argv, cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield
        finally:
            process.terminate()
            _, log = process.communicate(timeout=WAIT_S)
    assert process.returncode == 0, log


def publish(broker: Server, line_pressure_bar: float) -> None:
    payload = json.dumps({"values": {"line_pressure_bar": line_pressure_bar}})
    argv = [program("mosquitto_pub", "mosquitto-clients"), "-p", str(broker.port), "-q", "1", "-t", "oxygrid/v1/a/line", "-m", payload]
    subprocess.run(argv, check=True, timeout=WAIT_S)


def states(oxygrid: Said) -> dict[str, str]:
    """The alarms as the running collector tells them."""
    code, out, _ = oxygrid("status", "--json")
    return {alarm["alarm"]: alarm["state"] for alarm in json.loads(out)["alarms"]} if code == 0 else {}


def wait_for(oxygrid: Said, wanted: dict[str, str], meanwhile: Callable[[], None] = lambda: None) -> None:
    deadline = time.monotonic() + WAIT_S
    while (found := states(oxygrid)) != wanted:
        assert time.monotonic() < deadline, f"found {found}, wanted {wanted}"
        meanwhile()
        time.sleep(0.2)


@pytest.mark.server
def test_a_running_collector_takes_the_acknowledgement_once(oxygrid: Said, folder: Path, broker: Server) -> None:
    name = "a/line/LP-LL"
    with collector(folder, broker):
        wait_for(oxygrid, {name: "unacknowledged"}, lambda: publish(broker, 2.0))

        code, out, err = oxygrid("ack", "a/line/LP-L", "--by", "Asha")
        assert (code, out) == (1, "")
        assert "a/line/LP-L: it is normal, there is nothing to acknowledge" in err

        assert oxygrid("ack", name, "--by", " Asha ") == (0, f"acknowledged: {name} by Asha\n", "")
        wait_for(oxygrid, {name: "acknowledged"})
        code, _, err = oxygrid("ack", name, "--by", "Asha")
        assert code == 1
        assert "a/line/LP-LL: it is acknowledged already" in err

        publish(broker, 4.1)
        wait_for(oxygrid, {})
        publish(broker, 2.0)
        wait_for(oxygrid, {name: "unacknowledged"})
        publish(broker, 4.1)
        wait_for(oxygrid, {name: "returned"})
        assert oxygrid("ack", name, "--by", "Asha")[0] == 0
        wait_for(oxygrid, {})
