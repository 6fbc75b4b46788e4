"""`oxygrid run`, `oxygrid demo`: the collector itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from collector.commands.options import ConfigFile, DataDir, found, loaded
from collector.errors import UserError

if TYPE_CHECKING:
    from collector.config import Config

EXAMPLE = Path(__file__).parents[2] / "examples" / "kasganj.yaml"
DEMO_DATA = Path("demo-data")


def add_to(app: typer.Typer) -> None:
    app.command()(run)
    app.command()(demo)


def run(
    config_file: ConfigFile = None,
    data_dir: DataDir = None,
    embedded: Annotated[
        bool, typer.Option("--embedded", help="Start a NATS server as broker on this machine, and keep readings in the embedded history.")
    ] = False,
) -> None:
    """Collect: take readings from the broker, store them, raise alarms, tell people.

    SIGTERM stops it in good order; SIGHUP takes the changed configuration, or refuses it whole.
    """
    path = found(config_file)
    config = loaded(path, data_dir)
    if not embedded and config.mqtt is None and config.jetstream is None:
        raise UserError(f"{path}: no source of readings; add a section mqtt (or jetstream), or start with --embedded")
    from collector.app import run as run_app

    raise typer.Exit(run_app(config, embedded=embedded, reload=lambda: loaded(path, data_dir)))


def demo(
    config_file: Annotated[Path, typer.Option("-c", "--config", help="Sites to simulate.")] = EXAMPLE,
    data_dir: Annotated[Path, typer.Option("--data-dir", help="Folder that the demo keeps its data in.")] = DEMO_DATA,
    *,
    speed: Annotated[float, typer.Option(min=0.1, max=1000, help="How many times faster than the clock simulated time runs.")] = 30.0,
    seed: Annotated[int, typer.Option(help="Seed of the simulation: the same seed gives the same readings.")] = 1,
    duration_s: Annotated[
        float | None, typer.Option("--duration", min=0, help="Stop after so many seconds; without it, Ctrl-C does.")
    ] = None,
    mqtt_port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port of the broker, in place of embedded.mqtt_port.")] = None,
    ops_port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port of /metrics and /status, in place of ops.port.")] = None,
) -> None:
    """Show all of it on this machine: a broker, simulated hospitals, the collector, live readings and alarms. Ctrl-C ends it."""
    if not config_file.is_file():
        raise UserError(f"{config_file}: no such file; give the sites to simulate with -c")
    from collector.demo import run_demo

    config = _on_ports(loaded(config_file, data_dir), mqtt_port, ops_port)
    raise typer.Exit(run_demo(config, config_file, speed, seed=seed, duration_s=duration_s))


def _on_ports(config: Config, mqtt_port: int | None, ops_port: int | None) -> Config:
    embedded = config.embedded if mqtt_port is None else config.embedded.model_copy(update={"mqtt_port": mqtt_port})
    ops = config.ops if ops_port is None else config.ops.model_copy(update={"port": ops_port})
    return config.model_copy(update={"embedded": embedded, "ops": ops})
