"""An InfluxDB 2 as docker-compose.yml makes one: an organisation, a bucket, and what stack/influxdb-tokens.sh makes of tokens and names."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import servers
from tests.servers import Server

SCRIPT = Path(__file__).parents[1] / "stack" / "influxdb-tokens.sh"
ADMIN = "the admin's own token"
NAME = "oxygrid"
"""Of the organisation and of the bucket."""


@dataclass(frozen=True)
class Influx2:
    """The server, set up, and the token of each service: `collector`, `console`, `grafana`."""

    server: Server
    tokens: dict[str, str]

    @property
    def url(self) -> str:
        return self.server.http

    def call(self, method: str, path: str, body: object = None) -> Any:
        """The API of InfluxDB 2, as its admin."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Authorization": f"Token {ADMIN}"}, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or b"null")

    def write(self, lines: str, service: str) -> None:
        """Line protocol with times in seconds, as one of the services. urllib.error.HTTPError where it may not."""
        headers = {"Authorization": f"Token {self.tokens[service]}"}
        request = urllib.request.Request(f"{self.url}/api/v2/write?org={NAME}&bucket={NAME}&precision=s", lines.encode(), headers)
        urllib.request.urlopen(request, timeout=10).close()

    def bucket(self, name: str = NAME) -> str:
        """Its id."""
        return str(self.call("GET", f"/api/v2/buckets?name={name}")["buckets"][0]["id"])


@contextmanager
def set_up(folder: Path) -> Iterator[Influx2]:
    with servers.influxdb2(folder / "influxdb") as server:
        given = {"username": "admin", "password": "a long password", "org": NAME, "bucket": NAME, "token": ADMIN}
        made = Influx2(server, {})
        made.call("POST", "/api/v2/setup", given | {"retentionPeriodSeconds": 100 * 365 * 86_400})
        tell(made, folder)
        for service in ("collector", "console", "grafana"):
            made.tokens[service] = (folder / service / "token").read_text().strip()
        yield made


def tell(made: Influx2, folder: Path) -> str:
    """Run the stack's script, with `influx` from beside the server, as the user that tests are run by; what it said."""
    (folder / "admin-token").write_text(ADMIN)
    for service in ("collector", "console", "grafana"):
        (folder / service).mkdir(exist_ok=True)
    beside = str(Path(os.environ["INFLUXD2"]).parent)
    if not (Path(beside) / "influx").is_file():
        pytest.fail(f"there is no influx in {beside}, beside influxd", pytrace=False)
    environment = {
        "PATH": f"{beside}:{os.environ['PATH']}",
        "HOME": str(folder),
        "INFLUX_HOST": made.url,
        "ORG": NAME,
        "BUCKET": NAME,
        "ADMIN_TOKEN_FILE": str(folder / "admin-token"),
        "TOKENS": str(folder),
    }
    done = subprocess.run(["/bin/sh", str(SCRIPT)], env=environment, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout + done.stderr
