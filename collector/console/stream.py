"""Server-sent events: that something has changed. The page asks for itself then."""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from collector.console.frame import Frame, Visit

STREAM_S = 20.0
STREAMS_MOST = 2_000


class Streams:
    """At most STREAMS_MOST listeners at once."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._streams = 0

    async def events(self, request: Request, _visit: Visit) -> Response:
        if self._streams >= STREAMS_MOST:
            return PlainTextResponse("too many listeners\n", 503)

        async def stream() -> AsyncIterator[str]:
            self._streams += 1
            try:
                version = self._frame.live.version
                yield f"retry: 3000\nid: {version}\ndata: {version}\n\n"
                while not await request.is_disconnected():
                    newer = await self._frame.live.waited(version, STREAM_S)
                    yield f"id: {newer}\ndata: {newer}\n\n" if newer != version else ": still here\n\n"
                    version = newer
            finally:
                self._streams -= 1

        return StreamingResponse(stream(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
