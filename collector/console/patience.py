"""Whoever opens a connection and sends a request slowly, or not at all, is not waited for: such connections would use up all there are."""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_S = 20.0
"""A whole request has to be here by then; a form on a line of the second generation takes three."""
_WAITING = frozenset({h11.IDLE, h11.SEND_BODY})


class PatientProtocol(H11Protocol):
    """uvicorn's HTTP/1.1, which has a time-out between requests, with one for a request as well."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._wait()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._end()

    def _wait(self) -> None:
        """From the first byte of a request until its last."""
        if self.conn.their_state not in _WAITING:
            self._end()
        elif self._late is None:
            self._late = self.loop.call_later(REQUEST_S, self.transport.close)

    def _end(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
