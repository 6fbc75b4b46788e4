"""A provider, a console that knows it, and somebody who wants to sign in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.oidc.identity import CLIENT, SECRET, Provider, provider
from tests.integration.oidc.visitor import Visitor, visiting
from tests.unit.collector.console.cases import AT_MS, PASSWORD, World, raised, user, written


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Provider]:
    with provider(tmp_path / "provider", lambda: AT_MS / 1000) as found:
        yield found


@pytest.fixture
def made(tmp_path: Path, there: Provider) -> Iterator[Callable[..., World]]:
    """A console whose section oidc has these changes; with the accounts asha and bina."""
    worlds: list[World] = []

    def make(**changes: Any) -> World:
        (tmp_path / "secret").write_text(f"{SECRET}\n")
        written(tmp_path, raised("a"))
        given = {"issuer": there.issuer, "client_id": CLIENT, "client_secret_file": str(tmp_path / "secret"), "ca_file": str(there.ca_file)}
        worlds.append(World(tmp_path, oidc={**given, **changes}))
        worlds[-1].accounts.add(user("asha", "operator", "site:a"), None, AT_MS, "test")
        worlds[-1].accounts.add(user("bina", "viewer", "all"), PASSWORD, AT_MS, "test")
        there.now_s = lambda: worlds[-1].clock() / 1000
        return worlds[-1]

    yield make
    for world in worlds:
        world.accounts.close()


@pytest.fixture
async def visitor(made: Callable[..., World], there: Provider) -> AsyncIterator[Visitor]:
    async with visiting(made(), there) as found:
        yield found
