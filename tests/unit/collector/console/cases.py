"""A district with accounts and alarms in real files, and the console before it, without a socket and without a collector."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import httpx

from collector.config import Config
from collector.console.accounts import Accounts
from collector.console.live import Live
from collector.console.scope import Role, User, scope_of
from collector.console.tokens import DAY_MS, Token, TokenRight
from collector.console.web import Console
from collector.outputs import Bounded, StateChange, StockEstimate, Transition
from collector.store.state import StateStore

AT_MS = 1_764_000_000_000
PASSWORD = "correct horse battery"
LINES: list[dict[str, Any]] = [
    {"id": "line", "kind": "pipeline", "nominal_bar": 4},
    {"id": "store", "kind": "cylinder_store", "type": "in-d", "full": 51},
]
SITES: list[dict[str, Any]] = [
    {"id": "a", "name": "Alpha <b>Hospital</b>", "district": "east", "region": "up", "assets": LINES},
    {"id": "b", "name": "Beta", "district": "east", "region": "up", "assets": LINES},
    {"id": "c", "name": "Gamma", "district": "west", "region": "mp", "assets": LINES},
]


def config_of(folder: Path, sections: dict[str, Any], **console: Any) -> Config:
    return Config.model_validate({"sites": SITES, "data_dir": str(folder), "console": console, **sections})


def raised(site: str, rule: str = "LP-LL", priority: str = "high", event: str = "raised", **more: Any) -> Transition:
    values: dict[str, Any] = {
        "occurrence": f"{site}/line/{rule}@{AT_MS}",
        "site": site,
        "asset": "line",
        "rule": rule,
        "event": event,
        "state": "unacknowledged" if event == "raised" else "normal",
        "priority": priority,
        "event_ms": AT_MS,
        "evaluated_ms": AT_MS + 250,
        "raised_ms": AT_MS,
        "text": f"{site}, line: pipeline pressure failing",
        "value": 3.1,
        "limit": 3.28,
        "unit": "bar",
    }
    return Transition(**{**values, **more})


def stock(site: str, slack: float, at_ms: int = AT_MS) -> StockEstimate:
    slack_h, unknown = Bounded(slack - 1, slack, slack + 1), Bounded()
    return StockEstimate(site, at_ms, Bounded(9, 10, 11), unknown, unknown, unknown, unknown, "", [], AT_MS, slack_h=slack_h)


def written(folder: Path, *transitions: Transition, estimates: tuple[StockEstimate, ...] = ()) -> None:
    with closing(StateStore(folder / "state.db")) as store:
        store.commit(StateChange(transitions=[*transitions], stock=[*estimates]))


def user(name: str, role: Role, *scopes: str, language: str = "en") -> User:
    return User(name=name, called=name.title(), role=role, scopes=tuple(map(scope_of, scopes)), language=language)


class Clock:
    def __init__(self) -> None:
        self.ms = AT_MS

    def __call__(self) -> int:
        return self.ms


class World:
    """`client(user)` has signed in with a link."""

    def __init__(self, folder: Path, sections: dict[str, Any] | None = None, **console: Any) -> None:
        self.clock = Clock()
        self.config = config_of(folder, sections or {}, **console)
        self.accounts = Accounts(self.config.console_path)
        self.live = Live(self.config.state_path)
        self.live.look()
        self.app = Console(self.config, self.accounts, self.live, self.clock).app()

    @asynccontextmanager
    async def browser(self) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=("10.0.0.1", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8443") as client:
            yield client

    @asynccontextmanager
    async def signed_in(self, who: User) -> AsyncIterator[httpx.AsyncClient]:
        if self.accounts.find(who.name) is None:
            self.accounts.add(who, PASSWORD, self.clock(), "test")
        async with self.browser() as client:
            answer = await client.post(f"/link/{self.accounts.link(who.name, self.clock(), 'test')}")
            assert answer.status_code == 303
            yield client

    def token(self, right: TokenRight, *scopes: str, name: str = "ministry", days: int = 90) -> str:
        until_ms = self.clock() + days * DAY_MS
        reach = tuple(map(scope_of, scopes))
        return self.accounts.tokens.add(Token(name=name, right=right, scopes=reach, made_ms=self.clock(), until_ms=until_ms, by="root"))

    @asynccontextmanager
    async def program(self, right: TokenRight, *scopes: str) -> AsyncIterator[httpx.AsyncClient]:
        """A client of the API with a token of its own."""
        async with self.browser() as client:
            client.headers["authorization"] = f"Bearer {self.token(right, *scopes)}"
            yield client

    def csrf(self, client: httpx.AsyncClient) -> str:
        session = self.accounts.session(client.cookies["oxygrid"], self.clock())
        assert session is not None
        return session.csrf
