"""The console's pages: who asks, what they may see, and what they are shown. Every page works without JavaScript."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path
from typing import Any, NamedTuple, get_args

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from collector.commands.control import send
from collector.config import Config
from collector.console.accounts import Accounts, Locked, Session
from collector.console.ask import site_now
from collector.console.board import Shown, page_of, rows, shown, urgency
from collector.console.chain import drawing
from collector.console.guard import Headers, Pace, form_of, is_from_here
from collector.console.live import Live
from collector.console.paint import Painter
from collector.console.past import Past
from collector.console.scope import NEEDED, RIGHTS, User
from collector.console.words import LANGUAGES, Language, Words, language_of
from collector.errors import JournalError, OxygridError, UserError
from collector.orders import COMMANDS, LONGEST_ALARM, LONGEST_WHY, wrong_use
from collector.outputs import Command, CommandName
from collector.selfwatch import COLLECTOR_SITE
from collector.views import AlarmView
from devices.assets import Site, display_name

log = logging.getLogger(__name__)

PER_PAGE = 50
ALARMS_SHOWN = 200
STREAM_S = 20.0
STREAMS_MOST = 2_000
THEMES = ("auto", "light", "dark", "wall")
STATIC = Path(__file__).parent / "static"
SEE_OTHER, BAD, FORBIDDEN, MISSING, MANY = 303, 400, 403, 404, 429

Page = Callable[[Request, "Visit"], Awaitable[Response]]


class Visit(NamedTuple):
    """One request of somebody who has signed in."""

    user: User
    csrf: str
    words: Words


class Console:
    """See the module. `now_ms` reads the clock."""

    def __init__(self, config: Config, accounts: Accounts, live: Live, now_ms: Callable[[], int]) -> None:
        self._config, self._accounts, self.live, self._now_ms = config, accounts, live, now_ms
        self._sites = {site.id: site for site in (*config.sites, COLLECTOR_SITE)}
        self._past = Past(config)
        self._paint = Painter()
        self._cookie = "__Host-oxygrid" if config.console.secure else "oxygrid"
        self._signing, self._acting, self._asking = Pace(60), Pace(120), Pace(600)
        self._hashing = asyncio.Semaphore(2)
        self._streams = 0

    def app(self) -> Starlette:
        routes = [
            Route("/sign-in", self.sign_in, methods=["GET", "POST"]),
            Route("/link/{token}", self.link, methods=["GET", "POST"]),
            Route("/sign-out", self._post(self.sign_out), methods=["POST"]),
            Route("/", self._get(self.board)),
            Route("/hospital/{site}", self._get(self.hospital)),
            Route("/alarms", self._get(self.alarms)),
            Route("/alarm/{alarm:path}", self._get(self.alarm)),
            Route("/command", self._post(self.command), methods=["POST"]),
            Route("/gateways", self._get(self.gateways)),
            Route("/settings", self._get(self.settings)),
            Route("/settings/save", self._post(self.save), methods=["POST"]),
            Route("/events", self._get(self.events)),
            Route("/healthz", lambda _: PlainTextResponse("ok\n")),
            Mount("/static", StaticFiles(directory=STATIC)),
        ]
        middleware = [Middleware(Headers, secure=self._config.console.secure)]
        return Starlette(
            routes=routes, middleware=middleware, lifespan=self._life, exception_handlers={404: self._nothing, 500: self._broken}
        )

    @asynccontextmanager
    async def _life(self, _app: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(self.live.run(), name="console-live")
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    # ---- signing in ----------------------------------------------------------------------------------------------------------

    async def sign_in(self, request: Request) -> Response:
        words = self._words_of(request)
        if request.method == "GET":
            return self._page("sign_in.html", words)
        form = await form_of(request)
        if form is None or not is_from_here(request, self._config.console.url):
            return self._page("sign_in.html", words, BAD, problem=words("form_old"))
        address = request.client.host if request.client else ""
        if not self._signing.allows(address, self._now_ms()):
            return self._page("sign_in.html", words, MANY, problem=words("slow_down"))
        name, password = form.get("name", "")[:64], form.get("password", "")[:256]
        try:
            async with self._hashing:
                user = await asyncio.to_thread(self._accounts.check, name, password, address, self._now_ms())
        except Locked as exc:
            return self._page("sign_in.html", words, MANY, problem=words("locked", s=exc.wait_s), name=name)
        if user is None:
            return self._page("sign_in.html", words, FORBIDDEN, problem=words("wrong"), name=name)
        return await self._welcome(request, user, "with a password")

    async def link(self, request: Request) -> Response:
        """A link that is only opened signs nobody in: mail scanners open them."""
        words = self._words_of(request)
        if request.method == "GET":
            return self._page("link.html", words)
        if not is_from_here(request, self._config.console.url):
            return self._page("sign_in.html", words, BAD, problem=words("form_old"))
        user = await asyncio.to_thread(self._accounts.use, request.path_params["token"], self._now_ms())
        if user is None:
            return self._page("sign_in.html", words, FORBIDDEN, problem=words("stale_link"))
        return await self._welcome(request, user, "with a link")

    async def _welcome(self, request: Request, user: User, how: str) -> Response:
        """A new session, whatever the browser brought along."""
        old = request.cookies.get(self._cookie)
        if old:
            await asyncio.to_thread(self._accounts.end, old)
        token = await asyncio.to_thread(self._accounts.begin, user, self._now_ms(), how)
        answer = RedirectResponse("/", SEE_OTHER)
        answer.set_cookie(self._cookie, token, httponly=True, secure=self._config.console.secure, samesite="lax", path="/")
        return answer

    async def sign_out(self, request: Request, _visit: Visit) -> Response:
        await asyncio.to_thread(self._accounts.end, request.cookies.get(self._cookie, ""))
        answer = RedirectResponse("/sign-in", SEE_OTHER)
        answer.delete_cookie(self._cookie, path="/", secure=self._config.console.secure, httponly=True, samesite="lax")
        return answer

    # ---- what is seen --------------------------------------------------------------------------------------------------------

    async def board(self, request: Request, visit: Visit) -> Response:
        query, words = request.query_params, visit.words
        district, only = query.get("district", ""), query.get("alarms") == "1"
        mine = visit.user.sites(self._config.sites)
        chosen = [site for site in mine if not district or site.district == district]
        found = rows(chosen, self.live.stock, self.live.alarms.values(), words.language, visit.user.role)
        found = [row for row in found if not only or row.priority]
        listed, pages = page_of(found, _number(query.get("page")), PER_PAGE)
        return self._page(
            "board.html", words, visit=visit, request=request, rows=listed, count=len(found), pages=pages, only=only, district=district,
            number=min(max(1, _number(query.get("page"))), pages), districts=sorted({site.district for site in mine if site.district}),
            urgent=self._urgent(visit),
        )  # fmt: skip

    async def hospital(self, request: Request, visit: Visit) -> Response:
        site = self._mine(visit, request.path_params["site"])
        if site is None:
            return self._refused(visit, MISSING)
        view = await asyncio.to_thread(site_now, self._config.data_dir, site.id)
        found = [alarm for alarm in self.live.alarms.values() if alarm.site == site.id]
        opened = [alarm for alarm in found if alarm.is_open]
        priorities = {alarm.asset: alarm.priority for alarm in sorted(opened, key=urgency, reverse=True)}
        return self._page(
            "hospital.html", visit.words, visit=visit, request=request, site=site, name=display_name(site, visit.words.language), view=view,
            estimate=self.live.stock.get(site.id), drawn=drawing(view, priorities, visit.words) if view else None,
            alarms=self._shown(opened, visit), quiet=self._shown([a for a in found if not a.is_open], visit),
            trends=await self._past.trends(site, self._now_ms()),
            events=await asyncio.to_thread(self._past.events, site.id, self._now_ms()),
            now_ms=self._now_ms(), urgent=self._urgent(visit),
        )  # fmt: skip

    async def alarms(self, request: Request, visit: Visit) -> Response:
        quiet = request.query_params.get("quiet") == "1"
        found = [alarm for alarm in self._seen_alarms(visit) if alarm.is_open is not quiet]
        listed = self._shown(found, visit)
        return self._page(
            "alarms.html", visit.words, visit=visit, request=request, alarms=listed[:ALARMS_SHOWN], count=len(listed), quiet=quiet,
            urgent=self._urgent(visit),
        )  # fmt: skip

    async def alarm(self, request: Request, visit: Visit) -> Response:
        name = request.path_params["alarm"]
        site = self._mine(visit, name.partition("/")[0])
        if site is None:
            return self._refused(visit, MISSING)
        known = self.live.alarms.get(name)
        past = await asyncio.to_thread(self._past.of_alarm, name)
        if known is None and not past:
            return self._refused(visit, MISSING)
        said = self._shown([known], visit)[0] if known else None
        return self._page(
            "alarm.html",
            visit.words,
            visit=visit,
            request=request,
            name=name,
            site=site,
            shown=said,
            past=past,
            urgent=self._urgent(visit),
        )

    async def gateways(self, request: Request, visit: Visit) -> Response:
        sites = visit.user.sites(self._config.sites)[:PER_PAGE]
        views = await asyncio.gather(*(asyncio.to_thread(site_now, self._config.data_dir, site.id) for site in sites))
        found = [(site, [a for a in view.assets if a.kind == "gateway"]) for site, view in zip(sites, views, strict=True) if view]
        judges = visit.user.may("judge")
        aside = await asyncio.to_thread(self._past.quarantine) if judges else None
        return self._page(
            "gateways.html", visit.words, visit=visit, request=request, found=found, aside=aside, now_ms=self._now_ms(),
            urgent=self._urgent(visit),
        )  # fmt: skip

    async def settings(self, request: Request, visit: Visit) -> Response:
        events = await asyncio.to_thread(self._accounts.events) if visit.user.may("manage") else []
        return self._page("settings.html", visit.words, visit=visit, request=request, events=events, themes=THEMES, urgent=[])

    async def events(self, request: Request, visit: Visit) -> Response:
        """Server-sent events: that something has changed; the page asks for itself then."""
        if self._streams >= STREAMS_MOST:
            return PlainTextResponse("too many listeners\n", 503)

        async def stream() -> AsyncIterator[str]:
            self._streams += 1
            try:
                version = self.live.version
                yield f"retry: 3000\nid: {version}\ndata: {version}\n\n"
                while not await request.is_disconnected():
                    newer = await self.live.waited(version, STREAM_S)
                    yield f"id: {newer}\ndata: {newer}\n\n" if newer != version else ": still here\n\n"
                    version = newer
            finally:
                self._streams -= 1

        del visit
        return StreamingResponse(stream(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    # ---- what is done --------------------------------------------------------------------------------------------------------

    async def command(self, request: Request, visit: Visit) -> Response:
        form = request.state.form
        name = form.get("command", "")
        site = self._mine(visit, form.get("alarm", "").partition("/")[0])
        if name not in get_args(CommandName) or site is None or not visit.user.may(NEEDED[name], site):
            return self._refused(visit, FORBIDDEN)
        if not self._acting.allows(visit.user.name, self._now_ms()):
            return self._refused(visit, MANY, visit.words("slow_down"))
        needs = COMMANDS[name]
        command = Command(
            name,
            form["alarm"][:LONGEST_ALARM],
            by=visit.user.called,
            why=form.get("why", "").strip()[: LONGEST_WHY + 1],
            minutes=_minutes(form.get("minutes", "")) if needs.duration or needs.may_last else 0.0,
            one_shot=name == "shelve" and form.get("one_shot") == "1",
        )
        said = wrong_use(command) or await asyncio.to_thread(self._obeyed, command)
        if said:
            return self._refused(visit, BAD, f"{visit.words('refused')}: {said}")
        await asyncio.to_thread(self.live.look)
        return RedirectResponse(_back(form.get("back", "")), SEE_OTHER)

    def _obeyed(self, command: Command) -> str:
        """Empty where it was done."""
        try:
            send(self._config, command)
        except OxygridError as exc:
            return str(exc)
        return ""

    async def save(self, request: Request, visit: Visit) -> Response:
        form = request.state.form
        language, theme = language_of(form.get("language", "")), form.get("theme", "")
        await asyncio.to_thread(self._accounts.choose_language, visit.user.name, language)
        answer = RedirectResponse("/settings", SEE_OTHER)
        if theme in THEMES:
            answer.set_cookie("theme", theme, max_age=31_536_000, samesite="lax", secure=self._config.console.secure)
        answer.set_cookie("language", language, max_age=31_536_000, samesite="lax", secure=self._config.console.secure)
        return answer

    # ---- who asks ------------------------------------------------------------------------------------------------------------

    def _get(self, page: Page) -> Callable[[Request], Awaitable[Response]]:
        async def answered(request: Request) -> Response:
            session = await self._session(request)
            if session is None:
                return RedirectResponse("/sign-in", SEE_OTHER)
            if not self._asking.allows(session.user.name, self._now_ms()):
                return self._refused(self._visit(session), MANY, self._words(session.user.language)("slow_down"))
            return await page(request, self._visit(session))

        return answered

    def _post(self, page: Page) -> Callable[[Request], Awaitable[Response]]:
        """A form counts when it comes from a page of ours and brings what the session was given."""

        async def answered(request: Request) -> Response:
            session = await self._session(request)
            if session is None:
                return RedirectResponse("/sign-in", SEE_OTHER)
            form = await form_of(request)
            visit = self._visit(session)
            if (
                form is None
                or not is_from_here(request, self._config.console.url)
                or not hmac.compare_digest(form.get("csrf", "").encode(), session.csrf.encode())
            ):
                return self._refused(visit, BAD, visit.words("form_old"))
            request.state.form = form
            return await page(request, visit)

        return answered

    async def _session(self, request: Request) -> Session | None:
        token = request.cookies.get(self._cookie)
        return await asyncio.to_thread(self._accounts.session, token, self._now_ms()) if token else None

    def _visit(self, session: Session) -> Visit:
        return Visit(session.user, session.csrf, self._words(session.user.language))

    def _mine(self, visit: Visit, name: str) -> Site | None:
        """A site that they may see; what they may not see is not there."""
        site = self._sites.get(name)
        return site if site is not None and visit.user.may("see", None if site is COLLECTOR_SITE else site) else None

    def _seen_alarms(self, visit: Visit) -> list[AlarmView]:
        mine = {name for name in self._sites if self._mine(visit, name)}
        return [alarm for alarm in self.live.alarms.values() if alarm.site in mine]

    def _urgent(self, visit: Visit) -> list[str]:
        """The alarms of high priority that nobody answered: what makes a sound."""
        return [a.alarm for a in self._seen_alarms(visit) if a.priority == "high" and a.state == "unacknowledged"]

    def _shown(self, alarms: list[AlarmView], visit: Visit) -> list[Shown]:
        return shown(alarms, self._sites, visit.words.language, visit.user.role)

    # ---- answers -------------------------------------------------------------------------------------------------------------

    def _page(self, template: str, words: Words, status: int = 200, **values: Any) -> Response:
        request = values.get("request")
        fragment = request is not None and request.headers.get("x-fragment") == "1"
        theme = request.cookies.get("theme", "auto") if request is not None else "auto"
        html = self._paint(
            template, words, fragment=fragment, theme=theme if theme in THEMES else "auto", languages=LANGUAGES, utc=UTC,
            rights_of=lambda visit: RIGHTS[visit.user.role], zone_of=lambda name: self._sites[name].zone,
            problem_of_live=self.live.problem, version=self.live.version, **{"problem": "", "visit": None, **values},
        )  # fmt: skip
        return HTMLResponse(html, status)

    def _refused(self, visit: Visit, status: int, said: str = "") -> Response:
        said = said or visit.words("not_found" if status == MISSING else "forbidden")
        return self._page("said.html", visit.words, status, visit=visit, said=said, urgent=[])

    async def _nothing(self, request: Request, _exc: Exception) -> Response:
        return self._page("said.html", self._words_of(request), MISSING, said=self._words_of(request)("not_found"), urgent=[])

    async def _broken(self, request: Request, exc: Exception) -> Response:
        known = isinstance(exc, JournalError | UserError)
        log.error("%s %s: %s", request.method, request.url.path, exc, exc_info=None if known else exc)
        return PlainTextResponse(f"{exc}\n" if known else "the console could not do that; its log says why\n", 500)

    def _words_of(self, request: Request) -> Words:
        """Of somebody who has not signed in: what they chose last, or what their browser asks for."""
        wanted = request.cookies.get("language") or request.headers.get("accept-language", "").partition(",")[0].partition(";")[0]
        return self._words(request.query_params.get("language") or wanted)

    def _words(self, language: str) -> Words:
        found: Language = language_of(language)
        return Words(found)


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 7 else 1


def _minutes(text: str) -> float:
    return float(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0.0


def _back(path: str) -> str:
    """A page of ours, and no other address."""
    inside = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if inside else "/alarms"
