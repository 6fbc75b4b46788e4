"""The store, the dashboards and the stack's tokens with a real InfluxDB 2: `make influxdb2 INFLUXD2=/path/to/influxd`."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bench.reader import Series, answers, asking, board_of, chosen, names
from bench.week import DAY_MS, MONTH_DAYS, Week, fill
from collector.ports import Outcome
from collector.records import Point
from collector.store.influx import InfluxStore
from collector.store.influx_api import Settings
from collector.store.influx_read import InfluxReader
from dashboards.expand import Span, panels_of, variables_of
from devices.kinds.catalogue import KINDS
from tests.influxdb2 import NAME, Influx2, set_up, tell
from tests.integration.test_influx import NOW_MS, QUARTER_MS, SITE, START_MS, batch, seen

pytestmark = [pytest.mark.influxdb2, pytest.mark.server]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Influx2]:
    with set_up(tmp_path_factory.mktemp("influxdb2")) as made:
        yield made


@pytest.fixture
def influx2(served: Influx2) -> Influx2:
    """The same server for all tests, its bucket new."""
    old = served.bucket()
    organisation = served.call("GET", "/api/v2/orgs")["orgs"][0]["id"]
    window = {"start": "1970-01-01T00:00:00Z", "stop": "2100-01-01T00:00:00Z"}
    served.call("POST", f"/api/v2/delete?org={organisation}&bucketID={old}", window)
    return served


@asynccontextmanager
async def store(influx2: Influx2, token: str = "", **more: Any) -> AsyncIterator[InfluxStore]:
    given = {"url": influx2.url, "token": token or influx2.tokens["collector"], "set_up_retention": False, "timeout_s": 5.0, **more}
    made = InfluxStore(lambda: Settings(**given), [SITE])
    try:
        yield made
    finally:
        await made.close()


def ask(influx2: Influx2, query: str, service: str = "grafana") -> Series:
    return asking(influx2.url, influx2.tokens[service])(query)


def rows(influx2: Influx2, query: str) -> list[dict[str, Any]]:
    return [dict(zip(each["columns"], row, strict=True)) for each in ask(influx2, query) for row in each["values"]]


async def test_what_is_written_is_there_once_however_often(influx2: Influx2) -> None:
    events = [seen({"o2_purity_pct": 93.4, "state": 'a "b"\n\\c,', "mains_ok": True}), seen({"co_ppm": 2.0}, NOW_MS + 1, "psa2")]
    async with store(influx2) as influx:
        assert await influx.write([batch(*events)]) == Outcome()
        assert await influx.write([batch(*events), batch(*events, seq=2)]) == Outcome()
        assert await influx.write_points([Point("alarm", {"site": "kasganj-dh"}, {"n": 1}, NOW_MS)]) == Outcome()
        assert influx.server == "InfluxDB 2"
    tags = {"district": "kasganj", "region": "up", "site": "kasganj-dh"}
    assert [{name: value for name, value in row.items() if value is not None} for row in rows(influx2, "SELECT * FROM psa_plant")] == [
        {"time": NOW_MS, "asset": "psa1", **tags, "o2_purity_pct": 93.4, "state": 'a "b"\n\\c,', "mains_ok": True},
        {"time": NOW_MS + 1, "asset": "psa2", **tags, "co_ppm": 2},
    ]
    assert [row["n"] for row in rows(influx2, "SELECT n FROM long.alarm")] == [1]


async def test_a_field_of_another_type_rejects_its_lines_and_no_other(influx2: Influx2) -> None:
    async with store(influx2) as influx:
        await influx.write_points([Point("psa_plant", {"site": "x"}, {"dewpoint_c": "93"}, NOW_MS)])
        events = [seen({"dewpoint_c" if n % 10 == 3 else "co_ppm": float(n)}, NOW_MS + n) for n in range(100)]
        outcome = await influx.write([batch(*events)])
    assert [float(one.line.split("dewpoint_c=")[1].split()[0]) for one in outcome.rejected] == [float(n) for n in range(3, 100, 10)]
    assert all("dewpoint_c" in one.reason for one in outcome.rejected), outcome.rejected[0]
    assert (outcome.keep, rows(influx2, "SELECT count(co_ppm) FROM psa_plant")[0]["count"]) == (False, 90)


async def test_a_poisoned_line_in_the_middle(influx2: Influx2) -> None:
    events = [seen({"co_ppm": float(n)}, NOW_MS + n) for n in range(1000)]
    events[500] = seen({"co_ppm": 500.0}, 10**30)  # a time that no server takes
    async with store(influx2) as influx:
        outcome = await influx.write([batch(*events)])
    assert ([one.reason[:16] for one in outcome.rejected], outcome.keep) == (["unable to parse:"], False)
    assert rows(influx2, "SELECT count(co_ppm) FROM psa_plant")[0]["count"] == 999


async def test_what_is_beyond_the_retention_is_rejected_and_the_rest_stored(influx2: Influx2) -> None:
    organisation = influx2.call("GET", "/api/v2/orgs")["orgs"][0]["id"]
    kept = [{"type": "expire", "everySeconds": 40 * 86_400}]
    made = influx2.call("POST", "/api/v2/buckets", {"name": "short", "orgID": organisation, "retentionRules": kept})
    now_ms = int(time.time() * 1000)
    events = [seen({"co_ppm": float(n)}, now_ms - (n % 7 == 0) * 80 * 86_400_000 + n) for n in range(70)]
    async with store(influx2, "the admin's own token", bucket="short") as influx:
        outcome = await influx.write([batch(*events)])
    influx2.call("DELETE", f"/api/v2/buckets/{made['id']}")
    assert (len(outcome.rejected), outcome.keep) == (10, False), outcome.problem
    assert all("retention policy" in one.reason.lower() for one in outcome.rejected), outcome.rejected[0]


@pytest.mark.parametrize(("token", "bucket"), [("wrong", NAME), ("console", NAME), ("collector", "elsewhere")])
async def test_who_may_not_write_is_told_so_and_nothing_is_lost(influx2: Influx2, token: str, bucket: str) -> None:
    """A wrong token, one that only reads, another's bucket: a person has to mend it, and then it goes on by itself."""
    using = [influx2.tokens.get(token, token)], [bucket]
    influx = InfluxStore(lambda: Settings(influx2.url, token=using[0][-1], bucket=using[1][-1], set_up_retention=False), [SITE])
    outcome = await influx.write([batch(seen({"co_ppm": 1.0}))])
    assert (outcome.keep, outcome.alarm, bool(outcome.problem)) == (True, True, True), outcome
    assert using[0][-1] not in outcome.problem
    using[0].append(influx2.tokens["collector"])
    using[1].append(NAME)
    assert await influx.write([batch(seen({"co_ppm": 1.0}))]) == Outcome()
    await influx.close()


