"""What is done: commands to alarms, and what an account chooses for itself."""

from __future__ import annotations

import asyncio
from typing import get_args

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.commands.control import send
from collector.console.frame import BAD, FORBIDDEN, MANY, SEE_OTHER, THEMES, Frame, Visit
from collector.console.guard import Pace
from collector.console.scope import NEEDED
from collector.console.words import language_of
from collector.errors import OxygridError
from collector.orders import COMMANDS, LONGEST_ALARM, LONGEST_WHY, wrong_use
from collector.outputs import Command, CommandName


class Acts:
    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._acting = Pace(120)

    async def command(self, request: Request, visit: Visit) -> Response:
        form = request.state.form
        name = form.get("command", "")
        site = self._frame.mine(visit, form.get("alarm", "").partition("/")[0])
        if name not in get_args(CommandName) or site is None or not visit.user.may(NEEDED[name], site):
            return self._frame.refused(visit, FORBIDDEN)
        if not self._acting.allows(visit.user.name, self._frame.now_ms()):
            return self._frame.refused(visit, MANY, visit.words("slow_down"))
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
            return self._frame.refused(visit, BAD, f"{visit.words('refused')}: {said}")
        await self._frame.live.refresh()
        return RedirectResponse(back_to(form.get("back", "")), SEE_OTHER)

    def _obeyed(self, command: Command) -> str:
        """Empty where it was done."""
        try:
            send(self._frame.config, command)
        except OxygridError as exc:
            return str(exc)
        return ""

    async def save(self, request: Request, visit: Visit) -> Response:
        form = request.state.form
        language, theme = language_of(form.get("language", "")), form.get("theme", "")
        await asyncio.to_thread(self._frame.accounts.choose_language, visit.user.name, language)
        answer = RedirectResponse("/settings", SEE_OTHER)
        if theme in THEMES:
            answer.set_cookie("theme", theme, max_age=31_536_000, samesite="lax", secure=self._frame.config.console.secure)
        answer.set_cookie("language", language, max_age=31_536_000, samesite="lax", secure=self._frame.config.console.secure)
        return answer


def _minutes(text: str) -> float:
    return float(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0.0


def back_to(path: str) -> str:
    """A page of ours, and no other address."""
    inside = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if inside else "/alarms"
