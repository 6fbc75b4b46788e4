"""ntfy, Telegram and apprise against an HTTP server of a few lines, well-behaved and not."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from collector.notify.channels import (
    AppriseOptions,
    AppriseSender,
    Channel,
    NtfyOptions,
    NtfySender,
    SendError,
    TelegramOptions,
    TelegramSender,
    WebhookOptions,
    WebhookSender,
)
from collector.notify.messages import Envelope, single
from collector.notify.render import Form, with_text
from tests.integration.test_notify import WebServer, serving
from tests.unit.collector.notify.cases import AT_MS, notice
from tests.unit.collector.notify.texts.cases import RULES, SITE, personal

LINK = "https://oxygen.example.org/a/abc"


def envelope(form: Form = "short", language: str = "en", to: str = "asha", event: str = "raised") -> Envelope:
    return single(with_text(personal(RULES[0], language, "nurse", event, to=to, link=LINK), SITE, form), AT_MS)


def ntfy(port: int, **more: Any) -> NtfySender:
    return NtfySender("push", NtfyOptions(f"http://127.0.0.1:{port}", token=lambda: "hunter2", **more))


async def test_ntfy_gets_title_priority_tags_and_buttons() -> None:
    server = WebServer("HTTP/1.1 200 OK\r\n\r\n")
    async with serving(server.talk) as port:
        await ntfy(port).send(envelope(language="ar"))
        await ntfy(port).send(envelope(event="cleared"))
    (headers, body), (_, over) = server.requests
    said = json.loads(body)
    assert headers["authorization"] == "Bearer hunter2"
    assert (said["topic"], said["priority"], said["tags"], said["click"]) == ("asha", 5, ["rotating_light"], LINK)
    assert said["title"] == envelope(language="ar").subject
    assert [(a["action"], a["method"], a["url"], a["body"]) for a in said["actions"]] == [
        ("http", "POST", LINK, "do=ack"),
        ("http", "POST", LINK, "do=on_it"),
    ]
    assert json.loads(over)["priority"] == 2
    assert json.loads(over)["tags"] == ["white_check_mark"]


async def test_ntfy_to_its_own_topic_and_to_none() -> None:
    server = WebServer("HTTP/1.1 200 OK\r\n\r\n")
    async with serving(server.talk) as port:
        await ntfy(port, topic=lambda: "ward").send(single(notice(), AT_MS))
        with pytest.raises(SendError, match="has no topic") as raised:
            await ntfy(port).send(single(notice(), AT_MS))
    assert raised.value.only_this
    assert json.loads(server.requests[0][1])["topic"] == "ward"
    assert "actions" not in json.loads(server.requests[0][1])


async def test_telegram_has_buttons_that_carry_the_code() -> None:
    server = WebServer("HTTP/1.1 200 OK\r\n\r\n")
    async with serving(server.talk) as port:
        sender = TelegramSender("tg", TelegramOptions(lambda: "12:hunter2", url=f"http://127.0.0.1:{port}"))
        await sender.send(envelope(to="4711", language="hi"))
        with pytest.raises(SendError, match="has no chat"):
            await sender.send(single(notice(), AT_MS))
    said = json.loads(server.requests[0][1])
    (row, other) = said["reply_markup"]["inline_keyboard"]
    assert said["chat_id"] == "4711"
    assert (row[0]["callback_data"], other[0]["callback_data"]) == ("K7QX", "K7QX 30")
    assert envelope(to="4711", language="hi").subject in said["text"]


Made = Callable[[int], Channel]
CHANNELS: list[tuple[str, Made]] = [
    ("ntfy", ntfy),
    ("telegram", lambda port: TelegramSender("tg", TelegramOptions(lambda: "12:hunter2", url=f"http://127.0.0.1:{port}"))),
    ("apprise", lambda port: AppriseSender("any", AppriseOptions(lambda: f"json://user:hunter2@127.0.0.1:{port}/{{to}}"))),
]
ANSWERS = [("500 no", False), ("403 no", False), ("404 no", False), ("400 no", True), ("413 no", True)]


@pytest.mark.parametrize("made", [made for _, made in CHANNELS], ids=[name for name, _ in CHANNELS])
@pytest.mark.parametrize(("answer", "only_this"), ANSWERS)
async def test_what_a_refusal_means(made: Made, answer: str, only_this: bool, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    server = WebServer(f"HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n")
    async with serving(server.talk) as port:
        with pytest.raises(SendError, match=answer[:3]) as raised:
            await made(port).send(envelope())
    assert raised.value.only_this is only_this
    assert "hunter2" not in f"{raised.value}{raised.value!r}{caplog.text}"


@pytest.mark.parametrize("made", [made for _, made in CHANNELS], ids=[name for name, _ in CHANNELS])
async def test_nobody_there(made: Made) -> None:
    async with serving(WebServer().talk) as port:
        pass
    with pytest.raises(SendError) as raised:
        await made(port).send(envelope())
    assert not raised.value.only_this
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("form", ["short", "sms"])
async def test_apprise_sends_to_the_address_of_the_person(form: Form) -> None:
    server = WebServer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    made = envelope(form, "ar", to="+91 98")
    async with serving(server.talk) as port:
        await AppriseSender("any", AppriseOptions(lambda: f"json://127.0.0.1:{port}/{{to}}", form)).send(made)
    said = json.loads(server.requests[0][1])
    assert said["message"].strip() == made.body.strip()
    assert said["title"] == ("" if form == "sms" else made.subject)
    assert said["type"] == "failure"


async def test_apprise_that_hangs_or_knows_no_such_address() -> None:
    server = WebServer(None)
    async with serving(server.talk) as port:
        sender = AppriseSender("any", AppriseOptions(lambda: f"json://127.0.0.1:{port}/?rto=0.4", timeout_s=0.3))
        with pytest.raises(SendError, match=r"apprise json: no answer within 0\.3 s"):
            await sender.send(envelope())
    with pytest.raises(SendError, match="does not know such an address"):
        await AppriseSender("any", AppriseOptions(lambda: "nonsense")).send(envelope())
    with pytest.raises(SendError, match="is for people"):
        await AppriseSender("any", AppriseOptions(lambda: "json://x/{to}")).send(single(notice(), AT_MS))


async def test_an_sms_gateway_in_india_gets_the_template_and_its_variables() -> None:
    server = WebServer()
    dlt = {"default": "1107000000000000001", "LP-LL": "1107000000000000002"}
    async with serving(server.talk) as port:
        sender = WebhookSender("sms", WebhookOptions(lambda: f"http://127.0.0.1:{port}/", form="sms", dlt=dlt))
        assert not sender.digests
        await sender.send(envelope("sms", "hi", to="+911"))
        other = msgspec.structs.replace(envelope("sms", "hi").notices[0], transition=notice(rule="BK-LL").transition)
        await sender.send(single(other, AT_MS))
    first, second = (json.loads(body) for _, body in server.requests)
    assert first["to"] == "+911"
    assert first["dlt"]["template_id"] == dlt["LP-LL"]
    assert second["dlt"]["template_id"] == dlt["default"]
    assert first["dlt"]["variables"]["code"] == "K7QX"
    assert all(0 < len(text) <= 40 for text in first["dlt"]["variables"].values())
