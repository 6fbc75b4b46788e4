"""Where reports get a day from: readings and stock out of the embedded history or InfluxDB, alarms and deliveries out of the state."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from datetime import date as Date
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from collector.backtest.block import AssetBlock, Block, joined
from collector.backtest.sources import HistoryPast, InfluxPast
from collector.errors import UserError
from collector.reports.day import FacilityDay, Past, StockRow, facility_day
from collector.store.history import SqliteHistory
from collector.store.state_reader import StateReader
from devices.assets import Site
from devices.signal import Value

if TYPE_CHECKING:
    from collector.config import Config

STOCK_FIELDS = ("connected_now_h_low", "on_site_h_low", "demand_lpm", "expected_lpm")
"""The lower bounds: what people act on."""
EVENTS_MOST = 10_000


class Readings(Protocol):
    """Raises OxygridError where the store can't be read."""

    def block(self, site: Site, start_ms: int, end_ms: int) -> Block: ...
    def stock(self, site: str, start_ms: int, end_ms: int) -> list[StockRow]: ...
    def close(self) -> None: ...


class HistoryReadings:
    """Raw values are there for `history.raw_days`."""

    def __init__(self, path: Path) -> None:
        self._past = HistoryPast(path)
        self._reader = SqliteHistory.open_reader(path)

    def block(self, site: Site, start_ms: int, end_ms: int) -> Block:
        return _whole(site.id, start_ms, end_ms, self._past.read([site], start_ms, end_ms))

    def stock(self, site: str, start_ms: int, end_ms: int) -> list[StockRow]:
        points = self._reader.points_of("stock", {"site": site, "source": "site"}, start_ms, end_ms)
        return [_row(point.time_ms, [point.fields.get(name) for name in STOCK_FIELDS]) for point in points]

    def close(self) -> None:
        self._past.close()
        self._reader.close()


class InfluxReadings(InfluxPast):
    """Raw values are there for `influxdb.raw_days`."""

    def block(self, site: Site, start_ms: int, end_ms: int) -> Block:
        return _whole(site.id, start_ms, end_ms, self.read([site], start_ms, end_ms))

    def stock(self, site: str, start_ms: int, end_ms: int) -> list[StockRow]:
        rows = self._ask(self._reader.long_rows("stock", {"site": site, "source": "site"}, STOCK_FIELDS, (start_ms, end_ms)))
        return [_row(at_ms, values) for at_ms, *values in rows]


def open_readings(config: Config) -> Readings:
    """Raises UserError where there is no store yet, OxygridError where it can't be read."""
    if config.influxdb is None:
        return HistoryReadings(config.history_path)
    from collector.build import influx_settings
    from collector.store.influx_read import InfluxReader

    return InfluxReadings(InfluxReader(influx_settings(config.influxdb)))


def days(
    config: Config, sites: Iterable[Site], date: Date, now_ms: int, rest: Callable[[float], None] = lambda _: None
) -> list[FacilityDay]:
    """The facility-day of each site, by its own calendar; of today as far as it has come. `rest` is given the seconds that each site took:
    within a collector others have to work too. Raises UserError for a day that has not begun."""
    from collector.commands.knowledge import open_state

    found = []
    with closing(open_readings(config)) as readings, closing(open_state(config)) as state:
        for site in sites:
            start_ms, end_ms = day_span(site, date)
            if start_ms >= now_ms:
                raise UserError(f"{date.isoformat()} has not begun at {site.id}; give a day that has")
            begun_s = time.monotonic()
            found.append(_day(site, date, (start_ms, min(end_ms, now_ms)), readings, state, now_ms))
            rest(time.monotonic() - begun_s)
    return found


def day_span(site: Site, date: Date) -> tuple[int, int]:
    """From midnight to midnight on the wall of the site: 23 or 25 hours where the clock is changed."""
    begins = (datetime(each.year, each.month, each.day, tzinfo=site.zone) for each in (date, date + timedelta(days=1)))
    start, end = (round(each.timestamp() * 1000) for each in begins)
    return start, end


def _day(site: Site, date: Date, span_ms: tuple[int, int], readings: Readings, state: StateReader, now_ms: int) -> FacilityDay:
    start_ms, end_ms = span_ms
    first_ms = state.first_transition_ms()
    known = first_ms is not None and first_ms < end_ms
    past = Past(
        readings.block(site, start_ms, end_ms),
        readings.stock(site.id, start_ms, end_ms),
        [e for e in state.stock_events(start_ms, EVENTS_MOST) if e.site == site.id and e.event_ms < end_ms],
        [t for t in state.alarm_log(start_ms, end_ms) if t.site == site.id] if known else None,
    )
    return facility_day(site, date.isoformat(), past, now_ms)


def _whole(site: str, start_ms: int, end_ms: int, parts: Iterable[Any]) -> Block:
    """Stretches of a day as one."""
    kinds: dict[str, str] = {}
    times: dict[str, dict[str, tuple[list[int], list[Value]]]] = defaultdict(lambda: defaultdict(lambda: ([], [])))
    for part in parts:
        for said in part.assets:
            kinds[said.asset] = said.kind
            for name, column in said.columns.items():
                at, values = times[said.asset][name]
                for at_ms, value in zip(said.times, column, strict=True):
                    if value is not None:
                        at.append(at_ms)
                        values.append(value)
    assets: list[AssetBlock] = [joined(asset, kinds[asset], signals) for asset, signals in times.items()]
    return Block(site, start_ms, end_ms, assets)


def _row(at_ms: int, values: Sequence[Any]) -> StockRow:
    return StockRow(at_ms, *(float(value) if isinstance(value, float | int) else None for value in values))
