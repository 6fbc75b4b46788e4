"""The demo's console: the pages on this machine, for an account that is made for it, while the demo runs."""

from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from collector.config import Config
from collector.console.accounts import Accounts, opened
from collector.console.scope import User, scope_of
from collector.console.serve import app_of, now_ms, uvicorn_config

NAME = "demo"
STOP_S = 3.0


@contextmanager
def demo_console(config: Config, shown_ms: Callable[[], int]) -> Iterator[str]:
    """Gives the link that signs in, once, within ten minutes. On the configured port, or on a free one where that is taken. `shown_ms` is
    the clock of what is shown; people live by the wall's."""
    door = _bound(config.console.host, config.console.port)
    port = door.getsockname()[1]
    config = config.model_copy(update={"console": config.console.model_copy(update={"port": port, "public_url": None})})
    with door, opened(config.console_path) as accounts:
        _account(accounts)
        server = uvicorn.Server(uvicorn_config(app_of(config, accounts, shown_ms), config.console))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, name="console", daemon=True)
        thread.start()
        try:
            yield f"{config.console.url}/link/{accounts.link(NAME, now_ms(), NAME)}"
        finally:
            server.should_exit = True
            thread.join(STOP_S)


def _account(accounts: Accounts) -> None:
    """Nobody knows its password: only links sign in."""
    if accounts.find(NAME) is None:
        demo = User(name=NAME, called="Demo", role="engineer", scopes=(scope_of("all"),))
        accounts.add(demo, secrets.token_urlsafe(24), now_ms(), NAME)


def _bound(host: str, port: int) -> socket.socket:
    for wanted in (port, 0):
        try:
            return socket.create_server((host, wanted))
        except OSError:
            if not wanted:
                raise
    raise AssertionError("the last try either gives a socket or raises")
