"""Faults of time, through the real pipeline: whatever order, however late and with whichever clock a reading comes, it is stored where it
belongs, and what is old raises no alarm as if it were now.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from collector.app import Collector
from collector.config import Config
from collector.outputs import StateChange, Transition
from tests.faults.line import Line, Sent
from tests.faults.rig import Json, count, influx, mqtt, oxygrid, query, say, scaled, stored, wait_until
from tests.servers import Server, free_port

pytestmark = [pytest.mark.faults, pytest.mark.server]

GOOD_BAR, BAD_BAR = 4.1, 1.0
DAY_MS, MINUTE_MS = 86_400_000, 60_000

LINES = ("sorted", "shuffled", "retained", "in-1970", "in-future", "unstamped", "backfill")
SITE: Json = {"id": "ward", "assets": [{"id": name, "kind": "pipeline", "nominal_bar": 4.1, "interval_s": 1} for name in LINES]}
AT_ONCE: Json = {"everywhere": {"LP-LL": {"on_delay_s": 0}, "LP-L": {"on_delay_s": 0}, "CK-BD": {"on_delay_s": 0}}}


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def sent(asset: str, ts_ms: int | None, bar: float, *, backfill: bool = False, retain: bool = False) -> Sent:
    stamp = "" if ts_ms is None else f'"ts": {ts_ms}, '
    more = ', "backfill": true' if backfill else ""
    return Sent(f"oxygrid/v1/ward/{asset}", f'{{{stamp}"values": {{"line_pressure_bar": {bar}}}{more}}}'.encode(), retain)


def bar(n: int) -> float:
    """A pressure that nobody minds, and that tells its number."""
    return 4.0 + n % 1000 / 5000


def story(readings: int, until_ms: int) -> dict[int, float]:
    """Time → pressure: a tenth of it older than five minutes, and bad at that time; the rest of the last two minutes, and good."""
    old = readings // 10
    late = {until_ms - DAY_MS + n * 1000: BAD_BAR for n in range(old)}
    return late | {until_ms - (readings - n) * 110_000 // readings: bar(n) for n in range(old, readings)}


def raised(transitions: list[Transition]) -> set[str]:
    return {t.alarm for t in transitions if t.event == "raised" and t.annunciate}


def test_disorder_is_stored_in_order_and_raises_nothing(tmp_path: Path, broker: Server, influxdb_server: Server) -> None:
    """The same readings in their order to one pipeline; shuffled, a third of them twice or thrice, to another."""
    chance = Random(3)
    truth = story(scaled(20_000, 1_500), now_ms())
    shuffled = [*truth.items(), *chance.choices(list(truth.items()), k=len(truth) // 3)]
    chance.shuffle(shuffled)
    sections = {"sites": [SITE], "mqtt": mqtt(broker), "influxdb": influx(influxdb_server), "rules": AT_ONCE}
    with oxygrid(tmp_path / "oxygrid", sections) as subject, Line(broker.port) as line:
        line.publish([sent("retained", now_ms() - 2 * MINUTE_MS, BAD_BAR, retain=True)])
        subject.start_and_wait()
        line.publish(sent("sorted", ts_ms, value) for ts_ms, value in sorted(truth.items()))
        line.publish(sent("shuffled", ts_ms, value) for ts_ms, value in shuffled)
        line.publish([sent("backfill", now_ms() - 1000, BAD_BAR, backfill=True)])
        line.publish([sent("backfill", now_ms(), GOOD_BAR)])
        expected = 2 * len(truth) + 3
        wait_until(lambda: count(influxdb_server, "pipeline", "line_pressure_bar") == expected, 30, f"{expected} readings stored")
        found = stored(influxdb_server, "pipeline", "line_pressure_bar")
        assert found["oxygrid/v1/ward/sorted"] == truth
        assert found["oxygrid/v1/ward/shuffled"] == truth
        assert list(found["oxygrid/v1/ward/retained"].values()) == [BAD_BAR]
        wait_until(lambda: subject.status()["cursors"][0]["lag_batches"] <= 1, 10, "everything is judged")
        assert raised(subject.transitions()) == set()
        assert subject.counters().get("quarantined", {}) == {}
        line.publish([sent("sorted", now_ms(), BAD_BAR), sent("shuffled", now_ms(), BAD_BAR), sent("retained", now_ms(), BAD_BAR)])
        live = {f"ward/{name}/LP-LL" for name in ("sorted", "shuffled", "retained")}
        wait_until(lambda: raised(subject.transitions()) == live, 10, "what is bad now is an alarm")
        say(f"{expected} readings in disorder stored as {len(truth)} in order; alarms: {sorted(raised(subject.transitions()))}")
        assert subject.stop()[0] == 0


def test_clocks_that_lie_lose_nothing_and_block_nothing(tmp_path: Path, broker: Server, influxdb_server: Server) -> None:
    """1970, the future and no stamp at all: stored at the time of receipt, each reading for itself, with what the sender claimed."""
    each = scaled(2_000, 200)
    sections = {"sites": [SITE], "mqtt": mqtt(broker), "influxdb": influx(influxdb_server), "rules": AT_ONCE}
    with oxygrid(tmp_path / "oxygrid", sections) as subject, Line(broker.port) as line:
        subject.start_and_wait()
        began_ms = now_ms()
        for n in range(each):
            line.publish(
                [sent("in-1970", n, bar(n)), sent("in-future", began_ms + 2 * DAY_MS + n, bar(n)), sent("unstamped", None, bar(n))]
            )
        line.publish(sent("unstamped", None, bar(n)) for n in range(each, 2 * each))
        ended_ms = now_ms()
        wait_until(lambda: count(influxdb_server, "pipeline", "line_pressure_bar") == 4 * each, 30, "every reading stored", 0.2)
        for name, how_many in (("in-1970", each), ("in-future", each), ("unstamped", 2 * each)):
            series = query(influxdb_server, f"SELECT line_pressure_bar FROM pipeline WHERE asset = '{name}'")[0]["values"]
            assert sorted(value for _, value in series) == sorted(bar(n) for n in range(how_many)), name
            assert all(began_ms <= at_ms <= ended_ms + 1000 for at_ms, _ in series), name
        claims = query(influxdb_server, "SELECT raw_ts_ms FROM pipeline WHERE asset = 'in-1970'")[0]["values"]
        assert sorted(claim for _, claim in claims) == list(range(each))
        line.publish([sent("in-future", now_ms(), BAD_BAR), sent("in-1970", 77, BAD_BAR)])
        wanted = {"ward/in-future/LP-LL", "ward/in-1970/LP-LL", "ward/in-1970/CK-BD"}
        wait_until(lambda: wanted <= raised(subject.transitions()), 10, "what comes after a stamp of the future is judged")
        others = raised(subject.transitions()) - wanted
        assert others <= {"ward/in-future/CK-BD"}, others
        assert subject.stop()[0] == 0


# ---- silence: the collector within this process, on a clock that can be turned forward ----------------------------------------------


class Clock:
    """The wall clock, and as much more as the test says."""

    def __init__(self) -> None:
        self.ahead_ms = 0

    def __call__(self) -> int:
        return now_ms() + self.ahead_ms


@asynccontextmanager
async def collecting(config: Config, clock: Clock) -> AsyncIterator[list[Transition]]:
    """The collector at work; yields the transitions, as they come."""
    transitions: list[Transition] = []

    def told(change: StateChange) -> None:
        transitions.extend(change.transitions)

    collector = Collector(config, clock, told=told)
    running = asyncio.create_task(collector.run())
    try:
        async with asyncio.timeout(20):
            while not collector.source.status().connected:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        yield transitions
    finally:
        collector.stop()
        assert await running == 0


async def until(transitions: list[Transition], wanted: set[str], within_s: float = 10.0) -> None:
    """Until exactly these alarms were raised."""
    try:
        async with asyncio.timeout(within_s):
            while raised(transitions) != wanted:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    except TimeoutError:
        pytest.fail(f"raised {raised(transitions)}, expected {wanted}")


async def test_silence_is_judged_on_receipt(tmp_path: Path, broker: Server) -> None:
    """Every pipeline sends at the beginning. A hundred seconds later some send live readings, others only what says nothing about now.

    After another minute the latter are silent, whatever their stamps said; those that were heard are not, though a clock says 1970.
    """
    sections = {"sites": [SITE], "mqtt": mqtt(broker), "rules": {"everywhere": {"CK-BD": {"enabled": False}}}}
    config = Config.model_validate({**sections, "data_dir": str(tmp_path), "ops": {"port": free_port()}})
    clock = Clock()
    async with collecting(config, clock) as transitions:
        with Line(broker.port) as line:
            line.publish(sent(name, clock() + (DAY_MS if name == "in-future" else 0), GOOD_BAR) for name in LINES)
            await asyncio.sleep(1.0)
            clock.ahead_ms += 100_000
            line.publish([sent("sorted", clock(), GOOD_BAR), sent("in-1970", 5, GOOD_BAR), sent("unstamped", None, GOOD_BAR)])
            line.publish([sent("backfill", clock(), GOOD_BAR, backfill=True), sent("shuffled", clock() - 10 * MINUTE_MS, GOOD_BAR)])
            await asyncio.sleep(1.5)
            assert raised(transitions) == set()
            clock.ahead_ms += 60_000
            await until(transitions, {f"ward/{name}/SN-SI" for name in ("backfill", "shuffled", "in-future", "retained")})
