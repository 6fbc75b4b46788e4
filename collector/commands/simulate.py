"""`oxygrid simulate`: hospitals that publish like real ones, to a real broker."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from collector.commands.options import ConfigFile, loaded
from collector.errors import OxygridError, UserError

if TYPE_CHECKING:
    from devices.gateway.publisher import PublishStats


def add_to(app: typer.Typer) -> None:
    app.command()(simulate)


def simulate(
    *,
    broker: Annotated[str, typer.Option(help="Broker to publish to: mqtt://host:1883, or mqtts://host:8883.")],
    config_file: ConfigFile = None,
    speed: Annotated[float, typer.Option(min=0.01, max=10_000, help="How many times faster than the clock simulated time runs.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Seed of the simulation: the same seed gives the same readings.")] = 1,
    scenario: Annotated[str, typer.Option(help="Which faults happen, by name; `normal` is none.")] = "normal",
    duration_s: Annotated[
        float | None, typer.Option("--duration", min=0, help="Stop after so many seconds; without it, Ctrl-C does.")
    ] = None,
    truth: Annotated[Path | None, typer.Option(help="File to write what really happened to, one JSON object a line.")] = None,
    username: Annotated[str | None, typer.Option(help="User name at the broker.")] = None,
    password_file: Annotated[str | None, typer.Option(help="Password: a file that holds it, or env:NAME.")] = None,
    ca_file: Annotated[str | None, typer.Option(help="Certificate authority to trust (PEM), for mqtts.")] = None,
) -> None:
    """Publish the readings of simulated sites. The sites are those of the configuration.

    Exit code 1 where the broker took nothing.
    """
    config = loaded(config_file)
    from collector.config import read_secret
    from devices.gateway.clock import ScaledClock, wall_ms
    from devices.gateway.endpoint import Credentials
    from devices.gateway.publisher import PublishError, publish_fleet
    from devices.simulator.fleet import Fleet

    credentials = Credentials(username, read_secret(password_file) if password_file else None, ca_file)
    clock, progress = ScaledClock(wall_ms(), speed), Progress()
    with ExitStack() as stack:
        on_truth = None if truth is None else stack.enter_context(_lines_to(truth))
        try:
            fleet = Fleet(config.sites, seed, clock.now_ms(), scenario, prefix=config.topic_prefix, on_truth=on_truth)
            publishing = publish_fleet(fleet, broker, clock, duration_s=duration_s, credentials=credentials, on_stats=progress.report)
            asyncio.run(_until_stopped(publishing))
        except PublishError as exc:
            raise OxygridError(str(exc)) from exc
        except (ValueError, OSError) as exc:
            raise UserError(str(exc)) from exc
    raise typer.Exit(progress.end())


class Progress:
    """What the publisher says, told to the person: each new problem once, and the counts at the end."""

    def __init__(self) -> None:
        self._last: PublishStats | None = None

    def report(self, stats: PublishStats) -> None:
        before = self._last.problem if self._last else ""
        if stats.problem and stats.problem != before:
            typer.echo(f"oxygrid: {stats.problem}; trying again", err=True)
        self._last = stats

    def end(self) -> int:
        """The counts on stderr; the exit code."""
        last = self._last
        if last is None:
            return 1
        counts = f"{last.acknowledged} of {last.offered} messages published; {last.waiting} not acknowledged, {last.dropped} dropped"
        typer.echo(counts, err=True)
        return 1 if last.offered and not last.acknowledged else 0


async def _until_stopped(publishing: Coroutine[object, object, PublishStats]) -> None:
    """Ctrl-C and SIGTERM end it in good order: gateways say goodbye."""
    task = asyncio.ensure_future(publishing)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    with suppress(asyncio.CancelledError):
        await task


@contextmanager
def _lines_to(path: Path) -> Iterator[Callable[[str], None]]:
    """Writes lines to a new file, each at once. Raises UserError where that can't be."""
    try:
        file = path.open("w", encoding="utf-8", buffering=1)
    except OSError as exc:
        raise UserError(f"{path}: can't be written: {exc.strerror}") from exc
    with file:
        yield lambda line: _write(file, line)


def _write(file: TextIO, line: str) -> None:
    file.write(line + "\n")
