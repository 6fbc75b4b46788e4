"""The database as the benchmark sees it: how many points it has taken (its own counter, cheap to ask), and what is in it (by query)."""

from __future__ import annotations

import json
import time
import urllib.parse
import urllib.request
from typing import Any, Protocol

FLUSH_S = 10.0


class Database(Protocol):
    url: str
    pid: int
    api: str

    def taken(self) -> int:
        """Points that it took since it started; other points than readings are among them."""

    def count(self, measurement: str, field: str, first_ms: int, last_ms: int) -> int:
        """Values of that field with a time from `first_ms` to `last_ms`, both included."""


class InfluxV1:
    """InfluxDB 1.x; readings are in database oxygrid."""

    api = "v1"

    def __init__(self, url: str, pid: int) -> None:
        self.url, self.pid = url, pid

    def taken(self) -> int:
        write = _json(f"{self.url}/debug/vars").get("write", {})
        return int(write.get("values", {}).get("pointReq", 0))

    def count(self, measurement: str, field: str, first_ms: int, last_ms: int) -> int:
        query = f'SELECT count("{field}") FROM "{measurement}" WHERE time >= {first_ms}ms AND time <= {last_ms}ms'
        answer = _json(f"{self.url}/query?{urllib.parse.urlencode({'db': 'oxygrid', 'q': query})}")
        series = answer["results"][0].get("series")
        return int(series[0]["values"][0][1]) if series else 0


class Victoria:
    """VictoriaMetrics: a field is a metric of its own, so a message of eight values is eight rows."""

    api = "v2"

    def __init__(self, url: str, pid: int) -> None:
        self.url, self.pid = url, pid

    def taken(self) -> int:
        total = 0
        for line in _get(f"{self.url}/metrics").decode().splitlines():
            if line.startswith("vm_rows_inserted_total{") and 'type="influx"' in line:
                total += int(float(line.rpartition(" ")[2]))
        return total

    def count(self, measurement: str, field: str, first_ms: int, last_ms: int) -> int:
        _get(f"{self.url}/internal/force_flush")
        window_ms = last_ms - first_ms + 1
        query = f"sum(count_over_time({measurement}_{field}[{window_ms}ms]))"
        parameters = {"query": query, "time": f"{last_ms / 1000:.3f}", "nocache": "1", "latency_offset": "1ms"}
        result = _json(f"{self.url}/api/v1/query?{urllib.parse.urlencode(parameters)}")["data"]["result"]
        return int(float(result[0]["value"][1])) if result else 0


def wait_stored(database: Database, before: int, points: int, limit_s: float, every_s: float = 0.05) -> float:
    """Wait until the database has taken so many points more than `before`; when that was, in seconds since the epoch."""
    deadline = time.monotonic() + limit_s
    while database.taken() < before + points:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{database.taken() - before} of {points} points in the database after {limit_s:.0f} s")
        time.sleep(every_s)
    return time.time()


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as answer:
        body: bytes = answer.read()
        return body


def _json(url: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(_get(url))
    return answer
