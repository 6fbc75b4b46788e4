"""The writer with a real database that hangs, dies and refuses."""

from __future__ import annotations

import asyncio
import json
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from collector.ports import Rejected
from collector.records import Decoded, Point
from collector.store.influx import InfluxStore
from collector.store.influx_api import Settings
from collector.store.memory import MemoryExports, MemoryWindows
from collector.store.rollup import WINDOW_MS
from collector.writer import Places, Writer
from devices.assets import Site
from devices.signal import Observation
from tests.servers import Server

pytestmark = pytest.mark.server

START_MS = 1_764_000_000_000 // WINDOW_MS * WINDOW_MS
SITE = Site.model_validate({"id": "s", "assets": [{"id": "a", "kind": "psa_plant", "rated_flow_lpm": 500}]})


class Feed:
    """Batches as they come; `closed` when there will be no more."""

    def __init__(self) -> None:
        self.batches: list[Decoded] = []
        self._grown = asyncio.Event()

    def append(self, events: list[Observation]) -> None:
        self.batches.append(Decoded(len(self.batches) + 1, START_MS, list(events), [], len(events), len(events)))
        self._grown.set()

    async def after(self, seq: int, limit: int = 256) -> list[Decoded]:
        while len(self.batches) <= seq:
            self._grown.clear()
            await self._grown.wait()
        return self.batches[seq : seq + limit]


class Running:
    """A writer on a real database, and what it left."""

    def __init__(self, url: str, now_ms: Callable[[], int], cursor: int = 0, feed: Feed | None = None) -> None:
        self.feed, self.exports, self.windows = feed or Feed(), MemoryExports(), MemoryWindows()
        self.quarantined: list[Rejected] = []
        self.committed = cursor
        self.store = InfluxStore(lambda: Settings(url, timeout_s=0.5, raw_days=36_500), [SITE])
        places = Places(self.feed, self._commit, self._quarantine, self.exports, self.windows)
        self.writer = Writer(self.store, places, now_ms, cursor)

    def _commit(self, seq: int) -> None:
        self.committed = seq

    async def _quarantine(self, rejected: list[Rejected]) -> None:
        self.quarantined += rejected

    async def drained(self, within_s: float = 30.0) -> None:
        async with asyncio.timeout(within_s):
            while self.committed < len(self.feed.batches) or self.exports.waiting:  # noqa: ASYNC110  it looks from outside
                await asyncio.sleep(0.02)


@asynccontextmanager
async def running(url: str, *, cursor: int = 0, feed: Feed | None = None, now_ms: int = START_MS) -> AsyncIterator[Running]:
    made = Running(url, lambda: now_ms, cursor, feed)
    task = asyncio.create_task(made.writer.run())
    try:
        yield made
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await made.store.close()


def observations(count: int, first: int = 0) -> list[Observation]:
    return [Observation("s", "a", "psa_plant", START_MS + n, START_MS, {"co_ppm": float(n)}) for n in range(first, first + count)]


def ask(server: Server, query: str) -> list[dict[str, Any]]:
    url = f"{server.http}/query?" + urllib.parse.urlencode({"db": "oxygrid", "q": query, "epoch": "ms"})
    with urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=5) as answer:
        result = json.load(answer)["results"][0]
    return [dict(zip(one["columns"], row, strict=True)) for one in result.get("series", []) for row in one["values"]]


def post(server: Server, line: str) -> None:
    urllib.request.urlopen(f"{server.http}/write?db=oxygrid", data=line.encode(), timeout=5).close()


async def publish(feed: Feed, batches: int, pause_s: float) -> None:
    for n in range(batches):
        feed.append(observations(50, n * 50))
        await asyncio.sleep(pause_s)


async def test_everything_is_in_exactly_once_after_the_database_hung_and_died(influxdb_server: Server) -> None:
    async with running(influxdb_server.http) as it:
        publishing = asyncio.create_task(publish(it.feed, 200, 0.02))
        it.exports.waiting = {n: Point("stock", {"site": "s"}, {"hours": float(n)}, START_MS + n) for n in range(700)}
        await asyncio.sleep(0.5)
        influxdb_server.freeze()
        await asyncio.sleep(1.2)
        assert it.writer.stats.problem
        influxdb_server.thaw()
        await asyncio.sleep(0.7)
        influxdb_server.kill()
        await asyncio.sleep(0.7)
        await asyncio.to_thread(influxdb_server.start)
        await publishing
        await it.drained()
        assert it.writer.stats.kept > 0
        assert (it.writer.stats.problem, it.writer.stats.messages, it.writer.stats.points, it.quarantined) == ("", 10_000, 700, [])
    rows = ask(influxdb_server, "SELECT co_ppm FROM psa_plant")
    assert [(row["time"] - START_MS, row["co_ppm"]) for row in rows] == [(n, n) for n in range(10_000)]
    assert len(ask(influxdb_server, "SELECT hours FROM long.stock")) == 700


async def test_a_writer_that_starts_from_an_older_cursor_adds_nothing_twice(influxdb_server: Server) -> None:
    async with running(influxdb_server.http) as it:
        for n in range(20):
            it.feed.append(observations(50, n * 50))
        await it.drained()
        feed = it.feed
    async with running(influxdb_server.http, cursor=5, feed=feed) as again:
        feed.append(observations(50, 1000))
        await again.drained()
    assert ask(influxdb_server, "SELECT count(co_ppm) FROM psa_plant")[0]["count"] == 1050


async def test_poison_and_a_field_of_the_wrong_type_hold_up_nothing(influxdb_server: Server) -> None:
    ask(influxdb_server, "CREATE DATABASE oxygrid")
    post(influxdb_server, f'psa_plant room_temp_c="warm" {START_MS * 10**6}')
    async with running(influxdb_server.http) as it:
        for n in range(50):
            events = observations(50, n * 50)
            if n % 10 == 4:
                events[7] = Observation("s", "a", "psa_plant", 10**30, START_MS, {"co_ppm": 1.0})
            if n % 10 == 6:
                events[9] = Observation("s", "a", "psa_plant", START_MS, START_MS, {"room_temp_c": 21.0})
            it.feed.append(events)
        await it.drained()
        assert (it.writer.stats.rejected, it.writer.stats.problem) == (10, "")
    reasons = sorted(one.reason.removeprefix("400 ").removeprefix("partial write: ")[:15] for one in it.quarantined)
    assert reasons == ["field type conf"] * 5 + ["unable to parse"] * 5
    assert ask(influxdb_server, "SELECT count(co_ppm) FROM psa_plant")[0]["count"] == 50 * 50 - 10


async def test_roll_ups_follow_the_data(influxdb_server: Server) -> None:
    async with running(influxdb_server.http) as it:
        it.feed.append(observations(60))
        await it.drained()
        windows = it.windows.marked
    assert windows == {("psa_plant", "s", START_MS // WINDOW_MS)}
    async with running(influxdb_server.http, now_ms=START_MS + 2 * WINDOW_MS) as later:
        later.windows.marked = set(windows)
        await later.writer.roll_up_due()
        assert later.windows.marked == set()
    rows = ask(influxdb_server, "SELECT co_ppm_mean, co_ppm_count FROM long.psa_plant_15m")
    assert rows == [{"time": START_MS, "co_ppm_mean": 29.5, "co_ppm_count": 60}]
