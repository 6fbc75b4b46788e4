"""Who is measured, each as a child process: Oxygrid, a C subscriber that does nothing, the plain loop; and the publisher for them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from bench.fleet import Fleet, write_config
from bench.load import Order, Report
from tests.servers import Server, free_port, program

ROOT = Path(__file__).parent.parent
READY_S = 60.0
STOP_S = 15.0


class Publisher:
    """`python -m bench.load` as a child: encoded and connected when this is made; `go` starts it, `report` waits for its end."""

    def __init__(self, order: Order) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.load"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self._say(msgspec.json.encode(order).decode())
        self._hear("ready")

    @property
    def pid(self) -> int:
        return self.process.pid

    def go(self) -> None:
        self._say("go")

    def report(self) -> Report:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.process.wait()
        return msgspec.json.decode(line, type=Report)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def _say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def _hear(self, word: str) -> None:
        assert self.process.stdout is not None
        if self.process.stdout.readline().strip() != word:
            raise RuntimeError("the publisher did not start; its words are above")


@contextmanager
def publisher(order: Order) -> Iterator[Publisher]:
    child = Publisher(order)
    try:
        yield child
    finally:
        child.end()


class Child(ABC):
    """A program that is measured: it can be killed, and started again with what it kept."""

    process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @abstractmethod
    def start(self) -> None: ...

    @abstractmethod
    def wait_ready(self) -> None:
        """Until it takes messages. RuntimeError, with the end of its log, where it does not."""

    def stop(self) -> None:
        process, self.process = self.process, None
        if process is not None:
            end(process)


C = TypeVar("C", bound=Child)


@contextmanager
def ready(child: C) -> Iterator[C]:
    """It runs and takes messages when this begins."""
    try:
        child.start()
        child.wait_ready()
        yield child
    finally:
        child.stop()


class Collector(Child):
    """`oxygrid run` as a child process, everything on."""

    def __init__(self, folder: Path, fleet: Fleet, broker: Server, database_url: str, rules: tuple[str, ...] = ()) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.ops_port = folder, free_port()
        self.log = folder / "collector.log"
        self._config = write_config(folder / "oxygrid.yaml", fleet, [*self._sections(broker, database_url), *rules])

    @property
    def state_path(self) -> Path:
        return self.folder / "data" / "state.db"

    def start(self) -> None:
        with self.log.open("ab") as log:
            argv = [sys.executable, "-m", "collector", "run", "-c", str(self._config)]
            self.process = subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def wait_ready(self) -> None:
        deadline = time.monotonic() + READY_S
        while not self._is_ready():
            if self.process is None or self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the collector did not start; the end of its log:\n{self.end_of_log()}")
            time.sleep(0.05)

    def lag_batches(self) -> int:
        """How many batches its slowest reader of the journal is behind."""
        return int(self._most("oxygrid_cursor_lag_batches"))

    def lag_s(self) -> float:
        """How old the oldest batch is that some reader of the journal has not done."""
        return self._most("oxygrid_cursor_lag_seconds")

    def reconnects(self) -> int:
        """How often its session with the broker broke off; never, in a measurement that counts."""
        return int(self._most("oxygrid_source_reconnects_total"))

    def _most(self, metric: str) -> float:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ops_port}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return max((float(line.rpartition(" ")[2]) for line in lines if line.startswith(metric + "{")), default=0.0)

    def end_of_log(self) -> str:
        return self.log.read_text()[-2000:]

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ops_port}/readyz", timeout=1):
                return True
        except (OSError, urllib.error.URLError):
            return False

    def _sections(self, broker: Server, database_url: str) -> list[str]:
        return [
            f"data_dir: {self.folder}/data",
            f"mqtt: {{url: 'mqtt://127.0.0.1:{broker.port}'}}",
            f"influxdb: {{url: '{database_url}'}}",
            f"ops: {{port: {self.ops_port}}}",
        ]


def collector(
    folder: Path, fleet: Fleet, broker: Server, database_url: str, rules: tuple[str, ...] = ()
) -> AbstractContextManager[Collector]:
    """Ready when it begins."""
    return ready(Collector(folder, fleet, broker, database_url, rules))


@contextmanager
def c_subscriber(broker: Server, messages: int, *, version: str) -> Iterator[subprocess.Popen[bytes]]:
    """mosquitto_sub: prints each payload to nowhere and ends after so many. With MQTT 5 it says how much it can take at once."""
    argv = [program("mosquitto_sub", "Debian's package mosquitto-clients"), "-p", str(broker.port), "-t", "oxygrid/#", "-q", "1"]
    argv += ["-C", str(messages), "-V", version]
    if version == "5":
        argv += ["-D", "connect", "receive-maximum", "65534"]
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        time.sleep(0.5)  # it says nothing when it is subscribed; were it late, it would never count to the end
        yield process
    finally:
        end(process)


@contextmanager
def plain_loop(broker: Server, database_url: str) -> Iterator[subprocess.Popen[bytes]]:
    argv = [sys.executable, "-m", "bench.plain_loop", str(broker.port), database_url]
    process = subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        if process.stdout.readline().strip() != b"ready":
            raise RuntimeError("the plain loop did not subscribe")
        yield process
    finally:
        end(process)
        process.stdout.close()


TELEGRAF = """\
[agent]
  flush_interval = "1s"
  metric_batch_size = 5000
  metric_buffer_limit = 1000000
  omit_hostname = true
