"""Threads of their own for calls that block: one for each SQLite file, so that no file waits for another and each has one caller."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from collector.errors import JournalError

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

RETRY_S = 0.5


class Thread:
    """Runs calls one after another, in order."""

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The call's result. A caller that is cancelled goes on at once; the call itself still has its turn."""
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._executor, lambda: call(*args, **kwargs)))

    def close(self) -> None:
        """Returns when every call has had its turn."""
        self._executor.shutdown(wait=True)


class PatientThread(Thread):
    """While the disk takes nothing (JournalError) the call is tried again, for ever: for what must not be left out and can wait.

    A file that is damaged is no matter of time: that error goes to the caller, so that the process ends and the next start mends the file.
    """

    def __init__(self, name: str, retry_s: float = RETRY_S) -> None:
        super().__init__(name)
        self._name, self._retry_s = name, retry_s
        self._failing = False

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        while True:
            try:
                result = await super().run(call, *args, **kwargs)
            except JournalError as exc:
                if not exc.retry:
                    raise
                if not self._failing:
                    log.error("the %s can't be written, trying again until it can: %s", self._name, exc)
                self._failing = True
                await asyncio.sleep(self._retry_s)
                continue
            if self._failing:
                log.info("the %s can be written again", self._name)
            self._failing = False
            return result
