"""How InfluxDB 1.x, 2.x, 3 Core and VictoriaMetrics are spoken to: the HTTP session, the two write APIs, which server it is, setting it up.

The api follows the server: 1.x is written to at /write (aiohttp), the others at /api/v2/write (influxdb-client, given bytes: its own
batching loses data without a word). All queries are InfluxQL at /query, which VictoriaMetrics does not have. Nothing here raises because
of the server: a failure to get an answer is a `Reply` too.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import ssl
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

import aiohttp

from collector.errors import StoreError, UserError
from collector.store.responses import NO_ANSWER, Reply, Verdict, verdict, words

Server: TypeAlias = Literal["InfluxDB 1", "InfluxDB 2", "InfluxDB 3", "VictoriaMetrics"]

LONG = "long"
"""The retention policy (1.x) of what is kept for years: roll-ups, alarms, stock. Everything else goes into the default one."""

MOST_BYTES = 64 * 1024 * 1024
"""Of one answer, unpacked: ten times the largest that is asked for. A server that was taken over must not fill our memory."""

_CONNECT_S = 5.0


@dataclass(frozen=True, slots=True)
class Settings:
    """`api` decides where the server does not say what it is. `database` is for 1.x, `bucket` for the others."""

    url: str
    api: Literal["auto", "v1", "v2"] = "auto"
    database: str = "oxygrid"
    org: str = "oxygrid"
    bucket: str = "oxygrid"
    username: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    timeout_s: float = 10.0
    set_up_retention: bool = True
    raw_days: int = 30
    rollup_days: int = 1826
    tls: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        if "@" in self.url:
            raise UserError("the URL of the database holds a password; give username and password_file or token_file instead")


# HTTP


class Http:
    """One session with the database; every failure to get an answer is a `Reply` with NO_ANSWER."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.url = settings.url.rstrip("/")
        self._timeout_s = settings.timeout_s
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=4, ssl=settings.tls or True),
            timeout=aiohttp.ClientTimeout(total=settings.timeout_s, sock_connect=min(_CONNECT_S, settings.timeout_s)),
            headers=_authorization(settings),
        )

    async def request(self, method: str, path: str, **more: Any) -> tuple[Reply, dict[str, str]]:
        """The reply and its headers, their names in lower case. `more` as aiohttp takes it."""
        try:
            async with self._session.request(method, self.url + path, allow_redirects=False, **more) as response:
                body = (await _within(response, MOST_BYTES)).decode("utf-8", "replace")
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Reply(response.status, hidden(body, self.settings), headers.get("retry-after", "")), headers
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as exc:
            return no_answer(exc, self._timeout_s), {}

    async def query(self, text: str, database: str) -> Reply:
        reply, _ = await self.request("POST", "/query", params={"db": database, "epoch": "ms"}, data={"q": text})
        return reply

    async def close(self) -> None:
        await self._session.close()