[[inputs.mqtt_consumer]]
  servers = ["tcp://127.0.0.1:{port}"]
  topics = ["oxygrid/v1/+/+"]
  qos = 1
  client_id = "telegraf"
  persistent_session = true
  max_undelivered_messages = 20000
  topic_tag = ""
  name_override = "{measurement}"
  data_format = "json_v2"
  tags = {{district = "kasganj", region = "up"}}
  [[inputs.mqtt_consumer.topic_parsing]]
    topic = "oxygrid/v1/+/+"
    tags = "_/_/site/asset"
  [[inputs.mqtt_consumer.json_v2]]
    timestamp_path = "ts"
    timestamp_format = "unix_ms"
    [[inputs.mqtt_consumer.json_v2.object]]
      path = "values"
[[outputs.influxdb]]
  urls = ["{url}"]
  database = "oxygrid"
"""
"""Telegraf as its documentation says that nothing is lost: QoS 1, a session that persists, what is not written is not acknowledged."""


def telegraf_program() -> str:
    """What the environment variable TELEGRAF names; no Debian package has it."""
    path = os.environ.get("TELEGRAF", "")
    if not os.access(path, os.X_OK):
        raise SystemExit(f"TELEGRAF is {path!r}; it has to name the program telegraf")
    return path


class Telegraf(Child):
    """Telegraf as a child process."""

    def __init__(self, folder: Path, broker: Server, database_url: str, measurement: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "telegraf.log"
        self._config = folder / "telegraf.conf"
        self._config.write_text(TELEGRAF.format(port=broker.port, url=database_url, measurement=measurement))

    def start(self) -> None:
        with self.log.open("wb") as log:
            argv = [telegraf_program(), "--config", str(self._config)]
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def wait_ready(self) -> None:
        deadline = time.monotonic() + READY_S
        while "Connected [tcp" not in self.log.read_text():
            if self.process is None or self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Telegraf did not start; the end of its log:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.05)
        time.sleep(0.5)  # it subscribes after that word


def wait_ended(process: subprocess.Popen[bytes], limit_s: float) -> float:
    """Wait for a child to end, and leave it as it is, so that its CPU time can still be read; when it was, in seconds since the epoch."""
    deadline = time.monotonic() + limit_s
    while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"process {process.args!r} has not ended after {limit_s:.0f} s")
        time.sleep(0.01)
    return time.time()


def end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
