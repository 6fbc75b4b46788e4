"""A state of many hospitals in a database, for the dashboards: some days as they come, a month of roll-ups.

Five make-ups of hospitals (bench/truth_sites.py) are simulated with faults, and all that a collector makes of them is written by its own
store: readings, stock, alarms, what is open now, limits, its own figures, roll-ups. Each make-up then stands for many: what was written is
written again under other names (in the bytes that the store sent), and the roll-ups of its last day for each of the 30 days before.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from bench.truth_feed import Feed
from bench.truth_run import Book, together
from bench.truth_sites import SITES
from collector.config.rulebook import default_rules
from collector.evaluator import Evaluator
from collector.ops import report
from collector.ops.itself import Itself
from collector.ops.metrics import Numbers, Row
from collector.outputs import StateChange, Transition
from collector.records import Control, Decoded, Point
from collector.rules.model import RuleSet
from collector.store.influx import InfluxStore
from collector.store.influx_api import Api, Settings
from collector.store.responses import Reply
from collector.views import alarm_view
from devices.assets import Site
from devices.signal import Observation
from devices.simulator.faults import Fault
from devices.simulator.fleet import Fleet, step_ms

DAY_MS, HOUR_MS, MINUTE_MS, WINDOW_MS = 86_400_000, 3_600_000, 60_000, 900_000
MONTH_DAYS = 30
PORTION = 4000
WARM_MS = 2 * HOUR_MS
"""Before the days that are shown: who begins to look at a hospital knows nothing of its use yet."""
LAST = 8
"""Of a hospital that is only there to be counted, the last eighth of what was sent."""
REGIONS = 3
DISTRICTS = 2
"""Of each region."""


@dataclass(slots=True)
class Week:
    """What was written: `end_ms` is the last moment, `sites` every name; `rows` counts by measurement those of the simulated ones."""

    start_ms: int
    end_ms: int
    sites: list[str] = field(default_factory=list)
    rows: Counter[str] = field(default_factory=Counter)


class Recorder:
    """The store's own way to the server, which also keeps what went there."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self.sent: list[tuple[bytes, bool]] = []

    async def post(self, body: bytes, *, long: bool) -> Reply:
        self.sent.append((body, long))
        return await self._api.post(body, long=long)

    async def close(self) -> None:
        await self._api.close()


