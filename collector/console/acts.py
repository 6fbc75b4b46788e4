"""What is done: commands to alarms, comments on them, counts of cylinders, and what an account chooses for itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import get_args

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collector.commands.control import enter_count, send
from collector.console.accounts import LEAST_PASSWORD, Locked
from collector.console.comments import Comment, wrong_comment
from collector.console.frame import BAD, FORBIDDEN, MANY, MISSING, SEE_OTHER, THEMES, Frame, Visit
from collector.console.guard import Pace, back_to
from collector.console.scope import NEEDED
from collector.console.words import language_of
from collector.counts import MOST, Count
from collector.errors import OxygridError
from collector.orders import COMMANDS, LONGEST_ALARM, LONGEST_WHY, wrong_use
from collector.outputs import Command, CommandName


class Acts:
    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._acting = Pace(120)
        self._hashing = asyncio.Semaphore(2)

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
        said = wrong_use(command) or await asyncio.to_thread(_said, lambda: send(self._frame.config, command))
        if said:
            return self._frame.refused(visit, BAD, f"{visit.words('refused')}: {said}")
        await self._frame.live.refresh()
        return RedirectResponse(back_to(form.get("back", "")), SEE_OTHER)

    async def comment(self, request: Request, visit: Visit) -> Response:
        """On an alarm that there is, or that there was."""
        form, frame = request.state.form, self._frame
        alarm, text = form.get("alarm", "")[:LONGEST_ALARM], form.get("text", "").strip()
        site = frame.mine(visit, alarm.partition("/")[0])
        if site is None or not visit.user.may("answer", site):
            return frame.refused(visit, FORBIDDEN)
        if not self._acting.allows(visit.user.name, frame.now_ms()):
            return frame.refused(visit, MANY, visit.words("slow_down"))
        if alarm not in frame.live.alarms and not await asyncio.to_thread(frame.past.of_alarm, alarm):
            return frame.refused(visit, MISSING)
        if wrong := wrong_comment(text):
            return frame.refused(visit, BAD, f"{visit.words('refused')}: {wrong}")
        comment = Comment(at_ms=frame.shown_ms(), alarm=alarm, by=visit.user.called, text=text)
        await asyncio.to_thread(frame.accounts.comments.add, comment, visit.user.name, frame.now_ms())
        return RedirectResponse(back_to(form.get("back", "")), SEE_OTHER)

    async def count(self, request: Request, visit: Visit) -> Response:
        """Of cylinders: it goes to the collector, which takes it as a reading."""
        form, frame = request.state.form, self._frame
        site = frame.mine(visit, form.get("site", ""))
        if site is None or not visit.user.may("answer", site):
            return frame.refused(visit, FORBIDDEN)
        if not self._acting.allows(visit.user.name, frame.now_ms()):
            return frame.refused(visit, MANY, visit.words("slow_down"))
        full, empty = _cylinders(form.get("full", "")), _cylinders(form.get("empty", ""))
        if full is None or (empty is None and form.get("empty", "").strip()):
            return frame.refused(visit, BAD, f"{visit.words('refused')}: {visit.words('count_wrong', most=MOST)}")
        count = Count(site.id, form.get("asset", "")[:LONGEST_ALARM], full, empty, visit.user.called)
        if said := await asyncio.to_thread(_said, lambda: enter_count(frame.config, count)):
            return frame.refused(visit, BAD, f"{visit.words('refused')}: {said}")
        await asyncio.to_thread(frame.accounts.note, frame.now_ms(), visit.user.name, f"count at {count.site}/{count.asset}")
        await frame.live.refresh()
        return RedirectResponse(back_to(form.get("back", "")), SEE_OTHER)

    async def password(self, request: Request, visit: Visit) -> Response:
        """One's own; who sits at an open session can't change it without the present one."""
        form, frame, words = request.state.form, self._frame, visit.words
        now, new = form.get("now", "")[:256], form.get("new", "")[:256]
        if new != form.get("again", "") or len(new) < LEAST_PASSWORD:
            return frame.refused(visit, BAD, words("password_differs", n=LEAST_PASSWORD))
        address = request.client.host if request.client else ""
        try:
            async with self._hashing:
                known = await asyncio.to_thread(frame.accounts.check, visit.user.name, now, address, frame.now_ms())
                if known is None:
                    return frame.refused(visit, FORBIDDEN, words("wrong"))
                keep = request.cookies.get(frame.cookie, "")
                await asyncio.to_thread(frame.accounts.change_password, visit.user.name, new, frame.now_ms(), visit.user.name, keep)
        except Locked as exc:
            return frame.refused(visit, MANY, words("locked", s=exc.wait_s))
        return RedirectResponse("/settings?changed=1", SEE_OTHER)

    async def save(self, request: Request, visit: Visit) -> Response:
        form = request.state.form
        language, theme = language_of(form.get("language", "")), form.get("theme", "")
        await asyncio.to_thread(self._frame.accounts.choose_language, visit.user.name, language)
        answer = RedirectResponse("/settings", SEE_OTHER)
        if theme in THEMES:
            answer.set_cookie("theme", theme, max_age=31_536_000, samesite="lax", secure=self._frame.config.console.secure)
        answer.set_cookie("language", language, max_age=31_536_000, samesite="lax", secure=self._frame.config.console.secure)
        return answer


def _said(ask: Callable[[], str]) -> str:
    """Why the collector did not do it; empty where it did."""
    try:
        ask()
    except OxygridError as exc:
        return str(exc)
    return ""


def _cylinders(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 and int(text) <= MOST else None


def _minutes(text: str) -> float:
    return float(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0.0
