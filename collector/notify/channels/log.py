"""The log as a way out: one line per notice, which whoever keeps the log can search for."""

from __future__ import annotations

import logging

from collector.notify.messages import Envelope
from collector.notify.render import Form
from collector.outputs import AlarmEvent

log = logging.getLogger("collector.notify.channels")

ALARMING: frozenset[AlarmEvent] = frozenset({"raised", "realarmed", "escalated", "unshelved", "unsuppressed", "returned_to_service"})
LEVELS = {"high": logging.ERROR, "medium": logging.WARNING, "low": logging.INFO, "info": logging.INFO}


class LogSender:
    """What was discovered late, or is over, is information whatever its priority."""

    digests = False
    form: Form = "short"

    def __init__(self, channel_id: str) -> None:
        self.id = channel_id

    async def send(self, envelope: Envelope) -> None:
        for notice in envelope.notices:
            transition = notice.transition
            level = LEVELS[transition.priority] if transition.event in ALARMING else logging.INFO
            line = f"to {notice.to or notice.person}: {notice.subject}" if notice.role else notice.subject
            log.log(level, "%s", line, extra={"alarm": transition.alarm, "occurrence": transition.occurrence})
