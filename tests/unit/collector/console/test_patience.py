"""A real server that is sent nothing, half a request, or a request byte by byte; and one that is asked as a browser asks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvicorn

from collector.console import patience
from collector.console.serve import app_of, uvicorn_config
from tests.servers import HOST, free_port
from tests.unit.collector.console.cases import World, raised, written

REQUEST_S = 0.4


@asynccontextmanager
async def serving(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    monkeypatch.setattr(patience, "REQUEST_S", REQUEST_S)
    written(folder, raised("a"))
    world, port = World(folder), free_port()
    given = world.config.console.model_copy(update={"port": port})
    server = uvicorn.Server(uvicorn_config(app_of(world.config, world.accounts), given))
    task = asyncio.create_task(server._serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    try:
        yield port
    finally:
        server.should_exit = True
        await task
        world.accounts.close()


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [b"GET / HTTP/1.1\r\nHost: x\r\n"],
        [b"G", b"E", b"T", b" ", b"/", b" ", b"H", b"T", b"T", b"P"],
        [b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 99\r\n\r\nname="],
    ],
    ids=["nothing", "half a head", "byte by byte", "half a body"],
)
async def test_who_sends_slowly_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: list[bytes]) -> None:
    async with serving(tmp_path, monkeypatch) as port:
        reader, writer = await asyncio.open_connection(HOST, port)
        for part in parts:
            writer.write(part)
            await asyncio.sleep(0.03)
        async with asyncio.timeout(10 * REQUEST_S):
            assert await reader.read() == b""
        writer.close()


async def test_a_connection_that_is_used_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(tmp_path, monkeypatch) as port:
        reader, writer = await asyncio.open_connection(HOST, port)
        for _ in range(3):
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200")
            assert await reader.readexactly(3) == b"ok\n"
            await asyncio.sleep(1.5 * REQUEST_S)
        writer.close()