async def test_a_server_that_hangs_or_is_down_keeps_the_data(influx2: Influx2) -> None:
    async with store(influx2, timeout_s=0.5) as influx:
        await influx.write([batch(seen({"co_ppm": 1.0}))])
        influx2.server.freeze()
        hung = await influx.write([batch(seen({"co_ppm": 2.0}, NOW_MS + 1))])
        influx2.server.thaw()
        influx2.server.kill()
        down = await influx.write([batch(seen({"co_ppm": 2.0}, NOW_MS + 1))])
        influx2.server.start()  # not in a thread: it would end with that
        again = await influx.write([batch(seen({"co_ppm": 2.0}, NOW_MS + 1))])
    assert (hung.keep, hung.alarm, hung.problem) == (True, False, "no answer within 0.5 s")
    assert (down.keep, down.alarm) == (True, False)
    assert again == Outcome()
    assert [row["co_ppm"] for row in rows(influx2, "SELECT co_ppm FROM psa_plant")] == [1, 2]


async def test_roll_ups_and_their_correction(influx2: Influx2) -> None:
    events = [seen({"o2_purity_pct": 90.0 + n, "state": "standby"}, START_MS + n * 60_000) for n in range(30)]
    async with store(influx2) as influx:
        await influx.write([batch(*events)])
        assert await influx.roll_up("psa_plant", "kasganj-dh", START_MS, START_MS + 2 * QUARTER_MS) == Outcome()
        await influx.write([batch(seen({"o2_purity_pct": 50.0}, START_MS + 1))])
        assert await influx.roll_up("psa_plant", "kasganj-dh", START_MS, START_MS + QUARTER_MS) == Outcome()
        assert await influx.roll_up("psa_plant", "elsewhere", START_MS, START_MS + QUARTER_MS) == Outcome()
    found = rows(influx2, "SELECT * FROM long.psa_plant_15m ORDER BY time")
    assert [[row[f"o2_purity_pct_{how}"] for how in ("mean", "min", "max", "count")] for row in found] == [
        [pytest.approx((97.0 * 15 + 50) / 16), 50, 104, 16],
        [112, 105, 119, 15],
    ]


