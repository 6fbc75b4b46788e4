"""The JSON API before a real collector, and the facility-day out of a real history."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import httpx
import pytest

from collector.config.loader import load
from collector.console.accounts import Accounts
from collector.console.live import Live
from collector.console.scope import scope_of
from collector.console.tokens import DAY_MS, Token
from collector.console.web import Console
from tests.faults.line import Line
from tests.faults.rig import wait_until
from tests.integration.test_app import reading
from tests.integration.test_console import running
from tests.integration.test_report import config as report_config
from tests.servers import free_port, mosquitto
from tests.unit.collector.reports.cases import DATE, START_MS
from tests.unit.collector.reports.cases import DAY_MS as A_DAY_MS

config = report_config


class Program:
    def __init__(self, url: str, token: str) -> None:
        self._url, self._token = url, token

    def __call__(self, path: str, body: object = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._url}/api/v1{path}", data=data, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as exc:
            return exc.code, json.load(exc)


@pytest.mark.server
def test_an_alarm_is_seen_answered_and_its_history_told(tmp_path: Path) -> None:
    with mosquitto(tmp_path / "mosquitto") as broker, running(tmp_path, broker, free_port()) as desk, Line(broker.port) as line:
        ask = Program(desk.url, desk.command("tokens", "add", "ministry", "--scope", "site:a", "--right", "answer"))
        line.publish([reading(1.0)])
        wait_until(lambda: ask("/alarms")[1]["count"], 15, "the alarm is listed")
        (alarm,) = ask("/alarms?priority=high")[1]["items"]
        assert ask("/sites/a")[1]["assets"][0]["values"]["line_pressure_bar"]["value"] == 1.0
        assert ask("/sites")[1]["items"][0]["open_alarms"] == {"high": 1}
        ack = {"command": "ack", "alarm": alarm["alarm"]}
        assert ask("/commands", ack) == (200, {"outcome": "done"})
        status, problem = ask("/commands", ack)
        assert (status, problem["title"]) == (409, "Conflict"), problem
        assert ask("/comments", {"alarm": alarm["alarm"], "text": "seen by the ministry"})[0] == 200
        wait_until(lambda: ask(f"/alarms/{alarm['alarm']}")[1]["now"]["state"] == "acknowledged", 10, "the answer is told")
        told = ask(f"/alarms/{alarm['alarm']}")[1]
        assert [change["event"] for change in told["changes"]] == ["acknowledged", "raised"]
        assert (told["changes"][0]["by"], told["comments"][0]["text"]) == ("ministry (API)", "seen by the ministry")
        assert ask("/commands", {**ack, "command": "out_of_service", "why": "test", "minutes": 5})[0] == 403
        assert ask("/sites/b")[0] == 404
        desk.command("tokens", "revoke", "ministry")
        assert ask("/sites")[0] == 401


async def test_the_facility_day(config: Path) -> None:
    given, now_ms = load(config), START_MS + 2 * A_DAY_MS
    accounts = Accounts(given.console_path)
    scopes = (scope_of("district:Kasganj"),)
    token = accounts.tokens.add(Token(name="ministry", right="see", scopes=scopes, made_ms=now_ms, until_ms=now_ms + DAY_MS, by="root"))
    app = Console(given, accounts, Live(given.state_path), lambda: now_ms).app()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=given.console.url) as client:
        answer = await client.get("/api/v1/reports/facility-day", params={"date": DATE}, headers={"Authorization": f"Bearer {token}"})
    accounts.close()
    (row,) = answer.json()["items"]
    assert (row["id"], row["values"]["psa_run_h"], row["values"]["lox_received_kg"]) == ("kasganj-dh", 22.0, 1200.0)
