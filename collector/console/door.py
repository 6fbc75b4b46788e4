"""The door: signing in and out, and who may pass to a page or send a form."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.console.accounts import Locked
from collector.console.frame import BAD, FORBIDDEN, MANY, SEE_OTHER, Frame, Visit, words_of
from collector.console.guard import Pace, back_to, form_of, is_from_here
from collector.console.scope import User

Page = Callable[[Request, Visit], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


class Door:
    def __init__(self, frame: Frame) -> None:
        self._frame, self._accounts = frame, frame.accounts
        self._signing, self._asking = Pace(60), Pace(600)
        self._hashing = asyncio.Semaphore(2)

    def to_see(self, page: Page) -> Endpoint:
        """The page, for who has signed in; each session at its own pace, for a war room may share an account."""
        frame = self._frame

        async def answered(request: Request) -> Response:
            session = await frame.session(request)
            if session is None:
                return RedirectResponse(_sign_in_for(request), SEE_OTHER)
            visit = frame.visit(session)
            if not self._asking.allows(session.csrf, frame.now_ms()):
                return frame.refused(visit, MANY, visit.words("slow_down"))
            return await page(request, visit)

        return answered

    def to_do(self, page: Page) -> Endpoint:
        """A form counts when it comes from a page of ours and brings what the session was given; it is in `request.state.form`."""
        frame = self._frame

        async def answered(request: Request) -> Response:
            session = await frame.session(request)
            if session is None:
                return RedirectResponse("/sign-in", SEE_OTHER)
            form = await form_of(request)
            visit = frame.visit(session)
            ours = form is not None and is_from_here(request, frame.config.console.url)
            if form is None or not ours or not hmac.compare_digest(form.get("csrf", "").encode(), session.csrf.encode()):
                return frame.refused(visit, BAD, visit.words("form_old"))
            request.state.form = form
            return await page(request, visit)

        return answered

    async def sign_in(self, request: Request) -> Response:
        """`next` is the page of ours that was asked for: a link in a message leads there although its reader must sign in first."""
        words = words_of(request)
        if request.method == "GET":
            return self._frame.page("sign_in.html", words, back=back_to(request.query_params.get("next", "/"), "/"))
        form = await form_of(request)
        if form is None or not is_from_here(request, self._frame.config.console.url):
            return self._frame.page("sign_in.html", words, BAD, problem=words("form_old"))
        back = back_to(form.get("next", "/"), "/")
        address = request.client.host if request.client else ""
        if not self._signing.allows(address, self._frame.now_ms()):
            return self._frame.page("sign_in.html", words, MANY, problem=words("slow_down"), back=back)
        name, password = form.get("name", "")[:64], form.get("password", "")[:256]
        try:
            async with self._hashing:
                user = await asyncio.to_thread(self._accounts.check, name, password, address, self._frame.now_ms())
        except Locked as exc:
            return self._frame.page("sign_in.html", words, MANY, problem=words("locked", s=exc.wait_s), name=name, back=back)
        if user is None:
            return self._frame.page("sign_in.html", words, FORBIDDEN, problem=words("wrong"), name=name, back=back)
        return await self.welcome(request, user, "with a password", back)

    async def link(self, request: Request) -> Response:
        """A link that is only opened signs nobody in: mail scanners open them."""
        words = words_of(request)
        if request.method == "GET":
            return self._frame.page("link.html", words)
        if not is_from_here(request, self._frame.config.console.url):
            return self._frame.page("sign_in.html", words, BAD, problem=words("form_old"))
        user = await asyncio.to_thread(self._accounts.use, request.path_params["token"], self._frame.now_ms())
        if user is None:
            return self._frame.page("sign_in.html", words, FORBIDDEN, problem=words("stale_link"))
        return await self.welcome(request, user, "with a link")

    async def welcome(self, request: Request, user: User, how: str, back: str = "/") -> Response:
        """A new session, whatever the browser brought along; `back` is a page of ours."""
        old = request.cookies.get(self._frame.cookie)
        if old:
            await asyncio.to_thread(self._accounts.end, old)
        token = await asyncio.to_thread(self._accounts.begin, user, self._frame.now_ms(), how)
        answer = RedirectResponse(back, SEE_OTHER)
        answer.set_cookie(self._frame.cookie, token, httponly=True, secure=self._frame.config.console.secure, samesite="lax", path="/")
        return answer

    async def sign_out(self, request: Request, _visit: Visit) -> Response:
        await asyncio.to_thread(self._accounts.end, request.cookies.get(self._frame.cookie, ""))
        answer = RedirectResponse("/sign-in", SEE_OTHER)
        answer.delete_cookie(self._frame.cookie, path="/", secure=self._frame.config.console.secure, httponly=True, samesite="lax")
        return answer


def _sign_in_for(request: Request) -> str:
    """The page to sign in on, which leads on to the page that was asked for."""
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return "/sign-in" if asked == "/" else f"/sign-in?{urlencode({'next': asked})}"
