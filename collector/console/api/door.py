"""The API's door: who asks, how often they may, and what they sent; then the operation answers. Refusals are problem details (RFC 9457).

A token comes in the header `Authorization: Bearer …` and in no other way: addresses end up in logs, and cookies are sent by browsers that
nobody asked.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from collector.config import Config
from collector.console.accounts import Accounts
from collector.console.api import shapes
from collector.console.api.answers import Answers, Refused
from collector.console.api.table import OPERATIONS, PREFIX, Operation, description
from collector.console.guard import Pace
from collector.console.live import Live
from collector.console.tokens import Token
from collector.errors import JournalError

log = logging.getLogger(__name__)

BODY_BYTES = 16_384
READS, ACTS, REPORTS, WRONG = 600, 60, 20, 60
"""In a minute: of a token, of its commands and comments, of its reports; of wrong tokens from an address."""


class Door:
    """See the module."""

    def __init__(self, config: Config, accounts: Accounts, live: Live, now_ms: Callable[[], int]) -> None:
        self._accounts, self._now_ms = accounts, now_ms
        self._answers = Answers(config, accounts, live, now_ms)
        self._described = msgspec.json.encode(description(config.console.url))
        self._reads, self._acts, self._reports, self._wrong, self._noting = map(Pace, (READS, ACTS, REPORTS, WRONG, 1))

    def app(self) -> Starlette:
        routes = [
            Route(op.path.replace("{alarm}", "{alarm:path}"), self._route(op), methods=[op.method.upper()], name=op.name)
            for op in OPERATIONS
        ]
        handlers: Mapping[Any, Any] = {HTTPException: _of_http, Refused: _of_refusal, JournalError: _of_disk, Exception: _broken}
        app = Starlette(routes=[Route("/openapi.json", self._description), *routes], exception_handlers=handlers)
        app.router.redirect_slashes = False
        return app

    async def _description(self, _request: Request) -> Response:
        """For everybody: it tells nothing of any hospital."""
        return Response(self._described, media_type="application/json")

    def _route(self, op: Operation) -> Callable[[Request], Awaitable[Response]]:
        answer = getattr(self._answers, op.name)

        async def answered(request: Request) -> Response:
            token = await self._holder(request)
            self._keep_pace(op, token)
            query = _query(request, op.query)
            given = [await _body(request, op.body)] if op.body is not None else [query, *request.path_params.values()]
            return Response(msgspec.json.encode(await answer(token.user, *given)), media_type="application/json")

        return answered

    async def _holder(self, request: Request) -> Token:
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secret:
            raise Refused(401, "a token is needed, in the header Authorization: Bearer …")
        token = await asyncio.to_thread(self._accounts.tokens.find, secret.strip(), self._now_ms())
        if token is not None:
            return token
        address = request.client.host if request.client else ""
        if not self._wrong.allows(address, self._now_ms()):
            raise Refused(429, "too many wrong tokens from this address; wait a minute")
        if self._noting.allows(address, self._now_ms()):
            await asyncio.to_thread(self._accounts.note, self._now_ms(), "", f"wrong API token, from {address}")
        raise Refused(401, "no such token, or its time is over")

    def _keep_pace(self, op: Operation, token: Token) -> None:
        paces = [self._reads, *([self._acts] if op.body is not None else []), *([self._reports] if op.name == "facility_day" else [])]
        if not all(pace.allows(token.name, self._now_ms()) for pace in paces):
            raise Refused(429, "too many requests of this token; wait a minute")


def mounted(config: Config, accounts: Accounts, live: Live, now_ms: Callable[[], int]) -> Mount:
    return Mount(PREFIX, app=Door(config, accounts, live, now_ms).app())


def _query(request: Request, shape: type) -> Any:
    given = request.query_params.multi_items()
    if len({name for name, _ in given}) < len(given):
        raise Refused(400, "a parameter is given twice")
    try:
        return msgspec.convert(dict(given), shape, strict=False)
    except msgspec.ValidationError as exc:
        raise Refused(400, f"parameters: {exc}") from exc


async def _body(request: Request, shape: type) -> Any:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refused(415, "send application/json")
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > BODY_BYTES:
            raise Refused(413, f"at most {BODY_BYTES} bytes")
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
        raise Refused(400, f"body: {exc}") from exc


def _problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    more = {401: {"WWW-Authenticate": 'Bearer realm="oxygrid"'}, 429: {"Retry-After": "60"}, 503: {"Retry-After": "10"}}.get(status, {})
    problem = shapes.Problem(title=HTTPStatus(status).phrase, status=status, detail=detail)
    return Response(msgspec.json.encode(problem), status, {**more, **(headers or {})}, "application/problem+json")


async def _of_http(_request: Request, exc: HTTPException) -> Response:
    said = {404: "no such address; /api/v1/openapi.json describes those that there are", 405: "not with this method"}
    return _problem(exc.status_code, said.get(exc.status_code, ""), exc.headers)


async def _of_refusal(_request: Request, exc: Refused) -> Response:
    return _problem(exc.status, exc.detail)


async def _of_disk(_request: Request, exc: JournalError) -> Response:
    log.error("the API: %s", exc)
    return _problem(503, str(exc))


async def _broken(request: Request, exc: Exception) -> Response:
    log.error("%s %s: %s", request.method, request.url.path, exc, exc_info=exc)
    return _problem(500, "the console could not do that; its log says why")
