"""One HTTP POST of a notice, and what its answer means: taken, refused alone, or to be tried again. No address is in any error."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

import aiohttp

from collector.notify.channels.base import SendError, tls

ONLY_THIS = frozenset({400, 413, 415, 422})
"""Answers that speak of the message; all others speak of the receiver or the way to it."""


async def post(what: str, url: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float, ca_file: str | None) -> None:
    """Raises SendError for everything but a 2xx answer. `what` names the channel's kind in its words."""
    where = f"{what} {origin(url)}"
    timeout = aiohttp.ClientTimeout(total=timeout_s)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(url, data=body, headers=headers, allow_redirects=False, ssl=tls(ca_file)) as answer,
        ):
            status, wait = answer.status, answer.headers.get("Retry-After", "")
    except TimeoutError as exc:
        raise SendError(f"{where}: no answer within {timeout_s:g} s") from exc
    except (aiohttp.ClientError, OSError, ValueError) as exc:
        raise SendError(f"{where}: {_reason(exc)}") from exc
    if not 200 <= status < 300:
        raise SendError(f"{where} answered {status} {_phrase(status)}".rstrip(), only_this=status in ONLY_THIS, wait_s=_wait_s(wait))


def origin(url: str) -> str:
    """Scheme, host and port: the path and query of a chat hook are its secret. Says so where it is no address."""
    try:
        parts = urlsplit(url)
        found = f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
    except ValueError:
        return "(the URL is not valid)"
    return found if parts.hostname else "(the URL has no host)"


def _reason(exc: Exception) -> str:
    """The kind of failure and the system's words, never aiohttp's own, which may hold the address."""
    inner = getattr(exc, "os_error", exc)
    words = inner.strerror if isinstance(inner, OSError) and inner.strerror else ""
    return f"{type(exc).__name__}: {words}" if words else type(exc).__name__


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""


def _wait_s(header: str) -> float:
    """Retry-After in seconds, at most an hour; 0 where it is absent or a date."""
    return min(3600.0, float(header)) if header.isascii() and header.isdigit() and len(header) < 9 else 0.0
