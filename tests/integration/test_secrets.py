"""A secret is told to nobody but the one it is for: each is a canary here, everything fails that can, and all that is said is read."""

from __future__ import annotations

import http.server
import subprocess
import sys
import threading
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.rig import ROOT, oxygrid, wait_until
from tests.integration.test_app import reading
from tests.servers import HOST, Server, free_port, mosquitto

CANARY = "canary-7f3a91c4"
SECRETS = ("mqtt", "influx", "smtp", "hook", "header")


def secret(name: str) -> str:
    return f"{CANARY}-{name}"


class Repeats(http.server.BaseHTTPRequestHandler):
    """A receiver that refuses, and repeats in its answer all that it was told."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        said = f"{self.path}\n{self.headers}\n".encode() + body[:200]
        self.send_response(401)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def repeats() -> Iterator[int]:
    server = http.server.ThreadingHTTPServer((HOST, 0), Repeats)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def asks_a_password(tmp_path: Path) -> Iterator[Server]:
    """A broker that knows the collector's password."""
    (tmp_path / "passwords").write_text("")
    subprocess.run(["mosquitto_passwd", "-b", tmp_path / "passwords", "collector", secret("mqtt")], check=True, capture_output=True)
    (tmp_path / "passwords").chmod(0o644)
    with mosquitto(tmp_path / "mosquitto", anonymous=False, extra=f"password_file {tmp_path}/passwords") as server:
        yield server


def sections(folder: Path, broker: Server, repeats: int) -> dict[str, Any]:
    for name in SECRETS:
        text = f"http://{HOST}:{repeats}/hook/{secret(name)}" if name == "hook" else secret(name)
        (folder / name).write_text(f"{text}\n")
        (folder / name).chmod(0o600)
    return {
        "sites": [{"id": "a", "assets": [{"id": "line", "kind": "pipeline", "nominal_bar": 4.1}]}],
        "rules": {"everywhere": {"LP-LL": {"on_delay_s": 0}}},
        "mqtt": {"url": f"mqtt://{HOST}:{broker.port}", "username": "collector", "password_file": str(folder / "mqtt")},
        "influxdb": {"url": f"http://{HOST}:{repeats}", "api": "v2", "token_file": str(folder / "influx")},
        "notify": {
            "channels": [
                {"id": "hook", "kind": "webhook", "url_file": str(folder / "hook"), "secret_headers": {"X-Key": str(folder / "header")}},
                {
                    "id": "mail",
                    "kind": "smtp",
                    "host": HOST,
                    "port": free_port(),
                    "tls": "tls",
                    "from": "a@b.example",
                    "to": ["c@d.example"],
                    "username": "a",
                    "password_file": str(folder / "smtp"),
                },
            ]
        },
    }


@pytest.mark.server
def test_no_secret_is_ever_said(tmp_path: Path, asks_a_password: Server, repeats: int) -> None:
    with oxygrid(tmp_path, sections(tmp_path, asks_a_password, repeats)) as subject:
        subject.sections["ops"]["log_level"] = "debug"
        subject.write_config(subject.sections)
        subject.start()
        wait_until(lambda: "connected" in subject.words(), 20, "it is connected to the broker")
        low = reading(1.0)
        publish = ["mosquitto_pub", "-p", str(asks_a_password.port), "-q", "1", "-u", "collector", "-P", secret("mqtt")]
        subprocess.run([*publish, "-t", low.topic, "-m", low.payload.decode()], check=True, timeout=20)
        wait_until(lambda: "hook" in subject.words() and "mail" in subject.words(), 20, "both channels have failed")
        said = {"log": subject.words()}
        for args in (
            ["status"],
            ["status", "--json"],
            ["alarms", "--json"],
            ["audit", "list", "--json"],
            ["quarantine", "--json"],
            ["record"],
            ["config", "check"],
            ["config", "schema"],
            ["broker", "accounts", "list"],
        ):
            argv = [sys.executable, "-m", "collector", *args, *([] if args[-1] == "schema" else ["-c", str(subject.config)])]
            ran = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
            said[" ".join(args)] = ran.stdout + ran.stderr
        for name in ("metrics", "status", "readyz", "healthz"):
            try:
                said[f"/{name}"] = subject.page(name).decode()
            except urllib.error.HTTPError as exc:
                said[f"/{name}"] = exc.read().decode()
    files = {str(file): file.read_bytes().decode("latin-1") for file in subject.data_dir.rglob("*") if file.is_file()}
    assert [where for where, text in {**said, **files}.items() if CANARY in text] == []
    assert len(said) == 14
    assert "LP-LL" in said["alarms --json"]
