"""`oxygrid demo`: a broker, simulated hospitals that publish to it over MQTT, and the collector, in one process and in quick motion.

Nothing is pretended: the readings go through the broker, the journal, the rules and the history as they do in a hospital. Only the clock
runs faster, the same for the hospitals and for the collector. A second start goes on where the first stopped.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import msgspec

from collector.app import Collector, loop_factory
from collector.config import Config
from collector.demo_console import demo_console
from collector.demo_screen import Screen, screen_for
from collector.embedded import EmbeddedNats
from collector.errors import OxygridError, UserError
from collector.journal import SqliteJournal
from devices.gateway.clock import ScaledClock, wall_ms
from devices.gateway.emission import Emission
from devices.gateway.publisher import PublishError, publish_fleet
from devices.simulator.fleet import Fleet

SCENARIO = "demo"
MOST_TO_CATCH_UP_MS = 6 * 3_600_000
"""Simulated time that a second start runs through again to find the hospitals as they were; after more they begin anew."""


class Story(msgspec.Struct):
    """What a second start has to know: when the simulated hospitals began, and with which seed."""

    start_ms: int
    seed: int


def run_demo(config: Config, file: Path, speed: float, *, seed: int, duration_s: float | None) -> int:
    """Run until Ctrl-C or for `duration_s`; the exit code. `file` is where the configuration stands. Raises UserError for what a person can
    mend: a port in use, a folder."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(_demo(config, file, speed, seed, duration_s))


async def _demo(config: Config, file: Path, speed: float, seed: int, duration_s: float | None) -> int:
    data_dir = Path(config.data_dir)
    server = EmbeddedNats(data_dir, mqtt_port=config.embedded.mqtt_port, max_bytes=config.embedded.max_bytes)
    await server.start()
    try:
        logging.basicConfig(filename=data_dir / "demo.log", level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", force=True)
        story, now_ms = _story(data_dir, config, seed)
        begun_ms = wall_ms()
        clock = ScaledClock(now_ms, speed, lambda: wall_ms() - begun_ms + now_ms)
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        fleet = Continued(Fleet(config.sites, story.seed, story.start_ms, SCENARIO, prefix=config.topic_prefix), now_ms)
        with demo_console(config, clock.now_ms) as link:
            screen = screen_for(sys.stdout, config, file, clock.speed, link)
            return await _play(config, server, clock, fleet, screen, asyncio.wait_for(stop.wait(), duration_s))
    finally:
        await server.stop()


async def _play(
    config: Config, server: EmbeddedNats, clock: ScaledClock, fleet: Continued, screen: Screen, over: Coroutine[Any, Any, object]
) -> int:
    """Until `over` is."""
    collector = Collector(config, clock.now_ms, server.jetstream, told=screen.told)
    collecting = asyncio.create_task(collector.run())
    publishing = asyncio.create_task(publish_fleet(fleet, server.mqtt_url, clock))
    showing = asyncio.create_task(_show(screen, collector))
    stopping = asyncio.create_task(over)
    try:
        await asyncio.wait({collecting, publishing, showing, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (showing, publishing, stopping):
            task.cancel()
        _, published, _ = await asyncio.gather(showing, publishing, stopping, return_exceptions=True)
        collector.stop()
        try:
            code = await collecting
        finally:
            screen.close()
    if isinstance(published, PublishError):
        raise OxygridError(f"the simulated gateways can't publish: {published}") from published
    return code


async def _show(screen: Screen, collector: Collector) -> None:
    while True:
        screen.show(collector.watch.status())
        await asyncio.sleep(screen.every_s)


def _story(data_dir: Path, config: Config, seed: int) -> tuple[Story, int]:
    """When the hospitals began, and the simulated time to go on from."""
    file = data_dir / "demo.json"
    now_ms = max(wall_ms(), _last_ms(config) + 1000)
    if file.is_file():
        story = msgspec.json.decode(file.read_bytes(), type=Story)
        if story.seed == seed and 0 <= now_ms - story.start_ms <= MOST_TO_CATCH_UP_MS:
            return story, now_ms
    story = Story(now_ms, seed)
    try:
        file.write_bytes(msgspec.json.encode(story))
    except OSError as exc:
        raise UserError(f"{data_dir}: the demo can't write there: {exc.strerror}; choose another folder with --data-dir") from exc
    return story, now_ms


def _last_ms(config: Config) -> int:
    """The newest time of receipt in the journal; 0 where there is none."""
    if not config.journal_path.is_file():
        return 0
    reader = SqliteJournal.open_reader(config.journal_path)
    try:
        last = reader.read(reader.stats().last_seq - 1, 1)
        return last[0].received_ms if last else 0
    finally:
        reader.close()


class Continued:
    """A fleet from a moment on: what it sent before was published by the start before."""

    def __init__(self, fleet: Fleet, from_ms: int) -> None:
        self._fleet, self._from_ms = fleet, from_ms
        self.sites, self.prefix = fleet.sites, fleet.prefix

    def run(self, until_ms: int) -> Iterator[Emission]:
        return (emission for emission in self._fleet.run(until_ms) if emission.send_ms >= self._from_ms)
