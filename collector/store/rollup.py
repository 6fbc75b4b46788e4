"""The 15-minute roll-ups of InfluxDB: which windows, which query, which lines. Pure.

A window is (kind, site, n): the quarter of an hour that begins n × 15 minutes after the epoch, of all assets of that kind at that site.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

from collector.records import Decoded
from collector.store.line import Series, field_set
from devices.kinds.catalogue import KINDS
from devices.signal import Observation

WINDOW_MS = 900_000
SUFFIX = "_15m"
AGGREGATES = ("mean", "min", "max", "count")
MOST_WINDOWS = 96
"""A span is at most a day, so that no answer grows beyond a few megabytes."""

Window: TypeAlias = tuple[str, str, int]


class Span(NamedTuple):
    """Neighbouring windows of one kind and site, to be computed together: [start_ms, end_ms)."""

    kind: str
    site: str
    start_ms: int
    end_ms: int

    @property
    def windows(self) -> list[Window]:
        return [(self.kind, self.site, n) for n in range(self.start_ms // WINDOW_MS, self.end_ms // WINDOW_MS)]


def windows_of(batches: Iterable[Decoded]) -> set[Window]:
    """The windows that these batches have something for."""
    return {
        (event.kind, event.site, event.event_ms // WINDOW_MS) for batch in batches for event in batch.events if type(event) is Observation
    }


def spans(windows: Iterable[Window]) -> list[Span]:
    """Neighbouring windows joined, at most MOST_WINDOWS to a span, in order."""
    found: list[Span] = []
    for kind, site, number in sorted(set(windows)):
        start_ms = number * WINDOW_MS
        last = found[-1] if found else None
        if last and last[:2] == (kind, site) and last.end_ms == start_ms and start_ms - last.start_ms < MOST_WINDOWS * WINDOW_MS:
            found[-1] = last._replace(end_ms=start_ms + WINDOW_MS)
        else:
            found.append(Span(kind, site, start_ms, start_ms + WINDOW_MS))
    return found


def numeric_signals(kind: str) -> list[str]:
    """The signals of a kind that have a mean; none for a kind that is unknown."""
    return [signal.name for signal in KINDS[kind].signals.values() if signal.type in {"number", "counter"}] if kind in KINDS else []


def roll_up_query(span: Span, signals: Sequence[str]) -> str:
    """InfluxQL for the aggregates of these signals per asset and window; times are asked for in milliseconds (`epoch=ms`)."""
    columns = ", ".join(f'{how}("{name}") AS "{name}_{how}"' for name in signals for how in AGGREGATES)
    site = span.site.replace("\\", "\\\\").replace("'", "\\'")
    within = f"\"site\" = '{site}' AND time >= {span.start_ms}ms AND time < {span.end_ms}ms"
    return f'SELECT {columns} FROM "{span.kind}" WHERE {within} GROUP BY time(15m), "asset" fill(none)'  # noqa: S608  quoted above


class Answer(NamedTuple):
    """Lines to be written, or the error that the server put into an answer of status 200."""

    lines: list[str]
    error: str = ""


def read_answer(body: str, span: Span, series: Series) -> Answer:
    """The answer to `roll_up_query` as lines of `<kind>_15m`."""
    try:
        result = json.loads(body)["results"][0]
    except (ValueError, LookupError, TypeError):
        return Answer([], f"not an answer to a query: {body[:200]}")
    if "error" in result:
        return Answer([], str(result["error"]))
    return Answer([line for table in result.get("series", []) for line in _table_lines(table, span, series)])


def _table_lines(table: dict[str, Any], span: Span, series: Series) -> Iterator[str]:
    key = series.prefix(span.kind + SUFFIX, span.site, table["tags"]["asset"])
    names: list[str] = table["columns"][1:]
    for time_ms, *values in table["values"]:
        counted = {name.removesuffix("_count") for name, value in zip(names, values, strict=True) if name.endswith("_count") and value}
        fields = field_set(
            {
                name: int(value) if name.endswith("_count") else float(value)
                for name, value in zip(names, values, strict=True)
                if value is not None and name.rpartition("_")[0] in counted
            }
        )
        if fields:
            yield f"{key}{fields} {time_ms * 1_000_000}"
