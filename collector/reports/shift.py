"""What the collector's state knows of a site's shift: for the handover."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from collector.audit import decode
from collector.outputs import Transition
from collector.reports.handover import Deed, Shift, of_site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from collector.config import Config
    from collector.store.state_reader import StateReader
    from devices.assets import Site

HOUR_MS = 3_600_000


def shift_of(config: Config, site: Site, now_ms: int, hours: float) -> Shift:
    """Raises UserError where no collector has run."""
    from collector.commands.knowledge import open_state

    since_ms = now_ms - round(hours * HOUR_MS)
    with closing(open_state(config)) as state:
        events = [e for e in state.stock_events(since_ms, 10_000) if e.site == site.id and e.event_ms >= since_ms]
        log: list[Transition] = of_site(state.alarm_log(since_ms, now_ms + 1), site.id)
        return Shift(
            since_ms, now_ms, state.alarms(site.id), log, state.stock().get(site.id), events, list(_deeds(state, site.id, since_ms))
        )


def _deeds(state: StateReader, site: str, since_ms: int) -> Iterator[Deed]:
    """Commands that were done."""
    for row in state.audit_rows(since_ms):
        entry = decode(row.body)
        if entry.command is not None and not entry.refused and entry.command.alarm.partition("/")[0] == site:
            yield Deed(row.at_ms, entry.command)
