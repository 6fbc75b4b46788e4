"""`oxygrid dashboards push` against a small HTTP server that answers as Grafana does."""

from __future__ import annotations

import json
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from collector.cli import main
from dashboards.build import OUT

TITLES = [json.loads(path.read_text("utf-8"))["title"] for path in sorted((OUT / "fr").glob("*.json"))]


class Grafana:
    """`answer` may say (status, body) to a request, by method and path; else all is well. What was asked for is in `asked`."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, Any]]] = []
        self.tokens: set[str | None] = set()
        self.answer: Callable[[str, str], tuple[int, dict[str, str]] | None] = lambda _method, _path: None
        grafana = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                grafana.tokens.add(self.headers["Authorization"])
                grafana.asked.append((self.command, self.path, body))
                status, said = grafana.answer(self.command, self.path) or (200, {"status": "success"})
                self.send_response(status)
                if "location" in said:
                    self.send_header("Location", said["location"])
                self.end_headers()
                with suppress(BrokenPipeError):  # who asked has gone
                    self.wfile.write(json.dumps(said).encode())

            do_PATCH = do_POST

            def log_message(self, *_: object) -> None:
                """Nothing: it would stand between the lines of the tests."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))

    def __enter__(self) -> Grafana:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()


@pytest.fixture
def grafana() -> Iterator[Grafana]:
    with Grafana() as server:
        yield server


@pytest.fixture
def token(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text("glsa_secret\n")
    return path


def push(url: str, token: Path, *more: str) -> int:
    return main(["dashboards", "push", "--url", url, "--token-file", str(token), *more])


def test_the_folder_then_every_dashboard_of_the_language_over_what_is_there(
    grafana: Grafana, token: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert push(grafana.url + "/", token, "--language", "fr") == 0
    assert capsys.readouterr().out.splitlines() == TITLES
    assert grafana.tokens == {"Bearer glsa_secret"}
    (folder, *sent) = grafana.asked
    assert folder == ("POST", "/api/folders", {"uid": "oxygrid-fr", "title": "Oxygrid français"})
    assert {(method, path) for method, path, _ in sent} == {("POST", "/api/dashboards/db")}
    bodies = [body for *_, body in sent]
    assert [body["dashboard"]["title"] for body in bodies] == TITLES
    assert {(body["folderUid"], body["overwrite"], body["dashboard"]["id"]) for body in bodies} == {("oxygrid-fr", True, None)}
    kept = json.loads((OUT / "fr/hospital.json").read_text("utf-8"))
    assert {**kept, "id": None} in [body["dashboard"] for body in bodies]


@pytest.mark.parametrize("status", [409, 412])
def test_a_folder_that_is_there_is_taken(grafana: Grafana, token: Path, status: int) -> None:
    grafana.answer = lambda _method, path: (status, {"message": "exists"}) if path == "/api/folders" else None
    assert push(grafana.url, token, "--language", "fr") == 0
    assert len(grafana.asked) == 1 + len(TITLES)


def test_in_one_bucket_nothing_stands_before_what_is_kept_long(grafana: Grafana, token: Path) -> None:
    assert push(grafana.url, token, "--one-bucket") == 0
    variables = [each for *_, body in grafana.asked[1:] for each in body["dashboard"]["templating"]["list"] if each["name"] == "long"]
    assert variables
    assert all((each["query"], each["current"]["value"]) == ("", "") for each in variables)


def test_it_can_become_the_home_of_grafana(grafana: Grafana, token: Path) -> None:
    assert push(grafana.url, token, "--home", "--language", "ar") == 0
    assert grafana.asked[-1] == ("PATCH", "/api/org/preferences", {"homeDashboardUID": "oxygrid-home-ar"})


@pytest.mark.parametrize(
    ("status", "said", "code", "expected"),
    [
        (401, {"message": "Invalid API key"}, 2, "401 (Invalid API key); the token is not valid, or has expired"),
        (403, {"message": "no permission"}, 2, "403 (no permission); the token may not do this; give its service account the role Editor"),
        (404, {"message": "Not found"}, 2, "404 (Not found); no Grafana answers there"),
        (
            412,
            {"status": "plugin-dashboard", "message": "belongs to plugin X"},
            2,
            "412 (belongs to plugin X); something else stands in the way",
        ),
        (400, {"message": "Cannot save provisioned dashboard"}, 2, "400 (Cannot save provisioned dashboard)"),
        (302, {"location": "https://elsewhere.example/login"}, 2, "a redirect is not followed with a token"),
        (500, {"message": "database is locked"}, 1, "500 (database is locked)"),
    ],
)
def test_what_grafana_refuses_is_said_with_what_would_be_right(
    grafana: Grafana, token: Path, capsys: pytest.CaptureFixture[str], status: int, said: dict[str, str], code: int, expected: str
) -> None:
    grafana.answer = lambda _method, path: (status, said) if path == "/api/dashboards/db" else None
    assert push(grafana.url, token) == code
    err = capsys.readouterr().err
    assert expected in err
    assert "glsa_secret" not in err
    assert len(grafana.asked) == 2


def test_nobody_there_and_no_answer_are_told_apart(token: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Grafana() as gone:
        pass
    assert push(gone.url, token) == 2
    assert f"{gone.url}: can't be reached" in capsys.readouterr().err


def test_a_grafana_that_hangs_is_not_waited_for_for_ever(grafana: Grafana) -> None:
    from collector.errors import OxygridError, UserError
    from dashboards.push import Grafana as Client

    released = threading.Event()
    grafana.answer = lambda _method, _path: (200, {}) if released.wait(10) else None
    began = time.monotonic()
    with pytest.raises(OxygridError, match=r"no answer within 0\.2 s") as raised:
        Client(grafana.url, "t", timeout_s=0.2).ask("POST", "/api/folders", {})
    released.set()
    assert not isinstance(raised.value, UserError)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(("url", "expected"), [("grafana.example.org", "is no address"), ("file:///etc/passwd", "is no address")])
def test_what_is_no_web_address_is_refused(token: Path, capsys: pytest.CaptureFixture[str], url: str, expected: str) -> None:
    assert push(url, token) == 2
    assert expected in capsys.readouterr().err


def test_a_folder_without_dashboards_is_named(grafana: Grafana, token: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert push(grafana.url, token, "--out", str(tmp_path)) == 2
    assert f"{tmp_path}/en: no dashboards are there" in capsys.readouterr().err
    assert grafana.asked == []


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1 that signs itself, with its key in the same file."""
    key, cert, both = tmp_path / "key.pem", tmp_path / "cert.pem", tmp_path / "both.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=grafana", "-addext",
         "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True,
    )  # fmt: skip
    both.write_text(key.read_text() + cert.read_text())
    return both


def test_a_certificate_must_be_trusted(grafana: Grafana, token: Path, certificate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    grafana.server.socket = context.wrap_socket(grafana.server.socket, server_side=True)
    url = grafana.url.replace("http:", "https:")
    assert push(url, token) == 2
    assert "its certificate is not trusted" in capsys.readouterr().err
    assert grafana.asked == []
    assert push(url, token, "--ca-file", str(certificate.with_name("cert.pem"))) == 0
    assert len(grafana.asked) == 1 + len(TITLES)
