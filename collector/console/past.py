"""What was: the log of an alarm, deliveries, the quarantine, and the curves of a day, from the files or the database of the collector."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from collector import database
from collector.build import influx_settings
from collector.calls import Call, SentView
from collector.config import Config
from collector.database import Database
from collector.errors import JournalError, OxygridError, StoreError, UserError
from collector.outputs import StockEvent, Transition
from collector.store.history_query import FORMAT, HistoryReader
from collector.store.influx_read import InfluxReader
from collector.store.state_reader import StateReader
from collector.store.state_rows import Quarantined, UnknownAsset
from devices.assets import Site, display_name
from devices.kinds.catalogue import KINDS
from devices.signal import Value

DAY_MS, STEP_MS = 86_400_000, 900_000
CURVES: dict[str, tuple[str, ...]] = {
    "psa_plant": ("o2_purity_pct", "o2_flow_lpm"),
    "lox_tank": ("level_pct",),
    "manifold": ("bank_a_bar", "bank_b_bar"),
    "pipeline": ("line_pressure_bar", "o2_flow_lpm"),
}
CURVES_MOST = 12
KEPT_MS = 60_000
SITES_KEPT = 500
WIDTH, HEIGHT = 300, 60
_OF_ALARM = "SELECT body FROM transition WHERE id >= ? AND id < ? ORDER BY n DESC LIMIT 100"


class Curve(NamedTuple):
    """A day of one signal: `points` as an SVG polyline has them, in a box of WIDTH × HEIGHT; `low` and `high` are the ends of it."""

    asset: str
    signal: str
    points: str
    low: float
    high: float
    last: float


class Aside(NamedTuple):
    values: list[Quarantined]
    unknown: list[UnknownAsset]


class Past:
    """Nothing here raises for what can't be read just now: a page shows what there is."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._curves: dict[str, tuple[int, list[Curve]]] = {}

    def of_alarm(self, name: str) -> list[Transition]:
        """The newest first, at most a hundred."""
        try:
            with self._state() as reader:
                rows = reader._db.rows(_OF_ALARM, (f"{name}@", f"{name}A"))
        except (JournalError, UserError):
            return []
        return [msgspec.json.decode(body, type=Transition) for (body,) in rows]

    def calls(self) -> list[Call]:
        """Those that wait for an answer, or for the end of what somebody promised; the oldest first."""
        try:
            with self._state() as reader:
                return sorted(reader.open_calls(), key=lambda call: call.since_ms)
        except (JournalError, UserError):
            return []

    def sent(self, occurrence: str) -> list[SentView]:
        """Who was told of an occurrence, by which way, and what came of it."""
        try:
            with self._state() as reader:
                return reader.sent_of(occurrence)
        except (JournalError, UserError):
            return []

    def events(self, site: str, now_ms: int) -> list[StockEvent]:
        """Refills, changeovers and deliveries of two days, the newest first."""
        try:
            with self._state() as reader:
                found = reader.stock_events(now_ms - 2 * DAY_MS, 5000)
        except (JournalError, UserError):
            return []
        return [event for event in reversed(found) if event.site == site][:20]

    def quarantine(self) -> Aside:
        try:
            with self._state() as reader:
                return Aside(reader.quarantined(50), reader.unknown_assets()[:50])
        except (JournalError, UserError):
            return Aside([], [])

    async def trends(self, site: Site, now_ms: int) -> list[Curve]:
        """Kept for a minute: a page that is live asks often."""
        at_ms, known = self._curves.get(site.id, (0, []))
        if now_ms - at_ms > KEPT_MS:
            if len(self._curves) > SITES_KEPT:
                self._curves.clear()
            known = await self._read(site, now_ms)
            self._curves[site.id] = (now_ms, known)
        return known

    async def _read(self, site: Site, now_ms: int) -> list[Curve]:
        wanted = [(asset, signal) for asset in site.assets for signal in CURVES.get(asset.kind, ())][:CURVES_MOST]
        try:
            if self._config.influxdb is None:
                found = await asyncio.to_thread(self._of_history, site, wanted, now_ms)
            else:
                found = await self._of_influx(site, wanted, now_ms)
        except (OxygridError, StoreError):
            return []
        return [_curve(name, signal, series, now_ms) for name, signal, series in found if len(series) > 1]

    def _of_history(self, site: Site, wanted: Sequence[tuple[object, str]], now_ms: int) -> list[tuple[str, str, list[tuple[int, float]]]]:
        path = self._config.history_path
        with closing(HistoryReader(Database(database.open_reader(Path(path), FORMAT), Path(path)))) as reader:
            return [
                (
                    display_name(asset),  # type: ignore[arg-type]
                    signal,
                    [
                        (b.time_ms, b.mean)
                        for b in reader.range(f"{site.id}/{asset.id}", signal, now_ms - DAY_MS, now_ms + 1, STEP_MS)  # type: ignore[attr-defined]
                    ],
                )
                for asset, signal in wanted
            ]

    async def _of_influx(
        self, site: Site, wanted: Sequence[tuple[object, str]], now_ms: int
    ) -> list[tuple[str, str, list[tuple[int, float]]]]:
        assert self._config.influxdb is not None
        reader = InfluxReader(influx_settings(self._config.influxdb))
        try:
            await reader.open()
            found = []
            for asset, signal in wanted:
                kind, name = asset.kind, asset.id  # type: ignore[attr-defined]
                columns = await reader.stretch(kind, (site.id, name), [KINDS[kind].signals[signal]], (now_ms - DAY_MS, now_ms + 1))
                found.append((display_name(asset), signal, _stepped(columns[0], columns[1].get(signal, ()))))  # type: ignore[arg-type]
            return found
        finally:
            await reader.close()

    @contextmanager
    def _state(self) -> Iterator[StateReader]:
        with closing(StateReader.open_reader(self._config.state_path)) as reader:
            yield reader


def _stepped(times: Sequence[int], values: Sequence[Value | None]) -> list[tuple[int, float]]:
    """Means of a quarter of an hour each."""
    sums: dict[int, tuple[float, int]] = {}
    for time_ms, value in zip(times, values, strict=False):
        if isinstance(value, float):
            begin_ms = time_ms - time_ms % STEP_MS
            total, count = sums.get(begin_ms, (0.0, 0))
            sums[begin_ms] = (total + value, count + 1)
    return [(begin_ms, total / count) for begin_ms, (total, count) in sorted(sums.items())]


def _curve(name: str, signal: str, series: Sequence[tuple[int, float]], now_ms: int) -> Curve:
    values = [value for _, value in series]
    low, high = min(values), max(values)
    room = max(high - low, 0.02 * abs(high), 1e-9)
    start_ms = now_ms - DAY_MS
    points = [
        f"{max(0.0, (time_ms - start_ms) / DAY_MS * WIDTH):.1f},{HEIGHT - 4 - (value - low) / room * (HEIGHT - 8):.1f}"
        for time_ms, value in series
    ]
    return Curve(name, signal, " ".join(points), low, high, values[-1])
