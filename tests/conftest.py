"""Fixtures for every test: real servers, and the rule that no test leaves a task behind."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import settings

from tests import servers
from tests.servers import Server

settings.register_profile("oxygrid", deadline=None)
settings.load_profile("oxygrid")
"""A busy machine is no mistake of what is tested; what is slow is found by measuring."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.function):
            item.fixturenames.insert(0, "no_task_left")


@pytest_asyncio.fixture
async def no_task_left() -> AsyncIterator[None]:
    """Fails an asynchronous test that ends while a task of its own still runs."""
    before = asyncio.all_tasks()
    yield
    left = {task for task in asyncio.all_tasks() - before if task is not asyncio.current_task() and not task.done()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    assert not left, f"the test left {len(left)} task(s) running: {sorted(repr(task.get_coro()) for task in left)}"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Server]:
    """mosquitto without persistence."""
    with servers.mosquitto(tmp_path / "mosquitto") as server:
        yield server


@pytest.fixture
def durable_broker(tmp_path: Path) -> Iterator[Server]:
    """mosquitto with persistence: what it acknowledged survives `stop` and `start`."""
    with servers.mosquitto(tmp_path / "mosquitto", persistence=True) as server:
        yield server


@pytest.fixture
def influxdb_server(tmp_path: Path) -> Iterator[Server]:
    with servers.influxdb(tmp_path / "influxdb") as server:
        yield server


@pytest.fixture
def victoria_server(tmp_path: Path) -> Iterator[Server]:
    with servers.victoria_metrics(tmp_path / "victoria") as server:
        yield server


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[Server]:
    """NATS with JetStream, without MQTT."""
    with servers.nats_server(tmp_path / "nats") as server:
        yield server
