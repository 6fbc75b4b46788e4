"""The link of a notice: made when the notice is sent, for one person and one call."""

from __future__ import annotations

from collections.abc import Callable

from collector.answers.token import Ticket, sealed
from collector.notify.texts.full import TO_BE_DONE
from collector.outputs import Notice

HOUR_S = 3600


class Links:
    """Gives the address where a notice is answered; empty where there is nothing to answer."""

    def __init__(self, public_url: str, key: bytes, life_h: float, now_ms: Callable[[], int]) -> None:
        self._base = public_url.rstrip("/")
        self._key, self._life_s, self._now_ms = key, round(life_h * HOUR_S), now_ms

    def __call__(self, notice: Notice) -> str:
        if not notice.code or not notice.person or notice.transition.event not in TO_BE_DONE:
            return ""
        expires_s = self._now_ms() // 1000 + self._life_s
        ticket = Ticket(notice.code, notice.transition.alarm, notice.person, notice.to, notice.language, expires_s)
        return f"{self._base}/a/{sealed(ticket, self._key)}"
