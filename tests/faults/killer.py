"""`oxygrid run` that kills itself, as a power cut would, at one named moment on the way from an alarm to "sent":

    python -m tests.faults.killer MOMENT ASSET run -c …

The moment is that of the named asset's alarm alone; all before it and all other alarms go their way.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from collector.cli import main
from collector.notify.channels.webhook import WebhookSender
from collector.store.calls import CallRows
from collector.store.state import StateStore

MOMENTS: dict[str, tuple[type, str, bool]] = {
    "before the alarm is on disk": (StateStore, "commit", True),
    "after the alarm is on disk": (StateStore, "commit", False),
    "before who is told is on disk": (CallRows, "serve", True),
    "after who is told is on disk": (CallRows, "serve", False),
    "before it is sent": (WebhookSender, "send", True),
    "after it is sent": (WebhookSender, "send", False),
    "before it is marked as sent": (StateStore, "notices_sent", True),
    "after it is marked as sent": (StateStore, "notices_sent", False),
}
"""Moment → class, method, and whether it is before the method's work or after it."""


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _speaks_of(args: tuple[Any, ...], asset: str) -> bool:
    """The call's arguments name the alarm of that asset."""
    given = args[1]
    transitions = [*getattr(given, "transitions", []), *(call.transition for call in getattr(given, "calls", []))]
    transitions += [notice.transition for notice in getattr(given, "notices", [])]
    named = [transition.asset for transition in transitions]
    return asset in named or (isinstance(given, list) and any(f"/{asset}/" in str(each) for each in given))


def arm(moment: str, asset: str) -> None:
    """From now on the process dies at that moment."""
    owner, name, before = MOMENTS[moment]
    method: Callable[..., Any] = getattr(owner, name)

    @functools.wraps(method)
    def armed(*args: Any) -> Any:
        if before and _speaks_of(args, asset):
            _die()
        found = method(*args)
        if not before and _speaks_of(args, asset):
            _die()
        return found

    @functools.wraps(method)
    async def armed_later(*args: Any) -> Any:
        if before and _speaks_of(args, asset):
            _die()
        found = await method(*args)
        if not before and _speaks_of(args, asset):
            _die()
        return found

    setattr(owner, name, armed_later if name == "send" else armed)


if __name__ == "__main__":
    arm(sys.argv[1], sys.argv[2])
    sys.exit(main(sys.argv[3:]))
