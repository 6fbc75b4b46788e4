"""The console put together: its parts, its routes, and what happens when something breaks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from collector.config import Config
from collector.console.accounts import Accounts
from collector.console.acts import Acts
from collector.console.api.door import mounted
from collector.console.door import Door
from collector.console.duty import DutyPage
from collector.console.frame import MISSING, Frame, words_of
from collector.console.guard import Headers
from collector.console.live import Live
from collector.console.oidc.door import BACK, GO, ProviderDoor
from collector.console.pages import Pages
from collector.console.stream import Streams
from collector.errors import JournalError, UserError

log = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"


class Console:
    """See the module. `now_ms` reads the clock; `shown_ms` that of what is shown, where it is another."""

    def __init__(
        self, config: Config, accounts: Accounts, live: Live, now_ms: Callable[[], int], shown_ms: Callable[[], int] | None = None
    ) -> None:
        self._frame = Frame(config, accounts, live, now_ms, shown_ms or now_ms)

    def app(self) -> Starlette:
        frame = self._frame
        door, pages, acts, streams = Door(frame), Pages(frame), Acts(frame), Streams(frame)
        routes = [
            Route("/sign-in", door.sign_in, methods=["GET", "POST"]),
            Route("/link/{token}", door.link, methods=["GET", "POST"]),
            Route("/sign-out", door.to_do(door.sign_out), methods=["POST"]),
            Route("/", door.to_see(pages.board)),
            Route("/hospital/{site}", door.to_see(pages.hospital)),
            Route("/alarms", door.to_see(pages.alarms)),
            Route("/alarm/{alarm:path}", door.to_see(pages.alarm)),
            Route("/gateways", door.to_see(pages.gateways)),
            Route("/duty", door.to_see(DutyPage(frame).page)),
            Route("/settings", door.to_see(pages.settings)),
            Route("/audit", door.to_see(pages.audit)),
            Route("/events", door.to_see(streams.events)),
            Route("/command", door.to_do(acts.command), methods=["POST"]),
            Route("/comment", door.to_do(acts.comment), methods=["POST"]),
            Route("/count", door.to_do(acts.count), methods=["POST"]),
            Route("/password", door.to_do(acts.password), methods=["POST"]),
            Route("/settings/save", door.to_do(acts.save), methods=["POST"]),
            Route("/healthz", lambda _: PlainTextResponse("ok\n")),
            *self._by_provider(door),
            Mount("/static", StaticFiles(directory=STATIC)),
            mounted(frame.config, frame.accounts, frame.live, frame.now_ms),
        ]
        middleware = [Middleware(Headers, secure=frame.config.console.secure)]
        handlers = {404: self._nothing, 500: self._broken}
        return Starlette(routes=routes, middleware=middleware, lifespan=self._life, exception_handlers=handlers)

    def _by_provider(self, door: Door) -> list[Route]:
        """Where there is one: another way in."""
        given = self._frame.config.console.oidc
        if given is None:
            return []
        provider = ProviderDoor(self._frame, given, door.welcome)
        return [Route(GO, provider.go), Route(BACK, provider.back)]

    @asynccontextmanager
    async def _life(self, _app: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(self._frame.live.run(), name="console-live")
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def _nothing(self, request: Request, _exc: Exception) -> Response:
        words = words_of(request)
        return self._frame.page("said.html", words, MISSING, said=words("not_found"), urgent=[])

    async def _broken(self, request: Request, exc: Exception) -> Response:
        known = isinstance(exc, JournalError | UserError)
        log.error("%s %s: %s", request.method, request.url.path, exc, exc_info=None if known else exc)
        return PlainTextResponse(f"{exc}\n" if known else "the console could not do that; its log says why\n", 500)
