"""An outbox in memory, that forgets at the end: for tests and trials. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from collector.outputs import Notice
from collector.store.state_rows import DueNotice


class MemoryOutbox:
    """Notices that wait, by id, with the time of the next try; and what became of the others."""

    def __init__(self, notices: Sequence[Notice] = ()) -> None:
        self.due: dict[str, tuple[int, DueNotice]] = {}
        self.outcomes: dict[str, tuple[str, str]] = {}
        for notice in notices:
            self.add(notice)

    def add(self, notice: Notice) -> None:
        if notice.id not in self.due and notice.id not in self.outcomes:
            self.due[notice.id] = (notice.due_ms, DueNotice(notice))

    def due_notices(self, now_ms: int, limit: int = 100, channel: str | None = None) -> list[DueNotice]:
        found = sorted(((at_ms, each) for at_ms, each in self._of(channel) if at_ms <= now_ms), key=lambda pair: pair[0])
        return [each for _, each in found[:limit]]

    def notices_beside(self, channel: str, notices: Sequence[Notice]) -> list[DueNotice]:
        wanted = {notice.transition.occurrence for notice in notices}
        return [each for _, each in self._of(channel) if each.notice.transition.occurrence in wanted]

    def next_notice_ms(self, channel: str) -> int | None:
        return min((at_ms for at_ms, _ in self._of(channel)), default=None)

    def _of(self, channel: str | None) -> list[tuple[int, DueNotice]]:
        return [(at_ms, each) for at_ms, each in self.due.values() if channel in (None, each.notice.channel)]

    def notices_sent(self, notice_ids: Sequence[str], now_ms: int) -> None:  # noqa: ARG002 - the time is for a store that keeps it
        for notice_id in notice_ids:
            del self.due[notice_id]
            self.outcomes[notice_id] = ("sent", "")

    def notice_moved(self, notice_id: str, notice: Notice, now_ms: int, error: str) -> None:  # noqa: ARG002 - as above
        if self.due.pop(notice_id, None) is not None:
            self.outcomes[notice_id] = ("moved", error)
            self.add(notice)

    def notice_failed(self, notice_id: str, error: str, retry_at_ms: int) -> None:
        _, each = self.due[notice_id]
        self.due[notice_id] = (retry_at_ms, DueNotice(each.notice, each.attempts + 1, error))

    def notice_given_up(self, notice_id: str, now_ms: int, error: str = "") -> None:  # noqa: ARG002 - as above
        del self.due[notice_id]
        self.outcomes[notice_id] = ("given_up", error)
