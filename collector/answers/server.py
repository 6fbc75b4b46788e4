"""Where answers come in, on an address of its own: the page behind a link, replies from gateways, buttons of Telegram.

A GET changes nothing. Bodies, tokens and the number of answers have bounds; what is secret is compared in constant time.
"""

from __future__ import annotations

import hmac
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from aiohttp import web

from collector.answers import forms, page
from collector.answers.desk import Desk
from collector.answers.limits import Limits
from collector.answers.token import Ticket, Wrong, opened
from collector.answers.words import Do, Reply
from collector.errors import UserError
from collector.notify.numbers import plain
from collector.notify.texts.catalogue import Language, language_of, word

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 8_192
FORM = "application/x-www-form-urlencoded"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}


@dataclass(frozen=True, slots=True)
class Secrets:
    """`reply` and `telegram` give the token that a gateway and Telegram show; None: they may not come. Both read at each use."""

    key: bytes
    reply: Callable[[], str] | None = None
    telegram: Callable[[], str] | None = None


class AnswerServer:
    def __init__(self, desk: Desk, secrets: Secrets, now_ms: Callable[[], int], limits: Limits | None = None) -> None:
        self._desk, self._secrets, self._now_ms = desk, secrets, now_ms
        self._limits = limits or Limits()
        self._runner: web.AppRunner | None = None

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
        """The port. Raises UserError where it is taken."""
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        app.add_routes(
            [
                web.get("/a/{token}", self._show),
                web.post("/a/{token}", self._press),
                web.post("/reply", self._reply),
                web.post("/telegram", self._telegram),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, ssl_context=tls)
        try:
            await site.start()
        except OSError as exc:
            await self.stop()
            raise UserError(f"port {port} on {host} is in use; set answers.port to a free one ({exc.strerror})") from exc
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    # ---- the page

    async def _show(self, request: web.Request) -> web.Response:
        ticket = self._ticket(request)
        if not isinstance(ticket, Ticket):
            return self._refused(ticket, request)
        if not self._limits.allowed(f"show {ticket.person}", self._now_ms()):
            return self._too_many(language_of(ticket.language))
        who = self._desk.who(ticket.person, ticket.address)
        language = language_of(who.language)
        return _html(page.question(self._desk.about(ticket.alarm, language), who.name, language))

    async def _press(self, request: web.Request) -> web.Response:
        ticket = self._ticket(request)
        if not isinstance(ticket, Ticket):
            return self._refused(ticket, request)
        if not self._limits.allowed(ticket.person, self._now_ms()):
            return self._too_many(language_of(ticket.language))
        do = (await request.post()).get("do", "ack") if request.content_type == FORM else None
        if do not in {"ack", "on_it"}:
            return web.Response(text="do: ack or on_it\n", status=400, headers=HEADERS)
        reply = await self._desk.by_code(ticket.code, ticket.address, ticket.person, _do(do))
        return _html(page.answer(reply), 200 if reply.done else 409)

    def _ticket(self, request: web.Request) -> Ticket | Wrong:
        return opened(request.match_info["token"], self._secrets.key, self._now_ms() / 1000)

    def _refused(self, wrong: Wrong, request: web.Request) -> web.Response:
        """In all languages the browser might want: nothing is known of who it is."""
        if not self._limits.allowed(f"remote {request.remote}", self._now_ms()):
            return web.Response(status=429, headers=HEADERS)
        language = _asked(request)
        said = {
            "expired": word(language, "This link is too old. Use the newest message, or call the control room."),
            "forged": word(language, "This link or code is not yours, or it has been changed. Nothing was done."),
        }[wrong]
        return _html(page.answer(Reply(said, language)), 410 if wrong == "expired" else 403)

    def _too_many(self, language: Language) -> web.Response:
        said = word(language, "Too many answers at once. Try again in a minute.")
        return _html(page.answer(Reply(said, language)), 429)

    # ---- gateways

    async def _reply(self, request: web.Request) -> web.Response:
        if not _shown(self._secrets.reply, _bearer(request)):
            return web.Response(text="the token is missing or wrong\n", status=403)
        said = forms.said(await request.read(), request.content_type)
        if said is None:
            return web.Response(text="a form or JSON with `from` and `text` is right\n", status=400)
        reply = await self._said(said.address, said.text)
        if request.content_type == "application/json":
            return web.Response(body=msgspec.json.encode({"reply": reply.text, "done": reply.done}), content_type="application/json")
        return web.Response(text=reply.text)

    async def _telegram(self, request: web.Request) -> web.Response:
        if not _shown(self._secrets.telegram, request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")):
            return web.Response(text="the token is missing or wrong\n", status=403)
        pressed = forms.pressed(await request.read())
        if pressed is None:
            return web.Response()  # Telegram sends again what is not taken
        reply = await self._said(pressed.address, pressed.text)
        body = {"method": "sendMessage", "chat_id": pressed.address, "text": reply.text}
        if pressed.id:
            body = {"method": "answerCallbackQuery", "callback_query_id": pressed.id, "text": reply.text[:200], "show_alert": "true"}
        return web.Response(body=msgspec.json.encode(body), content_type="application/json")

    async def _said(self, address: str, text: str) -> Reply:
        language = language_of(self._desk.who("", address).language)
        if not self._limits.allowed(f"reply {plain(address)}", self._now_ms()):
            return Reply(word(language, "Too many answers at once. Try again in a minute."), language)
        return await self._desk.by_text(text, address)


def _do(text: object) -> Do:
    return "on_it" if text == "on_it" else "ack"


def _html(text: str, status: int = 200) -> web.Response:
    return web.Response(text=text, content_type="text/html", charset="utf-8", status=status, headers=HEADERS)


def _bearer(request: web.Request) -> str:
    """From the header, or from the address for gateways that can send none."""
    header = request.headers.get("Authorization", "")
    return header.removeprefix("Bearer ") if header.startswith("Bearer ") else request.query.get("token", "")


def _shown(secret: Callable[[], str] | None, shown: str) -> bool:
    try:
        return secret is not None and hmac.compare_digest(secret().encode(), shown.encode("utf-8", "replace"))
    except UserError as exc:
        log.error("answers: %s", exc)
        return False


def _asked(request: web.Request) -> Language:
    """The first language that the browser wants."""
    return language_of(request.headers.get("Accept-Language", "en")[:20].partition(",")[0].partition(";")[0].strip())