async def test_a_backtest_reads_what_the_collector_wrote(influx2: Influx2) -> None:
    values = [{"o2_purity_pct": 90.0 + n, "state": "standby", "mains_ok": bool(n % 2)} for n in range(5)]
    async with store(influx2) as influx:
        await influx.write([batch(*(seen(each, NOW_MS + n * 1000) for n, each in enumerate(values)))])  # type: ignore[arg-type]
    reader = InfluxReader(Settings(influx2.url, token=influx2.tokens["console"]))
    await reader.open()
    span = await reader.span_ms("psa_plant", "kasganj-dh")
    signals = [KINDS["psa_plant"].signals[name] for name in values[0]]
    times, columns = await reader.stretch("psa_plant", ("kasganj-dh", "psa1"), signals, (NOW_MS, NOW_MS + 5000))
    await reader.close()
    assert (span, times) == ((NOW_MS, NOW_MS + 4000), [NOW_MS + n * 1000 for n in range(5)])
    assert {name: list(column) for name, column in columns.items()} == {name: [each[name] for each in values] for name in values[0]}


# What stack/influxdb-tokens.sh makes


@pytest.mark.parametrize("service", ["console", "grafana"])
def test_who_only_reads_can_not_write(served: Influx2, service: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        served.write("x y=1", service)
    refused.value.close()
    assert refused.value.code in {401, 403, 404}


def test_no_service_may_make_buckets_or_tokens(served: Influx2) -> None:
    for token in served.tokens.values():
        for path in ("buckets", "authorizations", "users"):
            request = urllib.request.Request(
                f"{served.url}/api/v2/{path}", json.dumps({"name": "x", "orgID": "0" * 16}).encode(), {"Authorization": f"Token {token}"}
            )
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(request, timeout=5)
            refused.value.close()
            assert refused.value.code in {400, 401, 403, 404}, path


def test_the_script_changes_nothing_the_second_time(served: Influx2, tmp_path: Path) -> None:
    for service, token in served.tokens.items():
        (tmp_path / service).mkdir()
        (tmp_path / service / "token").write_text(token)
    before = served.call("GET", "/api/v2/authorizations")["authorizations"]
    assert tell(served, tmp_path) == ""
    assert len(served.call("GET", "/api/v2/authorizations")["authorizations"]) == len(before)


# Dashboards


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Influx2, Week]]:
    with set_up(tmp_path_factory.mktemp("dashboards")) as made:
        settings = Settings(made.url, token=made.tokens["collector"], set_up_retention=False, timeout_s=60.0)
        yield made, asyncio.run(fill(settings, int(time.time() * 1000), copies=10, whole=2))


@pytest.mark.parametrize("name", names())
def test_every_panel_shows_with_the_right_to_read_alone(lived: tuple[Influx2, Week], name: str) -> None:
    made, week = lived
    board, reader = board_of(name), asking(made.url, made.tokens["grafana"])
    for back_ms, resolution in ((DAY_MS, "."), (MONTH_DAYS * DAY_MS, "^-")):
        long = resolution != "."
        if long and not any(variable.name == "resolution" for variable in variables_of(board)):
            continue
        span = Span(week.end_ms - back_ms, week.end_ms)
        variables = chosen(board, reader, span, **({"resolution": resolution} if long else {}))
        shown: dict[int, int] = {}
        for asked, _, series in answers(board, reader, span, variables):
            if asked.what == "panel" and (not long or "_15m" in asked.text):
                count = sum(any(value is not None for value in row[1:]) for each in series for row in each["values"])
                shown[asked.panel] = shown.get(asked.panel, 0) + count
        titles = {panel["id"]: panel["title"] for panel in panels_of(board)}
        empty = {titles[number] for number, count in shown.items() if not count}
        assert shown or not long
        assert empty <= {"Floods", "Deliveries, refills, changeovers"}