async def _within(response: aiohttp.ClientResponse, most: int) -> bytes:
    """The body; ValueError where it is longer, be it only when it is unpacked."""
    chunks: list[bytes] = []
    left = most
    async for chunk in response.content.iter_any():
        left -= len(chunk)
        if left < 0:
            raise ValueError(f"the answer is longer than {most:,} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


def hidden(said: str, settings: Settings) -> str:
    """The server's words without our secrets, should it repeat them: they come into the log and into /readyz."""
    told = _authorization(settings).get("Authorization", "").partition(" ")[2]
    for secret in (told, settings.token, settings.password):
        if secret:
            said = said.replace(secret, "(secret)")
    return said


def _authorization(settings: Settings) -> dict[str, str]:
    if settings.token:
        return {"Authorization": f"Token {settings.token}"}
    if settings.username:
        return {"Authorization": "Basic " + b64encode(f"{settings.username}:{settings.password}".encode()).decode()}
    return {}


def no_answer(exc: Exception, timeout_s: float) -> Reply:
    """A failure to get any answer, in words; they hold host and port, never a secret."""
    if isinstance(exc, TimeoutError):
        return Reply(NO_ANSWER, f"no answer within {timeout_s:g} s")
    return Reply(NO_ANSWER, f"no answer: {str(exc) or type(exc).__name__}")


class Api(Protocol):
    """Where lines are posted to."""

    async def post(self, body: bytes, *, long: bool) -> Reply: ...

    async def close(self) -> None: ...


class ApiV1:
    """/write of InfluxDB 1.x. `long` goes to the retention policy of that name where there is one."""

    def __init__(self, http: Http, database: str, *, has_long: bool) -> None:
        self._http = http
        self._params = {"db": database, "precision": "ns"}
        self._long = {**self._params, "rp": LONG} if has_long else self._params

    async def post(self, body: bytes, *, long: bool) -> Reply:
        reply, _ = await self._http.request("POST", "/write", params=self._long if long else self._params, data=body)
        return reply

    async def close(self) -> None:
        """The session is the store's."""


class ApiV2:
    """/api/v2/write of InfluxDB 2.x, 3 Core and VictoriaMetrics. There retention belongs to the bucket."""

    def __init__(self, settings: Settings, client_module: Any, error: type[Exception]) -> None:
        self._settings = settings
        self._error = error
        self._posting = 0
        self._closed = False
        self._client = client_module.InfluxDBClientAsync(
            url=settings.url.rstrip("/"),
            token=settings.token or None,
            org=settings.org,
            timeout=int(settings.timeout_s * 1000),
            ssl_context=settings.tls,
            allow_redirects=False,
            client_session_kwargs={"headers": _authorization(settings)},
        )
        self._writer = self._client.write_api()

    @classmethod
    async def open(cls, settings: Settings) -> ApiV2:
        """Imports the client library in a thread: that takes half a second, and alarms don't wait."""
        module = await asyncio.to_thread(importlib.import_module, "influxdb_client.client.influxdb_client_async")
        rest = await asyncio.to_thread(importlib.import_module, "influxdb_client.rest")
        return cls(settings, module, rest.ApiException)

    async def post(self, body: bytes, *, long: bool) -> Reply:  # noqa: ARG002  a bucket has one retention
        if self._closed:
            return Reply(NO_ANSWER, "the connection was given up")
        self._posting += 1
        try:
            await self._writer.write(bucket=self._settings.bucket, record=body, write_precision="ns")
        except self._error as exc:
            return _reply_of(exc, self._settings)
        except (aiohttp.ClientError, TimeoutError, OSError) as exc:
            return no_answer(exc, self._settings.timeout_s)
        finally:
            self._posting -= 1
            await self._close_when_idle()
        return Reply(204)

    async def close(self) -> None:
        """No more posts; those under way come to their end."""
        self._closed = True
        await self._close_when_idle()

    async def _close_when_idle(self) -> None:
        if self._closed and not self._posting:
            await self._client.close()


def _reply_of(exc: Any, settings: Settings) -> Reply:
    """The reply inside an ApiException of influxdb-client."""
    body = exc.body.decode("utf-8", "replace") if isinstance(exc.body, bytes) else str(exc.body or exc.reason or "")
    return Reply(int(exc.status or NO_ANSWER), hidden(body, settings), (exc.headers or {}).get("Retry-After", ""))


# Which server


async def detect(http: Http) -> tuple[Server | None, Reply]:
    """What answers at the URL, and its reply to /ping. None: nothing did, or nothing that is known."""
    reply, headers = await http.request("GET", "/ping")
    return server_of(reply, headers), reply


def server_of(reply: Reply, headers: dict[str, str]) -> Server | None:
    """InfluxDB names its version in a header; VictoriaMetrics (which gives itself out for 1.8.0 at some paths) names its host instead."""
    if "x-server-hostname" in headers and "x-influxdb-build" not in headers:
        return "VictoriaMetrics"
    version = headers.get("x-influxdb-version") or _version_in(reply.body)
    by_major: dict[str, Server] = {"1": "InfluxDB 1", "2": "InfluxDB 2", "3": "InfluxDB 3"}
    return by_major.get(version.lstrip("v")[:1])


def _version_in(body: str) -> str:
    try:
        said = json.loads(body)
    except ValueError:
        return ""
    return str(said.get("version", "")) if isinstance(said, dict) else ""


async def set_up_v1(http: Http, settings: Settings) -> tuple[bool, list[str]]:
    """Create the database with its retention, where it is not there and we may; whether `long` is there, and what could not be done.

    The default policy of a database that exists is left as it is: it may hold someone's data. Raises StoreError where the server fails.
    """
    name = '"' + settings.database.replace("\\", "\\\\").replace('"', '\\"') + '"'
    problems: list[str] = []

    async def ask(text: str) -> list[str]:
        reply = await http.query(text, settings.database)
        if verdict(reply.status) in {Verdict.FAILED, Verdict.WAIT}:
            raise StoreError(words(reply))
        rows, problem = first_column(reply)
        if problem:
            problems.append(f"could not {text.partition(' WITH ')[0]}: {problem}")
        return rows

    if settings.set_up_retention:
        if settings.database not in await ask("SHOW DATABASES"):
            await ask(f'CREATE DATABASE {name} WITH DURATION {settings.raw_days}d REPLICATION 1 SHARD DURATION 1d NAME "raw"')
        if LONG not in await ask(f"SHOW RETENTION POLICIES ON {name}"):
            await ask(f'CREATE RETENTION POLICY "{LONG}" ON {name} DURATION {settings.rollup_days}d REPLICATION 1 SHARD DURATION 30d')
    return LONG in await ask(f"SHOW RETENTION POLICIES ON {name}"), problems


def first_column(reply: Reply) -> tuple[list[str], str]:
    """The first column of an answer to /query, and the problem in words."""
    if verdict(reply.status) is not Verdict.ACCEPTED:
        return [], words(reply)
    try:
        result = json.loads(reply.body)["results"][0]
    except (ValueError, LookupError, TypeError):
        return [], f"not an answer to a query: {reply.body[:200]}"
    rows = [str(row[0]) for series in result.get("series", []) for row in series.get("values", [])]
    return rows, str(result.get("error", ""))
