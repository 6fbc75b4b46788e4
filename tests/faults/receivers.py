"""Receivers of notices: one that takes each at once and remembers when, and one that takes the connection and never says a word."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.servers import HOST


class Inbox:
    """What a webhook got: whole, and the alarm's name → when it came first, in seconds of the monotonic clock."""

    def __init__(self) -> None:
        self.url = ""
        self.arrived_s: dict[str, float] = {}
        self.bodies: list[Any] = []

    def take(self, body: bytes) -> None:
        now_s = time.monotonic()
        self.bodies.append(json.loads(body))
        for transition in transitions_of(self.bodies[-1]):
            self.arrived_s.setdefault(transition, now_s)


def transitions_of(value: object) -> Iterator[str]:
    """Every `occurrence` in a body of any shape, as `site/asset/rule`."""
    if isinstance(value, dict):
        if isinstance(value.get("occurrence"), str):
            yield value["occurrence"].partition("@")[0]
        for inner in value.values():
            yield from transitions_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from transitions_of(inner)


@contextmanager
def webhook() -> Iterator[Inbox]:
    inbox = Inbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            inbox.take(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the name is the base class's)
            pass

    with serving(Handler) as url:
        inbox.url = f"{url}/notices"
        yield inbox


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """An HTTP server; its address without a path."""
    server = ThreadingHTTPServer((HOST, 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def black_hole() -> Iterator[int]:
    """A port that takes connections and answers nothing."""
    listener = socket.create_server((HOST, 0), backlog=100)
    held: list[socket.socket] = []

    def hold() -> None:
        with suppress(OSError):
            while True:
                held.append(listener.accept()[0])

    thread = threading.Thread(target=hold, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)
        for connection in held:
            connection.close()
