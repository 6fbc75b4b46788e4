"""A command to the running collector, over the socket file in its data folder that only its own user can open."""

from __future__ import annotations

import http.client
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from collector.counts import Count
from collector.errors import OxygridError, UserError
from collector.notify.drill import DrillOrder
from collector.outputs import Command

if TYPE_CHECKING:
    from collector.config import Config

__all__ = ["Command", "Count", "DrillOrder", "begin_drill", "enter_count", "send"]

ANSWER_S = 10.0


def send(config: Config, command: Command) -> str:
    """What the collector answers: `done`, or that the command is taken and will be done in its turn. Raises UserError where no collector
    listens, OxygridError where it refuses."""
    return _ask(config, "/command", msgspec.json.encode(command))


def begin_drill(config: Config, order: DrillOrder) -> str:
    """The occurrence of the test alarm that the collector has raised. Raises as `send` does."""
    return _ask(config, "/drill", msgspec.json.encode(order))


def enter_count(config: Config, count: Count) -> str:
    """What the collector answers, as `send` does."""
    return _ask(config, "/count", msgspec.json.encode(count))


def _ask(config: Config, what: str, body: bytes) -> str:
    path = Path(config.data_dir) / "control.sock"
    connection = _Connection(path)
    try:
        connection.request("POST", what, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        said = answer.read().decode("utf-8", "replace").strip()
    except TimeoutError as exc:
        raise OxygridError(
            f"the collector on {config.data_dir} did not answer within {ANSWER_S:g} s; look with `oxygrid alarms` before trying again"
        ) from exc
    except (http.client.HTTPException, ConnectionResetError, BrokenPipeError) as exc:
        raise OxygridError(f"{path}: no answer of a collector ({exc}); look with `oxygrid alarms` before trying again") from exc
    except OSError as exc:
        raise UserError(_why_not(config, path, exc)) from exc
    finally:
        connection.close()
    if answer.status != http.HTTPStatus.OK:
        raise OxygridError(said or f"the collector answered {answer.status}")
    return said


def _why_not(config: Config, path: Path, problem: OSError) -> str:
    if isinstance(problem, PermissionError):
        return f"{path}: only the user that the collector runs as may command it; use sudo -u with that user"
    if isinstance(problem, FileNotFoundError | ConnectionRefusedError):
        return f"no collector runs on {config.data_dir}; start one with `oxygrid run`, or name its data folder with --data-dir"
    return f"{path}: {problem.strerror or problem}"


class _Connection(http.client.HTTPConnection):
    """HTTP over a socket file."""

    def __init__(self, path: Path) -> None:
        super().__init__("collector", timeout=ANSWER_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))
