"""The store adapters against the real servers."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import ssl
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector.access.issue import issue
from collector.errors import UserError
from collector.outgoing import tls_context
from collector.ports import Outcome
from collector.records import Decoded, Point
from collector.store import influx_api
from collector.store.influx import NO_ROLL_UPS, InfluxStore
from collector.store.influx_api import LONG, Settings
from collector.store.responses import NO_ANSWER
from devices.assets import Site
from devices.kinds.catalogue import KINDS
from devices.signal import Observation, Timing, Value
from tests.servers import Server, free_port

pytestmark = pytest.mark.server

NOW_MS = 1_764_000_000_000
SITE = Site.model_validate(
    {
        "id": "kasganj-dh",
        "district": "kasganj",
        "region": "up",
        "assets": [{"id": "psa1", "kind": "psa_plant", "rated_flow_lpm": 500}, {"id": "psa2", "kind": "psa_plant", "rated_flow_lpm": 500}],
    }
)


def seen(values: dict[str, Value], event_ms: int = NOW_MS, asset: str = "psa1", **more: Any) -> Observation:
    return Observation("kasganj-dh", asset, "psa_plant", event_ms, event_ms, values, **more)


def batch(*events: Observation, seq: int = 1) -> Decoded:
    return Decoded(seq, NOW_MS, list(events), [], len(events), sum(len(event.values) for event in events))


@asynccontextmanager
async def store(server: Server, **more: Any) -> AsyncIterator[InfluxStore]:
    given = {"url": server.http, "timeout_s": 3.0, "raw_days": 36_500, **more}
    made = InfluxStore(lambda: Settings(**given), [SITE])
    try:
        yield made
    finally:
        await made.close()


def ask(server: Server, query: str, database: str = "oxygrid") -> list[dict[str, Any]]:
    """Rows of an InfluxQL query, times in ns."""
    url = f"{server.http}/query?" + urllib.parse.urlencode({"db": database, "q": query, "epoch": "ns"})
    with urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=5) as answer:
        result = json.load(answer)["results"][0]
    assert "error" not in result, result
    return [
        {**series.get("tags", {}), **dict(zip(series["columns"], row, strict=True))}
        for series in result.get("series", [])
        for row in series["values"]
    ]


def post(server: Server, lines: str, database: str = "oxygrid") -> None:
    urllib.request.urlopen(f"{server.http}/write?db={database}", data=lines.encode(), timeout=5).close()


async def test_what_is_written_is_there_once_however_often(influxdb_server: Server) -> None:
    events = [seen({"o2_purity_pct": 93.4, "state": "standby", "mains_ok": True}), seen({"co_ppm": 2.0}, NOW_MS, "psa2", tie=7)]
    async with store(influxdb_server) as influx:
        assert await influx.write([batch(*events)]) == Outcome()
        assert await influx.write([batch(*events), batch(*events, seq=2)]) == Outcome()
        assert influx.server == "InfluxDB 1"
    tags = {"district": "kasganj", "region": "up", "site": "kasganj-dh"}
    rows = ask(influxdb_server, "SELECT * FROM psa_plant")
    assert [{name: value for name, value in row.items() if value is not None} for row in rows] == [
        {"time": NOW_MS * 10**6, "asset": "psa1", **tags, "o2_purity_pct": 93.4, "state": "standby", "mains_ok": True},
        {"time": NOW_MS * 10**6 + 7, "asset": "psa2", **tags, "co_ppm": 2},
    ]


async def test_database_and_retention_are_set_up(influxdb_server: Server) -> None:
    async with store(influxdb_server, raw_days=30) as influx:
        await influx.write_points([])
    policies = ask(influxdb_server, "SHOW RETENTION POLICIES ON oxygrid")
    assert {(row["name"], row["duration"], row["default"]) for row in policies} == {
        ("raw", "720h0m0s", True),
        ("long", "43824h0m0s", False),
    }


async def test_the_default_retention_of_a_database_that_exists_is_left_alone(influxdb_server: Server) -> None:
    ask(influxdb_server, "CREATE DATABASE oxygrid")
    async with store(influxdb_server) as influx:
        await influx.write_points([])
    policies = ask(influxdb_server, "SHOW RETENTION POLICIES ON oxygrid")
    assert {(row["name"], row["default"]) for row in policies} == {("autogen", True), ("long", False)}


async def test_alarms_and_stock_are_kept_long_and_other_points_are_not(influxdb_server: Server) -> None:
    async with store(influxdb_server) as influx:
        points = [Point(name, {"site": "kasganj-dh"}, {"n": 1, "text": 'a "b"\n\\c,'}, NOW_MS) for name in ("alarm", "stock", "collector")]
        assert await influx.write_points(points) == Outcome()
    assert [row["text"] for row in ask(influxdb_server, f"SELECT * FROM {LONG}.alarm, {LONG}.stock")] == ['a "b"\n\\c,'] * 2
    assert len(ask(influxdb_server, "SELECT * FROM collector")) == 1
    assert ask(influxdb_server, "SELECT * FROM alarm") == []


async def test_a_field_of_another_type_rejects_its_lines_and_no_other(influxdb_server: Server) -> None:
    ask(influxdb_server, "CREATE DATABASE oxygrid")
    post(influxdb_server, f'psa_plant o2_purity_pct="93" {NOW_MS * 10**6}')
    events = [seen({"o2_purity_pct" if n % 10 == 3 else "co_ppm": float(n)}, NOW_MS + n) for n in range(100)]
    async with store(influxdb_server) as influx:
        outcome = await influx.write([batch(*events)])
        assert influx.requests <= 3
    assert [float(one.line.split("o2_purity_pct=")[1].split()[0]) for one in outcome.rejected] == [float(n) for n in range(3, 100, 10)]
    assert all("is type float, already exists as type string" in one.reason for one in outcome.rejected)
    assert (outcome.keep, ask(influxdb_server, "SELECT count(co_ppm) FROM psa_plant")[0]["count"]) == (False, 90)


async def test_what_is_beyond_the_retention_is_rejected_and_the_rest_stored(influxdb_server: Server) -> None:
    ask(influxdb_server, 'CREATE DATABASE oxygrid WITH DURATION 1000d NAME "raw"')
    events = [seen({"co_ppm": float(n)}, NOW_MS - (n % 7 == 0) * 2000 * 86_400_000 + n) for n in range(70)]
    async with store(influxdb_server) as influx:
        outcome = await influx.write([batch(*events)])
    assert (len(outcome.rejected), outcome.keep) == (10, False)
    assert all("points beyond retention policy" in one.reason for one in outcome.rejected)
    assert ask(influxdb_server, "SELECT count(co_ppm) FROM psa_plant")[0]["count"] == 60


async def test_a_poisoned_line_in_the_middle(influxdb_server: Server) -> None:
    events = [seen({"co_ppm": float(n)}, NOW_MS + n) for n in range(1000)]
    events[500] = Observation("kasganj-dh", "psa1", "psa_plant", 10**30, NOW_MS, {"co_ppm": 500.0})  # a time that no server takes
    async with store(influxdb_server) as influx:
        outcome = await influx.write([batch(*events)])
        assert influx.requests <= 2
    assert [one.reason[:16] for one in outcome.rejected] == ["unable to parse:"]
    assert ask(influxdb_server, "SELECT count(co_ppm) FROM psa_plant")[0]["count"] == 999


async def test_a_database_that_was_dropped_is_made_again(influxdb_server: Server) -> None:
    async with store(influxdb_server) as influx:
        await influx.write([batch(seen({"co_ppm": 1.0}))])
        ask(influxdb_server, "DROP DATABASE oxygrid")
        outcome = await influx.write([batch(seen({"co_ppm": 2.0}))])
        assert (outcome.keep, outcome.alarm, outcome.problem) == (True, True, '404 database not found: "oxygrid"')
        assert await influx.write([batch(seen({"co_ppm": 2.0}))]) == Outcome()
    assert [row["co_ppm"] for row in ask(influxdb_server, "SELECT co_ppm FROM psa_plant")] == [2]


async def test_without_rights_to_set_up_the_data_is_kept_and_the_words_hold_no_secret(influxdb_server: Server) -> None:
    influxdb_server.stop()
    config = influxdb_server.folder / "influxdb.conf"
    config.write_text(config.read_text().replace("[http]\n", "[http]\n  auth-enabled = true\n"))
    influxdb_server.start()
    async with store(influxdb_server, username="nobody", password="hunter2") as influx:
        no_users_yet = await influx.write([batch(seen({"co_ppm": 1.0}))])
        ask(influxdb_server, "CREATE USER chief WITH PASSWORD 'x' WITH ALL PRIVILEGES")
        outcome = await influx.write([batch(seen({"co_ppm": 1.0}))])
    assert (no_users_yet.keep, no_users_yet.alarm) == (True, True)
    assert no_users_yet.problem.startswith('404 database not found: "oxygrid" (could not SHOW DATABASES: 403 error authorizing query')
    assert (outcome.keep, outcome.alarm) == (True, True)
    assert outcome.problem.startswith("401 authorization failed (could not SHOW DATABASES: 401")
    assert "hunter2" not in outcome.problem + repr(Settings(url="http://x", password="hunter2", token="hunter2"))


async def test_a_server_that_is_down_or_hangs_keeps_the_data(influxdb_server: Server) -> None:
    async with store(influxdb_server, timeout_s=0.5) as influx:
        await influx.write([batch(seen({"co_ppm": 1.0}))])
        influxdb_server.freeze()
        hung = await influx.write([batch(seen({"co_ppm": 1.0}))])
        influxdb_server.thaw()
        influxdb_server.kill()
        down = await influx.write([batch(seen({"co_ppm": 1.0}))])
    assert (hung.keep, hung.alarm, hung.problem) == (True, False, "no answer within 0.5 s")
    assert (down.keep, down.alarm) == (True, False)
    assert "no answer: " in down.problem


async def test_nothing_there_at_the_start_and_then_it_is(influxdb_server: Server) -> None:
    influxdb_server.stop()
    async with store(influxdb_server) as influx:
        assert (await influx.write([batch(seen({"co_ppm": 1.0}))])).keep
        assert influx.server is None
        await asyncio.to_thread(influxdb_server.start)
        assert await influx.write([batch(seen({"co_ppm": 1.0}))]) == Outcome()


async def test_something_else_answers() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
        await writer.drain()
        writer.close()

    port = free_port()
    async with await asyncio.start_server(answer, "127.0.0.1", port):
        influx = InfluxStore(lambda: Settings(url=f"http://127.0.0.1:{port}"), [SITE])
        outcome = await influx.write([batch(seen({"co_ppm": 1.0}))])
        await influx.close()
    assert (outcome.keep, outcome.alarm) == (True, True)
    assert f"neither InfluxDB nor VictoriaMetrics answers at http://127.0.0.1:{port}/ping" in outcome.problem


# Roll-ups

QUARTER_MS = 900_000
START_MS = NOW_MS // QUARTER_MS * QUARTER_MS


async def test_roll_ups_and_their_correction(influxdb_server: Server) -> None:
    events = [
        seen({"o2_purity_pct": 90.0 + n, "state": "standby"}, START_MS + n * 60_000, asset) for n in range(30) for asset in ("psa1", "psa2")
    ]
    async with store(influxdb_server) as influx:
        await influx.write([batch(*events)])
        assert await influx.roll_up("psa_plant", "kasganj-dh", START_MS, START_MS + 2 * QUARTER_MS) == Outcome()
        await influx.write([batch(seen({"o2_purity_pct": 50.0}, START_MS + 1, timing=int(Timing.BACKFILL)))])
        assert await influx.roll_up("psa_plant", "kasganj-dh", START_MS, START_MS + QUARTER_MS) == Outcome()
        assert await influx.roll_up("psa_plant", "elsewhere", START_MS, START_MS + QUARTER_MS) == Outcome()
        assert await influx.roll_up("gateway", "kasganj-dh", START_MS, START_MS + QUARTER_MS) == Outcome()
        assert await influx.roll_up("no_such_kind", "kasganj-dh", START_MS, START_MS + QUARTER_MS) == Outcome()
    rows = ask(influxdb_server, f"SELECT * FROM {LONG}.psa_plant_15m ORDER BY time")
    shown = {(row["asset"], (row["time"] // 10**6 - START_MS) // QUARTER_MS): row for row in rows}
    names = [f"o2_purity_pct_{how}" for how in ("mean", "min", "max", "count")]
    assert {place: [row[name] for name in names] for place, row in shown.items()} == {
        ("psa1", 0): [pytest.approx((97.0 * 15 + 50) / 16), 50, 104, 16],
        ("psa1", 1): [112, 105, 119, 15],
        ("psa2", 0): [97, 90, 104, 15],
        ("psa2", 1): [112, 105, 119, 15],
    }
    assert {(row["district"], row["region"]) for row in rows} == {("kasganj", "up")}


async def test_a_field_that_cannot_be_averaged_costs_only_its_own_roll_up(influxdb_server: Server) -> None:
    ask(influxdb_server, "CREATE DATABASE oxygrid")
    post(influxdb_server, f'psa_plant,asset=psa1,site=kasganj-dh co2_ppm="x" {START_MS * 10**6}')
    async with store(influxdb_server) as influx:
        await influx.write([batch(seen({"co_ppm": 3.0}, START_MS))])
        outcome = await influx.roll_up("psa_plant", "kasganj-dh", START_MS, START_MS + QUARTER_MS)
    assert outcome.keep is False
    assert "no roll-up of psa_plant co2_ppm: " in outcome.problem
    assert [row["co_ppm_mean"] for row in ask(influxdb_server, f"SELECT co_ppm_mean FROM {LONG}.psa_plant_15m")] == [3]


# VictoriaMetrics


async def test_victoria_metrics_gets_numbers_and_contacts_by_the_v2_api(victoria_server: Server) -> None:
    async with store(victoria_server) as victoria:
        outcome = await victoria.write(
            [batch(seen({"o2_purity_pct": 93.4, "state": "standby", "mains_ok": True}), seen({"state": "fault"}, NOW_MS + 1))]
        )
        assert (outcome, victoria.server, victoria.strings_left_out) == (Outcome(), "VictoriaMetrics", 2)
        assert await victoria.write_points([Point("alarm", {"rule": "LP-LL"}, {"value": 3.1, "text": "x"}, NOW_MS)]) == Outcome()
        assert await victoria.roll_up("psa_plant", "kasganj-dh", START_MS, START_MS + QUARTER_MS) == Outcome(problem=NO_ROLL_UPS)
        assert await victoria.roll_up("psa_plant", "kasganj-dh", START_MS, START_MS + QUARTER_MS) == Outcome()
        victoria_server.freeze()
        victoria_server.thaw()
    assert _exported(victoria_server) == {
        ("psa_plant_o2_purity_pct", "psa1"): [93.4],
        ("psa_plant_mains_ok", "psa1"): [1],
        ("alarm_value", None): [3.1],
    }


def _exported(server: Server) -> dict[tuple[str, str | None], list[float]]:
    urllib.request.urlopen(f"{server.http}/internal/force_flush", timeout=5).close()
    query = urllib.parse.urlencode({"match[]": '{__name__!=""}', "start": NOW_MS // 1000 - 10, "end": NOW_MS // 1000 + 10})
    with urllib.request.urlopen(f"{server.http}/api/v1/export?{query}", timeout=5) as answer:
        found = [json.loads(line) for line in answer.read().splitlines()]
    return {(one["metric"]["__name__"], one["metric"].get("asset")): one["values"] for one in found}


async def test_victoria_metrics_hanging_and_down(victoria_server: Server) -> None:
    async with store(victoria_server, timeout_s=0.5) as victoria:
        await victoria.write([batch(seen({"co_ppm": 1.0}))])
        victoria_server.freeze()
        hung = await victoria.write([batch(seen({"co_ppm": 1.0}))])
        victoria_server.thaw()
        victoria_server.kill()
        down = await victoria.write([batch(seen({"co_ppm": 1.0}))])
    assert (hung.keep, hung.problem) == (True, "no answer within 0.5 s")
    assert (down.keep, "no answer: " in down.problem) == (True, True)


# Line protocol as a real server reads it

PSA = KINDS["psa_plant"].signals
BY_TYPE: dict[str, st.SearchStrategy[Value]] = {
    "number": st.floats(allow_nan=False, allow_infinity=False),
    "counter": st.floats(0, 1e12),
    "boolean": st.booleans(),
    "state": st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    "text": st.text(),
}
EXAMPLES = count()
SETS = st.fixed_dictionaries({}, optional={name: BY_TYPE[signal.type] for name, signal in PSA.items()}).filter(bool)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None)
@given(sets=st.lists(SETS, min_size=1, max_size=10))
def test_what_influxdb_reads_back_equals_what_was_written(influxdb_server: Server, sets: list[dict[str, Value]]) -> None:
    start_ms = START_MS + next(EXAMPLES) * 1000

    async def write() -> Outcome:
        async with store(influxdb_server) as influx:
            return await influx.write([batch(*(seen(one, start_ms + place) for place, one in enumerate(sets)))])

    assert asyncio.run(write()) == Outcome()
    rows = ask(influxdb_server, f"SELECT * FROM psa_plant WHERE time >= {start_ms}ms AND time < {start_ms + 1000}ms ORDER BY time")
    assert [{name: _as_float(row[name]) for name in row if name in PSA and row[name] is not None} for row in rows] == sets


def _as_float(value: Value | int) -> Value:
    """JSON has one kind of number: InfluxDB writes 93.0 as 93."""
    return float(value) if type(value) is int else value


# A server of ours that answers as InfluxDB 2 and 3 do in their documentation: the client library in between is real


@asynccontextmanager
async def documented(version: str, *answers: str) -> AsyncIterator[tuple[InfluxStore, list[str]]]:
    """A store on a server that answers /ping with the version and each other request with the next answer; and the requests it got."""
    requests: list[str] = []
    left = list(answers)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next((int(line.split(":")[1]) for line in head.splitlines() if line.lower().startswith("content-length:")), 0)
        body = (await reader.readexactly(length)).decode()
        ping = head.startswith("GET /ping")
        if not ping:
            requests.append(head + body)
        status, _, said = (f"204 X-Influxdb-Version: {version}\r\n|" if ping else left.pop(0)).partition(" ")
        headers, _, text = said.partition("|")
        writer.write(f"HTTP/1.1 {status} x\r\n{headers}Content-Length: {len(text)}\r\nConnection: close\r\n\r\n{text}".encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as serving:
        port = serving.sockets[0].getsockname()[1]
        influx = InfluxStore(
            lambda: Settings(url=f"http://127.0.0.1:{port}", token="s3cret", org="health", bucket="oxy"), [SITE], share=lambda: 0.5
        )
        try:
            yield influx, requests
        finally:
            await influx.close()


TWO = [seen({"co_ppm": 1.0}), seen({"co_ppm": 2.0}, NOW_MS + 1)]


async def test_a_token_that_is_not_there_yet_holds_up_the_writing_and_nothing_else(influxdb_server: Server) -> None:
    there: list[Settings] = []

    def ask_settings() -> Settings:
        if not there:
            raise UserError("/run/influxdb-token/token: the secret can't be read")
        return there[0]

    influx = InfluxStore(ask_settings, [SITE])
    waits = await influx.write([batch(seen({"co_ppm": 1.0}))])
    assert (waits.keep, waits.alarm, "can't be read" in waits.problem) == (True, True, True)
    there.append(Settings(influxdb_server.http, raw_days=36_500))
    assert await influx.write([batch(seen({"co_ppm": 1.0}))]) == Outcome()
    await influx.close()


@pytest.mark.parametrize(
    ("trusted", "host", "verified"),
    [("ours", "127.0.0.1", True), ("ours", "localhost", False), ("the system's", "127.0.0.1", False)],
)
async def test_https_is_verified(tmp_path: Path, trusted: str, host: str, verified: bool) -> None:
    """With the authority that signed it, under the name that stands in it, and not otherwise."""
    list(issue(tmp_path, ["127.0.0.1"], datetime.now(UTC)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 x\r\nX-Influxdb-Version: 1.8\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context) as serving:
        port = serving.sockets[0].getsockname()[1]
        tls = tls_context(str(tmp_path / "ca.pem")) if trusted == "ours" else None
        http = influx_api.Http(Settings(url=f"https://{host}:{port}", tls=tls))
        reply, _ = await http.request("GET", "/ping")
        await http.close()
    assert (reply.status == 204) is verified
    assert verified or "certificate" in reply.body.lower(), reply.body


async def test_an_answer_that_unpacks_without_end_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand to one: 2 MB of gzip are 2 GB. The bound is lowered here so that the test is quick."""
    monkeypatch.setattr(influx_api, "MOST_BYTES", 1_000_000)
    bomb = gzip.compress(bytes(50_000_000))

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n".encode() + bomb)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as serving:
        http = influx_api.Http(Settings(url=f"http://127.0.0.1:{serving.sockets[0].getsockname()[1]}"))
        reply, _ = await http.request("GET", "/query")
        await http.close()
    assert (reply.status, reply.body) == (NO_ANSWER, "no answer: the answer is longer than 1,000,000 bytes")


