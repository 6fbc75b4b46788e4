from __future__ import annotations

import json

import pytest

from collector.errors import UserError
from collector.store.influx_api import Server, Settings, first_column, no_answer, server_of
from collector.store.responses import NO_ANSWER, Reply


@pytest.mark.parametrize(
    ("status", "headers", "body", "expected"),
    [
        # as the Debian packages answer
        (204, {"x-influxdb-version": "1.6.7~rc0", "x-influxdb-build": "OSS"}, "", "InfluxDB 1"),
        (204, {"x-server-hostname": "box"}, "", "VictoriaMetrics"),
        (200, {"x-server-hostname": "box", "x-influxdb-version": "1.8.0"}, "", "VictoriaMetrics"),
        (204, {"x-server-hostname": "proxy", "x-influxdb-version": "1.8.10", "x-influxdb-build": "OSS"}, "", "InfluxDB 1"),
        # as documented
        (204, {"x-influxdb-version": "v2.7.11", "x-influxdb-build": "OSS"}, "", "InfluxDB 2"),
        (200, {"x-influxdb-version": "3.2.1", "x-influxdb-build": "Core"}, '{"version":"3.2.1"}', "InfluxDB 3"),
        (200, {}, '{"version":"3.0.0","revision":"83b589b883"}', "InfluxDB 3"),
        (200, {}, "<html>", None),
        (200, {}, "[]", None),
        (204, {"x-influxdb-version": "0.13"}, "", None),
        (NO_ANSWER, {}, "no answer", None),
    ],
)
def test_which_server(status: int, headers: dict[str, str], body: str, expected: Server | None) -> None:
    assert server_of(Reply(status, body), headers) == expected


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (
            Reply(200, json.dumps({"results": [{"series": [{"columns": ["name"], "values": [["_internal"], ["x"]]}]}]})),
            (["_internal", "x"], ""),
        ),
        (Reply(200, '{"results":[{"statement_id":0}]}'), ([], "")),
        (Reply(200, '{"results":[{"error":"no"}]}'), ([], "no")),
        (Reply(403, '{"error":"create admin user first"}'), ([], "403 create admin user first")),
        (Reply(200, "<html>"), ([], "not an answer to a query: <html>")),
    ],
)
def test_the_first_column_of_an_answer(reply: Reply, expected: tuple[list[str], str]) -> None:
    assert first_column(reply) == expected


def test_no_answer_in_words() -> None:
    assert no_answer(TimeoutError(), 2.5) == Reply(NO_ANSWER, "no answer within 2.5 s")
    assert no_answer(ConnectionResetError("reset by peer"), 1) == Reply(NO_ANSWER, "no answer: reset by peer")
    assert no_answer(OSError(), 1) == Reply(NO_ANSWER, "no answer: OSError")


def test_a_url_holds_no_password() -> None:
    with pytest.raises(UserError, match="password_file") as caught:
        Settings(url="http://me:hunter2@box:8086")
    assert "hunter2" not in str(caught.value)
