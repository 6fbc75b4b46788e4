"""Readings out of InfluxDB 1.x, 2.x or 3 Core, as columns, a stretch of one asset at a time: for the backtest. All queries are InfluxQL.

A stretch is one query over a span of time, so neither side holds more than that. VictoriaMetrics has no InfluxQL and can't be read so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from collector.errors import StoreError, UserError
from collector.store.influx_api import LONG, Http, Settings, detect
from collector.store.responses import Reply, Verdict, verdict, words
from devices.signal import Signal, Value, ValueType

_TYPES: dict[ValueType, Any] = {"number": float, "counter": float, "boolean": bool, "state": str, "text": str}


class _Series(msgspec.Struct):
    values: msgspec.Raw


class _Result(msgspec.Struct):
    series: list[_Series] = []
    error: str = ""


class _Answer(msgspec.Struct):
    results: list[_Result] = []


Rows = list[tuple[Any, ...]]


class InfluxReader:
    """`open` finds out what answers. Every method raises StoreError where the server fails, in its own words."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._http: Http | None = None
        self._database = settings.database
        self._v1 = True

    async def open(self) -> None:
        """Raises UserError for a server that can't be asked in InfluxQL."""
        self._http = Http(self._settings)
        server, reply = await detect(self._http)
        if server is None:
            raise StoreError(f"{self._settings.url}: {words(reply)}")
        if server == "VictoriaMetrics":
            raise UserError(f"{self._settings.url} is VictoriaMetrics, which has no InfluxQL; take --source journal or --source history")
        self._v1 = server == "InfluxDB 1"
        self._database = self._settings.database if self._v1 else self._settings.bucket

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()

    async def fields(self, measurement: str) -> set[str]:
        """The names of all fields that a measurement ever had."""
        return {str(row[0]) for row in await self._rows(f"SHOW FIELD KEYS FROM {_name(measurement)}", None)}

    async def span_ms(self, measurement: str, site: str) -> tuple[int, int] | None:
        """The times of the first and the last row of a site in a measurement."""
        ends = []
        for order in ("ASC", "DESC"):
            where = f"""WHERE "site" = {_text(site)} ORDER BY time {order} LIMIT 1"""
            rows = await self._rows(f"SELECT * FROM {_name(measurement)} {where}", None)  # noqa: S608 - escaped
            ends += [int(row[0]) for row in rows]
        return (ends[0], ends[1]) if len(ends) == 2 else None

    async def stretch(
        self, measurement: str, where: tuple[str, str], signals: Sequence[Signal], span_ms: tuple[int, int]
    ) -> tuple[list[int], Mapping[str, Sequence[Value | None]]]:
        """Times in ms and a column for each signal over [start, end) of the asset `where` (site, asset); None where there is no value.
        Signals without any value have no column. What is of another type than the signal is left out."""
        site, asset = where
        fields = ", ".join(_name(signal.name) for signal in signals)
        condition = f"""WHERE "site" = {_text(site)} AND "asset" = {_text(asset)} AND time >= {span_ms[0]}ms AND time < {span_ms[1]}ms"""
        shape = (int, *(_TYPES[signal.type] | None for signal in signals))
        rows = await self._rows(f"SELECT {fields} FROM {_name(measurement)} {condition}", shape)  # noqa: S608 - escaped
        if not rows:
            return [], {}
        times, *columns = zip(*rows, strict=True)
        filled = {signal.name: column for signal, column in zip(signals, columns, strict=True) if column.count(None) < len(column)}
        return list(times), filled

    async def long_rows(self, measurement: str, tags: Mapping[str, str], fields: Sequence[str], span_ms: tuple[int, int]) -> Rows:
        """Time in ms and these fields of every row with these tags over [start, end), oldest first; none where the fields never were.
        Of a measurement that is kept for years (InfluxDB 1 has it in a retention policy of its own)."""
        where = " AND ".join(f"{_name(name)} = {_text(value)}" for name, value in tags.items())
        wanted = ", ".join(_name(field) for field in fields)
        source = f"{_name(LONG)}.{_name(measurement)}" if self._v1 else _name(measurement)
        condition = f"WHERE {where} AND time >= {span_ms[0]}ms AND time < {span_ms[1]}ms"
        return await self._rows(f"SELECT {wanted} FROM {source} {condition}", None)  # noqa: S608 - escaped

    async def _rows(self, query: str, shape: tuple[Any, ...] | None) -> Rows:
        assert self._http is not None, "open comes first"
        reply = await self._http.query(query, self._database)
        if verdict(reply.status) is not Verdict.ACCEPTED:
            raise StoreError(f"{self._settings.url}: {words(reply)}")
        return _read(reply, shape)


def _read(reply: Reply, shape: tuple[Any, ...] | None) -> Rows:
    try:
        (result,) = msgspec.json.decode(reply.body, type=_Answer).results
    except (msgspec.MsgspecError, ValueError) as exc:
        raise StoreError(f"not an answer to a query: {reply.body[:200]}") from exc
    if result.error:
        raise StoreError(result.error)
    return [row for series in result.series for row in _typed(series.values, shape)]


def _typed(values: msgspec.Raw, shape: tuple[Any, ...] | None) -> Rows:
    """The rows with every value of its type; numbers are floats, which JSON writes without a point where they are whole."""
    if shape is None:
        return msgspec.json.decode(values, type=list[tuple[Any, ...]])
    try:
        rows: Rows = msgspec.json.decode(values, type=list[tuple[shape]])  # type: ignore[valid-type]
    except msgspec.ValidationError:
        found = msgspec.json.decode(values, type=list[tuple[Any, ...]])
        rows = [tuple(_fitting(value, each) for value, each in zip(row, shape, strict=True)) for row in found]
    return rows


def _fitting(value: Any, wanted: Any) -> Any:
    """The value where it is of the type that is wanted, else nothing."""
    try:
        return msgspec.convert(value, wanted)
    except msgspec.ValidationError:
        return None


def _name(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