async def test_version_2_is_written_to_with_token_organisation_and_bucket() -> None:
    async with documented("v2.7.11", "204 |") as (influx, requests):
        assert await influx.write([batch(*TWO)]) == Outcome()
        assert influx.server == "InfluxDB 2"
    assert requests[0].startswith("POST /api/v2/write?org=health&bucket=oxy&precision=ns ")
    assert "authorization: token s3cret\r\n" in requests[0].lower()
    assert requests[0].endswith(
        "co_ppm=1.0 1764000000000000000\n"
        + "psa_plant,asset=psa1,district=kasganj,region=up,site=kasganj-dh co_ppm=2.0 1764000000001000000"
    )


@pytest.mark.parametrize(
    ("version", "answer"),
    [
        (
            "v2.7.11",
            '422 |{"code":"unprocessable entity","message":"failure writing points to database: partial write: conflict dropped=1"}',
        ),
        ("v2.7.11", '400 |{"code":"invalid","message":"unable to parse \'LINE\': bad"}'),
        (
            "3.2.1",
            '400 |{"error":"partial write of line protocol occurred","data":[{"line_number":1,"error_message":"bad","original_line":""}]}',
        ),
    ],
)
async def test_a_line_that_versions_2_and_3_refuse(version: str, answer: str) -> None:
    line = "psa_plant,asset=psa1,district=kasganj,region=up,site=kasganj-dh co_ppm=1.0 1764000000000000000"
    async with documented(
        version, answer.replace("LINE", line), answer.replace("LINE", line) if "conflict" in answer else "204 |", "204 |"
    ) as (
        influx,
        _,
    ):
        outcome = await influx.write([batch(*TWO)])
    assert ([one.line for one in outcome.rejected], outcome.keep) == ([line], False)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("429 Retry-After: 7\r\n|", Outcome(keep=True, keep_s=7.0, problem="429 no words")),
        ("503 Retry-After: 9\r\n|busy", Outcome(keep=True, keep_s=9.0, problem="503 busy")),
        ('500 |{"code":"internal error","message":"disk"}', Outcome(keep=True, keep_s=0.25, problem="500 disk")),
        (
            '401 |{"code":"unauthorized","message":"unauthorized access"}',
            Outcome(keep=True, keep_s=22.5, problem="401 unauthorized access", alarm=True),
        ),
        ('404 |{"code":"not found","message":"bucket"}', Outcome(keep=True, keep_s=22.5, problem="404 bucket", alarm=True)),
        ("301 Location: https://elsewhere/\r\n|", Outcome(keep=True, keep_s=22.5, problem="301 no words", alarm=True)),
    ],
)
async def test_what_version_2_says_of_itself(answer: str, expected: Outcome) -> None:
    async with documented("v2.7.11", answer) as (influx, _):
        assert await influx.write([batch(*TWO)]) == expected


async def test_a_batch_that_is_too_large_goes_in_halves() -> None:
    async with documented("v2.7.11", "413 |", "204 |", "204 |") as (influx, requests):
        assert await influx.write([batch(*TWO)]) == Outcome()
    assert [text.count("psa_plant,") for text in requests] == [2, 1, 1]
