"""What the console asks of the running collector, over the socket that only its own user can open."""

from __future__ import annotations

import http.client
import socket
from pathlib import Path

import msgspec

from collector.views import SiteView

ANSWER_S = 3.0
MOST_BYTES = 4_000_000


def site_now(data_dir: str, site: str) -> SiteView | None:
    """A site with its latest values; None where no collector answers. Blocks."""
    connection = _Connection(Path(data_dir) / "control.sock")
    try:
        connection.request("GET", f"/site/{site}")
        answer = connection.getresponse()
        body = answer.read(MOST_BYTES)
        return msgspec.json.decode(body, type=SiteView) if answer.status == http.HTTPStatus.OK else None
    except (OSError, http.client.HTTPException, msgspec.MsgspecError):
        return None
    finally:
        connection.close()


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("collector", timeout=ANSWER_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))
