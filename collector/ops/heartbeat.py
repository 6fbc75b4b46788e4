"""The sign of life to a service outside, which raises an alarm of its own when it does not come.

It is given only while alarms are judged, calls are looked at and notices get out: a process that merely lives says nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from urllib.parse import urlsplit

import aiohttp

from collector.config.people import Heartbeat
from collector.config.secret import read_secret
from collector.errors import UserError
from collector.outgoing import tls_context

log = logging.getLogger(__name__)

STILL_MS = 60_000
"""A part that has not moved for so long stands still."""
TIMEOUT_S = 10.0


class Pulse:
    """Knows when each part last moved. `problem` says, by the time, why notices do not get out; empty while they do."""

    def __init__(self, now_ms: Callable[[], int], problem: Callable[[], str] = lambda: "") -> None:
        self._now_ms, self._problem = now_ms, problem
        self._begun_ms = now_ms()
        self._moved_ms: dict[str, int] = {}

    def beat(self, part: str) -> Callable[[], None]:
        """What the part is to call whenever it has moved."""
        self._moved_ms.setdefault(part, self._begun_ms)

        def moved() -> None:
            self._moved_ms[part] = self._now_ms()

        return moved

    def stands_still(self) -> str:
        """Why no sign of life is to be given; empty while all is in motion."""
        now_ms = self._now_ms()
        for part, moved_ms in self._moved_ms.items():
            if now_ms - moved_ms > STILL_MS:
                return f"{part} has not moved for {(now_ms - moved_ms) // 1000} s"
        return self._problem()


async def heartbeat(settings: Heartbeat | None, pulse: Pulse) -> None:
    """For ever. Logs when signs stop and when they begin again."""
    problem = ""
    while True:
        if settings is None:
            await asyncio.Event().wait()
            continue
        said = pulse.stands_still() or await _say(settings)
        if said and not problem:
            log.error("no sign of life is given: %s", said)
        elif problem and not said:
            log.info("signs of life are given again")
        problem = said
        await asyncio.sleep(settings.every_s)


async def _say(settings: Heartbeat) -> str:
    """What went wrong, in words without the address: it may be a secret."""
    try:
        url = settings.url or read_secret(settings.url_file or "")
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.request(settings.method, url, allow_redirects=False, ssl=tls_context(None)) as answer,
        ):
            where = urlsplit(url).hostname or "the service"
            return "" if 200 <= answer.status < 300 else f"{where} answered {answer.status}"
    except UserError as exc:
        return str(exc)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as exc:
        return f"the service can't be reached: {type(exc).__name__}"
