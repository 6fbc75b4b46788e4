"""The door by the provider: a browser goes there and comes back, and whoever has an account here is let in.

Nothing that the provider says gives a right: it says a name, and role and scope are those of the account of that name.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.config.oidc import Oidc
from collector.console.accounts import Locked
from collector.console.frame import BAD, FORBIDDEN, MANY, SEE_OTHER, Frame, words_of
from collector.console.guard import Pace, back_to
from collector.console.oidc.attempts import ATTEMPT_MS, Attempt, Attempts, attempt_of
from collector.console.oidc.provider import Provider
from collector.console.oidc.token import Refused, name_in
from collector.console.scope import User
from collector.console.words import Words
from collector.errors import UserError

log = logging.getLogger(__name__)

GO, BACK = "/sign-in/provider", "/sign-in/provider/back"
UNAVAILABLE = 503
CODE_MOST = 4_096

Welcome = Callable[[Request, User, str, str], Awaitable[Response]]
"""(request, user, how, page to open) → the answer that begins a session."""


class ProviderDoor:
    """`welcome` begins a session, as it does for those who come with a password."""

    def __init__(self, frame: Frame, given: Oidc, welcome: Welcome) -> None:
        self._frame, self._accounts, self._given, self._welcome = frame, frame.accounts, given, welcome
        self._attempts = Attempts(frame.accounts.file)
        self._provider = Provider(given, f"{frame.config.console.url.rstrip('/')}{BACK}", frame.now_ms)
        self._going, self._coming = Pace(60), Pace(60)
        self._how = f"with OpenID Connect at {urlsplit(given.issuer).hostname}"
        self._cookie = f"{frame.cookie}-provider"

    async def go(self, request: Request) -> Response:
        """To the provider, with a secret in the browser that it must bring back."""
        words, now_ms = words_of(request), self._frame.now_ms()
        if (refused := self._turned_away(request, self._going)) is not None:
            return refused
        browser = await asyncio.to_thread(self._attempts.begin, back_to(request.query_params.get("next", "/"), "/"), now_ms)
        try:
            where = await self._provider.address(attempt_of(browser))
        except UserError as exc:
            return self._unreachable(words, exc)
        answer = RedirectResponse(where, SEE_OTHER)
        answer.set_cookie(self._cookie, browser, max_age=ATTEMPT_MS // 1000, httponly=True, secure=self._secure, samesite="lax", path="/")
        return answer

    async def back(self, request: Request) -> Response:
        """From the provider. Whatever comes of it, it can't be used a second time; what is not this browser's own ends nothing of its."""
        words, now_ms = words_of(request), self._frame.now_ms()
        if (refused := self._turned_away(request, self._coming)) is not None:
            return refused
        browser = request.cookies.get(self._cookie, "")
        attempt = attempt_of(browser)
        if not browser or not hmac.compare_digest(request.query_params.get("state", "").encode(), attempt.state.encode()):
            return self._said(words, BAD, words("sign_in_again"))
        back = await asyncio.to_thread(self._attempts.use, browser, now_ms)
        answer = await self._judged(request, attempt, back) if back is not None else self._said(words, BAD, words("sign_in_again"))
        answer.delete_cookie(self._cookie, path="/", secure=self._secure, httponly=True, samesite="lax")
        return answer

    def _turned_away(self, request: Request, pace: Pace) -> Response | None:
        """What is no person's own opening of the page, or comes too often."""
        words = words_of(request)
        if not _is_navigation(request):
            return self._said(words, BAD, words("sign_in_again"))
        return None if pace.allows(_address(request), self._frame.now_ms()) else self._said(words, MANY, words("slow_down"))

    async def _judged(self, request: Request, attempt: Attempt, back: str) -> Response:
        words, address = words_of(request), _address(request)
        try:
            await asyncio.to_thread(self._accounts.wait, "", address, self._frame.now_ms())
            claims = await self._provider.claims(_code(request.query_params, self._given.issuer), attempt)
            name = name_in(claims, self._given.name_claim)
        except Locked as exc:
            return self._said(words, MANY, words("locked", s=exc.wait_s))
        except Refused as exc:
            log.warning("a sign-in %s is refused: %s", self._how, exc)
            await self._failed("", address, "refused")
            return self._said(words, FORBIDDEN, words("provider_refused"))
        except UserError as exc:
            return self._unreachable(words, exc)
        return await self._let_in(request, name, str(claims["sub"]), back)

    async def _let_in(self, request: Request, name: str, subject: str, back: str) -> Response:
        """Whoever has an account that is enabled, and is the person whose it is."""
        words, address = words_of(request), _address(request)
        user = await asyncio.to_thread(self._accounts.find, name)
        if user is None:
            await self._failed(name, address, "no account")
            return self._said(words, FORBIDDEN, words("no_account", name=name[:64]))
        if user.disabled:
            await self._failed(name, address, "disabled")
            return self._said(words, FORBIDDEN, words("account_disabled", name=name))
        if not await asyncio.to_thread(self._attempts.is_the_same, name, self._given.issuer, subject):
            await self._failed(name, address, "another person of that name")
            return self._said(words, FORBIDDEN, words("account_of_another", name=name))
        return await self._welcome(request, user, self._how, back)

    async def _failed(self, name: str, address: str, why: str) -> None:
        await asyncio.to_thread(self._accounts.failed, name, address, self._frame.now_ms(), f"{self._how}: {why}")

    def _unreachable(self, words: Words, exc: UserError) -> Response:
        """Or not as it was configured; passwords go on."""
        log.warning("nobody can sign in %s: %s", self._how, exc)
        return self._said(words, UNAVAILABLE, words("provider_down"))

    def _said(self, words: Words, status: int, problem: str) -> Response:
        return self._frame.page("sign_in.html", words, status, problem=problem)

    @property
    def _secure(self) -> bool:
        return self._frame.config.console.secure


def _code(given: Mapping[str, Any], issuer: str) -> str:
    """What the provider sent along. Raises Refused where it says no, or where another provider answers (RFC 9207)."""
    if given.get("iss", issuer) != issuer:
        raise Refused(f"{given['iss'][:200]!r} answers, not {issuer!r}")
    if "error" in given:
        raise Refused(f"the provider says {given['error'][:64]!r}")
    code = str(given.get("code", ""))
    if not 0 < len(code) <= CODE_MOST:
        raise Refused("the provider sent no code")
    return code


def _is_navigation(request: Request) -> bool:
    """A page of another site can have a browser ask for anything, as an image; what counts is what a person opens. Older browsers say
    nothing of it."""
    return request.headers.get("sec-fetch-dest", "document") == "document"


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
