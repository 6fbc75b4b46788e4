"""/metrics, /healthz, /readyz and /status over HTTP (loopback unless configured), and over a socket file that only its
owner can open, commands, and the latest values of one site."""

from __future__ import annotations

import logging
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

import msgspec
from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest

from collector.clerk import Answer
from collector.counts import Count
from collector.errors import UserError
from collector.notify.drill import DrillOrder
from collector.outputs import Command
from collector.views import SiteView, StatusView

log = logging.getLogger(__name__)

MAX_COMMAND_BYTES = 16_384


class Private(NamedTuple):
    """What only the owner of the socket file may ask: `command` returns what became of it; `drill` begins one at a site, for a person, and
    returns the occurrence of its test alarm; `cylinders` takes a count of them; `site` is one of the configured ones."""

    command: Callable[[Command], Awaitable[Answer]]
    drill: Callable[[str, str], Awaitable[Answer]]
    cylinders: Callable[[Count], Awaitable[Answer]]
    site: Callable[[str], SiteView | None]


class Ops:
    """`problems` are the reasons why the collector is not ready, empty when it is."""

    def __init__(
        self, registry: CollectorRegistry, status: Callable[[], StatusView], problems: Callable[[], list[str]], private: Private
    ) -> None:
        self._registry, self._status, self._problems, self._private = registry, status, problems, private
        self._runners: list[web.AppRunner] = []

    async def start(self, host: str, port: int, control: Path) -> None:
        """Raises UserError where the port is taken, or the socket file `control` can't be made."""
        public = web.Application()
        public.add_routes(
            [
                web.get("/metrics", self._metrics),
                web.get("/healthz", self._healthz),
                web.get("/readyz", self._readyz),
                web.get("/status", self._status_page),
            ]
        )
        private = web.Application(client_max_size=MAX_COMMAND_BYTES)
        private.add_routes(
            [
                web.post("/command", self._take_command),
                web.post("/drill", self._begin_drill),
                web.post("/count", self._take_count),
                web.get("/site/{site}", self._site_page),
            ]
        )
        commands = _private_socket(control)
        await web.SockSite(await self._runner(private), commands).start()
        try:
            await web.TCPSite(await self._runner(public), host, port).start()
        except OSError as exc:
            await self.stop()
            raise UserError(f"port {port} on {host} is in use; set ops.port in the configuration to a free one ({exc.strerror})") from exc

    async def stop(self) -> None:
        for runner in self._runners:
            await runner.cleanup()
        self._runners.clear()

    async def _runner(self, app: web.Application) -> web.AppRunner:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        self._runners.append(runner)
        return runner

    async def _metrics(self, _request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(self._registry), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    async def _healthz(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _readyz(self, _request: web.Request) -> web.Response:
        problems = self._problems()
        return web.Response(text="\n".join(problems or ["ready"]) + "\n", status=503 if problems else 200)

    async def _status_page(self, _request: web.Request) -> web.Response:
        return web.Response(body=msgspec.json.encode(self._status()), content_type="application/json")

    async def _site_page(self, request: web.Request) -> web.Response:
        view = self._private.site(request.match_info["site"])
        if view is None:
            return web.Response(text="no such site\n", status=404)
        return web.Response(body=msgspec.json.encode(view), content_type="application/json")

    async def _take_command(self, request: web.Request) -> web.Response:
        try:
            command = msgspec.json.decode(await request.read(), type=Command)
        except msgspec.MsgspecError as exc:
            return web.Response(text=f"no command: {exc}\n", status=400)
        return _answered(await self._private.command(command))

    async def _begin_drill(self, request: web.Request) -> web.Response:
        try:
            order = msgspec.json.decode(await request.read(), type=DrillOrder)
        except msgspec.MsgspecError as exc:
            return web.Response(text=f"no drill: {exc}\n", status=400)
        return _answered(await self._private.drill(order.site, order.by))

    async def _take_count(self, request: web.Request) -> web.Response:
        try:
            count = msgspec.json.decode(await request.read(), type=Count)
        except msgspec.MsgspecError as exc:
            return web.Response(text=f"no count: {exc}\n", status=400)
        return _answered(await self._private.cylinders(count))


def _answered(answer: Answer) -> web.Response:
    return web.Response(text=answer.text + "\n", status=200 if answer.taken else 409)


def _private_socket(path: Path) -> socket.socket:
    """A socket file that is closed to everybody but its owner before anybody can connect to it."""
    bound = socket.socket(socket.AF_UNIX)
    try:
        path.unlink(missing_ok=True)
        bound.bind(str(path))
        path.chmod(0o600)
    except OSError as exc:
        bound.close()
        raise UserError(f"{path}: the socket for commands can't be made: {exc.strerror or exc}; choose another data_dir") from exc
    return bound
