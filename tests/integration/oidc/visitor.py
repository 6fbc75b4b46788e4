"""A browser, and the way that it goes: from the console to the provider and back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from collector.outgoing import tls_context
from tests.integration.oidc.identity import Provider
from tests.unit.collector.console.cases import World

GO = "/sign-in/provider"
BACK = "http://127.0.0.1:8443/sign-in/provider/back"
COOKIE = "oxygrid-provider"


class Visitor:
    """A browser, and the way that it goes."""

    def __init__(self, world: World, there: Provider, browser: httpx.AsyncClient, outside: httpx.AsyncClient) -> None:
        self.world, self.there, self.browser, self._outside = world, there, browser, outside

    async def goes(self, path: str = GO) -> str:
        """To the provider; the address that it sends the browser back to."""
        answer = await self.browser.get(path)
        assert answer.status_code == 303, answer.text
        sent = await self._outside.get(answer.headers["location"])
        assert sent.status_code == 302
        return sent.headers["location"]

    async def signs_in(self, path: str = GO) -> httpx.Response:
        return await self.browser.get(await self.goes(path))

    async def is_in(self) -> bool:
        return (await self.browser.get("/")).status_code == 200

    def log(self) -> list[tuple[str, str]]:
        """(who, what), the newest first."""
        return [(who, what) for _, who, what in self.world.accounts.events()]


@asynccontextmanager
async def visiting(world: World, there: Provider) -> AsyncIterator[Visitor]:
    async with world.browser() as browser, httpx.AsyncClient(verify=tls_context(str(there.ca_file))) as outside:
        yield Visitor(world, there, browser, outside)


def changed(address: str, **more: str) -> str:
    query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    return f"{BACK}?{urlencode({name: value for name, value in {**query, **more}.items() if value != '-'})}"
