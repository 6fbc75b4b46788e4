"""The page and the webhooks for answers, over real HTTP: what they do, and everything that somebody might try."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import msgspec
import pytest

from collector.answers.limits import EACH_PER_MINUTE
from collector.answers.server import MAX_BODY_BYTES, AnswerServer, Secrets
from collector.answers.token import Ticket, sealed
from collector.errors import UserError
from tests.unit.collector.answers.cases import ALARM, KEY, NOW_S, Clerk, desk

TICKET = Ticket("K7Q", ALARM, "asha", "+911", "hi", NOW_S + 3600)


@dataclass
class Rig:
    url: str
    clerk: Clerk
    http: aiohttp.ClientSession
    server: AnswerServer
    now_ms: int = NOW_S * 1000

    def link(self, key: bytes = KEY, **changed: object) -> str:
        return f"{self.url}/a/{sealed(msgspec.structs.replace(TICKET, **changed), key)}"


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    counter, clerk = desk()
    async with aiohttp.ClientSession() as http:
        made = Rig("", clerk, http, None)  # type: ignore[arg-type]
        made.server = AnswerServer(counter, Secrets(KEY, lambda: "hunter2", lambda: "tele2"), lambda: made.now_ms)
        made.url = f"http://127.0.0.1:{await made.server.start('127.0.0.1', 0)}"
        yield made
        await made.server.stop()


async def test_looking_does_nothing_and_pressing_does(rig: Rig) -> None:
    async with rig.http.get(rig.link()) as page:
        shown = await page.text()
    assert page.status == 200
    assert 'lang="hi"' in shown
    assert "Asha Verma" in shown
    assert rig.clerk.commands == []
    async with rig.http.head(rig.link()) as head:
        assert head.status == 200
    assert rig.clerk.commands == []
    async with rig.http.post(rig.link(), data={"do": "on_it"}) as done:
        assert done.status == 200
    first = rig.clerk.commands[0]
    assert (first.command, first.alarm, first.by, first.minutes) == ("ack", ALARM, "Asha Verma", 30.0)


async def test_the_page_has_no_script_and_lets_nothing_in(rig: Rig) -> None:
    async with rig.http.get(rig.link()) as page:
        shown, headers = await page.text(), page.headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert not re.search(r"<script|\son\w+=|https?://|src=", shown)
    assert len(shown.encode()) < 5_000


async def test_a_link_used_again_is_told_that_it_is_answered(rig: Rig) -> None:
    for expected in (200, 409):
        async with rig.http.post(rig.link(), data={"do": "ack"}) as page:
            assert page.status == expected
            assert "Asha Verma" in await page.text()
    assert len(rig.clerk.commands) == 2


@pytest.mark.parametrize(
    ("changed", "key", "status"),
    [
        ({}, bytes(32), 403),
        ({"expires_s": NOW_S}, KEY, 410),
        ({"expires_s": 0}, KEY, 410),
        ({"person": "ravi"}, KEY, 409),
        ({"address": "+999"}, KEY, 409),
        ({"code": "ZZZ"}, KEY, 409),
        ({"code": "OVR"}, KEY, 409),
    ],
)
async def test_what_somebody_might_try(rig: Rig, changed: dict[str, object], key: bytes, status: int) -> None:
    async with rig.http.post(rig.link(key, **changed), data={"do": "ack"}) as page:
        assert page.status == status
    assert rig.clerk.commands == []


@pytest.mark.parametrize("path", ["/a/", "/a/x", "/a/..%2f..%2fetc", "/a/" + "x" * 3000, "/", "/reply", "/../answers.key"])
async def test_there_is_nothing_else(rig: Rig, path: str) -> None:
    async with rig.http.get(rig.url + path) as page:
        assert page.status in {403, 404, 405}


async def test_a_refusal_is_in_the_language_of_the_browser(rig: Rig) -> None:
    async with rig.http.get(rig.link(bytes(32)), headers={"Accept-Language": "ar-DZ,ar;q=0.9"}) as page:
        assert 'dir="rtl"' in await page.text()


async def test_other_deeds_and_long_bodies_are_refused(rig: Rig) -> None:
    async with rig.http.post(rig.link(), data={"do": "shelve"}) as page:
        assert page.status == 400
    upload = aiohttp.FormData({"x": "y"})
    upload.add_field("do", b"ack", filename="ack.txt")
    for body in (upload, b"", b'{"do": "ack"}'):
        async with rig.http.post(rig.link(), data=body) as page:
            assert page.status == 400
    async with rig.http.post(rig.link(), data={"do": "ack", "x": "y" * 2 * MAX_BODY_BYTES}) as page:
        assert page.status == 413
    async with rig.http.put(rig.link(), data={"do": "ack"}) as page:
        assert page.status == 405
    assert rig.clerk.commands == []


async def test_so_many_tries_a_minute(rig: Rig) -> None:
    statuses = []
    for _ in range(EACH_PER_MINUTE + 2):
        async with rig.http.get(f"{rig.url}/a/made-up") as page:
            statuses.append(page.status)
    assert statuses == [403] * EACH_PER_MINUTE + [429] * 2
    async with rig.http.get(rig.link()) as page:
        assert page.status == 200
    rig.now_ms += 60_000
    async with rig.http.get(f"{rig.url}/a/made-up") as page:
        assert page.status == 403


REPLY = {"from": "+911", "text": "K7Q"}


async def test_a_gateway_passes_a_reply_on(rig: Rig) -> None:
    async with rig.http.post(f"{rig.url}/reply", data=REPLY, headers={"Authorization": "Bearer hunter2"}) as said:
        assert said.status == 200
        assert "Asha Verma" in await said.text()
    async with rig.http.post(f"{rig.url}/reply?token=hunter2", json=REPLY) as said:
        assert await said.json() == {"reply": (await said.json())["reply"], "done": False}
    assert len(rig.clerk.commands) == 2


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "hunter2"}, {"Authorization": "Bearer "}])
async def test_a_gateway_without_its_token_is_refused(rig: Rig, headers: dict[str, str]) -> None:
    async with rig.http.post(f"{rig.url}/reply", data=REPLY, headers=headers) as said:
        assert said.status == 403
    async with rig.http.post(f"{rig.url}/telegram", json={}, headers=headers) as said:
        assert said.status == 403
    assert rig.clerk.commands == []


async def test_what_is_no_reply(rig: Rig) -> None:
    async with rig.http.post(f"{rig.url}/reply?token=hunter2", data=b"nonsense") as said:
        assert said.status == 400


async def test_replies_of_one_number_are_bounded(rig: Rig) -> None:
    for _ in range(EACH_PER_MINUTE):
        async with rig.http.post(f"{rig.url}/reply?token=hunter2", data={"from": "+912", "text": "ZZZ"}):
            pass
    async with rig.http.post(f"{rig.url}/reply?token=hunter2", data={"from": "+912", "text": "K7Q"}) as said:
        assert "Too many answers" in await said.text()
    assert rig.clerk.commands == []


async def test_a_button_in_telegram(rig: Rig) -> None:
    update = {"update_id": 1, "callback_query": {"id": "9", "data": "K7Q 30", "message": {"chat": {"id": "+912"}}}}
    headers = {"X-Telegram-Bot-Api-Secret-Token": "tele2"}
    async with rig.http.post(f"{rig.url}/telegram", json=update, headers=headers) as said:
        answer = await said.json()
    assert (answer["method"], answer["callback_query_id"]) == ("answerCallbackQuery", "9")
    assert "Thank you" in answer["text"]
    assert {(c.by, c.minutes) for c in rig.clerk.commands} == {("Ravi", 30.0)}
    async with rig.http.post(f"{rig.url}/telegram", json={"poll": {}}, headers=headers) as said:
        assert said.status == 200
    async with rig.http.post(f"{rig.url}/telegram", json={"message": {"chat": {"id": 5}, "text": "x"}}, headers=headers) as said:
        assert (await said.json())["method"] == "sendMessage"


async def test_without_a_token_of_its_own_a_webhook_is_closed_and_a_port_in_use_is_said() -> None:
    counter, clerk = desk()
    server = AnswerServer(counter, Secrets(KEY), lambda: NOW_S * 1000)
    port = await server.start("127.0.0.1", 0)
    async with aiohttp.ClientSession() as http, http.post(f"http://127.0.0.1:{port}/reply?token=", data=REPLY) as said:
        assert said.status == 403
    with pytest.raises(UserError, match=r"answers\.port"):
        await AnswerServer(counter, Secrets(KEY), lambda: 0).start("127.0.0.1", port)
    await server.stop()
    assert clerk.commands == []
