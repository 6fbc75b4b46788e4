"""What every request passes: limits of size and pace, where it comes from, and the headers that every answer carries."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FORM_BYTES = 16_384
FORM_FIELDS = 20
KEYS_KEPT = 10_000
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self';"
    " form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


class Headers:
    """ASGI middleware: the headers of safety on every answer, and no store where nothing else is said."""

    def __init__(self, app: ASGIApp, secure: bool) -> None:
        self._app = app
        named = HEADERS | ({"strict-transport-security": "max-age=31536000"} if secure else {})
        self._headers = [(name.encode(), value.encode()) for name, value in named.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.setdefault("headers", [])
                headers.extend(self._headers)
                if not any(name == b"cache-control" for name, _ in headers):
                    headers.append((b"cache-control", b"no-store"))
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)


class Pace:
    """At most `most` in each minute for a key; keys that are not heard of are forgotten."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._counts: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def allows(self, key: str, now_ms: int) -> bool:
        minute = now_ms // 60_000
        known, count = self._counts.pop(key, (minute, 0))
        count = count + 1 if known == minute else 1
        self._counts[key] = (minute, count)
        while len(self._counts) > KEYS_KEPT:
            self._counts.popitem(last=False)
        return count <= self._most


async def form_of(request: Request) -> Mapping[str, str] | None:
    """The fields of a form, the first of each name; None where it is too large or no form."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return None
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > FORM_BYTES:
            return None
    try:
        fields = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=FORM_FIELDS, errors="strict")
    except ValueError:
        return None
    return dict(reversed(fields))


def is_from_here(request: Request, public_url: str) -> bool:
    """A form was sent by a page of ours, as far as the browser says: those of today name the site, older ones the origin. What is no
    browser says neither, and brings no cookie that it was not given."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        return site in {"same-origin", "none"}
    ours = {urlsplit(public_url).netloc, request.headers.get("host", "")}
    return origin is None or urlsplit(origin).netloc in ours


def back_to(path: str, otherwise: str = "/alarms") -> str:
    """A page of ours, and no other address."""
    inside = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if inside else otherwise
