"""What every page is made of: who asks, what they see, and the HTML around it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from collector.config import Config
from collector.console.accounts import Accounts, Session
from collector.console.live import Live
from collector.console.paint import Painter
from collector.console.past import Past
from collector.console.scope import RIGHTS, User
from collector.console.seen import Seen, View
from collector.console.words import LANGUAGES, Language, Words, language_of
from devices.assets import Site

THEMES = ("auto", "light", "dark", "wall")
SEE_OTHER, BAD, FORBIDDEN, MISSING, MANY = 303, 400, 403, 404, 429


class Visit(NamedTuple):
    """One request of somebody who has signed in."""

    user: User
    csrf: str
    words: Words


class Frame:
    """What the parts of the console share. `now_ms` reads the clock of people, `shown_ms` that of what is shown to them."""

    def __init__(self, config: Config, accounts: Accounts, live: Live, now_ms: Callable[[], int], shown_ms: Callable[[], int]) -> None:
        self.config, self.accounts, self.live, self.now_ms, self.shown_ms = config, accounts, live, now_ms, shown_ms
        self.past = Past(config)
        self._seen = Seen(config.sites)
        self._paint = Painter()
        self.cookie = "__Host-oxygrid" if config.console.secure else "oxygrid"

    # ---- who asks ------------------------------------------------------------------------------------------------------------

    async def session(self, request: Request) -> Session | None:
        token = request.cookies.get(self.cookie)
        return await asyncio.to_thread(self.accounts.session, token, self.now_ms()) if token else None

    def visit(self, session: Session) -> Visit:
        return Visit(session.user, session.csrf, words_in(session.user.language))

    def view(self, visit: Visit) -> View:
        return self._seen.of(visit.user, visit.words.language, (self.live.version, self.live.alarms, self.live.stock))

    def mine(self, visit: Visit, name: str) -> Site | None:
        """A site that they may see; what they may not see is not there."""
        return self._seen.reach(visit.user).get(name)

    # ---- answers -------------------------------------------------------------------------------------------------------------

    def html(self, template: str, words: Words, **values: Any) -> str:
        request = values.get("request")
        return self._paint(
            template, words, fragment=is_fragment(request), theme=theme_of(request), languages=LANGUAGES, utc=UTC,
            rights_of=lambda visit: RIGHTS[visit.user.role], problem_of_live=self.live.problem, oidc=self.config.console.oidc,
            **{"problem": "", "visit": None, **values},
        )  # fmt: skip

    def page(self, template: str, words: Words, status: int = 200, **values: Any) -> Response:
        return HTMLResponse(self.html(template, words, **values), status)

    def refused(self, visit: Visit, status: int, said: str = "") -> Response:
        said = said or visit.words("not_found" if status == MISSING else "forbidden")
        return self.page("said.html", visit.words, status, visit=visit, said=said, urgent=[])


def is_fragment(request: Request | None) -> bool:
    """A live page asks for its own content alone."""
    return request is not None and request.headers.get("x-fragment") == "1"


def theme_of(request: Request | None) -> str:
    theme = request.cookies.get("theme", "auto") if request is not None else "auto"
    return theme if theme in THEMES else "auto"


def words_of(request: Request) -> Words:
    """Of somebody who has not signed in: what they chose last, or what their browser asks for."""
    wanted = request.cookies.get("language") or request.headers.get("accept-language", "").partition(",")[0].partition(";")[0]
    return words_in(request.query_params.get("language") or wanted)


def words_in(language: str) -> Words:
    found: Language = language_of(language)
    return Words(found)
