"""The stack's own files with real programs, but no containers: broker, InfluxDB 2, collector and console as they are shipped."""

from __future__ import annotations

import json
import re
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.reader import Series, asking
from collector.access.stack import PREFIX
from tests.faults.rig import ROOT, wait_until
from tests.influxdb2 import Influx2, set_up
from tests.integration.door import SHIPPED, Door, come, door, trusting
from tests.servers import HOST, _die_with_parent, free_port

pytestmark = [pytest.mark.influxdb2, pytest.mark.server]

SITE = "district-hospital"
WAIT_S = 30.0


@dataclass(frozen=True)
class Stack:
    """What runs; `config` is the shipped file with other paths and ports."""

    broker: Door
    database: Influx2
    config: Path
    console: str

    def ask(self, query: str) -> Series:
        return asking(self.database.url, self.database.tokens["grafana"])(query)

    def oxygrid(self, *args: str) -> str:
        argv = [sys.executable, "-m", "collector", *args, "-c", str(self.config)]
        return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout

    def page(self, path: str, **headers: str) -> str:
        """Of the console, verified with the private authority."""
        request = urllib.request.Request(self.console + path, headers=headers)
        with urllib.request.urlopen(request, timeout=10, context=trusting(self.broker.authority)) as answer:
            return str(answer.read().decode())


def placed(folder: Path, broker: Door, database: Influx2, service: str, port: int) -> Path:
    """The shipped configuration, as this service's container sees it."""
    secrets = broker.secrets
    text = (SHIPPED.parent / "oxygrid.yaml").read_text()
    for there, here in {
        "/var/lib/oxygrid-accounts": str(secrets / "accounts"),
        "/var/lib/oxygrid": str(folder / "data"),
        "/run/oxygrid-console": str(secrets / "console"),
        "/run/oxygrid/": f"{secrets}/collector/",
        "/run/influxdb-token": str(folder / service),
        "http://influxdb:8086": database.url,
        "mqtts://mosquitto:8884": f"mqtts://{HOST}:{broker.certified}",
        "  host: 0.0.0.0\n": f"  host: {HOST}\n  port: {port}\n",
        "https://oxygen.example.org:8443": f"https://{HOST}:{port}",
    }.items():
        assert there in text, there
        text = text.replace(there, here)
    file = folder / f"{service}.yaml"
    file.write_text(text)
    return file


@contextmanager
def running(folder: Path, *args: str) -> Iterator[None]:
    with (folder / f"{args[0]}.log").open("ab") as log:
        argv = [sys.executable, "-m", "collector", *args]
        process = subprocess.Popen(argv, cwd=ROOT, stdout=log, stderr=log, preexec_fn=_die_with_parent)  # noqa: PLW1509

    try:
        yield
    finally:
        process.terminate()
        process.wait(15)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    port = free_port()
    with door(folder) as broker, set_up(folder) as database:
        config, looking = (placed(folder, broker, database, service, port) for service in ("collector", "console"))
        with running(folder, "run", "-c", str(config)), running(folder, "console", "run", "-c", str(looking)):
            made = Stack(broker, database, config, f"https://{HOST}:{port}")
            wait_until(lambda: answers(made), WAIT_S, f"the console answers; see {folder}")
            yield made


def answers(stack: Stack) -> bool:
    try:
        return bool(stack.page("/healthz"))
    except (urllib.error.URLError, ssl.SSLError, ConnectionError):
        return False


def test_from_a_gateway_to_the_database_and_to_the_page(stack: Stack) -> None:
    """With the account that a technician gets: a reading is stored under its names, an alarm is raised, and the page shows both."""
    login = stack.broker.account(SITE, "gw1")
    with closing(come(f"{SITE}.gw1", stack.broker.gateways, login, trusting(stack.broker.authority))) as gateway:
        assert gateway.refused == ""
        wait_until(lambda: gateway.publish(f"{PREFIX}/{SITE}/gw1/status", b"online") == "Success", WAIT_S, "the collector listens")
        begun_s = time.time()
        for n in range(15):
            reading = {"ts": int(time.time() * 1000), "seq": n, "values": {"line_pressure_bar": 2.0 + n / 1000}}
            assert gateway.publish(f"{PREFIX}/{SITE}/line", json.dumps(reading).encode()) == "Success"
            time.sleep(max(0.0, begun_s + n + 1 - time.time()))
        wait_until(
            lambda: bool(stack.ask('SELECT "line_pressure_bar" FROM "pipeline" WHERE "site" = \'district-hospital\'')),
            WAIT_S,
            "it is stored",
        )
        wait_until(lambda: "LP-LL" in json.dumps(stack.ask('SELECT "value" FROM "alarm" GROUP BY "rule"')), WAIT_S, "the alarm is stored")
    assert len(stack.ask('SELECT "line_pressure_bar" FROM "pipeline"')[0]["values"]) == 15
    token = re.search(r"oxy\S+", stack.oxygrid("console", "tokens", "add", "ministry", "--scope", "all", "--days", "1"))
    assert token is not None
    told = json.loads(stack.page("/api/v1/alarms?state=open", Authorization=f"Bearer {token[0]}"))
    assert "LP-LL" in json.dumps(told)


def test_the_last_day_is_drawn_from_the_database(stack: Stack) -> None:
    """By the console, with its own right to read and no other."""
    now_s = int(time.time())
    tags = f"pipeline,site={SITE},asset=line,district=example,region=example"
    lines = "\n".join(f"{tags} line_pressure_bar={4 + hour / 100} {now_s - 3600 * hour}" for hour in range(1, 20))
    stack.database.write(lines, "collector")
    stack.oxygrid("console", "accounts", "add", "asha", "--role", "viewer", "--scope", "all", "--no-password")
    link = re.search(r"https://\S+", stack.oxygrid("console", "link", "asha"))
    assert link is not None
    opener = urllib.request.build_opener(
        urllib.request.HTTPCookieProcessor(), urllib.request.HTTPSHandler(context=trusting(stack.broker.authority))
    )
    with opener.open(link[0], data=b"", timeout=10) as answer:
        assert answer.url == f"{stack.console}/"
    with opener.open(f"{stack.console}/hospital/{SITE}", timeout=10) as answer:
        page = answer.read().decode()
    assert "4.19" in page
