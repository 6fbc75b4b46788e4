"""`python -m bench.console [--people 500] [--sites 4000] [--alarms 10000]`: a war room looks while a country's alarms are open.

A real console process on a collector's state file. So many people have the event stream and the board open, each of one of four scopes; all
fetch the board again when something has changed, as the page's script does. Every second or two an alarm comes; how long until every page
has it, how long a board takes, and what memory and CPU the console uses. The alarms are written as the collector would; with `--readings
10000` a real collector raises them from what is published to a real broker, beside so many readings a second, on the same cores.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

from bench.fleet import Fleet
from bench.latency import RULES
from bench.load import Order, connect, publish_packet
from bench.machine import calibrate, cpu_s, describe, memory_mib
from bench.subjects import collector, publisher
from collector.config import load
from collector.console.accounts import opened
from collector.console.scope import User, scope_of
from collector.outputs import Bounded, StateChange, StockEstimate, Transition
from collector.store.state import StateStore
from tests.servers import free_port, influxdb, mosquitto

ROOT = Path(__file__).parents[1]
DISTRICTS, REGIONS = 100, 10
SCOPES = ("all", "region:region-1", "district:district-7", "site:site-00003")
ROUNDS = 20
LINES = 4
"""Of each hospital; the last is quiet, the others may be low."""
LOAD_S = 120
SETTLE_S = 10.0
PASSWORD = "four words that differ"
BARS = {"board, p99, s": 1.0, "alarm on every page, worst, s": 2.0}


class Measured(NamedTuple):
    """Seconds: of each board, and from the writing of each alarm until it was on each page."""

    boards_s: list[float]
    arrived_s: list[float]


def written(folder: Path, sites: int, alarms: int, port: int) -> Path:
    """The configuration of so many hospitals, and a state in which so many alarms are open."""
    lines = [f"data_dir: {folder}/data", f"console: {{port: {port}}}", "sites:"]
    for n in range(sites):
        place = f"district: district-{n % DISTRICTS}, region: region-{n % REGIONS}"
        lines.append(
            f"  - {{id: site-{n:05}, name: Hospital number {n}, {place}, assets: [{{id: line, kind: pipeline, nominal_bar: 4.1}}]}}"
        )
    config = folder / "oxygrid.yaml"
    config.write_text("\n".join(lines) + "\n")
    (folder / "data").mkdir(mode=0o700)
    rng = random.Random(1)
    now_ms = time.time_ns() // 1_000_000
    with closing(StateStore(folder / "data/state.db")) as store:
        rules = ("LP-LL", "LP-L", "SN-SI", "SN-SK", "LP-HH")
        raised = [alarm(n % sites, rules[n // sites % len(rules)], now_ms - n) for n in range(alarms)]
        store.commit(StateChange(transitions=raised, stock=[estimate(n, rng, now_ms) for n in range(sites)]))
    return config


def alarm(site: int, rule: str, at_ms: int) -> Transition:
    name = f"site-{site:05}"
    return Transition(
        occurrence=f"{name}/line/{rule}@{at_ms}", site=name, asset="line", rule=rule, event="raised", state="unacknowledged",
        priority="high" if rule == "LP-LL" else "medium", event_ms=at_ms, evaluated_ms=at_ms, raised_ms=at_ms, value=3.1, limit=3.28,
        unit="bar", text=f"{name}, line: something is wrong (3.1 bar, limit 3.28). Do what is right.", condition=True, annunciate=True,
    )  # fmt: skip


def estimate(site: int, rng: random.Random, at_ms: int) -> StockEstimate:
    mid = rng.uniform(-20, 200)
    slack, unknown = Bounded(mid - 2, mid, mid + 2), Bounded()
    return StockEstimate(f"site-{site:05}", at_ms, slack, unknown, unknown, unknown, unknown, "", [], at_ms, slack_h=slack)


@contextmanager
def writing(state: Path, sites: int) -> Iterator[Callable[[int], object]]:
    """One alarm more, as a collector would write it."""
    with closing(StateStore(state)) as store:
        yield lambda n: store.commit(StateChange(transitions=[alarm(n * 10 % sites, "PU-L", time.time_ns() // 1_000_000)]))


@contextmanager
def busy(folder: Path, sites: int, alarms: int, rate: int, port: int) -> Iterator[tuple[Path, Callable[[int], object]]]:
    """A collector that takes so many readings a second, with so many alarms open. One alarm more is a pressure that is published."""
    fleet = Fleet(sites, tuple((f"line-{n:02}", "pipeline") for n in range(LINES)), quiet_for_h=1)
    topics = fleet.topics()
    quiet, low = topics[LINES - 1 :: LINES], [topic for n, topic in enumerate(topics) if n % LINES != LINES - 1]
    rules = (*RULES, f"console: {{port: {port}}}")
    with ExitStack() as stack:
        server, broker = stack.enter_context(influxdb(folder / "influx")), stack.enter_context(mosquitto(folder / "mosquitto"))
        child = stack.enter_context(collector(folder / "collector", fleet, broker, server.http, rules))
        sock = stack.enter_context(closing(connect(broker.port, "bench-low")))
        sock.setblocking(True)
        for n, topic in enumerate(low[:alarms]):
            _publish_low(sock, topic, n)
        time.sleep(SETTLE_S)
        order = Order(broker.port, quiet[ROUNDS:], rate * LOAD_S // 4 * 4, rate=rate, first_ms=time.time_ns() // 1_000_000)
        stack.enter_context(publisher(order)).go()
        yield child.folder / "oxygrid.yaml", lambda n: _publish_low(sock, quiet[n], n)


def _publish_low(sock: socket.socket, topic: str, n: int) -> None:
    body = b'{"ts": %d, "seq": 1, "values": {"line_pressure_bar": 1.0}}' % (time.time_ns() // 1_000_000)
    sock.sendall(publish_packet(topic.encode(), body, n % 65535 + 1))
    sock.recv(64)


class Person:
    """A browser with the board open: it listens, and asks again when it is told."""

    def __init__(self, session: aiohttp.ClientSession, url: str, wait_s: float) -> None:
        self._session, self._url, self._wait_s = session, url, wait_s
        self.boards_s: list[float] = []
        self.fresh_s = 0.0
        self.size = 0

    async def sign_in(self, token: str) -> None:
        async with self._session.post(f"{self._url}/link/{token}", allow_redirects=False) as answer:
            assert answer.status == 303, answer.status
        async with self._session.get(self._url) as page:
            self.size = len(await page.read())

    async def watch(self) -> None:
        async with self._session.get(f"{self._url}/events", timeout=aiohttp.ClientTimeout(total=None)) as stream:
            first = True
            async for line in stream.content:
                if line.startswith(b"data:"):
                    if not first:
                        await asyncio.sleep(self._wait_s)
                        await self._look()
                    first = False

    async def _look(self) -> None:
        asked_s = time.monotonic()
        async with self._session.get(self._url, headers={"X-Fragment": "1"}) as page:
            assert page.status == 200, page.status
            await page.read()
        self.boards_s.append(time.monotonic() - asked_s)
        self.fresh_s = asked_s


async def crowd(url: str, tokens: list[str], one_more: Callable[[int], object]) -> tuple[Measured, int]:
    """`one_more` has the alarm of that number come; it blocks."""
    rng = random.Random(2)
    arrived: list[float] = []
    connector = aiohttp.TCPConnector(limit=0)
    async with connector:
        people = []
        for token in tokens:
            session = aiohttp.ClientSession(connector=connector, connector_owner=False, cookie_jar=aiohttp.CookieJar(unsafe=True))
            person = Person(session, url, rng.uniform(0, 0.3))
            await person.sign_in(token)
            people.append((session, person))
        watching = [asyncio.create_task(person.watch()) for _, person in people]
        await asyncio.sleep(3)
        for n in range(ROUNDS):
            await asyncio.sleep(rng.uniform(1.0, 2.5))
            begun_s = time.monotonic()
            await asyncio.to_thread(one_more, n)
            arrived += await seen(begun_s, [person for _, person in people])
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
        for session, _ in people:
            await session.close()
    return Measured([s for _, person in people for s in person.boards_s], arrived), max(person.size for _, person in people)


async def seen(written_s: float, people: list[Person]) -> list[float]:
    """How long after that each has a board that was asked for later and came."""
    for _ in range(2000):
        if all(person.fresh_s > written_s for person in people):
            break
        await asyncio.sleep(0.01)
    return [person.fresh_s + person.boards_s[-1] - written_s for person in people]


def tokens_of(config: Path, people: int, scopes: tuple[str, ...]) -> list[str]:
    now_ms = time.time_ns() // 1_000_000
    with opened(load(config).console_path) as accounts:
        for n, scope in enumerate(scopes):
            accounts.add(User(name=f"user{n}", called=f"User {n}", role="viewer", scopes=(scope_of(scope),)), PASSWORD, now_ms, "bench")
        return [accounts.link(f"user{n % len(scopes)}", now_ms, "bench") for n in range(people)]


def share(values: list[float], of: float) -> float:
    return sorted(values)[min(len(values) - 1, int(of * len(values)))]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.console", description=(__doc__ or "").partition("\n\n")[0])
    for name, default in (("people", 500), ("sites", 4000), ("alarms", 10_000), ("readings", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder, port = Path(name), free_port()
        if asked.readings:
            config, one_more = stack.enter_context(busy(folder, asked.sites, asked.alarms, asked.readings, port))
            scopes: tuple[str, ...] = ("all", "site:site-00003", "site:site-00004", "site:site-00005")
        else:
            config, scopes = written(folder, asked.sites, asked.alarms, port), SCOPES
            one_more = stack.enter_context(writing(folder / "data/state.db", asked.sites))
        tokens = tokens_of(config, asked.people, scopes)
        argv = [sys.executable, "-m", "collector", "console", "run", "-c", str(config)]
        console: subprocess.Popen[Any] = subprocess.Popen(argv, cwd=ROOT, stderr=subprocess.DEVNULL)
        try:
            begun_s = time.monotonic()
            measured, size = asyncio.run(_when_up(f"http://127.0.0.1:{port}", tokens, one_more))
            took_s, used_s, rss = time.monotonic() - begun_s, cpu_s(console.pid), memory_mib(console.pid)
        finally:
            console.terminate()
            console.wait()
    print(f"{describe()}; a turn of the fixed loop: {min(calibrate(2)):.0f} ns")
    print(f"{asked.people} people, {asked.sites:,} hospitals, {asked.alarms:,} open alarms, {ROUNDS} more, {asked.readings:,} readings/s")
    figures = {
        "board, median, s": share(measured.boards_s, 0.5),
        "board, p99, s": share(measured.boards_s, 0.99),
        "alarm on a page, median, s": share(measured.arrived_s, 0.5),
        "alarm on every page, worst, s": max(measured.arrived_s),
    }
    for name, value in figures.items():
        bar = f"   bar {BARS[name]:g}: {'met' if value <= BARS[name] else 'MISSED'}" if name in BARS else ""
        print(f"{name:<32}{value:8.2f}{bar}")
    print(f"{'boards':<32}{len(measured.boards_s):8}\n{'first page, bytes':<32}{size:8}   bar 100,000 with style and script")
    print(f"{'console, MiB':<32}{rss:8.0f}\n{'console, CPU of a core, %':<32}{100 * used_s / took_s:8.0f}")


async def _when_up(url: str, tokens: list[str], one_more: Callable[[int], object]) -> tuple[Measured, int]:
    async with aiohttp.ClientSession() as session:
        for _ in range(300):
            try:
                async with session.get(f"{url}/healthz"):
                    break
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)
    return await crowd(url, tokens, one_more)


if __name__ == "__main__":
    main()
