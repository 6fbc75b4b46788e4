"""What the collector knows, as the console shows it: open alarms and stock of every site, kept up to date from its state on disk.

A look costs next to nothing while nothing changes; what changed is read row by row, so that a flood of alarms is read once.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from collector.console.reading import Reading
from collector.errors import JournalError, UserError
from collector.outputs import StockEstimate, Transition
from collector.views import AlarmView, alarm_view

LOOK_S = 0.4
PAUSE_S = 0.7
"""However much changes, pages are told at most so often."""


class Live:
    """`alarms` by name, those that are not normal; `stock` by site. `version` counts what changed; `waited` returns when it is another."""

    def __init__(self, path: Path) -> None:
        self.alarms: dict[str, AlarmView] = {}
        self.stock: dict[str, StockEstimate] = {}
        self.version = 0
        self.problem = "nothing was read yet"
        self._path = path
        self._reading: Reading | None = None
        self._changed, self._looking = asyncio.Condition(), asyncio.Lock()

    async def run(self) -> None:
        """Look for ever."""
        while True:  # noqa: ASYNC110 - a file has no event
            await asyncio.sleep(PAUSE_S if await self.refresh() else LOOK_S)

    async def refresh(self) -> bool:
        """Look, and tell those who wait. Whether anything was new."""
        async with self._looking:
            changed = await asyncio.to_thread(self.look)
        if changed:
            async with self._changed:
                self._changed.notify_all()
        return changed

    async def waited(self, version: int, longest_s: float) -> int:
        """The version, once it is another than that one, or after so long."""
        try:
            async with asyncio.timeout(longest_s), self._changed:
                await self._changed.wait_for(lambda: self.version != version)
        except TimeoutError:
            pass
        return self.version

    def look(self) -> bool:
        """Read what is new. Whether anything was: then it is another version."""
        changed = self._look()
        self.version += changed
        return changed

    def _look(self) -> bool:
        try:
            if self._reading is None:
                self._reading = Reading(self._path)
            news = self._reading.news()
        except (JournalError, UserError) as exc:
            changed, self.problem = self.problem != str(exc), str(exc)
            self._close()
            return changed
        changed, self.problem = bool(self.problem), ""
        if news.whole:
            self.alarms, self.stock = {}, {}
        for transition in news.transitions:
            self._take(transition)
        self.stock.update({estimate.site: estimate for estimate in news.stock})
        return changed or bool(news.transitions or news.stock or news.whole)

    def _take(self, transition: Transition) -> None:
        if transition.event == "discovered_late":
            return
        if transition.state == "normal":
            self.alarms.pop(transition.alarm, None)
        else:
            self.alarms[transition.alarm] = alarm_view(transition)

    def _close(self) -> None:
        if self._reading is not None:
            self._reading.close()
            self._reading = None
