"""A provider of OpenID Connect on a port of its own: over TLS, with real keys, strict where a real one is, and wrong wherever a test asks.

    with provider(folder, now_s) as there:
        there.claims["nonce"] = "another"        # in the next ID token
        there.answers["/token"] = giant          # in place of the answer

Everybody who comes is taken for the person in `there.person`: there is no page to sign in.
"""

from __future__ import annotations

import base64
import hashlib
import html
import http.server
import json
import secrets
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from collector.access.issue import issue
from tests.servers import HOST

CLIENT, SECRET = "oxy grid", "s3cret: with+signs"
MOVED = "/moved"
Answer = Callable[["Asked"], None]
"""What is sent in place of the right answer."""


class Code(NamedTuple):
    """What the provider remembers of a code until it is exchanged."""

    redirect_uri: str
    challenge: str
    nonce: str


class Provider:
    """See the module. `claims` are put over the right ones, None takes one away; `sign` makes the token of them."""

    def __init__(self, port: int, ca_file: Path, now_s: Callable[[], float]) -> None:
        self.issuer, self.ca_file, self.now_s = f"https://{HOST}:{port}", ca_file, now_s
        self.person: dict[str, Any] = {"sub": "0001", "preferred_username": "asha"}
        self.claims: dict[str, Any] = {}
        self.sign: Callable[[Mapping[str, Any]], str] = self.signed
        self.answers: dict[str, Answer] = {}
        self.more: dict[str, str] = {}
        """Put over what the browser brings back."""
        self.described: dict[str, Any] = {}
        self.asked: Counter[str] = Counter()
        self.codes: dict[str, Code] = {}
        self.released = threading.Event()
        """Set at the end, so that no answer hangs longer than its test."""
        self.rotate("RS256")

    def rotate(self, alg: str) -> None:
        """Another key; the one before is known no more."""
        self.alg, kid = alg, secrets.token_hex(4)
        self.key: RSAKey | ECKey = (
            ECKey.generate_key("P-256", {"kid": kid}, private=True)
            if alg == "ES256"
            else RSAKey.generate_key(2048, {"kid": kid}, private=True)
        )

    def signed(self, claims: Mapping[str, Any]) -> str:
        return jws.serialize_compact({"alg": self.alg, "kid": self.key.kid}, json.dumps(claims).encode(), self.key, algorithms=[self.alg])

    def token_of(self, code: Code) -> str:
        now = int(self.now_s())
        right = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": code.nonce, **self.person, **self.claims}
        return self.sign({name: value for name, value in right.items() if value is not None})