async def fill(settings: Settings, end_ms: int, *, days: float = 1.0, copies: int = 10, whole: int | None = None) -> Week:
    """Write all of it; `copies` hospitals of each make-up. The database is made where it is not there.

    Of the copies after the first `whole` (all are, when not given) only the last hours and the last day's roll-ups are written: they are
    there to be counted.
    """
    whole = copies if whole is None else whole
    week = Week(end_ms - round(days * DAY_MS) - WARM_MS, end_ms)
    for number, site in enumerate(SITES):
        names = [f"{site.id}-{n + 1:02}" for n in range(copies)]
        first = placed(site, names[0], number * copies)
        store = InfluxStore(lambda: settings, [first])
        api = await store._open()
        assert not hasattr(api, "keep"), f"the database at {settings.url} can't be written"
        recorder = store._api = Recorder(api)
        await _live(store, first, number, week)
        raw = recorder.sent
        recorder.sent = []
        await _roll_up(store, first, week)
        rolled = recorder.sent
        for n, name in enumerate(names):
            renamed = _renaming(first, placed(site, name, number * copies + n)) if n else []
            if n:
                await _again(api, raw if n < whole else raw[-len(raw) // LAST :], renamed)
            for day in range(0 if n else 1, MONTH_DAYS if n < whole else 1):
                await _again(api, rolled, renamed, -day)
        week.sites += names
        await store.close()
    return week


def placed(site: Site, name: str, number: int) -> Site:
    """The make-up as a hospital of that name, somewhere in the state."""
    region, district = number % REGIONS, number // REGIONS % DISTRICTS
    return site.model_copy(
        update={
            "id": name,
            "region": f"region-{region + 1}",
            "district": f"district-{region + 1}-{district + 1}",
            "latitude": round(24.0 + number * 1.37 % 5, 3),
            "longitude": round(77.0 + number * 2.91 % 7, 3),
        }
    )


def faults_of(site: Site, start_ms: int, days: float) -> tuple[Fault, ...]:
    """What befalls a hospital: each day the same, so that a day shows all of it. What it can't have it has not."""

    def at(name: str, asset: str, from_h: float, hours: float, **parameters: float | str) -> Iterator[Fault]:
        if any(each.id == asset for each in site.assets):
            for day in range(max(1, int(days))):
                begin_ms = start_ms + day * DAY_MS + round(from_h * HOUR_MS)
                yield Fault(name, site.id, asset, begin_ms, begin_ms + round(hours * HOUR_MS), parameters)

    return (
        *at("purity_drift", "psa1", 2, 6, drift_pct_per_h=1.5),
        *at("plant_trip", "psa1", 10, 3),
        *at("plant_trip", "psa2", 10, 3),
        *at("dryer_failed", "psa1", 14, 6, dewpoint_c=20.0, loss_pct_per_h=0.1),
        *at("pressure_loss", "line", 16, 0.5, pressure_share=0.7),
        *at("gateway_offline", "gw1", 18, 0.5),
        *at("pressure_loss", "line", 18.1, 0.2, pressure_share=0.7),
        *at("sensor_stuck", "manifold", 4, 5, signal="bank_a_bar"),
        *at("concentrator_worn", "oc1", 5, 19, purity_pct=80.0),
        *at("reserve_loss", "manifold", 1, 22, loss_bar_per_h=6.0),
        *at("plant_trip", "psa1", 22.5, 1.5),
        *at("pressure_loss", "line", 23.7, 0.3, pressure_share=0.7),
    )


async def _live(store: InfluxStore, site: Site, number: int, week: Week) -> None:
    """Everything that a collector writes of a site while it lives."""
    from_ms = week.start_ms + WARM_MS
    fleet = Fleet([site], number, week.start_ms, faults_of(site, from_ms, (week.end_ms - from_ms) / DAY_MS))
    evaluator, feed, numbers = Evaluator([site], RuleSet(rules=default_rules())), Feed(site), Numbers()
    itself, opened, change = Itself(numbers), dict[str, Transition](), StateChange()
    evaluator.step(Decoded(1, week.start_ms, [Control("start", b"{}", week.start_ms)], [], 1, 0), change)
    book, seq, step, batches = Book(site.id), 1, step_ms([site]), list[Decoded]()
    for now_ms in range(week.start_ms, week.end_ms, step):
        for received_ms, messages in together(fleet.sent(now_ms + step)):
            seq += 1
            decoded = feed.decoded(seq, received_ms, messages)
            numbers.messages, numbers.values = numbers.messages + decoded.messages, numbers.values + decoded.values
            batches.append(decoded)
            evaluator.step(decoded, change)
            numbers.stored.add(0.2, decoded.values)
            numbers.evaluated.add(0.01, decoded.values)
        for command in book.due(now_ms):
            seq += 1
            at_ms = max(evaluator.now_ms, now_ms)
            evaluator.step(Decoded(seq, at_ms, [Control("command", msgspec.json.encode(command), at_ms)], [], 1, 0), change)
        for transition in change.transitions:
            opened[transition.alarm] = transition
            book.note(transition)
        opened = {name: last for name, last in opened.items() if last.state != "normal"}
        change.transitions.clear()
        if not (now_ms - week.start_ms) % MINUTE_MS:
            change.points.extend(report.points(evaluator, map(alarm_view, opened.values()), now_ms))
            if not number:
                change.points.extend(itself.points(own_rows(numbers, len(opened)), now_ms))
        if len(change.points) > PORTION or len(batches) > PORTION:
            await _write(store, week, batches, change.points)
            batches, change = [], StateChange()
    await _write(store, week, batches, change.points)


async def _write(store: InfluxStore, week: Week, batches: Sequence[Decoded], points: Sequence[Point]) -> None:
    week.rows.update(event.kind for batch in batches for event in batch.events if isinstance(event, Observation))
    week.rows.update(point.measurement for point in points)
    for outcome in (await store.write(batches), await store.write_points(points)):
        assert not outcome.keep, outcome.problem
        assert not outcome.rejected, outcome.rejected[:3]


def own_rows(numbers: Numbers, opened: int) -> Iterator[Row]:
    """The metrics of a collector that is well, for the one that never ran as a process here."""
    yield "oxygrid_messages_received", (), numbers.messages
    yield "oxygrid_values_received", (), numbers.values
    yield "oxygrid_values_stored", (), numbers.values
    yield "oxygrid_store_retries", (), 0
    yield "oxygrid_store_rejected_lines", (), 0
    yield "oxygrid_journal_bytes", (), 4096 * (1 + numbers.messages // 100)
    yield "oxygrid_disk_free_bytes", (), 40 * 2**30
    yield "oxygrid_notices_waiting", (), 0
    for reason in ("unknown_asset", "out_of_range"):
        yield "oxygrid_quarantined", (reason,), numbers.messages // 5000
    for where in ("journal", "outbox"):
        yield "oxygrid_dropped_messages", (where,), 0
    for reader in ("writer", "evaluator", "quarantine"):
        yield "oxygrid_cursor_lag_batches", (reader,), 1
        yield "oxygrid_cursor_lag_seconds", (reader,), 0.2
    yield "oxygrid_alarms_open", ("high",), opened
    for outcome in ("sent", "failed", "given_up"):
        yield "oxygrid_notices", ("log", outcome), opened if outcome == "sent" else 0
    yield "oxygrid_source_connected", ("mqtt",), 1
    for name in ("reconnects", "deaf", "sessions_lost"):
        yield f"oxygrid_source_{name}", ("mqtt",), 0


async def _roll_up(store: InfluxStore, site: Site, week: Week) -> None:
    """The roll-ups of the last day, as the writer has them made."""
    begin_ms = week.end_ms - DAY_MS - week.end_ms % WINDOW_MS
    for kind in sorted({asset.kind for asset in site.assets}):
        outcome = await store.roll_up(kind, site.id, begin_ms, begin_ms + DAY_MS)
        assert not outcome.keep, outcome.problem


def _renaming(old: Site, new: Site) -> list[tuple[bytes, bytes]]:
    """Tags, and where it lies, in the bytes that the store has sent."""
    names = (("site", "id"), ("district", "district"), ("region", "region"), ("latitude", "latitude"), ("longitude", "longitude"))
    return [(f"{name}={getattr(old, of)}".encode(), f"{name}={getattr(new, of)}".encode()) for name, of in names]


async def _again(api: Api, sent: Sequence[tuple[bytes, bool]], renamed: Sequence[tuple[bytes, bytes]], days: int = 0) -> None:
    """The same lines for another hospital, or for another day."""
    for body, long in sent:
        for old, new in renamed:
            body = body.replace(old, new)
        if days:
            body = b"\n".join(_moved(line, days * DAY_MS * 1_000_000) for line in body.split(b"\n"))
        reply = await api.post(body, long=long)
        assert reply.status < 300, reply


def _moved(line: bytes, by_ns: int) -> bytes:
    head, _, at_ns = line.rpartition(b" ")
    return b"%s %d" % (head, int(at_ns) + by_ns)


def main() -> None:
    import argparse
    import time

    parser = argparse.ArgumentParser(prog="python -m bench.week", description="Fill an InfluxDB 1.x for the dashboards.")
    parser.add_argument("--url", required=True)
    parser.add_argument("--days", type=float, default=1.0)
    parser.add_argument("--copies", type=int, default=10, help="hospitals of each of the five make-ups")
    asked = parser.parse_args()
    begun_s = time.monotonic()
    week = asyncio.run(fill(Settings(asked.url, timeout_s=60.0), int(time.time() * 1000), days=asked.days, copies=asked.copies))
    print(f"{len(week.sites)} hospitals in {time.monotonic() - begun_s:.0f} s: {dict(week.rows)}")


if __name__ == "__main__":
    main()