class Asked(http.server.BaseHTTPRequestHandler):
    """One request."""

    provider: Provider

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        path = urlsplit(self.path).path
        self.provider.asked[path] += 1
        self.provider.answers.get(path.removeprefix(MOVED), _RIGHT.get(path, lambda asked: asked.say(404, {})))(self)

    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.path).query, strict_parsing=True).items()}

    def form(self) -> dict[str, str]:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        return {name: values[0] for name, values in parse_qs(body, strict_parsing=True).items()}

    def say(self, status: int, said: Mapping[str, Any], **headers: str) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", "content-length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def provider(folder: Path, now_s: Callable[[], float]) -> Iterator[Provider]:
    folder.mkdir(parents=True, exist_ok=True)
    list(issue(folder, [HOST], datetime.now(UTC)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    handler = type("Bound", (Asked,), {"timeout": 30})
    server = http.server.ThreadingHTTPServer((HOST, 0), handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # who hangs up is part of the tests
    there = handler.provider = Provider(server.server_address[1], folder / "ca.pem", now_s)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield there
    finally:
        there.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


# ---- right answers ---------------------------------------------------------------------------------------------------------------


def _describe(asked: Asked) -> None:
    issuer = asked.provider.issuer
    right = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/keys",
        "userinfo_endpoint": f"{issuer}/person",
    }
    asked.say(200, {name: value for name, value in {**right, **asked.provider.described}.items() if value is not None})


def _back(asked: Asked) -> str:
    """Where the browser is sent with a code, where what it brings is right."""
    query = asked.query()
    right = {"response_type": "code", "client_id": CLIENT, "code_challenge_method": "S256"}
    assert {name: query[name] for name in right} == right, query
    assert "openid" in query["scope"].split()
    assert all(len(query[name]) == 43 for name in ("state", "nonce", "code_challenge"))
    code = secrets.token_urlsafe(16)
    asked.provider.codes[code] = Code(query["redirect_uri"], query["code_challenge"], query["nonce"])
    brought = {"code": code, "state": query["state"], "iss": asked.provider.issuer, **asked.provider.more}
    return f"{query['redirect_uri']}?{urlencode(brought)}"


def _authorize(asked: Asked) -> None:
    asked.say(302, {}, location=_back(asked))


def asks(asked: Asked) -> None:
    """A page of its own, as most providers have: what leads back is opened from another site."""
    body = f'<!doctype html><title>Health</title><link rel="icon" href="data:,"><a href="{html.escape(_back(asked))}">Continue</a>'.encode()
    asked.send_response(200)
    asked.send_header("content-type", "text/html")
    asked.send_header("content-length", str(len(body)))
    asked.end_headers()
    asked.wfile.write(body)


def _exchange(asked: Asked) -> None:
    """A code is good once, for the client that asked for it and knows what the challenge was made of."""
    form, there = asked.form(), asked.provider
    given = base64.b64decode(asked.headers.get("authorization", "Basic Og==").removeprefix("Basic ")).decode().partition(":")
    client, secret = unquote_plus(given[0]) or form["client_id"], unquote_plus(given[2]) or form.get("client_secret", "")
    if (client, secret) != (CLIENT, SECRET):
        asked.say(401, {"error": "invalid_client"})
        return
    code = there.codes.pop(form["code"], None)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
    if (
        code is None
        or form["grant_type"] != "authorization_code"
        or (form["redirect_uri"], challenge) != (code.redirect_uri, code.challenge)
    ):
        asked.say(400, {"error": "invalid_grant", "error_description": f"repeats {form['code']}"})
        return
    asked.say(200, {"access_token": "access", "token_type": "Bearer", "expires_in": 60, "id_token": there.token_of(code)})


def _keys(asked: Asked) -> None:
    asked.say(200, {"keys": [dict(asked.provider.key.as_dict(private=False))]})


def _person(asked: Asked) -> None:
    if asked.headers["authorization"] != "Bearer access":
        asked.say(401, {})
        return
    asked.say(200, {"sub": "0001", "preferred_username": "asha"})


_RIGHT: Mapping[str, Answer] = {
    "/.well-known/openid-configuration": _describe,
    "/authorize": _authorize,
    "/token": _exchange,
    "/keys": _keys,
    "/person": _person,
}


# ---- wrong answers ---------------------------------------------------------------------------------------------------------------


def giant(asked: Asked) -> None:
    asked.send_response(200)
    asked.end_headers()
    while not asked.provider.released.is_set():
        asked.wfile.write(b" " * 65_536)


def drips(asked: Asked) -> None:
    """A byte now and then, for ever: no pause is long, and no answer comes."""
    asked.send_response(200)
    asked.end_headers()
    while not asked.provider.released.wait(0.1):
        asked.wfile.write(b" ")


def hangs(asked: Asked) -> None:
    asked.provider.released.wait()


def breaks(asked: Asked) -> None:
    asked.say(500, {})


def no_json(asked: Asked) -> None:
    asked.send_response(200)
    asked.end_headers()
    asked.wfile.write(b"<html>")


def elsewhere(asked: Asked) -> None:
    """Whoever followed would get the right answer there."""
    if asked.path.startswith(MOVED):
        _RIGHT[asked.path.removeprefix(MOVED)](asked)
    else:
        asked.say(307, {}, location=f"{asked.provider.issuer}{MOVED}{asked.path}")
